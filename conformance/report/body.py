"""What went over the wire -> HTML that shows it: line ends, arrivals, and the places that are pointed at.

Rule: all of it is escaped here, and what the page adds (signs, times) is kept out of what a reader copies.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from markupsafe import Markup, escape

from ..redact import WITHHELD
from .shown import visible

Spans = Iterable[Sequence[int]]
"""Characters (from, to)."""


def arrived(body: str, spot: Sequence[int] | None = None, arrivals: Iterable[tuple[float, int]] = ()) -> Markup:
    """A body as it came: line ends visible, the place that is pointed at marked, and before each piece its time.

    `arrivals`: (seconds, character at which the piece begins).
    """
    times: dict[int, list[str]] = {}
    for when, at in arrivals:
        times.setdefault(at, []).append(f"{when:.3f} s")
    return _cut(body, [spot] if spot else [], times if sum(map(len, times.values())) > 1 else {})


def marked(body: str, spans: Spans) -> Markup:
    """A body with these places marked."""
    return _cut(body, spans, {})


def _cut(body: str, spans: Spans, times: dict[int, list[str]]) -> Markup:
    places = [(start, min(end, len(body))) for start, end in spans]
    cuts = sorted({0, len(body), *times, *(at for place in places for at in place)})
    shown = Markup("")
    for start, end in pairwise(cuts):
        if start in times:
            shown += Markup('<i class="when">{} </i>').format(", ".join(times[start]))
        words = _as_it_came(body[start:end])
        shown += Markup("<mark>{}</mark>").format(words) if any(a <= start < b for a, b in places) else words
    return shown


def _as_it_came(body: str) -> Markup:
    r"""Escaped, and before each line feed the sign \n, which nobody copies."""
    sign = Markup('<i class="sign">\\n</i>\n')
    return sign.join(escape(visible(line, keep="\t")) for line in body.split("\n"))


def headers(given: list[list[str]]) -> dict[str, Any]:
    """Reply headers: those whose values are kept, and the names of the others."""
    return {
        "kept": [(name, value) for name, value in given if value != WITHHELD],
        "withheld": list(dict.fromkeys(name for name, value in given if value == WITHHELD)),
    }
