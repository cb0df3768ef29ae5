"""What the choices say: something, each its own, and not the prompt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..conversations import choices, talk, talks
from ..exchange import Exchange
from ..model import JSON, Finding, Kind, Level, NotJudged, Observation, Violation
from ..mutants import Mutant, Object, Sent
from ..reply import members, objects, text
from ..requirement import requirement
from ..schema import show
from ..spoil import either, says, streaming, whole
from .envelope import answered
from .reasoning_unseen import spent_unseen, thinks_unseen

MUST, SHOULD, OBSERVE = Level.MUST, Level.SHOULD, Level.OBSERVE

PAID = 8
"""Completion tokens that no model spends on nothing but the end of its text."""

LONG_ENOUGH = 16
"""Characters that a model does not say three times over by chance."""


def paid(exchange: Exchange) -> bool:
    """Answered, with tokens for each choice that were not spent on thoughts, and that nothing took away.

    A stop sequence may end a text where it begins, and a bias may force tokens that have none.
    """
    used = exchange.tokens("completion_tokens") or 0
    filtered = any(choice.finish_reason == "content_filter" for choice in exchange.choices)
    taken = filtered or bool(exchange.sent.get("stop")) or bool(exchange.sent.get("logit_bias"))
    spent = used - exchange.thought_tokens
    return answered(exchange) and not taken and spent >= PAID * max(exchange.asked_choices, 1)


def _silent(_: Sent, body: Object) -> None:
    for choice in objects(body["choices"]):
        part = members(choice.get("message", choice.get("delta")))
        if "content" in part:
            part["content"] = None


@requirement(
    "choices.something-said",
    level=SHOULD,
    source="content",
    scenario=talks,
    kind=Kind.EACH,
    applies=paid,
    mutants=[
        either("content-always-null", "the content of every message and delta is null", _silent),
        either("content-always-null-in-streams", "the content of every delta is null", _silent, when=streaming),
    ],
)
def something_is_said(exchange: Exchange, *, run: tuple[Exchange, ...]) -> Iterator[Violation]:
    """A reply that counts tokens has something to show for them: a text, thoughts, calls or a refusal."""
    choices = [choice for each in exchange.objects for choice in objects(each.get("choices"))]
    parts = [members(choice.get("delta" if exchange.asked_stream else "message")) for choice in choices]
    silent = choices and not any(value for part in parts for name, value in part.items() if name != "role")
    if silent and not (spent_unseen(exchange) and thinks_unseen(run, exchange)):
        yield Violation(
            pointer="/choices/*/message/content",
            observed=f"nothing for {exchange.tokens('completion_tokens')} completion tokens",
            expected="what was generated",
        )


def silent_ones(several: Exchange, run: Sequence[Exchange]) -> Iterator[Finding]:
    """The choices that say nothing, though another one speaks and no thoughts can have taken their room.

    Those that say "stop" may have begun with an end-of-text token.
    """
    if not several.legible or not any(choice.text for choice in several.choices):
        yield NotJudged(reason="no choice says anything that could be read")
        return
    silent = [
        choice
        for choice in several.choices
        if not (choice.text or choice.reasoning or choice.refusal or choice.tool_calls)
        and choice.finish_reason not in ("stop", "content_filter")
    ]
    thinks = several.thought or all(_speaks_elsewhere(choice.index, several, run) for choice in silent)
    if silent and (thinks or thinks_unseen(run, several)):
        yield NotJudged(reason="its limit may have been spent on thoughts that are not shown")
        return
    for choice in silent:
        yield Violation(
            pointer=f"/choices/{show(choice.index)}", observed="silent", expected="text", exchanges=(several.n,)
        )


def _speaks_elsewhere(index: JSON, one: Exchange, run: Sequence[Exchange]) -> bool:
    """Whether a choice of this index says something in another such reply: then nothing has lost it."""
    others = (each for each in run if each.scenario == one.scenario and each.asked_stream is one.asked_stream)
    return any(choice.text for each in others if each.legible for choice in each.choices if choice.index == index)


@requirement(
    "choices.every-choice",
    level=MUST,
    source="n",
    scenario=choices,
    feature="n",
    parameter="n",
    mutants=[
        says(
            "only-the-first-choice-has-text",
            "of n choices of a whole reply only the first has any text",
            lambda _, said, index: "" if index else said,
            when=whole,
        ),
        says(
            "second-choice-without-text",
            "the second choice of a whole reply has no text",
            lambda _, said, index: "" if index == 1 else said,
            when=whole,
        ),
    ],
)
def every_choice_speaks(asked: tuple[Exchange, Exchange], *, run: tuple[Exchange, ...]) -> Iterator[Finding]:
    """In a whole reply of n choices each of them says something."""
    three = asked[0]
    if three.asked_stream or len(three.choices) < 2:
        yield NotJudged(reason="no whole reply of several choices")
    else:
        yield from silent_ones(three, run)


def _all_alike() -> Mutant:
    """All choices say what the first one says."""

    def reply(_: Sent, body: Object) -> Object:
        for choice in body["choices"][1:]:
            choice["message"]["content"] = body["choices"][0]["message"]["content"]
        return body

    def events(_: Sent, chunks: list[Object]) -> list[Object]:
        said: dict[int, list[Object]] = {}
        for choice in (choice for chunk in chunks for choice in chunk["choices"]):
            if choice["delta"].get("content"):
                said.setdefault(choice["index"], []).append(choice["delta"])
        first = "".join(delta["content"] for delta in said.get(0, []))
        for deltas in (deltas for index, deltas in said.items() if index):
            for delta in deltas:
                delta["content"] = ""
            deltas[0]["content"] = first
        return chunks

    return Mutant(name="choices-all-alike", about="n choices are one, n times over", reply=reply, events=events)


@requirement(
    "choices.differ",
    level=OBSERVE,
    source="n",
    scenario=choices,
    feature="n",
    parameter="n",
    mutants=[_all_alike()],
)
def choices_differ(asked: tuple[Exchange, Exchange]) -> Iterator[Finding]:
    """Whether several choices, each long enough, are different ones."""
    three = asked[0]
    said = [choice.text for choice in three.choices]
    if not three.legible or len(said) < 2 or min(map(len, said)) < LONG_ENOUGH:
        yield NotJudged(reason="no several choices of some length")
    else:
        yield Observation(value="all the same" if len(set(said)) == 1 else "different", exchanges=(three.n,))


def prompt_of(sent: Sent) -> str:
    """The last message, if it is text."""
    last = next(reversed(list(objects(sent.get("messages")))), {})
    return text(last.get("content"))


@requirement(
    "choices.echo",
    level=OBSERVE,
    source="content",
    scenario=talk,
    kind=Kind.EACH,
    applies=lambda exchange: (
        answered(exchange) and len(prompt_of(exchange.sent)) >= LONG_ENOUGH and len(exchange.text) >= LONG_ENOUGH
    ),
    mutants=[
        says("prompt-in-reply", "the text begins with the prompt", lambda sent, said, _: f"{prompt_of(sent)}{said}")
    ],
)
def prompt_is_echoed(exchange: Exchange) -> Iterator[Observation]:
    """Whether the text begins with the prompt, as some servers' does that continue rather than answer."""
    said, prompt = exchange.text.strip(), prompt_of(exchange.sent)
    yield Observation(value="begins with the prompt" if said.startswith(prompt) else "without the prompt")
