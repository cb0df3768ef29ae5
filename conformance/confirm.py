"""What a run asks after its plan: refusals made smaller, and once more what was seen once.

Rule: what is asked is decided from the evidence, and costs no more than a quarter of what the depth may.
"""

from __future__ import annotations

from collections.abc import Sequence

from . import reduce, shrink
from .ask import Setting
from .fire import Firer, Job
from .hearing import hear
from .judge import judge
from .model import Purpose
from .plan import Plan
from .revive import Reviver
from .scenario import Case
from .watcher import Watcher

ROUNDS = ((1,), (2, 3))
"""Repeats that are fired together: one, and where that did not show it again, two more."""


async def minimise(firer: Firer, setting: Setting, planned: Plan, watcher: Watcher) -> int:
    """Make refused combinations smaller, within a quarter of what the depth may cost.  Returns what is left of that."""
    allowance = planned.depth.limit // 4
    while allowance >= reduce.MOST:
        cases = shrink.reductions(hear(firer.writer.evidence, setting))[: allowance // reduce.MOST]
        if not cases:
            break
        before = len(firer.writer.evidence.exchanges)
        watcher.minimising(len(cases))
        await firer.fire(setting, [Job(case=case, purpose=Purpose.MINIMISE) for case in cases])
        allowance -= len(firer.writer.evidence.exchanges) - before
    return max(allowance, 0)


async def ask_again(reviver: Reviver, planned: Plan, watcher: Watcher, allowance: int) -> None:
    """Repeat what was seen once, within what is left of a quarter of what the depth may cost.

    What the endpoint died of was asked again when that was found out, and is not asked a third time.
    """
    firer, setting = reviver.firer, reviver.setting
    known = {step.case.id: step for step in planned.steps}
    for rounds in ROUNDS:
        hearing = hear(firer.writer.evidence, setting)
        wanted = [judged.again.difference(reviver.culprits) for judged in judge(hearing, planned.rows)]
        heard = {id_: performance.case for (id_, _), performance in hearing.performances.items()}
        costed = heard | {id_: step.case for id_, step in known.items()}  # what is heard of knows not what it costs
        jobs: list[Job] = []
        for case in _fewest([ids for ids in wanted if ids], costed):
            for round_ in rounds:
                if round_ <= case.scenario.repeats and case.steps <= allowance:
                    allowance -= case.steps
                    rows = known[case.id].rows if case.id in known else ()
                    jobs.append(Job(case=case, rows=rows, round=round_, purpose=Purpose.AGAIN))
        if not jobs:
            return
        watcher.repeating(len(jobs))
        await firer.fire(setting, jobs)
        await reviver.look_after(jobs)
        if reviver.dead:
            return


def _fewest(wanted: Sequence[frozenset[str]], cases: dict[str, Case]) -> list[Case]:
    """Cases to repeat, cheapest first, such that each row that wants one has one."""
    chosen: list[Case] = []
    for ids in sorted(wanted, key=lambda each: (len(each), sorted(each))):
        if not any(case.id in ids for case in chosen):
            chosen.append(min((cases[id_] for id_ in ids), key=lambda case: (case.steps, case.id)))
    return chosen
