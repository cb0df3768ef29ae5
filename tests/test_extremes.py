"""Samplers where neither choices nor log probabilities are to be had: at its extreme each leaves one token."""

from __future__ import annotations

import pytest

from conformance.judge import Judged
from conformance.model import Verdict
from conformance.spoil import ignores

from .desk import Oddity
from .rehearsal import rehearse

ROWS = {
    "temperature": "sampling.temperature-low",
    "top_p": "sampling.top-p-acts",
    "top_k": "sampling.top-k-acts",
    "min_p": "sampling.min-p-acts",
}
WITHOUT = frozenset({"n", "logprobs", "top-logprobs"})


def judged(oddity: Oddity, seed: int = 1) -> dict[str, Judged]:
    """The rows on samplers of a run without choices and log probabilities, by parameter."""
    _, said = rehearse("highwayapi", oddity, seed, without=WITHOUT, selection=list(ROWS.values()))
    return {str(each.row.parameter): each for each in said}


def test_an_endpoint_that_heeds_them_is_decided() -> None:
    """With nothing but texts to go by, every one of them passes."""
    assert {each.verdict for each in judged(Oddity(name="plain")).values()} == {Verdict.PASS}


@pytest.mark.parametrize("parameter", ["top_p", "top_k", "min_p"])
def test_what_is_ignored_is_caught(parameter: str) -> None:
    """Four replies of which no two begin alike fail its row and no other."""
    found = judged(Oddity(name="ignores", mutant=ignores(parameter)))
    assert {name for name, each in found.items() if each.verdict is Verdict.FAIL} == {parameter}


def test_an_ignored_temperature_is_no_pass() -> None:
    """Nothing is cold then, as on an endpoint that never says the same twice: that decides nothing."""
    found = judged(Oddity(name="ignores", mutant=ignores("temperature")))
    assert found["temperature"].verdict is Verdict.INCONCLUSIVE
    assert "cold replies differ" in str(found["temperature"].reason)


@pytest.mark.parametrize("oddity", [Oddity(name="sure", flat=False), Oddity(name="wavers", wavers=0.3)])
def test_nobody_is_wronged(oddity: Oddity) -> None:
    """Neither a model that is sure of what it says, nor one whose replies go another way now and then."""
    for seed in range(1, 6):
        assert {each.verdict for each in judged(oddity, seed).values()} <= {Verdict.PASS, Verdict.INCONCLUSIVE}
