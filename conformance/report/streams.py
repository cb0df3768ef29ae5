"""A run's streams -> how they came: the time to the first token, the gaps between pieces, and a few of them drawn.

Rule: facts, no judgement; no contract says how fast a stream is, and the figures are those of a loaded endpoint.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise

from ..exchange import DONE, Exchange
from ..model import JSON
from ..reply import members, objects

MOST_ARRIVALS = 120
"""Pieces of one stream that are drawn; of more, every second, third ... one."""

SPEAKS = ("content", "reasoning_content", "reasoning", "refusal", "tool_calls")
"""Members of a delta that carry what the model says."""


def streams(exchanges: Iterable[Exchange]) -> dict[str, JSON]:
    """Quantiles in seconds over all whole streams, and the ones that are worth a look."""
    found = [each for each in exchanges if each.streamed and each.weather is None and each.error is None]
    found = [each for each in found if any(data for _, data in each.pieces)]
    firsts = {each.n: first_token(each) for each in found}
    return {
        "count": len(found),
        "first_token": _quantiles([first for first in firsts.values() if first is not None]),
        "gap": _quantiles([gap for each in found for gap in _gaps(each)]),
        "took": _quantiles([each.pieces[-1][0] for each in found]),
        "shown": [_drawn(each, why, firsts[each.n]) for each, why in _worth_a_look(found, firsts)],
    }


def first_token(exchange: Exchange) -> float | None:
    """Seconds from the request until the first event that says something was there; None where none does."""
    events = [each for each in exchange.stream.events if each.data.strip() != DONE]
    for event, payload in zip(events, exchange.payloads, strict=True):
        deltas = [members(choice.get("delta")) for choice in objects(members(payload.value).get("choices"))]
        if any(delta.get(name) for delta in deltas for name in SPEAKS):
            ends = list(accumulate(len(data) for _, data in exchange.pieces))
            line = exchange.body.find(b"\n", event.offset)
            at = bisect_left(ends, line + 1 if line >= 0 else len(exchange.body))
            return exchange.pieces[min(at, len(ends) - 1)][0]
    return None


def _gaps(exchange: Exchange) -> list[float]:
    return [later - earlier for (earlier, _), (later, _) in pairwise(exchange.pieces)]


def _quantiles(values: Sequence[float]) -> JSON:
    """The median, the 95th percentile and the longest; None of nothing."""
    if not values:
        return None
    ordered = sorted(values)
    last = len(ordered) - 1
    return {
        "median": round(ordered[last // 2], 6),
        "p95": round(ordered[round(last * 0.95)], 6),
        "longest": round(ordered[last], 6),
    }


def _worth_a_look(found: Sequence[Exchange], firsts: dict[int, float | None]) -> list[tuple[Exchange, str]]:
    """A typical stream, and those with the latest first token, the longest gap and the most pieces."""
    if not found:
        return []
    usual = sorted(found, key=lambda each: (each.pieces[-1][0], each.n))[(len(found) - 1) // 2]
    picked = {
        "the median": usual,
        "latest first token": max(found, key=lambda each: firsts[each.n] or 0),
        "longest gap": max(found, key=lambda each: max(_gaps(each), default=0)),
        "most pieces": max(found, key=lambda each: len(each.pieces)),
    }
    whys: dict[Exchange, list[str]] = {}
    for why, each in picked.items():
        whys.setdefault(each, []).append(why)
    return [(each, ", ".join(why)) for each, why in whys.items()]


def _drawn(exchange: Exchange, why: str, first: float | None) -> JSON:
    times = [when for when, data in exchange.pieces if data]
    step = -(-len(times) // MOST_ARRIVALS)
    return {
        "why": why,
        "exchange": exchange.n,
        "pieces": len(times),
        "tokens": exchange.tokens("completion_tokens"),
        "first_token": first,
        "took": times[-1],
        "arrivals": [*times[:-1:step], times[-1]],
    }
