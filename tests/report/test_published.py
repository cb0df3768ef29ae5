"""The files for machines: each keeps to the schema that others published, whatever the endpoint sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import xmlschema
from jsonschema import Draft7Validator

from conformance.model import JSON
from conformance.mutants import Call, Mutant, Wire
from conformance.report import files, github
from conformance.report.shown import visible

from .conftest import KEYS, Ran, Report, ran

PUBLISHED = Path(__file__).parent / "published"

SCHEMAS = {
    "ctrf.json": "ctrf-schema-0.0.json",
    "report.sarif": "sarif-schema-2.1.0.json",
    "badge.json": "shields-endpoint.json",
}

VERDICTS = ("pass", "fail", "warn", "observed", "unsupported", "inconclusive", "known", "error")


def validator(name: str) -> Draft7Validator:
    """The published schema of a file of ours, formats included."""
    schema = json.loads((PUBLISHED / SCHEMAS[name]).read_text("utf-8"))
    return Draft7Validator(schema, format_checker=Draft7Validator.FORMAT_CHECKER)


def complaints(out: Path) -> list[str]:
    """Where the files of a folder are not as published."""
    found = [
        f"{name}: {each.json_path}: {each.message[:200]}"
        for name in SCHEMAS
        for each in validator(name).iter_errors(json.loads((out / name).read_text("utf-8")))
    ]
    return found + [f"junit.xml: {each.path}: {each.reason}" for each in JUNIT.iter_errors(plain_junit(out))]


JUNIT = xmlschema.XMLSchema(PUBLISHED / "junit-10.xsd")


def plain_junit(out: Path) -> ET.Element:
    """junit.xml without the properties of its cases: readers know them (pytest writes them too), that schema does not."""
    root = ET.parse(out / "junit.xml").getroot()
    for case in root.iter("testcase"):
        for properties in case.findall("properties"):
            case.remove(properties)
    return root


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_published_schemas_refuse(name: str) -> None:
    """Each is a schema, and an object without anything is not as it has it: they could complain."""
    Draft7Validator.check_schema(validator(name).schema)
    assert list(validator(name).iter_errors({}))


def test_the_published_schema_of_junit_refuses() -> None:
    """It complains of a suite without a name."""
    assert [each.reason for each in JUNIT.iter_errors(ET.fromstring("<testsuite tests='1'/>"))]


def test_a_clean_run_is_as_published(clean: Ran) -> None:
    """So is what a clean run of each contract leaves."""
    assert complaints(clean.out) == []


@pytest.mark.parametrize("fault", ["ignores-n", "errors-as-html"])
def test_findings_are_as_published(fault: str, spoil: Callable[..., Ran]) -> None:
    """So are failures and warnings."""
    assert complaints(spoil(fault).out) == []


def test_harmful_replies_are_as_published(harmful: Ran) -> None:
    """Nothing that an endpoint sends makes a file that is not as published."""
    assert complaints(harmful.out) == []


def strings(value: Any) -> Iterator[str]:
    """Every string of a JSON value, names of members included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from strings(each)
    elif isinstance(value, dict):
        for name, each in value.items():
            yield name
            yield from strings(each)


@pytest.mark.parametrize("name", SCHEMAS)
def test_harmful_words_act_upon_nobody(name: str, harmful: Ran) -> None:
    """What has no shape, steers a terminal or turns the direction of writing is an escape in every file for machines."""
    found = list(strings(json.loads((harmful.out / name).read_text("utf-8"))))
    assert [each for each in found if visible(each) != each] == []
    assert name == "badge.json" or any("pwned" in each for each in found)


def of_every_verdict(like: Ran) -> Report:
    """A report that has each verdict once, the rows of fail, warn, known and error with violations."""
    report = like.copied()
    row = next(row for row in report["requirements"] if row["violations"])
    bare = next(row for row in report["requirements"] if not row["violations"])
    report["requirements"] = [
        {**(row if verdict in ("fail", "warn", "known") else bare), "id": f"part.{verdict}", "verdict": verdict}
        | {"part": "part", "parameter": None, "reason": f"why {verdict}"}
        for verdict in VERDICTS
    ]
    report["counts"] = dict.fromkeys(VERDICTS, 1)
    return report


def test_every_verdict_is_as_published(spoil: Callable[..., Ran], tmp_path: Path) -> None:
    """So is a report that has every verdict, of a run that did not end and was sent nothing."""
    report = of_every_verdict(spoil("ignores-n"))
    cut: Report = {"complete": False, "duration": 0.0, "strict": True, "selection": "stop", "depth": "smoke"}
    for each in (report, {**report, **cut}):
        files.write(each, tmp_path)
        assert complaints(tmp_path) == []


def test_an_older_report_is_as_published(spoil: Callable[..., Ran], tmp_path: Path) -> None:
    """A report from before statements had lines still has all its views."""
    report = spoil("ignores-n").copied()
    for statement in report["coverage"]["statements"]:
        del statement["file"], statement["line"]
    files.write(report, tmp_path)
    assert complaints(tmp_path) == []


def echoing(key: str) -> Mutant:
    """An endpoint that says in every place what key it was given."""

    def wire(call: Call, reply: Wire) -> Wire:
        said = f"you are {dict(call.headers).get('authorization', 'nobody')}, and the key is {key}"
        if call.sent.get("stream"):
            return reply.with_header("x-request-id", said)
        spoilt: dict[str, Any] = json.loads(reply.body)
        spoilt |= {"model": said, "object": said, "id": said, said: said}
        return replace(reply, pieces=(json.dumps(spoilt).encode(),)).with_header("x-request-id", said)

    return Mutant(name="echoes", about="the key is everywhere", wire=wire)


def test_no_file_holds_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An endpoint that echoes the key gets it into no file, no annotation and no summary."""
    key = KEYS["bearer"]
    told = ran(tmp_path / "out", mutant=echoing(key), selection=("envelope", "auth"))
    said: list[str] = []
    summary = tmp_path / "summary"
    github.tell(told.report, {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)}, said.append)
    written = {path.name: path.read_bytes() for path in told.out.iterdir()} | {"summary": summary.read_bytes()}
    assert said
    assert len(written) == 10
    assert [name for name, data in written.items() if key.encode() in data] == []
    assert not [each for each in said if key in each]
    assert "«secret 1»" in written["report.sarif"].decode()


def test_half_characters_are_escapes(spoil: Callable[..., Ran], tmp_path: Path) -> None:
    """What UTF-8 cannot hold is written as JSON writes it, and read again as it was."""
    report: dict[str, JSON] = spoil("ignores-n").copied()
    report["target"] = {"url": "http://a/\ud800", "model": "\udfff", "answered": None}
    files.write(report, tmp_path)
    assert json.loads((tmp_path / "report.json").read_text("utf-8"))["target"]["model"] == "\udfff"
    assert complaints(tmp_path) == []
