"""What bends the distribution acts: temperature, top_p, top_k and min_p, each alone, the others at neutral values.

A request without it and one with it, for the same prompt.  Where log probabilities are told, what was said is judged by
the lists of its own places; where they are not, by how the first tokens of many choices fall.  Log probabilities may be
told before the sampler or after it, and neither is a fault: where the lists move with the parameter, it acts.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ..ask import OMIT, Ask, Given, Setting
from ..exchange import Exchange
from ..likelihoods import REPLACEMENT, Place, all_places, of_its_text, same_start
from ..model import JSON, Depth, Finding, NotJudged, Request, Violation
from ..scenario import Scenario, Script, both_modes, takes
from ..schema import show
from .logprobs_asked import neutral
from .sampling_doubt import SURE
from .sampling_letters import letters, possible

PROMPT = "Say any word that comes to your mind, and then others, as they come."

MANY = 32
"""First tokens that are drawn at once where n is to be had."""

LISTED = 128
"""Tokens of sixteen choices that are judged by their lists; of one choice half as many."""

ENOUGH = 12
"""Choices that make a sample; an endpoint that ignores n gives one."""

VARIETY = 8
"""Different first tokens of a model that is not too sure of them."""

BEHIND = (0, 1, 3, 4, 6)
"""Nats that each of five tokens is raised less than the first where the model is held to them."""

LONGEST = 40
"""Characters of a first token; a longer text is more than that."""

TWICE = 2
"""Places that must speak against an endpoint: one may be a fluke of its arithmetic."""

EXPECTED = 3.0
"""Places that would speak against an endpoint without the parameter; where fewer would, a model has no variety to judge
by: then two and more of them would be missing one time in five and oftener."""


@dataclass(frozen=True, kw_only=True)
class Bend:
    """A parameter and its value; `one`: its value that leaves one token, but for such as are equally likely.

    `outside`: whether a place shows what no endpoint says that heeds it.  `scattered`: whether the first tokens without
    it and with it do, or None where they may or may not.
    """

    name: str
    value: JSON
    outside: Callable[[Place], bool]
    scattered: Callable[[Sequence[str], Sequence[str]], bool | None]
    expected: str
    one: JSON


def telling(ask: Ask, count: int = 8) -> dict[str, Given]:
    """Log probabilities with lists, where they are to be had."""
    lists = count if ask.has("top-logprobs") else OMIT
    return {"logprobs": True, "top_logprobs": lists} if ask.has("logprobs") else {}


def first_tokens(ask: Ask, but: Mapping[str, Given] | None = None, count: int = 8) -> Request:
    """Ask for first tokens, as many as can be had at once, with lists of so many."""
    members: dict[str, Given] = {**neutral(ask), **(but or {}), **telling(ask, count)}
    return ask(prompt=PROMPT, max_tokens=1, n=MANY if ask.has("n") else OMIT, also=members)


def bent(ask: Ask, bend: Bend) -> Script:
    """First tokens without a parameter, then what is said with it: some tokens with lists, or first tokens again; where
    those decide nothing, short texts of tokens that the model would not say."""
    but = {bend.name: bend.value}
    before = yield first_tokens(ask)
    many = len(before.choices) >= ENOUGH
    if any(place.listed for place in all_places(before)):
        size: dict[str, Given] = {"n": 16, "max_tokens": LISTED // 16} if many else {"max_tokens": LISTED // 2}
        yield ask(prompt=PROMPT, also={**neutral(ask, **but), **telling(ask), **size})
    elif many:
        changed = yield first_tokens(ask, but)
        if held(ask.setting) and is_open(judged(bend, before, changed)):
            yield letters(ask, (bend.name, bend.one), behind=BEHIND)
    else:
        return NEITHER
    return None


def is_open(found: Iterable[Finding]) -> bool:
    """Whether something is left undecided."""
    return any(isinstance(finding, NotJudged) for finding in found)


def held(setting: Setting) -> bool:
    """Whether short texts may be asked for: where there are lists they are not needed."""
    return possible(setting) and "logprobs" not in setting.features


NEITHER = "neither several choices nor log probabilities were given: --without n and --without logprobs ask otherwise"


def modes(base: Scenario) -> Scenario:
    """Whole, and at depth full streamed and with a further nonce too."""
    return takes(both_modes(base, streams=Depth.FULL), standard=1, full=2)


def first_texts(exchange: Exchange) -> list[str]:
    """The first tokens of all choices, those that are a token of their own."""
    texts = [choice.text for choice in exchange.choices]
    return [] if any(len(text) > LONGEST for text in texts) else [text for text in texts if _clear(text)]


def _clear(text: str) -> bool:
    return bool(text.strip()) and REPLACEMENT not in text


def coincidences(texts: Sequence[str]) -> int:
    """How many pairs of them are the same."""
    return sum(math.comb(count, 2) for count in Counter(texts).values())


def judged(bend: Bend, plain: Exchange, changed: Exchange) -> Iterator[Finding]:
    """What the two say of a parameter."""
    if not (plain.legible and changed.legible):
        yield NotJudged(reason="the replies could not be read")
        return
    said = [place for place in all_places(changed) if place.listed]
    if said and not of_its_text(changed):
        yield NotJudged(reason="the log probabilities that are told are not those of the text")
        return
    if said and same_start(plain, changed) is False:
        return  # log probabilities are told after the sampler, and it acts on them
    yield from _by_lists(bend, said, changed) if said else _by_texts(bend, plain, changed)


def _by_lists(bend: Bend, said: Sequence[Place], changed: Exchange) -> Iterator[Finding]:
    against = [place for place in said if bend.outside(place)]
    if len(against) >= TWICE:
        worst = max(against, key=lambda place: place.gap)
        yield Violation(
            pointer="/choices/*/logprobs/content",
            observed=(
                f"{show(worst.said.token)} ({worst.logprob:.3g}) where {show(worst.listed[0].token)} had "
                f"{worst.listed[0].logprob:.3g}, and the like at {len(against)} of {len(said)} places"
            ),
            expected=f"{bend.expected}, as {bend.name} {show(bend.value)} has it",
            exchanges=(changed.n,),
        )
    elif math.fsum(_outside_mass(bend, place) for place in said) < EXPECTED:
        yield SURE


def _outside_mass(bend: Bend, place: Place) -> float:
    """How likely it was to say what speaks against an endpoint that heeds the parameter, had this one not."""
    inside = (each for each in place.listed if not bend.outside(replace(place, said=each)))
    return max(0.0, 1.0 - math.fsum(math.exp(min(each.logprob, 0.0)) for each in inside))


def _by_texts(bend: Bend, plain: Exchange, changed: Exchange) -> Iterator[Finding]:
    before, after = first_texts(plain), first_texts(changed)
    if min(len(before), len(after)) < ENOUGH:
        yield NotJudged(reason="too few first tokens could be told apart")
    else:
        yield from by_chance(bend, before, after, (changed.n,))


def by_chance(bend: Bend, before: Sequence[str], after: Sequence[str], exchanges: tuple[int, ...]) -> Iterator[Finding]:
    """What the first tokens without a parameter and with it say of it."""
    scattered = bend.scattered(before, after)
    if scattered:
        yield Violation(
            pointer="/choices/*",
            observed=f"of {len(after)} first tokens {len(set(after))} different ones",
            expected=f"{bend.expected}, as {bend.name} {show(bend.value)} has it",
            exchanges=exchanges,
        )
    elif scattered is None:
        yield NotJudged(reason="the model has next to no favourites among its first tokens")
    elif len(set(before)) < VARIETY:
        yield NotJudged(reason="the model was too sure of its first token for an effect to be seen")
