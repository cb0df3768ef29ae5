"""A high temperature, and what log probabilities are told of: the model's distribution or the sampler's."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from ..ask import OMIT, Ask
from ..exchange import Exchange
from ..likelihoods import Place, all_places, same_start
from ..model import Depth, Finding, Level, NotJudged, Observation, Violation
from ..mutants import Object, Sent
from ..reply import objects
from ..requirement import requirement
from ..scenario import Script, scenario
from ..spoil import either, ignores
from ..statistics import ALPHA, betrayed, tempered
from .logprobs_asked import neutral
from .logprobs_ranks import ROUNDED
from .sampling import ENOUGH, NEITHER, PROMPT, first_tokens, telling
from .sampling_bends import as_if, cooling, on_sampling

OBSERVE = Level.OBSERVE

HOT = 1.99
"""The highest temperature that must be accepted."""


@scenario(steps=2, tokens=932, depth=Depth.FULL)
def heated(ask: Ask) -> Script:
    """First tokens at temperature 1, then hundreds at 1.99."""
    if not (ask.has("logprobs") and ask.has("top-logprobs")):
        return "what a high temperature does is judged by log probabilities, which are off"
    before = yield first_tokens(ask, count=20)
    if not any(place.listed for place in all_places(before)):
        return NEITHER
    many = len(before.choices) >= ENOUGH
    size: dict[str, Any] = {"n": 100, "max_tokens": 9} if many else {"n": OMIT, "max_tokens": 900}
    yield ask(prompt=PROMPT, also={**neutral(ask, temperature=HOT), **telling(ask, 20), **size})
    return None


def _ratios(place: Place) -> tuple[float, float]:
    """How much what was said speaks for temperature 1 and against 1.99, and how much it would on average at 1.

    Both are of the listed tokens alone, so that masks of what lies beyond the list change nothing.  What has the same
    name and another log probability is another token.
    """
    told = [each.logprob for each in place.listed]
    one, hot = tempered(told, 1.0), tempered(told, HOT)
    apart = {at: abs(each.logprob - place.said.logprob) for at, each in enumerate(place.listed)}
    same = [at for at in apart if place.listed[at].key == place.said.key and apart[at] < ROUNDED]
    said = min(same, key=lambda at: apart[at], default=None)
    average = math.fsum(math.exp(a) * (a - b) for a, b in zip(one, hot, strict=True))
    inside = math.fsum(math.exp(min(each, 0.0)) for each in told)
    return (0.0 if said is None else one[said] - hot[said]), average * min(inside, 1.0)


@on_sampling(
    "sampling.temperature-high",
    source="temperature",
    scenario=heated,
    feature="logprobs",
    parameter="temperature",
    mutants=[
        ignores("temperature"),
        as_if("temperature-at-most-one", "one above 1 counts as 1", "temperature", lambda value: min(value, 1)),
    ],
)
def high_is_varied(plain: Exchange, changed: Exchange) -> Iterator[Finding]:
    """At a high temperature less likely tokens are said more often than at 1."""
    said = [place for place in all_places(changed) if len(place.listed) > 1]
    start = same_start(plain, changed)
    if not (plain.legible and changed.legible) or not said or start is None:
        yield NotJudged(reason="there were no lists to judge by")
    elif start:
        speaking = [_ratios(place) for place in said]
        if betrayed(ratio for ratio, _ in speaking):
            yield Violation(
                pointer="/choices/*/logprobs/content",
                observed=f"of {len(said)} tokens that were said as at temperature 1",
                expected=f"tokens said as temperature {HOT} has it",
                exchanges=(changed.n,),
            )
        elif math.fsum(average for _, average in speaking) < -math.log(ALPHA):
            yield NotJudged(reason="too little was said for an effect to be seen")


def _told_after(sent: Sent, body: Object) -> None:
    temperature = sent.get("temperature") or 1
    for choice in objects(body["choices"]):
        told: Any = choice.get("logprobs") or {}
        for entry in told.get("content") or []:
            for each in (entry, *entry["top_logprobs"]):
                each["logprob"] /= temperature


@requirement(
    "sampling.logprobs-reading",
    level=OBSERVE,
    source="logprobs",
    scenario=cooling,
    feature="logprobs",
    parameter="logprobs",
    mutants=[either("logprobs-after-the-sampler", "log probabilities are told of what the sampler made", _told_after)],
)
def told_when(plain: Exchange, changed: Exchange) -> Iterator[Finding]:
    """Whether log probabilities are told of the model's distribution, or of what the sampler made of it."""
    start = same_start(plain, changed)
    if start is not None:
        yield Observation(value="before the sampler" if start else "after the sampler", exchanges=(plain.n, changed.n))
