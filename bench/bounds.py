"""How many faults of ranges, nulls and types are found, and in the row of the right parameter.

    python -m bench.bounds [CONTRACT ...]     depth standard with three seeds, and full
    python -m bench.bounds --interaction      one planted interaction, with twenty seeds at depth standard

The faults are made from the schemas (`conformance.narrowed`, `conformance.moved`): every end of every range moved or
closed, clamped or ignored, 500 in the place of 400, values refused inside the range, nulls refused, texts coerced,
disputed values read otherwise.  A fault counts as found when the row of its parameter says fail or warn, or observes
another value, and the clean endpoint's does not.
"""

from __future__ import annotations

import sys
from collections import Counter

from conformance import contract as contracts
from conformance.model import Depth, Level, Verdict
from conformance.mutants import Mutant, Refused, Sent
from conformance.requirement import Row
from conformance.requirements import rows
from conformance.run import causes
from conformance.spoil import streaming
from conformance.workbench import Bench

SEEDS = {Depth.STANDARD: (1, 2, 3), Depth.FULL: (1,)}


def found(name: str, depth: Depth, seed: int) -> tuple[int, int, list[str]]:
    """Faults found, faults tried, and the names of those that were missed."""
    tried, missed = 0, []
    with Bench(name, depth=depth, seed=seed) as bench:
        for row in rows(bench.contract):
            if row.requirement.made is None:
                continue
            clean = bench.said(row, None)
            for mutant in row.mutants(bench.contract):
                said = bench.said(row, mutant)
                wrong = said.verdict in (Verdict.FAIL, Verdict.WARN) and clean.verdict is Verdict.PASS
                read = row.requirement.level is Level.OBSERVE and said.value != clean.value
                tried += 1
                if not (wrong or read):
                    missed.append(f"{row.id} on {mutant.name}")
    return tried - len(missed), tried, missed


def rates(names: list[str]) -> None:
    """A line for each contract, depth and seed."""
    for depth, seeds in SEEDS.items():
        for name in names:
            for seed in seeds:
                kills, tried, missed = found(name, depth, seed)
                print(f"{depth:9} {name:18} seed {seed}: {kills} of {tried} found ({kills / tried:.1%})", flush=True)
                for each in missed:
                    print(f"          missed: {each}")


def _refuses(sent: Sent) -> Refused | None:
    hot = (sent.get("temperature") or 0) > 1.5
    return Refused(status=500, parameter="") if hot and sent.get("top_k") is not None and streaming(sent) else None


PLANTED = Mutant(
    name="hot-streams-with-top-k-are-500",
    about="a stream with a temperature above 1.5 and a top_k is answered with 500",
    refuse=_refuses,
)
BLAMED = {frozenset({"stream", "temperature", "top_k"})}


def interaction(name: str = "highwayapi") -> None:
    """How often a 500 that needs three members is found and reported without any other."""
    sizes: Counter[str] = Counter()
    for seed in range(1, 21):
        with Bench(name, depth=Depth.STANDARD, seed=seed) as bench:
            row = next(each for each in rows(bench.contract) if each.id == "ranges.combination")
            sizes[smallest(bench, row, seed)] += 1
    print(f"{PLANTED.name}: {dict(sizes)} of 20 seeds")


def smallest(bench: Bench, row: Row, seed: int) -> str:
    """The members of the smallest refused request, or that there is none."""
    evidence = bench.evidence(row, PLANTED)
    known = causes(evidence, bench.setting)
    blamed = {" + ".join(sorted(each.blamed)) for each in known}
    print(f"seed {seed}: {'; '.join(sorted(blamed)) or 'not found'}", flush=True)
    minimal = {frozenset(each.blamed) for each in known} == BLAMED
    return "found in minimal form" if minimal else "found" if blamed else "missed"


if __name__ == "__main__":
    if "--interaction" in sys.argv:
        interaction()
    else:
        rates(sys.argv[1:] or list(contracts.names()))
