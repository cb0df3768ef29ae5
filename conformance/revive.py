"""After an endpoint died of a request: bring it back, and find out which one it was.

When connections are closed in the place of replies, those that were in flight together look alike.  So each of their
cases is asked again, alone, with a plain request after it; the one that the endpoint does not outlive is to blame.
"""

from __future__ import annotations

import asyncio
import shlex
import shutil
from collections.abc import Sequence

from .ask import Setting
from .blame import NUMB
from .exchange import Exchange
from .fire import Firer, Job
from .hearing import canaries, last_sign_of_life
from .model import UsageError
from .plan import canary
from .scenario import Stage

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

    @property
    def dead(self) -> bool:
        """Whether the last plain request went without an answer, or the last ones were all refused."""
        plain = canaries(self.firer.writer.evidence.exchanges)
        numb = len(plain) >= NUMB and not any(each.ok for each in plain[-NUMB:])
        return self.firer.pulse.dead or numb or bool(plain and plain[-1].weather)

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
            if not (await self.alive() or await self.alive()):  # twice, for one may have met with weather
                self.culprits.append(job.case.id)
                if not await self.back():
                    return

    async def look_after(self, jobs: Sequence[Job]) -> None:
        """See that it outlived these jobs too, if it was to refuse any of their requests."""
        if any(job.case.scenario.stage is not Stage.BEHAVIOUR for job in jobs) and not await self.alive():
            await self.settle(jobs)

    def _suspicious(self) -> bool:
        """Whether a connection was closed in the place of a reply, or the last plain request was not answered."""
        plain = canaries(self.firer.writer.evidence.exchanges)
        return bool(self._closed()) or bool(plain and not plain[-1].ok)

    def _closed(self) -> set[str]:
        """The cases one of whose requests was met with a closed connection, and with nothing else when tried again."""
        exchanges = self.firer.writer.evidence.exchanges
        latest = {(each.case, each.round, each.step): each for each in exchanges}
        return {
            each.case
            for each in latest.values()
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
            cases |= self.firer.given_up
        return [job for job in jobs if job.case.id in cases]

    async def alive(self) -> bool:
        """Whether a plain request is answered."""
        return await self.firer.alive(self.setting)

    async def back(self) -> bool:
        """Restart it, if there is a command for that, and wait until it answers; an answer that refuses is its word."""
        pulse = self.firer.pulse
        if self.command is None:
            last = self.firer.writer.evidence.exchanges[-1]
            return last.weather is not None and not pulse.dead and await pulse.wait(self.alive, pulse.patience)
        try:
            process = await asyncio.create_subprocess_exec(*shlex.split(self.command))
        except OSError:
            return False
        await process.wait()
        return await pulse.wait(self.alive, PATIENCE)


def suspects(exchanges: Sequence[Exchange]) -> list[str]:
    """The cases that an endpoint may have died of: those whose connections were closed after its last sign of life; if
    none was, the first that went without an answer; and if all were answered, those before the next plain request."""
    last = last_sign_of_life(exchanges)
    after = [each for each in exchanges if each.n > last and each.scenario != canary.name]
    closed = [each.case for each in after if each.status is None and (each.error or "").startswith("closed")]
    silent = [each.case for each in after if each.weather is not None][:1]
    missed = min((each.n for each in canaries(exchanges) if each.n > last), default=0)
    return [*dict.fromkeys(closed or silent or [each.case for each in after if each.n < missed])]
