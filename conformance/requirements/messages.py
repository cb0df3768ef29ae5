"""The messages of a request: all of them are the conversation, whoever speaks and in whatever script.

Whether a model heeds a message is its own business; that it was shown it is told by the count of the prompt's tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from ..ask import Ask
from ..exchange import Exchange
from ..model import JSON, Depth, Finding, Level, NotJudged, Observation, Violation, Zone
from ..mutants import Call, Mutant, Object, When, Wire
from ..reply import items, members, objects, text
from ..requirement import requirement
from ..scenario import Script, both_modes, scenario, takes
from ..schema import show
from ..spoil import refusal, streaming, suffix
from .usage import count, counted

SHOULD, OBSERVE = Level.SHOULD, Level.OBSERVE

WORDS = " one two three four five six" * 10
_SIGNS = (
    "ж你日本語हिन्दीالعربيةᚠᚢᚦ√∑∞🙂🙃🧭👩\u200d👩\u200d👧𝔘𝔫𝔦𝔠𝔬𝔡𝔢𐍈𐌰𐌽𠀀𠀁𠀂\U000e0101\U000f0000\U0010fffdи\u0306\u200f"
)
SIGNS = f" {_SIGNS * 2}"
"""Characters of the planes that have any: letters of many scripts, joined and combined ones, of private use too."""

PART = " one two three four"
"""What each message of a long history has more."""

LEAST = 20
"""Tokens that sixty words, or as many signs, have at least, whatever the vocabulary."""


def conversation(ask: Ask, *, longer: int | None = None, more: str = "", name: str | None = None) -> list[JSON]:
    """A system message, where there may be one, and three turns; one of them, by its place from the end, has more."""
    said = [("system", "Be brief."), ("user", "Hello."), ("assistant", "Welcome."), ("user", "Tell me more.")]
    turns = said if ask.has("system-role") else said[1:]
    result: list[JSON] = []
    for place, (role, words) in enumerate(turns):
        content = words + (more if longer is not None and place == len(turns) + longer else "")
        message: dict[str, JSON] = {"role": role, "content": content if place else f"{content} ({ask.nonce})"}
        if name is not None and place == len(turns) - 1:
            message["name"] = name
        result.append(message)
    return result


@scenario(steps=6, tokens=12)
def histories(ask: Ask) -> Script:
    """Send a conversation of all who may speak, then the same with sixty words more in each of its messages, and with
    signs of every script in the last; every second one in the other mode."""
    longer = [conversation(ask, longer=-place, more=WORDS) for place in (2, 3, 4)]
    variants = [
        conversation(ask),
        *(longer if ask.has("system-role") else longer[:2]),
        conversation(ask, longer=-1, more=WORDS, name="Ada"),
        conversation(ask, longer=-1, more=SIGNS),
    ]
    yield [ask(max_tokens=2, messages=said, stream=ask.stream != (at % 2 == 1)) for at, said in enumerate(variants)]
    return None


of_histories = partial(
    requirement,
    level=SHOULD,
    source="messages",
    scenario=takes(both_modes(histories, streams=Depth.FULL), standard=1, full=2),
    parameter="messages",
)
"""A recommendation on how much the messages of a conversation count for."""


def hears(name: str, about: str, change: Callable[[list[Object]], list[Object]], when: When | None = None) -> Mutant:
    """The endpoint takes the messages for others."""

    def request(call: Call) -> Call:
        said = call.sent.get("messages")
        return call.with_body({**call.sent, "messages": change(said)}) if isinstance(said, list) and said else call

    return Mutant(name=f"{name}{suffix(when)}", about=about, request=request, when=when)


def without(role: str) -> Callable[[list[Object]], list[Object]]:
    """The messages of all others."""
    return lambda said: [each for each in said if each.get("role") != role] or said


def _each_text(change: Callable[[str], str]) -> Callable[[list[Object]], list[Object]]:
    return lambda said: [
        {**each, "content": change(each["content"])} if isinstance(each.get("content"), str) else each for each in said
    ]


def _grown(asked: tuple[Exchange, ...], place: Callable[[Exchange], bool]) -> Iterator[Finding]:
    """A violation for each of these that costs no more than the first, though one of its messages has more."""
    base = asked[0]
    judged = [each for each in asked[1:] if counted(each) and place(each)]
    if not counted(base) or not judged:
        yield NotJudged(reason="there was no usage to compare")
        return
    for each in judged:
        least = count(base, "prompt_tokens") + LEAST
        if count(each, "prompt_tokens") < least:
            at, role = _changed(base, each)
            yield Violation(
                pointer="/usage/prompt_tokens",
                observed=f"{count(each, 'prompt_tokens')} with more in /messages/{at} (of role {role})",
                expected=f"at least {least}",
                exchanges=(base.n, each.n),
            )


def _changed(base: Exchange, other: Exchange) -> tuple[int, str]:
    """The first message that differs, and who says it."""
    pairs = zip(items(base.sent.get("messages")), items(other.sent.get("messages")), strict=False)
    found = next(
        ((at, members(after).get("role")) for at, (before, after) in enumerate(pairs) if before != after), None
    )
    return (0, "nobody") if found is None else (found[0], show(found[1]))


def _of_signs(exchange: Exchange) -> bool:
    said = list(objects(exchange.sent.get("messages")))
    return bool(said) and text(said[-1].get("content")).endswith(SIGNS)


@of_histories(
    "messages.every-message",
    mutants=[
        hears("system-dropped", "system messages are passed over", without("system")),
        hears("own-turns-dropped", "the assistant's own messages are passed over", without("assistant")),
        hears("only-the-last-message", "only the last message is heard", lambda said: said[-1:]),
        hears("only-the-last-message", "only the last message is heard", lambda said: said[-1:], streaming),
        hears("first-turn-dropped", "the first message of a user is passed over", lambda said: [said[0], *said[2:]]),
        hears("long-messages-cut", "of every message only the beginning is read", _each_text(lambda said: said[:60])),
        hears(
            "named-messages-dropped",
            "messages with a name are passed over",
            lambda said: [each for each in said if "name" not in each] or said,
        ),
    ],
)
def every_message_counts(asked: tuple[Exchange, ...]) -> Iterator[Finding]:
    """Each message is part of the prompt, whoever says it: sixty words more in any of them cost more tokens."""
    yield from _grown(asked, lambda each: not _of_signs(each))


@of_histories(
    "messages.every-script",
    mutants=[
        hears(
            "only-latin-is-read",
            "characters beyond U+00FF are dropped",
            _each_text(lambda said: "".join(sign for sign in said if sign <= "\xff")),
        ),
        hears(
            "only-latin-is-read",
            "characters beyond U+00FF are dropped",
            _each_text(lambda said: "".join(sign for sign in said if sign <= "\xff")),
            streaming,
        ),
    ],
)
def every_script_counts(asked: tuple[Exchange, ...]) -> Iterator[Finding]:
    """Signs of every script and plane are part of the prompt."""
    yield from _grown(asked, _of_signs)


@scenario(steps=3, tokens=16)
def said_back(ask: Ask) -> Script:
    """Let the assistant say something, then go on with its message as it came and with many words, and with the same
    words in forty messages."""
    first = yield ask(max_tokens=8, stream=False)
    said = items(first.sent.get("messages"))
    own = members(next(objects(first.members.get("choices")), {}).get("message"))
    turns: list[JSON] = [
        {"role": role, "content": f"{word} {number}:{PART}."}
        for number in range(1, 20)
        for role, word in (("assistant", "That was"), ("user", "And"))
    ]
    further: JSON = {"role": "user", "content": f"Go on.{PART * len(turns)}"}
    yield [
        ask(max_tokens=4, messages=[*said, own, further], zone=Zone.DISPUTED),
        ask(max_tokens=4, messages=[*said, *turns], zone=Zone.DISPUTED),
    ]
    return None


def refuses_when(name: str, about: str, status: int, meets: Callable[[list[Object]], bool]) -> Mutant:
    """Requests with such messages are refused."""

    def wire(call: Call, reply: Wire) -> Wire:
        return (
            refusal(reply, status, "messages: not like this")
            if meets(list(objects(call.sent.get("messages"))))
            else reply
        )

    return Mutant(name=name, about=about, wire=wire)


def answered_or(exchange: Exchange) -> Observation:
    """How a disputed request was met."""
    return Observation(value="answered" if exchange.ok else f"refused ({exchange.status})", exchanges=(exchange.n,))


@requirement(
    "messages.own-message",
    level=SHOULD,
    source="messages",
    scenario=takes(both_modes(said_back, streams=Depth.FULL), standard=1, full=2),
    parameter="messages",
    mutants=[
        refuses_when(
            "own-message-refused",
            "the assistant's own message is refused",
            422,
            lambda said: len(said) == 3 and said[1].get("role") == "assistant",
        )
    ],
)
def own_message_is_accepted(_: Exchange, asked: tuple[Exchange, ...]) -> Iterator[Violation]:
    """What the assistant said is accepted in the next request as it came."""
    if not asked[0].ok:
        yield Violation(
            pointer="status",
            observed=f"{asked[0].status} for the endpoint's own message",
            expected="2xx",
            exchanges=(asked[0].n,),
        )


@requirement(
    "messages.long-history",
    level=OBSERVE,
    source="messages",
    scenario=takes(both_modes(said_back, streams=Depth.FULL), standard=1, full=2),
    parameter="messages",
    mutants=[
        refuses_when("long-histories-refused", "more than ten messages are refused", 400, lambda said: len(said) > 10)
    ],
)
def long_histories(_: Exchange, asked: tuple[Exchange, ...]) -> Iterator[Observation]:
    """Whether a conversation of forty short messages is answered."""
    yield answered_or(asked[1])
