"""What looks like an answer and may have been weather: told by the rest of the run.

A 500, or a connection closed in the place of a reply, is an answer where it is reproduced; where such things come and
go, the same request must meet them so often that chance does not do it.  And a connection that was closed when the
endpoint was never seen alive again says nothing of what was asked last.

Rule: pure, from the exchanges alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .exchange import Exchange
from .model import Purpose, Zone

CHANCE = 0.05
"""How many of a run's requests may meet with such weather at every attempt, on average, for one that did to count: each
verdict needs it twice, or again in a repeat."""


@dataclass(kw_only=True)
class _Tries:
    """The attempts at one request: all, and the latest that may be weather, in a row; what passed, in all."""

    last: Exchange
    all: int = 0
    row: int = 0
    passed: int = 0


def doubts(exchanges: Sequence[Exchange], *, ended: bool) -> dict[int, str]:
    """Of the last attempts at a request those that are no answer, by number, each with the reason.

    `ended`: the run came to its end, and so saw for itself whether the endpoint is alive.
    """
    tried = _tries(exchanges)
    passed = sum(each.passed for each in tried)
    rate = (passed + 1) / len(exchanges) if passed else 0.0
    alive = max((each.n for each in exchanges if each.ok and each.zone is Zone.ACCEPT), default=0)
    found: dict[int, str] = {}
    for each in tried:
        if not each.last.may_pass:
            continue
        if each.row == 1 < each.all:
            found[each.last.n] = f"{_what(each.last)}, beside other weather"
        elif len(exchanges) * rate**each.row > CHANCE:
            found[each.last.n] = f"{_what(each.last)}, as other requests did that were answered when asked again"
        elif each.last.status is None and each.last.n > alive and not ended:
            found[each.last.n] = f"no reply ({each.last.error}), and none to anything after it"
    return found


def _tries(exchanges: Iterable[Exchange]) -> list[_Tries]:
    tried: dict[tuple[str, int, tuple[int, int]], _Tries] = {}
    for exchange in exchanges:
        of = tried.setdefault((exchange.case, exchange.round, exchange.step), _Tries(last=exchange))
        of.last = exchange
        of.all += 1
        if exchange.may_pass or exchange.dropped:
            of.row += 1
        elif exchange.weather is None:
            of.passed += of.row * (exchange.purpose is Purpose.RETRY)  # else it died, and was brought back
            of.row = 0
    return list(tried.values())


def _what(exchange: Exchange) -> str:
    return f"met with {'a closed connection' if exchange.error else f'status {exchange.status}'}"
