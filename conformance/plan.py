"""Contract + requirements + depth -> ordered cases, chosen before anything is sent.

Rule: a plan is a pure function of contract, features, selection, depth and seed; the same ones give the same plan byte
for byte.  It is bounded with every step its scenarios may take, preflight and canaries included.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from . import strict_json
from .ask import Ask, Setting
from .budget import prompt_tokens
from .contract import Contract
from .model import JSON, Depth, Level, UsageError, Zone
from .requirement import Requirement, Row
from .requirements import rows as all_rows
from .scenario import Case, Script, Stage, Variant, scenario

CANARY_EVERY = 10
"""A canary after so many cases of refusals."""


@scenario(steps=2, tokens=32)
def preflight(ask: Ask) -> Script:
    """Ask plainly at temperature 0, and where that is refused at 0.01, which then serves as greedy."""
    first = yield ask(temperature=0, stream=False, zone=Zone.DISPUTED)
    if not first.ok:
        yield ask(temperature=0.01, stream=False, zone=Zone.DISPUTED)
    return None


@scenario(steps=1, tokens=4)
def canary(ask: Ask, number: int | str) -> Script:  # noqa: ARG001  # it tells one canary's case from another's
    """Ask plainly, to see that the endpoint is alive after refusals."""
    yield ask(max_tokens=4)
    return None


PREFLIGHT = Case(scenario=preflight, variant=Variant(depth=Depth.SMOKE))


@dataclass(frozen=True, kw_only=True)
class Step:
    """One case of the plan with the rows that judge it."""

    case: Case
    rows: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a run will fire: the steps in order.  `rows` are judged; `deeper` need a greater depth; `off` are rows whose
    feature is off.  `tried`: cases of features that the contract has off and nobody turned on, to see
    in the end whether they work."""

    setting: Setting
    depth: Depth
    steps: tuple[Step, ...]
    rows: tuple[Row, ...]
    deeper: tuple[Row, ...]
    off: tuple[Row, ...]
    tried: tuple[Case, ...] = ()

    @property
    def cases(self) -> list[Case]:
        """All that it fires, in order."""
        return [PREFLIGHT, *(step.case for step in self.steps), *self.tried]

    @property
    def requests(self) -> int:
        """The most requests it sends, preflight included, retries and repeats not."""
        return sum(case.steps for case in self.cases)

    def tokens(self, context: int) -> int:
        """The most tokens it costs, retries and repeats not included."""
        return sum(self.worst(context))

    def worst(self, context: int) -> tuple[int, int]:
        """Those tokens: of prompts and of completions."""
        each = [worst_of(case, self.setting, context) for case in self.cases]
        return sum(prompt for prompt, _ in each), sum(completion for _, completion in each)

    def to_json(self) -> dict[str, JSON]:
        """All that decides what is sent."""
        return {
            "contract": self.setting.contract.digest,
            "features": [*sorted(self.setting.features)],
            "seed": self.setting.seed,
            "depth": self.depth.value,
            "cases": [
                {"id": step.case.id, "requests": step.case.steps, "requirements": list(step.rows)}
                for step in self.steps
            ],
            **({"tried": [case.id for case in self.tried]} if self.tried else {}),
        }

    @property
    def digest(self) -> str:
        """sha256 of its canonical JSON."""
        return hashlib.sha256(strict_json.canonical(self.to_json())).hexdigest()


def make(setting: Setting, depth: Depth, selection: Sequence[str] = ()) -> Plan:
    """Choose the cases.  Raises UsageError for a selection that matches nothing."""
    rows, off, deeper = chosen(setting, depth, selection)
    steps = _with_canaries(_ordered(rows, setting, depth))
    return Plan(
        setting=setting,
        depth=depth,
        steps=steps,
        rows=rows,
        deeper=deeper,
        off=off,
        tried=_tried(setting, steps) if depth is Depth.FULL and not selection else (),
    )


def chosen(
    setting: Setting, depth: Depth, selection: Sequence[str]
) -> tuple[tuple[Row, ...], tuple[Row, ...], tuple[Row, ...]]:
    """The rows that are to be judged, those whose feature is off, and those that need a greater depth.

    Raises UsageError for a selection that matches nothing.
    """
    selected = select(setting.contract, selection)
    near = tuple(row for row in selected if row.least(setting.contract).rank <= depth.rank)
    off = tuple(row for row in near if row.lacks(setting.features))
    rows = tuple(row for row in near if not row.lacks(setting.features))
    if selection and not rows:
        why = "is of a feature that is off (see --with)" if near else "needs a greater --depth"
        raise UsageError(f"--select {' '.join(selection)}: all it matches {why}")
    return rows, off, tuple(row for row in selected if row not in near)


