"""Runs after runs: what changed since an earlier one, and asking again only what failed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conformance import catalogue
from conformance import contract as contracts
from conformance.cli import main
from conformance.evidence import read
from conformance.mutants import Mutant
from conformance.reference.app import running
from conformance.reference.endpoint import Endpoint
from conformance.report import gate
from conformance.report.changes import since, verdicts
from conformance.report.document import rows_by_id
from conformance.spoil import completion

SOME = ["--select", "choices", "--select", "envelope", "--depth", "smoke"]


def report(out: Path) -> dict[str, Any]:
    """The report in a folder."""
    return dict(json.loads((out / "report.json").read_text()))


def failed(out: Path) -> list[str]:
    """The rows that fail."""
    return [name for name, row in rows_by_id(report(out)).items() if row["verdict"] == "fail"]


def ran(out: Path, fault: str | Mutant | None, *options: str) -> int:
    """Test an endpoint with this fault or none; the exit code."""
    mutant = catalogue.fault(fault) if isinstance(fault, str) else fault
    with running(Endpoint(contracts.load("highwayapi"), mutant=mutant)) as url:
        target = ["--base-url", url, "--model", "reference", "--out", str(out)]
        return main(["run", *target, *(() if "--select" in options else SOME), *options])


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run in which choices.count fails."""
    out = tmp_path_factory.mktemp("before") / "out"
    assert ran(out, "ignores-n") == 1
    return out


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run in which nothing fails."""
    out = tmp_path_factory.mktemp("sound") / "out"
    assert ran(out, None) == 0
    return out


def test_only_new_failures_fail(before: Path, tmp_path: Path) -> None:
    """With --fail-on new what failed before fails no more; verdicts and outcome are as ever, and the report says so."""
    assert ran(tmp_path / "a", "ignores-n", "--since", str(before)) == 1
    assert ran(tmp_path / "b", "ignores-n", "--since", str(before / "report.json"), "--fail-on", "new") == 0
    found = report(tmp_path / "b")
    assert found["outcome"] == "nonconformant"
    assert (found["since"]["new"], found["since"]["fixed"]) == ([], [])
    assert found["since"]["still"] == failed(before) == failed(tmp_path / "b")
    assert "still failing." in (tmp_path / "b" / "report.html").read_text()


def test_a_new_failure_fails(sound: Path, tmp_path: Path) -> None:
    """What did not fail before is new, by name, and fails the run."""
    assert ran(tmp_path / "a", "ignores-n", "--since", str(sound), "--fail-on", "new") == 1
    found = report(tmp_path / "a")
    assert "choices.count" in found["since"]["new"]
    words = f"Since the run of {report(sound)['started']}: {len(found['since']['new'])} new ("
    assert words in (tmp_path / "a" / "summary.md").read_text()


def test_what_was_fixed(before: Path, tmp_path: Path) -> None:
    """What failed and passes now is fixed."""
    assert ran(tmp_path / "a", None, "--since", str(before), "--fail-on", "new") == 0
    assert report(tmp_path / "a")["since"]["fixed"] == failed(before)
    words = f": 0 new, {len(failed(before))} fixed ({failed(before)[0]}"
    assert words in (tmp_path / "a" / "summary.md").read_text()


def test_new_warnings_under_strict(sound: Path, tmp_path: Path) -> None:
    """Under --strict a new warning fails too, and one that was there does not."""
    assert ran(tmp_path / "a", "whole-replies-as-text", "--since", str(sound), "--fail-on", "new") == 0
    assert ran(tmp_path / "b", "whole-replies-as-text", "--since", str(sound), "--fail-on", "new", "--strict") == 1
    again = ("--since", str(tmp_path / "a"), "--fail-on", "new", "--strict")
    assert ran(tmp_path / "c", "whole-replies-as-text", *again) == 0


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, 0),
        ({"complete": False}, 3),
        ({"stale": [{}]}, 1),
        ({"envelope.id": "inconclusive"}, 3),
        ({"envelope.media-type": "inconclusive"}, 0),
        ({"envelope.media-type": "inconclusive", "strict": True}, 3),
        ({"envelope.id": "error"}, 2),
    ],
)
def test_what_is_old_hides_nothing_else(change: dict[str, Any], code: int, before: Path) -> None:
    """Where nothing new fails, what else a run exits with holds: an error, an entry that must go, undecided."""
    found = report(before)
    found["since"] = since(found, verdicts(found))
    for name, value in change.items():
        row = rows_by_id(found).get(name)
        if row is None:
            found[name] = value
        else:
            found["counts"][row["verdict"]] -= 1
            found["counts"][value] += 1
            row["verdict"] = value
    assert gate.new_only(found) == code


def test_bad_usage(before: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot be compared is one line, before anything is sent."""
    (tmp_path / "report.json").write_text("[]")
    for options, says in (
        (["--fail-on", "new"], "--fail-on new needs --since"),
        (["--since", str(tmp_path / "nix")], "cannot read"),
        (["--since", str(tmp_path)], "is no report.json"),
        (["--since", ""], "--since is empty"),
        (["--since", str(before), "--contract", "myrouter"], "is of contract highwayapi, not myrouter"),
    ):
        assert main(["run", *options]) == 2
        err = capsys.readouterr().err
        assert err.count("\n") == 1
        assert says in err


