"""Evidence x requirements -> verdicts.

Rule: pure.  The same evidence gives the same verdicts, at the end of a run and a year later; what a script did is found
by performing it again with the recorded exchanges.  A check that raises is our fault and says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Any, cast

from . import reduce
from .ask import Setting
from .contract import Contract
from .doubts import doubts
from .evidence import CaseRecord, Evidence
from .exchange import Exchange
from .model import Depth, Finding, Kind, Level, NotJudged, Observation, Verdict, Violation, Zone
from .plan import canary, preflight
from .reply import items, members, text
from .requirement import Row
from .requirements import scenarios
from .scenario import Case, Performance, Variant

MOST_EXEMPLARS = 3


@dataclass(frozen=True, kw_only=True)
class Unit:
    """One thing that was judged: the exchanges a check was given, and what it found there."""

    exchanges: tuple[Exchange, ...]
    findings: tuple[Finding, ...]

    @property
    def violations(self) -> tuple[Violation, ...]:
        """What departs from the requirement."""
        return tuple(finding for finding in self.findings if isinstance(finding, Violation))

    @property
    def size(self) -> int:
        """How much a reader has to read: exemplars are shown smallest first."""
        return sum(len(each.request.body) + len(each.body) for each in self.exchanges)


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A row's verdict.  `again` names the cases whose repetition could confirm it; empty when settled."""

    row: Row
    verdict: Verdict
    value: str | None = None
    applicable: int = 0
    violated: int = 0
    reason: str | None = None
    exemplars: tuple[Unit, ...] = ()
    again: frozenset[str] = frozenset()


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


def hear(evidence: Evidence, setting: Setting) -> Hearing:
    """Perform every recorded case again with its recorded exchanges."""
    latest: dict[tuple[str, int, tuple[int, int]], Exchange] = {}
    dead = _dead_after(evidence)
    doubted = doubts(evidence.exchanges, ended=evidence.recording or evidence.complete)
    for exchange in evidence.exchanges:
        if exchange.ok or exchange.n <= dead:
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
        lost=tuple(each for each in evidence.exchanges if each.n > dead and each.dropped),
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


def judge(hearing: Hearing, rows: Iterable[Row], *, repeatable: bool = True) -> tuple[Judged, ...]:
    """Every row's verdict.  `repeatable` is false for recordings: nothing in them can be asked again."""
    return tuple(_judge(row, hearing, repeatable=repeatable) for row in rows)


def _judge(row: Row, hearing: Hearing, *, repeatable: bool) -> Judged:
    requirement = row.requirement
    if row.feature is not None and row.feature not in hearing.setting.features:
        return Judged(row=row, verdict=Verdict.UNSUPPORTED, reason=f"feature {row.feature} is off")
    try:
        units, why_not = _units(row, hearing)
        lost = next((each for each in hearing.lost if requirement.kind is Kind.EACH and _is_for(row, each)), None)
    except Exception as error:  # noqa: BLE001  # a check that raises is our fault, whatever it raises
        return Judged(row=row, verdict=Verdict.ERROR, reason=f"the check raised {error!r}; please report this")
    if lost is not None and not any(unit.violations for unit in units):
        units, why_not = [], f"the endpoint died, and may have died of {lost.case}"
    if not units:
        return Judged(row=row, verdict=Verdict.INCONCLUSIVE, reason=why_not)
    if requirement.level is Level.OBSERVE:
        return _observed(row, units)
    return _settled(row, units, hearing, repeatable=repeatable)


def _units(row: Row, hearing: Hearing) -> tuple[list[Unit], str]:
    """What this row is judged on, and why there is nothing if there is nothing."""
    requirement = row.requirement
    if requirement.kind is Kind.SCENARIO:
        return _performed(row, hearing)
    applicable = [each for each in hearing.exchanges if _is_for(row, each)]
    if requirement.kind is Kind.EACH:
        units = [_unit(row, hearing, (each,), each) for each in applicable]
    else:
        units = [_unit(row, hearing, tuple(applicable), applicable)] if applicable else []
    asked = f", and not all was asked: {hearing.unasked}" if hearing.unasked else ""
    return _judged(units, Counter(), f"no exchange of this run was one that it applies to{asked}")


def _is_for(row: Row, exchange: Exchange) -> bool:
    return row.requirement.applies(exchange) and row.concerns(exchange)


