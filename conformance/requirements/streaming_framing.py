"""Streams, the bytes: what must hold before a client sees a single chunk.

The grammar is the WHATWG's for event streams; documents 000 to 003 add that the events are data-only and that a [DONE]
message ends the stream.  Comments, any line end and a missing space after the colon are legal and are not spoken of.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from ..conversations import stream
from ..exchange import Exchange
from ..model import Kind, Level, Violation
from ..requirement import requirement
from ..spoil import answered, on_the_wire, streaming
from ..sse import Irregularity, Oddity

MUST, SHOULD = Level.MUST, Level.SHOULD


def spoken(exchange: Exchange) -> bool:
    """A stream of which at least one event arrived."""
    return exchange.streamed and bool(exchange.stream.events)


def _excerpt(data: bytes) -> str:
    return repr(data[:60].decode("utf-8", "backslashreplace"))


def _first_wrong(data: bytes) -> int:
    """The offset of the first byte that is no UTF-8."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start
    return 0


def _odd(exchange: Exchange, *oddities: Oddity) -> tuple[Irregularity, ...]:
    return exchange.stream.odd(*oddities)


@requirement(
    "streaming.media-type",
    level=MUST,
    source="stream",
    scenario=stream,
    kind=Kind.EACH,
    applies=lambda exchange: exchange.streamed,
    mutants=[
        on_the_wire(
            "streams-as-json",
            "streams are labelled application/json",
            answered(lambda wire: wire.with_header("content-type", "application/json")),
            when=streaming,
        ),
        on_the_wire(
            "streams-as-text",
            "streams are labelled text/plain",
            answered(lambda wire: wire.with_header("content-type", "text/plain; charset=utf-8")),
            when=streaming,
        ),
        on_the_wire(
            "streams-unlabelled",
            "streams have no content type",
            answered(lambda wire: wire.with_header("content-type", None)),
            when=streaming,
        ),
    ],
)
def is_labelled_event_stream(exchange: Exchange) -> Iterator[Violation]:
    """A stream is labelled text/event-stream, or its clients do not read it; parameters and case are free."""
    if exchange.media_type != "text/event-stream":
        yield Violation(
            pointer="header content-type", observed=exchange.media_type or "missing", expected="text/event-stream"
        )


@requirement(
    "streaming.has-events",
    level=MUST,
    source="stream",
    scenario=stream,
    kind=Kind.EACH,
    applies=lambda exchange: exchange.streamed,
    mutants=[
        on_the_wire(
            "silent-streams",
            "streams are 200 with no byte in them",
            answered(lambda wire: wire.with_body()),
            when=streaming,
        ),
        on_the_wire(
            "streams-of-comments",
            "streams hold comments only",
            answered(lambda wire: wire.with_body(b": ping\n\n")),
            when=streaming,
        ),
        on_the_wire(
            "streams-of-bare-json",
            "streams are JSON lines without data:",
            answered(lambda wire: wire.with_body(*(piece.removeprefix(b"data: ") for piece in wire.pieces))),
            when=streaming,
        ),
    ],
)
def has_events(exchange: Exchange) -> Iterator[Violation]:
    """A stream with a 2xx status has at least one event: silence is no answer."""
    if not exchange.stream.events and exchange.stream.tail is None:
        begins = f", begins with {_excerpt(exchange.body)}" if exchange.body else ""
        yield Violation(pointer="/", observed=f"a stream without an event{begins}", expected="events")


@requirement(
    "streaming.last-event",
    level=MUST,
    source="sse",
    scenario=stream,
    kind=Kind.EACH,
    applies=lambda exchange: exchange.streamed and exchange.error is None,
    mutants=[
        on_the_wire(
            "last-event-not-dispatched",
            "no blank line follows the last event",
            answered(lambda wire: wire.with_body(*wire.pieces[:-1], wire.pieces[-1].rstrip(b"\n") + b"\n")),
            when=streaming,
        ),
        on_the_wire(
            "last-line-without-end",
            "the last line of a stream has no end",
            answered(lambda wire: wire.with_body(*wire.pieces[:-1], wire.pieces[-1].rstrip(b"\n"))),
            when=streaming,
        ),
    ],
)
def last_event_is_dispatched(exchange: Exchange) -> Iterator[Violation]:
    """A blank line follows the last event: without it a client that keeps to the standard never sees that event."""
    if exchange.stream.tail is not None:
        yield Violation(
            pointer=f"event {len(exchange.stream.events)}",
            observed=f"{_excerpt(exchange.stream.tail)} with no blank line after it",
            expected="followed by a blank line",
        )


of_streams = partial(requirement, scenario=stream, kind=Kind.EACH, applies=spoken)
"""A requirement on the bytes of every stream."""


@of_streams(
    "streaming.utf8",
    level=MUST,
    source="sse",
    mutants=[
        on_the_wire(
            "latin-1-streams",
            "streams are not UTF-8",
            answered(lambda wire: wire.with_body(*(piece.replace(b'"role"', b'"r\xf4le"') for piece in wire.pieces))),
            when=streaming,
        ),
    ],
)
def is_utf8(exchange: Exchange) -> Iterator[Violation]:
    """The bytes of a stream are UTF-8, also where a character was split over two of its tokens."""
    for odd in _odd(exchange, Oddity.INVALID_UTF8)[:1]:
        at = odd.offset + _first_wrong(exchange.body[odd.offset :])
        around = exchange.body[max(at - 12, odd.offset) : at + 12]
        yield Violation(pointer=f"byte {at}", observed=_excerpt(around), expected="UTF-8")


@of_streams(
    "streaming.data-only",
    level=SHOULD,
    source="stream",
    mutants=[
        on_the_wire(
            "named-events",
            "every event has an event field",
            answered(lambda wire: wire.with_body(*(b"event: message\n" + piece for piece in wire.pieces))),
            when=streaming,
        ),
        on_the_wire(
            "numbered-events",
            "every event has an id field",
            answered(lambda wire: wire.with_body(*(b"id: 7\n" + piece for piece in wire.pieces))),
            when=streaming,
        ),
    ],
)
def is_data_only(exchange: Exchange) -> Iterator[Violation]:
    """The events of a stream are data-only: no event, id or retry field."""
    found = _odd(exchange, Oddity.NAMED_FIELD)
    if found:
        yield Violation(
            pointer=f"byte {found[0].offset}",
            observed=f"{_excerpt(found[0].excerpt)} and {len(found) - 1} more such lines"
            if len(found) > 1
            else _excerpt(found[0].excerpt),
            expected="data fields only",
        )


@of_streams(
    "streaming.known-fields",
    level=SHOULD,
    source="sse",
    mutants=[
        on_the_wire(
            "stray-lines",
            "log lines stand between the events",
            answered(lambda wire: wire.with_body(*(piece + b"INFO sent a chunk\n" for piece in wire.pieces))),
            when=streaming,
        ),
    ],
)
def fields_are_known(exchange: Exchange) -> Iterator[Violation]:
    """Every line of a stream is a field of the standard, a comment or blank; clients drop others in silence."""
    found = _odd(exchange, Oddity.UNKNOWN_FIELD, Oddity.BYTE_ORDER_MARK)
    for odd in (each for each in found[:3] if each.oddity is Oddity.UNKNOWN_FIELD):
        yield Violation(pointer=f"byte {odd.offset}", observed=_excerpt(odd.excerpt), expected="a field or a comment")
