"""What a penalty takes off: a cold reply says what is left as the likeliest token when its toll is taken.

No chance is in it.  Lists of the likeliest tokens before the penalty show, place by place, whether that was so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..exchange import Exchange
from ..likelihoods import REPLACEMENT, Candidate, Key, Place, told
from ..model import Finding, NotJudged, Violation
from ..reply import objects, text
from ..schema import show

SURELY = 0.75
"""Nats by which another token must have been ahead, for batches and kernels shift likelihoods a little."""

TWICE = 2
"""Places below which nothing is seen."""

SOME, MANY = 3, 6
"""Places that must speak against an endpoint: some, if they are half of those at which an effect would show; or many.
Who takes a token that is nearly the likeliest now and then says one or two of them."""

FAINT = -60.0
"""Nats: what is told to be less likely is a sign for a token of which nothing is told, or never said."""


@dataclass(frozen=True, kw_only=True)
class Spot:
    """A place, and how often each token had been said before it."""

    place: Place
    said: Counter[Key]


@dataclass(frozen=True, kw_only=True)
class Toll:
    """What the penalties take off a token by how often it has been said."""

    frequency: float
    presence: float

    def left(self, candidate: Candidate, count: int) -> float:
        """What is left of a token's log probability, but for what all tokens share."""
        return candidate.logprob - self.frequency * count - self.presence * (count > 0)


def toll_of(exchange: Exchange) -> Toll:
    """What the request asks for."""
    sent = exchange.sent
    frequency, presence = (
        float(value) if isinstance(value := sent.get(name), int | float) else 0.0
        for name in ("frequency_penalty", "presence_penalty")
    )
    return Toll(frequency=frequency, presence=presence)


def _history(exchange: Exchange) -> Iterator[Spot]:
    for _, there in told(exchange)[:1]:
        said: Counter[Key] = Counter()
        for place in there:
            if place.listed:
                yield Spot(place=place, said=Counter(said))
            said[place.said.key] += 1


def _safe(candidate: Candidate, asked: str) -> bool:
    """A token of which it is known how often it came up: not one of the prompt's, which some endpoints count."""
    word = candidate.token.strip().lower()
    return bool(word) and REPLACEMENT not in word and word not in asked and candidate.logprob > FAINT


def prompt(exchange: Exchange) -> str:
    """All that the messages of a request say."""
    return " ".join(text(each.get("content")) for each in objects(exchange.sent.get("messages")))


def _said(spot: Spot) -> Candidate:
    """What was said, as the list has it."""
    return Candidate(token=spot.place.said.token, bytes=spot.place.said.bytes, logprob=spot.place.logprob)


def _likeliest(spot: Spot) -> Candidate:
    """What is said where no penalty acts."""
    return max(spot.place.listed, key=lambda one: one.logprob)


def better(exchange: Exchange, than: Callable[[Spot], Candidate] = _said) -> list[tuple[Place, Candidate]]:
    """The places where another token was surely ahead of one, that which was said, once the toll was taken; and it.

    Of two tokens at least one was said before.  Where repetition_penalty is not pinned to its neutral value an endpoint
    may have a mild one of its own: then only tokens that were said again, and others that were new, are compared.
    """
    asked, toll = prompt(exchange).lower(), toll_of(exchange)
    pinned = "repetition_penalty" in exchange.sent
    found = []
    for each in _history(exchange):
        mine = than(each)
        count = each.said[mine.key]
        if not _safe(mine, asked):
            continue
        others = [
            (toll.left(other, each.said[other.key]), other)
            for other in each.place.listed
            if other.key != mine.key
            and _safe(other, asked)
            and (count or (pinned and each.said[other.key]))
            and (pinned or not each.said[other.key])
        ]
        left, other = max(others, key=lambda pair: pair[0], default=(-1e9, mine))
        if left > toll.left(mine, count) + SURELY:
            found.append((each.place, other))
    return found


def _strange(exchange: Exchange) -> int:
    """At how many places a new token was said where another new one was surely ahead: what the endpoint counts then, a
    prompt of its own for one, nobody sees."""
    asked, places = prompt(exchange).lower(), 0
    for each in _history(exchange):
        mine = _said(each)
        new = [other.logprob for other in each.place.listed if not each.said[other.key] and _safe(other, asked)]
        if not each.said[mine.key] and _safe(mine, asked):
            places += max(new, default=mine.logprob) > mine.logprob + SURELY
    return places


def _untouched(exchange: Exchange) -> tuple[int, int]:
    """Of the places where neither what is listed nor what was said had been said before, and so no penalty acts, how
    many have the likeliest token; and all of them."""
    fresh = [
        each.place
        for each in _history(exchange)
        if not any(each.said[one.key] for one in (each.place.said, *each.place.listed))
    ]
    return sum(place.gap <= SURELY for place in fresh), len(fresh)


def heeded(exchange: Exchange, name: str) -> Iterator[Finding]:
    """What one reply says of its penalty, by lists from before it took its toll."""
    best, fresh = _untouched(exchange) if exchange.legible else (0, 0)
    if not exchange.legible or not fresh:
        yield NotJudged(reason="there were no lists to judge by")
    elif best < fresh * 0.9:
        yield NotJudged(reason="cold replies do not say the likeliest token even where no penalty acts")
    else:
        yield from _weighed(exchange, name)


def _weighed(exchange: Exchange, name: str) -> Iterator[Finding]:
    found, chances = better(exchange), len(better(exchange, than=_likeliest))
    if len(found) < TWICE:
        if chances < TWICE:
            yield NotJudged(reason="too little came up twice for an effect to be seen")
    elif _strange(exchange):
        yield NotJudged(reason="cold replies do not say the likeliest token even where nothing was said before")
    elif len(found) < SOME or (len(found) < MANY and len(found) * 2 < chances):
        yield NotJudged(
            reason="at nearly all places the likeliest token was said when the toll is taken, but not at all"
        )
    else:
        place, other = found[0]
        yield Violation(
            pointer="/choices/0/logprobs/content",
            observed=(
                f"{show(place.said.token)} ({place.logprob:.3g}) where, the penalty counted, {show(other.token)} "
                f"({other.logprob:.3g}) was likelier, and the like at {len(found)} places"
            ),
            expected=f"the likeliest token after {name} {show(exchange.sent.get(name))} has taken its toll",
            exchanges=(exchange.n,),
        )
