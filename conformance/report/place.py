"""A violation's pointer -> the bytes of the body that it points at.

Rule: a guess for the eye and no more.  It is right for the bodies that endpoints send; where the place cannot be told
it is None, and nothing is marked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from ..exchange import DONE, Exchange
from ..redact import MARKER
from .excerpt import Span

LARGEST = 1 << 20
"""Bytes of a body that is searched for a member."""

SAID = " text"
"""What follows the pointer to a choice where what it says is meant, streamed or whole."""

_EVENT = re.compile(r"event ([0-9]{1,9})(/\S*)?")
_BYTE = re.compile(r"byte ([0-9]{1,9})")
_END = re.compile(rb"[\r\n]")
_SECRET = re.compile(MARKER.pattern.encode())
_BLANKS = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


def place(exchange: Exchange, pointer: str) -> Span | None:
    """The bytes that a pointer ("/usage", "event 3/choices/0", "byte 17") means in this exchange's body."""
    if event := _EVENT.fullmatch(pointer):
        return _event(exchange, int(event[1]), event[2] or "")
    if byte := _BYTE.fullmatch(pointer):
        return _line(exchange.body, int(byte[1])) if int(byte[1]) < len(exchange.body) else None
    if pointer == "body" and (marker := _SECRET.search(exchange.body)):
        return marker.span()
    if not pointer.startswith("/"):
        return None
    return (
        _anywhere(exchange, pointer)
        if exchange.asked_stream
        else _member(exchange.body, (0, len(exchange.body)), pointer)
    )


def _event(exchange: Exchange, number: int, pointer: str) -> Span | None:
    events = exchange.stream.events
    if pointer:  # then chunks are counted, and [DONE] is none
        events = tuple(each for each in events if each.data.strip() != DONE)
    if number >= len(events):
        return None
    line = _line(exchange.body, events[number].offset)
    return (_member(exchange.body, line, pointer) if pointer else None) or line


def _anywhere(exchange: Exchange, pointer: str) -> Span | None:
    """A member of a stream as a whole: where the last event that has it says it."""
    name = json.dumps(pointer.rpartition("/")[2]).encode()
    for event in reversed(exchange.stream.events):
        found = _member(exchange.body, _line(exchange.body, event.offset), pointer)
        if found is not None and exchange.body.startswith(name, found[0]):
            return found
    return None


def members_at(body: bytes, names: Iterable[str]) -> list[Span]:
    """Where in a body that is a JSON object its members of these names are."""
    pointers = ("/" + name.replace("~", "~0").replace("/", "~1") for name in names)
    found = (_member(body, (0, len(body)), pointer) for pointer in pointers)
    return sorted(span for span in found if span is not None)


def _line(body: bytes, start: int) -> Span:
    end = _END.search(body, start)
    return start, end.start() if end else len(body)


def _member(body: bytes, within: Span, pointer: str) -> Span | None:
    """The member that a JSON Pointer means in the first object of a part of the body, from its name on."""
    start, end = body.find(b"{", *within), within[1]
    if start < 0 or end - start > LARGEST:
        return None
    pointer = pointer.removesuffix(SAID) + "/message/content" if pointer.endswith(SAID) else pointer
    parts = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:] if part]
    text = body[start:end].decode("utf-8", "surrogateescape")
    span = _walk(text, parts)
    if span is None:
        return None
    first, last = (start + len(text[:at].encode("utf-8", "surrogateescape")) for at in span)
    return first, last


def _walk(text: str, parts: list[str]) -> Span | None:
    """The deepest member of a path that is there, from its name to the end of its value; None for the whole text."""
    found: Span | None = None
    at = _past_blanks(text, 0)
    for part in parts:
        try:
            step = _named(text, at, part) if text[at] == "{" else _numbered(text, at, part)
            if step is None:
                break
            name, at = step
            found = (name, _end(text, at))
        except (ValueError, IndexError, RecursionError):  # it is no JSON from here on, or the part is no index
            break
    return found


def _named(text: str, at: int, name: str) -> Span | None:
    """Where in the object at `at` the member's name and its value begin."""
    at = _past_blanks(text, at + 1)
    while text[at] == '"':
        key, end = _DECODER.raw_decode(text, at)
        value = _past_blanks(text, _past_blanks(text, end) + 1)
        if key == name:
            return at, value
        at = _past_blanks(text, _past_blanks(text, _end(text, value)) + 1)
    return None


def _numbered(text: str, at: int, index: str) -> Span | None:
    """Where the item of the array at `at` begins, twice; "*" is the first."""
    if text[at] != "[":
        return None
    number = 0 if index == "*" else int(index)
    at = _past_blanks(text, at + 1)
    for _ in range(number):
        at = _past_blanks(text, _past_blanks(text, _end(text, at)) + 1)
    return None if text[at] == "]" else (at, at)


def _end(text: str, at: int) -> int:
    return int(_DECODER.raw_decode(text, at)[1])


def _past_blanks(text: str, at: int) -> int:
    found = _BLANKS.match(text, at)
    return found.end() if found else at
