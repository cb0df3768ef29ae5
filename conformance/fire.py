"""Run a plan: many performances side by side, the steps of each in order.

Rule: nothing is retried in silence: each attempt is an exchange in the evidence and is debited before it is sent; and
what the evidence has already, from a run that is resumed, is not sent again.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import Self

from . import record, transport
from .ask import Setting
from .budget import Budget
from .evidence import CaseRecord
from .exchange import Exchange
from .model import Credential, Purpose, Request
from .record import Address
from .scenario import Case, Performance
from .target import Target
from .transport import Client
from .writer import Writer

LONGEST_WAIT = 60.0
"""Seconds for which a Retry-After is honoured."""

MOST_GUESSES = 2
"""Wrong keys a run may try, repeats included: endpoints lock out those who guess."""

ACTIVE = 2
"""Cases that are being performed for each exchange that may be in flight: steps of one wait for each other, and a slot
that waits is a slot lost."""


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How fast and how long: exchanges in flight, requests a second, seconds an exchange, retries, seconds in all."""

    concurrency: int = 8
    rate: float | None = None
    timeout: float = 120.0
    retries: int = 2
    deadline: float | None = None


@dataclass(frozen=True, kw_only=True)
class Job:
    """One performance to be fired: its case, the rows that judge it, its round and purpose."""

    case: Case
    rows: tuple[str, ...] = ()
    round: int = 0
    purpose: Purpose = Purpose.PLAN


class Firer:
    """Fires jobs at a target and writes every exchange as it ends.

    `told` is called after each exchange.  One event loop and one set of connections serve a whole run: use it as an
    asynchronous context manager.
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
        self._slots: asyncio.LifoQueue[Client] = asyncio.LifoQueue()
        self._clients: list[Client] = []
        self._next_send = 0.0
        self._guesses = 0
        self._passed = False
        self._number = len(writer.evidence.exchanges)
        self._had = {
            (each.case, each.round, each.step): each
            for each in writer.evidence.exchanges
            if each.left or not each.says_nothing
        }
        for each in writer.evidence.exchanges:
            budget.recall(Request(body=each.request.body), each.tokens("total_tokens"))
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
                    self._ask(request, Address(case=case.id, step=(step, member), purpose=job.purpose, round=job.round))
                    for member, request in enumerate(performance.pending)
                )
            )
            answered = tuple(answer for answer in answers if isinstance(answer, Exchange))
            if len(answered) < len(answers):
                performance.end(next(answer for answer in answers if isinstance(answer, str)))
            else:
                performance.answer(answered)
        return performance

    async def _ask(self, request: Request, address: Address) -> Exchange | str:
        """Send until there is an answer that is not weather; the last exchange, or why nothing was sent.

        What a resumed run has already is answered from there, weather excepted.
        """
        had = self._had.get((address.case, address.round, address.step))
        if had is not None:
            return had
        answer: Exchange | str = ""
        met: list[Exchange] = []
        for attempt in range(self.pace.retries + 1):
            refused = self._late() or self._guessed(request) or self.budget.take(request)
            if refused:
                return answer or refused
            answer = await self._send(request, address)
            self.budget.settle(request, answer.tokens("total_tokens"))
            if request.credential is Credential.WRONG and answer.says_nothing:
                self._guesses -= 1
            if attempt == self.pace.retries or not self._may_fare_better(answer, met):
                break
            met.append(answer)
            address = replace(address, purpose=Purpose.RETRY)
            await asyncio.sleep(min(_pause(answer, attempt), self._left()))
        return answer

    def _may_fare_better(self, answer: Exchange, met: Sequence[Exchange]) -> bool:
        """Whether another try may tell more, after those met before it.

        What may be weather and may be none is tried again once; where such things are seen to pass, again and again.
        """
        before = sum(each.may_pass for each in met)
        if answer.weather is not None:
            return True
        self._passed = self._passed or (before > 0 and not answer.may_pass)
        return answer.may_pass and (before == 0 or self._passed)

    def _left(self) -> float:
        """Seconds until the deadline."""
        return max(self.pace.deadline - (time.monotonic() - self._started), 0) if self.pace.deadline else math.inf

    def _late(self) -> str | None:
        if self.pace.deadline is not None and time.monotonic() - self._started > self.pace.deadline:
            return f"the deadline of {self.pace.deadline:g} s has passed"
        return None

    def _guessed(self, request: Request) -> str | None:
        """Why no further wrong key may be tried; else it is counted, until weather shows that nobody looked at it."""
        if request.credential is not Credential.WRONG:
            return None
        if self._guesses == MOST_GUESSES:
            return f"no more than {MOST_GUESSES} wrong keys are tried in a run"
        self._guesses += 1
        return None

    async def _send(self, request: Request, address: Address) -> Exchange:
        client = await self._slots.get()
        try:
            await self._keep_rate()
            heard = await transport.hear(client, request, self.target, self.pace.timeout)
        finally:
            self._slots.put_nowait(client)
        self._number += 1
        exchange = record.exchange(self._number, address, request, self.target, heard)
        self.writer.exchange(exchange)
        self.told(exchange)
        return exchange

    async def _keep_rate(self) -> None:
        if self.pace.rate is None:
            return
        now = time.monotonic()
        mine = max(self._next_send, now)
        self._next_send = mine + 1 / self.pace.rate
        await asyncio.sleep(mine - now)


def _pause(exchange: Exchange, attempt: int) -> float:
    """Seconds to wait before the next try: what Retry-After says, else a little longer each time."""
    told = exchange.header("retry-after")
    if told is None:
        return 0.25 * 2.0**attempt
    with contextlib.suppress(ValueError):
        return min(max(float(told), 0.0), LONGEST_WAIT) if math.isfinite(float(told)) else 1.0
    with contextlib.suppress(ValueError, TypeError):
        return min(max(parsedate_to_datetime(told).timestamp() - time.time(), 0.0), LONGEST_WAIT)
    return 1.0
