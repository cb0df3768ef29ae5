"""ctrf.json: the same tests as in junit.xml, with sums that add up."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from conformance.report import ctrf

from .conftest import STALE, Ran, Report
from .test_junit import suite_of
from .test_published import of_every_verdict


def results_of(report: Report) -> dict[str, Any]:
    """The results of a report's CTRF document."""
    results: dict[str, Any] = json.loads(json.dumps(ctrf.render(report)))["results"]
    return results


def test_it_has_the_tests_of_junit(clean: Ran, spoil: Callable[..., Ran]) -> None:
    """A reader of either file sees the same names, in the same order, and as many failures."""
    for ran in (clean, spoil("ignores-n")):
        results, suite = results_of(ran.copied()), suite_of(ran.copied())
        assert [test["name"] for test in results["tests"]] == [case.attrib["name"] for case in suite.iter("testcase")]
        assert results["summary"]["tests"] == int(suite.attrib["tests"])
        assert results["summary"]["failed"] == int(suite.attrib["failures"])
        assert results["summary"]["skipped"] == int(suite.attrib["skipped"])
        assert sum(results["summary"][status] for status in ctrf.ALL) == len(results["tests"])


def test_a_verdict_is_kept(spoil: Callable[..., Ran]) -> None:
    """Verdicts that the format has no word for can be told by the raw status; a fail says why, and how to see it."""
    report = of_every_verdict(spoil("ignores-n"))
    tests = {test["rawStatus"]: test for test in results_of(report)["tests"][:-1]}
    assert {verdict: test["status"] for verdict, test in tests.items()} == ctrf.STATUSES
    row = next(row for row in report["requirements"] if row["verdict"] == "fail")
    assert tests["fail"]["message"] == row["violations"][0]["message"]
    assert row["violations"][0]["exemplar"]["curl"] in tests["fail"]["trace"]
    assert tests["inconclusive"]["message"] == "why inconclusive"


@pytest.mark.parametrize("changes", [{"outcome": "undecided"}, {"stale": [STALE]}])
def test_the_outcome_fails_for_what_is_no_rows(changes: Report, spoil: Callable[..., Ran]) -> None:
    """The last test fails where too little could be judged, or an entry of the baseline must go, and only there."""
    report = spoil("ignores-n").copied()
    assert results_of(report)["tests"][-1]["status"] == "passed"
    (last,) = results_of({**report, **changes})["tests"][-1:]
    assert (last["name"], last["status"]) == ("outcome", "failed")


def test_its_times_are_the_runs(clean: Ran) -> None:
    """It starts when the run started, in milliseconds of the epoch, and lasts as long."""
    report = {**clean.copied(), "started": "2026-11-20T10:15:00Z", "duration": 2.5}
    summary = results_of(report)["summary"]
    assert (summary["start"], summary["stop"], summary["duration"]) == (1795169700000, 1795169702500, 2500)
