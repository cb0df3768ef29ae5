"""What chance may do: exact tests in pure arithmetic, and the rate at which a whole run of them errs.

Rule: nothing here is approximated by a curve.  A bound is a bound whatever the model is, so a requirement can say how
often it wrongs an endpoint that conforms.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

ALPHA = 1e-4
"""How often, at most, one look at an endpoint that conforms makes a requirement that goes by chance speak up."""

LOOKS = 6
"""Performances of one scenario that a plan holds at most, streams and further takes included; a test holds it so."""

REPEATS = 3
"""Fresh looks that may confirm what one look showed."""

BY_CHANCE = frozenset(
    f"sampling.{name}"
    for name in (
        "temperature-low",
        "temperature-high",
        "top-p-acts",
        "frequency-penalty-acts",
        "frequency-penalty-negative",
        "presence-penalty-acts",
        "presence-penalty-negative",
    )
)
"""The requirements that go by chance.  All others judge what no chance can make of an endpoint that conforms."""


def confirmed(alpha: float, looks: int, repeats: int = REPEATS) -> float:
    """At most how often a requirement is violated twice by chance: in two looks, or in one and in a repeat of it."""
    return math.comb(looks, 2) * alpha**2 + looks * alpha * repeats * alpha


FAMILY = len(BY_CHANCE) * confirmed(ALPHA, LOOKS)
"""At most how often a whole run says, by chance, something against an endpoint that conforms."""


def at_least(successes: int, trials: int, chance: float) -> float:
    """How likely so many successes or more are in so many independent trials, each with this chance."""
    if successes <= 0:
        return 1.0
    if chance >= 1.0:
        return 1.0 if successes <= trials else 0.0
    return min(
        1.0,
        math.fsum(
            math.comb(trials, count) * chance**count * (1.0 - chance) ** (trials - count)
            for count in range(successes, trials + 1)
        ),
    )


@dataclass(frozen=True, kw_only=True)
class Fourfold:
    """Two samples that differ in one thing alone: hits and misses of the one, and of the other."""

    hits: int
    misses: int
    other_hits: int
    other_misses: int

    @property
    def exchanged(self) -> Fourfold:
        """The other sample first."""
        return Fourfold(hits=self.other_hits, misses=self.other_misses, other_hits=self.hits, other_misses=self.misses)


def as_many_of(tables: Iterable[Fourfold], odds: float = 1.0) -> float:
    """How likely so many of all hits or more fall to the first samples.

    In every table the odds of a hit are `odds` times as high in the first sample as in the second, at most; whatever
    they are there.  Fisher's exact test for one table and odds of 1; for several the exact conditional test of a common
    odds ratio (Cox, The Regression Analysis of Binary Sequences, 1958), where no table's draws are another one's hits.
    """
    shares, seen = [1.0], 0
    for table in tables:
        least, chances = _shared_out(table, odds)
        seen += table.hits - least
        together = [0.0] * (len(shares) + len(chances) - 1)
        for one, share in enumerate(shares):
            for other, chance in enumerate(chances):
                together[one + other] += share * chance
        shares = together
    return min(1.0, math.fsum(shares[seen:]))


def _shared_out(table: Fourfold, odds: float) -> tuple[int, list[float]]:
    """The fewest hits that the first sample can have, and how likely it has so many, one more, two more ..."""
    draws, other_draws = table.hits + table.misses, table.other_hits + table.other_misses
    every = table.hits + table.other_hits
    least = max(0, every - other_draws)
    ways = [
        _ways(draws, count) + _ways(other_draws, every - count) + count * math.log(odds)
        for count in range(least, min(every, draws) + 1)
    ]
    most = max(ways)
    weights = [math.exp(each - most) for each in ways]
    total = math.fsum(weights)
    return least, [each / total for each in weights]


def _ways(draws: int, hits: int) -> float:
    """The logarithm of the number of ways in which so many of the draws can be hits."""
    return math.lgamma(draws + 1) - math.lgamma(hits + 1) - math.lgamma(draws - hits + 1)


def betrayed(ratios: Iterable[float], alpha: float = ALPHA) -> bool:
    """Whether what came up speaks so much for another law that it does so under the true one at most this often.

    `ratios` are, draw by draw, the logarithm of how likely it was under the other law over how likely it was under the
    true one.  Their product has a mean of at most 1 under the true law, so by Markov's inequality it comes to 1/alpha
    no more often than alpha, however many draws there are and whatever they depend on.
    """
    return math.fsum(ratios) >= -math.log(alpha)


def tempered(log_probabilities: Iterable[float], temperature: float) -> list[float]:
    """Log probabilities at another temperature, of these tokens alone: they sum to 1."""
    scaled = [each / temperature for each in log_probabilities]
    highest = max(scaled)
    norm = highest + math.log(math.fsum(math.exp(each - highest) for each in scaled))
    return [each - norm for each in scaled]
