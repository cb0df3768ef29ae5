"""Text that a model said, taken apart: where to stop it, and what a stop did to it.

Rule: nothing here expects a model to obey.  A stop is taken from what this model just said; what it then says is
compared with what it said before.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum

REPLACEMENT = "\ufffd"

WORD = re.compile(r"[^\W\d_]{3,}")
"""Letters that may be of one case or of the other."""

LONGEST = 4096
"""Characters of a text within which a stop is looked for: where it says the same again and again, it takes a while."""


def middle_of(text: str, length: int = 6, serves: Callable[[str], bool] = bool) -> str | None:
    """A piece from the middle of a text that can serve as a stop, or None if there is none.

    It begins where it first occurs, is not at either end, holds no replacement character and neither begins nor ends
    with white space, which engines trim.  Of a text that goes on and on, only the beginning is looked at.
    """
    text = text[:LONGEST]
    middle = len(text) // 2
    starts = sorted(range(4, len(text) - length - 7), key=lambda start: abs(start - middle))
    for start in starts:
        piece = text[start : start + length]
        if piece.strip() == piece and REPLACEMENT not in piece and serves(piece) and text.find(piece) == start:
            return piece
    return None


class Cut(StrEnum):
    """What a stop is to be like, where the text has such a piece."""

    LONG = "long"
    """Twelve characters."""
    LONGER = "longer"
    """Twenty characters."""
    SPACED = "spaced"
    """With white space inside."""
    FOREIGN = "foreign"
    """With a letter that ASCII has not."""


SHORT = (6, 4, 3)

_LIKE: dict[Cut, tuple[tuple[int, ...], Callable[[str], bool]]] = {
    Cut.LONG: ((12,), bool),
    Cut.LONGER: ((20, 12), bool),
    Cut.SPACED: (SHORT, lambda piece: " " in piece),
    Cut.FOREIGN: (SHORT, lambda piece: any(each.isalpha() and not each.isascii() for each in piece)),
}
"""Lengths, the best first, and what a piece must be besides."""


def stop_in(text: str, cut: Cut | None = None) -> str | None:
    """A piece from the middle of a text that can serve as a stop: one that is cut as asked, if there is one, else the
    longest of six characters or of less."""
    lengths, serves = _LIKE[cut] if cut else ((), bool)
    tries = [*((length, serves) for length in lengths), *((length, bool) for length in SHORT)]
    return next((stop for each in tries if (stop := middle_of(text, *each)) is not None), None)


def in_other_case(text: str, stop: str) -> str | None:
    """The last word before the stop, capital letters for small ones and small ones for capital ones; one that the text
    has so nowhere, and that is neither the first that is said before the stop nor the last."""
    before = text.partition(stop)[0].rstrip()
    others = (word.group().swapcase() for word in reversed([*WORD.finditer(before)]) if word.end() < len(before))
    return next((other for other in others if other not in text and before_any_case(other, text).strip()), None)


def before_any_case(word: str, text: str) -> str:
    """The text up to where it first has the word, in whatever case its letters are; nothing where it has not."""
    found = re.search(re.escape(word), text, re.IGNORECASE)
    return text[: found.start()] if found else ""


class Stopped(StrEnum):
    """What a stop did."""

    EXCLUDED = "excluded"
    """The text ends before the stop."""
    INCLUDED = "included"
    """The text ends with the stop."""
    PARTLY = "partly included"
    """The text ends within the stop."""
    TOO_EARLY = "too early"
    """The text ends before what came before the stop is complete."""
    RAN_ON = "ran on"
    """Something follows the stop."""
    CUT_OUT = "cut out"
    """The stop is missing and what came after it follows all the same."""
    DIVERGED = "diverged"
    """The model said something else this time: nothing can be compared."""


def place_of(free: str, stop: str, text: str) -> str:
    """The part of `text` around where the stop was due, for a reader."""
    before, _, _ = free.partition(stop)
    same = next((n for n, (a, b) in enumerate(zip(text, before, strict=False)) if a != b), min(len(text), len(before)))
    start, end = max(same - 30, 0), same + len(stop) + 30
    return f"{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}"


def compare(free: str, stop: str, text: str) -> Stopped:
    """What became of `free`, which holds `stop`, when the same was asked with that stop and `text` came."""
    before, _, after = free.partition(stop)
    if 0 <= text.find(stop) < len(text) - len(stop):
        return Stopped.RAN_ON
    if text in (before + stop, before.lstrip() + stop):
        return Stopped.INCLUDED
    if text.strip() == before.strip():
        return Stopped.EXCLUDED
    if not text.startswith(before):
        return Stopped.TOO_EARLY if before.startswith(text.rstrip()) else Stopped.DIVERGED
    rest = text[len(before) :]
    if stop.startswith(rest):
        return Stopped.PARTLY
    return Stopped.CUT_OUT if len(rest) >= 3 and after.startswith(rest[:6]) else Stopped.DIVERGED
