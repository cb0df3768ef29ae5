"""junit.xml: what CI systems read of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from conformance.report import junit
from conformance.report.document import exit_code

from .conftest import STALE, Ran, Report

EXPECTED = {
    "pass": (None, "passed"),
    "observed": (None, "passed"),
    "warn": (None, "passed"),
    "known": (None, "passed"),
    "fail": ("failure", "failed"),
    "error": ("error", "error"),
    "unsupported": ("skipped", "skipped"),
    "inconclusive": ("skipped", "skipped"),
}
"""The element that a verdict has, and what CI makes of it."""


def suite_of(report: Report) -> ET.Element:
    """The one test suite of a report's JUnit."""
    root = ET.fromstring(junit.render(report))
    assert root.tag == "testsuites"
    (suite,) = root
    return suite


def assert_adds_up(suite: ET.Element) -> None:
    cases = list(suite.iter("testcase"))
    assert int(suite.attrib["tests"]) == len(cases)
    for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert int(suite.attrib[attribute]) == sum(case.find(tag) is not None for case in cases), attribute
    names = [(case.attrib["classname"], case.attrib["name"]) for case in cases]
    assert len(names) == len(set(names))


def test_a_clean_run_has_a_case_a_row_and_one_for_the_outcome(clean: Ran) -> None:
    """Each row is a case named by its id, in a class named by its part; the last case is the outcome."""
    suite = suite_of(clean.copied())
    assert_adds_up(suite)
    *cases, outcome = suite.iter("testcase")
    assert [case.attrib["classname"] for case in cases] == [row["part"] for row in clean.copied()["requirements"]]
    assert all(case.attrib["name"].startswith(f"{case.attrib['classname']}.") for case in cases)
    assert (outcome.attrib["name"], list(outcome)) == ("outcome", [])
    assert suite.attrib["failures"] == "0"


@pytest.mark.parametrize("verdict", list(EXPECTED))
def test_a_verdict_as_ci_sees_it(verdict: str, spoil: Callable[..., Ran]) -> None:
    """Only a fail is a failure, only our own fault an error; what was not judged is skipped; the rest passes, and says
    its verdict as a property."""
    report = spoil("ignores-n").copied()
    row = next(row for row in report["requirements"] if row["violations"])
    report["requirements"] = [{**row, "verdict": verdict, "value": "a value", "reason": "a reason"}]
    report["counts"] = {**dict.fromkeys(report["counts"], 0), verdict: 1}
    report["outcome"] = "conformant"
    suite = suite_of(report)
    assert_adds_up(suite)
    case = next(suite.iter("testcase"))
    tag, _ = EXPECTED[verdict]
    assert [each.tag for each in case] == [tag or "properties"]
    if tag is None:
        assert {each.attrib["name"]: each.attrib["value"] for each in case[0]}["verdict"] == verdict


def as_gitlab(failure: ET.Element) -> str:
    """What GitLab shows of a failure: its text, and none of its attributes."""
    return failure.text or ""


def as_github(failure: ET.Element) -> str:
    """What GitHub's readers of JUnit show first: the message."""
    return failure.attrib["message"]


@pytest.mark.parametrize("reader", [as_gitlab, as_github])
@pytest.mark.parametrize("fault", ["ignores-n", "stop-cut-out", "serves-any-key"])
def test_a_failure_begins_with_its_id_and_its_reason(
    fault: str, reader: Callable[[ET.Element], str], spoil: Callable[..., Ran]
) -> None:
    """Whichever half of a failure a CI system shows, its first line says which requirement and why."""
    report = spoil(fault).copied()
    found = [(case.attrib["name"], case.find("failure")) for case in suite_of(report).iter("testcase")]
    failing = {name: reader(failure).splitlines()[0] for name, failure in found if failure is not None}
    messages = {
        row["id"]: row["violations"][0]["message"] for row in report["requirements"] if row["verdict"] == "fail"
    }
    assert failing == {name: f"{name}: {message}" for name, message in messages.items()}


def test_a_failure_can_be_reproduced_from_ci(spoil: Callable[..., Ran]) -> None:
    """The text of a failure holds the statement and the curl line of each exemplar."""
    report = spoil("ignores-n").copied()
    row = next(row for row in report["requirements"] if row["verdict"] == "fail")
    failure = suite_of(report).find(".//failure")
    assert failure is not None
    for words in (row["statement"], *(each["exemplar"]["curl"] for each in row["violations"])):
        assert words in (failure.text or "")


@pytest.mark.parametrize(
    ("changes", "counts", "fails"),
    [
        ({"outcome": "conformant"}, {}, False),
        ({"outcome": "nonconformant"}, {"fail": 1}, False),
        ({"outcome": "undecided"}, {}, True),
        ({"outcome": "undecided"}, {"error": 1}, True),
        ({"outcome": "undecided", "stale": [STALE]}, {}, True),
        ({"outcome": "nonconformant", "stale": [STALE]}, {"pass": 1}, True),
        ({"outcome": "undecided", "strict": True}, {"warn": 1}, True),
        ({"outcome": "conformant", "strict": True}, {"inconclusive": 1}, True),
        ({"outcome": "conformant", "strict": True}, {"warn": 1}, False),
    ],
)
def test_a_run_that_fails_for_no_row_fails_its_case(
    changes: dict[str, Any], counts: dict[str, int], fails: bool, spoil: Callable[..., Ran]
) -> None:
    """The outcome's case fails where too little could be judged or an entry of the baseline must go, and is counted,
    whatever else is wrong."""
    report = {**spoil("ignores-n").copied(), **changes}
    row = report["requirements"][0]
    report["requirements"] = [{**row, "verdict": verdict} for verdict, n in counts.items() for _ in range(n)]
    report["counts"] = {**dict.fromkeys(report["counts"], 0), **counts}
    suite = suite_of(report)
    assert_adds_up(suite)
    failure = list(suite.iter("testcase"))[-1].find("failure")
    assert (failure is not None) == fails
    if failure is not None:
        word = "nonconformant" if report["outcome"] == "nonconformant" else "undecided"
        assert as_github(failure).startswith(f"outcome: {word}")
        assert as_gitlab(failure).startswith(f"outcome: {word}")
    assert exit_code(report) != 3 or fails


def test_a_hostile_endpoint_leaves_xml(harmful: Ran) -> None:
    """Whatever an endpoint sends, the file is XML, its sums add up, and the words are text."""
    data = (harmful.out / "junit.xml").read_bytes()
    suite = ET.fromstring(data)[0]
    assert_adds_up(suite)
    tags = {"testsuite", "testcase", "properties", "property", "failure", "error", "skipped"}
    assert {each.tag for each in suite.iter()} <= tags
    assert "<img src=" in "".join(str(failure.text) for failure in suite.iter("failure"))
    assert sorted({c for c in data.decode("utf-8") if not c.isprintable() and c != "\n"}) == []
