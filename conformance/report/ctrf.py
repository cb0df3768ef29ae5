"""report.json -> ctrf.json, the Common Test Report Format: a test a row, and one for the outcome, as in junit.xml.

The format has no word for a warning or for an accepted deviation: they have passed, and `rawStatus` is the verdict.
"""

from __future__ import annotations

from datetime import datetime

from ..model import JSON
from ..reply import members, objects, text
from .document import rows_by_id
from .overview import because, outcome_fails, what
from .shown import line, visible

SPECIFICATION = "0.0.0"

STATUSES = {
    "pass": "passed",
    "observed": "passed",
    "warn": "passed",
    "known": "passed",
    "fail": "failed",
    "error": "other",
    "unsupported": "skipped",
    "inconclusive": "skipped",
}

ALL = ("passed", "failed", "skipped", "pending", "other")


def render(report: dict[str, JSON]) -> dict[str, JSON]:
    """The report as a CTRF document."""
    tests = [*(_test(name, row) for name, row in rows_by_id(report).items()), _outcome(report)]
    target, contract = members(report["target"]), members(report["contract"])
    start, duration = _milliseconds(report)
    return {
        "reportFormat": "CTRF",
        "specVersion": SPECIFICATION,
        "generatedBy": "chat-conformance",
        "timestamp": report["started"],
        "results": {
            "tool": {"name": "chat-conformance", "version": report["judged_by"]},
            "summary": {
                "tests": len(tests),
                **{status: sum(test["status"] == status for test in tests) for status in ALL},
                "start": start,
                "stop": start + duration,
                "duration": duration,
            },
            "tests": [*tests],
            "environment": {
                "appName": line(text(target["model"])),
                "extra": {
                    "contract": contract["name"],
                    "url": line(text(target["url"])),
                    "depth": report["depth"],
                    "seed": report["seed"],
                    "suite": report["suite_version"],
                    "reference": report["reference"],
                },
            },
        },
    }


def _milliseconds(report: dict[str, JSON]) -> tuple[int, int]:
    """When the run started, since the epoch, and how long it took."""
    seconds = report["duration"]
    start = datetime.fromisoformat(text(report["started"])).timestamp()
    return int(start * 1000), int(seconds * 1000) if isinstance(seconds, int | float) else 0


def _test(name: str, row: dict[str, JSON]) -> dict[str, JSON]:
    """A row.  No time is its own: exchanges serve many rows."""
    test: dict[str, JSON] = {
        "name": name,
        "testId": name,
        "status": STATUSES[text(row["verdict"])],
        "rawStatus": row["verdict"],
        "duration": 0,
        "suite": [text(row["part"])],
        "tags": [text(row["level"]), *([text(row["feature"])] if row["feature"] else [])],
        "type": "conformance",
        "extra": {"statement": row["statement"], "applicable": row["applicable"], "violated": row["violated"]},
    }
    said = what(row) or text(row["value"])
    if said:
        test["message"] = visible(said)
    curls = [text(members(each["exemplar"])["curl"]) for each in objects(row["violations"])]
    if curls:
        test["trace"] = visible("\n".join(curls))
    return test


def _outcome(report: dict[str, JSON]) -> dict[str, JSON]:
    """What fails for what is no row's."""
    return {
        "name": "outcome",
        "testId": "outcome",
        "status": "failed" if outcome_fails(report) else "passed",
        "rawStatus": report["outcome"],
        "duration": 0,
        "suite": ["run"],
        "type": "conformance",
        "message": visible(because(report)),
    }
