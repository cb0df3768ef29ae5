"""A run that is killed again and again, and resumed: what is on disk at every moment, and what it comes to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from conformance import evidence
from conformance.evidence import Evidence
from conformance.exchange import Exchange

KEY = "a-key-of-the-tests"
COMMAND = [sys.executable, "-m", "conformance"]


@contextmanager
def served(*more: str) -> Iterator[str]:
    """The reference endpoint in a process of its own; its base URL."""
    given = ["serve", "--port", "0", "--api-key", KEY, *more]
    with subprocess.Popen([*COMMAND, *given], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().split()[-1]
        finally:
            process.terminate()


def start(url: str, out: Path, *more: str) -> subprocess.Popen[bytes]:
    """Begin a run, or go on with the one that lies there."""
    resume = ["--resume"] if (out / "evidence.ndjson").exists() else []
    given = ["run", "--base-url", url, "--model", "reference", "--api-key-env", "KEY", "--out", str(out)]
    environment = {**os.environ, "KEY": KEY}
    silence = subprocess.DEVNULL
    return subprocess.Popen([*COMMAND, *given, *resume, *more], env=environment, stdout=silence, stderr=silence)


def wait(process: subprocess.Popen[bytes]) -> int:
    """The exit code."""
    try:
        return process.wait(300)
    finally:
        process.kill()


def killed(url: str, out: Path, chance: Random, *more: str) -> tuple[int, Evidence | None]:
    """Kill -9 a run while it starts, or some exchanges further on.  Its exit code, and what is on disk then."""
    path = out / "evidence.ndjson"
    with start(url, out, *more) as process:
        if chance.random() < 0.2:
            time.sleep(chance.uniform(0, 1))
        else:
            begun(process, path, count(path) + chance.randrange(25))
            time.sleep(chance.uniform(0, 0.1))
        process.kill()
        code = process.wait(10)
    return code, left(path)


def left(path: Path) -> Evidence | None:
    """The evidence on disk, which must be whole; None if not even its first line was written."""
    return evidence.read(path) if path.exists() and b"\n" in path.read_bytes() else None


def count(path: Path) -> int:
    """How many exchanges are on disk."""
    return path.read_bytes().count(b'"kind":"exchange"') if path.exists() else 0


def begun(process: subprocess.Popen[bytes], path: Path, exchanges: int) -> None:
    """Wait until so many exchanges are on disk, or it has ended."""
    until = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < until and count(path) < exchanges:
        time.sleep(0.01)


def asked_twice(exchanges: list[Exchange]) -> list[str]:
    """The cases one of whose requests was sent again though it had been answered."""
    times = Counter((each.case, each.round, each.step) for each in exchanges if not each.says_nothing)
    return [case for (case, _, _), count in times.items() if count > 1]


def verdicts(out: Path) -> dict[str, str]:
    """What a run came to, by requirement and parameter."""
    report = json.loads((out / "report.json").read_text())
    return {f"{row['id']}:{row['parameter']}": row["verdict"] for row in report["requirements"]}
