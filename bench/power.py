"""How often a sampling parameter that is accepted and ignored is caught, and how often an endpoint is wronged.

    python -m bench.power [--runs N] [--clean N] [--contract C] [--jobs N] [--keep FILE]

For each parameter and depth the requirements on it are run in process, preflight and repeats included, once a seed: 200
times against the reference endpoint that ignores the parameter, and 50 times against it as it is.  On a flat model,
whose every token has many alternatives, and on a peaked one, which is nearly always sure; with `n` and lists of log
probabilities, and without.  Prints docs/power.md.  It takes hours: what is measured is kept in FILE, a line a cell, and
not measured again; remove it when what is measured has changed.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path

from conformance import contract as contracts
from conformance.model import Depth, Level, SuiteError, Verdict
from conformance.mutants import Mutant
from conformance.requirement import Row
from conformance.requirements import rows
from conformance.spoil import ignores
from tests.desk import Oddity
from tests.rehearsal import rehearse

MODELS = {"flat": True, "peaked": False}
LACKS: dict[str, frozenset[str]] = {
    "n and lists": frozenset(),
    "n only": frozenset({"logprobs", "top-logprobs"}),
    "lists only": frozenset({"n"}),
    "neither": frozenset({"n", "logprobs", "top-logprobs"}),
}
"""What an endpoint lacks, by what it has."""

DEPTHS = (Depth.STANDARD, Depth.FULL)
BESIDE = {"repetition_penalty": ["choices.indexes"]}
"""What else is run: some rows look at how choices part to see whether a model is in doubt."""

CAUGHT, UNDECIDED, PASSED = "caught", "undecided", "passed"
CLEAN, WRONGED = "clean", "wronged"

NOTE = "<!-- Made by `python -m bench.power > docs/power.md`; do not edit. -->"

INTRODUCTION = """# Power

How often an endpoint that accepts a sampling parameter and ignores it is caught: the reference endpoint of `{contract}`
with that fault, run {runs} times for every cell, each time with another seed. A flat model has many likely next tokens,
a peaked one is nearly always sure; what else an endpoint can tell is choices (`n`) and lists of log probabilities
(`top_logprobs`).

A cell says in what share of the runs a requirement on the parameter failed, or warned: where the document recommends,
or where what was seen once was not seen again.
† in some of the others a required row was left undecided, so that the endpoint would not have been called conformant
by them. Of {clean} runs of the endpoint without a fault {wronged} accused it. ‡ so far of fewer runs.

A model that is sure of its next token draws it whatever `temperature` or `top_p` say, and may be surer of its words
than `presence_penalty` takes off them. Where choices are to be had and no lists, `logit_bias` holds it to five letters
that it would never say, among which the peaked model is no surer than the flat one. Where they are not there is often
nothing to catch, and nobody who uses that model is harmed."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One place in the table."""

    contract: str
    parameter: str
    depth: Depth
    model: str
    has: str


def requirements(contract: str) -> dict[str, list[Row]]:
    """The rows that judge the effect of each sampling parameter."""
    found: dict[str, list[Row]] = {}
    for row in rows(contracts.load(contract)):
        if row.requirement.part == "sampling" and row.requirement.id != "sampling.logprobs-reading":
            found.setdefault(str(row.parameter), []).append(row)
    return found


def judged(cell: Cell, seed: int, mutant: Mutant | None) -> str:
    """What a run says of the parameter: `caught`, else `undecided` where a MUST is, else `passed`."""
    oddity = Oddity(name=cell.model, mutant=mutant, flat=MODELS[cell.model])
    names = [row.id for row in requirements(cell.contract)[cell.parameter]]
    selection = [*names, *BESIDE.get(cell.parameter, ())]
    _, all_said = rehearse(cell.contract, oddity, seed, depth=cell.depth, without=LACKS[cell.has], selection=selection)
    said = [each for each in all_said if each.row.id in names]
    if any(each.verdict is Verdict.ERROR for each in said):
        raise SuiteError(f"{cell}, seed {seed}: the suite itself failed")
    if any(each.violated and each.verdict in (Verdict.FAIL, Verdict.WARN) for each in said):
        return CAUGHT
    told = [each.verdict for each in said if each.row.requirement.level is Level.MUST]
    return UNDECIDED if Verdict.INCONCLUSIVE in told else PASSED