def _performed(row: Row, hearing: Hearing) -> tuple[list[Unit], str]:
    units: list[Unit] = []
    reasons: Counter[str] = Counter()
    own = {case.id for case in row.cases(hearing.setting)}
    for performance in hearing.performances.values():
        if performance.case.id not in own:
            continue
        if performance.reason is not None:
            reasons[performance.reason] += 1
        else:
            flat = tuple(
                each for reply in performance.exchanges for each in (reply if isinstance(reply, tuple) else (reply,))
            )
            units.append(_unit(row, hearing, flat, *performance.exchanges))
    return _judged(units, reasons, f"its scenario was not performed{f': {why}' if (why := hearing.unasked) else ''}")


def _judged(units: Iterable[Unit], reasons: Counter[str], otherwise: str) -> tuple[list[Unit], str]:
    """The units in which there was something to judge, and the commonest reason why there is nothing."""
    kept: list[Unit] = []
    for unit in units:
        nothing = [each.reason for each in unit.findings if isinstance(each, NotJudged)]
        if nothing and not unit.violations:
            reasons[nothing[0]] += 1
        else:
            kept.append(unit)
    return kept, reasons.most_common(1)[0][0] if reasons else otherwise


def _unit(row: Row, hearing: Hearing, exchanges: tuple[Exchange, ...], *given: Any) -> Unit:
    context = {
        "contract": hearing.contract,
        "parameter": row.parameter,
        "run": hearing.exchanges,
        "aliases": hearing.setting.aliases,
    }
    return Unit(exchanges=exchanges, findings=row.requirement.find(context, *given))


def _observed(row: Row, units: Sequence[Unit]) -> Judged:
    seen = Counter(each.value for unit in units for each in unit.findings if isinstance(each, Observation))
    if not seen:
        return Judged(row=row, verdict=Verdict.INCONCLUSIVE, reason="nothing was there to be observed")
    several = (f"{value} ({n})" if n > 1 else value for value, n in seen.most_common())
    value = next(iter(seen)) if len(seen) == 1 else ", ".join(several)
    return Judged(row=row, verdict=Verdict.OBSERVED, value=value, applicable=len(units), exemplars=_smallest(units)[:1])


def _settled(row: Row, units: Sequence[Unit], hearing: Hearing, *, repeatable: bool) -> Judged:
    violating = [unit for unit in units if unit.violations]
    judged = Judged(
        row=row,
        verdict=Verdict.PASS,
        applicable=_count(row, units),
        violated=_distinct(row, violating),
        exemplars=_smallest(violating)[:MOST_EXEMPLARS],
    )
    if not violating:
        return replace(judged, exemplars=())
    must = row.requirement.level is Level.MUST
    if judged.violated >= 2:
        return replace(judged, verdict=Verdict.FAIL if must else Verdict.WARN)
    again, tried = _to_repeat(violating, hearing)
    why = (
        f"seen once; it did not come back in {tried} repeat{'s' * (tried > 1)}"
        if tried
        else "seen once, and not asked again"
    )
    if not repeatable:
        why, again = "seen once, in a recording, which cannot be asked again", frozenset()
    return replace(judged, verdict=Verdict.WARN if must else Verdict.PASS, reason=why, again=again)


def _count(row: Row, units: Sequence[Unit]) -> int:
    return len(units[0].exchanges) if row.requirement.kind is Kind.RUN else len(units)


def _distinct(row: Row, violating: Sequence[Unit]) -> int:
    """How many independent times a violation was seen: units, or of a whole run disjoint sets of exchanges."""
    if row.requirement.kind is not Kind.RUN:
        return len(violating)
    used: set[int] = set()
    count = 0
    for violation in (each for unit in violating for each in unit.violations):
        shown = set(violation.exchanges or (violating[0].exchanges[-1].n,))
        if not used & shown:
            used |= shown
            count += 1
    return count


def _to_repeat(violating: Sequence[Unit], hearing: Hearing) -> tuple[frozenset[str], int]:
    """The cases whose repetition could confirm what was seen once, and how often they have been repeated."""
    numbers = {n for unit in violating for violation in unit.violations for n in violation.exchanges}
    shown = [each for unit in violating for each in unit.exchanges if not numbers or each.n in numbers]
    cases = {each.case for each in shown}
    ended = [key for key, performance in hearing.performances.items() if performance.reason is None]
    rounds = {case: max((r for c, r in ended if c == case), default=0) for case in cases}
    open_ = frozenset(
        case
        for case in cases
        if (case, 0) in hearing.performances and rounds[case] < hearing.performances[case, 0].case.scenario.repeats
    )
    return open_, max(rounds.values(), default=0)


def _smallest(units: Sequence[Unit]) -> tuple[Unit, ...]:
    return tuple(sorted(units, key=lambda unit: unit.size))
