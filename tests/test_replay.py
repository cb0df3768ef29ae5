"""What was refused once is kept, and asked first by the next run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from conformance import contract as contracts
from conformance import replay
from conformance.cli import main
from conformance.model import UsageError
from conformance.mutants import Mutant, Refused
from conformance.reference.app import running
from conformance.reference.endpoint import Endpoint

CONTRACT = contracts.load("highwayapi")
KEY = "the-key-of-this-test"

SMALL_K = Mutant(
    name="small-k",
    about="a top_k below 5 is refused",
    refuse=lambda sent: Refused(status=400, parameter="top_k") if 0 < (sent.get("top_k") or 0) < 5 else None,
)


@contextmanager
def endpoint(mutant: Mutant | None) -> Iterator[str]:
    """An endpoint on a socket; the base URL."""
    with running(Endpoint(CONTRACT, key=KEY, mutant=mutant)) as url:
        yield url


def asked(url: str, out: Path, saved: Path, monkeypatch: pytest.MonkeyPatch, select: str = "ranges.*") -> int:
    """The exit code of a run."""
    monkeypatch.setenv("THE_KEY", KEY)
    given = ["--base-url", url, "--model", "reference", "--api-key-env", "THE_KEY", "--select", select]
    return main(["run", *given, "--out", str(out), "--replay", str(saved)])


def cases(out: Path) -> list[str]:
    """The cases of a run's exchanges, in order."""
    lines = map(json.loads, (out / "evidence.ndjson").read_text().splitlines())
    return [each["case"] for each in lines if "request" in each]


def test_saved_asked_first_and_green_when_fixed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal leaves a file; the next run asks it first; a fixed endpoint shows green and the file stays."""
    saved = tmp_path / "saved"
    with endpoint(SMALL_K) as url:
        assert asked(url, tmp_path / "1", saved, monkeypatch) == 1
        files = list(saved.iterdir())
        assert len(files) == 1
        kept = json.loads(files[0].read_text())
        assert kept["blamed"] == ["top_k"]
        assert kept["members"]["top_k"] < 5
        assert set(kept["members"]) == {"messages", "max_tokens", "top_k"}
        assert KEY not in files[0].read_text()
        assert asked(url, tmp_path / "2", saved, monkeypatch) == 1
        assert list(saved.iterdir()) == files
        assert cases(tmp_path / "2")[1].startswith("combination[")
    with endpoint(None) as url:
        assert asked(url, tmp_path / "3", saved, monkeypatch) == 0
    assert list(saved.iterdir()) == files


def test_nothing_saved(tmp_path: Path) -> None:
    """A folder that is not there holds nothing, and none is made for nothing."""
    assert replay.load(tmp_path / "none", CONTRACT) == []
    assert replay.save(tmp_path / "none", CONTRACT, []) == []
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("{", "is no saved request of format 1"),
        ("[]", "is no saved request of format 1"),
        ('{"format": 2, "contract": "highwayapi", "members": {}}', "is no saved request of format 1"),
        ('{"format": 1, "contract": "highwayapi", "members": 3}', "is no saved request of format 1"),
        ('{"format": 1, "contract": "myrouter", "members": {}}', "is of contract 'myrouter', not 'highwayapi'"),
    ],
)
def test_bad_files(tmp_path: Path, written: str, told: str) -> None:
    """A file that is no saved request of this contract is an error that names it."""
    (tmp_path / "one.json").write_text(written)
    with pytest.raises(UsageError, match=told) as caught:
        replay.load(tmp_path, CONTRACT)
    assert str(tmp_path / "one.json") in str(caught.value)


def test_unwritable(tmp_path: Path) -> None:
    """A folder that cannot be made is an error that says so."""
    (tmp_path / "file").write_text("")
    cause = type("Cause", (), {"blamed": ("n",), "exchange": type("E", (), {"sent": {"n": 1}, "status": 400})})()
    with pytest.raises(UsageError, match="--replay: cannot write"):
        replay.save(tmp_path / "file" / "folder", CONTRACT, [cause])
