"""The loop: preflight, fire, judge, ask again.

Rule: what a run is, is decided before its first request (`Order`, and the plan made of it); what it found is decided
from its evidence alone.  This module only moves between the two.
"""

from __future__ import annotations

import asyncio
import gc
import io
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from . import confirm, plan, replay
from .ask import Setting
from .blame import COMBINATION, Cause, blame
from .contract import Contract
from .evidence import EVIDENCE, Evidence
from .exchange import Exchange
from .fire import DEAD, Firer, Job
from .hearing import hear
from .judge import look_through
from .model import Depth, Purpose, UsageError
from .order import Order, now
from .plan import Plan
from .reply import problem
from .requirements import scenarios
from .revive import Reviver, suspects
from .scenario import Case, Variant
from .target import Target
from .watcher import Watcher
from .writer import Writer, new_file, remove

NIMBLE = 0.0002
"""Seconds after which planning lets the preflight have its turn, which needs one for each small thing that it does."""


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How a run ended: "done", or what ended it early; the cases that the endpoint did not outlive; and why something
    was not sent that should have been, if anything was not."""

    why: str
    died_of: tuple[str, ...] = ()
    starved: str | None = None


def run(order: Order, out: Path, watcher: Watcher, *, resume: bool = False) -> Evidence:
    """Fire an order's plan at its target and leave the evidence in `out`, or go on with the run that lies there.

    Raises UsageError, with nothing left behind, where the target cannot be tested at all; after its first answer
    everything is evidence.  An interrupted run keeps what it has and raises KeyboardInterrupt.
    """
    begun = resume and not _nothing_yet(out / EVIDENCE)
    planned, writer = _gone_on_with(order, out / EVIDENCE) if begun else _begun(order, out, watcher)
    end = Ending(why="interrupted")
    gc.freeze()  # what was imported and planned is there to the end, so that nobody need look for garbage in it
    try:
        end = asyncio.run(_conduct(order, planned, writer, watcher))
    except BaseExceptionGroup as group:
        raise _first(group) from None
    except UsageError:
        writer.discard()
        raise
    finally:
        gc.unfreeze()
        writer.end(end.why, now(), writer.evidence.counts, end.died_of, end.starved)
    if order.replay is not None:
        replay.save(order.replay, order.contract, causes(writer.evidence, planned.setting))
    return writer.evidence


def causes(evidence: Evidence, setting: Setting) -> tuple[Cause, ...]:
    """The smallest requests that were refused and should not have been."""
    return blame(hear(evidence, setting).exchanges, setting.contract).causes


def _nothing_yet(path: Path) -> bool:
    """Remove what a run left that was killed before its first line was whole.  Returns whether there was such."""
    try:
        with path.open("rb") as file:
            line = file.readline()
    except OSError:
        return False
    start = b'{"kind":"header"'
    if line.endswith(b"\n") or line[: len(start)] != start[: len(line)]:
        return False
    path.unlink()
    return True


def _gone_on_with(order: Order, path: Path) -> tuple[Plan, Writer]:
    """The plan of a run that was broken off, and a writer that goes on with its evidence."""
    planned = order.plan()
    return planned, Writer.resume(path, planned.digest)


def _begun(order: Order, out: Path, watcher: Watcher) -> tuple[Plan, Writer]:
    """The plan of a new run, and a writer whose evidence begins with the preflight, if that could be sent meanwhile.

    All that can be wrong with what was asked for is found before that.
    """
    order.check()
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot write {out}: {error.strerror}; give another --out") from None
    path, started = out / EVIDENCE, now()
    file = new_file(path)
    try:
        waits = order.pace.rate is not None or order.pace.deadline is not None
        planned, met = (order.plan(), Evidence(header={})) if waits else asyncio.run(_planned_meanwhile(order, watcher))
        writer = Writer.begin(file, order.header(planned, started), path)
    except BaseException as error:  # noqa: BLE001  # whatever it is, nothing is left behind, and it goes on
        file.close()
        remove(path)
        raise _first(error) from None
    for record in met.cases.values():
        writer.case(record)
    for each in met.exchanges:
        writer.exchange(each)
    return planned, writer


async def _planned_meanwhile(order: Order, watcher: Watcher) -> tuple[Plan, Evidence]:
    """Make the plan while the preflight is on its way.  Raises UsageError where the target cannot be tested."""
    writer = Writer.begin(io.BytesIO(), {})
    async with Firer(order.target, writer, order.budget(), order.pace, watcher.exchanged) as firer:
        with _nimble():
            planning = asyncio.create_task(asyncio.to_thread(order.plan))
            try:
                await _preflight(firer, order.setting)
            finally:
                planned = await planning
    return planned, writer.evidence


@contextmanager
def _nimble() -> Iterator[None]:
    """Threads give each other their turns sooner."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(NIMBLE)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def _first(error: BaseException) -> BaseException:
    """The exception for which a group of tasks was given up; any other as it is."""
    return _first(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error


async def _conduct(order: Order, planned: Plan, writer: Writer, watcher: Watcher) -> Ending:
    """The whole run."""
    async with Firer(order.target, writer, order.budget(), order.pace, watcher.exchanged) as firer:
        return await conduct(firer, order, planned, watcher)


async def conduct(firer: Firer, order: Order, planned: Plan, watcher: Watcher) -> Ending:
    """All that a run asks, in its order, by whatever fires.  Raises UsageError where the target cannot be tested."""
    answer, setting = await _preflight(firer, planned.setting)
    watcher.begun(planned, answer)
    await firer.fire(setting, [*_saved(order, planned), *_also(order, planned)])
    jobs = [Job(case=step.case, rows=step.rows) for step in planned.steps]
    look = jobs[-1:] if jobs and jobs[-1].case.scenario is plan.canary else []
    await firer.fire(setting, jobs[: len(jobs) - len(look)])
    async with asyncio.TaskGroup() as meanwhile:
        # When all else has ended, for it is to tell whether the endpoint outlived it.
        meanwhile.create_task(firer.fire(setting, look))
        meanwhile.create_task(_look_through(firer.writer.evidence, planned, setting))
    if any(each.purpose is Purpose.OFFER for each in firer.writer.evidence.exchanges):
        end = Ending(why="done", starved=firer.starved)  # gone on with: all that is judged was asked before
    else:
        end = await _settle(Reviver(firer, setting, order.restart), jobs, planned, watcher)
    if end.why != DEAD:
        await firer.fire(plan.with_untold(setting), [Job(case=case, purpose=Purpose.OFFER) for case in planned.tried])
    return end


async def _look_through(evidence: Evidence, planned: Plan, setting: Setting) -> None:
    """Look at single exchanges while there is nothing to do but wait."""
    heard = hear(evidence, setting)
    rows = [row for row in planned.rows if not row.lacks(setting.features)]
    for exchange in heard.exchanges:
        look_through(exchange, rows, heard)
        await asyncio.sleep(0)


async def _settle(reviver: Reviver, jobs: Sequence[Job], planned: Plan, watcher: Watcher) -> Ending:
    """What follows from the plan's answers: who died of what, what is to blame, and what was seen once."""
    firer = reviver.firer
    await reviver.settle(jobs)
    if not reviver.dead:
        allowance = await confirm.minimise(firer, reviver.setting, planned, watcher)
        await confirm.ask_again(reviver, planned, watcher, allowance)
    died_of = (*reviver.culprits, *(suspects(firer.writer.evidence.exchanges) if reviver.dead else ()))
    for culprit in died_of:
        watcher.died(culprit)
    return Ending(why=DEAD if reviver.dead else "done", died_of=died_of, starved=firer.starved)


def _also(order: Order, planned: Plan) -> list[Job]:
    """What else was ordered, apart from the plan."""
    known = {step.case.id for step in planned.steps}
    return [Job(case=case) for case in order.also if case.id not in known]


def _saved(order: Order, planned: Plan) -> list[Job]:
    """What was refused once, to be asked first, where the plan asks such things at all."""
    wanted = any(step.case.scenario.name == COMBINATION for step in planned.steps)
    bodies = replay.load(order.replay, order.contract) if order.replay and wanted else []
    variants = [Variant(arguments={"body": body}, depth=Depth.SMOKE) for body in bodies]
    return [Job(case=Case(scenario=scenarios()[COMBINATION], variant=each)) for each in variants]


async def _preflight(firer: Firer, setting: Setting) -> tuple[Exchange, Setting]:
    """Ask plainly.  Returns the answer, and the setting with the temperature that serves as greedy."""
    await firer.fire(setting, [Job(case=plan.PREFLIGHT, purpose=Purpose.PREFLIGHT)])
    answers = [each for each in firer.writer.evidence.exchanges if each.case == plan.PREFLIGHT.id]
    if not answers:
        raise UsageError("the budget does not allow a single request: raise --max-requests or --max-tokens")
    last = answers[-1]
    _must_be_testable(last, firer.target, setting.contract)
    cold = last.sent.get("temperature")
    return last, replace(setting, cold=cold if isinstance(cold, int | float) else 0)


def _must_be_testable(answer: Exchange, target: Target, contract: Contract) -> None:
    said = _said(answer)
    if answer.status is None:
        raise UsageError(f"no answer from {target.url} ({answer.error}): is it up, and is the URL right?")
    if answer.spent:
        raise UsageError(f"{target.url} answered {answer.status}: nothing is left on the account; top it up{said}")
    if answer.status in (401, 403):
        what = "the key was refused" if target.key else "it wants a key: give --api-key-env or --api-key-file"
        raise UsageError(f"{target.url} answered {answer.status}: {what}{said}")
    if answer.status == 404:
        raise UsageError(
            f"{target.url} answered 404: check --model, and that --base-url is the part before {contract.path} "
            f"(--url takes the whole URL){said}"
        )


def _said(answer: Exchange) -> str:
    """What the endpoint said in its error, on one line."""
    words = problem(answer.members)
    return f"; it says: {' '.join(words.split())[:160]}" if words else ""
