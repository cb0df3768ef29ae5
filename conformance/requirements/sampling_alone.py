"""Temperature, top_p, top_k and min_p, one request a draw: for endpoints that have neither n nor log probabilities.

It takes dozens of requests, so it is done at depth full.  Where a model is too sure of its first token this says
nothing, and as temperature and top_p are of no feature, a MUST that says nothing would leave a whole run undecided.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..ask import Ask
from ..exchange import Exchange
from ..model import JSON, Depth, Finding, Level, NotJudged
from ..mutants import Mutant
from ..requirement import requirement
from ..scenario import Script, scenario
from ..spoil import ignores
from .logprobs_asked import neutral
from .sampling import PROMPT, Bend, by_chance, first_texts
from .sampling_bends import LOW, MIN_P, MUST, TOP_K, TOP_P

SHOULD = Level.SHOULD

BEFORE = 60
"""First tokens without a parameter."""

AFTER = ((LOW, 24, None), (TOP_P, 28, None), (TOP_K, 10, "top-k"), (MIN_P, 10, "min-p"))
"""First tokens with one, so many that an endpoint which ignores it shows it 99 times in 100; and its feature."""


@scenario(steps=132, tokens=132, depth=Depth.FULL)
def one_by_one(ask: Ask) -> Script:
    """Ask for first tokens, one a request: sixty as the model has them, and ten or more with each parameter."""
    asked: list[dict[str, JSON]] = [neutral(ask)] * BEFORE
    for bend, count, feature in AFTER:
        if feature is None or ask.has(feature):
            asked += [neutral(ask, **{bend.name: bend.value})] * count
    yield [ask(prompt=PROMPT, max_tokens=1, also=members) for members in asked]
    return None


def _alone(bend: Bend, asked: tuple[Exchange, ...]) -> Iterator[Finding]:
    changed = [each for each in asked[BEFORE:] if each.sent.get(bend.name) == bend.value]
    before, after = ([text for each in group for text in first_texts(each)] for group in (asked[:BEFORE], changed))
    if len(before) < BEFORE / 2 or len(after) < len(changed) / 2 or not changed:
        yield NotJudged(reason="too few first tokens could be told apart")
    else:
        yield from by_chance(bend, before, after, tuple(each.n for each in changed))


def _ways(member: str) -> list[Mutant]:
    one = Mutant(
        name=f"ignores-{member.replace('_', '-')}-without-n",
        about=f"{member} has no effect where one choice is asked for",
        request=ignores(member).request,
        when=lambda sent: (sent.get("n") or 1) == 1,
    )
    return [ignores(member), one]


@requirement(
    "sampling.temperature-alone",
    level=SHOULD,
    source="temperature",
    scenario=one_by_one,
    parameter="temperature",
    mutants=_ways("temperature"),
)
def low_is_alike_alone(asked: tuple[Exchange, ...]) -> Iterator[Finding]:
    """At a low temperature the same request gives the same first token nearly always."""
    yield from _alone(LOW, asked)


@requirement(
    "sampling.top-p-alone",
    level=SHOULD,
    source="top_p",
    scenario=one_by_one,
    parameter="top_p",
    mutants=_ways("top_p"),
)
def top_p_acts_alone(asked: tuple[Exchange, ...]) -> Iterator[Finding]:
    """With a low top_p the same request gives first tokens of the smallest set that has this probability."""
    yield from _alone(TOP_P, asked)


@requirement(
    "sampling.top-k-alone",
    level=MUST,
    source="top_k",
    scenario=one_by_one,
    feature="top-k",
    parameter="top_k",
    mutants=_ways("top_k"),
)
def top_k_acts_alone(asked: tuple[Exchange, ...]) -> Iterator[Finding]:
    """With top_k 2 the same request gives no more different first tokens than two and ties."""
    yield from _alone(TOP_K, asked)


@requirement(
    "sampling.min-p-alone",
    level=MUST,
    source="min_p",
    scenario=one_by_one,
    feature="min-p",
    parameter="min_p",
    mutants=_ways("min_p"),
)
def min_p_acts_alone(asked: tuple[Exchange, ...]) -> Iterator[Finding]:
    """With min_p 1 the same request gives one first token, or such as are equally likely."""
    yield from _alone(MIN_P, asked)
