"""One item a requirement x parameter, and one for the outcome of the whole run."""

from __future__ import annotations

import warnings

import pytest

from conformance.model import JSON, Verdict
from conformance.plugin import ASKED
from conformance.remark import address_of
from conformance.reply import items, members, objects, text
from conformance.report.document import exit_code
from conformance.report.overview import stale


class NonconformanceWarning(UserWarning):
    """The endpoint departs from a recommendation."""


def test_requirement(judged: dict[str, JSON], report: dict[str, JSON], request: pytest.FixtureRequest) -> None:
    """The endpoint meets this requirement."""
    verdict, reason = Verdict(text(judged["verdict"])), text(judged["reason"])
    if verdict in (Verdict.UNSUPPORTED, Verdict.INCONCLUSIVE):
        pytest.skip(f"{verdict}: {reason}")
    if verdict is Verdict.FAIL or (verdict is Verdict.WARN and report["strict"]):
        if request.config.stash[ASKED].values["fail_on"] == "new" and not _is_new(judged, report):
            pytest.xfail(f"it did so in the run of {text(members(report['since'])['started'])} already")
        pytest.fail(finding(judged), pytrace=False)
    if verdict is Verdict.KNOWN:
        pytest.xfail(reason)
    if verdict is Verdict.WARN:
        warnings.warn(NonconformanceWarning(finding(judged)), stacklevel=1)


def _is_new(judged: dict[str, JSON], report: dict[str, JSON]) -> bool:
    """Whether the run that --since names did not have this."""
    which = "warnings" if judged["verdict"] == Verdict.WARN.value else "new"
    return address_of(judged).row in items(members(report["since"])[which])


def test_outcome(report: dict[str, JSON]) -> None:
    """Enough could be judged to say whether the endpoint conforms, and the baseline has no entry that must go."""
    if report["stale"]:
        pytest.fail("\n".join(stale(report)), pytrace=False)
    if exit_code(report) == 3:
        pytest.fail("the run is undecided: too little could be judged", pytrace=False)


def finding(judged: dict[str, JSON]) -> str:
    """What departs, for a terminal: the statement, the first exemplar and how to see it again."""
    lines = [f"{judged['id']} ({judged['level']}): {judged['statement']}"]
    for each in list(objects(judged["violations"]))[:1]:
        seen = f"{judged['violated']} of {judged['applicable']}"
        lines += [f"{text(each['message'])} ({seen})", text(members(each["exemplar"])["curl"])]
    return "\n".join(lines)
