"""report.json -> report.html: one self-contained page that needs no network and no script to be read.

Rule: whatever the page says is made visible and then escaped, by the template's environment and not by its author; the
page's own policy forbids it to load anything, and to run or to be styled by anything but the two files of ours in it.
It stays under a megabyte however much there is to say.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from ..model import JSON, Outcome, Verdict
from ..reply import items, members, objects, text
from .body import arrived, headers, marked
from .causes import causes
from .document import exit_code, rows_by_id
from .features import features
from .matrix import COLUMNS, matrix
from .overview import SIGNS, because, counts, findings
from .shown import visible
from .statements import WORST
from .timeline import place, ticks

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
    found = findings(rows)
    grouped = causes(found)
    in_order = [name for cause in grouped for name in cause.rows]
    elsewhere = {*COLUMNS, *(each["requirement"] for each in objects(report["readings"]))}
    return _template().render(
        report=report,
        because=because(report),
        exit_code=exit_code(report),
        rows=rows,
        findings=found,
        causes=grouped,
        cards=frozenset(in_order[:cards]),
        exemplars=exemplars,
        counts=counts(report),
        **_scope(report, rows),
        matrix=matrix(rows),
        columns=COLUMNS,
        readings=list(objects(report["readings"])),
        observed={n: row for n, row in rows.items() if row["verdict"] == "observed" and row["id"] not in elsewhere},
        features=features(report),
        longest=max((each["took"] for each in _drawn(report)), default=0),
        parts=list(dict.fromkeys(text(row["part"]) for row in rows.values())),
        worst=_worst(rows),
    )


def _scope(report: dict[str, JSON], rows: dict[str, dict[str, JSON]]) -> dict[str, Any]:
    """What was not tested, and why."""
    coverage, states = members(report["coverage"]), members(report["features"])
    statements = list(objects(coverage["statements"]))
    return {
        "statements": statements,
        "excluded": [each for each in statements if each["excluded"]],
        "undecided": _by_reason(rows),
        "deeper": items(coverage["deeper"]),
        **{f"features_{state}": sorted(n for n, is_ in states.items() if is_ == state) for state in STATES},
    }


STATES = ("on", "off", "refused")


@cache
def _template() -> Template:
    made = environment()
    made.filters |= {"anchor": anchor, "arrived": arrived, "headers": headers, "marked": marked}
    made.filters |= {"csp": digest, "duration": duration, "place": place, "ticks": ticks}
    made.globals |= {"signs": SIGNS, "outcomes": OUTCOMES, "style": _ours("page.css"), "script": _ours("page.js")}
    return made.get_template("report.html.j2")


def environment() -> Environment:
    """An environment in which whatever a template prints is made visible and escaped."""
    made = Environment(
        loader=PackageLoader("conformance.report"),
        autoescape=True,
        finalize=_finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["moment"] = moment
    return made


def _ours(name: str) -> Markup:
    """A file of ours that stands in the page as it is."""
    return Markup(resources.files(__package__).joinpath("templates", name).read_text("utf-8"))  # noqa: S704  # no input


def digest(content: str) -> str:
    """What a Content-Security-Policy calls an inline script or style that it allows."""
    return f"sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}"


def _finalize(value: Any) -> Any:
    """What a template prints, made visible; what is HTML already stays as it is."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _drawn(report: dict[str, JSON]) -> list[dict[str, Any]]:
    return list(objects(members(report["streams"])["shown"]))


def _by_reason(rows: dict[str, dict[str, JSON]]) -> dict[str, list[str]]:
    """The names of the inconclusive rows by their reasons; those that differ in their parameter alone together."""
    found: dict[str, list[str]] = {}
    for name, row in rows.items():
        if row["verdict"] == "inconclusive":
            found.setdefault(_of_any_parameter(row), []).append(name)
    return {text(rows[names[0]]["reason"]) if len(names) == 1 else reason: names for reason, names in found.items()}


def _of_any_parameter(row: dict[str, JSON]) -> str:
    """The row's reason with "its parameter" in the place of that one's name."""
    reason, parameter = text(row["reason"]), row["parameter"]
    return re.sub(rf"\b{re.escape(parameter)}\b", "its parameter", reason) if isinstance(parameter, str) else reason


def _worst(rows: dict[str, dict[str, JSON]]) -> dict[str, dict[str, str]]:
    """For each requirement the worst verdict among its rows, and the anchor of the row that has it."""
    found: dict[str, dict[str, str]] = {}
    for name, row in sorted(rows.items(), key=lambda pair: WORST.index(Verdict(text(pair[1]["verdict"])))):
        found.setdefault(text(row["id"]), {"verdict": text(row["verdict"]), "anchor": anchor(name)})
    return found


def anchor(name: str) -> str:
    """A row's id as a fragment."""
    return re.sub(r"[^A-Za-z0-9.-]", lambda match: f"_{ord(match.group()):x}", name.replace(":", "--"))


def duration(seconds: float) -> str:
    """Seconds as people read them: 0.4 ms, 68.0 ms, 1.21 s."""
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"


def moment(when: str) -> str:
    """A time in UTC as people write it."""
    return re.sub(r"^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)Z$", r"\1 \2 UTC", when)
