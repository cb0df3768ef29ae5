"""Run a plan: many performances side by side, the steps of each in order.

Rule: nothing is retried in silence: each attempt is an exchange in the evidence and is debited before it is sent; and
what the evidence has already, from a run that is resumed, is not sent again.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Self

from . import record, transport
from .ask import Setting
from .budget import Budget
from .evidence import CaseRecord
from .exchange import Exchange
from .model import Credential, Depth, Purpose, Request
from .plan import canary
from .pulse import Pulse
from .record import Address, Room
from .retry import answered, pause
from .scenario import Case, Performance, Variant
from .target import Target
from .transport import Client
from .writer import Writer

MOST_GUESSES = 2
"""Wrong keys a run may try, repeats included: endpoints lock out those who guess."""

DEAD = "the endpoint stopped answering plain requests"

ACTIVE = 2
"""Cases that are being performed for each exchange that may be in flight: steps of one wait for each other, and a slot
that waits is a slot lost."""


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How fast and how long: exchanges in flight, requests a second, seconds an exchange, retries, seconds in all, and
    seconds that a silent endpoint is waited for."""

    concurrency: int = 8
    rate: float | None = None
    timeout: float = 120.0
    retries: int = 2
    deadline: float | None = None
    patience: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Job:
    """One performance to be fired: its case, the rows that judge it, its round and purpose."""

    case: Case
    rows: tuple[str, ...] = ()
    round: int = 0
    purpose: Purpose = Purpose.PLAN


