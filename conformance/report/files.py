"""Everything a run leaves in its folder beside the evidence."""

from __future__ import annotations

import json
from pathlib import Path

from ..model import JSON, UsageError
from . import html, junit, markdown

REPORT = "report.json"


def write(report: dict[str, JSON], out: Path) -> None:
    """Write report.json and its views.  Raises UsageError where the folder cannot be written."""
    text = json.dumps(report, ensure_ascii=False, indent=1)
    contents = {
        REPORT: text.encode("utf-8", "backslashreplace") + b"\n",
        "report.html": html.render(report).encode("utf-8", "backslashreplace"),
        "junit.xml": junit.render(report),
        "summary.md": markdown.render(report).encode("utf-8", "backslashreplace"),
    }
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, data in contents.items():
            beside = out / f".{name}.part"  # a full disk or a kill leaves the one that was there before
            beside.write_bytes(data)
            beside.replace(out / name)
    except OSError as error:
        raise UsageError(f"cannot write {out}: {error.strerror}; give another --out") from None
