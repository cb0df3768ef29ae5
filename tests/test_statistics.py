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
    Fourfold,
    as_many_of,
    as_uneven,
    at_least,
    betrayed,
    combined,
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


TABLES = [(3, 2, 1, 4), (4, 0, 0, 6), (0, 3, 2, 2), (2, 1, 3, 0), (0, 0, 2, 1), (1, 2, 0, 0)]
"""Hits and misses of one sample, and of another."""


def fourfold(table: tuple[int, int, int, int]) -> Fourfold:
    """A table of these four."""
    hits, misses, other_hits, other_misses = table
    return Fourfold(hits=hits, misses=misses, other_hits=other_hits, other_misses=other_misses)


def shared_out(table: tuple[int, int, int, int], odds: Fraction) -> dict[int, Fraction]:
    """How likely each number of hits is for the first sample: every way to deal them, weighed by the odds."""
    hits, misses, other_hits, other_misses = table
    draws, places = hits + misses, range(hits + misses + other_hits + other_misses)
    dealt = [sum(place < draws for place in each) for each in itertools.combinations(places, hits + other_hits)]
    total = sum(odds**each for each in dealt)
    return {count: dealt.count(count) * odds**count / total for count in set(dealt)}


@pytest.mark.parametrize("odds", [Fraction(1), Fraction(1, 7), Fraction(3)])
@pytest.mark.parametrize("several", [[each] for each in TABLES] + [TABLES[:2], TABLES[1:4], TABLES[::2]])
def test_as_many_of_is_exact(several: list[tuple[int, int, int, int]], odds: Fraction) -> None:
    """Of all the ways to deal the hits of every table, so many give the first samples as many together, or more."""
    seen = sum(table[0] for table in several)
    chance = sum(
        math.prod(share for _, share in each)
        for each in itertools.product(*(shared_out(table, odds).items() for table in several))
        if sum(count for count, _ in each) >= seen
    )
    assert as_many_of(map(fourfold, several), float(odds)) == pytest.approx(float(chance))


def test_no_tables_say_nothing() -> None:
    """Without any draw as many hits came up as could."""
    assert as_many_of([]) == 1


def test_a_table_exchanged() -> None:
    """The other sample is the first then."""
    table = fourfold((3, 2, 1, 4))
    assert table.exchanged == fourfold((1, 4, 3, 2))
    assert table.exchanged.exchanged == table


def test_odds_hardly_ever_seem_other_than_they_are() -> None:
    """Samples whose odds are as said are taken for others no more often than that."""
    chance = random.Random(1)
    parted, runs, draws = math.exp(-2), 2000, 30
    seen = 0
    for _ in range(runs):
        tables = []
        for odds in (0.2, 1.0, 5.0):
            first, other = (
                sum(chance.random() < each / (1 + each) for _ in range(draws)) for each in (odds * parted, odds)
            )
            tables.append(fourfold((first, draws - first, other, draws - other)))
        seen += as_many_of(tables, parted) < 0.01
    assert seen <= 0.015 * runs


def test_the_true_law_is_hardly_ever_betrayed() -> None:
    """Draws from the true law speak for another one, at this strength, no more often than alpha says."""
    chance = random.Random(1)
    true, other = [0.7, 0.2, 0.1], [0.2, 0.3, 0.5]
    ratios = [math.log(b / a) for a, b in zip(true, other, strict=True)]
    runs = 4000
    caught = sum(betrayed(chance.choices(ratios, true, k=30), alpha=0.01) for _ in range(runs))
    assert caught <= 0.01 * runs
    assert all(betrayed(chance.choices(ratios, other, k=60)) for _ in range(100))


@pytest.mark.parametrize("odds", [Fraction(2, 3), Fraction(1), Fraction(11, 10), Fraction(3, 2), Fraction(3)])
@pytest.mark.parametrize("drawn", [(12, 12), (20, 9)])
@pytest.mark.parametrize("alpha", [0.2, 0.02])
def test_uneven_by_chance(odds: Fraction, drawn: tuple[int, int], alpha: float) -> None:
    """Whatever the odds are, they come out so seldom by chance: all that may be drawn is summed up."""
    power = 4
    often = 0.0
    for less, less_raised in itertools.product(range(drawn[0] + 1), range(drawn[1] + 1)):
        plain, raised = (drawn[0] - less, less), (drawn[1] - less_raised, less_raised)
        if as_uneven(plain, raised, power) <= alpha:
            often += _binomial(less, drawn[0], 1 / (1 + odds)) * _binomial(less_raised, drawn[1], 1 / (1 + odds**power))
    assert often <= alpha


def _binomial(hits: int, draws: int, chance: Fraction) -> float:
    return float(math.comb(draws, hits) * chance**hits * (1 - chance) ** (draws - hits))


def test_uneven_both_times() -> None:
    """Odds that are not raised show, the more the oftener the other comes up; odds that are raised do not."""
    assert as_uneven((75, 25), (75, 25), 10) < 1e-4 < as_uneven((60, 40), (60, 40), 10)
    assert as_uneven((70, 30), (100, 0), 10) == 1
    assert as_uneven((90, 10), (99, 1), 10) > as_uneven((90, 10), (98, 2), 10) > as_uneven((90, 10), (90, 10), 10)
    assert as_uneven((50, 50), (50, 50), 10) > 0.5


@given(st.lists(st.floats(0, 1), max_size=6))
def test_combined_is_a_probability(chances: list[float]) -> None:
    """It lies between 0 and 1, and is what the last of the chances is if there is one alone."""
    assert 0 <= combined(chances, 6) <= 1
    assert combined(chances[:1], 1) == pytest.approx(chances[0] if chances else 1)


def test_combined_of_two() -> None:
    """The chance that a product of two is below a bound is the area below a hyperbola."""
    assert combined([0.5, 0.2], 2) == pytest.approx(0.1 + 0.1 * math.log(10))


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
