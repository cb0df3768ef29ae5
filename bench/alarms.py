"""How often an endpoint that honours its document is accused: never, if all is well.

    python -m bench.alarms [--seeds A-B] [--variant NAME] [--contract C] [--model flat|peaked]
                           [--select PATTERN]... [--without FEATURE]...

The whole standard plan (or what --select names of it) with every feature (but --without), in process, as a run asks it,
repeats included: of the reference endpoint with a flat and with a peaked model (200 seeds each), and of every legal
variant of it (10 seeds each); of a contract after the other, seed by seed, or of the one given.  A fail, an error, or a
warning that the variant does not explain is an alarm, and the exit code is 1.  What a run is left undecided by is
printed too.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from conformance import contract as contracts
from conformance.judge import Judged
from conformance.model import Level, Verdict
from tests.desk import Oddity
from tests.legal_variants import VARIANTS
from tests.rehearsal import rehearse

REFERENCE = "reference"
MODELS = {"flat": True, "peaked": False}
SEEDS, SEEDS_OF_A_VARIANT = range(1, 201), range(1, 11)


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One run: of a contract, with a seed, against an odd endpoint."""

    variant: str
    oddity: Oddity
    contract: str
    seed: int


def is_alarm(judged: Judged, oddity: Oddity) -> bool:
    """Whether a row accuses an endpoint of more than a recommendation that it does depart from."""
    warned = judged.verdict is Verdict.WARN and judged.row.id not in oddity.warned
    return warned or judged.verdict in (Verdict.FAIL, Verdict.ERROR)


def is_undecided(judged: Judged, oddity: Oddity) -> bool:
    """Whether a row leaves a whole run undecided, and the variant does not explain it."""
    decides = judged.row.requirement.level is Level.MUST and judged.row.feature is None
    return (
        decides and judged.verdict is Verdict.INCONCLUSIVE and judged.row.id not in oddity.inconclusive | oddity.perhaps
    )


def why(judged: Judged) -> str:
    """What a row says, on one line."""
    first = next((violation.message for unit in judged.exemplars for violation in unit.violations), "")
    return "; ".join(filter(None, (judged.reason, first)))


def try_(trial: Trial, undecided: Counter[str], without: frozenset[str], selection: Sequence[str]) -> int:
    """Run and print one trial; how many alarms it raised.  Rows left inconclusive are counted in `undecided`."""
    began = time.process_time()
    evidence, judged = rehearse(trial.contract, trial.oddity, trial.seed, without=without, selection=selection)
    alarms = [each for each in judged if is_alarm(each, trial.oddity)]
    open_ = [each for each in judged if is_undecided(each, trial.oddity)]
    undecided.update(each.row.id for each in judged if each.verdict is Verdict.INCONCLUSIVE)
    spent = time.process_time() - began
    model = "flat" if trial.oddity.flat else "peaked"
    print(
        f"{trial.variant}, {model}, {trial.contract}, seed {trial.seed}: {len(alarms)} alarms, {len(open_)} undecided"
        f" ({len(evidence.exchanges)} exchanges, {spent:.1f} s)",
        flush=True,
    )
    for each in (*alarms, *open_):
        print(f"    {each.verdict.value} {each.row.id}: {why(each)}", flush=True)
    return len(alarms)


def seeds(given: str) -> range:
    """A-B, or A alone."""
    first, _, last = given.partition("-")
    return range(int(first), int(last or first) + 1)


def endpoints(model: str | None) -> Iterator[tuple[str, Oddity, range]]:
    """Every endpoint by its variant, with the seeds it is usually tried with; of this model, or of each."""
    for name, flat in MODELS.items():
        if model in (None, name):
            yield REFERENCE, Oddity(name=name, flat=flat), SEEDS
    for name, oddity in VARIANTS.items():
        yield name, replace(oddity, flat=MODELS[model]) if model else oddity, SEEDS_OF_A_VARIANT


def trials(arguments: argparse.Namespace) -> list[Trial]:
    """What is to be run, a seed after the other, so that a run that is stopped has seen something of everything."""
    names = [arguments.contract] if arguments.contract else list(contracts.names())
    found = [
        Trial(variant=variant, oddity=oddity, contract=names[seed % len(names)], seed=seed)
        for variant, oddity, usual in endpoints(arguments.model)
        if arguments.variant in (None, variant)
        for seed in arguments.seeds or usual
    ]
    return sorted(found, key=lambda trial: trial.seed)


def main(given: Sequence[str]) -> int:
    """Run all trials; 1 if there was an alarm."""
    parser = argparse.ArgumentParser(prog="python -m bench.alarms")
    parser.add_argument("--seeds", metavar="A-B", type=seeds)
    parser.add_argument("--variant", choices=[REFERENCE, *VARIANTS])
    parser.add_argument("--contract", choices=contracts.names())
    parser.add_argument("--model", choices=MODELS)
    parser.add_argument("--select", metavar="PATTERN", action="append", default=[])
    parser.add_argument("--without", metavar="FEATURE", action="append", default=[])
    asked = parser.parse_args(given)
    undecided: Counter[str] = Counter()
    alarms = runs = 0
    for trial in trials(asked):
        alarms += try_(trial, undecided, frozenset(asked.without), asked.select)
        runs += 1
    print(f"{runs} runs, {alarms} alarms")
    for row, count in undecided.most_common():
        print(f"    undecided in {count} of {runs}: {row}")
    return 1 if alarms else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
