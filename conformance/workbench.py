"""A contract's reference endpoint at hand, clean or with a mutant: what one row says of it.

Changes of requests, replies and events are applied in process; what changes the wire is sent over a real socket.
"""

from __future__ import annotations

import asyncio
import io
import zlib
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Self

from . import contract as contracts
from . import record
from .ask import Setting
from .blame import GENERATED
from .budget import Budget
from .contract import Contract
from .evidence import CaseRecord, Evidence
from .exchange import Exchange
from .fire import Firer, Job, Pace
from .hearing import hear
from .judge import Judged, judge
from .model import Depth, Kind, Purpose, Request
from .mutants import Call, Mutant
from .record import Address, Heard
from .reference.app import running
from .reference.endpoint import Endpoint
from .requirement import Row
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


class Bench:
    """One contract's reference endpoint, asked in process and over a socket, clean or with a mutant.

    Use as a context manager: the socket is open as long as it lasts.  Whatever was fired is kept, for rows share cases.
    `depth`: that of the cases that are performed.
    """

    def __init__(self, name: str, *, depth: Depth = Depth.FULL, seed: int = 1) -> None:
        self.contract: Contract = contracts.load(name)
        self.key = KEYS[self.contract.scheme]
        self._chance = _Counter()
        self.endpoint = Endpoint(self.contract, key=self.key, entropy=self._chance, memory={})
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
            self._chance.begin(case.id)
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
    """Entropy that does not surprise: n, n + 1, n + 2 ...; for every case another n, the same with every mutant."""

    def __init__(self) -> None:
        self.last = 0

    def begin(self, case: str) -> None:
        """Go on where nothing but this case goes on."""
        self.last = zlib.crc32(case.encode()) << 40

    def __call__(self) -> int:
        """The next one, spread so that neighbours have nothing in common."""
        self.last += 1
        return self.last * 0x9E3779B97F4A7C15 % 2**96
