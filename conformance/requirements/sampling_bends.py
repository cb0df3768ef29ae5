"""Temperature, top_p, top_k and min_p act: by lists, by many first tokens, or by how replies begin."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from ..ask import Ask, Setting
from ..exchange import Exchange
from ..model import Finding, Level
from ..mutants import Call, Mutant, Sent
from ..requirement import requirement
from ..scenario import Script, priced, scenario, together
from ..spoil import ignores, streaming
from ..statistics import ALPHA, at_least
from .sampling import LISTED, MANY, Bend, bent, held, judged, modes
from .sampling_doubt import SURE
from .sampling_extremes import EXTREMES, REPLIES, TOKENS, alone, extreme, warmer
from .sampling_favourites import favoured_alike
from .sampling_letters import TOKENS as OF_LETTERS
from .sampling_odds import REQUESTS, by_odds

MUST, OBSERVE = Level.MUST, Level.OBSERVE

COLD = 0.02
"""A temperature at which a token that is a fiftieth of a nat less likely is e times less likely."""

FAR = 2.0
"""Nats: at a temperature of 0.02, and even of 0.1, no token so far behind the likeliest is ever said."""

NUCLEUS = 0.01
"""A top_p that one token of most models fills, and a token fills of which the likelier ones have not this much."""

TIES = 4
"""Different tokens that a mask of one or two may let through where some are equally likely."""

SCATTERED = 6
"""Different first tokens that no cold endpoint says if its model has favourites."""


def _cold_scattered(before: Sequence[str], after: Sequence[str]) -> bool | None:
    """At such a temperature only tokens within a few hundredths of a nat of the likeliest are said.  Six of them there
    are in a model that has next to no favourites; where gaps between the likeliest are a fifth of a nat, as they are in
    language models, in 1 of 10,000 prompts."""
    return (favoured_alike(before, after) or None) if len(set(after)) >= SCATTERED else False


def _nucleus_left(before: Sequence[str], after: Sequence[str]) -> bool:
    """Two different tokens only come from a nucleus that without its last token has less than top_p; as that is its
    least likely one, all of them together have less than twice top_p."""
    said = set(after)
    hits = sum(text in said for text in before)
    return len(said) > 1 and at_least(hits, len(before), 2 * NUCLEUS) < ALPHA


def _more_than_ties(_: Sequence[str], after: Sequence[str]) -> bool:
    return len(set(after)) > TIES


LOW = Bend(
    name="temperature",
    value=COLD,
    outside=lambda place: place.gap > FAR,
    scattered=_cold_scattered,
    expected="nearly always the likeliest token",
    one=COLD,
)
TOP_P = Bend(
    name="top_p",
    value=NUCLEUS,
    outside=lambda place: place.mass_above(0.1) >= 2 * NUCLEUS,
    scattered=_nucleus_left,
    expected="tokens of the smallest set that has this probability",
    one=EXTREMES["top_p"],
)
TOP_K = Bend(
    name="top_k",
    value=2,
    outside=lambda place: len(place.likelier(0.1)) >= 2,
    scattered=_more_than_ties,
    expected="one of the two likeliest tokens",
    one=EXTREMES["top_k"],
)
MIN_P = Bend(
    name="min_p",
    value=1,
    outside=lambda place: place.gap > 0.5,
    scattered=_more_than_ties,
    expected="tokens as likely as the likeliest",
    one=EXTREMES["min_p"],
)


def as_if(name: str, about: str, member: str, value: Any) -> Mutant:
    """A member that is there counts as if it had another value."""

    def act(call: Call) -> Call:
        given = call.sent.get(member)
        if isinstance(given, bool) or not isinstance(given, int | float):
            return call
        return call.with_body({**call.sent, member: value(given)})

    return Mutant(name=name, about=about, request=act)


def _several(sent: Sent) -> bool:
    return (sent.get("n") or 1) > 1


def ignored(member: str, *others: Mutant) -> list[Mutant]:
    """The ways to ignore a member, and others."""
    beside_n = Mutant(
        name=f"ignores-{member.replace('_', '-')}-beside-n",
        about=f"{member} has no effect where several choices are asked for",
        request=ignores(member).request,
        when=_several,
    )
    return [ignores(member), ignores(member, when=streaming), beside_n, *others]


def _bent(ask: Ask, bend: Bend) -> Script:
    """First tokens without a parameter, then what is said with it; where there are neither choices nor log
    probabilities, replies with and without its extreme."""
    if ask.has("n") or ask.has("logprobs"):
        return (yield from bent(ask, bend))
    asked = together((yield extreme(ask, bend.name)))
    if SURE in alone(bend.name, asked):
        yield warmer(ask)
    return None


def _found(bend: Bend, asked: Sequence[Any]) -> Iterator[Finding]:
    if isinstance(asked[0], tuple):
        yield from alone(bend.name, *asked)
    elif len(asked) == 2:
        yield from judged(bend, *asked)
    else:
        yield from by_odds(bend, asked[2])


def _costs(setting: Setting) -> tuple[int, int]:
    """The most requests and completion tokens where there are log probabilities, choices, or neither."""
    if "logprobs" in setting.features:
        return 2, MANY + LISTED
    if "n" not in setting.features:
        return REPLIES, REPLIES * TOKENS
    short = REQUESTS if held(setting) else 0
    return 2 + short, 2 * MANY + short * OF_LETTERS


cases = scenario(steps=REPLIES, tokens=REPLIES * TOKENS)
"""A script of one parameter, at its most expensive."""


@cases
def cooled(ask: Ask) -> Script:
    """First tokens at temperature 1, then some at 0.02."""
    return (yield from _bent(ask, LOW))


cooling = priced(modes(cooled), _costs)


@cases
def narrowed(ask: Ask) -> Script:
    """First tokens with top_p 1, then some with 0.01."""
    return (yield from _bent(ask, TOP_P))


@cases
def topped(ask: Ask) -> Script:
    """First tokens with nearly all candidates, then some with top_k 2."""
    return (yield from _bent(ask, TOP_K))


@cases
def floored(ask: Ask) -> Script:
    """First tokens with min_p 0, then some with 1."""
    return (yield from _bent(ask, MIN_P))


on_sampling = partial(requirement, level=MUST)
"""A requirement on what a parameter does."""


@on_sampling(
    "sampling.temperature-low",
    source="temperature",
    scenario=cooling,
    parameter="temperature",
    mutants=ignored(
        "temperature",
        as_if("temperature-at-least-one", "one below 1 counts as 1", "temperature", lambda value: max(value, 1)),
        as_if("temperature-upside-down", "it counts from the other end", "temperature", lambda value: 2 - value),
    ),
)
def low_is_alike(*asked: Exchange | tuple[Exchange, ...]) -> Iterator[Finding]:
    """At a low temperature the likeliest tokens are said, and hardly ever another."""
    yield from _found(LOW, asked)


@on_sampling(
    "sampling.top-p-acts",
    source="top_p",
    scenario=priced(modes(narrowed), _costs),
    parameter="top_p",
    mutants=ignored(
        "top_p",
        as_if("top-p-the-other-way", "top_p counts from the other end", "top_p", lambda value: 1 - value),
        as_if("top-p-at-least-half", "a top_p below 0.5 counts as 0.5", "top_p", lambda value: max(value, 0.5)),
    ),
)
def top_p_acts(*asked: Exchange | tuple[Exchange, ...]) -> Iterator[Finding]:
    """With top_p only the likeliest tokens are said that together have this probability."""
    yield from _found(TOP_P, asked)


@on_sampling(
    "sampling.top-k-acts",
    source="top_k",
    scenario=priced(modes(topped), _costs),
    feature="top-k",
    parameter="top_k",
    mutants=ignored(
        "top_k",
        as_if("top-k-one-too-many", "one candidate more than top_k is kept", "top_k", lambda value: value + 1),
        as_if("top-k-at-least-ten", "a top_k below 10 counts as 10", "top_k", lambda value: max(value, 10)),
    ),
)
def top_k_acts(*asked: Exchange | tuple[Exchange, ...]) -> Iterator[Finding]:
    """With top_k only so many of the likeliest tokens are said, but for such as are equally likely."""
    yield from _found(TOP_K, asked)


@on_sampling(
    "sampling.min-p-acts",
    source="min_p",
    scenario=priced(modes(floored), _costs),
    feature="min-p",
    parameter="min_p",
    mutants=ignored(
        "min_p",
        as_if("min-p-a-tenth", "min_p counts as a tenth of itself", "min_p", lambda value: value / 10),
        as_if("min-p-the-other-way", "min_p counts from the other end", "min_p", lambda value: 1 - value),
    ),
)
def min_p_acts(*asked: Exchange | tuple[Exchange, ...]) -> Iterator[Finding]:
    """With min_p no token is said that has less than this part of the likeliest one's probability."""
    yield from _found(MIN_P, asked)
