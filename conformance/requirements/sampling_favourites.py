"""Whether first tokens show that a model has favourites, and the same ones with a parameter as without it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from .sampling import coincidences

FEW = 84
"""Of so many pairs of tokens one is the same where 84 are equally likely.  A model that has hardly any favourites among
hundreds has fewer; and where it has some, a low temperature has them said."""

CLOSER = 3
"""How many times as often two tokens with the parameter are the same, at most, if it has no effect."""


def favoured_alike(before: Sequence[str], after: Sequence[str]) -> bool:
    """Whether two tokens without the parameter, or one without and one with it, are the same so often that the model
    has favourites, and two with it not far more often, as they are once only favourites are left."""
    counts = Counter(before)
    same = coincidences(before) + sum(counts[text] for text in after)
    pairs = math.comb(len(before), 2) + len(before) * len(after)
    return same * FEW >= pairs and coincidences(after) * pairs <= CLOSER * same * math.comb(len(after), 2)
