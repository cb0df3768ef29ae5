"""A run's requests -> what became of each feature that they use: how often it was asked for, and how often answered.

Rule: a request uses a feature when the contract's schema, read narrowly, allows it with that feature and not without.
What was refused each time is refused, whatever the target was said to offer; that changes no verdict.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import cast

from ..contract import Contract
from ..evidence import Evidence
from ..exchange import Exchange
from ..hearing import hear, setting_of
from ..judge import judge
from ..model import JSON, Verdict, Zone
from ..plan import with_untold
from ..requirements import rows
from ..schema import Schema, without

ENOUGH = 2
"""Refusals that say that a feature is refused: one may be a mishap."""


def offers(exchanges: Iterable[Exchange], contract: Contract) -> dict[str, dict[str, JSON]]:
    """For each feature: its default in the contract, and of the valid requests that use it how many were answered.

    Features that no member of a request belongs to are asked for by none.
    """
    asked: Counter[str] = Counter()
    accepted: Counter[str] = Counter()
    gates = {name: _gate(contract, name) for name in contract.features}
    for exchange in exchanges:
        answered = exchange.status is not None and exchange.status < 500
        if answered and exchange.zone is Zone.ACCEPT and contract.request.demands(exchange.sent):
            used = [name for name, gate in gates.items() if not gate.allows(exchange.sent)]
            asked.update(used)
            accepted.update(used if exchange.ok else ())
    return {
        name: {"default": "on" if on else "off", "asked": asked[name], "accepted": accepted[name]}
        for name, on in sorted(contract.features.items())
    }


def works(evidence: Evidence, contract: Contract) -> dict[str, bool | None]:
    """Of features that are off, but were tried in the end: whether all that their requirements could judge passed; None
    where they could judge nothing."""
    setting = setting_of(evidence, contract)
    heard = hear(evidence, with_untold(setting), offer=True)
    asked = {each.scenario for each in heard.exchanges}
    tried = [
        row
        for row in rows(contract)
        if row.feature in heard.setting.features - setting.features and row.requirement.scenario.name in asked
    ]
    sound: dict[str, list[bool]] = {str(row.feature): [] for row in tried}
    for each in judge(heard, tried):
        if each.verdict is Verdict.PASS or each.violated:
            sound[str(each.row.feature)].append(not each.violated)
    return {name: all(found) if found else None for name, found in sorted(sound.items())}


def _gate(contract: Contract, feature: str) -> Schema:
    """What allows requests that do not use this feature."""
    rest = cast("dict[str, JSON]", without(contract.request.narrow, frozenset(contract.features) - {feature}))
    return Schema(wide=rest, narrow=rest)


def states(given: Mapping[str, JSON], offered: Mapping[str, Mapping[str, JSON]]) -> dict[str, JSON]:
    """The features' states: those that a run was given, and refused for what is on and never answered."""
    return {name: "refused" if _is_refused(state, offered.get(name)) else state for name, state in given.items()}


def _is_refused(state: JSON, offer: Mapping[str, JSON] | None) -> bool:
    if state != "on" or offer is None:
        return False
    asked = offer["asked"]
    return isinstance(asked, int) and asked >= ENOUGH and offer["accepted"] == 0
