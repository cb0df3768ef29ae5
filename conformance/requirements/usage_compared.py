"""Usage, compared: what the counts of one exchange say of those of another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from .. import strict_json
from ..ask import Ask
from ..conversations import choices, whole_and_stream
from ..exchange import Exchange
from ..model import JSON, Depth, Finding, Kind, Level, NotJudged, Violation
from ..mutants import Call, Mutant, Object, Sent
from ..reply import is_integer
from ..requirement import requirement
from ..scenario import Script, both_modes, scenario
from ..spoil import either, streaming
from .usage import COUNTS, TOLERANCE, _usage, count, counted

MUST, SHOULD = Level.MUST, Level.SHOULD


UNSEEN = frozenset(
    {
        "frequency_penalty",
        "logit_bias",
        "logprobs",
        "max_completion_tokens",
        "max_tokens",
        "min_p",
        "n",
        "presence_penalty",
        "repetition_penalty",
        "seed",
        "stop",
        "stream",
        "stream_options",
        "temperature",
        "top_k",
        "top_logprobs",
        "top_p",
        "user",
    }
)
"""Members of a request that change no prompt; of all others a template may make something of its own."""


SPARSE = 1.5
"""How many times as long a text may be as another of equally many tokens; of three choices one alone that is counted
has a third of the tokens."""


def _first_only(sent: Sent, usage: Object) -> None:
    usage["completion_tokens"] //= max(sent.get("n") or 1, 1)
    usage["total_tokens"] = usage["prompt_tokens"] + usage["completion_tokens"]


def _shares_the_limit(call: Call) -> Call:
    most, several = call.sent.get("max_tokens"), call.sent.get("n")
    if not is_integer(most) or not is_integer(several) or several < 2:
        return call
    return call.with_body({**call.sent, "max_tokens": max(most // several, 1)})


of_n = partial(requirement, source="usage", scenario=choices, feature="n", parameter="n")
"""A requirement on a reply of several choices beside one of one."""


@of_n(
    "usage.counts-all-choices",
    level=MUST,
    mutants=[
        either("only-one-choice-counted", "completion_tokens counts one choice of n", _usage(_first_only)),
        either(
            "only-one-streamed-choice-counted",
            "streamed completion_tokens counts one choice of n",
            _usage(_first_only),
            when=streaming,
        ),
        Mutant(
            name="max-tokens-for-all-choices-together",
            about="max_tokens is a budget that all choices share",
            request=_shares_the_limit,
        ),
    ],
)
def all_choices_are_counted(asked: tuple[Exchange, Exchange]) -> Iterator[Finding]:
    """completion_tokens counts the tokens of all choices: max_tokens for each that the limit cut, at least one for each
    other that says something."""
    three, one = asked
    most = three.sent.get("max_tokens")
    if not counted(three) or len(three.choices) < 2 or not is_integer(most):
        yield NotJudged(reason="there was no usage beside several choices")
        return
    full = [choice for choice in three.choices if choice.finish_reason == "length"]
    others = [choice for choice in three.choices if choice.finish_reason != "length" and choice.text.strip()]
    least = len(full) * (most - 1) + len(others)  # one less each: a token may go uncounted where a limit cuts
    if count(three, "completion_tokens") >= least:
        return
    shared = _shared(three, one, most)
    if not shared and _as_dense(three, one):
        yield NotJudged(reason="its limit may have been spent on tokens that are neither shown nor counted")
    else:
        yield Violation(
            pointer="/usage/completion_tokens",
            observed=f"{count(three, 'completion_tokens')}{', and the texts are as short as that' if shared else ''}",
            expected=f"max_tokens = {most} for each of {len(three.choices)} choices, not for all together"
            if shared
            else f"at least {least} for {len(three.choices)} choices",
            exchanges=(three.n,),
        )


def _shared(three: Exchange, one: Exchange, most: int) -> bool:
    """Whether the limit was shared among choices: together they have as many tokens as one alone and say hardly more,
    none is silent, and all were cut."""
    cut = all(choice.text and choice.finish_reason == "length" for choice in three.choices)
    limits = one.asked_choices == 1 and one.sent.get("max_tokens") == most and counted(one)
    together = most - len(three.choices) <= count(three, "completion_tokens") <= most
    said = sum(len(choice.text) for choice in three.choices)
    return cut and limits and together and count(one, "completion_tokens") >= most - 1 and 2 * said <= 3 * len(one.text)


def _as_dense(three: Exchange, one: Exchange) -> bool:
    """Whether the texts of several choices have nearly as many tokens for their length as one alone has."""
    said = sum(len(choice.text) for choice in three.choices)
    tokens = count(three, "completion_tokens"), count(one, "completion_tokens")
    return counted(one) and tokens[0] * len(one.text) * SPARSE >= tokens[1] * said


@of_n(
    "usage.prompt-counted-once",
    level=SHOULD,
    mutants=[
        either(
            "prompt-counted-n-times",
            "prompt_tokens counts the prompt once a choice",
            _usage(
                lambda sent, usage: usage.update(
                    prompt_tokens=usage["prompt_tokens"] * (sent.get("n") or 1),
                    total_tokens=usage["prompt_tokens"] * (sent.get("n") or 1) + usage["completion_tokens"],
                )
            ),
        )
    ],
)
def prompt_is_counted_once(asked: tuple[Exchange, Exchange]) -> Iterator[Finding]:
    """prompt_tokens is the same for one choice and for three: there is one prompt."""
    three, one = asked
    if not counted(three) or not counted(one):
        yield NotJudged(reason="there was no usage to compare")
    elif abs(count(three, "prompt_tokens") - count(one, "prompt_tokens")) > TOLERANCE:
        yield Violation(
            pointer="/usage/prompt_tokens",
            observed=f"{count(three, 'prompt_tokens')} with n = 3",
            expected=f"{count(one, 'prompt_tokens')}, as with one choice",
            exchanges=(three.n, one.n),
        )


@requirement(
    "usage.prompt-stable",
    level=SHOULD,
    source="usage",
    scenario=whole_and_stream,
    kind=Kind.RUN,
    applies=counted,
    mutants=[
        either(
            "prompt-count-of-streams-differs",
            "prompt_tokens is 7 more in streams",
            _usage(
                lambda _, usage: usage.update(
                    prompt_tokens=usage["prompt_tokens"] + 7, total_tokens=usage["total_tokens"] + 7
                )
            ),
            when=streaming,
        )
    ],
)
def prompt_count_is_stable(exchanges: Sequence[Exchange]) -> Iterator[Violation]:
    """Equal prompts cost equally many prompt_tokens, whatever else was asked."""
    first: dict[bytes, Exchange] = {}
    for exchange in exchanges:
        seen: dict[str, JSON] = {
            name: value for name, value in exchange.sent.items() if value is not None and name not in UNSEEN
        }
        key = strict_json.canonical(seen)
        other = first.pop(key, None)
        if other is None or abs(count(other, "prompt_tokens") - count(exchange, "prompt_tokens")) <= TOLERANCE:
            first[key] = other or exchange
            continue
        yield Violation(
            pointer="/usage/prompt_tokens",
            observed=f"{count(other, 'prompt_tokens')} and {count(exchange, 'prompt_tokens')} for the same messages",
            expected="the same",
            exchanges=(other.n, exchange.n),
        )


@scenario(steps=2, tokens=8)
def short_and_long(ask: Ask) -> Script:
    """Ask with a short prompt and with one that has sixty words more."""
    yield [
        ask(max_tokens=4, prompt="Hello."),
        ask(max_tokens=4, prompt="Hello. " + "one two three four five six " * 10),
    ]
    return None


@requirement(
    "usage.prompt-grows",
    level=SHOULD,
    source="usage",
    scenario=both_modes(short_and_long, streams=Depth.STANDARD),
    mutants=[
        either(
            "prompt-count-constant",
            "prompt_tokens is always 10",
            _usage(lambda _, usage: usage.update(prompt_tokens=10, total_tokens=10 + usage["completion_tokens"])),
        ),
    ],
)
def longer_prompts_cost_more(asked: tuple[Exchange, Exchange]) -> Iterator[Finding]:
    """A prompt with sixty words more has more prompt_tokens."""
    short, long = asked
    if not counted(short) or not counted(long):
        yield NotJudged(reason="there was no usage to compare")
    elif count(long, "prompt_tokens") <= count(short, "prompt_tokens"):
        yield Violation(
            pointer="/usage/prompt_tokens",
            observed=f"{count(long, 'prompt_tokens')} for the longer prompt",
            expected=f"more than the {count(short, 'prompt_tokens')} of the shorter one",
            exchanges=(short.n, long.n),
        )


@requirement(
    "usage.stream-agrees",
    level=SHOULD,
    source="usage",
    scenario=whole_and_stream,
    mutants=[
        either(
            "streams-count-events",
            "streamed completion_tokens is twice what it should be",
            _usage(
                lambda _, usage: usage.update(
                    completion_tokens=usage["completion_tokens"] * 2,
                    total_tokens=usage["prompt_tokens"] + usage["completion_tokens"] * 2,
                )
            ),
            when=streaming,
        )
    ],
)
def stream_counts_as_whole(asked: tuple[Exchange, Exchange], *_: Exchange) -> Iterator[Finding]:
    """A stream with the same text as a whole reply reports the same counts, give or take the token that ended it."""
    whole, streamed = asked
    if not counted(whole) or not counted(streamed) or whole.text != streamed.text:
        yield NotJudged(reason="no whole reply and stream with the same text and with usage")
        return
    thought = whole.thought or streamed.thought  # no two thoughts are equally long
    for name in COUNTS[: 1 if thought else 2]:
        if abs(count(whole, name) - count(streamed, name)) > TOLERANCE:
            yield Violation(
                pointer=f"/usage/{name}",
                observed=f"{count(streamed, name)} in the stream",
                expected=f"{count(whole, name)}, as in the whole reply of the same text",
                exchanges=(whole.n, streamed.n),
            )
