"""Which of the faults in `list faults` each depth finds.

    python -m bench.depths [--contract C] [--jobs N] [--limit N]

Each fault is put into the reference endpoint, the suite is run with every feature, and the rows that then fail or warn,
or have another value, are compared with those of the endpoint without it.  In process; over a socket where the fault is
in the bytes themselves.  Where smoke finds nothing standard is tried: the fault's own requirements first, and then all.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from itertools import islice
from pathlib import Path

from conformance import catalogue, workbench
from conformance import contract as contracts
from conformance.console import Silent
from conformance.hearing import hear, setting_of
from conformance.judge import Judged, judge
from conformance.model import Depth, Verdict
from conformance.order import Order
from conformance.reference.app import running
from conformance.reference.endpoint import Endpoint
from conformance.requirements import rows
from conformance.run import run
from conformance.target import Target
from tests.desk import Oddity
from tests.rehearsal import rehearse

Found = dict[str, str]
"""What was found: a word by row."""

TELLING = (Verdict.FAIL, Verdict.WARN, Verdict.OBSERVED)
NOTHING = "nothing"


def said(contract: str, fault: str | None, depth: Depth, selection: tuple[str, ...]) -> Found:
    """The verdicts, with their values, of a run against a fault; of a selection, or of everything."""
    mutant = None if fault is None else catalogue.fault(fault)
    if mutant is not None and mutant.wire is not None:
        judged = over_a_socket(
            contract, Endpoint(contracts.load(contract), key=key(contract), mutant=mutant), depth, selection
        )
    else:
        _, judged = rehearse(contract, Oddity(name=fault or "", mutant=mutant), depth=depth, selection=selection)
    return {each.row.id: f"{each.verdict} {each.value or ''}" for each in judged if each.verdict in TELLING}


def key(contract: str) -> str:
    """What the endpoint wants to be shown."""
    return workbench.KEYS[contracts.load(contract).scheme]


def over_a_socket(name: str, endpoint: Endpoint, depth: Depth, selection: tuple[str, ...]) -> tuple[Judged, ...]:
    """The verdicts of a run as users run it."""
    contract = contracts.load(name)
    with running(endpoint) as url, tempfile.TemporaryDirectory() as folder:
        target = Target(url=url + contract.path, model="reference", scheme=contract.scheme, key=key(name))
        features = frozenset(contract.features)
        order = Order(contract=contract, target=target, features=features, depth=depth, selection=selection)
        evidence = run(order, Path(folder), Silent())
    return judge(hear(evidence, setting_of(evidence, contract)), order.plan().rows)


@cache
def clean(contract: str, depth: Depth, selection: tuple[str, ...]) -> Found:
    """What is said of the endpoint without a fault."""
    return said(contract, None, depth, selection)


def finds(contract: str, fault: str, depth: Depth, selection: tuple[str, ...] = ()) -> bool:
    """Whether a run says anything of a fault that it does not say of the endpoint without it."""
    plainly = clean(contract, depth, selection)
    return any(plainly.get(row) != word for row, word in said(contract, fault, depth, selection).items())


@cache
def owners(contract: str) -> dict[str, tuple[str, ...]]:
    """The rows that must catch a fault and are judged at standard, by its name."""
    known, found = contracts.load(contract), defaultdict[str, list[str]](list)
    for row in rows(known):
        for mutant in row.mutants(known) if row.least(known) is not Depth.FULL else ():
            found[mutant.name].append(row.id)
    return {name: tuple(ids) for name, ids in found.items()}


def least(contract: str, fault: str) -> str:
    """The least depth that finds a fault."""
    if finds(contract, fault, Depth.SMOKE):
        return Depth.SMOKE.value
    own = owners(contract).get(fault)
    if own and finds(contract, fault, Depth.STANDARD, own):
        return Depth.STANDARD.value
    return Depth.STANDARD.value if finds(contract, fault, Depth.STANDARD) else NOTHING


def main(given: Sequence[str]) -> None:
    """Print how many faults each depth finds, and which only the deeper one does."""
    parser = argparse.ArgumentParser(prog="python -m bench.depths")
    parser.add_argument("--contract", choices=contracts.names(), default="highwayapi")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--limit", type=int, help="so many faults, for a first look")
    asked = parser.parse_args(given)
    faults = list(islice((str(each["name"]) for each in catalogue.list_faults(asked.contract)), asked.limit))
    found: dict[str, list[str]] = {"smoke": [], "standard": [], NOTHING: []}
    with ProcessPoolExecutor(asked.jobs) as pool:
        for fault, depth in zip(faults, pool.map(least, [asked.contract] * len(faults), faults), strict=True):
            found[depth].append(fault)
            print(f"{depth:9} {fault}", file=sys.stderr, flush=True)
    print(f"{asked.contract}: of {len(faults)} faults smoke finds {len(found['smoke'])},", end=" ")
    print(f"standard {len(found['smoke']) + len(found['standard'])}")
    print(f"only standard finds: {', '.join(found['standard']) or 'none'}")
    print(f"neither finds: {', '.join(found[NOTHING]) or 'none'}")


if __name__ == "__main__":
    main(sys.argv[1:])
