"""report.json -> summary.md: what fits on a CI job's page, most important first, under its 60 KB."""

from __future__ import annotations

import re

from ..model import JSON
from ..reply import items, members, objects, text
from .document import rows_by_id

MOST_ROWS = 20
LONGEST = 60_000
"""Bytes: GitHub shows a step summary of at most 1 MB, and its pages fold long ones."""

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~&@:-])")


def render(report: dict[str, JSON]) -> str:
    """The report as GitHub's Markdown; whatever came from the endpoint is escaped or in a code block."""
    rows = rows_by_id(report)
    target = members(report["target"])
    lines = [
        f"### chat-conformance {text(members(report['contract'])['name'])}: {text(report['outcome']).upper()}",
        "",
        f"{plain(text(target['url']))} · model {plain(text(target['model']))} · {text(report['started'])} · depth "
        f"{text(report['depth'])} · {report['requests']} requests · suite {text(report['suite_version'])}",
        "",
        counts_line(report),
        "",
    ]
    if report["reference"]:
        lines += ["This is the built-in reference endpoint, not a product.", ""]
    lines += _table(rows)
    lines += _reproductions(rows)
    lines += _readings(report)
    result = "\n".join(lines)
    return result if len(result.encode()) <= LONGEST else _cut(result)


def counts_line(report: dict[str, JSON]) -> str:
    """The three counts that are never added up: required, optional, undecided."""
    numbers = counts(report)
    return (
        f"**required** {numbers['required_pass']}/{numbers['required']} · "
        f"**recommended and features** {numbers['optional_pass']}/{numbers['optional']} · "
        f"**undecided** {numbers['undecided']} · not tested {numbers['unsupported']}"
    )


def counts(report: dict[str, JSON]) -> dict[str, int]:
    """Rows by what they mean to a reader: the required ones, the others, and those that nothing was decided on."""
    result = dict.fromkeys(("required", "required_pass", "optional", "optional_pass", "undecided", "unsupported"), 0)
    for row in objects(report["requirements"]):
        if row["verdict"] in ("inconclusive", "error"):
            result["undecided"] += 1
        elif row["verdict"] == "unsupported":
            result["unsupported"] += 1
        elif row["level"] != "OBSERVE":
            kind = "required" if row["level"] == "MUST" and row["feature"] is None else "optional"
            result[kind] += 1
            result[f"{kind}_pass"] += row["verdict"] == "pass"
    return result


SIGNS = {"fail": "✗", "warn": "!", "known": "≈", "error": "⚠", "inconclusive": "?"}


def findings(rows: dict[str, dict[str, JSON]]) -> dict[str, dict[str, JSON]]:
    """The rows that a reader must look at, worst first."""
    order = list(SIGNS)
    found = [(name, row) for name, row in rows.items() if row["verdict"] in ("fail", "warn", "known", "error")]
    return dict(sorted(found, key=lambda pair: order.index(text(pair[1]["verdict"]))))


def _table(rows: dict[str, dict[str, JSON]]) -> list[str]:
    found = findings(rows)
    if not found:
        return ["No departure from the contract was found.", ""]
    lines = ["| | requirement | what | seen |", "|---|---|---|---|"]
    for name, row in list(found.items())[:MOST_ROWS]:
        what = next((text(each["message"]) for each in objects(row["violations"])), text(row["reason"]))
        seen = f"{row['violated']} of {row['applicable']}"
        lines.append(f"| {SIGNS[text(row['verdict'])]} | `{name}` | {plain(what)[:300]} | {seen} |")
    if len(found) > MOST_ROWS:
        lines.append(f"| … | {len(found) - MOST_ROWS} more in report.html | | |")
    return [*lines, ""]


def _reproductions(rows: dict[str, dict[str, JSON]]) -> list[str]:
    lines: list[str] = []
    for name, row in list(findings(rows).items())[:MOST_ROWS]:
        for each in list(objects(row["violations"]))[:1]:
            curl = text(members(each["exemplar"])["curl"])
            fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", curl)), default=0))
            lines += [
                f"<details><summary>Reproduce {name}</summary>",
                "",
                f"{fence}sh",
                curl,
                fence,
                "",
                "</details>",
                "",
            ]
    return lines


def _readings(report: dict[str, JSON]) -> list[str]:
    found = [each for each in map(members, items(report["readings"])) if each["value"] is not None]
    if not found:
        return []
    return [
        "Readings taken:",
        *(f"- {plain(text(each['question']))} {plain(text(each['value']))}" for each in found),
        "",
    ]


def plain(words: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(words.split()))


def _cut(result: str) -> str:
    kept = result.encode()[: LONGEST - 100].decode("utf-8", "ignore")
    return kept[: kept.rfind("\n\n")] + "\n\n… more in report.html\n"
