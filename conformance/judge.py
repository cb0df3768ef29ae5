"""Evidence x requirements -> verdicts.

Rule: pure.  The same evidence gives the same verdicts, at the end of a run and a year later; what a script did is found
by performing it again with the recorded exchanges.  A check that raises is our fault and says so.

A run is judged several times: to see what to ask again, and for its report.  What a check found in one exchange, looked
at alone, is kept with it, for it will not find anything else there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

from .exchange import Exchange
from .hearing import Hearing
from .model import Finding, Kind, Level, NotJudged, Observation, Verdict, Violation
from .requirement import Check, Row

MOST_EXEMPLARS = 3

Looked: TypeAlias = "tuple[Check, str | None, str, frozenset[str]]"
"""Who looked at an exchange, and as what: check, parameter, contract and the model's other names."""

_kept: WeakKeyDictionary[Exchange, dict[Looked, tuple[Finding, ...] | None]] = WeakKeyDictionary()
"""What was found in exchanges, for as long as they are there; None where it does not apply."""


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


def judge(hearing: Hearing, rows: Iterable[Row], *, repeatable: bool = True) -> tuple[Judged, ...]:
    """Every row's verdict.  `repeatable` is false for recordings: nothing in them can be asked again."""
    return tuple(_judge(row, hearing, repeatable=repeatable) for row in rows)


def _judge(row: Row, hearing: Hearing, *, repeatable: bool) -> Judged:
    requirement = row.requirement
    off = row.lacks(hearing.setting.features)
    if off is not None:
        return Judged(row=row, verdict=Verdict.UNSUPPORTED, reason=f"feature {off} is off")
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
    if requirement.kind is Kind.EACH:
        looked = ((each, _alone(row, hearing, each)) for each in hearing.exchanges)
        units = [Unit(exchanges=(each,), findings=found) for each, found in looked if found is not None]
    else:
        applicable = [each for each in hearing.exchanges if _is_for(row, each)]
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
    return Unit(exchanges=exchanges, findings=_findings(row, hearing, *given))


def look_through(exchange: Exchange, rows: Iterable[Row], hearing: Hearing) -> None:
    """Look for all that these rows find in one exchange alone, so that it is known when they are judged."""
    for row in rows:
        if row.requirement.kind is Kind.EACH and "run" not in row.requirement.wants:
            _alone(row, hearing, exchange)


def _alone(row: Row, hearing: Hearing, exchange: Exchange) -> tuple[Finding, ...] | None:
    """What it finds in one exchange, or None where it does not apply; looked up where it was looked for before."""
    requirement = row.requirement
    looked: Looked = (requirement.check, row.parameter, hearing.contract.digest, hearing.setting.aliases)
    kept = _kept.setdefault(exchange, {})
    if looked in kept:
        return kept[looked]
    found = _findings(row, hearing, exchange) if _is_for(row, exchange) else None
    if found is None or "run" not in requirement.wants:  # it looks at nothing else
        kept[looked] = found
    return found


def _findings(row: Row, hearing: Hearing, *given: Any) -> tuple[Finding, ...]:
    context = {
        "contract": hearing.contract,
        "parameter": row.parameter,
        "run": hearing.exchanges,
        "aliases": hearing.setting.aliases,
    }
    return row.requirement.find(context, *given)


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
