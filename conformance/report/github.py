"""report.json -> what a GitHub Actions job shows: annotations beside its log, and the summary on its page.

Rule: nothing that an endpoint says begins a line or ends a property; it cannot give the runner a command.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from ..model import JSON
from . import markdown
from .document import rows_by_id
from .overview import because, findings, outcome_fails, what
from .shown import clip, line

MOST = 10
"""Annotations of a kind: GitHub shows no more of a step's."""

KINDS = {"error": ("error", "fail"), "warning": ("warn",)}
"""Kinds of annotations, and the verdicts that are shown as such."""


def tell(report: dict[str, JSON], environment: Mapping[str, str], say: Callable[[str], None]) -> None:
    """Inside a GitHub Actions job, say the annotations and append to the job's summary; elsewhere do nothing.

    A summary that cannot be written is said to be so, and changes no verdict.
    """
    if environment.get("GITHUB_ACTIONS") != "true":
        return
    for each in commands(report):
        say(each)
    summary = environment.get("GITHUB_STEP_SUMMARY")
    if not summary:
        return
    try:
        with Path(summary).open("ab") as file:
            file.write(markdown.render(report).encode("utf-8", "backslashreplace"))
    except OSError as error:
        say(_command("notice", "summary", f"GITHUB_STEP_SUMMARY: {error.strerror}"))


def commands(report: dict[str, JSON]) -> Iterator[str]:
    """Workflow commands: at most ten errors and ten warnings, the worst first, and how many more there are."""
    found = findings(rows_by_id(report))
    for kind, verdicts in KINDS.items():
        rows = [(name, row) for name, row in found.items() if row["verdict"] in verdicts]
        room = MOST - (kind == "error" and outcome_fails(report))
        for name, row in rows[:room]:
            yield _command(kind, name, clip(line(what(row))))
        if len(rows) > room:
            yield _command("notice", "report.html", f"{len(rows) - room} more of kind {kind}")
    if outcome_fails(report):
        yield _command("error", "outcome", because(report))


def _command(kind: str, title: str, words: str) -> str:
    return f"::{kind} title={_escaped(_escaped(line(title)), ':,')}::{_escaped(line(words))}"


def _escaped(words: str, also: str = "") -> str:
    """As the runner reads it: per cent signs and line ends in data, colons and commas in properties too."""
    for character in also or "%\r\n":
        words = words.replace(character, f"%{ord(character):02X}")
    return words
