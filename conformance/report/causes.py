"""Findings -> findings of one cause: those that saw the same at the same place, or the same spot of one reply.

Rule: a guess that spares a reader time, and hides nothing; each finding keeps its id, its verdict and its exemplars.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ..model import JSON
from ..reply import objects, text
from .overview import WORST, distance

Row = dict[str, JSON]

_NUMBER = re.compile(r"\d+")
_STATUS = re.compile(r'\d{3}( \(".*?"\))?')
"""A status, and what the body says of it."""

_OF_A_REQUEST = re.compile(r" of a request with .*")


@dataclass(frozen=True, kw_only=True)
class Cause:
    """Findings with one cause: the rows by name, the worst first; `place` and `observed` are those of the first."""

    rows: Mapping[str, Row]
    place: str
    observed: str

    @property
    def verdict(self) -> str:
        """The worst of its verdicts."""
        return min((text(row["verdict"]) for row in self.rows.values()), key=WORST.index)

    @property
    def distance(self) -> int:
        """How far from the wire it shows first."""
        return min(map(distance, self.rows.values()))


def causes(findings: Mapping[str, Row]) -> list[Cause]:
    """The findings by their causes: worst first, of equals what is nearer to the wire, then what shows most."""
    groups: list[dict[str, Row]] = []
    known: dict[tuple[str, ...], dict[str, Row]] = {}
    for name, row in findings.items():
        likenesses = _likenesses(name, row)
        group = next((known[each] for each in likenesses if each in known), None)
        if group is None:
            groups.append(group := {})
        group[name] = row
        known.update(dict.fromkeys(likenesses, group))
    made = [_cause(group) for group in groups]
    return sorted(made, key=lambda cause: (WORST.index(cause.verdict), cause.distance, -len(cause.rows)))


def _cause(rows: Mapping[str, Row]) -> Cause:
    first = next((each for row in rows.values() for each in objects(row["violations"])), {})
    place = _OF_A_REQUEST.sub("", text(first.get("pointer")))
    return Cause(rows=rows, place=place, observed=text(first.get("observed")))


def _likenesses(name: str, row: Row) -> list[tuple[str, ...]]:
    """What findings of one cause have one of in common: the sight and its place, or the one spot that was seen."""
    first = next(objects(row["violations"]), None)
    accepted = "known" if row["verdict"] == "known" else ""
    if first is None:
        return [(name, accepted)]
    pointer, observed = text(first["pointer"]), text(first["observed"])
    place = _OF_A_REQUEST.sub("", pointer)
    status = _STATUS.match(observed) if place.startswith("status") else None
    if status is not None:
        served = text(row["part"]) if observed.startswith("2") else ""  # what wrongly succeeds has causes of its own
        return [(accepted, place, status[0], served)]
    sight = (accepted, _NUMBER.sub("N", place), _NUMBER.sub("N", observed))
    return [sight] if place in WHOLE else [sight, (accepted, pointer, str(first["exchange"]))]


WHOLE = ("", "/", "status", "body")
"""Places at which two things can be wrong at a time."""
