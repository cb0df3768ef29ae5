"""An endpoint that dies of a request is brought back, the culprit is named, and nobody else is blamed."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance import contract as contracts
from conformance.blame import deadly
from conformance.cli import main
from conformance.exchange import Exchange
from conformance.exchange import Sent as Asked
from conformance.model import Purpose
from conformance.mutants import Mutant, Refused, Sent
from conformance.reference.app import running
from conformance.reference.endpoint import Endpoint

KEY = "the-key-of-this-test"

SOME = "ranges.no-crash"

MORTAL = """
import os, sys
import uvicorn
from conformance import contract as contracts
from conformance.mutants import Mutant, Refused
from conformance.reference.app import application
from conformance.reference.endpoint import Endpoint

def die(sent):
    if sent.get("top_k") == 129:
        DEATH
    return Refused(status=404, parameter="thread") if numb else None

numb = []
mutant = Mutant(name="mortal", about="dies of a top_k of 129", refuse=die)
endpoint = Endpoint(contracts.load("highwayapi"), key=sys.argv[2], mutant=mutant)
open("pids", "a").write(f"{os.getpid()}\\n")
uvicorn.run(application(endpoint), port=int(sys.argv[1]), log_level="critical")
"""


def free_port() -> int:
    """A port of loopback that nobody has."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


DEATHS = {"killed": "os._exit(3)", "numbed": "numb.append(True)"}
"""How it dies: its process ends, or refuses everything from then on."""


@pytest.fixture
def mortal(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[int, str]]:
    """Such an endpoint: its port, and the command that starts it again."""
    port = free_port()
    (tmp_path / "mortal.py").write_text(MORTAL.replace("DEATH", DEATHS[getattr(request, "param", "killed")]))
    start = tmp_path / "start.sh"
    end = "test -f pids && kill -9 $(tail -n 1 pids)"
    start.write_text(f"cd {tmp_path}\n{end}\n{sys.executable} mortal.py {port} {KEY} >/dev/null 2>&1 &\n")
    command = f"bash {start}"
    subprocess.run(["bash", str(start)], check=True)
    until = time.monotonic() + 30
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            break
        time.sleep(0.1)
    yield port, command
    for pid in (tmp_path / "pids").read_text().split():
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)


def run(port: int, out: Path, monkeypatch: pytest.MonkeyPatch, *more: str, select: str = SOME) -> dict[str, str]:
    """The verdicts of a run that asks for departures, by row."""
    monkeypatch.setenv("THE_KEY", KEY)
    monkeypatch.chdir(out.parent)
    given = ["--base-url", f"http://127.0.0.1:{port}", "--model", "reference", "--api-key-env", "THE_KEY"]
    main(["run", *given, "--select", select, "--out", str(out), "--retries", "0", *more])
    report = json.loads((out / "report.json").read_text())
    return {f"{row['id']}:{row['parameter']}": row["verdict"] for row in report["requirements"]}


