"""Whether a model is in doubt: of one that is sure of every token, factors show nothing.

Some endpoints take repetition_penalty of log probabilities, and that of a token which is nearly certain is nearly 0,
whatever it is multiplied by.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from ..exchange import Exchange
from ..likelihoods import Key, Place
from ..model import NotJudged

SURE = NotJudged(reason="the model was too sure of what to say for an effect to be seen")

BEGINNING = 12
"""Characters of a text in which choices part of a model that has several words to choose from."""

SHIFT = 0.01
"""Nats by which batches and kernels may shift what is nearly certain."""


def behind(place: Place, factor: float, came_up: AbstractSet[Key]) -> bool:
    """Whether what was said, a new token, would be behind one that came up, if that one's log probability were
    multiplied by a factor below 1."""
    likeliest = max((each.logprob for each in place.listed if each.key in came_up), default=None)
    return likeliest is not None and place.said.key not in came_up and likeliest * factor > place.logprob + SHIFT


def wavers(run: Sequence[Exchange]) -> bool:
    """Whether in half of the cases choices of one prompt are others from their beginnings on."""
    begun: defaultdict[tuple[str, int], set[str]] = defaultdict(set)
    for each in run:
        if each.scenario == "several" and each.legible:
            begun[each.case, each.round].update(choice.text[:BEGINNING] for choice in each.choices)
    return sum(len(texts) > 1 for texts in begun.values()) * 2 > len(begun)
