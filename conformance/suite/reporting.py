"""What pytest's reports show of a row; the plugin registers this module where the suite is asked for.

Rule: what came from an endpoint is escaped here, for pytest-html takes cells and extras as they are.
"""

from __future__ import annotations

import html
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from conformance.model import JSON
from conformance.plugin import ASKED
from conformance.reply import items, members, objects, text
from conformance.report.shown import visible

ROW = pytest.StashKey[dict[str, JSON]]()
"""The report's row, in the stash of its item."""

OUT = pytest.StashKey[Path]()
"""Where evidence and pages lie, in the stash of the session's config."""


def pytest_report_header(config: pytest.Config) -> str:
    """What is under test."""
    asked = config.stash[ASKED]
    return f"conformance: {asked.url or 'the built-in reference endpoint'}, contract {asked.contract.name}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Where the report is."""
    out = config.stash.get(OUT, None)
    if out is not None:
        terminalreporter.write_line(f"conformance report: {out / 'report.html'}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """Hang the row, and for pytest-html its findings, on the item's report."""
    made = yield
    row = item.stash.get(ROW, None)
    if row is not None:
        made.conformance = {
            "id": text(row["id"]),
            "level": text(row["level"]),
            "part": text(row["part"]),
            "verdict": text(row["verdict"]),
        }
        if call.when == "call":
            made.user_properties += [("verdict", text(row["verdict"]))]
            made.extras = [*getattr(made, "extras", []), *extras(row)]
    return made


def extras(row: dict[str, JSON]) -> list[dict[str, Any]]:
    """pytest-html's extras for a row: each finding, its exemplar, and lines of curl and Python, all of it escaped."""
    try:
        from pytest_html import extras as kinds
    except ImportError:
        return []
    found: list[dict[str, Any]] = []
    for each in objects(row["violations"]):
        exemplar = members(each["exemplar"])
        blocks = [exemplar["request"], f"status {exemplar['status']}", exemplar["excerpt"], *items(exemplar["said"])]
        blocks = [*differences(exemplar), *blocks, exemplar["curl"], exemplar["python"]]
        shown = [f"<p>{_escaped(words)}</p>" for words in (row["statement"], each["message"])]
        shown += [BLOCK.format(_escaped(block)) for block in blocks]
        found.append(kinds.html("".join(shown)))
    return found


def differences(exemplar: dict[str, JSON]) -> list[JSON]:
    """In what the request differs from its control's, as one text; none where there is no control."""
    lines = [[text(each) or "left out" for each in items(found)] for found in items(exemplar["difference"])]
    return ["\n".join(f"{name}: {mine} (there: {other})" for name, mine, other in lines)] if lines else []


BLOCK = '<pre style="white-space:pre-wrap;overflow-wrap:anywhere;color:#000">{}</pre>'


def _escaped(words: JSON) -> str:
    """What an endpoint said, as HTML that shows it and does nothing."""
    return html.escape(visible(text(words)))


@pytest.hookimpl(optionalhook=True)
def pytest_html_report_title(report: Any) -> None:
    """pytest-html's page says what it is."""
    report.title = "chat-conformance"


@pytest.hookimpl(optionalhook=True)
def pytest_html_results_table_header(cells: list[str]) -> None:
    """The columns of our own report."""
    cells[1:1] = ["<th>Requirement</th>", "<th>Level</th>", "<th>Part</th>", "<th>Verdict</th>"]


@pytest.hookimpl(optionalhook=True)
def pytest_html_results_table_row(report: Any, cells: list[str]) -> None:
    """The row's values in them."""
    row = getattr(report, "conformance", {})
    cells[1:1] = [f"<td>{html.escape(row.get(name, ''))}</td>" for name in ("id", "level", "part", "verdict")]
