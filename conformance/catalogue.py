"""What there is: contracts, requirements, faults, features and plans, as lists that people and scripts read."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Sequence
from typing import cast

from . import contract as contracts
from .blame import COMBINATION
from .budget import Prices
from .contract import Contract
from .generate.kitchen import kitchen
from .generate.pool import coverage
from .model import JSON, UsageError
from .mutants import Mutant
from .plan import Plan
from .requirement import Requirement
from .requirements import registry, rows

SHOWN = 4
"""Rows of a case that a plan for people names."""


def _contracts(name: str | None) -> list[Contract]:
    return [contracts.load(each) for each in ([name] if name else contracts.names())]


def list_contracts(name: str | None) -> list[dict[str, JSON]]:
    """Name, title, path, scheme, document and the number of its statements and requirements."""
    return [
        {
            "name": each.name,
            "title": each.title,
            "path": each.path,
            "auth": each.scheme,
            "document": each.document.file,
            "statements": len(each.statements),
            "requirements": len({row.requirement.id for row in rows(each)}),
        }
        for each in _contracts(name)
    ]


def list_requirements(name: str | None) -> list[dict[str, JSON]]:
    """Every requirement with its statement, its sources by contract, and its mutants."""
    found = []
    for each in registry().values():
        claims = {
            contract.name: [statement.id for statement in contract.claiming(each.id)]
            for contract in _contracts(name)
            if contract.claiming(each.id)
        }
        if claims:
            found.append(
                {
                    "id": each.id,
                    "level": each.level.value,
                    "kind": each.kind.value,
                    "feature": each.feature,
                    "statement": each.statement,
                    "scenario": each.scenario.name,
                    "mutants": [mutant.name for mutant in mutants(each, name)],
                    "claims": cast(JSON, claims),
                }
            )
    return cast("list[dict[str, JSON]]", found)


def faults() -> dict[str, Mutant]:
    """All mutants by name."""
    return {mutant.name: mutant for each in registry().values() for mutant in mutants(each, None)}


def mutants(each: Requirement, name: str | None) -> list[Mutant]:
    """A requirement's mutants, those included that are made from a contract for each of its parameters."""
    found = {mutant.name: mutant for mutant in each.mutants}
    for contract in _contracts(name) if each.made else ():
        for row in each.rows(contract):
            found |= {mutant.name: mutant for mutant in row.mutants(contract)}
    return list(found.values())


def list_faults(name: str | None) -> list[dict[str, JSON]]:
    """Every mutant, what it spoils, and the requirements that must catch it."""
    known = {row.requirement.id for contract in _contracts(name) for row in rows(contract)}
    found: list[dict[str, JSON]] = []
    by_requirement = {each.id: {mutant.name for mutant in mutants(each, name)} for each in registry().values()}
    for mutant in faults().values():
        killers = [id_ for id_, names in by_requirement.items() if mutant.name in names]
        if known & set(killers):
            found.append({"name": mutant.name, "about": mutant.about, "requirements": cast(JSON, killers)})
    return sorted(found, key=lambda each: str(each["name"]))


def list_features(name: str | None) -> list[dict[str, JSON]]:
    """Every feature with its default in each contract that has it."""
    found: dict[str, dict[str, JSON]] = {}
    for contract in _contracts(name):
        for feature, on in contract.features.items():
            found.setdefault(feature, {})[contract.name] = "on" if on else "off"
    return [{"name": feature, "default": dict(states)} for feature, states in sorted(found.items())]


LISTS: dict[str, Callable[[str | None], list[dict[str, JSON]]]] = {
    "contracts": list_contracts,
    "requirements": list_requirements,
    "faults": list_faults,
    "features": list_features,
}


def line(each: dict[str, JSON]) -> str:
    """One entry of a list on one line."""
    name = str(each.get("name") or each.get("id"))
    about = each.get("title") or each.get("statement") or each.get("about") or each.get("default")
    if isinstance(about, dict):
        about = ", ".join(f"{key} {value}" for key, value in about.items())
    level = f"{each['level']:8}" if "level" in each else ""
    return f"{name:36} {level}{about}"


def fault(name: str) -> Mutant:
    """A mutant by name.  Raises UsageError with the nearest name there is."""
    for each in registry().values():  # most faults are known without a look at any contract
        for mutant in each.mutants:
            if mutant.name == name:
                return mutant
    known = faults()
    if name not in known:
        raise unknown("fault", name, list(known))
    return known[name]


def unknown(what: str, name: str, known: list[str]) -> UsageError:
    """The error that there is nothing of this name, with the nearest name that there is."""
    near = difflib.get_close_matches(name, known, 1)
    meant = f" (did you mean {near[0]!r}?)" if near else ""
    return UsageError(f"there is no {what} {name!r}{meant}; see `chat-conformance list {what}s`")


def _some(rows: Sequence[str]) -> str:
    """Rows on one line, the first of them where they are many: --json has them all."""
    shown = rows if len(rows) <= SHOWN + 1 else rows[:SHOWN]
    more = len(rows) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def covered(planned: Plan) -> Iterator[str]:
    """How much of the contract's boundary classes, and of pairs of them, the plan's combinations reach."""
    bodies = [
        cast("dict[str, JSON]", step.case.arguments["body"])
        for step in planned.steps
        if step.case.scenario.name == COMBINATION
    ]
    if bodies:
        found = coverage(kitchen(planned.setting.contract, planned.setting.features), bodies)
        yield (
            f"{len(bodies)} combinations reach {found.singles} of {found.all_singles} boundary classes "
            f"and {found.pairs} of {found.all_pairs} pairs of them"
        )
        if found.missing:
            yield "not reached: " + ", ".join(f"{name} = {label}" for name, label in found.missing)


def describe(planned: Plan, context: int, prices: Prices | None = None) -> Iterator[str]:
    """A plan for people: what would be sent, why, and at what cost; of money where there are prices."""
    setting = planned.setting
    yield f"contract {setting.contract.name}, depth {planned.depth}, seed {setting.seed}"
    for step in planned.steps:
        case = step.case
        times = f"{case.steps} request{'s' * (case.steps > 1)}"
        yield f"  {case.id:48} {times:11} {_some(step.rows) or case.scenario.purpose}"
    for case in planned.tried:
        times = f"{case.steps} request{'s' * (case.steps > 1)}"
        yield f"  {case.id:48} {times:11} whether a feature works that is off"
    yield from covered(planned)
    judged = f"{len(planned.rows)} requirement{'s' * (len(planned.rows) != 1)} judged"
    deeper = f", {len(planned.deeper)} need a greater depth" if planned.deeper else ""
    off = f", {len(planned.off)} of features that are off" if planned.off else ""
    yield f"{judged}{deeper}{off}"
    money = f", which cost {prices.cost(*planned.worst(context)):.4f}" if prices else ""
    cost = f"at most {planned.requests} requests and {planned.tokens(context):,} tokens{money}"
    yield (f"{cost} (repeats that confirm may add {planned.depth.limit // 4} requests); plan {planned.digest[:16]}")
