"""How long a run takes beside what latency and concurrency allow.

    python -m bench.speed            three runs of each, whole processes, start-up included

Prints requests, wall time, and for the slowed endpoint the ratio of wall time to requests x latency / concurrency,
which is 1 for a client that loses nothing.  Times are of one machine at one time; the ratio is what counts.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

COMMAND = [sys.executable, "-m", "conformance"]
KEY = "a-key-of-the-benchmark"


@contextmanager
def served(latency: int) -> Iterator[str]:
    """The reference endpoint in a process of its own; milliseconds before each first byte."""
    arguments = ["serve", "--port", "0", "--api-key", KEY, "--latency", str(latency)]
    with subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None  # noqa: S101  # it was asked for above
        try:
            yield process.stdout.readline().split()[-1]
        finally:
            process.terminate()


def timed(*arguments: str) -> tuple[float, int]:
    """Seconds of a whole run, and its requests."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        started = time.perf_counter()
        subprocess.run([*COMMAND, "run", "--out", str(out), *arguments], check=True, capture_output=True)
        wall = time.perf_counter() - started
        return wall, int(json.loads((out / "report.json").read_text())["requests"])


def main() -> None:
    """Print the table."""
    os.environ["BENCH_KEY"] = KEY
    print(f"{'what':44} {'requests':>8} {'wall s':>8} {'ratio':>6}")
    for depth in ("smoke", "standard", "full"):
        for _ in range(3):
            wall, requests = timed("--depth", depth)
            print(f"{'reference endpoint, ' + depth:44} {requests:8} {wall:8.2f}")
    latency, concurrency = 500, 32
    with served(latency) as url:
        target = ("--base-url", url, "--model", "reference", "--api-key-env", "BENCH_KEY")
        for _ in range(3):
            wall, requests = timed(*target, "--concurrency", str(concurrency))
            least = requests * latency / 1000 / concurrency
            what = f"standard, {latency} ms latency, concurrency {concurrency}"
            print(f"{what:44} {requests:8} {wall:8.2f} {wall / least:6.2f}")


if __name__ == "__main__":
    main()
