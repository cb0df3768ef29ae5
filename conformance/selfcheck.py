"""Requirements x mutants: every requirement passes on the reference endpoint and is killed by each of its mutants.

Rule: killed means by the named requirement, with the verdict that its level asks for, on evidence made as in any run.
Changes of requests, replies and events are applied in process; what changes the wire is sent over a real socket.
"""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Self

from . import __version__, record
from . import contract as contracts
from .ask import Setting
from .blame import GENERATED
from .budget import Budget
from .contract import Contract
from .evidence import CaseRecord, Evidence
from .exchange import Exchange
from .fire import Firer, Job, Pace
from .hearing import hear
from .judge import Judged, judge
from .model import JSON, Depth, Kind, Level, Purpose, Request, Verdict
from .mutants import Call, Mutant
from .record import Address, Heard
from .reference.app import running
from .reference.endpoint import Endpoint
from .requirement import Row
from .requirements import rows
from .scenario import Case
from .shrink import reductions
from .target import Target
from .writer import Writer

KEYS = {"bearer": "the-key-of-the-selfcheck", "basic": "checker:the-password-of-the-selfcheck"}
TIMES = {Kind.SCENARIO: 2, Kind.EACH: 2, Kind.RUN: 4}
"""Performances of each case: a violation counts when it is seen twice, of a whole run in two disjoint sets."""

ROUNDS = 6
"""Rounds of making refused combinations smaller."""

