"""A run without a network: all that a run does, retries and repeats included, asked in process of an odd endpoint.

Time does not pass in it, so that it is the same every time: what arrives when is what the oddity says.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Sequence
from random import Random
from typing import Self

from conformance import contract as contracts
from conformance.budget import Budget
from conformance.console import Silent
from conformance.evidence import Evidence
from conformance.exchange import Exchange
from conformance.fire import Firer, Pace
from conformance.hearing import hear, setting_of
from conformance.judge import Judged, judge
from conformance.model import Depth, Request
from conformance.mutants import Call
from conformance.order import Order
from conformance.record import Address, exchange, outgoing
from conformance.run import conduct
from conformance.target import Target
from conformance.writer import Writer

from .desk import KEYS, OddEndpoint, Oddity, on_arrival

HOST = "http://127.0.0.1"
PACE = Pace(concurrency=1)
"""One at a time, so that what is random comes in the same order."""


class Rehearsal(Firer):
    """Fires at an endpoint in process."""

    def __init__(self, endpoint: OddEndpoint, oddity: Oddity, target: Target, writer: Writer, seed: int) -> None:
        super().__init__(target, writer, Budget(), PACE)
        self._endpoint = endpoint
        self._gap = oddity.gap
        self._chance = Random(seed)

    async def __aenter__(self) -> Self:
        """There is nothing to connect to."""
        return self

    async def _send(self, request: Request, address: Address) -> Exchange:
        headers = outgoing(request, self.target)
        path = self.target.url.removeprefix(HOST)
        wire = self._endpoint.answer(Call(method=request.method, path=path, headers=headers, body=request.body))
        self._number += 1
        made = exchange(self._number, address, request, self.target, on_arrival(wire, self._gap, self._chance))
        self.writer.exchange(made)
        return made


def rehearse(
    name: str,
    oddity: Oddity,
    seed: int = 1,
    *,
    depth: Depth = Depth.STANDARD,
    without: frozenset[str] = frozenset(),
    selection: Sequence[str] = (),
) -> tuple[Evidence, tuple[Judged, ...]]:
    """The plan of a contract with this depth and seed, of every feature but these, and the verdicts in the end."""
    contract = contracts.load(name)
    order = Order(
        contract=contract,
        target=Target(url=HOST + contract.path, model="reference", scheme=contract.scheme, key=KEYS[contract.scheme]),
        features=frozenset(contract.features) - without,
        depth=depth,
        seed=seed,
        selection=tuple(selection),
        pace=PACE,
    )
    planned = order.plan()
    writer = Writer.begin(io.BytesIO(), order.header(planned))

    async def fire() -> None:
        endpoint = OddEndpoint(contract, oddity, seed)
        async with Rehearsal(endpoint, oddity, order.target, writer, seed) as firer:
            await conduct(firer, order, planned, Silent())

    asyncio.run(fire())
    return writer.evidence, judge(hear(writer.evidence, setting_of(writer.evidence, contract)), planned.rows)
