"""Streams, the events and their end: JSON in each, and [DONE] once and last."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from ..conversations import stream
from ..exchange import DONE, Exchange
from ..model import Kind, Level, Violation
from ..mutants import Wire
from ..requirement import requirement
from ..spoil import answered, on_the_wire, streaming
from .envelope import unbroken
from .streaming_framing import _excerpt, spoken

MUST, SHOULD = Level.MUST, Level.SHOULD


def finished(exchange: Exchange) -> bool:
    """A stream with events that came to its end."""
    return spoken(exchange) and unbroken(exchange)


@requirement(
    "streaming.json",
    level=MUST,
    source="stream",
    scenario=stream,
    kind=Kind.EACH,
    applies=spoken,
    mutants=[
        on_the_wire(
            "comments-as-data",
            "comments come as data",
            answered(lambda wire: wire.with_body(b"data: : PROCESSING\n\n", *wire.pieces)),
            when=streaming,
        ),
        on_the_wire(
            "infinity-in-chunks",
            "a chunk holds Infinity",
            answered(
                lambda wire: wire.with_body(
                    *(piece.replace(b'"id":', b'"score":-Infinity,"id":') for piece in wire.pieces)
                )
            ),
            when=streaming,
        ),
        on_the_wire(
            "chunks-split-over-events",
            "a chunk is split over two events",
            answered(
                lambda wire: wire.with_body(
                    *(piece.replace(b',"choices"', b'\n\ndata: ,"choices"') for piece in wire.pieces)
                )
            ),
            when=streaming,
        ),
    ],
)
def events_are_json(exchange: Exchange) -> Iterator[Violation]:
    """The data of every event is one JSON object, or [DONE]."""
    told = [(number, event.data) for number, event in enumerate(exchange.stream.events) if event.data.strip() != DONE]
    for (number, data), payload in zip(told, exchange.payloads, strict=True):
        if payload.problem is not None or not isinstance(payload.value, dict):
            why = f" ({payload.problem})" if payload.problem else ""
            yield Violation(
                pointer=f"event {number}", observed=f"{_excerpt(data)}{why}", expected="a JSON object or [DONE]"
            )
            return


def _ends(exchange: Exchange) -> list[int]:
    """The numbers of the [DONE] events; the tail that nobody dispatches counts, for it is another finding."""
    events = [*(event.data for event in exchange.stream.events), exchange.stream.tail or b""]
    return [number for number, data in enumerate(events) if data.strip() == DONE]


def _without_done(wire: Wire) -> Wire:
    return wire.with_body(*(piece for piece in wire.pieces if DONE not in piece))


def ends_with_done(exchange: Exchange) -> Iterator[Violation]:
    """The violation of a stream that has no [DONE]."""
    if not _ends(exchange):
        events = exchange.stream.events
        yield Violation(
            pointer=f"event {len(events) - 1}",
            observed=f"{_excerpt(events[-1].data)} as the last event",
            expected="[DONE]",
        )


of_ends = partial(requirement, scenario=stream, kind=Kind.EACH, parameter="stream")
"""A requirement on every stream that was not cut short."""


@of_ends(
    "streaming.done",
    level=MUST,
    source="stream",
    applies=finished,
    mutants=[
        on_the_wire("no-done", "streams end without [DONE]", answered(_without_done), when=streaming),
        on_the_wire(
            "done-in-lower-case",
            "streams end with [done]",
            answered(lambda wire: wire.with_body(*(piece.replace(DONE, b"[done]") for piece in wire.pieces))),
            when=streaming,
        ),
    ],
)
def is_ended_by_done(exchange: Exchange) -> Iterator[Violation]:
    """A stream is ended by a [DONE] message."""
    yield from ends_with_done(exchange)


@of_ends(
    "streaming.done-by-convention",
    level=SHOULD,
    source="stream",
    applies=finished,
    mutants=[on_the_wire("no-done", "streams end without [DONE]", answered(_without_done), when=streaming)],
)
def is_ended_by_done_by_convention(exchange: Exchange) -> Iterator[Violation]:
    """A stream is ended by a [DONE] message, as OpenAI's are."""
    yield from ends_with_done(exchange)


@of_ends(
    "streaming.done-last",
    level=MUST,
    source="stream",
    applies=lambda exchange: spoken(exchange) and bool(_ends(exchange)),
    mutants=[
        on_the_wire(
            "done-twice",
            "streams end with two [DONE]",
            answered(lambda wire: wire.with_body(*wire.pieces, wire.pieces[-1])),
            when=streaming,
        ),
        on_the_wire(
            "usage-after-done",
            "the last chunk comes after [DONE]",
            answered(lambda wire: wire.with_body(*wire.pieces[:-2], wire.pieces[-1], wire.pieces[-2])),
            when=streaming,
        ),
    ],
)
def done_is_last(exchange: Exchange) -> Iterator[Violation]:
    """[DONE] comes once, and nothing comes after it but comments."""
    ends = _ends(exchange)
    count = len(exchange.stream.events) + (exchange.stream.tail is not None)
    if len(ends) > 1:
        yield Violation(pointer=f"event {ends[1]}", observed="a second [DONE]", expected="nothing after the first")
    elif ends[0] != count - 1:
        yield Violation(
            pointer=f"event {ends[0] + 1}", observed=f"{count - 1 - ends[0]} events after [DONE]", expected="none"
        )
