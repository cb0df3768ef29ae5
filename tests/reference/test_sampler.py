"""Every sampling parameter has its true effect."""

from __future__ import annotations

import math
from collections import Counter
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.reference.sampler import Sampler, Sampling, likeliest, log_softmax

LOGITS = (2.0, 1.0, 0.5, 0.0, -1.0, -3.0)
PROBABILITIES = [math.exp(each) for each in log_softmax(LOGITS)]

sampling = st.builds(
    Sampling,
    temperature=st.floats(0, 2),
    top_p=st.floats(0, 1),
    top_k=st.integers(0, 8),
    min_p=st.floats(0, 1),
    frequency_penalty=st.floats(-2, 2),
    presence_penalty=st.floats(-2, 2),
    repetition_penalty=st.floats(0.01, 2),
    logit_bias=st.dictionaries(st.integers(0, 5), st.floats(-100, 100)),
)


def drawn(count: int = 4000, said: tuple[int, ...] = (), **parameters: Any) -> Counter[int]:
    """How often each token is drawn, after some were said."""
    sampler = Sampler(Sampling(**parameters), (), Random(1))
    for token in said:
        sampler.hear(token)
    return Counter(sampler.pick(LOGITS) for _ in range(count))


def distribution(said: tuple[int, ...] = (), prompt: tuple[int, ...] = (), **parameters: Any) -> dict[int, float]:
    """The probabilities that are drawn from."""
    sampler = Sampler(Sampling(**parameters), prompt, Random(1))
    for token in said:
        sampler.hear(token)
    return {token: math.exp(each) for token, each in sampler.log_probabilities(LOGITS).items()}


def test_nothing_asked_changes_nothing() -> None:
    """The defaults draw from the model's own distribution."""
    assert list(distribution().values()) == pytest.approx(PROBABILITIES)
    counts = drawn()
    for token, probability in enumerate(PROBABILITIES):
        assert counts[token] / 4000 == pytest.approx(probability, abs=0.03)


def test_temperature_scales_the_logits() -> None:
    """Ratios of probabilities are raised to the power of one over the temperature."""
    found = distribution(temperature=2.0)
    assert found[0] / found[3] == pytest.approx(math.exp((2.0 - 0.0) / 2))


def test_temperature_zero_is_the_likeliest_token() -> None:
    """Greedy is argmax, however small the lead."""
    assert drawn(temperature=0.0) == {0: 4000}


@pytest.mark.parametrize("temperature", [1e-300, 5e-324, 0.01])
def test_a_tiny_temperature_is_greedy_in_effect(temperature: float) -> None:
    """No temperature is too small to divide by."""
    assert drawn(temperature=temperature) == {0: 4000}


def test_top_k_leaves_the_k_likeliest() -> None:
    """Only they are drawn, in their own proportions."""
    found = distribution(top_k=2)
    assert found.keys() == {0, 1}
    assert found[0] / found[1] == pytest.approx(math.e)
    assert drawn(top_k=2).keys() == {0, 1}


def test_top_p_leaves_the_nucleus() -> None:
    """The fewest likeliest tokens whose probability reaches p, and the likeliest at least."""
    assert distribution(top_p=PROBABILITIES[0] - 0.01).keys() == {0}
    assert distribution(top_p=PROBABILITIES[0] + 0.01).keys() == {0, 1}
    assert distribution(top_p=0.0).keys() == {0}
    assert distribution(top_p=1.0).keys() == set(range(6))


def test_min_p_leaves_what_is_likely_enough() -> None:
    """The bound is a part of the likeliest token's probability."""
    bound = PROBABILITIES[2] / PROBABILITIES[0]
    assert distribution(min_p=bound * 0.99).keys() == {0, 1, 2}
    assert distribution(min_p=bound * 1.01).keys() == {0, 1}
    assert distribution(min_p=1.0).keys() == {0}


def test_penalties_have_their_sign_and_measure() -> None:
    """Frequency counts every time a token was said, presence once; below 0 both invite it."""
    plain = distribution()

    def odds(**parameters: Any) -> float:
        found = distribution(said=(1, 1, 1), **parameters)
        return math.log(found[1] / found[0]) - math.log(plain[1] / plain[0])

    assert odds(frequency_penalty=0.5) == pytest.approx(-1.5)
    assert odds(presence_penalty=0.5) == pytest.approx(-0.5)
    assert odds(frequency_penalty=-1.0) == pytest.approx(3.0)
    assert odds(presence_penalty=-1.0) == pytest.approx(1.0)


def test_repetition_penalty_acts_on_prompt_and_reply() -> None:
    """A positive logit is divided and a negative one multiplied, once, wherever the token came up."""
    found = distribution(said=(0, 0), prompt=(4,), repetition_penalty=2.0)
    assert math.log(found[0] / found[3]) == pytest.approx(1.0)
    assert math.log(found[4] / found[3]) == pytest.approx(-2.0)


def test_bias_forces_and_bans() -> None:
    """100 makes a token the only one, -100 makes it none, 1 multiplies its odds by e."""
    assert drawn(logit_bias={5: 100}) == {5: 4000}
    assert 0 not in drawn(logit_bias={0: -100})
    found = distribution(logit_bias={1: 1})
    assert found[0] / found[1] == pytest.approx(1.0)


def test_a_seed_repeats() -> None:
    """Equal chance, equal tokens."""
    assert drawn(50) == drawn(50)


@settings(deadline=None)
@given(sampling, st.lists(st.integers(0, 5), max_size=5), st.integers())
def test_what_is_drawn_is_possible(parameters: Sampling, said: list[int], seed: int) -> None:
    """Whatever the parameters: a drawn token is in the distribution, which sums to 1 and is nowhere infinite."""
    sampler = Sampler(parameters, (0, 2), Random(seed))
    for token in said:
        sampler.hear(token)
    found = sampler.log_probabilities(LOGITS)
    assert sampler.pick(LOGITS) in found
    assert all(map(math.isfinite, found.values()))
    assert math.fsum(map(math.exp, found.values())) == pytest.approx(1)


def test_the_likeliest_come_in_order() -> None:
    """As many as asked for, descending; fewer when there are no more."""
    found = likeliest(distribution(), 3)
    assert [token for token, _ in found] == [0, 1, 2]
    assert len(likeliest(distribution(top_k=2), 5)) == 2
