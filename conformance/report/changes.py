"""Two reports of one endpoint -> what is new, what was fixed, what still fails.

Rule: fixed means shown to pass.  What failed and was not judged again is neither fixed nor still failing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from ..model import JSON
from ..remark import by_row
from ..reply import text

FAILING = ("fail", "known")
"""A known failure is one, accepted or not."""


@dataclass(frozen=True, kw_only=True)
class Changes:
    """Row ids: failing now alone; failing before and passing now; failing both times; failing before and open now."""

    new: tuple[str, ...]
    fixed: tuple[str, ...]
    still: tuple[str, ...]
    open: tuple[str, ...]

    def to_json(self) -> dict[str, JSON]:
        """As lists."""
        return {name: [*rows] for name, rows in asdict(self).items()}


def verdicts(report: Mapping[str, JSON]) -> dict[str, str]:
    """A report's verdicts by row."""
    return {name: text(row["verdict"]) for name, row in by_row(report).items()}


def changes(before: Mapping[str, str], after: Mapping[str, str]) -> Changes:
    """What changed between the verdicts of an earlier and a later run."""
    failed = [row for row, verdict in before.items() if verdict in FAILING]
    fails = [row for row, verdict in after.items() if verdict in FAILING]
    return Changes(
        new=tuple(row for row in fails if row not in failed),
        fixed=tuple(row for row in failed if after.get(row) == "pass"),
        still=tuple(row for row in fails if row in failed),
        open=tuple(row for row in failed if after.get(row) not in (*FAILING, "pass")),
    )


def since(earlier: Mapping[str, JSON], now: Mapping[str, str]) -> dict[str, JSON]:
    """The report's `since`: which run it is compared with, and what changed."""
    before = verdicts(earlier)
    warned = [row for row, verdict in now.items() if verdict == "warn" and before.get(row) not in ("warn", *FAILING)]
    said = {name: earlier.get(name) for name in ("started", "suite_version", "depth")}
    return {**said, **changes(before, now).to_json(), "warnings": [*warned]}
