"""Whether one text is another that was garbled on its way."""

from __future__ import annotations

import html
from collections.abc import Sequence


def _letters(said: str) -> str:
    return "".join(filter(str.isalnum, html.unescape(said)))


def alike(one: Sequence[str], other: Sequence[str]) -> int:
    """How many characters two texts have in common from their beginning."""
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def garbled(whole: str, said: str, *, cut_alike: bool) -> str | None:
    """What was done to a whole text to make another of it, or None if it is simply another text.

    A model that says another thing does not say the same letters, nor the same but for one piece in the middle of it.
    One that ends its text early says the beginning: so that an end is missing is only said where both were cut alike.
    And one that laughs, laughs now longer and now shorter: what comes again and again may come once less or more.
    """
    if _letters(whole) == _letters(said) != "":
        return "its white space or its signs are others"
    if sorted(whole) == sorted(said):
        return "its parts are in another order"
    if whole.startswith(said):
        return "its end is missing" if cut_alike else None
    if said.startswith(whole):
        return None
    begin = alike(whole, said)
    end = alike(whole[begin:][::-1], said[begin:][::-1])
    before, less, more = whole[:begin], whole[begin : len(whole) - end], said[begin : len(said) - end]
    if not more:
        return None if before.endswith(unit(less)) else "a part of it is missing"
    again = not less and more in whole and not before.endswith(unit(more) * 2)
    return "a part of it is there twice" if again else None


def unit(said: str) -> str:
    """The shortest piece of which a text is made: itself, or what it repeats."""
    return said[: (said + said).find(said, 1)]
