"""Kill -9 at random moments: is the evidence whole each time, and does a resume come to the same verdicts?

    python -m bench.kills [KILLS]        default: 100

Runs against the reference endpoint (with a fault, so that there is something to confirm) in a process of its own.
A run is killed at random moments, some of them while it starts, and resumed until it ends; then the next begins.
Prints a line a kill, and what was lost: nothing, unless it says so.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from random import Random

from tests.kills import asked_twice, killed, left, served, start, verdicts, wait

DEPTH = ("--depth", "standard", "--select", "choices", "--select", "stop", "--select", "usage", "--select", "errors")


def main() -> int:
    """Print the table; 0 if nothing was lost."""
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    chance, done, runs, bad = Random(7), 0, 0, 0  # noqa: S311  # moments, not secrets
    with served("--latency", "100", "--fault", "ignores-n") as url, tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "whole"
        code = wait(start(url, whole, *DEPTH))
        expected = verdicts(whole)
        while done < wanted:
            runs += 1
            out = Path(folder) / f"run-{runs}"
            ended = False
            while not ended and done < wanted:
                status, found = killed(url, out, chance, *DEPTH)
                ended = status >= 0
                done += not ended
                what = "ended by itself" if ended else f"kill {done}"
                print(f"run {runs}: {what}, {len(found.exchanges) if found else 0} exchanges on disk", flush=True)
            if not ended:
                status = wait(start(url, out, *DEPTH))
            last = left(out / "evidence.ndjson")
            wrong = {name: got for name, got in verdicts(out).items() if expected[name] != got}
            twice = asked_twice(last.exchanges) if last else ["no evidence"]
            if status != code or wrong or twice or last is None or not last.complete:
                bad += 1
                print(f"run {runs}: exit {status}, not {code}; differing {wrong}; asked twice {twice}")
    print(f"{done} kills in {runs} runs: {runs - bad} came to the verdicts of a run that was left alone, {bad} did not")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
