"""report.json: what a run amounts to, and that it follows from the evidence alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance import evidence as evidences
from conformance.hearing import hear, rows_of, setting_of
from conformance.judge import Judged, Unit
from conformance.model import JSON, Kind, Level, Outcome, UsageError, Verdict, Violation
from conformance.reply import objects
from conformance.report import document, files
from conformance.requirement import Requirement, Row

from .conftest import Ran

MUST, SHOULD, OBSERVE = Level.MUST, Level.SHOULD, Level.OBSERVE
PASS, FAIL, WARN, OBSERVED = Verdict.PASS, Verdict.FAIL, Verdict.WARN, Verdict.OBSERVED
UNSUPPORTED, INCONCLUSIVE, KNOWN, ERROR = Verdict.UNSUPPORTED, Verdict.INCONCLUSIVE, Verdict.KNOWN, Verdict.ERROR
GOOD, BAD, OPEN = Outcome.CONFORMANT, Outcome.NONCONFORMANT, Outcome.UNDECIDED

VIEWS = (
    "report.json",
    "report.html",
    "junit.xml",
    "ctrf.json",
    "report.sarif",
    "summary.md",
    "badge.json",
    "badge.svg",
)

Said = tuple[Level, str | None, Verdict]
"""A row: its level, its feature and its verdict."""

CORE: Said = (MUST, None, PASS)


def judged(said: Said, like: Requirement) -> Judged:
    """A verdict on a requirement of this level and feature."""
    level, feature, verdict = said
    made = Row(requirement=replace(like, level=level, feature=feature), parameter=None, feature=feature)
    return Judged(row=made, verdict=verdict)


def exit_code(outcome: Outcome, said: list[Said], *, strict: bool = False, stale: list[JSON] | None = None) -> int:
    """The exit code of a report with these verdicts."""
    counts: dict[str, JSON] = {verdict.value: sum(each[2] is verdict for each in said) for verdict in Verdict}
    return document.exit_code({"counts": counts, "outcome": outcome.value, "stale": stale or [], "strict": strict})


@pytest.fixture(scope="module")
def requirement(spoil: Callable[..., Ran]) -> Requirement:
    """Some requirement."""
    rows, _ = rows_of(spoil("ignores-n").evidence, spoil("ignores-n").contract)
    return rows[0].requirement


@pytest.mark.parametrize(
    ("said", "complete", "outcome", "code", "strict_code"),
    [
        ([CORE], True, GOOD, 0, 0),
        ([CORE, (SHOULD, None, PASS), (OBSERVE, None, OBSERVED)], True, GOOD, 0, 0),
        ([CORE, (MUST, None, FAIL)], True, BAD, 1, 1),
        ([CORE, (MUST, "n", FAIL)], True, BAD, 1, 1),
        ([CORE, (MUST, None, KNOWN)], True, GOOD, 0, 0),
        ([CORE, (SHOULD, None, WARN)], True, GOOD, 0, 1),
        ([CORE, (MUST, None, WARN)], True, GOOD, 0, 1),
        ([CORE, (MUST, None, INCONCLUSIVE)], True, OPEN, 3, 3),
        ([CORE, (MUST, "n", INCONCLUSIVE)], True, GOOD, 0, 3),
        ([CORE, (SHOULD, None, INCONCLUSIVE)], True, GOOD, 0, 3),
        ([CORE, (OBSERVE, None, INCONCLUSIVE)], True, GOOD, 0, 3),
        ([CORE, (MUST, "n", UNSUPPORTED)], True, GOOD, 0, 0),
        ([CORE], False, OPEN, 3, 3),
        ([CORE, (MUST, None, FAIL)], False, BAD, 1, 1),
        ([], True, OPEN, 3, 3),
        ([(MUST, "n", UNSUPPORTED)], True, OPEN, 3, 3),
        ([(SHOULD, None, INCONCLUSIVE)], True, OPEN, 3, 3),
        ([(OBSERVE, None, OBSERVED)], True, GOOD, 0, 0),
        ([(MUST, None, INCONCLUSIVE), (MUST, None, FAIL)], True, BAD, 1, 1),
        ([(MUST, None, INCONCLUSIVE), (SHOULD, None, WARN)], True, OPEN, 3, 1),
        ([CORE, (MUST, None, ERROR)], True, OPEN, 2, 2),
        ([CORE, (SHOULD, "n", ERROR)], True, OPEN, 2, 2),
        ([(MUST, None, FAIL), (MUST, None, ERROR)], True, BAD, 2, 2),
        ([(MUST, None, INCONCLUSIVE), (MUST, None, ERROR)], False, OPEN, 2, 2),
    ],
)
def test_what_verdicts_amount_to(
    said: list[Said], complete: bool, outcome: Outcome, code: int, strict_code: int, requirement: Requirement
) -> None:
    """An outcome and its exit code follow from the verdicts, 2 before 1 before 3 before 0, and nothing untested is green."""
    assert document.outcome_of([judged(each, requirement) for each in said], complete=complete) is outcome
    assert exit_code(outcome, said) == code
    assert exit_code(outcome, said, strict=True) == strict_code


@pytest.mark.parametrize(
    ("said", "code"), [([CORE], 1), ([CORE, (MUST, None, INCONCLUSIVE)], 1), ([(MUST, None, ERROR)], 2)]
)
def test_a_stale_baseline_entry_fails_the_run(said: list[Said], code: int) -> None:
    """An allowance that no longer shows fails the run, unless the suite itself has failed."""
    outcome = GOOD if said == [CORE] else OPEN
    assert exit_code(outcome, said, stale=[{"id": "n.count"}]) == code


def again(ran: Ran, out: Path) -> dict[str, JSON]:
    """The report that `judge` makes offline of what a run left, written to a folder."""
    report = document.make(evidences.read(ran.out / "evidence.ndjson"), ran.contract)
    files.write(report, out)
    return report


def assert_same(ran: Ran, out: Path) -> None:
    assert again(ran, out) == ran.report
    for name in VIEWS:
        assert (out / name).read_bytes() == (ran.out / name).read_bytes(), name


def test_judging_offline_makes_the_same_of_a_clean_run(clean: Ran, tmp_path: Path) -> None:
    """From its evidence alone, report.json and each of its views are made again to the byte."""
    assert_same(clean, tmp_path)


@pytest.mark.parametrize("fault", ["ignores-n", "stop-cut-out", "errors-as-html"])
def test_judging_offline_makes_the_same_of_a_spoilt_run(fault: str, spoil: Callable[..., Ran], tmp_path: Path) -> None:
    """Findings, exemplars and repeats included, judging offline says what the run said."""
    assert_same(spoil(fault), tmp_path)


def test_judging_offline_makes_the_same_of_harmful_replies(harmful: Ran, tmp_path: Path) -> None:
    """Half characters, controls and bytes that are no UTF-8 survive the evidence as they came."""
    assert_same(harmful, tmp_path)


def cut(ran: Ran, out: Path, lines: int, rest: bytes = b"") -> dict[str, JSON]:
    """The report of evidence that ends after so many lines (from the end, if negative)."""
    kept = (ran.out / "evidence.ndjson").read_bytes().splitlines(keepends=True)[:lines]
    path = out / "evidence.ndjson"
    path.write_bytes(b"".join(kept) + rest)
    return document.make(evidences.read(path), ran.contract)


def test_a_run_without_a_footer_is_undecided(clean: Ran, tmp_path: Path) -> None:
    """Evidence that ends before its footer, or in half a line, is incomplete, and never conformant."""
    for rest in (b"", b'{"kind":"foo'):
        report = cut(clean, tmp_path, -1, rest)
        assert not report["complete"]
        assert report["outcome"] == "undecided"
        assert document.exit_code(report) == 3
        assert report["duration"] == 0


def test_an_incomplete_run_that_found_a_fault_is_nonconformant(spoil: Callable[..., Ran], tmp_path: Path) -> None:
    """What was found before the end stays found."""
    report = cut(spoil("stop-cut-out"), tmp_path, -1)
    assert not report["complete"]
    assert report["outcome"] == "nonconformant"


def test_a_run_that_had_hardly_begun_decides_nothing(spoil: Callable[..., Ran], tmp_path: Path) -> None:
    """A header alone is a report in which nothing was judged."""
    report = cut(spoil("ignores-n"), tmp_path, 1)
    assert report["outcome"] == "undecided"
    assert {row["verdict"] for row in objects(report["requirements"])} <= {"inconclusive", "unsupported"}


def test_changed_evidence_is_refused(spoil: Callable[..., Ran], tmp_path: Path) -> None:
    """A line that was taken out of the evidence is named, not judged around."""
    lines = (spoil("ignores-n").out / "evidence.ndjson").read_bytes().splitlines(keepends=True)
    (tmp_path / "evidence.ndjson").write_bytes(b"".join(lines[:5] + lines[6:]))
    with pytest.raises(UsageError, match="line 6: the line before it was changed"):
        evidences.read(tmp_path / "evidence.ndjson")


def test_strict_changes_no_verdict(spoil: Callable[..., Ran]) -> None:
    """Under --strict the exit code is another, and of report.json only that it was strict."""
    ran = spoil("errors-as-html")
    strict = document.make(ran.evidence, ran.contract, strict=True)
    assert (document.exit_code(ran.report), document.exit_code(strict)) == (0, 1)
    assert {**strict, "strict": False} == ran.report


def test_the_sums_agree(clean: Ran, harmful: Ran) -> None:
    """Counts add up to the rows, and a statement's verdict is one of its requirements'."""
    for ran in (clean, harmful):
        report = ran.copied()
        rows = report["requirements"]
        assert sum(report["counts"].values()) == len(rows) == report["coverage"]["rows"]
        for verdict, count in report["counts"].items():
            assert sum(row["verdict"] == verdict for row in rows) == count
        for each in report["coverage"]["statements"]:
            verdicts = {row["verdict"] for row in rows if row["id"] in each["requirements"]}
            assert each["verdict"] in (verdicts or {None})
        assert report["requests"] == len(ran.evidence.exchanges)


def test_an_exemplar_is_short(harmful: Ran) -> None:
    """A finding has at most three exemplars, and whatever came, each text of one is at most two kilobytes."""
    rows = harmful.copied()["requirements"]
    assert max(len(row["violations"]) for row in rows) == 3
    for each in (violation for row in rows for violation in row["violations"]):
        exemplar = each["exemplar"]
        for text in (exemplar["request"], exemplar["excerpt"]):
            assert len(text.encode("utf-8", "surrogatepass")) <= 2000
        for text in (each["pointer"], each["observed"], each["expected"]):
            assert len(text) <= 500
        assert each["message"] == f"{each['pointer']} is {each['observed']}, not {each['expected']}"


@pytest.mark.parametrize(
    ("fault", "row", "expected"),
    [
        ("ignores-n", "choices.count", [["n", "3", None]]),
        ("stop-cut-out", "stop.ends-output", [["stop", ..., None]]),
        ("serves-any-key", "auth.wrong-key", [["header authorization", "Bearer a-wrong-key", "Bearer $API_KEY"]]),
        ("errors-as-html", "errors.json", [["body", "", ...]]),
        ("created-in-milliseconds", "envelope.created-in-seconds", []),
    ],
)
def test_a_finding_names_its_control(
    fault: str, row: str, expected: list[list[Any]], spoil: Callable[..., Ran]
) -> None:
    """A finding is shown beside the answered request that differs least; one that needs no control has none."""
    exemplar = spoil(fault).rows[row]["violations"][0]["exemplar"]
    assert len(exemplar["difference"]) == len(expected)
    for got, wanted in zip(exemplar["difference"], expected, strict=True):
        assert [a for a, b in zip(got, wanted, strict=True) if b is not ...] == [b for b in wanted if b is not ...]
    assert (exemplar["control"] is None) == (expected == [])
    assert exemplar["control"] is None or exemplar["control"]["status"] == 200


def test_an_equal_request_is_no_control(requirement: Requirement, spoil: Callable[..., Ran]) -> None:
    """Of the requests of a script the nearest is the control, but one that is the same has nothing to tell."""
    some = next(each for each in spoil("ignores-n").evidence.exchanges if each.ok)
    bodies = [b'{"a":1}', b'{"a":1}', b'{"b":2}', b'{"a":2}']
    same, shown, far, near = (
        replace(some, n=n, request=replace(some.request, body=body)) for n, body in enumerate(bodies, 1)
    )
    unit = Unit(exchanges=(same, shown, far, near), findings=())
    row = judged(CORE, replace(requirement, kind=Kind.SCENARIO))
    violation = Violation(pointer="/", observed="x", expected="y", exchanges=(2,))
    hearing = hear(spoil("ignores-n").evidence, setting_of(spoil("ignores-n").evidence, spoil("ignores-n").contract))
    assert document._control(shown, violation, row, unit, hearing) is near
    alone = Unit(exchanges=(same, shown), findings=())
    assert document._control(shown, violation, row, alone, hearing) is None


def test_two_replies_that_contradict_each_other_are_both_shown(spoil: Callable[..., Ran]) -> None:
    """Where a violation names two exchanges, the other one is the control."""
    violation = spoil("constant-id").rows["envelope.unique-id"]["violations"][0]
    assert violation["exemplar"]["control"]["exchange"] != violation["exchange"]
    assert '"chatcmpl-1"' in violation["exemplar"]["control"]["excerpt"]


def test_a_count_of_tokens_too_long_to_be_written_does_no_harm(spoil: Callable[..., Ran]) -> None:
    """Token counts that cannot be are left out of the sum, so that no endpoint can make it unwritable."""
    ran = spoil("ignores-n")
    first = next(each for each in ran.evidence.exchanges if each.ok)
    huge = b'{"model":"m","usage":{"prompt_tokens":' + b"9" * 4300 + b',"completion_tokens":-5}}'
    exchanges = [replace(first, pieces=((0.1, huge),)) for _ in range(9)]
    report = document.make(replace(ran.evidence, exchanges=exchanges), ran.contract)
    assert report["tokens"] == {"prompt": 0, "completion": 0}
    json.dumps(report)