def select(contract: Contract, selection: Sequence[str]) -> tuple[Row, ...]:
    """The contract's rows that a selection names: patterns of row ids; a part's name takes the whole part."""
    found = all_rows(contract)
    for pattern in selection:
        if not any(matches(row, pattern) for row in found):
            raise UsageError(
                f"--select {pattern}: no requirement of contract {contract.name} is called that; "
                "`chat-conformance list requirements` names them"
            )
    return tuple(row for row in found if not selection or any(matches(row, pattern) for pattern in selection))


def matches(row: Row, pattern: str) -> bool:
    """Whether a selection's pattern names a row: by its id, its requirement's, or its part's."""
    names = (row.id, row.requirement.id, row.requirement.part)
    return any(fnmatchcase(name, pattern) for name in names)


def with_untold(setting: Setting) -> Setting:
    """The setting with those features on, too, that the contract has off."""
    untold = {name for name, on in setting.contract.features.items() if not on}
    return replace(setting, features=setting.features | untold)


def _tried(setting: Setting, steps: Iterable[Step]) -> tuple[Case, ...]:
    """The cheapest case that shows an effect of each such feature, where the plan does not ask it anyway."""
    wide, planned = with_untold(setting), {step.case.id for step in steps}
    found: dict[str, list[Case]] = {}
    for row in all_rows(setting.contract):
        if row.feature in wide.features - setting.features and _shows_an_effect(row.requirement):
            found.setdefault(row.feature, []).extend(row.cases(wide))
    cheapest = [min(cases, key=lambda case: (case.steps, case.tokens, case.id)) for cases in found.values()]
    return tuple({case.id: case for case in cheapest if case.id not in planned}.values())


def _shows_an_effect(requirement: Requirement) -> bool:
    scenario = requirement.scenario
    return requirement.level is not Level.OBSERVE and not scenario.drawn and scenario.stage is Stage.BEHAVIOUR


def _ordered(rows: Iterable[Row], setting: Setting, depth: Depth) -> list[Step]:
    """The rows' cases, each once, in the order in which they are fired."""
    cases: dict[str, Case] = {}
    owners: dict[str, list[str]] = {}
    for row in rows:
        for case in row.cases(setting):
            if case.variant.depth.rank > depth.rank:
                continue
            cases.setdefault(case.id, case)
            owners.setdefault(case.id, []).append(row.id)
    found = [Step(case=case, rows=tuple(owners[id_])) for id_, case in cases.items()]
    found.sort(key=lambda step: (-step.case.steps, -len(step.rows)))
    return [step for stage in Stage for step in _telling([each for each in found if each.case.scenario.stage is stage])]


def _telling(steps: list[Step]) -> list[Step]:
    """First those that tell of most rows a request of which none before them does, for a budget may end anywhere; then
    the others, which tell more of the same, in the order given."""
    first: list[Step] = []
    told: set[str] = set()
    while steps:
        best = max(steps, key=lambda step: len(set(step.rows) - told) / step.case.steps)
        if told.issuperset(best.rows):
            break
        first.append(best)
        told.update(best.rows)
        steps = [each for each in steps if each is not best]
    return [*first, *steps]


def _with_canaries(steps: list[Step]) -> tuple[Step, ...]:
    """A canary after every few refusals, and after the last."""
    result: list[Step] = []
    refusals = 0
    for position, step in enumerate(steps):
        result.append(step)
        refusals += step.case.scenario.stage is not Stage.BEHAVIOUR
        last = position == len(steps) - 1
        if refusals and (refusals % CANARY_EVERY == 0 or last) and step.case.scenario.stage is not Stage.BEHAVIOUR:
            result.append(
                Step(
                    case=Case(scenario=canary, variant=Variant(arguments={"number": refusals}, depth=Depth.SMOKE)),
                    rows=(),
                )
            )
    return tuple(result)


def worst_of(case: Case, setting: Setting, context: int) -> tuple[int, int]:
    """The most tokens a case costs: the longest of its first prompts at every step, and its scenario's completions."""
    performance = case.perform(setting)
    prompt = max((prompt_tokens(request) for request in performance.pending), default=0)
    performance.end("only looked at")
    return case.steps * prompt, case.tokens + case.scenario.huge * context