def measure(cell: Cell, runs: int, clean: int) -> Counter[str]:
    """How often each word is said of the endpoint with the fault, and of so many `clean` runs of the one without how
    many `wronged` it."""
    mutant = ignores(cell.parameter)
    said = Counter(judged(cell, seed, mutant) for seed in range(1, runs + 1))
    said[CLEAN] = clean
    said[WRONGED] = sum(judged(cell, seed, None) == CAUGHT for seed in range(1, clean + 1))
    return said


def kept(file: Path) -> dict[Cell, Counter[str]]:
    """What has been measured before."""
    lines = map(json.loads, file.read_text().splitlines() if file.exists() else ())
    return {Cell(**{**each["cell"], "depth": Depth(each["cell"]["depth"])}): Counter(each["said"]) for each in lines}


def measured(cells: Sequence[Cell], runs: int, clean: int, jobs: int, file: Path) -> dict[Cell, Counter[str]]:
    """What is said of each cell; what is new is added to the file."""
    said = kept(file)
    new = [cell for cell in cells if cell not in said]
    with ProcessPoolExecutor(jobs) as pool, file.open("a") as lines:
        asked = {pool.submit(measure, cell, runs, clean): cell for cell in new}
        for done in as_completed(asked):
            cell = asked[done]
            said[cell] = done.result()
            print(json.dumps({"cell": asdict(cell), "said": said[cell]}), file=lines, flush=True)
    return said


def page(contract: str, runs: int, said: Mapping[Cell, Counter[str]]) -> Iterator[str]:
    """The lines of docs/power.md."""
    clean, wronged = (sum(each[name] for each in said.values()) for name in (CLEAN, WRONGED))
    yield NOTE
    yield ""
    yield INTRODUCTION.format(contract=contract, runs=runs, wronged=wronged, clean=clean)
    for depth in DEPTHS:
        yield ""
        yield f"## `--depth {depth}`"
        yield ""
        yield f"| parameter | {' | '.join(f'{model}, {has}' for model in MODELS for has in LACKS)} |"
        yield f"|---|{'---:|' * (len(MODELS) * len(LACKS))}"
        for parameter in requirements(contract):
            cells = [
                said[Cell(contract=contract, parameter=parameter, depth=depth, model=model, has=has)]
                for model in MODELS
                for has in LACKS
            ]
            yield f"| `{parameter}` | {' | '.join(_shown(each, runs) for each in cells)} |"


def _shown(said: Counter[str], runs: int) -> str:
    done = said[CAUGHT] + said[UNDECIDED] + said[PASSED]
    marks = "†" * bool(said[UNDECIDED]) + "‡" * (done < runs)
    return f"{100 * said[CAUGHT] / done:g} % {marks}".rstrip()


def main(given: Sequence[str]) -> None:
    """Measure every cell, and print the page."""
    parser = argparse.ArgumentParser(prog="python -m bench.power")
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--clean", type=int, default=50)
    parser.add_argument("--contract", choices=contracts.names(), default="highwayapi")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--keep", type=Path, default=Path(".power.jsonl"), metavar="FILE")
    asked = parser.parse_args(given)
    cells = [
        Cell(contract=asked.contract, parameter=parameter, depth=depth, model=model, has=has)
        for depth in DEPTHS
        for model in MODELS
        for has in LACKS
        for parameter in requirements(asked.contract)
    ]
    said = measured(cells, asked.runs, asked.clean, asked.jobs, asked.keep)
    print("\n".join(page(asked.contract, asked.runs, {cell: said[cell] for cell in cells})))


if __name__ == "__main__":
    main(sys.argv[1:])
