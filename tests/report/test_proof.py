"""The self-check's figures: written by selfcheck, shown of the same version only."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from conformance import __version__, cli, selfcheck
from conformance.report import html, proof
from conformance.selfcheck import CLEAN, Proof

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


def test_they_are_packed_and_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What `selfcheck --pack` writes is what reports of this version read, and of no other version."""
    monkeypatch.setattr(selfcheck, "prove", lambda _: iter(proofs()))
    monkeypatch.setattr(proof, "PACKED", tmp_path / "selfcheck.json")
    assert cli.main(["selfcheck", "--pack"]) == 1
    assert proof.packed(__version__, proof.PACKED) == selfcheck.figures(proofs() * 5)
    assert proof.packed("0.0.0", proof.PACKED) is None


@pytest.mark.parametrize("content", ["", "{", "[]", "1", "{}", "\x00"])
def test_what_cannot_be_read_is_not_there(content: str, tmp_path: Path) -> None:
    """A file of another shape, and none at all, are no figures."""
    assert proof.packed(__version__, tmp_path / "none.json") is None
    (tmp_path / "selfcheck.json").write_text(content)
    assert proof.packed(__version__, tmp_path / "selfcheck.json") is None


def test_a_part_is_not_packed(capsys: pytest.CaptureFixture[str]) -> None:
    """Figures of some contracts alone are refused in one line."""
    assert cli.main(["selfcheck", "--pack", "--contract", "highwayapi"]) == 2
    assert "leave --contract out" in capsys.readouterr().err


def test_the_page_shows_them(spoil: Callable[..., Ran]) -> None:
    """The page says what the self-check found, and nothing where it has no figures."""
    report = {**spoil("ignores-n").copied(), "selfcheck": None}
    assert "Self-check" not in Page(html.render(report)).words
    figures = json.loads(json.dumps(selfcheck.figures(proofs())))
    assert "of 3 faults put into a conforming endpoint, one at a time, the requirements caught 2;" in (
        Page(html.render({**report, "selfcheck": figures})).words
    )
