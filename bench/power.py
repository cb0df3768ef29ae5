"""How often a sampling parameter that is accepted and ignored is caught, and how often an endpoint is wronged.

    python -m bench.power [RUNS [CONTRACT]]      default: 100 highwayapi

In process, without a network: for each requirement on a parameter the cases of its scenario are performed against the
reference endpoint that ignores the parameter, with repeats as in any run, once a seed; on a flat model, whose every
token has many alternatives, and on a peaked one, which is nearly always sure.
"""

from __future__ import annotations

import sys
from collections import Counter

from conformance import contract as contracts
from conformance import record
from conformance.ask import Setting
from conformance.evidence import CaseRecord, Evidence
from conformance.exchange import Exchange
from conformance.hearing import hear
from conformance.judge import Judged, judge
from conformance.model import Depth, Purpose, Request, Verdict
from conformance.mutants import Call, Mutant
from conformance.record import Address, Heard
from conformance.reference.endpoint import Endpoint
from conformance.requirement import Row
from conformance.requirements import rows
from conformance.scenario import Case
from conformance.spoil import ignores
from conformance.target import Target

FEATURES: dict[str, frozenset[str]] = {
    "n and lists": frozenset(),
    "n only": frozenset({"logprobs", "top-logprobs"}),
    "lists only": frozenset({"n"}),
    "neither": frozenset({"n", "logprobs", "top-logprobs"}),
}
"""What an endpoint lacks."""


class Trial:
    """One row's cases, once, with one seed."""

    def __init__(self, contract: str, *, seed: int, lacks: frozenset[str], flat: bool, mutant: Mutant | None) -> None:
        known = contracts.load(contract)
        self.endpoint = Endpoint(known, flat=flat, mutant=mutant)
        self.target = Target(url=f"http://127.0.0.1{known.path}", model="reference", scheme=known.scheme, key=None)
        self.setting = Setting(contract=known, model="reference", features=frozenset(known.features) - lacks, seed=seed)
        self.evidence = Evidence(header={})

    def verdict(self, row: Row, depth: Depth) -> Judged:
        """What a run of this depth says in the end."""
        cases = {each.id: each for each in row.cases(self.setting) if each.variant.depth.rank <= depth.rank}
        for case in cases.values():
            self._perform(case, 0)
        for round_ in range(1, 4):
            judged = judge(hear(self.evidence, self.setting), [row])[0]
            for id_ in judged.again:
                self._perform(cases[id_], round_)
            if not judged.again:
                break
        return judge(hear(self.evidence, self.setting), [row])[0]

    def _perform(self, case: Case, round_: int) -> None:
        performance = case.perform(self.setting, round_)
        known = CaseRecord(id=case.id, scenario=case.scenario.name, arguments=case.arguments, requirements=())
        self.evidence.cases[case.id] = known
        while performance.pending:
            step = performance.step
            performance.answer(
                tuple(
                    self._ask(each, Address(case=case.id, step=(step, n), purpose=Purpose.PLAN, round=round_))
                    for n, each in enumerate(performance.pending)
                )
            )

    def _ask(self, request: Request, address: Address) -> Exchange:
        headers = record.outgoing(request, self.target)
        call = Call(method="POST", path=self.setting.contract.path, headers=headers, body=request.body, trusted=True)
        wire = self.endpoint.answer(call)
        pieces = [(0.001, piece) for piece in wire.pieces]
        heard = Heard(status=wire.status, headers=wire.headers, pieces=pieces, received=len(wire.body))
        made = record.exchange(len(self.evidence.exchanges) + 1, address, request, self.target, heard)
        self.evidence.exchanges.append(made)
        return made


def caught(contract: str, row: Row, runs: int, depth: Depth, *, lacks: frozenset[str], flat: bool) -> str:
    """Verdicts on an endpoint that ignores the parameter, and how often a clean one is wronged or left undecided."""
    found: Counter[str] = Counter()
    for seed in range(1, runs + 1):
        mutant = ignores(str(row.parameter or row.requirement.parameter))
        spoilt = Trial(contract, seed=seed, lacks=lacks, flat=flat, mutant=mutant).verdict(row, depth)
        found[spoilt.verdict.value] += 1
        clean = Trial(contract, seed=seed, lacks=lacks, flat=flat, mutant=None).verdict(row, depth)
        found["wronged"] += clean.verdict in (Verdict.FAIL, Verdict.WARN) or bool(clean.violated)
        found["clean undecided"] += clean.verdict is Verdict.INCONCLUSIVE
    return ", ".join(f"{name} {count}" for name, count in sorted(found.items()) if count)


def main(runs: int, contract: str) -> None:
    """Print a line for each requirement, model and depth."""
    judged = [
        row
        for row in rows(contracts.load(contract))
        if row.requirement.part == "sampling" and row.requirement.id != "sampling.logprobs-reading"
    ]
    print(f"{contract}, {runs} runs each against an endpoint that ignores the parameter, and against a clean one")
    for row in judged:
        least = row.least(contracts.load(contract))
        for flat in (True, False):
            for name, lacks in FEATURES.items():
                told = caught(contract, row, runs, least, lacks=lacks, flat=flat)
                print(f"{row.id:42} {least:9} {'flat' if flat else 'peaked':7} {name:12} {told}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 100, sys.argv[2] if sys.argv[2:] else "highwayapi")
