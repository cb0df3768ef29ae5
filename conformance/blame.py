"""Refusals of generated requests -> the members that are to blame.

A generated request combines many members, and one that is refused tells little.  It is reduced: asked again with fewer
and fewer members, until none can be left out (`reduce.py`).  Here is what follows from all of that.

Rule: pure, from the exchanges alone; and no member is blamed without the smaller request that was refused for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from . import strict_json
from .contract import Contract
from .exchange import Exchange
from .generate.forms import Object
from .generate.kitchen import LIMITS, MESSAGES, MODEL, fitted, thrifty, whole_kitchen
from .model import JSON, NotJudged, Purpose
from .reply import members, problem

COMBINATION = "combination"
REDUCTION = "reduction"
DEPARTURES = "bounds"
"""The scenarios that ask generated requests."""

GENERATED = frozenset({COMBINATION, REDUCTION, DEPARTURES})

CANARY = "canary"
"""The scenario of plain requests, by its name."""

OF_SOME_MODELS = frozenset({"enable_thinking", "separate_reasoning"})
"""Members that mean nothing to a model which does not think; and so does a form by a schema to one without such."""

NUMB = 2
"""Plain requests that are refused one after the other by an endpoint that lives and is dead."""

PARTICULARS = re.compile(r"[0-9.]+|\"[^\"]*\"|'[^']*'")
"""What differs in the words of errors that are of one cause."""

NONCE = re.compile(r" \([0-9a-f]{8}\)$")


@dataclass(frozen=True, kw_only=True)
class Cause:
    """The members, with their values, that a refused request cannot go without, and the request that shows it.

    `companions` are members without which another one is not allowed.
    """

    members: Mapping[str, JSON]
    companions: frozenset[str]
    exchange: Exchange

    @property
    def blamed(self) -> tuple[str, ...]:
        """The members that are to blame."""
        return tuple(name for name in self.members if name not in self.companions)

    @property
    def signature(self) -> str:
        """What refusals of one cause have in common: status, and words without what is quoted or counted."""
        return signature(self.exchange)

    def explains(self, exchange: Exchange, sent: Mapping[str, JSON]) -> bool:
        """Whether a refusal is of this cause: the same values, or the same members and the same answer."""
        if not set(self.blamed) <= sent.keys():
            return False
        same = all(_equal(sent[name], self.members[name]) for name in self.blamed)
        return same or signature(exchange) == self.signature


@dataclass(frozen=True, kw_only=True)
class Blame:
    """What is known of the refusals: their causes, those of each by number of the exchange, and those without one."""

    causes: tuple[Cause, ...]
    of: Mapping[int, tuple[Cause, ...]]
    unexplained: tuple[Exchange, ...]


def signature(exchange: Exchange) -> str:
    """The status and the words of an answer, without what is quoted, counted or named by id."""
    words = problem(exchange.members) or exchange.body[:200].decode("utf-8", "replace")
    return f"{exchange.status} {PARTICULARS.sub('#', words)[:120]}"


def _equal(one: JSON, other: JSON) -> bool:
    return strict_json.canonical(one) == strict_json.canonical(other)


def declined(exchange: Exchange) -> bool:
    """Whether a request that must be accepted was refused, or the endpoint fell over it."""
    return exchange.refused or exchange.crashed


def lacking(exchange: Exchange) -> str | None:
    """The member for which a refusal says that there is nothing behind it: one that documents leave to models, named in
    the answer.  None if it was refused for anything else."""
    if exchange.status not in (400, 422, 501):
        return None
    form = members(exchange.sent.get("response_format")).get("type")
    asked = [name for name in OF_SOME_MODELS if name in exchange.sent]
    asked += ["response_format"] if form == "json_schema" else []
    return next((name for name in asked if name.encode() in exchange.body), None)


def honest(member: str) -> NotJudged:
    """What is said of a refusal by a model that is `lacking` what a member asks for."""
    return NotJudged(reason=f"{member} was refused by its name, as where a model has nothing of what it asks for")


def generated(exchange: Exchange) -> bool:
    """Whether it is a combination of members, or one that was made smaller."""
    return exchange.scenario in (COMBINATION, REDUCTION)


def departs(exchange: Exchange) -> bool:
    """Whether it departs in one member from a request that must be accepted, which was asked beside it."""
    return exchange.scenario == DEPARTURES and exchange.step[0] > 0


@lru_cache(maxsize=4)
def deadly(run: tuple[Exchange, ...]) -> frozenset[str]:
    """The cases after which the endpoint answers and is dead: each was asked alone, after a plain request that was
    answered well and before others that were refused, though not for their key."""
    found: set[str] = set()
    asked: set[str] | None = None
    refused = 0
    for exchange in run:
        if exchange.scenario != CANARY:
            asked = None if asked is None or refused else asked | {exchange.case}
        elif exchange.ok:
            asked, refused = set(), 0
        elif exchange.refused and exchange.status not in (401, 403):
            refused += 1
            found |= asked if asked is not None and len(asked) == 1 and refused == NUMB else set()
        else:
            asked = None
    return frozenset(found)


def added(sent: Mapping[str, JSON], contract: Contract) -> Object:
    """What a request has beyond the smallest one."""
    base = whole_kitchen(contract).base
    found = {name: value for name, value in sent.items() if name != MODEL and (name not in base or value != base[name])}
    chosen = {name: value for name, value in found.items() if name not in (MESSAGES, *LIMITS)}
    usual = thrifty(fitted({**base, **chosen}))
    return {
        name: value
        for name, value in found.items()
        if name in chosen or name not in usual or plain(value) != plain(usual[name])
    }


def plain(messages: JSON) -> JSON:
    """The messages without what makes each request another one."""
    if not isinstance(messages, list):
        return messages
    return [
        {**each, "content": NONCE.sub("", content)}
        if isinstance(each, dict) and isinstance(content := each.get("content"), str)
        else each
        for each in messages
    ]


@lru_cache(maxsize=4)
def blame(run: tuple[Exchange, ...], contract: Contract) -> Blame:
    """What the generated requests of a run tell of what was refused."""
    asked = [each for each in run if generated(each)]
    causes = tuple(_causes([each for each in asked if each.scenario == REDUCTION], contract))
    of: dict[int, tuple[Cause, ...]] = {}
    unexplained: list[Exchange] = []
    for exchange in asked:
        if declined(exchange):
            found = tuple(each for each in causes if each.explains(exchange, exchange.sent))
            if found:
                of[exchange.n] = found
            elif exchange.scenario == COMBINATION and exchange.purpose is not Purpose.AGAIN:
                unexplained.append(exchange)
    return Blame(causes=causes, of=of, unexplained=tuple(unexplained))


def _causes(reductions: Sequence[Exchange], contract: Contract) -> Iterable[Cause]:
    """The smallest refused requests of every reduction, each of another cause."""
    by_case: dict[str, list[Cause]] = {}
    refused = [each for each in reductions if declined(each)]
    parts = [_parts(each, contract) for each in refused]
    for exchange, own in zip(refused, parts, strict=True):
        if not any(other < own for other in parts):
            by_case.setdefault(exchange.case, []).append(_cause(exchange, contract))
    simplest: dict[tuple[tuple[str, ...], str], Cause] = {}
    for found in by_case.values():
        least = min(len(each.blamed) for each in found)
        for cause in sorted(found, key=lambda each: len(each.exchange.request.body)):
            if len(cause.blamed) == least:
                simplest.setdefault((cause.blamed, cause.signature), cause)
    return _apart(simplest.values())


def _apart(causes: Iterable[Cause]) -> Iterable[Cause]:
    """The causes without those of which a smaller one is a part: they were not reduced to their end."""
    kept: list[Cause] = []
    for cause in sorted(causes, key=lambda each: len(each.blamed)):
        if not any(set(each.blamed) <= set(cause.blamed) and each.signature == cause.signature for each in kept):
            kept.append(cause)
    return kept


def _parts(exchange: Exchange, contract: Contract) -> frozenset[tuple[str, bytes]]:
    """All that a request has beyond the smallest one, a limit that was lowered for the sake of another included."""
    base = {name: plain(value) for name, value in whole_kitchen(contract).base.items()}
    sent = {name: plain(value) for name, value in exchange.sent.items() if name != MODEL}
    return frozenset(
        (name, strict_json.canonical(value)) for name, value in sent.items() if name not in base or value != base[name]
    )


def _cause(exchange: Exchange, contract: Contract) -> Cause:
    extra = added(exchange.sent, contract)
    store = whole_kitchen(contract)
    needed = {
        other
        for name, value in extra.items()
        for other in (store.companions(name, value) or {})
        if name in store.parameters
    }
    return Cause(
        members=extra, companions=frozenset(needed) if needed < extra.keys() else frozenset(), exchange=exchange
    )
