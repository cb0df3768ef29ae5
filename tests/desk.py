"""A desk at which a plan is asked of an endpoint without a network, as a run asks it; and how endpoints are odd."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import accumulate
from random import Random
from typing import TypeAlias

from conformance import contract as contracts
from conformance import plan, record
from conformance.ask import Setting
from conformance.blame import GENERATED
from conformance.contract import Contract
from conformance.evidence import CaseRecord, Evidence
from conformance.exchange import Exchange
from conformance.hearing import hear
from conformance.judge import Judged, judge
from conformance.model import JSON, Depth, Purpose, Request
from conformance.mutants import Call, Mutant, Wire
from conformance.record import Address, Heard
from conformance.reference.endpoint import Memory
from conformance.reference.language_model import LanguageModel, Position
from conformance.requirements import rows
from conformance.scenario import Case, Performance
from conformance.target import Target

from .speakers import Speaker, SpeakingEndpoint

Answer: TypeAlias = "Callable[[Call], Wire]"

KEYS = {"bearer": "the-key-of-the-tests", "basic": "tester:the-password-of-the-tests"}


def setting_for(contract: Contract) -> Setting:
    """A run of everything: all features, the default seed."""
    return Setting(contract=contract, model="reference", features=frozenset(contract.features))


def _noon() -> float:
    return 1_795_176_000.0


class Entropy:
    """1, 2, 3 ... spread: what is random in a run is the same in every run of this seed."""

    def __init__(self, seed: int = 0) -> None:
        self.last = seed * 1_000_000

    def __call__(self) -> int:
        self.last += 1
        return self.last * 0x9E3779B97F4A7C15 % 2**96


def at_once(_: Random) -> float:
    """A millisecond for each piece of a body."""
    return 0.001


def on_arrival(wire: Wire, gap: Callable[[Random], float], chance: Random) -> Heard:
    """A reply as it arrives when time goes by before each piece of it."""
    arrivals = accumulate(gap(chance) for _ in wire.pieces)
    pieces = list(zip(arrivals, wire.pieces, strict=True))
    return Heard(status=wire.status, headers=wire.headers, pieces=pieces, received=len(wire.body))


@dataclass(frozen=True, kw_only=True)
class Oddity:
    """One way to be unusual: a mutant without a fault, something around the answer, another dialect, model or default.

    `inconclusive` and `warned` name the rows to which it leaves nothing to judge, and the recommendations from which it
    does depart: whatever else a row says against it is a false alarm; `perhaps` those to which it leaves nothing by
    chance.  `lacks`: parts of the API that it has nothing of.  `takes`: how many of each case are asked.  `gap`: seconds
    before each piece of a body, by chance.  `wavers`: how often a reply of the reference model goes another way from
    some place on, cold ones too.
    """

    name: str
    mutant: Mutant | None = None
    around: Callable[[Answer, Contract], Answer] | None = None
    dialect: dict[str, str] = field(default_factory=dict)
    defaults: dict[str, JSON] = field(default_factory=dict)
    logprobs_after: bool = False
    flat: bool = True
    wavers: float = 0.0
    speaker: Speaker | None = None
    gap: Callable[[Random], float] = at_once
    lacks: frozenset[str] = frozenset()
    takes: int = 1
    inconclusive: frozenset[str] = frozenset()
    perhaps: frozenset[str] = frozenset()
    warned: frozenset[str] = frozenset()
    contracts: tuple[str, ...] = ("highwayapi", "basic-gateway")


class Wavering(LanguageModel):
    """Another model from some token of a reply on: what rounding makes of one where requests share a machine."""

    def __init__(self, *, flat: bool, turn: int) -> None:
        super().__init__(flat=flat)
        self._turn = turn

    def after(self, position: Position, token: int) -> Position:
        following = super().after(position, token)
        return replace(following, prompt=following.prompt ^ self._turn) if following.said == self._turn else following


SPOKEN: Memory = {}
"""What the reference models have said, by all that it hangs on; a test that changes how they speak sets an empty one."""


class OddEndpoint(SpeakingEndpoint):
    """The reference endpoint with an oddity.

    What a reference model says to the same words it said before, to whatever endpoint, is not made a second time: most
    oddities are of how it is sent.
    """

    def __init__(self, contract: Contract, oddity: Oddity, seed: int = 0) -> None:
        spoken = replace(contract, dialect={**contract.dialect, **oddity.dialect})
        super().__init__(
            spoken,
            key=KEYS[contract.scheme],
            mutant=oddity.mutant,
            entropy=Entropy(seed),
            flat=oddity.flat,
            logprobs_after=oddity.logprobs_after,
            defaults=oddity.defaults,
            clock=_noon,
            memory=None if oddity.speaker else SPOKEN,
        )
        self.speaker = oddity.speaker
        self._oddity = oddity
        self._steady, self._shared = self._language_model, self.memory
        self._chance = Random(seed)
        plainly = super().answer
        self._answer = oddity.around(plainly, contract) if oddity.around else plainly

    def answer(self, call: Call) -> Wire:
        if self._oddity.wavers:
            turns = self._chance.random() < self._oddity.wavers
            turn = self._chance.randint(4, 16)
            self._language_model = Wavering(flat=self._oddity.flat, turn=turn) if turns else self._steady
            self.memory = None if turns else self._shared
        return self._answer(call)


class Desk:
    """Where cases are performed in process.  `evidence` is that of a run, `asked` are the requests it answers.

    `gap`: seconds before each piece of a body, by chance.
    """

    def __init__(self, contract: Contract, answer: Answer, gap: Callable[[Random], float] = at_once) -> None:
        self.answer = answer
        self.gap = gap
        self.chance = Random(0)
        self.evidence = Evidence(header={})
        self.asked: list[Request] = []
        url = f"http://127.0.0.1{contract.path}"
        self.target = Target(url=url, model="reference", scheme=contract.scheme, key=KEYS[contract.scheme])
        self.setting = Setting(contract=contract, model="reference", features=frozenset(contract.features))

    def perform(self, case: Case, round_: int = 0) -> Performance:
        """One performance, to its end."""
        performance = case.perform(self.setting, round_)
        known = CaseRecord(id=case.id, scenario=case.scenario.name, arguments=case.arguments, requirements=())
        self.evidence.cases[case.id] = known
        while performance.pending:
            addresses = [
                Address(case=case.id, step=(performance.step, member), purpose=Purpose.PLAN, round=round_)
                for member in range(len(performance.pending))
            ]
            performance.answer(tuple(map(self._exchange, performance.pending, addresses)))
        return performance

    def _exchange(self, request: Request, address: Address) -> Exchange:
        headers = record.outgoing(request, self.target)
        wire = self.answer(
            Call(method=request.method, path=self.setting.contract.path, headers=headers, body=request.body)
        )
        heard = on_arrival(wire, self.gap, self.chance)
        made = record.exchange(len(self.evidence.exchanges) + 1, address, request, self.target, heard)
        self.evidence.exchanges.append(made)
        self.asked.append(request)
        return made

    def preflight(self) -> None:
        """Find out what serves as greedy, as a run does."""
        self.perform(plan.PREFLIGHT)
        cold = self.evidence.exchanges[-1].sent["temperature"]
        assert isinstance(cold, int | float)
        self.setting = replace(self.setting, cold=cold)


def parts(contract: Contract) -> list[str]:
    """The parts of the API that a contract has requirements on."""
    return list(dict.fromkeys(row.requirement.part for row in rows(contract)))


@cache
def _planned(contract: str, lacks: frozenset[str]) -> plan.Plan:
    """The standard plan with every feature but for some parts: the same however odd an endpoint is."""
    known = contracts.load(contract)
    return plan.make(setting_for(known), Depth.STANDARD, [part for part in parts(known) if part not in lacks])


def conduct(contract: str, oddity: Oddity, *, generated: bool = False) -> tuple[Evidence, tuple[Judged, ...]]:
    """The standard plan, asked of an odd endpoint and judged.

    Generated requests are many; they are asked of odd endpoints of their own (test_ranges).
    """
    planned, desk = _asked(contract, oddity, generated=generated)
    rows = [row for row in planned.rows if generated or row.requirement.scenario.name not in GENERATED]
    return desk.evidence, judge(hear(desk.evidence, desk.setting), rows)


def _asked(contract: str, oddity: Oddity, *, generated: bool = False) -> tuple[plan.Plan, Desk]:
    """That plan, and the desk at which it was asked."""
    known = contracts.load(contract)
    planned = _planned(contract, oddity.lacks | (frozenset() if generated else {"ranges"}))
    desk = Desk(known, OddEndpoint(known, oddity).answer, oddity.gap)
    desk.preflight()
    for step in planned.steps:
        take = step.case.arguments.get("take", 1)
        asked = generated or step.case.scenario.name not in GENERATED
        if asked and isinstance(take, int) and take <= oddity.takes:
            desk.perform(step.case)
    return planned, desk


def plain(name: str, oddity: Oddity) -> Evidence:
    """The plain reference endpoint's answers to what an odd one is asked."""
    return _plain(name, oddity.takes, oddity.lacks)


@cache
def _plain(name: str, takes: int, lacks: frozenset[str]) -> Evidence:
    return _asked(name, Oddity(name="plain", takes=takes, lacks=lacks))[1].evidence


@cache
def clean(name: str, takes: int = 1) -> Evidence:
    """What the plain reference endpoint's answers to a contract's plan are."""
    return _asked(name, Oddity(name="plain", takes=takes), generated=True)[1].evidence
