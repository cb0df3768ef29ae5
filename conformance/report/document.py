"""Evidence -> report.json.  Its schema is published as schemas/report.schema.json; keys are added, never removed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import cast

from .. import __version__
from ..baseline import Baseline, stale_entries
from ..budget import Prices
from ..contract import Contract
from ..evidence import Evidence
from ..exchange import Exchange
from ..hearing import Hearing, hear, rows_of, setting_of
from ..judge import Judged, Unit, judge
from ..model import JSON, Kind, Level, Outcome, Verdict, Violation, Zone
from ..remark import Answers
from ..reply import items, members, objects, text
from . import proof
from .changes import since
from .exemplar import difference, exemplar
from .offers import offers, states, works
from .shown import clip
from .statements import readings, statements
from .streams import streams

FORMAT = 1

MOST_TOKENS = 10**9
"""Tokens of one exchange."""

LONGEST_POINTER = 200
"""Characters of a pointer; the endpoint's member names are in it."""


def make(
    evidence: Evidence,
    contract: Contract,
    *,
    strict: bool = False,
    baseline: Baseline | None = None,
    answers: Answers | None = None,
    earlier: Mapping[str, JSON] | None = None,
) -> dict[str, JSON]:
    """Judge the evidence and say what was found.

    `answers` are the vendor's, shown beside the findings; `earlier` is the report of another run, to say what changed.

    Raises UsageError where the evidence speaks of requirements that this version of the suite does not have.
    """
    rows, deeper = rows_of(evidence, contract)
    hearing = hear(evidence, setting_of(evidence, contract))
    header = evidence.header
    accepted, day = baseline or Baseline(), datetime.fromisoformat(text(header["started"])).date()
    judged = accepted.accept(judge(hearing, rows, repeatable=not evidence.recording), day)
    stale = stale_entries(accepted, judged, day)
    outcome = Outcome.NONCONFORMANT if stale else outcome_of(judged, complete=evidence.complete)
    offered, used = offers(hearing.exchanges, contract), _tokens(evidence.exchanges)
    for name, sound in works(evidence, contract).items():
        offered[name]["works"] = sound
    requirements = [
        {**_requirement(each, contract, hearing), **_remarks(each, accepted, answers or Answers())} for each in judged
    ]
    return {
        "format": FORMAT,
        "outcome": outcome.value,
        "complete": evidence.complete,
        "ended": _ended(evidence),
        "reference": header["reference"],
        "strict": strict,
        "selection": header["selection"],
        "contract": _contract(evidence, contract),
        "target": {**members(header["target"]), "answered": _answered(evidence.exchanges)},
        "suite_version": header["suite"],
        "judged_by": __version__,
        "evidence": {"digest": evidence.digest, "plan_digest": header["plan_digest"]},
        "seed": header["seed"],
        "depth": header["depth"],
        "started": header["started"],
        "duration": _duration(evidence),
        "requests": len(evidence.exchanges),
        "tokens": {**used},
        "cost": _cost(evidence, used),
        "weather": hearing.weather,
        "counts": {verdict.value: sum(each.verdict is verdict for each in judged) for verdict in Verdict},
        "features": states(members(header["features"]), offered),
        "offers": cast("dict[str, JSON]", offered),
        "streams": streams(evidence.exchanges),
        "selfcheck": proof.packed(),
        "readings": readings(judged, contract),
        "coverage": {
            "rows": len(rows),
            "judged": sum(each.verdict not in (Verdict.UNSUPPORTED, Verdict.INCONCLUSIVE) for each in judged),
            "deeper": [row.id for row in deeper],
            "statements": statements(contract, judged),
        },
        "baseline": None if baseline is None else len(baseline.entries),
        "stale": stale,
        "since": None if earlier is None else since(earlier, {each.row.id: each.verdict.value for each in judged}),
        "requirements": cast("list[JSON]", requirements),
    }


def _ended(evidence: Evidence) -> dict[str, JSON]:
    """How the run ended, what the endpoint died of, and which budget was spent."""
    footer = evidence.footer or {}
    return {
        "why": text(footer.get("why")) or "broken off",
        "died_of": [text(each) for each in items(footer.get("died_of"))],
        "starved": text(footer.get("starved")) or None,
    }


def _contract(evidence: Evidence, contract: Contract) -> dict[str, JSON]:
    return {
        "name": contract.name,
        "title": contract.title,
        "scheme": contract.scheme,
        "document": contract.document.file,
        "digest": evidence.header["contract_digest"],
        "note": contract.document.note,
    }


def outcome_of(judged: Sequence[Judged], *, complete: bool) -> Outcome:
    """What these verdicts amount to.  Nothing decided is never conformant, and neither is an error of ours."""
    verdicts = {each.verdict for each in judged}
    if Verdict.FAIL in verdicts:
        return Outcome.NONCONFORMANT
    undecided = Verdict.ERROR in verdicts or any(
        each.verdict is Verdict.INCONCLUSIVE and each.row.requirement.level is Level.MUST and each.row.feature is None
        for each in judged
    )
    decided = verdicts & {Verdict.PASS, Verdict.WARN, Verdict.OBSERVED, Verdict.KNOWN}
    return Outcome.UNDECIDED if undecided or not decided or not complete else Outcome.CONFORMANT


