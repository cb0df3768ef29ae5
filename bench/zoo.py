"""What a run against each animal of the zoo takes: time and memory, each in a process of its own.

    python -m bench.zoo [ANIMAL ...]

For each animal: its `--timeout`, the longest time from the end of one exchange to that of the next with one at a time,
and the time and the peak of memory of a whole run at depth smoke with eight exchanges at a time.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from typing import Any

from tests.zoo.cage import ANIMALS, Animal, opened

ROW = "{:40} {:>7} {:>8} {:>8} {:>7}   {}"
CONCURRENCY = 8


def visited(animal: Animal, url: str, select: tuple[str, ...], concurrency: int) -> dict[str, Any]:
    """A run in a process of its own; see `tests.zoo.keeper`."""
    with tempfile.TemporaryDirectory() as out:
        line = {
            "name": animal.name,
            "url": url,
            "select": select,
            "timeout": animal.timeout,
            "out": out,
            "concurrency": concurrency,
        }
        done = subprocess.run(
            [sys.executable, "-m", "tests.zoo.keeper"],
            input=json.dumps(line) + "\n",
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def main(names: list[str]) -> None:
    """The table, and the worst of each column."""
    worst: dict[str, float] = {"longest": 0.0, "seconds": 0.0, "peak": 0.0, "late": 0.0}
    print(ROW.format("animal", "timeout", "longest", "run (s)", "MB", "came to"))
    with opened() as zoo:
        chosen = [cage for name, cage in zoo.cages.items() if not names or name in names]
        for cage in chosen:
            animal = cage.animal
            one = visited(animal, cage.url, animal.select, 1)
            cage.visits = 0
            run = visited(animal, cage.url, (), CONCURRENCY)
            figures = {**{name: run[name] for name in ("seconds", "peak")}, "longest": one["longest"]}
            figures["late"] = one["longest"] - animal.timeout
            worst = {name: max(worst[name], figure) for name, figure in figures.items()}
            took = (f"{figures[name]:.1f}" for name in ("longest", "seconds", "peak"))
            print(ROW.format(animal.name, f"{animal.timeout:g}", *took, came_to(animal, one, run)), flush=True)
    print(f"{len(chosen)} of {len(ANIMALS)}: at most {worst['late']:.1f} s beyond the timeout, {worst['peak']:.0f} MB")


def came_to(animal: Animal, one: dict[str, Any], run: dict[str, Any]) -> str:
    """In a few words, what a run said; in capitals, what it must never say."""
    told = [each["verdicts"] for each in (one, run)]
    if "error" in {verdict for verdicts in told for verdict in verdicts.values()}:
        return "ERROR OF OURS"
    if not one["same"] or not run["same"]:
        return "OTHER VERDICTS OFFLINE"
    if one["refused"]:
        return f"no run: {one['refused'][:60]}"
    wrong = {id_: told[0].get(id_) for id_, verdict in animal.verdicts.items() if told[0].get(id_) != verdict}
    if wrong:
        return f"NOT AS EXPECTED: {wrong}"
    return ", ".join(f"{id_} {verdict}" for id_, verdict in animal.verdicts.items()) or "bounded"


if __name__ == "__main__":
    main(sys.argv[1:])
