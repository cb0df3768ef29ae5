"""report.json -> junit.xml, as CI systems read it: a testcase a row, and one for the outcome."""

from __future__ import annotations

import re
from typing import cast
from xml.etree import ElementTree as ET  # only written with, never read with

from ..model import JSON, Outcome
from ..reply import members, objects, text
from .document import exit_code, rows_by_id

ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold."""


def render(report: dict[str, JSON]) -> bytes:
    """The report as JUnit XML."""
    rows = rows_by_id(report)
    counts = cast("dict[str, int]", report["counts"])
    undecided = report["outcome"] == Outcome.UNDECIDED.value
    suite = ET.Element(
        "testsuite",
        name=f"chat-conformance {text(members(report['contract'])['name'])}",
        tests=str(len(rows) + 1),
        failures=str(counts["fail"] + (exit_code(report) == 3)),
        errors=str(counts["error"]),
        skipped=str(counts["unsupported"] + counts["inconclusive"]),
        timestamp=text(report["started"]).removesuffix("Z"),
        time=f"{report['duration']:.1f}",
    )
    for name, row in rows.items():
        _case(suite, name, row)
    outcome = ET.SubElement(suite, "testcase", classname="run", name="outcome", time="0")
    if undecided or exit_code(report) == 3:
        ET.SubElement(outcome, "failure", message="undecided: too little could be judged", type="undecided")
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _case(suite: ET.Element, name: str, row: dict[str, JSON]) -> None:
    case = ET.SubElement(suite, "testcase", classname=text(row["part"]), name=name, time="0")
    verdict = text(row["verdict"])
    if verdict == "fail":
        failure = ET.SubElement(case, "failure", message=_clean(f"{name}: {_first(row)}"), type="fail")
        failure.text = _clean(_details(row))
    elif verdict == "error":
        ET.SubElement(case, "error", message=_clean(f"{name}: {text(row['reason'])}"), type="error")
    elif verdict in ("unsupported", "inconclusive"):
        ET.SubElement(case, "skipped", message=_clean(f"{verdict}: {text(row['reason'])}"))
    else:
        properties = ET.SubElement(case, "properties")
        ET.SubElement(properties, "property", name="verdict", value=verdict)
        if row["value"] is not None:
            ET.SubElement(properties, "property", name="value", value=_clean(text(row["value"])))
        if verdict in ("warn", "known"):
            ET.SubElement(properties, "property", name="message", value=_clean(_first(row)))


def _first(row: dict[str, JSON]) -> str:
    return next((text(each["message"]) for each in objects(row["violations"])), text(row["reason"]))


def _details(row: dict[str, JSON]) -> str:
    lines = [f"{row['level']}: {row['statement']}", f"{row['violated']} of {row['applicable']}"]
    for each in objects(row["violations"]):
        lines += ["", text(each["message"]), text(members(each["exemplar"])["curl"])]
    return "\n".join(lines)


def _clean(words: str) -> str:
    return ILLEGAL.sub("\ufffd", words)
