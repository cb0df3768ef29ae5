"""The self-check's figures: written by selfcheck, shown of the same version only."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from conformance import __version__, cli, selfcheck
from conformance.report import html, proof
from conformance.selfcheck import Proof
from conformance.workbench import CLEAN

from .conftest import Ran
from .test_html import Page


def proofs() -> list[Proof]:
    """Two rows of two contracts, one of whose mutants lives."""

    def made(contract: str, row: str, mutant: str, got: str) -> Proof:
        return Proof(contract=contract, row=row, mutant=mutant, wanted="pass" if mutant == CLEAN else "fail", got=got)

    return [
        made("one", "a.b", CLEAN, "pass"),
        made("one", "a.b", "spoils", "fail"),
        made("one", "a.c:n", "spoils", "pass"),
        made("two", "a.b", CLEAN, "pass"),
        made("two", "a.b", "spoils", "fail"),
    ]


def test_figures_are_the_sums_of_the_matrix() -> None:
    """Kills are counted by contract, row and mutant; a mutant that lives is not among the killed."""
    assert selfcheck.figures(proofs()) == {
        "suite_version": __version__,
        "contracts": 2,
        "requirements": 2,
        "mutants": 1,
        "kills": 3,
        "killed": 2,
        "rows": 2,
        "passed": 2,
    }


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where figures are kept in a test."""
    monkeypatch.setattr(proof, "PACKED", tmp_path / "selfcheck.json")
    return tmp_path / "selfcheck.json"


def test_they_are_packed_and_read(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `selfcheck --pack` keeps is what reports read, as long as the code is the same."""
    monkeypatch.setattr(selfcheck, "side_by_side", lambda names, _: iter(proofs() * len(names)))
    assert cli.main(["selfcheck", "--pack"]) == 1
    assert proof.packed() == selfcheck.figures(proofs() * 5)
    monkeypatch.setattr(proof, "digest", lambda: "of other code")
    assert proof.packed() is None


def test_code_is_told_by_every_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A module that changes, comes, goes or has another name makes other code of it."""
    monkeypatch.setattr(proof, "PACKAGE", tmp_path)
    seen = set()
    for name, content in (("a.py", "1"), ("a.py", "2"), ("b.py", "2"), ("part/c.py", ""), ("part/c.txt", "no code")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
        proof.digest.cache_clear()
        seen.add(proof.digest())
    (tmp_path / "a.py").unlink()
    proof.digest.cache_clear()
    seen.add(proof.digest())
    proof.digest.cache_clear()
    assert len(seen) == 5


@pytest.mark.parametrize("content", [None, "", "{", "[]", "1", "{}", '{"code": null}', "\x00"])
def test_what_cannot_be_read_is_not_there(content: str | None, place: Path) -> None:
    """A file of another shape, and none at all, are no figures."""
    if content is not None:
        place.write_text(content)
    assert proof.packed() is None


def test_a_place_that_cannot_be_written_is_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where the package cannot be written to, the command says so and what to do."""
    monkeypatch.setattr(selfcheck, "side_by_side", lambda *_: iter(proofs()))
    monkeypatch.setattr(proof, "PACKED", tmp_path / "none" / "selfcheck.json")
    assert cli.main(["selfcheck", "--pack"]) == 2
    assert "run --pack in a checkout" in capsys.readouterr().err


def test_a_part_is_not_packed(capsys: pytest.CaptureFixture[str]) -> None:
    """Figures of some contracts or requirements alone are refused in one line."""
    for option, value in (("--contract", "highwayapi"), ("--select", "stop")):
        assert cli.main(["selfcheck", "--pack", option, value]) == 2
        assert "leave --contract and --select out" in capsys.readouterr().err


def test_the_page_shows_them(spoil: Callable[..., Ran]) -> None:
    """The page says what the self-check found, and nothing where it has no figures."""
    report = {**spoil("ignores-n").copied(), "selfcheck": None}
    assert "Self-check" not in Page(html.render(report)).words
    figures = json.loads(json.dumps(selfcheck.figures(proofs())))
    assert "of 3 faults put into a conforming endpoint, one at a time, the requirements caught 2;" in (
        Page(html.render({**report, "selfcheck": figures})).words
    )
