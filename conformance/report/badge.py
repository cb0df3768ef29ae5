"""report.json -> badge.json, which shields.io draws when asked by its address, and badge.svg, which needs nobody.

Rule: a badge says no more than the run: what was narrowed, shallow, or no product, stands behind the word.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from jinja2 import Template

from ..model import JSON
from ..reply import members, text
from .document import exit_code
from .html import environment
from .shown import line

WORDS = {0: "conformant", 1: "nonconformant", 2: "suite error", 3: "undecided"}
"""By the exit code, which knows of --strict and of stale baseline entries too."""

COLOURS = {0: ("brightgreen", "#1a7f37"), 1: ("red", "#b42318"), 2: ("lightgrey", "#57606a"), 3: ("yellow", "#8a5a00")}
"""As shields names them; and dark enough for white letters to be read on (WCAG AA)."""

LETTER = 6.6
"""Pixels that a letter takes at 11 pixels, about; the drawing makes the words fit."""

MARGIN = 12


@dataclass(frozen=True, kw_only=True)
class Badge:
    """What a badge says, and how it went: an exit code."""

    label: str
    message: str
    code: int


def badge(report: dict[str, JSON]) -> Badge:
    """What the report comes to in three words."""
    code = exit_code(report)
    failing = members(report["counts"])["fail"]
    notes = [f"{failing} fail"] if failing else []
    notes += ["selection"] if report["selection"] else []
    notes += [text(report["depth"])] if report["depth"] == "smoke" else []
    notes += ["reference endpoint"] if report["reference"] else []
    said = WORDS[code] + (f" ({', '.join(notes)})" if notes else "")
    label = f"{text(members(report['contract'])['name'])} · chat-conformance {text(report['judged_by'])}"
    return Badge(label=line(label), message=said, code=code)


def endpoint(report: dict[str, JSON]) -> dict[str, JSON]:
    """What shields.io's endpoint badge reads."""
    made = badge(report)
    return {
        "schemaVersion": 1,
        "label": made.label,
        "message": made.message,
        "color": COLOURS[made.code][0],
        "isError": made.code in (1, 2),
    }


def draw(report: dict[str, JSON]) -> str:
    """The badge as an SVG image that loads nothing."""
    made = badge(report)
    left, right = (round(len(words) * LETTER) for words in (made.label, made.message))
    return _template().render(
        badge=made, colour=COLOURS[made.code][1], left=left, right=right, margin=MARGIN, edge=left + MARGIN
    )


@cache
def _template() -> Template:
    return environment().get_template("badge.svg.j2")
