"""Accepted deviations: what they accept, and that they do not rot."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from conformance import baseline, catalogue
from conformance import contract as contracts
from conformance.cli import main
from conformance.model import UsageError, Verdict
from conformance.reference.app import running
from conformance.reference.endpoint import Endpoint
from conformance.remark import Address
from conformance.reply import objects
from conformance.report.document import rows_by_id

CONTRACT = contracts.load("highwayapi")
KNOWN = """format = 1

[[known]]
requirement = "choices.count"
reason = "n is not offered before release 5" # asked for in May
link = "https://example.com/n"
"""
SOME = ["--select", "choices", "--depth", "smoke"]


@pytest.fixture(scope="module")
def failing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run in which choices.count and no other requirement of two parts fails."""
    out = tmp_path_factory.mktemp("failing") / "out"
    with running(Endpoint(CONTRACT, mutant=catalogue.fault("ignores-n"))) as url:
        assert main(["run", "--base-url", url, "--model", "reference", "--out", str(out), *SOME]) == 1
    return out


def report(out: Path) -> dict[str, Any]:
    """The report in a folder."""
    return dict(json.loads((out / "report.json").read_text()))


def failed(out: Path) -> list[str]:
    """The rows that fail."""
    return [name for name, row in rows_by_id(report(out)).items() if row["verdict"] == "fail"]


def passed(out: Path) -> str:
    """A MUST that passes."""
    rows = objects(report(out)["requirements"])
    return next(str(row["id"]) for row in rows if row["verdict"] == "pass" and row["level"] == "MUST")


def entry(requirement: str, *more: str) -> str:
    """A baseline of one entry."""
    return "\n".join(["format = 1", "[[known]]", f'requirement = "{requirement}"', 'reason = "because"', *more])


def accepting(rows: list[str]) -> str:
    """A baseline that accepts these rows."""
    return "format = 1\n" + "".join(f'[[known]]\nrequirement = "{row}"\nreason = "because"\n' for row in rows)


def judged(failing: Path, text: str, tmp_path: Path) -> tuple[int, dict[str, Any]]:
    """The exit code and the report of the run, judged with a baseline of this text."""
    (tmp_path / "known.toml").write_text(text)
    code = main(["judge", str(failing), "--baseline", str(tmp_path / "known.toml"), "--out", str(tmp_path / "again")])
    return code, report(tmp_path / "again")


def test_an_accepted_failure_is_known(failing: Path, tmp_path: Path) -> None:
    """What fails and is accepted is `known`, for the entry's reason, and fails the run no more."""
    code, found = judged(failing, accepting(failed(failing)), tmp_path)
    assert code == 0
    assert found["outcome"] == "conformant"
    assert found["counts"]["fail"] == 0
    assert found["counts"]["known"] == found["baseline"] == len(failed(failing)) > 0
    row = rows_by_id(found)["choices.count"]
    assert (row["verdict"], row["reason"]) == ("known", "because")
    assert row["known"] == {"reason": "because", "expires": None, "link": None}
    assert report(failing)["baseline"] is None


def test_others_still_fail(failing: Path, tmp_path: Path) -> None:
    """An entry accepts one row, and no other failure."""
    code, found = judged(failing, entry("choices.indexes"), tmp_path)
    assert code == 1
    assert rows_by_id(found)["choices.count"]["verdict"] == "fail"


