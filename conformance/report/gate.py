"""What a run exits with where only what is new since another run counts.

Rule: it changes the exit code and nothing else; the outcome and every verdict stay what the evidence says.
"""

from __future__ import annotations

from ..model import JSON
from ..reply import items, members, objects
from .changes import verdicts
from .document import exit_code
from .overview import is_required


def new_only(report: dict[str, JSON]) -> int:
    """As `exit_code`, but failures (under --strict warnings too) that were there before fail nothing."""
    code = exit_code(report)
    if code != 1 or report["stale"] or _new(report):
        return code
    undecided = not report["complete"] or any(
        row["verdict"] == "inconclusive" and (is_required(row) or report["strict"])
        for row in objects(report["requirements"])
    )
    return 3 if undecided else 0


def _new(report: dict[str, JSON]) -> bool:
    since, now = members(report["since"]), verdicts(report)
    fails = any(now.get(str(row)) == "fail" for row in items(since.get("new")))
    return fails or bool(report["strict"] and items(since.get("warnings")))