def test_rerun_asks_only_what_failed(before: Path, tmp_path: Path) -> None:
    """`rerun --failed` judges the rows that failed and no other, with the run's own options, and says what was fixed."""
    with running(Endpoint(contracts.load("highwayapi"))) as url:
        assert main(["rerun", str(before), "--failed", "--base-url", url, "--out", str(tmp_path / "a")]) == 0
    found = report(tmp_path / "a")
    assert [*rows_by_id(found)] == failed(before) == found["since"]["fixed"]
    assert found["requests"] < report(before)["requests"]
    assert (found["depth"], found["target"]["model"]) == ("smoke", "reference")


def test_rerun_of_what_still_fails(tmp_path: Path) -> None:
    """At the same endpoint the same fails again; only the options that are given differ."""
    with running(Endpoint(contracts.load("highwayapi"), mutant=catalogue.fault("ignores-n"))) as url:
        assert main(["run", "--base-url", url, "--model", "reference", "--out", str(tmp_path / "a"), *SOME]) == 1
        assert main(["rerun", str(tmp_path / "a"), "--failed", "--seed", "7", "--out", str(tmp_path / "b")]) == 1
        assert main(["rerun", str(tmp_path / "a"), "--out", str(tmp_path / "c")]) == 1
    assert failed(tmp_path / "b") == failed(tmp_path / "a")
    assert report(tmp_path / "b")["seed"] == 7
    assert [*rows_by_id(report(tmp_path / "c"))] == [*rows_by_id(report(tmp_path / "a"))]


def test_rerun_asks_what_showed_the_failure(tmp_path: Path) -> None:
    """A failure that only another requirement's requests show is shown again."""
    fault = completion(
        "no-id-of-several",
        "replies of several choices have no id",
        lambda _, body: body.pop("id"),
        when=lambda sent: sent.get("n") not in (None, 1),
    )
    with running(Endpoint(contracts.load("highwayapi"), mutant=fault)) as url:
        assert main(["run", "--base-url", url, "--model", "reference", "--out", str(tmp_path / "a"), *SOME]) == 1
        assert failed(tmp_path / "a") == ["envelope.id"]
        assert main(["rerun", str(tmp_path / "a"), "--failed", "--out", str(tmp_path / "b")]) == 1
    assert failed(tmp_path / "b") == ["envelope.id"]
    asked = {case.scenario for case in read(tmp_path / "b" / "evidence.ndjson").cases.values()}
    assert "several" in asked
    assert report(tmp_path / "b")["requests"] < report(tmp_path / "a")["requests"]


def test_rerun_of_nothing(sound: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where nothing failed there is nothing to ask again, which is no success."""
    assert main(["rerun", str(sound), "--failed"]) == 2
    assert "nothing failed in" in capsys.readouterr().err
