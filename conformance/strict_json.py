"""JSON bytes -> a value and everything that is wrong with them.

`json.loads` accepts NaN, keeps the last of two equal keys and guesses the encoding.  A judge may do none of
that: RFC 8259 is the rule here, and what departs from it is reported beside the value instead of being repaired.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from itertools import accumulate
from typing import NoReturn, cast

from .model import JSON

MAX_DEPTH = 500
"""Brackets inside brackets that are still read; RFC 8259 section 9 lets a parser set such a limit."""

BOM = b"\xef\xbb\xbf"

_BRACKET = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[{\]}]', re.DOTALL)
"""A bracket, or a string, whose brackets do not count; one that never ends goes to the end, so that time is linear."""

_STEPS = {"[": 1, "{": 1, "]": -1, "}": -1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What a text holds.

    `problem` says why it is not JSON (then `value` is None), else it is None.  `duplicates` are member names
    given twice in one object, in order of appearance.
    """

    value: JSON = None
    problem: str | None = None
    duplicates: tuple[str, ...] = ()


def parse(data: bytes | str) -> Document:
    """Read one JSON text strictly.  Never raises."""
    if isinstance(data, bytes):
        if data.startswith(BOM):
            return Document(problem="it begins with a byte order mark")
        try:
            data = data.decode("utf-8")
        except UnicodeDecodeError as error:
            return Document(problem=f"byte {error.start} is not UTF-8")
    if not data.strip(" \t\r\n"):
        return Document(problem="it is empty")
    if _depth(data) > MAX_DEPTH:
        return Document(problem=f"it is nested more than {MAX_DEPTH} deep")
    return _parse(data)


def _parse(data: str) -> Document:
    duplicates: list[str] = []
    try:
        value = json.loads(
            data,
            object_pairs_hook=lambda pairs: _object(pairs, duplicates),
            parse_constant=_refuse_constant,
            parse_float=_finite,
        )
    except json.JSONDecodeError as error:
        return Document(problem=f"{error.msg} at character {error.pos}")
    except (ValueError, RecursionError) as error:
        return Document(problem=str(error).splitlines()[0])
    return Document(value=cast(JSON, value), duplicates=tuple(duplicates))


def _object(pairs: list[tuple[str, JSON]], duplicates: list[str]) -> dict[str, JSON]:
    result = dict(pairs)
    if len(result) < len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                duplicates.append(name)
            seen.add(name)
    return result


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(token: str) -> float:
    number = float(token)
    if math.isinf(number):
        raise ValueError(f"the number {token[:20]} is too large to be read")
    return number


def _depth(text: str) -> int:
    """The deepest nesting; 0 where there are too few brackets for it to matter."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return 0
    steps = (_STEPS.get(found[0][0], 0) for found in _BRACKET.finditer(text))
    return max(accumulate(steps, initial=0))


def dump(value: JSON) -> bytes:
    """The shortest JSON text of a value, members in the order given; lone surrogates are escaped."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode("ascii")


def canonical(value: JSON) -> bytes:
    """The same bytes for equal values: keys sorted, ASCII only.  For digests."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode("ascii")
