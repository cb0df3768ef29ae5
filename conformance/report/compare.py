"""A comparison -> a file: HTML, Markdown, CSV or JSON, by the ending of its name."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

from jinja2 import Template

from ..model import UsageError
from ..reply import members, text
from .comparison import Comparison, Line
from .html import environment
from .markdown import code
from .overview import SIGNS, counts
from .shown import clip, line

LONGEST = 2_000_000
"""Bytes of the page."""

MESSAGES = (160, 60, 0)
"""Characters of the message that a failing cell shows, tried in turn until the page is short enough."""

MOST_LABELLED = 6
"""Columns that have room for a name above them; more have a number."""

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for a formula when a cell begins with it."""


def write(comparison: Comparison, path: Path) -> None:
    """Write the file.  Raises UsageError where its ending is none that we make, or it cannot be written."""
    render = FORMATS.get(path.suffix.lower())
    if render is None:
        raise UsageError(f"--out {path}: its name must end in one of {', '.join(FORMATS)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(render(comparison).encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}; give another --out") from None


def html(comparison: Comparison) -> str:
    """One page that needs no network and no script."""
    for longest in MESSAGES:
        page = _template().render(
            comparison=comparison,
            numbers=[counts(dict(each)) for each in comparison.reports],
            differing=[each for each in comparison.lines if each.differs],
            alike=[each for each in comparison.lines if not each.differs],
            changes=titled(comparison),
            labelled=len(comparison.labels) <= MOST_LABELLED,
            longest=longest,
        )
        if len(page.encode("utf-8", "backslashreplace")) <= LONGEST:
            break
    return page


@cache
def _template() -> Template:
    made = environment()
    made.filters["clip"] = clip
    made.globals["signs"] = SIGNS
    return made.get_template("compare.html.j2")


def markdown(comparison: Comparison) -> str:
    """GitHub's Markdown: the endpoints, what makes a difference of the test, what changed, the rows that differ."""
    lines = [f"### chat-conformance {comparison.contract}: {len(comparison.labels)} runs compared", ""]
    lines += ["| | endpoint | model | outcome | required | failing | date |", "|---|---|---|---|---|---|---|"]
    for number, (label, report) in enumerate(zip(comparison.labels, comparison.reports, strict=True), 1):
        found = counts(dict(report))
        model = text(members(report["target"])["model"])
        lines.append(
            f"| {number} | {code(label, '|')} | {code(model, '|')} | {text(report['outcome'])} | "
            f"{found['required_pass']}/{found['required']} | {found['required_fail'] + found['required_known']} | "
            f"{text(report['started'])} |"
        )
    lines += ["", *(f"- {note}" for note in comparison.notes), ""]
    if comparison.changes is not None:
        lines += [f"**{title}**: {_listed(comparison, rows)}" + "  " for title, rows in titled(comparison)]
        lines.append("")
    differing = [each for each in comparison.lines if each.differs]
    if differing:
        lines += [f"| requirement | {' | '.join(map(str, range(1, len(comparison.labels) + 1)))} |"]
        lines += ["|---" * (len(comparison.labels) + 1) + "|", *map(_marked, differing), ""]
    lines.append(f"{len(comparison.lines) - len(differing)} requirements are alike in all of them.")
    return "\n".join(lines) + "\n"


def titled(comparison: Comparison) -> list[tuple[str, tuple[str, ...]]]:
    """What changed of one endpoint, each list with its title; none where several are compared."""
    found = comparison.changes
    if found is None:
        return []
    return [
        ("New", found.new),
        ("Still failing", found.still),
        ("Fixed", found.fixed),
        ("Failed, and was not judged again", found.open),
    ]


def _listed(comparison: Comparison, rows: tuple[str, ...]) -> str:
    since = comparison.since
    said = (f"{code(row)} (since {since[row]})" if row in since else code(row) for row in rows)
    return ", ".join(said) or "none"


def _marked(each: Line) -> str:
    cells = (
        "" if cell is None else f"{SIGNS[cell.verdict]} {code(cell.value, '|') if cell.value else cell.verdict}"
        for cell in each.cells
    )
    return f"| {code(each.row, '|')} {each.level} | {' | '.join(cells)} |"


def table(comparison: Comparison) -> str:
    """CSV: a line for each row, a column for each run."""
    written = io.StringIO()
    out = csv.writer(written, lineterminator="\n")
    out.writerow(["requirement", "level", "part", "feature", "differs", *map(_inert, comparison.labels)])
    for each in comparison.lines:
        cells = ["" if cell is None else _inert(cell.value or cell.verdict) for cell in each.cells]
        out.writerow([each.row, each.level, each.part, each.feature or "", "yes" if each.differs else "no", *cells])
    return written.getvalue()


def _inert(words: str) -> str:
    """The words as a spreadsheet takes them for words."""
    shown = line(words)
    return f"'{shown}" if shown.startswith(FORMULA) else shown


def data(comparison: Comparison) -> str:
    """JSON."""
    return json.dumps(comparison.to_json(), ensure_ascii=False, indent=1) + "\n"


FORMATS: dict[str, Callable[[Comparison], str]] = {".html": html, ".md": markdown, ".csv": table, ".json": data}
"""What is made, by the endings of names."""
