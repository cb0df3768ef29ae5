"""The published schemas: what we write keeps to them, and they say what each key is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from conformance import contract as contracts
from conformance import evidence as evidences
from conformance.model import Depth, Level, Outcome, Purpose, Verdict, Zone
from conformance.report import document
from conformance.report.excerpt import LONGEST

from .conftest import Ran, Report

Schema = dict[str, Any]


def published(name: str) -> Schema:
    """A published schema."""
    schema: Schema = json.loads((contracts.schemas_folder() / f"{name}.schema.json").read_text("utf-8"))
    return schema


REPORT, EVIDENCE = published("report"), published("evidence")


def complaints(schema: Schema, value: Any) -> list[str]:
    """Where and why a value is not as the schema has it."""
    found = Draft202012Validator(schema).iter_errors(value)
    return [f"{each.json_path}: {each.message[:200]}" for each in found]


def written(ran: Ran) -> Report:
    """report.json as anybody reads it."""
    report: Report = json.loads((ran.out / "report.json").read_bytes())
    return report


def lines(ran: Ran) -> list[Report]:
    """The evidence, line by line."""
    return [json.loads(line) for line in (ran.out / "evidence.ndjson").read_bytes().splitlines()]


@pytest.mark.parametrize("schema", [REPORT, EVIDENCE], ids=["report", "evidence"])
def test_the_schemas_are_schemas(schema: Schema) -> None:
    """Both are JSON Schemas of draft 2020-12."""
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == Draft202012Validator.META_SCHEMA["$id"]


def test_a_clean_run_keeps_to_them(clean: Ran) -> None:
    """The report and every line of evidence of a clean run, of each contract, are as published."""
    assert complaints(REPORT, written(clean)) == []
    assert [each for line in lines(clean) for each in complaints(EVIDENCE, line)] == []


@pytest.mark.parametrize("fault", ["ignores-n", "stop-cut-out", "serves-any-key", "errors-as-html"])
def test_a_spoilt_run_keeps_to_them(fault: str, spoil: Callable[..., Ran]) -> None:
    """Findings and their exemplars are as published."""
    assert complaints(REPORT, written(spoil(fault))) == []
    assert [each for line in lines(spoil(fault)) for each in complaints(EVIDENCE, line)] == []


def test_a_harmful_run_keeps_to_them(harmful: Ran) -> None:
    """Nothing that an endpoint sends makes a report that is not as published."""
    assert complaints(REPORT, written(harmful)) == []
    assert [each for line in lines(harmful)[:40] for each in complaints(EVIDENCE, line)] == []


def test_an_incomplete_run_keeps_to_them(spoil: Callable[..., Ran], tmp_path: Path) -> None:
    """So is the report of evidence that was cut before its footer, and of a header alone."""
    ran = spoil("ignores-n")
    whole = (ran.out / "evidence.ndjson").read_bytes().splitlines(keepends=True)
    for kept in (whole[:-1], whole[:1]):
        (tmp_path / "evidence.ndjson").write_bytes(b"".join(kept))
        report = document.make(evidences.read(tmp_path / "evidence.ndjson"), ran.contract)
        assert complaints(REPORT, json.loads(json.dumps(report))) == []


def described(schema: Schema, root: Schema) -> dict[str, Any]:
    """A schema with its `$ref` followed."""
    if "$ref" in schema:
        target: dict[str, Any] = root["$defs"][schema["$ref"].rpartition("/")[2]]
        return {**target, **{key: value for key, value in schema.items() if key != "$ref"}}
    return schema


def undescribed(value: Any, schema: Schema, root: Schema, at: str = "") -> Iterator[str]:
    """The members of a value that its schema does not name."""
    schema = described(schema, root)
    if isinstance(value, dict) and "properties" in schema:
        for name, each in value.items():
            if name not in schema["properties"]:
                yield f"{at}/{name}"
            else:
                yield from undescribed(each, schema["properties"][name], root, f"{at}/{name}")
    if isinstance(value, list) and isinstance(schema.get("items"), dict):
        for each in value:
            yield from undescribed(each, schema["items"], root, f"{at}/*")


def test_every_key_of_a_report_is_described(clean: Ran, harmful: Ran) -> None:
    """No key is written that the schema does not name: who adds one describes it."""
    for ran in (clean, harmful):
        assert set(undescribed(written(ran), REPORT, REPORT)) == set()


def test_every_key_of_the_evidence_is_described(clean: Ran) -> None:
    """No member of a line is written that the schema of its kind does not name."""
    for line in lines(clean):
        kind = EVIDENCE["$defs"][line["kind"]]
        both = {**kind, "properties": {**EVIDENCE["properties"], **kind["properties"]}}
        assert set(undescribed(line, both, EVIDENCE)) == set()


def enum_at(schema: Schema, *path: str) -> list[str]:
    """The closed vocabulary at a path of a schema."""
    for key in path:
        schema = schema[key]
    values: list[str] = schema["enum"]
    return values


@pytest.mark.parametrize(
    ("vocabulary", "schema", "path"),
    [
        (Outcome, REPORT, ("properties", "outcome")),
        (Depth, REPORT, ("properties", "depth")),
        (Verdict, REPORT, ("$defs", "verdict")),
        (Level, REPORT, ("$defs", "level")),
        (Depth, EVIDENCE, ("$defs", "header", "properties", "depth")),
        (Purpose, EVIDENCE, ("$defs", "exchange", "properties", "purpose")),
        (Zone, EVIDENCE, ("$defs", "exchange", "properties", "request", "properties", "zone")),
    ],
)
def test_the_vocabularies_are_ours(vocabulary: type[StrEnum], schema: Schema, path: tuple[str, ...]) -> None:
    """Each closed vocabulary of the schemas is the one of the code, word for word."""
    assert enum_at(schema, *path) == [each.value for each in vocabulary]


def test_the_schema_has_our_sizes() -> None:
    """The longest excerpt of the schema is the longest that is made, and there are no more exemplars than it says."""
    assert REPORT["$defs"]["text"]["maxLength"] == LONGEST
    assert REPORT["$defs"]["row"]["properties"]["violations"]["maxItems"] == 3


PROMISED = {
    *(
        "format",
        "outcome",
        "complete",
        "reference",
        "strict",
        "selection",
        "contract",
        "target",
        "suite_version",
        "seed",
    ),
    *("depth", "started", "duration", "requests", "tokens", "counts", "features", "readings", "coverage", "stale"),
    "requirements",
}
PROMISED_OF_A_ROW = {
    *(
        "id",
        "parameter",
        "part",
        "feature",
        "level",
        "statement",
        "verdict",
        "value",
        "applicable",
        "violated",
        "reason",
    ),
    *("source", "violations"),
}
PROMISED_OF_A_VIOLATION = {"pointer", "message", "expected", "observed", "exchange", "exemplar"}
PROMISED_OF_AN_EXEMPLAR = {"request", "status", "excerpt", "curl"}


def test_what_was_promised_is_there(spoil: Callable[..., Ran]) -> None:
    """The keys that format 1 began with are written and required, and so is every key that is written today."""
    report = written(spoil("ignores-n"))
    row = next(row for row in report["requirements"] if row["violations"])
    violation = row["violations"][0]
    for value, promised, schema in (
        (report, PROMISED, REPORT),
        (row, PROMISED_OF_A_ROW, REPORT["$defs"]["row"]),
        (violation, PROMISED_OF_A_VIOLATION, REPORT["$defs"]["violation"]),
        (violation["exemplar"], PROMISED_OF_AN_EXEMPLAR, REPORT["$defs"]["exemplar"]),
    ):
        assert promised <= set(schema["required"]) == set(value)


def without(*path: str | int) -> Callable[[Any], None]:
    def change(value: Any) -> None:
        for key in path[:-1]:
            value = value[key]
        del value[path[-1]]

    return change


def with_(new: Any, *path: str | int) -> Callable[[Any], None]:
    def change(value: Any) -> None:
        for key in path[:-1]:
            value = value[key]
        value[path[-1]] = new

    return change


@pytest.mark.parametrize(
    "spoilt",
    [
        *(without(key) for key in REPORT["required"]),
        with_(2, "format"),
        with_("fine", "outcome"),
        with_("yes", "complete"),
        with_("deep", "depth"),
        with_("today", "started"),
        with_(-1, "requests"),
        with_("maybe", "features", "n"),
        with_(1, "counts", "skipped"),
        without("counts", "fail"),
        without("target", "model"),
        with_("abc", "evidence", "digest"),
        with_("passed", "requirements", 0, "verdict"),
        with_("MAY", "requirements", 0, "level"),
        with_("No Id", "requirements", 0, "id"),
        without("requirements", 0, "statement"),
        with_([{}], "requirements", 0, "violations"),
        with_("fine", "coverage", "statements", 0, "verdict"),
    ],
)
def test_another_report_is_refused(spoilt: Callable[[Any], None], spoil: Callable[..., Ran]) -> None:
    """A report that lacks a key, or says a word of no vocabulary, is not as published."""
    report = written(spoil("ignores-n"))
    spoilt(report)
    assert complaints(REPORT, report)


@pytest.mark.parametrize(
    "key", ["method", "request", "status", "headers", "excerpt", "curl", "difference", "control", "variables"]
)
def test_an_exemplar_lacks_nothing(key: str, spoil: Callable[..., Ran]) -> None:
    """An exemplar without one of its members is not as published."""
    report = written(spoil("ignores-n"))
    row = next(row for row in report["requirements"] if row["violations"])
    del row["violations"][0]["exemplar"][key]
    assert complaints(REPORT, report)


@pytest.mark.parametrize(
    ("kind", "spoilt"),
    [
        ("header", with_("another", "kind")),
        ("header", without("prev")),
        ("header", with_("0", "prev")),
        ("header", without("plan_digest")),
        ("header", with_("reading", "features", "n")),
        ("case", without("scenario")),
        ("case", with_([], "arguments")),
        ("exchange", with_("because", "purpose")),
        ("exchange", with_("not base64!", "request", "body")),
        ("exchange", with_([[0.1]], "pieces")),
        ("exchange", with_([1], "step")),
        ("exchange", with_("200", "status")),
        ("exchange", with_("perhaps", "request", "zone")),
        ("footer", without("why")),
        ("footer", with_({"plan": -1}, "counts")),
    ],
)
def test_another_line_is_refused(kind: str, spoilt: Callable[[Any], None], spoil: Callable[..., Ran]) -> None:
    """A line of no kind, or one that lacks what its kind has, is not as published."""
    line = next(line for line in lines(spoil("ignores-n")) if line["kind"] == kind)
    assert complaints(EVIDENCE, line) == []
    spoilt(line)
    assert complaints(EVIDENCE, line)


def test_a_key_may_be_added(spoil: Callable[..., Ran]) -> None:
    """What a later version adds does not make a report invalid to who has this schema."""
    report = {**written(spoil("ignores-n")), "added": {"later": 1}}
    report["requirements"][0]["added"] = 1
    assert complaints(REPORT, report) == []
