"""Run a plan: asyncio + httpx.  The only module that sends anything.

Rule: bytes are taken as they come (`aiter_raw`, no content coding asked for) and nothing is retried in silence: each
attempt is an exchange in the evidence and is debited before it is sent.  Cases run side by side, the steps of one case
in order; one client a slot over a shared TLS context, for a pooled client costs four times the CPU.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import ssl
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import Self
from urllib.request import getproxies

import httpx

from . import __version__, record
from .ask import Setting
from .budget import Budget
from .evidence import CaseRecord, Writer
from .exchange import Exchange
from .model import Credential, Purpose, Request, UsageError
from .record import Address, Heard
from .scenario import Case, Performance
from .target import Target

LONGEST_WAIT = 60.0
"""Seconds for which a Retry-After is honoured."""

MOST_GUESSES = 2
"""Wrong keys a run may try, retries and repeats included: endpoints lock out those who guess."""

ACTIVE = 2
"""Cases that are being performed for each exchange that may be in flight: steps of one wait for each other, and a slot
that waits is a slot lost."""

ASKED_BY_US = (("accept", "*/*"), ("accept-encoding", "identity"), ("user-agent", f"chat-conformance/{__version__}"))


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
        self._slots: asyncio.LifoQueue[httpx.AsyncClient] = asyncio.LifoQueue()
        self._clients: list[httpx.AsyncClient] = []
        self._next_send = 0.0
        self._guesses = 0
        self._number = len(writer.evidence.exchanges)
        self._started = time.monotonic()

    async def __aenter__(self) -> Self:
        """Make a client for each slot.  Raises UsageError for an unusable certificate file."""
        context = _tls(self.target)
        for _ in range(self.pace.concurrency):
            client = httpx.AsyncClient(verify=context, timeout=None, headers=dict(ASKED_BY_US))  # noqa: S113  # `_hear` bounds all of it
            self._clients.append(client)
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
        """Send until there is an answer that is not weather; the last exchange, or why nothing was sent."""
        answer: Exchange | str = ""
        for attempt in range(self.pace.retries + 1):
            refused = self._late() or self._guessed(request) or self.budget.take(request)
            if refused:
                return answer or refused
            answer = await self._send(request, address)
            self.budget.settle(request, answer.tokens("total_tokens"))
            if attempt == self.pace.retries or not _may_pass(answer, attempt):
                break
            address = replace(address, purpose=Purpose.RETRY)
            await asyncio.sleep(_pause(answer, attempt))
        return answer

    def _late(self) -> str | None:
        if self.pace.deadline is not None and time.monotonic() - self._started > self.pace.deadline:
            return f"the deadline of {self.pace.deadline:g} s has passed"
        return None

    def _guessed(self, request: Request) -> str | None:
        """Why no further wrong key may be tried; else it is counted."""
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
            heard = await _hear(client, request, self.target, self.pace.timeout)
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


def _may_pass(exchange: Exchange, attempt: int) -> bool:
    """Whether another try may fare better: weather, and a 500 once."""
    return exchange.weather is not None or (exchange.status == 500 and attempt == 0)


def _pause(exchange: Exchange, attempt: int) -> float:
    """Seconds to wait before the next try: what Retry-After says, else a little longer each time."""
    told = exchange.header("retry-after")
    if told is None:
        return 0.25 * 2.0**attempt
    with contextlib.suppress(ValueError):
        return min(max(float(told), 0.0), LONGEST_WAIT)
    with contextlib.suppress(ValueError, TypeError):
        return min(max(parsedate_to_datetime(told).timestamp() - time.time(), 0.0), LONGEST_WAIT)
    return 1.0


async def _hear(client: httpx.AsyncClient, request: Request, target: Target, timeout: float) -> Heard:
    """Send one request and take whatever comes, for at most `timeout` seconds and `record.LONGEST` bytes."""
    heard = Heard()
    pieces: list[tuple[float, bytes]] = []
    heard.pieces = pieces
    started = time.perf_counter()
    try:
        async with asyncio.timeout(timeout):
            outgoing = client.build_request(
                request.method, target.url, content=request.body, headers=list(record.outgoing(request, target))
            )
            response = await client.send(outgoing, stream=True)
            try:
                heard.status = response.status_code
                heard.headers = [
                    (name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw
                ]
                async for piece in _bounded(response.aiter_raw(), heard):
                    pieces.append((time.perf_counter() - started, piece))  # noqa: PERF401  # kept when the next one fails
            finally:
                await response.aclose()
    except TimeoutError:
        heard.error = f"timeout: not finished after {timeout:g} s"
    except httpx.TransportError as error:
        heard.error = f"{_kind(error, heard)}: {str(error) or type(error).__name__}"
    except (httpx.InvalidURL, httpx.HTTPError, UnicodeError, ValueError) as error:
        heard.error = f"protocol: {error}"
    return heard


async def _bounded(pieces: AsyncIterator[bytes], heard: Heard) -> AsyncIterator[bytes]:
    async for piece in pieces:
        heard.received += len(piece)
        if heard.received > record.LONGEST:
            heard.error = f"long: more than {record.LONGEST} bytes"
            return
        yield piece


def _kind(error: httpx.TransportError, heard: Heard) -> str:
    """The first word of an exchange's error: "connect", "timeout", "closed" or "protocol"."""
    if isinstance(error, httpx.ConnectError | httpx.ProxyError | httpx.UnsupportedProtocol):
        return "connect"
    if isinstance(error, httpx.TimeoutException):
        return "timeout"
    text = str(error)
    if isinstance(error, httpx.RemoteProtocolError) and heard.status is None and "disconnected" not in text:
        return "protocol"
    return "closed"


def _tls(target: Target) -> ssl.SSLContext | bool:
    """One context for all clients; none where nothing needs it, for loading the certificates takes a while."""
    if not target.url.startswith("https:") and not getproxies() and not target.ca_file and not target.client_cert:
        return False
    try:
        context = ssl.create_default_context(cafile=target.ca_file or os.environ.get("SSL_CERT_FILE"))
        if target.client_cert:
            context.load_cert_chain(target.client_cert)
    except (OSError, ssl.SSLError) as error:
        raise UsageError(f"the certificate file cannot be used: {error}") from None
    return context
