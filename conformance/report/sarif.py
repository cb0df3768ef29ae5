"""report.json -> report.sarif (SARIF 2.1.0): the findings alone, each at the contract's statement that it departs from.

Readers of SARIF show code; what an endpoint fails is no line of anybody's code but a line of its contract.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from ..model import JSON
from ..reply import items, members, objects, text
from .document import exit_code, rows_by_id
from .overview import findings, what
from .shown import line, visible

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

LEVELS = {"fail": "error", "warn": "warning", "known": "note"}

RULE_LEVELS = {"MUST": "error", "SHOULD": "warning", "OBSERVE": "note"}


def render(report: dict[str, JSON]) -> dict[str, JSON]:
    """The report as a SARIF log of one run."""
    rows = rows_by_id(report)
    found = {name: row for name, row in findings(rows).items() if row["verdict"] in LEVELS}
    rules = {text(row["id"]): _rule(row) for row in found.values()}
    numbers = {id_: number for number, id_ in enumerate(rules)}
    places = {text(each["id"]): place for each in _statements(report) if (place := _place(each))}
    contract, target = members(report["contract"]), members(report["target"])
    run: dict[str, JSON] = {
        "tool": {"driver": {"name": "chat-conformance", "version": report["judged_by"], "rules": [*rules.values()]}},
        "automationDetails": {"id": f"chat-conformance/{text(contract['name'])}/"},
        "invocations": [_invocation(report, rows)],
        "columnKind": "unicodeCodePoints",
        "results": [_result(name, row, numbers, places, report) for name, row in found.items()],
        "properties": {
            "outcome": report["outcome"],
            "contract": contract["name"],
            "url": visible(text(target["url"])),
            "model": visible(text(target["model"])),
        },
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _statements(report: dict[str, JSON]) -> list[dict[str, JSON]]:
    return list(objects(members(report["coverage"])["statements"]))


def _place(statement: dict[str, JSON]) -> dict[str, JSON] | None:
    """Where a statement is written; None in a report of before that was kept."""
    if not isinstance(statement.get("line"), int):
        return None
    where: dict[str, JSON] = {
        "artifactLocation": {"uri": statement["file"]},
        "region": {"startLine": statement["line"]},
    }
    return {"physicalLocation": where, "message": {"text": message(text(statement["text"]))}}


def _rule(row: dict[str, JSON]) -> dict[str, JSON]:
    sources = "; ".join(map(text, items(row["source"])))
    return {
        "id": row["id"],
        "shortDescription": {"text": message(text(row["statement"]))},
        "fullDescription": {"text": message(f"{text(row['statement'])} ({text(row['level'])}; {sources})")},
        "help": {"text": f"chat-conformance explain {text(row['id'])}"},
        "defaultConfiguration": {"level": RULE_LEVELS[text(row["level"])]},
        "properties": {"tags": [text(row["part"])]},
    }


def _result(
    name: str,
    row: dict[str, JSON],
    numbers: dict[str, int],
    places: dict[str, dict[str, JSON]],
    report: dict[str, JSON],
) -> dict[str, JSON]:
    violations = list(objects(row["violations"]))
    seen = f"{row['violated']} of {row['applicable']}"
    result: dict[str, JSON] = {
        "ruleId": row["id"],
        "ruleIndex": numbers[text(row["id"])],
        "level": LEVELS[text(row["verdict"])],
        "message": {"text": message(f"{name}: {what(row)} ({seen})")},
        "partialFingerprints": {"requirement/v1": _fingerprint(name, report)},
    }
    where = [places[claim] for claim in map(text, items(row["claims"])) if claim in places]
    if where:
        result["locations"] = [*where[:1]]
        result["relatedLocations"] = [*where[1:]]
    if violations:
        result |= _exchange(members(violations[0]["exemplar"]))
    if row["verdict"] == "known":
        result["suppressions"] = [{"kind": "external", "justification": visible(text(row["reason"]))}]
    return result


def _exchange(exemplar: dict[str, JSON]) -> dict[str, JSON]:
    """What was sent, and what came back, of the finding's first exemplar."""
    response: dict[str, JSON] = {"body": {"text": visible(text(exemplar["excerpt"]))}}
    if isinstance(exemplar["status"], int):
        response["statusCode"] = exemplar["status"]
    else:
        response["noResponseReceived"] = True
    return {
        "webRequest": {
            "method": exemplar["method"],
            "target": visible(text(exemplar["url"])),
            "body": {"text": visible(text(exemplar["request"]))},
        },
        "webResponse": response,
        "properties": {"curl": visible(text(exemplar["curl"]))},
    }


def _fingerprint(name: str, report: dict[str, JSON]) -> str:
    """What tells a finding of one run to be that of another: the row, the contract, the target."""
    target = members(report["target"])
    told = (name, text(members(report["contract"])["name"]), text(target["url"]), text(target["model"]))
    return hashlib.sha256("\0".join(told).encode("utf-8", "backslashreplace")).hexdigest()


def _invocation(report: dict[str, JSON], rows: dict[str, dict[str, JSON]]) -> dict[str, JSON]:
    """The run: whether it came to its end, and where the suite itself was at fault."""
    seconds = report["duration"]
    started = datetime.fromisoformat(text(report["started"]))
    ended = started + timedelta(seconds=seconds if isinstance(seconds, int | float) else 0)
    errors = [(name, row) for name, row in rows.items() if row["verdict"] == "error"]
    return {
        "executionSuccessful": bool(report["complete"]) and not errors,
        "exitCode": exit_code(report),
        "startTimeUtc": report["started"],
        "endTimeUtc": ended.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "toolExecutionNotifications": [
            {"level": "error", "message": {"text": message(f"{name}: {text(row['reason'])}")}} for name, row in errors
        ],
    }


def message(words: str) -> str:
    """The words as a SARIF message: no placeholder (section 3.11.5) and no link (section 3.11.6) among them."""
    return line(words).replace("{", "{{").replace("}", "}}").replace("](", "] (")
