"""report.json -> report.html: one self-contained page that needs no network and no script to be read.

Rule: whatever the page says is made visible and then escaped, by the template's environment and not by its author; the
page's own policy forbids it to load or run anything.  It stays under a megabyte however much there is to say.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from ..model import JSON, Outcome
from ..redact import WITHHELD
from ..reply import items, members, objects, text
from .document import exit_code, rows_by_id
from .matrix import COLUMNS, matrix
from .overview import SIGNS, because, counts, findings
from .shown import visible

LONGEST = 1_000_000
"""Bytes of the page."""

DETAIL = ((3, 10_000), (1, 10_000), (1, 150), (1, 40), (1, 10))
"""(exemplars of a finding, findings shown in full), tried in turn until the page is short enough."""

OUTCOMES = {Outcome.CONFORMANT.value: "✓", Outcome.NONCONFORMANT.value: "✗", Outcome.UNDECIDED.value: "?"}


def render(report: dict[str, JSON]) -> str:
    """The report as an HTML page."""
    for exemplars, cards in DETAIL:
        page = _render(report, exemplars, cards)
        if len(page.encode("utf-8", "backslashreplace")) <= LONGEST:
            break
    return page


def _render(report: dict[str, JSON], exemplars: int, cards: int) -> str:
    rows = rows_by_id(report)
    coverage = members(report["coverage"])
    statements = list(objects(coverage["statements"]))
    found = findings(rows)
    answered = {each["requirement"] for each in objects(report["readings"])}
    return _template().render(
        report=report,
        because=because(report),
        exit_code=exit_code(report),
        rows=rows,
        findings=found,
        cards=dict(list(found.items())[:cards]),
        exemplars=exemplars,
        counts=counts(report),
        statements=statements,
        excluded=[each for each in statements if each["excluded"]],
        undecided=_by_reason(rows),
        deeper=items(coverage["deeper"]),
        features_off=sorted(name for name, state in members(report["features"]).items() if state != "on"),
        features_on=sorted(name for name, state in members(report["features"]).items() if state == "on"),
        matrix=matrix(rows),
        columns=COLUMNS,
        readings=list(objects(report["readings"])),
        observed={n: row for n, row in rows.items() if row["verdict"] == "observed" and row["id"] not in answered},
        parts=list(dict.fromkeys(text(row["part"]) for row in rows.values())),
        anchors={text(row["id"]): anchor(name) for name, row in reversed(rows.items())},
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("conformance.report"),
        autoescape=True,
        finalize=_finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"anchor": anchor, "arrived": arrived, "headers": headers, "moment": moment}
    environment.globals |= {"signs": SIGNS, "outcomes": OUTCOMES}
    return environment.get_template("report.html.j2")


def _finalize(value: Any) -> Any:
    """What a template prints, made visible; what is HTML already stays as it is."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _by_reason(rows: dict[str, dict[str, JSON]]) -> dict[str, list[str]]:
    """The names of the inconclusive rows by their reasons."""
    found: dict[str, list[str]] = {}
    for name, row in rows.items():
        if row["verdict"] == "inconclusive":
            found.setdefault(text(row["reason"]), []).append(name)
    return found


def anchor(name: str) -> str:
    """A row's id as a fragment."""
    return re.sub(r"[^A-Za-z0-9.-]", lambda match: f"_{ord(match.group()):x}", name.replace(":", "--"))


def arrived(body: str, spot: Sequence[int] | None = None) -> Markup:
    """A body as it came: line ends visible, and the place that a violation points at marked."""
    if not spot:
        return _as_it_came(body)
    start, end = spot
    marked = _as_it_came(body[start:end])
    return _as_it_came(body[:start]) + Markup("<mark>") + marked + Markup("</mark>") + _as_it_came(body[end:])


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


def moment(when: str) -> str:
    """A time in UTC as people write it."""
    return re.sub(r"^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)Z$", r"\1 \2 UTC", when)
