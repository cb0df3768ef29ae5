"""Bytes of a server-sent event stream -> events, and every irregularity on the way.

Rule: the whole body is judged at once, so piece boundaries cannot matter.  The grammar is the WHATWG's
(https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream); where that standard tells a
client to be silent (a tail that is never dispatched, an unknown field), the fact is kept as an `Irregularity`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

BOM = b"\xef\xbb\xbf"
_LINE = re.compile(rb"([^\r\n]*)(\r\n|\n|\r|\Z)")


class Oddity(StrEnum):
    """A kind of irregularity.  Whether one is a fault is a requirement's business."""

    BYTE_ORDER_MARK = "byte order mark"
    COMMENT = "comment"
    NAMED_FIELD = "event, id or retry field"
    UNKNOWN_FIELD = "unknown field"
    INVALID_UTF8 = "invalid UTF-8"
    UNTERMINATED_LINE = "line without an end"
    UNDISPATCHED = "event without a blank line after it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Irregularity:
    """Something a client passes over in silence, with the offset in the body and at most 80 of its bytes."""

    oddity: Oddity
    offset: int
    excerpt: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One dispatched event: its data, and the offset of its first line in the body."""

    data: bytes
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """A parsed body.  `tail` is the data of an event that no client dispatches, for want of a blank line."""

    events: tuple[Event, ...]
    irregularities: tuple[Irregularity, ...]
    tail: bytes | None

    def odd(self, *oddities: Oddity) -> tuple[Irregularity, ...]:
        """The irregularities of these kinds, in order of appearance."""
        return tuple(found for found in self.irregularities if found.oddity in oddities)


def parse(body: bytes) -> Stream:
    """Read a whole event stream.  Never raises."""
    events: list[Event] = []
    oddities: list[Irregularity] = []
    data: list[bytes] = []
    first = 0

    def note(oddity: Oddity, offset: int, line: bytes) -> None:
        oddities.append(Irregularity(oddity=oddity, offset=offset, excerpt=line[:80]))

    if body.startswith(BOM):
        note(Oddity.BYTE_ORDER_MARK, 0, BOM)
    for offset, line, ended in _lines(body):
        if not ended:
            note(Oddity.UNTERMINATED_LINE, offset, line)
        if not line:
            if data:
                events.append(Event(data=b"\n".join(data), offset=first))
            data = []
            continue
        if not _is_utf8(line):
            note(Oddity.INVALID_UTF8, offset, line)
        name, value = _field(line)
        if name == b"data":
            first = first if data else offset
            data.append(value)
        elif name == b"":
            note(Oddity.COMMENT, offset, line)
        elif name in (b"event", b"id", b"retry"):
            note(Oddity.NAMED_FIELD, offset, line)
        else:
            note(Oddity.UNKNOWN_FIELD, offset, line)
    tail = b"\n".join(data) if data else None
    if tail is not None:
        note(Oddity.UNDISPATCHED, first, tail)
    return Stream(events=tuple(events), irregularities=tuple(oddities), tail=tail)


def _lines(body: bytes) -> Iterator[tuple[int, bytes, bool]]:
    """(offset, line, whether an end of line followed), without the empty string after the last end."""
    for match in _LINE.finditer(body, len(BOM) if body.startswith(BOM) else 0):
        if match.start() == len(body):
            return
        yield match.start(), match.group(1), bool(match.group(2))


def _field(line: bytes) -> tuple[bytes, bytes]:
    """A line's field name and value; a comment's name is empty; one space after the colon is not part of the value."""
    name, colon, value = line.partition(b":")
    if colon and value.startswith(b" "):
        value = value[1:]
    return name, value


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def event(data: bytes) -> bytes:
    """One event as a well-behaved server writes it."""
    return b"data: " + data + b"\n\n"
