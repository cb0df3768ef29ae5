"""Which of the faults in `list faults` each depth finds.

    python -m bench.depths [CONTRACT ...]      default: highwayapi

Each fault is put into the reference endpoint, the whole suite is run over a socket, and the rows that are then fail or
warn, or have another value, are compared with those of the clean endpoint.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from conformance import catalogue, workbench
from conformance import contract as contracts
from conformance.console import Silent
from conformance.model import Depth
from conformance.mutants import Mutant
from conformance.order import Order
from conformance.reference.app import running
from conformance.reference.endpoint import Endpoint
from conformance.report import document
from conformance.run import run
from conformance.target import Target

Found = dict[str, str]
"""What was found: a word by row."""


def said(name: str, mutant: Mutant | None, depth: Depth) -> Found:
    """The verdicts, with their values, of a run against a fault."""
    contract = contracts.load(name)
    key = workbench.KEYS[contract.scheme]
    with running(Endpoint(contract, key=key, mutant=mutant)) as url, tempfile.TemporaryDirectory() as folder:
        target = Target(url=url + contract.path, model="reference", scheme=contract.scheme, key=key)
        features = frozenset(feature for feature, on in contract.features.items() if on)
        evidence = run(Order(contract=contract, target=target, features=features, depth=depth), Path(folder), Silent())
        report = document.make(evidence, contract)
    return {row: f"{each['verdict']} {each['value'] or ''}" for row, each in document.rows_by_id(report).items()}


def finds(name: str, mutant: Mutant, depth: Depth, clean: Found) -> bool:
    """Whether a run says anything of a fault that it does not say of the clean endpoint."""
    telling = {"fail", "warn", "observed"}
    found = said(name, mutant, depth)
    return any(word != clean.get(row) and word.split()[0] in telling for row, word in found.items())


def main(names: list[str]) -> None:
    """Print, a contract: how many faults each depth finds, and which only the deeper one does."""
    for name in names:
        faults = {each["name"]: catalogue.fault(str(each["name"])) for each in catalogue.list_faults(name)}
        missed = dict(faults)
        for depth in (Depth.SMOKE, Depth.STANDARD):
            clean = said(name, None, depth)
            found = {fault for fault, mutant in missed.items() if finds(name, mutant, depth, clean)}
            missed = {fault: mutant for fault, mutant in missed.items() if fault not in found}
            print(f"{name}: {depth} finds {len(faults) - len(missed)} of {len(faults)} faults")
            if depth is Depth.STANDARD:
                print(f"  only standard finds: {', '.join(sorted(map(str, found)))}")
                print(f"  nothing finds: {', '.join(sorted(map(str, missed))) or 'none'}")


if __name__ == "__main__":
    main(sys.argv[1:] or ["highwayapi"])