class Firer:
    """Fires jobs at a target and writes every exchange as it ends.

    `told` is called after each exchange; `given_up` are the cases that a dead endpoint was not asked, `starved` is why
    something was not sent that should have been.  One event loop and one set of connections serve a whole run: use it
    as an asynchronous context manager.
    """

    def __init__(
        self,
        target: Target,
        writer: Writer,
        budget: Budget,
        pace: Pace,
        told: Callable[[Exchange], object] = lambda _: None,
    ) -> None:
        self.target = target
        self.writer = writer
        self.budget = budget
        self.pace = pace
        self.told = told
        self.pulse = Pulse(in_flight=pace.concurrency, patience=pace.patience)
        self.given_up: set[str] = set()
        self.starved: str | None = None
        self._slots: asyncio.LifoQueue[Client] = asyncio.LifoQueue()
        self._clients: list[Client] = []
        self._next_send = 0.0
        self._guesses = 0
        self._unsettled = False
        self._number = len(writer.evidence.exchanges)
        self._room = Room()
        self._had = answered(writer.evidence.exchanges)
        for each in writer.evidence.exchanges:
            budget.recall(Request(body=each.request.body), each.tokens("total_tokens"), _counted(each))
            self._room.take(each.pieces)
            self._guesses += each.says_nothing is None and target.tries_wrong_key(each.request.headers)
        self._started = time.monotonic()

    async def __aenter__(self) -> Self:
        """Make a client for each slot.  Raises UsageError for an unusable certificate file."""
        self._clients = transport.clients(self.target, self.pace.concurrency)
        for client in self._clients:
            self._slots.put_nowait(client)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close all connections."""
        await asyncio.gather(*(client.aclose() for client in self._clients))

    async def fire(self, setting: Setting, jobs: Sequence[Job]) -> list[Performance]:
        """Perform all jobs, started in this order, and give back their performances in the same order."""
        performances: list[Performance | None] = [None] * len(jobs)
        waiting = iter(list(enumerate(jobs)))

        async def work() -> None:
            for index, job in waiting:
                performances[index] = await self._perform(setting, job)

        async with asyncio.TaskGroup() as group:
            for _ in range(min(ACTIVE * self.pace.concurrency, len(jobs))):
                group.create_task(work())
        return [performance for performance in performances if performance is not None]

    async def _perform(self, setting: Setting, job: Job) -> Performance:
        case = job.case
        performance = case.perform(setting, job.round)
        rows = tuple(job.rows)
        self.writer.case(
            CaseRecord(id=case.id, scenario=case.scenario.name, arguments=case.arguments, requirements=rows)
        )
        while performance.pending:
            step = performance.step
            answers = await asyncio.gather(
                *(
                    self._ask(
                        setting,
                        request,
                        Address(case=case.id, step=(step, member), purpose=job.purpose, round=job.round),
                    )
                    for member, request in enumerate(performance.pending)
                )
            )
            exchanges = tuple(answer for answer in answers if isinstance(answer, Exchange))
            if len(exchanges) < len(answers):
                performance.end(next(answer for answer in answers if isinstance(answer, str)))
            else:
                performance.answer(exchanges)
        return performance

    async def alive(self, setting: Setting) -> bool:
        """Whether a plain request is answered; where a budget does not allow one, nothing says that it is not."""
        sent = self._number
        case = Case(scenario=canary, variant=Variant(arguments={"number": f"after-{sent}"}, depth=Depth.SMOKE))
        performance = await self._perform(setting, Job(case=case, purpose=Purpose.CANARY))
        return performance.reason is None or self._number == sent

    async def _gone(self, setting: Setting, address: Address) -> str | None:
        """Why a request is not sent to an endpoint that is dead."""
        if await self.pulse.beats(lambda: self.alive(setting)):
            return None
        self.given_up.add(address.case)
        return DEAD

    async def _ask(self, setting: Setting, request: Request, address: Address) -> Exchange | str:
        """Send until there is an answer that is not weather; the last exchange, or why nothing was sent.

        What a resumed run has already is answered from there, weather excepted.
        """
        had = self._had.get((address.case, address.round, address.step))
        if had is not None:
            return had
        met: list[Exchange] = []
        plain = address.purpose is Purpose.CANARY  # it tells whether the endpoint is there, and waits for nobody to
        while True:
            answer = (None if plain else await self._gone(setting, address)) or await self._send(request, address)
            if isinstance(answer, str):
                return met[-1] if met else answer
            met.append(answer)
            if len(met) > self.pace.retries or not self._may_fare_better(met):
                return answer
            address = replace(address, purpose=Purpose.RETRY)
            await asyncio.sleep(min(pause(answer, len(met)), self._left()))

    def _may_fare_better(self, met: Sequence[Exchange]) -> bool:
        """Whether another try may tell more than these.

        What may be weather and may be none is tried again once; where any weather was seen, as often as weather is.
        """
        answer, before = met[-1], any(each.may_pass for each in met[:-1])
        self._unsettled = self._unsettled or answer.weather is not None or (before and not answer.may_pass)
        if answer.weather is not None:
            return not answer.unkept
        return answer.may_pass and (self._unsettled or not before)

    def _left(self) -> float:
        """Seconds until the deadline."""
        return math.inf if self.pace.deadline is None else max(self._started + self.pace.deadline - time.monotonic(), 0)

    def _late(self) -> str | None:
        if not self._left():
            return f"the deadline of {self.pace.deadline:g} s has passed"
        return None

    def _refused(self, request: Request) -> str | None:
        """Why a request may not be sent any more; else it is debited."""
        late = self._late()
        guessed = None if late else self._guessed(request)
        starved = late or (None if guessed else self.budget.take(request))
        self.starved = self.starved or starved
        return guessed or starved

    def _guessed(self, request: Request) -> str | None:
        """Why no further wrong key may be tried; else it is counted, until weather shows that nobody looked at it."""
        if request.credential is not Credential.WRONG:
            return None
        if self._guesses == MOST_GUESSES:
            return f"no more than {MOST_GUESSES} wrong keys are tried in a run"
        self._guesses += 1
        return None

    async def _send(self, request: Request, address: Address) -> Exchange | str:
        """Send once, when there is a slot and the rate allows it; or say why it may not be sent by then."""
        client = await self._slots.get()
        try:
            await self._keep_rate()
            if refused := self._refused(request):
                return refused
            heard = await transport.hear(client, request, self.target, self.pace.timeout)
        finally:
            self._slots.put_nowait(client)
        self._number += 1
        exchange = record.exchange(self._number, address, request, self.target, heard, room=self._room)
        self.writer.exchange(exchange)
        self.budget.settle(request, exchange.tokens("total_tokens"), _counted(exchange))
        if request.credential is Credential.WRONG and exchange.says_nothing:
            self._guesses -= 1
        self.pulse.heard(exchange)
        self.told(exchange)
        return exchange

    async def _keep_rate(self) -> None:
        if self.pace.rate is None:
            return
        now = time.monotonic()
        mine = max(self._next_send, now)
        self._next_send = mine + 1 / self.pace.rate
        await asyncio.sleep(min(mine - now, self._left()))


def _counted(exchange: Exchange) -> tuple[int | None, int | None]:
    """The prompt and completion tokens that the endpoint counts."""
    return exchange.tokens("prompt_tokens"), exchange.tokens("completion_tokens")
