"""Many reports -> one comparison, requirement by requirement, endpoint beside endpoint.

Rule: made from report.jsons alone.  Runs of different contracts are not compared, for one id may ask different things
of each; whatever else makes a difference a matter of the test and not of the endpoint is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from ..model import JSON, UsageError
from ..remark import by_row
from ..reply import members, text
from .changes import Changes, changes, verdicts
from .overview import counts, what
from .shown import clip

FORMAT = 1
WORST = ("error", "fail", "known", "warn", "inconclusive", "unsupported", "observed", "pass")
LONGEST_VALUE = 80

MATTERS = {
    "suite_version": "The suite was not of one version in all of them: requirements may have come, gone or changed.",
    "contract": "The contract was not the same in all of them, only its name: what is asked may have changed.",
    "depth": "The depths differ: what needs more of it was not judged everywhere.",
    "seed": "The seeds differ: other requests were drawn.",
    "selection": "Not all of them tested everything.",
    "features": "The features that are on differ.",
}
"""What should be equal in runs that are compared, and what to say where it is not."""

Report = Mapping[str, JSON]


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One endpoint's verdict on a row, how often it was violated of how often it applied, and the first message."""

    verdict: str
    value: str
    violated: int
    applicable: int
    message: str


@dataclass(frozen=True, kw_only=True)
class Line:
    """A row of the suite with a cell for each endpoint; None where a run has no such row."""

    row: str
    level: str
    part: str
    feature: str | None
    statement: str
    cells: tuple[Cell | None, ...]

    @property
    def differs(self) -> bool:
        """Whether two endpoints got different verdicts, or were observed to do different things."""
        return len({(cell.verdict, cell.value) for cell in self.cells if cell}) > 1

    @property
    def fails(self) -> bool:
        """Whether any endpoint fails it."""
        return any(cell.verdict in ("fail", "known") for cell in self.cells if cell)


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Reports side by side, `labels` in the columns' order; `changes` from the first to the last of one endpoint.

    `since` are the labels of the runs in which rows that fail in the last one began to fail without a break.
    """

    labels: tuple[str, ...]
    reports: tuple[Report, ...]
    lines: tuple[Line, ...]
    notes: tuple[str, ...]
    changes: Changes | None
    since: Mapping[str, str]

    @property
    def contract(self) -> str:
        """The contract's name."""
        return _contract(self.reports[0])

    def to_json(self) -> dict[str, JSON]:
        """All of it, for scripts."""
        return {
            "format": FORMAT,
            "contract": self.contract,
            "notes": [*self.notes],
            "endpoints": [_endpoint(label, each) for label, each in zip(self.labels, self.reports, strict=True)],
            "changes": self.changes.to_json() if self.changes else None,
            "rows": [
                {
                    "row": line.row,
                    "level": line.level,
                    "part": line.part,
                    "feature": line.feature,
                    "differs": line.differs,
                    "cells": [_cell_json(cell) for cell in line.cells],
                }
                for line in self.lines
            ],
        }


def compare(reports: Sequence[Report]) -> Comparison:
    """Compare reports.  Raises UsageError for fewer than two, or where they are of different contracts."""
    if len(reports) < 2:
        raise UsageError("compare needs two runs at least")
    names = list(dict.fromkeys(map(_contract, reports)))
    if len(names) > 1:
        raise UsageError(f"runs of different contracts cannot be compared: {', '.join(names)}; compare those of one")
    one = len({_target(each) for each in reports}) == 1
    ordered = tuple(sorted(reports, key=lambda each: text(each["started"]))) if one else tuple(reports)
    labels = _labels(ordered)
    found = [verdicts(each) for each in ordered]
    lines = sorted(_lines(ordered), key=lambda line: (not line.differs, _worst(line)))
    return Comparison(
        labels=labels,
        reports=ordered,
        lines=tuple(lines),
        notes=tuple(_notes(ordered)),
        changes=changes(found[0], found[-1]) if one else None,
        since=_since(labels, found) if one else {},
    )


def _contract(report: Report) -> str:
    return text(members(report["contract"])["name"])


def _target(report: Report) -> tuple[str, str]:
    target = members(report["target"])
    return text(target["url"]), text(target["model"])


def _labels(reports: Sequence[Report]) -> tuple[str, ...]:
    """The shortest names that tell the runs apart: what their owners call them, hosts, models, dates, numbers."""
    parts = []
    for number, each in enumerate(reports, 1):
        url, model = _target(each)
        name = text(members(each["target"]).get("name")) or urlsplit(url).netloc
        parts.append((name, model, text(each["started"]), f"#{number}"))
    columns = [column for column in zip(*parts, strict=True) if len(set(column)) > 1]
    for last in range(1, len(columns) + 1):
        labels = [" ".join(each) for each in zip(*columns[:last], strict=True)]
        if len(set(labels)) == len(reports):
            break
    return tuple(labels)


def _lines(reports: Sequence[Report]) -> Iterator[Line]:
    rows = [by_row(each) for each in reports]
    for name in dict.fromkeys(name for each in rows for name in each):
        first = next(each[name] for each in rows if name in each)
        yield Line(
            row=name,
            level=text(first["level"]),
            part=text(first["part"]),
            feature=text(first["feature"]) or None,
            statement=text(first["statement"]),
            cells=tuple(_cell(each[name]) if name in each else None for each in rows),
        )


def _cell(row: Report) -> Cell:
    violated, applicable = row["violated"], row["applicable"]
    return Cell(
        verdict=text(row["verdict"]),
        value=clip(text(row["value"]), LONGEST_VALUE),
        violated=violated if isinstance(violated, int) else 0,
        applicable=applicable if isinstance(applicable, int) else 0,
        message=what(row),
    )


def _cell_json(cell: Cell | None) -> JSON:
    if cell is None:
        return None
    counted: dict[str, JSON] = {"violated": cell.violated, "applicable": cell.applicable}
    return {"verdict": cell.verdict, "value": cell.value or None, **counted, "message": cell.message or None}


def _worst(line: Line) -> int:
    return min((WORST.index(cell.verdict) for cell in line.cells if cell), default=len(WORST))


def _notes(reports: Sequence[Report]) -> Iterator[str]:
    for key, words in MATTERS.items():
        if any(each.get(key) != reports[0].get(key) for each in reports):
            yield words
    incomplete = sum(each.get("complete") is False for each in reports)
    if incomplete:
        yield f"{incomplete} of the runs stopped before the end."
    if any(each.get("reference") for each in reports):
        yield "The built-in reference endpoint is among them, which is no product."


def _since(labels: Sequence[str], found: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Of the rows that fail in the last run, the first of the runs in a row in which they did."""
    began = {}
    for row, verdict in found[-1].items():
        if verdict in ("fail", "known"):
            position = len(found) - 1
            while position and found[position - 1].get(row) in ("fail", "known"):
                position -= 1
            began[row] = labels[position]
    return began


def _endpoint(label: str, report: Report) -> dict[str, JSON]:
    numbers: dict[str, JSON] = {name: count for name, count in counts(dict(report)).items() if count}
    names = ("outcome", "started", "suite_version", "depth", "seed", "complete", "reference", "selection", "requests")
    return {
        "label": label,
        **members(report["target"]),
        **{name: report.get(name) for name in names},
        "counts": {**numbers},
    }
