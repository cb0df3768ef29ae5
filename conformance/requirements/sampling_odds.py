"""Temperature, top_p, top_k and min_p where no list is told and first tokens decide nothing, as those of a model that
is too sure of them: what they do to the odds between tokens that it would never say.

logit_bias leaves the model five tokens, and sets each of them somewhat behind the one before, so that hardly any are
equally likely.  Of two tokens one is then the likelier, and the other is not said at all once a mask leaves one token,
or far more seldom at a low temperature: the odds between them are raised to a high power.  Who says both as before does
not heed the parameter.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from ..exchange import Exchange
from ..model import Finding, NotJudged, Violation
from ..schema import show
from ..statistics import ALPHA, as_uneven, combined
from .sampling import Bend
from .sampling_doubt import SURE
from .sampling_letters import CHOICES, IDS, VARIED, Said, spelt

POWER = 10.0
"""To which the odds are raised at least: at temperature 0.02 to the fiftieth, and by a server that has none below 0.1
to the tenth."""

REQUESTS = 2
"""Without the parameter, and with it."""

DRAWS = 20
"""Tokens after one beginning, in either sample, below which nothing is seen."""

BEGINNINGS = 4
"""How many are looked at: the shortest, and of those the commonest."""

PAIRS = len(IDS) * len(IDS)
"""Each token with each other one, and with all others."""

Counts: TypeAlias = "dict[Said, Counter[str]]"
"""How often each token followed, by what was said before it."""


def by_odds(bend: Bend, asked: tuple[Exchange, Exchange]) -> Iterator[Finding]:
    """What short texts without the parameter, and with its value that leaves one token, say of it."""
    given = f"{bend.name} {show(bend.one)}"
    said = spelt(asked)
    if said is None:
        refused = any(each.refused for each in asked)
        why = f"{given} or {CHOICES} choices are refused" if refused else "logit_bias holds the model to no others"
        yield NotJudged(reason=f"first tokens decide nothing, and {why}")
        return
    before, after = map(_followed, said)
    without, beside = (len(set(texts)) for texts in said)
    if without < VARIED:
        yield NotJudged(reason="many choices were the same text, so that they are too few")
    elif beside >= VARIED and _unmoved(before, after) < ALPHA:
        yield Violation(
            pointer="/choices/*",
            observed=(
                f"{beside} different texts among {len(said[1])} with {given}, and {without} among {len(said[0])} "
                f"without, where logit_bias leaves {len(IDS)} tokens to choose from"
            ),
            expected=f"nearly always the same text, for {given} leaves one token",
            exchanges=tuple(each.n for each in asked),
        )
    elif _unmoved(before, before) >= ALPHA:
        yield SURE


def _followed(texts: Sequence[Said]) -> Counts:
    counts: Counts = defaultdict(Counter)
    for said in texts:
        for at, token in enumerate(said):
            counts[said[:at]][token] += 1
    return counts


def _unmoved(before: Counts, after: Counts) -> float:
    """How likely, at most, what follows is as uneven before and as varied after, if after each beginning one token is
    left, or several that are equally likely."""
    often = {said: min(before[said].total(), after[said].total()) for said in before if said in after}
    enough = sorted((len(said), -count, said) for said, count in often.items() if count >= DRAWS)
    return combined((_looked(before[said], after[said]) for *_, said in enough[:BEGINNINGS]), BEGINNINGS)


def _looked(before: Counter[str], after: Counter[str]) -> float:
    """The same after one beginning: of each token with each other one, and with all others together."""
    chances = [1.0]
    for token, count in before.items():
        rest = (count, before.total() - count), (after[token], after.total() - after[token])
        pairs = [((count, before[other]), (after[token], after[other])) for other in after if other != token]
        chances += [as_uneven(plain, raised, POWER) for plain, raised in (rest, *pairs) if plain[0] > plain[1]]
    return min(1.0, PAIRS * min(chances))
