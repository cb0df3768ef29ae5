"""Stop sequences, what they save: what would have followed is not made, and so not counted."""

from __future__ import annotations

from collections.abc import Iterator

from ..exchange import Exchange
from ..model import Finding, Level, NotJudged, Violation
from ..requirement import requirement
from ..spoil import either, streaming
from ..words import Stopped
from .reasoning_unseen import thinks_unseen
from .response_format import beside_stop
from .stop_asked import around, stop_of, what_became
from .usage import _usage
from .usage_said import all_of_it

BEYOND = 8
"""Tokens that an engine may make beyond a stop before it sees it, as those that make several at a step."""


def saved(free: Exchange, stopped: Exchange) -> float:
    """About how many tokens followed the stop in the free reply; 0 where that cannot be told."""
    count = free.tokens("completion_tokens")
    ended = what_became(free, stopped) in (Stopped.EXCLUDED, Stopped.INCLUDED)
    if not ended or count is None or free.thought or stopped.thought or len(stopped.choices) != 1:
        return 0
    if stopped.choices[0].finish_reason != "stop" or stopped.tokens("completion_tokens") is None:
        return 0
    _, _, after = free.text.partition(stop_of(stopped))
    return count * len(after.strip()) / len(free.text)


@requirement(
    "stop.ends-generation",
    level=Level.SHOULD,
    source="stop",
    scenario=around,
    feature="stop",
    parameter="stop",
    mutants=[
        either(
            "made-beyond-the-stop",
            "tokens are made and counted up to the limit, whatever the stop",
            _usage(all_of_it),
            when=beside_stop,
        ),
        either(
            "made-beyond-the-stop-in-streams",
            "a stream counts tokens up to the limit, whatever the stop",
            _usage(all_of_it),
            when=lambda sent: streaming(sent) and beside_stop(sent),
        ),
    ],
)
def stops_generation(
    free: Exchange, stopped: tuple[Exchange, ...], *_: Exchange, run: tuple[Exchange, ...]
) -> Iterator[Finding]:
    """A reply that a stop sequence ended early counts fewer tokens than the same reply without it: none was made in
    vain."""
    ended = [each for each in stopped if saved(free, each) >= BEYOND]
    if not ended:
        yield NotJudged(reason="no counted reply ended at its stop well before the free one did")
    for each in ended:
        free_count, count = (one.tokens("completion_tokens") or 0 for one in (free, each))
        if count >= free_count and not thinks_unseen(run, each):
            yield Violation(
                pointer="/usage/completion_tokens",
                observed=f"{count} with the stop, {free_count} without it",
                expected=f"about {free_count - saved(free, each):.0f}, up to where the stop came up",
                exchanges=(free.n, each.n),
            )
