"""Annotations and the step summary: what a GitHub Actions job shows, and what an endpoint cannot make it do."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.report import github

from .conftest import Ran, Report
from .test_published import of_every_verdict

COMMAND = re.compile(r"::(error|warning|notice) title=([^:,]*)::(.*)")
"""A line as the runner reads it: a command, its one property up to the next two colons, and data."""


def unescaped(words: str) -> str:
    """As the runner shows it."""
    for code, character in {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ",", "%25": "%"}.items():
        words = words.replace(code, character)
    return words


def told(report: Report, **environment: str) -> list[tuple[str, str, str]]:
    """What a job is told: kind, title and words of each line."""
    said: list[str] = []
    github.tell(report, {"GITHUB_ACTIONS": "true", **environment}, said.append)
    found = [COMMAND.fullmatch(each) for each in said]
    assert None not in found
    return [(each[1], unescaped(each[2]), unescaped(each[3])) for each in found if each]


def test_outside_of_github_nothing_is_said(spoil: Callable[..., Ran], tmp_path: Path) -> None:
    """Without GITHUB_ACTIONS there is neither an annotation nor a summary."""
    said: list[str] = []
    github.tell(spoil("ignores-n").copied(), {"GITHUB_STEP_SUMMARY": str(tmp_path / "summary")}, said.append)
    assert said == []
    assert list(tmp_path.iterdir()) == []


def test_each_finding_is_an_annotation(spoil: Callable[..., Ran]) -> None:
    """Our error and a fail are errors, a warn is a warning, whatever else there is is none."""
    report = of_every_verdict(spoil("ignores-n"))
    found = [(kind, title) for kind, title, _ in told(report)]
    assert found == [("error", "part.error"), ("error", "part.fail"), ("warning", "part.warn")]
    (words,) = (words for _, title, words in told(report) if title == "part.fail")
    assert words == report["requirements"][1]["violations"][0]["message"]


def test_there_are_ten_of_a_kind(crowded: Report) -> None:
    """GitHub shows ten errors of a step: the tenth is the outcome's where that is undecided, and how many more there
    are is said."""
    found = told(crowded)
    assert [kind for kind, _, _ in found] == ["error"] * 10 + ["notice"]
    assert found[-1][2] == "490 more of kind error"
    found = told({**crowded, "outcome": "undecided"})
    assert [kind for kind, _, _ in found].count("error") == 10
    assert ("error", "outcome") in [each[:2] for each in found]


def test_the_summary_is_appended(spoil: Callable[..., Ran], tmp_path: Path) -> None:
    """What other steps wrote is left alone, and two runs of a job are both there."""
    summary, ran = tmp_path / "summary", spoil("ignores-n")
    summary.write_text("before\n")
    for _ in range(2):
        told(ran.copied(), GITHUB_STEP_SUMMARY=str(summary))
    assert summary.read_text("utf-8") == "before\n" + 2 * (ran.out / "summary.md").read_text("utf-8")


def test_a_summary_that_cannot_be_written_is_said_to_be_so(spoil: Callable[..., Ran], tmp_path: Path) -> None:
    """That is no reason for another verdict."""
    assert told(spoil("ignores-n").copied(), GITHUB_STEP_SUMMARY=str(tmp_path))[-1] == (
        "notice",
        "summary",
        "GITHUB_STEP_SUMMARY: Is a directory",
    )


def test_an_endpoint_cannot_speak_to_the_runner(harmful: Ran) -> None:
    """Whatever an endpoint says, each annotation is one line and one command, without controls."""
    found = told(harmful.copied())
    assert any("pwned" in words for _, _, words in found)
    assert all((title + words).isprintable() for _, title, words in found)


@settings(deadline=None)
@given(title=st.text(alphabet="a:,%\r\n ", min_size=1), words=st.text(alphabet="a:,%\r\n0AD "))
def test_no_words_end_an_annotation(title: str, words: str) -> None:
    """Colons, commas, per cent signs and line ends come out as they went in, line ends as blanks."""
    found = COMMAND.fullmatch(github._command("error", title, words))
    assert found is not None
    assert unescaped(found[2]) == " ".join(title.split())
    assert unescaped(found[3]) == " ".join(words.split())


@pytest.fixture
def _in_github(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))


@pytest.mark.usefixtures("_in_github")
def test_judge_tells_too(spoil: Callable[..., Ran], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command says the annotations before its last line, which stays the outcome's."""
    from conformance.cli import main

    assert main(["judge", str(spoil("ignores-n").out)]) == 1
    *annotations, last = capsys.readouterr().out.splitlines()
    assert annotations
    assert all(each.startswith(("::error ", "::warning ")) for each in annotations)
    assert last.startswith("nonconformant: ")
    assert (tmp_path / "summary").read_text("utf-8").startswith("### chat-conformance highwayapi: NONCONFORMANT")
