"""Whether an endpoint is still there: after much weather in a row only a plain request can tell.

Rule: nothing else is sent meanwhile, and one that stays silent is not asked again and again: the run would take hours.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from .exchange import Exchange

IN_A_ROW = 24
"""Exchanges that met with weather, and nothing else between them, beside those that were in flight together."""

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 15.0
"""Seconds between two plain requests to a silent endpoint."""


class Pulse:
    """An endpoint's.  `dead`: it was silent for `patience` seconds; the next answer shows it alive."""

    def __init__(self, *, in_flight: int, patience: float) -> None:
        self.dead = False
        self.patience = patience
        self._limit = IN_A_ROW + in_flight
        self._silent = 0
        self._listening = asyncio.Lock()

    def heard(self, exchange: Exchange) -> None:
        """An exchange ended."""
        if exchange.weather is None or exchange.unkept:
            self._silent, self.dead = 0, False
        else:
            self._silent += 1

    async def beats(self, ask: Callable[[], Awaitable[bool]]) -> bool:
        """Whether anything should be sent; where that is in doubt, `ask` asks plainly, and everybody else waits."""
        if self._silent < self._limit or self.dead:
            return not self.dead
        async with self._listening:
            if self._silent >= self._limit and not self.dead:
                self.dead = not await self.wait(ask, self.patience)
                self._silent = 0
        return not self.dead

    async def wait(self, ask: Callable[[], Awaitable[bool]], patience: float) -> bool:
        """Ask plainly for at most so many seconds, until there is an answer.  Returns whether there was one."""
        until, pause = time.monotonic() + patience, FIRST_PAUSE
        while not await ask():
            if time.monotonic() + pause > until:
                return False
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
        return True
