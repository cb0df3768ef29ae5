"""Which refused combinations are made smaller next: one of each cause, the smallest of it."""

from __future__ import annotations

from collections.abc import Sequence

from .blame import COMBINATION, added, blame, declined, generated, signature
from .contract import Contract
from .exchange import Exchange
from .hearing import Hearing
from .model import JSON, Depth
from .reduce import MOST_SUSPECTS, SCENARIO
from .scenario import Case, Variant
from .strict_json import canonical

AT_ONCE = 4
"""Causes that are looked for at the same time."""

FEW = 4
"""Members that were never accepted are tried alone if they are no more than these; nulls are, however many."""


def reductions(hearing: Hearing) -> list[Case]:
    """The next requests to make smaller; none when every refusal has its cause.

    What was reduced already and did not come back, or had no end within its budget, is not tried again.
    """
    known = blame(hearing.exchanges, hearing.contract)
    tried = {
        canonical(dict(case.case.arguments)["body"]) for case in hearing.performances.values() if _is_one(case.case)
    }
    groups: dict[str, list[Exchange]] = {}
    nulls = [each for each in hearing.exchanges if each.scenario == COMBINATION and declined(each) and _of_nulls(each)]
    for exchange in dict.fromkeys((*known.unexplained, *nulls)):
        if canonical(_body(hearing, exchange)) not in tried:
            groups.setdefault(signature(exchange), []).append(exchange)
    chosen = [min(group, key=lambda each: len(each.request.body)) for group in groups.values()]
    return [_case(hearing, each) for each in chosen[:AT_ONCE]]


def _of_nulls(exchange: Exchange) -> bool:
    """Whether it is the one request with every null: each of them is asked alone, whatever is known of the others."""
    return sum(value is None for value in exchange.sent.values()) > 1


def _is_one(case: Case) -> bool:
    return case.scenario.name == SCENARIO.name


def _body(hearing: Hearing, exchange: Exchange) -> JSON:
    """The members of a combination, as its case has them."""
    return hearing.performances[exchange.case, 0].case.arguments["body"]


def _case(hearing: Hearing, exchange: Exchange) -> Case:
    body = _body(hearing, exchange)
    suspects: list[JSON] = [*_suspects(hearing.exchanges, hearing.contract, exchange)]
    return Case(scenario=SCENARIO, variant=Variant(arguments={"body": body, "suspects": suspects}, depth=Depth.FULL))


def _suspects(run: Sequence[Exchange], contract: Contract, refused: Exchange) -> list[str]:
    """Members of a refused request that were never accepted with the same value, if they are few or nulls."""
    accepted: set[tuple[str, bytes]] = set()
    for exchange in run:
        if generated(exchange) and exchange.ok:
            accepted |= {(name, canonical(value)) for name, value in exchange.sent.items()}
    extra = added(refused.sent, contract)
    never = [name for name, value in extra.items() if (name, canonical(value)) not in accepted]
    return never if len(never) <= FEW or (_of_nulls(refused) and len(never) <= MOST_SUSPECTS) else []
