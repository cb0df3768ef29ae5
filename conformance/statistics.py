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

NATS = 0.02
"""Steps in which odds are gone through; between two of them the bound is of either's worse side."""

NEVER = 1e-12
"""Below it nothing is told from nothing."""

BY_CHANCE = frozenset(
    f"sampling.{name}"
    for name in (
        "temperature-low",
        "temperature-high",
        "top-p-acts",
        "top-k-acts",
        "min-p-acts",
        "frequency-penalty-acts",
        "frequency-penalty-negative",
        "presence-penalty-acts",
        "presence-penalty-negative",
        "repetition-penalty-acts",
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


def as_uneven(plain: tuple[int, int], raised: tuple[int, int], power: float) -> float:
    """How likely, at most, of two tokens the one comes up so much oftener than the other in a first sample, and the
    other so often in a second, if the odds between them are raised to this power there, or further.

    Whatever the odds are: the product of the two samples' probabilities is the highest that any odds give it.
    """
    (more, less), (more_raised, less_raised) = plain, raised
    if not less_raised:
        return 1.0
    highest, seldom, step = max(NEVER, at_least(more, more + less, 0.5)), 1.0, 0
    while seldom > NEVER:
        seldom = at_least(less_raised, more_raised + less_raised, _share(-power * step * NATS))
        step += 1
        highest = max(highest, seldom * at_least(more, more + less, _share(step * NATS)))
    return _of_product(highest, 2)


def _share(nats: float) -> float:
    """How likely the first of two comes up that is so many nats ahead of the other."""
    return 1.0 / (1.0 + math.exp(-nats)) if nats > -700 else 0.0


def combined(chances: Iterable[float], of: int) -> float:
    """How likely the product of these chances is as small as it is; there are at most so many.

    Each is, whatever those before it were, no smaller than one that is drawn evenly from 0 to 1.  (Fisher, Statistical
    Methods for Research Workers, 1932.)
    """
    return _of_product(math.prod(chances), of)


def _of_product(product: float, count: int) -> float:
    """How likely the product of so many numbers, each drawn evenly from 0 to 1, is this small."""
    if product <= 0.0:
        return 0.0
    size = -math.log(product)
    return min(1.0, product * math.fsum(size**each / math.factorial(each) for each in range(count)))


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
