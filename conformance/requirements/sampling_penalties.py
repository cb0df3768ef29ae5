"""frequency_penalty and presence_penalty, cold: what is said is what is left when their toll is taken.

No chance is in it.  Coldly, the likeliest token after the penalty is said; lists of the likeliest tokens before it
show, place by place, whether that was so.  Told after the sampler, they cannot show it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from ..ask import Ask
from ..exchange import Exchange
from ..likelihoods import REPLACEMENT, UNTOLD, Candidate, Key, Place, same_start, told
from ..model import Depth, Finding, Level, NotJudged, Violation
from ..mutants import Call, Mutant
from ..reply import objects, text
from ..requirement import requirement
from ..scenario import Script, both_modes, scenario
from ..schema import show
from ..spoil import ignores, streaming
from .logprobs_asked import neutral
from .sampling import telling

MUST = Level.MUST

STRONG = 1.99
"""The strongest penalty that must be accepted."""

SURELY = 0.75
"""Nats by which another token must have been ahead, for batches and kernels shift likelihoods a little."""

TWICE = 2
"""Places that must speak against an endpoint."""

ASKED = (
    ("frequency_penalty", STRONG),
    ("frequency_penalty", -STRONG),
    ("presence_penalty", STRONG),
    ("presence_penalty", -STRONG),
)


@scenario(steps=5, tokens=161)
def penalised(ask: Ask) -> Script:
    """Talk coldly with each penalty at its strongest and at its weakest; and say one token at temperature 0.5."""
    if not (ask.has("logprobs") and ask.has("top-logprobs")):
        return "penalties are judged by log probabilities, which are off"
    story, lists, cold = "Tell a very long story.", telling(ask, 20), ask.setting.cold
    yield [
        *(
            ask(
                prompt=story,
                max_tokens=40,
                also={**neutral(ask, temperature=cold, **{name: value}), **lists},
            )
            for name, value in ASKED
        ),
        ask(prompt=story, max_tokens=1, also={**neutral(ask, temperature=0.5), **lists}),
    ]
    return None


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


def _safe(candidate: Candidate, prompt: str) -> bool:
    """A token of which it is known how often it came up: not one of the prompt's, which some endpoints count."""
    word = candidate.token.strip().lower()
    return bool(word) and REPLACEMENT not in word and word not in prompt and candidate.logprob > UNTOLD


def _prompt(exchange: Exchange) -> str:
    return " ".join(text(each.get("content")) for each in objects(exchange.sent.get("messages"))).lower()


def better(exchange: Exchange) -> list[tuple[Place, Candidate]]:
    """The places where another token was surely ahead of the one that was said once the toll was taken, and that token.

    Where repetition_penalty is not pinned to its neutral value an endpoint may have a mild one of its own: then only
    tokens that were said again, and others that were new, are compared.
    """
    prompt, toll = _prompt(exchange), toll_of(exchange)
    pinned = "repetition_penalty" in exchange.sent
    found = []
    for each in _history(exchange):
        mine = Candidate(token=each.place.said.token, bytes=each.place.said.bytes, logprob=each.place.logprob)
        count = each.said[mine.key]
        if not _safe(mine, prompt):
            continue
        others = [
            (toll.left(other, each.said[other.key]), other)
            for other in each.place.listed
            if other.key != mine.key and _safe(other, prompt) and (pinned or (count and not each.said[other.key]))
        ]
        left, other = max(others, key=lambda pair: pair[0], default=(-1e9, mine))
        if left > toll.left(mine, count) + SURELY:
            found.append((each.place, other))
    return found


def _untouched(exchange: Exchange) -> tuple[int, int]:
    """Of the places where neither what is listed nor what was said had been said before, and so no penalty acts, how
    many have the likeliest token; and all of them."""
    fresh = [
        each.place
        for each in _history(exchange)
        if not any(each.said[one.key] for one in (each.place.said, *each.place.listed))
    ]
    return sum(place.gap <= SURELY for place in fresh), len(fresh)


def _effects(exchange: Exchange) -> int:
    """Places where the toll makes another token the likeliest."""
    toll, count = toll_of(exchange), 0
    for each in _history(exchange):
        after = max(each.place.listed, key=lambda one: toll.left(one, each.said[one.key]))
        best = max(each.place.listed, key=lambda one: one.logprob)
        count += after.key != best.key
    return count


