"""Killed, interrupted or out of room at any moment: what was received is whole, and a resume comes to the same end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from conformance import evidence
from conformance.cli import main

from .kills import COMMAND, asked_twice, begun, left, served, start, verdicts, wait

KILLS = 5
"""Of the 100 moments that `python -m bench.kills` tries."""

SMOKE = ("--depth", "smoke")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """An endpoint that takes a moment for each answer, and has a fault."""
    with served("--latency", "60", "--fault", "ignores-n") as found:
        yield found


@pytest.fixture(scope="module")
def whole(url: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The verdicts of a run that nobody disturbed."""
    out = tmp_path_factory.mktemp("undisturbed")
    assert wait(start(url, out, *SMOKE)) == 1
    return verdicts(out)


@pytest.mark.long
def test_killed_again_and_again(url: str, tmp_path: Path, whole: dict[str, str]) -> None:
    """Wherever kill -9 hits, the evidence can be read and judged; the resumes ask nothing twice and end as a run that
    was left alone."""
    chance = Random(5)
    counts = [0]
    for _ in range(KILLS):
        process = start(url, tmp_path, *SMOKE)
        begun(process, tmp_path / "evidence.ndjson", counts[-1] + chance.randrange(3))
        process.kill()
        process.wait(10)
        found = left(tmp_path / "evidence.ndjson")
        assert found is None or not found.complete
        counts.append(len(found.exchanges) if found else 0)
    assert counts[-1] > 0
    assert counts == sorted(counts)
    assert main(["judge", str(tmp_path), "--out", str(tmp_path / "judged")]) in (1, 3)
    assert json.loads((tmp_path / "judged" / "report.json").read_text())["complete"] is False
    assert wait(start(url, tmp_path, *SMOKE)) == 1
    assert verdicts(tmp_path) == whole
    assert asked_twice(evidence.read(tmp_path / "evidence.ndjson").exchanges) == []


@pytest.mark.parametrize("numbers", [(signal.SIGINT,), (signal.SIGTERM,), (signal.SIGINT,) * 3], ids=str)
def test_asked_to_end(numbers: tuple[signal.Signals, ...], url: str, tmp_path: Path, whole: dict[str, str]) -> None:
    """Signals, impatient ones too, leave whole evidence; a single one the report, which says incomplete; then a resume
    ends the run."""
    process = start(url, tmp_path, *SMOKE)
    begun(process, tmp_path / "evidence.ndjson", 6)
    for number in numbers:
        process.send_signal(number)
    code = wait(process)
    found = left(tmp_path / "evidence.ndjson")
    assert found is not None
    assert not found.complete
    if len(numbers) == 1:
        assert code in (1, 3)  # a failure that was confirmed by then stays one
        assert json.loads((tmp_path / "report.json").read_text())["ended"]["why"] == "interrupted"
    assert wait(start(url, tmp_path, *SMOKE)) == 1
    assert verdicts(tmp_path) == whole


@pytest.mark.parametrize("room", [100, 20_000])
def test_out_of_room(room: int, url: str, tmp_path: Path, whole: dict[str, str]) -> None:
    """A full disk is one line and exit 2; what was received before is whole, and with room the run is resumed."""
    resource = pytest.importorskip("resource")
    given = ["run", "--base-url", url, "--model", "reference", "--api-key-env", "KEY", "--out", str(tmp_path), *SMOKE]
    ended = subprocess.run(
        [*COMMAND, *given],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room)),
        env={**os.environ, "KEY": "a-key-of-the-tests", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 2
    assert "cannot write" in ended.stderr.splitlines()[-1]
    assert "Traceback" not in ended.stderr
    path = tmp_path / "evidence.ndjson"
    assert path.exists() == (room > 1000)
    if path.exists():
        assert 3 < len(evidence.read(path).exchanges) < 20
        assert path.read_bytes().endswith(b"\n")
    assert wait(start(url, tmp_path, *SMOKE)) == 1
    assert verdicts(tmp_path) == whole


@pytest.mark.parametrize("half", [b"", b'{"kind":"header","for'])
def test_killed_before_the_first_line(half: bytes, url: str, tmp_path: Path) -> None:
    """What was killed before its first line was whole is begun anew by --resume; what is no evidence is not touched."""
    path = tmp_path / "evidence.ndjson"
    path.write_bytes(half)
    assert wait(start(url, tmp_path, *SMOKE, "--select", "envelope")) == 0
    assert evidence.read(path).complete
    path.write_bytes(b"my notes")
    assert wait(start(url, tmp_path, *SMOKE)) == 2
    assert path.read_bytes() == b"my notes"
