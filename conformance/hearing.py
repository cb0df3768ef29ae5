"""Evidence made ready for judging: every recorded case is performed again with the exchanges that it had.

Rule: pure, and nothing is judged here: what says nothing is left out, and what the endpoint died of is set apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import cast

from . import plan, reduce
from .ask import Setting
from .contract import Contract
from .doubts import doubts
from .evidence import CaseRecord, Evidence
from .exchange import Exchange
from .model import Depth, Purpose, Zone
from .plan import canary, preflight
from .reply import items, members, text
from .requirement import Row
from .requirements import scenarios
from .scenario import Case, Performance, Variant


@dataclass(frozen=True, kw_only=True)
class Hearing:
    """Evidence made ready for judging: live exchanges, and every performance up to where its exchanges reach.

    `unasked`: why not all was asked, where the run says so.  `lost`: the exchanges that the endpoint may have died of,
    if it was dead in the end.
    """

    setting: Setting
    exchanges: tuple[Exchange, ...]
    performances: Mapping[tuple[str, int], Performance]
    weather: int
    unasked: str | None = None
    lost: tuple[Exchange, ...] = ()

    @property
    def contract(self) -> Contract:
        """The contract under test."""
        return self.setting.contract


def setting_of(evidence: Evidence, contract: Contract) -> Setting:
    """The setting a run had, from its header and its preflight."""
    header = evidence.header
    target = members(header["target"])
    features = cast("dict[str, str]", header["features"])
    answered = [each for each in evidence.exchanges if each.case == "preflight" and each.ok]
    cold = answered[0].sent.get("temperature") if answered else 0
    return Setting(
        contract=contract,
        model=text(target["model"]),
        features=frozenset(name for name, state in features.items() if state == "on"),
        aliases=frozenset(map(text, items(target.get("aliases")))),
        seed=cast(int, header["seed"]),
        cold=cast("int | float", cold),
        depth=Depth(cast(str, header.get("depth", Depth.STANDARD))),
    )


def case_of(record: CaseRecord) -> Case | None:
    """A recorded case, to be performed again; None where this version of the suite has no such scenario."""
    known = {**scenarios(), **{each.name: each for each in (preflight, canary, reduce.SCENARIO)}}
    if record.scenario not in known:
        return None
    return Case(scenario=known[record.scenario], variant=Variant(arguments=record.arguments, depth=Depth.SMOKE))


def hear(evidence: Evidence, setting: Setting, *, offer: bool = False) -> Hearing:
    """Perform every recorded case again with its recorded exchanges: those of the plan, or what was asked of features
    that are off, which nobody is judged by."""
    latest: dict[tuple[str, int, tuple[int, int]], Exchange] = {}
    dead, offered = _dead_after(evidence), {each.case for each in evidence.exchanges if each.purpose is Purpose.OFFER}
    doubted = doubts(evidence.exchanges, ended=evidence.recording or evidence.complete)
    for exchange in evidence.exchanges:
        if (exchange.case in offered) is offer and (exchange.ok or exchange.n <= dead):
            doubt = doubted.get(exchange.n)
            latest[exchange.case, exchange.round, exchange.step] = replace(exchange, doubt=doubt) if doubt else exchange
    unasked = _unasked(evidence)
    performances: dict[tuple[str, int], Performance] = {}
    for record in evidence.cases.values():
        case = case_of(record)
        if case is not None:
            for round_ in sorted({round_ for case_, round_, _ in latest if case_ == record.id} | {0}):
                performances[record.id, round_] = _replay(case, round_, setting, latest, unasked)
    live = [each for each in latest.values() if each.says_nothing is None]
    return Hearing(
        setting=setting,
        exchanges=tuple(sorted(live, key=lambda each: each.n)),
        performances=performances,
        weather=sum(each.weather is not None for each in evidence.exchanges),
        unasked=unasked,
        lost=tuple(each for each in evidence.exchanges if each.n > dead and each.dropped and each.case not in offered),
    )


def _unasked(evidence: Evidence) -> str | None:
    """Which budget was spent, or what else ended the run early, in its own words."""
    footer = evidence.footer or {}
    told = footer.get("starved") or (None if evidence.complete else footer.get("why"))
    return told if isinstance(told, str) else None


def _dead_after(evidence: Evidence) -> float:
    """The number of the last exchange before the endpoint died for good; endless if it was alive at the end.

    A plain request that is not answered, and no other after it, says that refusals are no longer about requests.
    """
    plain = canaries(evidence.exchanges)
    return inf if not plain or plain[-1].ok else last_sign_of_life(evidence.exchanges)


def canaries(exchanges: Iterable[Exchange]) -> list[Exchange]:
    """The plain requests that were asked to see that the endpoint is alive."""
    return [each for each in exchanges if each.scenario == canary.name]


def last_sign_of_life(exchanges: Sequence[Exchange]) -> int:
    """The number of the last answer to what must be answered before plain requests began to go unanswered for good."""
    plain = canaries(exchanges)
    alive = max((each.n for each in plain if each.ok), default=0)
    first = min((each.n for each in plain if each.n > alive), default=0)
    good = (each.n for each in exchanges if each.ok and each.zone is Zone.ACCEPT and each.n < first)
    return max(good, default=0)


def _replay(
    case: Case,
    round_: int,
    setting: Setting,
    latest: Mapping[tuple[str, int, tuple[int, int]], Exchange],
    unasked: str | None,
) -> Performance:
    performance = case.perform(setting, round_)
    while performance.pending:
        steps = [(performance.step, member) for member in range(len(performance.pending))]
        recorded = [latest[key] for step in steps if (key := (case.id, round_, step)) in latest]
        if len(recorded) < len(steps):
            why = unasked or "the budget was spent or the run stopped"
            performance.end(f"it was not performed to its end: {why}")
        else:
            performance.answer(tuple(recorded))
    return performance


def rows_of(evidence: Evidence, contract: Contract) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
    """The rows that a run was to judge, its features' being off included; and those that need a greater depth.

    Raises UsageError where the evidence names a selection that this version of the suite does not know.
    """
    selection = text(evidence.header.get("selection")).split()
    depth = Depth(text(evidence.header.get("depth")))
    chosen = plan.select(contract, selection)
    deeper = tuple(row for row in chosen if row.least(contract).rank > depth.rank)
    return tuple(row for row in chosen if row not in deeper), deeper
