"""report.json -> report.html: one self-contained page that needs no network and no script to be read.

Rule: everything an endpoint sent goes through Jinja2's autoescaping; the page's own policy forbids it to load or run
anything.
"""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from ..model import JSON
from ..reply import items, members, objects, text
from .document import rows_by_id
from .markdown import counts, findings

SIGNS = {
    "pass": "✓",
    "fail": "✗",
    "warn": "!",
    "observed": "○",
    "unsupported": "–",
    "inconclusive": "?",
    "known": "≈",
    "error": "⚠",
}
"""A shape for each verdict, so that none is told by its colour alone."""


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("conformance.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["anchor"] = anchor
    return environment.get_template("report.html.j2")


def anchor(name: str) -> str:
    """A row's id as a fragment."""
    return name.replace(":", "--")


def render(report: dict[str, JSON]) -> str:
    """The report as an HTML page."""
    rows = rows_by_id(report)
    coverage = members(report["coverage"])
    statements = list(objects(coverage["statements"]))
    return _template().render(
        report=report,
        rows=rows,
        findings=findings(rows),
        counts=counts(report),
        signs=SIGNS,
        statements=statements,
        excluded=[each for each in statements if each["excluded"]],
        untested={name: row for name, row in rows.items() if row["verdict"] in ("unsupported", "inconclusive")},
        deeper=items(coverage["deeper"]),
        features_off=sorted(name for name, state in members(report["features"]).items() if state != "on"),
        readings=[each for each in objects(report["readings"]) if each["value"] is not None],
        observed={name: row for name, row in rows.items() if row["verdict"] == "observed"},
        parts=list(dict.fromkeys(text(row["part"]) for row in rows.values())),
    )
