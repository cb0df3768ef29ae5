"""What chance may do: the tests are exact, and a whole run errs less than once in 100,000."""

from __future__ import annotations

import itertools
import math
import random
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance import contract as contracts
from conformance.requirements import registry
from conformance.statistics import (
    ALPHA,
    BY_CHANCE,
    FAMILY,
    LOOKS,
    REPEATS,
    as_many_of,
    at_least,
    betrayed,
    confirmed,
    tempered,
)

from .desk import setting_for


@pytest.mark.parametrize(("successes", "trials"), [(0, 5), (1, 1), (3, 10), (10, 10), (7, 32), (11, 10)])
@pytest.mark.parametrize("chance", [Fraction(0), Fraction(1, 50), Fraction(1, 3), Fraction(9, 10), Fraction(1)])
def test_at_least_is_exact(successes: int, trials: int, chance: Fraction) -> None:
    """The chance of so many successes is the sum that arithmetic without rounding gives."""
    exact = sum(
        math.comb(trials, count) * chance**count * (1 - chance) ** (trials - count)
        for count in range(successes, trials + 1)
    )
    assert at_least(successes, trials, float(chance)) == pytest.approx(float(exact), rel=1e-9, abs=1e-300)


@given(st.integers(0, 40), st.integers(0, 40), st.floats(0, 1))
def test_at_least_is_a_probability(successes: int, trials: int, chance: float) -> None:
    """It lies between 0 and 1 and falls with every further success."""
    assert 0 <= at_least(successes + 1, trials, chance) <= at_least(successes, trials, chance) <= 1


@pytest.mark.parametrize(("hits", "draws", "other_hits", "other_draws"), [(3, 5, 1, 5), (4, 4, 0, 6), (0, 3, 2, 4)])
def test_as_many_of_is_exact(hits: int, draws: int, other_hits: int, other_draws: int) -> None:
    """Of all the ways to deal the hits to two samples, so many give the first one as many or more."""
    places = range(draws + other_draws)
    dealt = list(itertools.combinations(places, hits + other_hits))
    as_many = [each for each in dealt if sum(place < draws for place in each) >= hits]
    assert as_many_of(hits, draws, other_hits, other_draws) == pytest.approx(len(as_many) / len(dealt))


def test_the_true_law_is_hardly_ever_betrayed() -> None:
    """Draws from the true law speak for another one, at this strength, no more often than alpha says."""
    chance = random.Random(1)
    true, other = [0.7, 0.2, 0.1], [0.2, 0.3, 0.5]
    ratios = [math.log(b / a) for a, b in zip(true, other, strict=True)]
    runs = 4000
    caught = sum(betrayed(chance.choices(ratios, true, k=30), alpha=0.01) for _ in range(runs))
    assert caught <= 0.01 * runs
    assert all(betrayed(chance.choices(ratios, other, k=60)) for _ in range(100))


def test_tempered() -> None:
    """Temperature 1 changes nothing, a low one sharpens, a high one flattens, and probabilities sum to 1."""
    told = [math.log(each) for each in (0.6, 0.3, 0.1)]
    assert tempered(told, 1.0) == pytest.approx(told)
    for temperature in (0.02, 0.5, 1.99):
        assert math.fsum(map(math.exp, tempered(told, temperature))) == pytest.approx(1)
    assert tempered(told, 0.02)[0] > tempered(told, 1)[0] > tempered(told, 1.99)[0]


def test_a_run_hardly_ever_errs() -> None:
    """By chance a whole run wrongs a conforming endpoint less than once in 100,000, all that goes by chance together."""
    assert FAMILY < 1e-5
    assert pytest.approx(2 * ALPHA**2 * 3 + ALPHA**2) == confirmed(ALPHA, 2)


@pytest.mark.parametrize("id_", sorted(BY_CHANCE))
def test_no_plan_looks_more_often(id_: str) -> None:
    """No plan performs what goes by chance more often than the rate was reckoned with."""
    made = registry()[id_].scenario
    assert made.repeats <= REPEATS
    assert all(len(made.cases(setting_for(contracts.load(name)))) <= LOOKS for name in contracts.names())
