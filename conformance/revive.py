"""After an endpoint died of a request: bring it back, and find out which one it was.

When connections are closed in the place of replies, those that were in flight together look alike.  So each of their
cases is asked again, alone, with a plain request after it; the one that the endpoint does not outlive is to blame.
"""

from __future__ import annotations

import asyncio
import shlex
import shutil
import time
from collections.abc import Sequence

from .ask import Setting
from .fire import Firer, Job
from .judge import canaries, last_sign_of_life
from .model import Depth, Purpose, UsageError
from .plan import canary
from .scenario import Case, Performance, Variant

PATIENCE = 120.0
"""Seconds that an endpoint may take to come back."""


def command(words: str | None) -> str | None:
    """The command, if there is one.  Raises UsageError where nothing can be run by it."""
    if words is None:
        return None
    try:
        parts = shlex.split(words)
    except ValueError as error:
        raise UsageError(f"--restart: {words!r} is no command: {error}") from None
    if not parts or shutil.which(parts[0]) is None:
        raise UsageError(f"--restart: cannot run {words!r}: there is no such program")
    return words


class Reviver:
    """Brings an endpoint back with a command of the user's; without one it can only wait whether it comes back."""

    def __init__(self, firer: Firer, setting: Setting, command: str | None) -> None:
        self.firer = firer
        self.setting = setting
        self.command = command
        self.culprits: list[str] = []
        self._asked = 0

    async def settle(self, jobs: Sequence[Job]) -> None:
        """Ask those jobs again, one by one, that the endpoint may have died of, or did not live to answer."""
        if not self._suspicious():
            return
        alive = await self.alive()
        lost = self.lost(jobs, dead=not alive)
        if not lost or not (alive or await self.back()):
            return
        for job in lost:
            await self.firer.fire(self.setting, [job])
            if not await self.alive():
                self.culprits.append(job.case.id)
                if not await self.back():
                    return

    def _suspicious(self) -> bool:
        """Whether a connection was closed in the place of a reply, or the last plain request was not answered."""
        plain = canaries(self.firer.writer.evidence.exchanges)
        return bool(self._closed()) or bool(plain and not plain[-1].ok)

    def _closed(self) -> set[str]:
        return {
            each.case
            for each in self.firer.writer.evidence.exchanges
            if each.status is None and each.error is not None and not each.error.startswith(("timeout", "budget"))
        }

    def lost(self, jobs: Sequence[Job], *, dead: bool) -> list[Job]:
        """The jobs one of whose requests got no reply; if it is dead, those too that ended after the last answer."""
        exchanges = self.firer.writer.evidence.exchanges
        cases = self._closed()
        if dead:
            last = last_sign_of_life(exchanges)
            cases |= {each.case for each in exchanges if each.n > last}
            cases |= {job.case.id for job in jobs} - {each.case for each in exchanges}
        return [job for job in jobs if job.case.id in cases]

    async def alive(self) -> bool:
        """Whether a plain request is answered."""
        self._asked += 1
        case = Case(scenario=canary, variant=Variant(arguments={"number": f"after-{self._asked}"}, depth=Depth.SMOKE))
        done: list[Performance] = await self.firer.fire(self.setting, [Job(case=case, purpose=Purpose.CANARY)])
        numbers = [each for each in self.firer.writer.evidence.exchanges if each.case == case.id]
        return bool(done) and bool(numbers) and numbers[-1].ok

    async def back(self) -> bool:
        """Restart it, if there is a command for that, and wait until it answers."""
        if self.command is None:
            return False
        try:
            process = await asyncio.create_subprocess_exec(*shlex.split(self.command))
        except OSError:
            return False
        await process.wait()
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            if await self.alive():
                return True
            await asyncio.sleep(0.5)
        return False