def heeded(exchange: Exchange, probe: Exchange, name: str) -> Iterator[Finding]:
    """What one reply says of its penalty."""
    start = same_start(exchange, probe)
    best, fresh = _untouched(exchange) if exchange.legible else (0, 0)
    if not (exchange.legible and probe.legible) or start is None:
        yield NotJudged(reason="there were no lists to judge by")
    elif not start:
        yield NotJudged(reason="log probabilities are told after the sampler, where they show no penalty")
    elif best < fresh * 0.9:
        yield NotJudged(reason="cold replies do not say the likeliest token even where no penalty acts")
    else:
        found = better(exchange)
        if len(found) >= TWICE:
            place, other = found[0]
            yield Violation(
                pointer="/choices/0/logprobs/content",
                observed=(
                    f"{show(place.said.token)} ({place.logprob:.3g}) where {show(other.token)} ({other.logprob:.3g}) "
                    f"was ahead by the penalty, and the like at {len(found)} places"
                ),
                expected=f"the likeliest token after {name} {show(exchange.sent.get(name))} has taken its toll",
                exchanges=(exchange.n,),
            )
        elif _effects(exchange) < TWICE:
            yield NotJudged(reason="too little came up twice for an effect to be seen")


penalties = both_modes(penalised, streams=Depth.FULL)

of_penalties = partial(requirement, level=MUST, scenario=penalties, feature="penalties")
"""A requirement on what a penalty does."""


def _rewritten(name: str, about: str, change: Callable[[float], float], member: str) -> Mutant:
    def act(call: Call) -> Call:
        value = call.sent.get(member)
        if not isinstance(value, int | float) or not value:
            return call
        return call.with_body({**call.sent, member: change(value)})

    return Mutant(name=f"{member.replace('_', '-')}-{name}", about=f"{member} {about}", request=act)


def _as_the_other(member: str, other: str) -> Mutant:
    def act(call: Call) -> Call:
        sent = {**call.sent, other: call.sent.get(member), member: call.sent.get(other)}
        return call.with_body(sent) if call.sent.get(member) and not call.sent.get(other) else call

    return Mutant(
        name=f"{member.replace('_', '-')}-as-the-other",
        about=f"{member} acts as {other}",
        request=act,
    )


def _ways(member: str) -> list[Mutant]:
    return [
        ignores(member),
        ignores(member, when=streaming),
        _rewritten("upside-down", "acts the other way round", lambda value: -value, member),
        _rewritten("at-most-a-tenth", "above 0.1 counts as 0.1", lambda value: min(value, 0.1), member),
    ]


def _below_zero(member: str) -> list[Mutant]:
    return [
        ignores(member),
        _rewritten("never-below-zero", "below 0 counts as 0", lambda value: max(value, 0), member),
        _rewritten("without-sign", "below 0 counts as above it", abs, member),
    ]


@of_penalties(
    "sampling.frequency-penalty-acts",
    source="frequency_penalty",
    parameter="frequency_penalty",
    mutants=_ways("frequency_penalty"),
)
def frequency_acts(asked: tuple[Exchange, ...]) -> Iterator[Finding]:
    """A frequency_penalty above 0 takes its toll of a token for every time it has been said."""
    yield from heeded(asked[0], asked[4], "frequency_penalty")


@of_penalties(
    "sampling.frequency-penalty-negative",
    source="frequency_penalty",
    parameter="frequency_penalty",
    mutants=[*_below_zero("frequency_penalty"), _as_the_other("frequency_penalty", "presence_penalty")],
)
def frequency_favours(asked: tuple[Exchange, ...]) -> Iterator[Finding]:
    """A frequency_penalty below 0 favours a token for every time it has been said."""
    yield from heeded(asked[1], asked[4], "frequency_penalty")


@of_penalties(
    "sampling.presence-penalty-acts",
    source="presence_penalty",
    parameter="presence_penalty",
    mutants=_ways("presence_penalty"),
)
def presence_acts(asked: tuple[Exchange, ...]) -> Iterator[Finding]:
    """A presence_penalty above 0 takes its toll of a token once it has been said."""
    yield from heeded(asked[2], asked[4], "presence_penalty")


@of_penalties(
    "sampling.presence-penalty-negative",
    source="presence_penalty",
    parameter="presence_penalty",
    mutants=[*_below_zero("presence_penalty"), _as_the_other("presence_penalty", "frequency_penalty")],
)
def presence_favours(asked: tuple[Exchange, ...]) -> Iterator[Finding]:
    """A presence_penalty below 0 favours a token that has been said, as much the first time as the fifth."""
    yield from heeded(asked[3], asked[4], "presence_penalty")
