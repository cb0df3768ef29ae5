"""Stop sequences, what is said of them: the reason, and whether the text contains them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from ..exchange import Exchange
from ..model import Finding, Level, NotJudged, Observation, Violation
from ..mutants import Object, Sent
from ..reply import objects
from ..requirement import requirement
from ..schema import show
from ..spoil import either, says, streaming
from ..words import Stopped
from .reasoning_unseen import thinks_unseen
from .stop_asked import around, what_became

SHOULD, OBSERVE = Level.SHOULD, Level.OBSERVE


def _says_length(sent: Sent, body: Object) -> None:
    for choice in objects(body["choices"]):
        if sent.get("stop") and choice.get("finish_reason") == "stop":
            choice["finish_reason"] = "length"


STOPPED = (Stopped.EXCLUDED, Stopped.INCLUDED, Stopped.PARTLY)


of_stops = partial(requirement, source="stop", scenario=around, feature="stop", parameter="stop")
"""A requirement on what is said of a stop sequence."""


@of_stops(
    "stop.finish-reason",
    level=SHOULD,
    mutants=[
        either("stop-says-length", "a reply ended by a stop says length", _says_length),
        either("stop-says-length-in-streams", "a stream ended by a stop says length", _says_length, when=streaming),
    ],
)
def stop_says_stop(
    free: Exchange, stopped: tuple[Exchange, ...], *_: Exchange, run: tuple[Exchange, ...]
) -> Iterator[Finding]:
    """A reply that a stop sequence ended says so: its reason is "stop"."""
    ended = [
        each
        for each in stopped
        if what_became(free, each) in STOPPED and each.choices and each.choices[0].finish_reason
    ]
    if not ended:
        yield NotJudged(reason="no reply ended at its stop")
    for each in ended:
        if each.choices[0].finish_reason != "stop" and not thinks_unseen(run, each):
            yield Violation(
                pointer="/choices/0/finish_reason",
                observed=show(each.choices[0].finish_reason),
                expected='"stop"',
                exchanges=(each.n,),
            )


def _other_reading(sent: Sent, text: str, _: object) -> str:
    stop = sent.get("stop")
    if not isinstance(stop, str) or not text:
        return text
    return text.removesuffix(stop) if text.endswith(stop) else text + stop


@of_stops(
    "stop.text-reading",
    level=OBSERVE,
    mutants=[says("stop-the-other-way", "the stop is in the text where it was not, and the reverse", _other_reading)],
)
def stop_in_text(free: Exchange, stopped: tuple[Exchange, ...], *_: Exchange) -> Iterator[Observation]:
    """Whether the returned text contains the stop sequence."""
    for each in stopped:
        what = what_became(free, each)
        if what in STOPPED:
            yield Observation(value=what.value, exchanges=(each.n,))


@of_stops(
    "stop.same-in-both-modes",
    level=SHOULD,
    mutants=[
        says(
            "stop-the-other-way-in-streams",
            "the stop is in streamed text where whole text has it not",
            _other_reading,
            when=streaming,
        )
    ],
)
def same_in_both_modes(
    free: Exchange, stopped: tuple[Exchange, ...], *_: Exchange, run: tuple[Exchange, ...]
) -> Iterator[Finding]:
    """Whole and streamed replies treat the stop sequence alike: both contain it or neither does."""
    ways = {each: what for each in stopped if (what := what_became(free, each)) in STOPPED[:2]}
    if len(ways) < 2:
        yield NotJudged(reason="not both modes ended at their stop")
    elif len(set(ways.values())) == 2 and not thinks_unseen(run, free):
        yield Violation(
            pointer="/choices/0",
            observed=" and ".join(
                f"{what.value} {'streamed' if each.asked_stream else 'whole'}" for each, what in ways.items()
            ),
            expected="the same in both modes",
            exchanges=tuple(each.n for each in ways),
        )
