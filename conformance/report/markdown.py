"""report.json -> summary.md: what fits on a CI job's page, most important first, in whole blocks.

Rule: what came from the endpoint stands in code spans and code blocks only.  There Markdown has no links, images,
mentions or HTML; a backslash before each special character would leave it mentions and addresses.
"""

from __future__ import annotations

import re

from ..model import JSON
from ..reply import items, members, objects, text
from .document import rows_by_id
from .matrix import COLUMNS, matrix
from .overview import SIGNS, because, counts, findings, much_weather, what
from .shown import clip, line

MOST_ROWS = 20
LONGEST = 60_000
"""Bytes: GitHub shows a step summary of at most 1 MB, and its pages fold long ones."""

LONGEST_CELL = 300


def render(report: dict[str, JSON]) -> str:
    """The report as GitHub's Markdown."""
    found = findings(rows_by_id(report))
    last = "… more in report.html\n"
    result, left = "", LONGEST - len(last.encode())
    blocks = [_head(report), _table(found), _matrix(report), _readings(report), *_reproductions(found)]
    for block in blocks:
        size = len(block.encode("utf-8", "backslashreplace"))
        if size > left:
            return result + last
        result, left = result + block, left - size
    return result


def _head(report: dict[str, JSON]) -> str:
    target = members(report["target"])
    run = (
        f"{code(text(target['url']))} · model {code(text(target['model']))} · {text(report['started'])} · depth "
        f"{text(report['depth'])} · {report['requests']} requests · suite {text(report['suite_version'])}"
    )
    name, outcome = text(members(report["contract"])["name"]), text(report["outcome"]).upper()
    lines = [
        ". ".join(filter(None, (f"### chat-conformance {name}: {outcome}", much_weather(report)))),
        "",
        because(report),
        "",
        run,
        "",
        counts_line(report),
        "",
    ]
    for told, word in (("Features that are off", "off"), ("Features that are refused each time", "refused")):
        names = sorted(name for name, state in members(report["features"]).items() if state == word)
        lines += [f"{told}: {', '.join(names)}.", ""] if names else []
    if working := [name for name, each in members(report["offers"]).items() if members(each).get("works")]:
        lines += [f"Features that are off, but work (`--with` has them judged): {', '.join(working)}.", ""]
    if report["selection"]:
        lines += [f"Only a selection was tested: {code(text(report['selection']))}", ""]
    if report["reference"]:
        lines += ["This is the built-in reference endpoint, not a product.", ""]
    return "\n".join(lines) + "\n"


def counts_line(report: dict[str, JSON]) -> str:
    """The three counts that are never added up: required, optional, undecided; and what was not tested."""
    numbers = counts(report)
    untested = numbers["unsupported"] + len(items(members(report["coverage"])["deeper"]))
    return (
        f"**required** {numbers['required_pass']}/{numbers['required']} · "
        f"**optional** {numbers['optional_pass']}/{numbers['optional']} · "
        f"**undecided** {numbers['undecided']} · not tested {untested}"
    )


def _table(found: dict[str, dict[str, JSON]]) -> str:
    if not found:
        return "No departure from the contract was found.\n\n"
    lines = ["| | requirement | what | seen |", "|---|---|---|---|"]
    for name, row in list(found.items())[:MOST_ROWS]:
        seen = f"{row['violated']} of {row['applicable']}"
        sign = SIGNS[text(row["verdict"])]
        lines.append(f"| {sign} | {code(name)} | {code(clip(what(row), LONGEST_CELL), '|')} | {seen} |")
    if len(found) > MOST_ROWS:
        lines.append(f"| … | {len(found) - MOST_ROWS} more in report.html | | |")
    return "\n".join(lines) + "\n\n"


def _matrix(report: dict[str, JSON]) -> str:
    """Parameters by columns, a sign for each verdict."""
    found = matrix(rows_by_id(report))
    if not found:
        return ""
    lines = [f"| parameter | {' | '.join(COLUMNS.values())} |", "|---" * (len(COLUMNS) + 1) + "|"]
    for parameter, cells in found.items():
        signs = (f"{SIGNS[cell.verdict]} {cell.seen}" if cell else "" for cell in cells)
        lines.append(f"| {code(parameter, '|')} | {' | '.join(signs)} |")
    return "\n".join(lines) + "\n\n"


def _reproductions(found: dict[str, dict[str, JSON]]) -> list[str]:
    blocks: list[str] = []
    for name, row in list(found.items())[:MOST_ROWS]:
        for each in list(objects(row["violations"]))[:1]:
            curl = text(members(each["exemplar"])["curl"])
            fence = "`" * max(3, 1 + _longest_run(curl))
            blocks.append(
                f"<details><summary>Reproduce {name}</summary>\n\n{fence}sh\n{curl}\n{fence}\n\n</details>\n\n"
            )
    return blocks


def _readings(report: dict[str, JSON]) -> str:
    found = [each for each in objects(report["readings"]) if each["value"] is not None]
    lines = [f"- {line(text(each['question']))} {code(text(each['value']))}" for each in found]
    return "\n".join(["Readings taken:", "", *lines]) + "\n\n" if found else ""


def code(words: str, never: str = "") -> str:
    r"""The words on one line as a code span; characters of `never` show as \x7c and the like."""
    shown = "".join(f"\\x{ord(c):02x}" if c in never else c for c in line(words)) or " "
    fence = "`" * (1 + _longest_run(shown))
    blank = " " if "`" in (shown[0], shown[-1]) else ""
    return f"{fence}{blank}{shown}{blank}{fence}"


def _longest_run(words: str) -> int:
    return max(map(len, re.findall("`+", words)), default=0)