def test_a_stale_entry_fails_the_run(failing: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An entry whose requirement passes makes the run nonconformant, and report, console, page and JUnit name it."""
    row = passed(failing)
    code, found = judged(failing, accepting([*failed(failing), row]), tmp_path)
    assert code == 1
    assert found["outcome"] == "nonconformant"
    assert [(each["requirement"], each["why"]) for each in found["stale"]] == [(row, "passes")]
    says = f"The baseline accepts that {row} fails, but it passes: take the entry out."
    assert says in capsys.readouterr().out
    for name in ("report.html", "summary.md"):
        assert says in (tmp_path / "again" / name).read_text()
    junit = (tmp_path / "again" / "junit.xml").read_text()
    assert 'failures="1"' in junit
    assert f"outcome: nonconformant: The baseline accepts that {row} fails" in junit


def test_an_expired_entry_accepts_nothing(failing: Path, tmp_path: Path) -> None:
    """An entry holds to the end of its last day; then the failure counts again and the entry is named."""
    day = report(failing)["started"][:10]
    rows = failed(failing)
    code, found = judged(
        failing, accepting(rows[1:]) + entry(rows[0], f"expires = {day}").removeprefix("format = 1"), tmp_path
    )
    assert code == 0
    assert rows_by_id(found)[rows[0]]["known"] == {"reason": "because", "expires": day, "link": None}
    code, found = judged(
        failing, accepting(rows[1:]) + entry(rows[0], "expires = 2020-01-31").removeprefix("format = 1"), tmp_path
    )
    assert code == 1
    assert rows_by_id(found)[rows[0]]["verdict"] == "fail"
    assert [(each["requirement"], each["why"], each["expires"]) for each in found["stale"]] == [
        (rows[0], "expired", "2020-01-31")
    ]


def test_what_was_not_judged_leaves_its_entry_alone(failing: Path, tmp_path: Path) -> None:
    """A row outside of the selection, or of a feature that is off, is no proof that its entry can go."""
    code, found = judged(failing, accepting([*failed(failing), "stop.ends-output"]), tmp_path)
    assert (code, found["stale"]) == (0, [])


BAD = {
    "no file": (None, "known.toml: No such file"),
    "no TOML": ("format =", "not TOML"),
    "no format": ('[[known]]\nrequirement = "choices.count"\nreason = "x"', "format is missing"),
    "unknown key": (entry("choices.count", "until = 2027-01-01"), "known 1: until is unknown"),
    "no reason": ('format = 1\n[[known]]\nrequirement = "choices.count"', "known 1: reason is missing"),
    "empty reason": ('format = 1\n[[known]]\nrequirement = "choices.count"\nreason = ""', "reason is empty"),
    "unknown requirement": (entry("choices.cout"), "did you mean 'choices.count'?"),
    "another contract's": (entry("tools.choice-required"), "contract v3-openai has no requirement"),
    "which parameter": (entry("ranges.accepts-valid"), "say which, as parameter = "),
    "no such parameter": (entry("ranges.accepts-valid", 'parameter = "nix"'), "has no parameter 'nix'"),
    "a recommendation": (entry("errors.json"), "is no MUST"),
    "no date": (entry("choices.count", 'expires = "soon"'), "expires is 'soon', not a date"),
    "a time": (entry("choices.count", "expires = 2027-01-01T00:00:00Z"), "not a date like"),
    "no link": (entry("choices.count", 'link = "javascript:alert(1)"'), "not an address"),
    "twice": (accepting(["choices.count", "choices.count"]), "choices.count is there twice"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_one_line(case: str, tmp_path: Path) -> None:
    """What is wrong with a baseline is one line that names the file and the entry."""
    text, says = BAD[case]
    path = tmp_path / "known.toml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(UsageError) as error:
        baseline.load(path, contracts.load("v3-openai" if "contract v3" in says else "highwayapi"))
    assert says in str(error.value)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_update_writes_what_fails(failing: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A new baseline accepts every failure of the run, and the run judged with it is conformant."""
    path = tmp_path / "known.toml"
    assert (
        main(["baseline", str(failing), "--update", str(path), "--reason", "asked for", "--expires", "2099-12-31"]) == 0
    )
    assert f"{len(failed(failing))} added, 0 removed, 0 kept" in capsys.readouterr().out
    entries = baseline.load(path, CONTRACT).entries
    assert list(entries) == failed(failing)
    assert {(each.reason, each.expires) for each in entries.values()} == {("asked for", date(2099, 12, 31))}
    assert judged(failing, path.read_text(), tmp_path)[0] == 0


def test_update_keeps_what_people_wrote(failing: Path, tmp_path: Path) -> None:
    """Merging takes out what passes, adds what fails, and keeps reasons, links, comments and what was not judged."""
    path = tmp_path / "known.toml"
    other = entry("stop.ends-output").removeprefix("format = 1")
    path.write_text(KNOWN + entry(passed(failing)).removeprefix("format = 1") + other)
    assert main(["baseline", str(failing), "--update", str(path)]) == 0
    text = path.read_text()
    assert text.startswith(KNOWN)
    entries = baseline.load(path, CONTRACT).entries
    assert set(entries) == {*failed(failing), "stop.ends-output"}
    assert judged(failing, text, tmp_path)[0] == 0


def test_update_renews_only_when_asked(tmp_path: Path) -> None:
    """An entry that has expired stays expired, unless a new last day is given."""
    path = tmp_path / "known.toml"
    fails = {Address(row="choices.count", requirement="choices.count", parameter=None): Verdict.FAIL}
    for expires, found in (
        (None, date(2020, 1, 31)),
        (date(2099, 1, 1), date(2099, 1, 1)),
        (date(2030, 1, 1), date(2099, 1, 1)),
    ):
        if not path.exists():
            path.write_text(entry("choices.count", "expires = 2020-01-31"))
        baseline.update(path, CONTRACT, fails, reason="new", expires=expires)
        kept = baseline.load(path, CONTRACT).entries["choices.count"]
        assert (kept.expires, kept.reason) == (found, "because")


def test_update_of_a_row_with_a_parameter(tmp_path: Path) -> None:
    """Rows of one requirement for several parameters have an entry each."""
    path = tmp_path / "known.toml"
    rows = [
        Address(row=f"ranges.accepts-valid:{name}", requirement="ranges.accepts-valid", parameter=name)
        for name in ("top_p", "temperature")
    ]
    baseline.update(path, CONTRACT, dict.fromkeys(rows, Verdict.FAIL), reason="because", expires=None)
    assert set(baseline.load(path, CONTRACT).entries) == {each.row for each in rows}
