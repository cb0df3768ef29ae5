"""report.json -> the matrix of parameters: what each accepts, what it refuses, and how disputed values are read."""

from __future__ import annotations

from dataclasses import dataclass

from ..model import JSON
from ..reply import text

COLUMNS = {
    "ranges.accepts-valid": "accepts valid",
    "ranges.accepts-boundary": "accepts boundary",
    "ranges.rejects-out-of-range": "rejects out of range",
    "ranges.rejects-wrong-type": "rejects wrong type",
    "ranges.no-crash": "survives both",
    "ranges.null-accepted": "null as omitted",
    "ranges.works-in-stream": "works in a stream",
    "ranges.disputed": "disputed values",
}
"""Requirements that have a row for each parameter, and what a column of them is called."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A verdict: `name` of its row, how often it was judged and violated, and what was observed."""

    name: str
    verdict: str
    seen: str
    value: str


def matrix(rows: dict[str, dict[str, JSON]]) -> dict[str, list[Cell | None]]:
    """A line of cells for each parameter, in the columns' order; None where a parameter has no such row."""
    found: dict[str, dict[str, Cell]] = {}
    for name, row in rows.items():
        id_, parameter = text(row["id"]), row["parameter"]
        if id_ in COLUMNS and isinstance(parameter, str):
            found.setdefault(parameter, {})[id_] = _cell(name, row)
    return {parameter: [cells.get(id_) for id_ in COLUMNS] for parameter, cells in found.items()}


def _cell(name: str, row: dict[str, JSON]) -> Cell:
    applicable, violated = row["applicable"], row["violated"]
    seen = f"{violated} of {applicable}" if violated else str(applicable) if applicable else ""
    return Cell(name=name, verdict=text(row["verdict"]), seen=seen, value=text(row["value"]))
