"""Everything a run leaves in its folder beside the evidence."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import jsonschema_rs

from ..contract import schemas_folder
from ..model import JSON, UsageError
from . import badge, ctrf, html, junit, markdown, sarif
from .document import FORMAT

REPORT = "report.json"

ASKED_FOR = {
    "report": ["contract", "counts", "depth", "features", "outcome", "requirements", "seed", "selection", "started"],
    "row": ["id", "parameter", "part", "feature", "level", "statement", "verdict", "value", "reason", "violations"],
    "violation": ["message"],
    "exemplar": [],
}
"""Keys of another run's report that must be there.  It may be of an earlier suite, which had fewer of them."""


def read(path: Path) -> dict[str, JSON]:
    """The report.json of a run, or of its folder.  Raises UsageError naming the file that is none, and where."""
    path = path / REPORT if path.is_dir() else path
    try:
        report = json.loads(path.read_bytes())
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise UsageError(f"{path} is no report.json: it is not JSON") from None
    for wrong in _reader().iter_errors(report):
        at = "/".join(map(str, wrong.instance_path)) or "it"
        raise UsageError(f"{path} is no report.json of format {FORMAT}: {at}: {wrong.message[:160]}")
    found: dict[str, JSON] = report
    return found


@cache
def _reader() -> jsonschema_rs.Validator:
    """The published schema, asking for no more than is asked for here."""
    schema = json.loads((schemas_folder() / "report.schema.json").read_bytes())
    for name, keys in ASKED_FOR.items():
        (schema if name == "report" else schema["$defs"][name])["required"] = keys
    return jsonschema_rs.validator_for(schema)


def contents(report: dict[str, JSON]) -> dict[str, bytes]:
    """report.json and its views, by the names of their files."""
    return {
        REPORT: _json(report),
        "report.html": _text(html.render(report)),
        "junit.xml": junit.render(report),
        "ctrf.json": _json(ctrf.render(report)),
        "report.sarif": _json(sarif.render(report)),
        "summary.md": _text(markdown.render(report)),
        "badge.json": _json(badge.endpoint(report)),
        "badge.svg": _text(badge.draw(report)),
    }


def write(report: dict[str, JSON], out: Path) -> None:
    """Write report.json and its views.  Raises UsageError where the folder cannot be written."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, data in contents(report).items():
            beside = out / f".{name}.part"  # a full disk or a kill leaves the one that was there before
            beside.write_bytes(data)
            beside.replace(out / name)
    except OSError as error:
        raise UsageError(f"cannot write {out}: {error.strerror}; give another --out") from None


def _json(value: JSON) -> bytes:
    return _text(json.dumps(value, ensure_ascii=False, indent=1)) + b"\n"


def _text(words: str) -> bytes:
    """UTF-8; half characters as escapes, which JSON has for them too."""
    return words.encode("utf-8", "backslashreplace")