CLEAN = "(clean)"


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What one row said of one mutant, or of the clean endpoint: `wanted` and `got` are verdicts, with their value."""

    contract: str
    row: str
    mutant: str
    wanted: str
    got: str
    reason: str | None = None

    @property
    def holds(self) -> bool:
        """The row said what it must."""
        return self.got != self.wanted[1:] if self.wanted.startswith("≠") else self.got == self.wanted


class Bench:
    """One contract's reference endpoint, asked in process and over a socket, clean or with a mutant.

    Use as a context manager: the socket is open as long as it lasts.  Whatever was fired is kept, for rows share cases.
    `depth`: that of the cases that are performed.
    """

    def __init__(self, name: str, *, depth: Depth = Depth.FULL, seed: int = 1) -> None:
        self.contract: Contract = contracts.load(name)
        self.key = KEYS[self.contract.scheme]
        self.endpoint = Endpoint(self.contract, key=self.key, entropy=_Counter())
        self.depth = depth
        self.setting = Setting(
            contract=self.contract, model="reference", features=frozenset(self.contract.features), seed=seed
        )
        self._fired: dict[tuple[str, str, int], Evidence] = {}
        self._stack = ExitStack()
        self.target: Target

    def __enter__(self) -> Self:
        """Open the socket."""
        base_url = self._stack.enter_context(running(self.endpoint))
        self.target = Target(
            url=base_url + self.contract.path, model="reference", scheme=self.contract.scheme, key=self.key
        )
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self._stack.close()

    def said(self, row: Row, mutant: Mutant | None) -> Judged:
        """The row's verdict on this mutant."""
        return judge(hear(self.evidence(row, mutant), self.setting), [row])[0]

    def evidence(self, row: Row, mutant: Mutant | None) -> Evidence:
        """What is fired for a row: its cases, and what makes refused combinations smaller."""
        evidence = Evidence(header={})
        for case in self.cases(row):
            fired = self._evidence(case, mutant, TIMES[row.requirement.kind])
            evidence.cases.update(fired.cases)
            evidence.exchanges += fired.exchanges
        self._minimise(evidence, mutant)
        return evidence

    def _minimise(self, evidence: Evidence, mutant: Mutant | None) -> None:
        """Make the refused combinations smaller, as a run does."""
        for _ in range(ROUNDS):
            cases = reductions(hear(evidence, self.setting))
            if not cases:
                return
            for case in cases:
                fired = self._evidence(case, mutant, 1)
                evidence.cases.update(fired.cases)
                evidence.exchanges += fired.exchanges

    def cases(self, row: Row) -> list[Case]:
        """The row's cases, each with one prompt."""
        return [
            case
            for case in row.cases(self.setting)
            if "take" not in case.arguments and case.variant.depth.rank <= self.depth.rank
        ]

    def _evidence(self, case: Case, mutant: Mutant | None, times: int) -> Evidence:
        if mutant is not None and self._untouched(case, mutant, times):
            mutant = None
        key = (case.id, mutant.name if mutant else CLEAN, times)
        if key not in self._fired:
            self.endpoint.mutant = mutant
            over_socket = mutant is not None and mutant.wire is not None
            jobs = [Job(case=case, round=round_) for round_ in range(times)]
            self._fired[key] = self._over_socket(jobs) if over_socket else self._in_process(jobs)
        return self._fired[key]

    def _untouched(self, case: Case, mutant: Mutant, times: int) -> bool:
        """Whether a case never meets a mutant that only looks at requests: then it goes as it goes without."""
        if mutant.reply or mutant.events or mutant.wire or case.scenario.name not in GENERATED:
            return False
        for exchange in self._evidence(case, None, times).exchanges:
            call = self._call(exchange.request.method, exchange.request.headers, exchange.request.body)
            if mutant.shows(call) and (mutant.on_request(call) != call or (mutant.refuse and mutant.refuse(call.sent))):
                return False
        return True

    def _call(self, method: str, headers: tuple[tuple[str, str], ...], body: bytes) -> Call:
        return Call(method=method, path=self.contract.path, headers=headers, body=body)

    def _over_socket(self, jobs: Sequence[Job]) -> Evidence:
        writer = Writer.begin(io.BytesIO(), {})

        async def fire() -> None:
            async with Firer(self.target, writer, Budget(), Pace(retries=0, timeout=20)) as firer:
                await firer.fire(self.setting, jobs)

        asyncio.run(fire())
        return _numbered(writer.evidence, len(self._fired))

    def _in_process(self, jobs: Sequence[Job]) -> Evidence:
        evidence = Evidence(header={})
        for job in jobs:
            case, performance = job.case, job.case.perform(self.setting, job.round)
            evidence.cases[case.id] = CaseRecord(
                id=case.id, scenario=case.scenario.name, arguments=case.arguments, requirements=()
            )
            while performance.pending:
                step = performance.step
                got = tuple(
                    self._ask(request, Address(case=case.id, step=(step, n), purpose=Purpose.PLAN, round=job.round), n)
                    for n, request in enumerate(performance.pending)
                )
                evidence.exchanges += got
                performance.answer(got)
        return _numbered(evidence, len(self._fired))

    def _ask(self, request: Request, address: Address, number: int) -> Exchange:
        headers = record.outgoing(request, self.target)
        call = self._call(request.method, headers, request.body)
        wire = self.endpoint.answer(call)
        pieces = [(0.001 * (n + 1), piece) for n, piece in enumerate(wire.pieces)]
        heard = Heard(status=wire.status, headers=wire.headers, pieces=pieces, received=len(wire.body))
        if request.leaves and len(pieces) > 1:
            heard = replace(heard, pieces=pieces[:1], received=len(wire.pieces[0]), error=record.LEFT)
        return record.exchange(number, address, request, self.target, heard)


def _numbered(evidence: Evidence, batch: int) -> Evidence:
    """The evidence with numbers that no other batch of this bench has."""
    for number, exchange in enumerate(evidence.exchanges):
        object.__setattr__(exchange, "n", batch * 1000 + number)
    return evidence


class _Counter:
    """Entropy that does not surprise: 1, 2, 3 ..."""

    def __init__(self) -> None:
        self.last = 0

    def __call__(self) -> int:
        """The next one, spread so that neighbours have nothing in common."""
        self.last += 1
        return self.last * 0x9E3779B97F4A7C15 % 2**96


def prove(name: str) -> Iterator[Proof]:
    """Every row of a contract on the clean endpoint, and on each of its mutants."""
    with Bench(name) as bench:
        for row in rows(bench.contract):
            clean = bench.said(row, None)
            yield _proof(bench, row, CLEAN, clean, "pass" if row.requirement.level is not Level.OBSERVE else "≠")
            for mutant in row.mutants(bench.contract):
                yield _proof(bench, row, mutant.name, bench.said(row, mutant), _wanted(row, clean))