def exit_code(report: dict[str, JSON]) -> int:
    """What the command exits with: 2 our own error, 1 nonconformant, 3 undecided, 0 conformant."""
    counts = members(report["counts"])
    if counts["error"]:
        return 2
    if report["outcome"] == Outcome.NONCONFORMANT.value or report["stale"] or (report["strict"] and counts["warn"]):
        return 1
    undecided = report["outcome"] == Outcome.UNDECIDED.value or (report["strict"] and counts["inconclusive"])
    return 3 if undecided else 0


def _requirement(judged: Judged, contract: Contract, hearing: Hearing) -> dict[str, JSON]:
    requirement = judged.row.requirement
    claims = judged.row.claims(contract)
    return {
        "id": requirement.id,
        "parameter": judged.row.parameter,
        "part": requirement.part,
        "feature": judged.row.feature,
        "level": requirement.level.value,
        "statement": requirement.statement,
        "verdict": judged.verdict.value,
        "value": None if judged.value is None else clip(judged.value),
        "applicable": judged.applicable,
        "violated": judged.violated,
        "reason": None if judged.reason is None else clip(judged.reason),
        "source": list(dict.fromkeys(contract.source(each) for each in claims)),
        "claims": [each.id for each in claims],
        "violations": [
            _violation(violation, judged, unit, contract, hearing)
            for unit in judged.exemplars
            for violation in unit.violations[:1]
        ],
    }


def _remarks(judged: Judged, baseline: Baseline, answers: Answers) -> dict[str, JSON]:
    """What people say of a row: the baseline's entry where it accepts a fail, and the vendor's answer."""
    answer = answers.by_row.get(judged.row.id)
    return {
        "known": baseline.entries[judged.row.id].to_json() if judged.verdict is Verdict.KNOWN else None,
        "answer": answer.to_json() if answer else None,
    }


def _violation(
    violation: Violation, judged: Judged, unit: Unit, contract: Contract, hearing: Hearing
) -> dict[str, JSON]:
    shown = next((each for each in unit.exchanges if each.n in violation.exchanges), unit.exchanges[-1])
    control = _control(shown, violation, judged, unit, hearing)
    pointer = clip(violation.pointer, LONGEST_POINTER)
    return {
        "pointer": pointer,
        "message": f"{pointer} is {clip(violation.observed)}, not {clip(violation.expected)}",
        "expected": clip(violation.expected),
        "observed": clip(violation.observed),
        "exchange": shown.n,
        "exemplar": exemplar(shown, contract, control, violation.pointer),
    }


def _control(shown: Exchange, violation: Violation, judged: Judged, unit: Unit, hearing: Hearing) -> Exchange | None:
    """What the shown exchange is to be compared with.

    That is the other exchange that the violation names; else, of those of the same script that were answered, the one
    whose request differs least.  A single reply needs none, unless its request was meant to be refused.
    """
    kind = judged.row.requirement.kind
    named = [each for each in unit.exchanges if each.n in violation.exchanges and each is not shown]
    if named:
        return named[0]
    if kind is Kind.RUN or (kind is Kind.EACH and shown.zone is not Zone.REJECT):
        return None
    pool = unit.exchanges if kind is Kind.SCENARIO else hearing.exchanges
    alike = [each for each in pool if (each.case, each.round) == (shown.case, shown.round) and each.ok]
    found = [(len(difference(shown, each)), each.n, each) for each in alike if each is not shown]
    return min((each for each in found if each[0]), default=(0, 0, None), key=lambda each: each[:2])[2]


def _answered(exchanges: Iterable[Exchange]) -> JSON:
    names = (text(each.get("model")) for exchange in exchanges if exchange.ok for each in exchange.objects)
    return next((clip(name, LONGEST_POINTER) for name in names if name), None)


def _duration(evidence: Evidence) -> float:
    """Seconds from the header to the footer."""
    ended = text((evidence.footer or {}).get("ended"))
    if not ended:
        return 0.0
    started = datetime.fromisoformat(text(evidence.header["started"]))
    return max((datetime.fromisoformat(ended) - started).total_seconds(), 0.0)


def _tokens(exchanges: Iterable[Exchange]) -> dict[str, int]:
    """What the endpoint says it used; a count that cannot be is passed over, for it may be too long to be written."""
    total: Counter[str] = Counter()
    for exchange in exchanges:
        for name in ("prompt_tokens", "completion_tokens"):
            count = exchange.tokens(name) or 0
            total[name] += count if 0 <= count <= MOST_TOKENS else 0
    return {"prompt": total["prompt_tokens"], "completion": total["completion_tokens"]}


def _cost(evidence: Evidence, used: Mapping[str, int]) -> dict[str, JSON] | None:
    """What the tokens cost that the endpoint says it used; None where nobody said what they cost."""
    told = members(evidence.header.get("prices"))
    if not told:
        return None
    prices = Prices(prompt=Decimal(text(told["in"])), completion=Decimal(text(told["out"])))
    spent = prices.cost(used["prompt"], used["completion"])
    return {"in": float(prices.prompt), "out": float(prices.completion), "spent": float(spent)}


def rows_by_id(report: dict[str, JSON]) -> dict[str, dict[str, JSON]]:
    """The report's rows by row id: "part.fact", or "part.fact:parameter" where an id has several."""
    rows = list(objects(report["requirements"]))
    times = Counter(text(row["id"]) for row in rows)
    return {f"{row['id']}:{row['parameter']}" if times[text(row["id"])] > 1 else text(row["id"]): row for row in rows}