@pytest.mark.parametrize("mortal", DEATHS, indirect=True)
def test_the_culprit_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mortal: tuple[int, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Only the parameter whose value killed the endpoint fails; the others are asked again and pass."""
    port, command = mortal
    verdicts = run(port, tmp_path / "out", monkeypatch, "--restart", command)
    bad = {name for name, verdict in verdicts.items() if verdict not in ("pass", "unsupported")}
    assert bad == {"ranges.no-crash:top_k"}
    assert "did not outlive bounds[parameter=top_k" in capsys.readouterr().err


def plain(status: int | None) -> Exchange:
    """A plain request, answered so."""
    return asked("canary", status, Purpose.CANARY)


def asked(case: str, status: int | None = 404, purpose: Purpose = Purpose.PLAN) -> Exchange:
    """A request of a case, answered so."""
    sent = Asked(method="POST", url="http://a", headers=(), body=b"{}")
    return Exchange(n=1, case=case, step=(0, 0), purpose=purpose, request=sent, status=status)


DEAD: dict[str, tuple[tuple[Exchange, ...], set[str]]] = {
    "it refuses what is valid": ((plain(200), asked("a"), asked("a", 200), plain(404), plain(404)), {"a"}),
    "each of two": ((plain(200), asked("a"), *[plain(404)] * 3, plain(200), asked("b"), *[plain(400)] * 2), {"a", "b"}),
    "it was refused once": ((plain(200), asked("a"), plain(404), plain(200)), set()),
    "it met with weather": ((plain(200), asked("a"), plain(429), plain(429)), set()),
    "the key was taken back": ((plain(200), asked("a", 401), plain(401), plain(401)), set()),
    "it is gone": ((plain(200), asked("a"), plain(None), plain(None)), set()),
    "there were two": ((plain(200), asked("a"), asked("b"), plain(404), plain(404)), set()),
    "another came between": ((plain(200), asked("a"), plain(404), asked("b"), plain(404), plain(404)), set()),
    "it was dead before": ((plain(404), asked("a"), plain(404), plain(404)), set()),
    "nobody looked before": ((asked("a"), plain(404), plain(404)), set()),
}


@pytest.mark.parametrize("name", DEAD)
def test_of_what_it_died(name: str) -> None:
    """A case is deadly if it was asked alone of an endpoint that answered before and refuses what is valid after it."""
    run, culprits = DEAD[name]
    assert deadly(run) == culprits


def test_without_a_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mortal: tuple[int, str]) -> None:
    """An endpoint that stays dead leaves the rest undecided, and the run ends."""
    verdicts = run(mortal[0], tmp_path / "out", monkeypatch, "--timeout", "2")
    assert "inconclusive" in verdicts.values()
    assert "fail" not in verdicts.values()
    assert verdicts["ranges.no-crash:top_k"] == "inconclusive"
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert (report["outcome"], report["complete"]) == ("undecided", False)
    assert report["ended"]["why"] == "the endpoint stopped answering plain requests"
    assert any(each.startswith("bounds[parameter=top_k") for each in report["ended"]["died_of"])
    said = "died of one of" if len(report["ended"]["died_of"]) > 1 else "did not outlive"
    assert f"The endpoint {said} bounds" in (tmp_path / "out" / "summary.md").read_text()


NUMBED: list[bool] = []


def _numbed(sent: Sent) -> Refused | None:
    if sent.get("seed") == 3.0 and isinstance(sent["seed"], float):
        NUMBED.append(True)
    return Refused(status=404, parameter="thread") if NUMBED else None


NUMB = Mutant(
    name="numb",
    about="after a seed of 3 everything is answered with 404",
    refuse=_numbed,
)


@pytest.mark.long
def test_an_endpoint_that_lives_and_is_dead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an endpoint that refuses everything after some request nothing is said but what it did before."""
    NUMBED.clear()
    contract = contracts.load("highwayapi")
    with running(Endpoint(contract, key=KEY, mutant=NUMB)) as url:
        port = int(url.rpartition(":")[2])
        verdicts = run(port, tmp_path / "out", monkeypatch, "--depth", "full", select="ranges.*")
    assert NUMBED
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["outcome"] == "undecided"
    assert report["ended"]["why"] == "the endpoint stopped answering plain requests"
    assert any(each.startswith("bounds[parameter=seed") for each in report["ended"]["died_of"])
    assert set(verdicts.values()) <= {"pass", "observed", "unsupported", "inconclusive"}
    assert "inconclusive" in verdicts.values()


@pytest.mark.parametrize(
    ("command", "told"), [("/no/such/command", "cannot run"), ("", "cannot run"), ("a 'b", "is no command")]
)
def test_a_command_that_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str, told: str) -> None:
    """A command that cannot be run is told in one line, before anything is sent."""
    given = ["--base-url", "http://127.0.0.1:9", "--model", "m", "--out", str(tmp_path / "out")]
    assert main(["run", *given, "--restart", command]) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
