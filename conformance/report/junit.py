"""report.json -> junit.xml, as CI systems read it: a testcase a row, and one for the outcome.

GitLab shows a failure's text and ignores its attributes, GitHub's readers show the message: so both begin with the id
and the first reason.
"""

from __future__ import annotations

from typing import cast
from xml.etree import ElementTree as ET  # only written with, never read with

from ..model import JSON
from ..reply import members, objects, text
from .document import rows_by_id
from .overview import because, outcome_fails, outcome_word, what
from .shown import visible


def render(report: dict[str, JSON]) -> bytes:
    """The report as JUnit XML."""
    rows = rows_by_id(report)
    counts = cast("dict[str, int]", report["counts"])
    fails = outcome_fails(report)
    suite = ET.Element(
        "testsuite",
        name=f"chat-conformance {text(members(report['contract'])['name'])}",
        tests=str(len(rows) + 1),
        failures=str(counts["fail"] + fails),
        errors=str(counts["error"]),
        skipped=str(counts["unsupported"] + counts["inconclusive"]),
        timestamp=text(report["started"]).removesuffix("Z"),
        time=f"{report['duration']:.1f}",
    )
    for name, row in rows.items():
        _case(suite, name, row)
    outcome = ET.SubElement(suite, "testcase", classname="run", name="outcome", time="0")
    if fails:
        word = outcome_word(report)
        message = f"outcome: {word}: {because(report)}"
        ET.SubElement(outcome, "failure", message=message, type=word).text = message
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _case(suite: ET.Element, name: str, row: dict[str, JSON]) -> None:
    case = ET.SubElement(suite, "testcase", classname=text(row["part"]), name=name, time="0")
    verdict = text(row["verdict"])
    first = _clean(f"{name}: {what(row)}")
    if verdict == "fail":
        ET.SubElement(case, "failure", message=first, type="fail").text = _clean(f"{first}\n{_details(row)}")
    elif verdict == "error":
        ET.SubElement(case, "error", message=first, type="error").text = first
    elif verdict in ("unsupported", "inconclusive"):
        ET.SubElement(case, "skipped", message=_clean(f"{verdict}: {text(row['reason'])}"))
    else:
        properties = ET.SubElement(case, "properties")
        ET.SubElement(properties, "property", name="verdict", value=verdict)
        if row["value"] is not None:
            ET.SubElement(properties, "property", name="value", value=_clean(text(row["value"])))
        if verdict in ("warn", "known"):
            ET.SubElement(properties, "property", name="message", value=first)


def _details(row: dict[str, JSON]) -> str:
    lines = [f"{row['level']}: {row['statement']}", f"{row['violated']} of {row['applicable']}"]
    for each in objects(row["violations"]):
        lines += ["", text(each["message"]), text(members(each["exemplar"])["curl"])]
    return "\n".join(lines)


def _clean(words: str) -> str:
    """Without what XML 1.0 cannot hold, nor what would act on a reader."""
    return visible(words)
