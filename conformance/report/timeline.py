"""A stream's arrivals -> an SVG path: a tick for each piece."""

from __future__ import annotations

from collections.abc import Iterable

WIDTH = 600
"""Units from the request to the end of the longest stream that is drawn."""


def ticks(arrivals: Iterable[float], longest: float) -> str:
    """The path of ticks 10 units high, one for each time; times that fall on one place share theirs."""
    return "".join(f"M{at:g} 5v10" for at in dict.fromkeys(place(when, longest) for when in arrivals))


def place(when: float, longest: float) -> float:
    """Where on the line a time lies, to half a unit."""
    return round(when / longest * WIDTH * 2) / 2 if longest else 0.0