def _wanted(row: Row, clean: Judged) -> str:
    """What a killed mutant gives: fail, warn, or another value than the clean endpoint's."""
    if row.requirement.level is Level.OBSERVE:
        return f"≠{_word(clean)}"
    return "fail" if row.requirement.level is Level.MUST else "warn"


def _word(judged: Judged) -> str:
    return f"observed {judged.value}" if judged.verdict is Verdict.OBSERVED else judged.verdict.value


def _proof(bench: Bench, row: Row, mutant: str, judged: Judged, wanted: str) -> Proof:
    got = _word(judged)
    if wanted == "≠":  # any observation will do
        wanted = got if judged.verdict is Verdict.OBSERVED else "observed"
    elif wanted.startswith("≠") and judged.verdict is not Verdict.OBSERVED:
        wanted = "observed another value"
    first = next((violation.message for unit in judged.exemplars for violation in unit.violations), None)
    return Proof(
        contract=bench.contract.name, row=row.id, mutant=mutant, wanted=wanted, got=got, reason=judged.reason or first
    )


def command(
    names: Iterable[str],
    *,
    as_json: bool,
    say: Callable[[str], object],
    pack: Callable[[dict[str, JSON]], object] | None = None,
) -> int:
    """Prove all these contracts and print the matrix; 0 if every proof holds, else 1.  `pack` is given the figures."""
    proofs = [proof for name in names for proof in prove(name)]
    if pack is not None:
        pack(figures(proofs))
    if as_json:
        say(json.dumps([_to_json(proof) for proof in proofs], indent=1))
    else:
        for line in matrix(proofs):
            say(line)
    return 0 if proofs and all(proof.holds for proof in proofs) else 1


def _to_json(proof: Proof) -> dict[str, JSON]:
    return {
        "contract": proof.contract,
        "requirement": proof.row,
        "mutant": proof.mutant,
        "wanted": proof.wanted,
        "got": proof.got,
        "holds": proof.holds,
    }


def matrix(proofs: Sequence[Proof]) -> Iterator[str]:
    """One line a row and mutant with a sign for each contract, the survivors, and the sums."""
    names = list(dict.fromkeys(proof.contract for proof in proofs))
    cells: dict[tuple[str, str], dict[str, Proof]] = {}
    for proof in proofs:
        cells.setdefault((proof.row, proof.mutant), {})[proof.contract] = proof
    yield f"{'requirement':40} {'mutant':44} {' '.join(names)}"
    for (row, mutant), by in cells.items():
        signs = (("✓" if by[name].holds else "✗") if name in by else "·" for name in names)
        yield f"{row:40} {mutant:44} " + " ".join(
            f"{sign:{len(name)}}" for sign, name in zip(signs, names, strict=True)
        )
    for proof in proofs:
        if not proof.holds:
            yield (
                f"NOT PROVEN {proof.contract}: {proof.row} on {proof.mutant}: is {proof.got}, not {proof.wanted}"
                f" ({proof.reason})"
            )
    sums = figures(proofs)
    yield (
        f"{sums['killed']} of {sums['kills']} mutants killed, {sums['passed']} of {sums['rows']} rows pass clean; "
        f"{sums['requirements']} requirements, {sums['mutants']} distinct mutants, {sums['contracts']} contracts"
    )


def figures(proofs: Sequence[Proof]) -> dict[str, JSON]:
    """The sums of the matrix: a kill is one mutant put before one row of one contract, a pass one row that is clean."""
    kills = [proof for proof in proofs if proof.mutant != CLEAN]
    clean = [proof for proof in proofs if proof.mutant == CLEAN]
    return {
        "suite_version": __version__,
        "contracts": len({proof.contract for proof in proofs}),
        "requirements": len({proof.row.partition(":")[0] for proof in proofs}),
        "mutants": len({proof.mutant for proof in kills}),
        "kills": len(kills),
        "killed": sum(proof.holds for proof in kills),
        "rows": len(clean),
        "passed": sum(proof.holds for proof in clean),
    }
