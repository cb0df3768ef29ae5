"""Usage, held against what was said: a reply that ended by itself has not used what it was allowed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..exchange import Exchange
from ..model import Finding, Kind, Level, NotJudged, Violation
from ..mutants import Object, Sent
from ..reply import Choice, asked_choices, is_integer, objects, text
from ..requirement import requirement
from ..spoil import either, streaming
from .response_format import objects as json_objects
from .usage import _usage, count, counted

ENOUGH = 3
"""Replies of one mode: one may use up its limit by chance, and not all."""

MARKS = 16
"""Tokens that a choice may have beside those of its text: what opens and what ends it or its calls."""

ENDS = ("stop", "tool_calls")


def _limit(exchange: Exchange) -> int:
    limit = exchange.sent.get("max_tokens")
    return int(limit) * exchange.asked_choices if is_integer(limit) else 0


def limited(exchange: Exchange) -> bool:
    """A counted reply with a limit and without a stop sequence, of which no thought is known."""
    return (
        counted(exchange)
        and exchange.legible
        and _limit(exchange) > 0
        and exchange.sent.get("stop") is None
        and not exchange.thought
    )


def _ended(exchange: Exchange) -> bool:
    """Whether all its choices say something and ended by themselves."""
    return bool(exchange.choices) and all(
        each.finish_reason in ENDS and (each.text.strip() or each.tool_calls) for each in exchange.choices
    )


def _size(choice: Choice) -> int:
    """Bytes of all that a choice says: no token has less than one."""
    called = [each.get("function") for each in objects(list(choice.tool_calls))]
    said = [text(each.get(name)) for each in called if isinstance(each, dict) for name in ("name", "arguments")]
    return len("".join([choice.text, choice.refusal, *said]).encode("utf-8", "surrogatepass"))


def _is_short(exchange: Exchange) -> bool:
    """Whether it cannot have used its limit, for it says too little."""
    return sum(_size(each) + MARKS for each in exchange.choices) < _limit(exchange)


def all_of_it(sent: Sent, usage: Object) -> None:
    """All that the limit allows is counted."""
    if is_integer(sent.get("max_tokens")):
        usage["completion_tokens"] = sent["max_tokens"] * asked_choices(sent)
        usage["total_tokens"] = usage["prompt_tokens"] + usage["completion_tokens"]


@requirement(
    "usage.not-the-limit",
    level=Level.SHOULD,
    source="usage",
    scenario=json_objects,
    kind=Kind.RUN,
    applies=limited,
    feature="json-object",
    mutants=[
        either("usage-is-the-limit", "completion_tokens is what max_tokens allows", _usage(all_of_it)),
        either(
            "usage-is-the-limit-in-streams",
            "streamed completion_tokens is what max_tokens allows",
            _usage(all_of_it),
            when=streaming,
        ),
    ],
)
def limits_are_not_counted(exchanges: Sequence[Exchange]) -> Iterator[Finding]:
    """completion_tokens is not always what max_tokens allows: replies that end by themselves use less of it."""
    judged = False
    for mode in (False, True):
        found = [each for each in exchanges if each.asked_stream is mode]
        knows_limits = any(choice.finish_reason == "length" for each in found for choice in each.choices)
        ended = [each for each in found if _ended(each)]
        short = [each for each in ended if _is_short(each)]
        less = any(count(each, "completion_tokens") != _limit(each) for each in ended)
        judged = judged or less
        if less or not knows_limits or len(short) < ENOUGH or len({_size(each.choices[0]) for each in short}) < 2:
            continue
        judged = True
        for each in short:
            yield Violation(
                pointer="/usage/completion_tokens",
                observed=f"{_limit(each)}, as for every reply",
                expected=f"less: the reply of {sum(map(_size, each.choices))} bytes ended by itself",
                exchanges=(each.n,),
            )
    if not judged:
        yield NotJudged(reason="too few replies ended by themselves before their limit")
