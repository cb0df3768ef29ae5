"""Samplers where neither choices nor log probabilities are to be had: at its extreme each leaves one token."""

from __future__ import annotations

import pytest

from conformance.judge import Judged
from conformance.model import NotJudged, Verdict
from conformance.requirements.sampling_extremes import alone
from conformance.spoil import ignores

from .desk import Oddity
from .rehearsal import rehearse
from .test_letters import reply

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


WORDS = ["apples", "pears", "plums", "cherries", "lemons", "melons", "grapes", "nuts"]
COLD = ["all of them are cold and the same"] * 6


@pytest.mark.parametrize(
    ("warm", "more", "expected"),
    [
        (WORDS[:2], (), None),
        (["nuts", "nuts"], (), NotJudged),
        (["nuts", "nuts"], WORDS[:2], None),
        (["nuts", "nuts"], ["apples", "apples"], NotJudged),
    ],
    ids=["others", "the same", "the same by chance", "the same again"],
)
def test_warm_replies_that_begin_alike_by_chance(warm: list[str], more: list[str], expected: type | None) -> None:
    """One pair among those and further ones is chance; a second one says that the model has no other words."""
    said = [f"{word}, to begin with" for word in (*warm, *more)]
    asked = [reply(text, n=n) for n, text in enumerate([*COLD, *said])]
    found = [type(finding) for finding in alone("top_p", asked[:8], asked[8:])]
    assert found == [expected] * (expected is not None)


def test_who_begins_alike_is_asked_for_more() -> None:
    """Two further replies, of a model that is sure of what it says."""
    evidence, _ = rehearse("highwayapi", Oddity(name="sure", flat=False), 1, without=WITHOUT, selection=[ROWS["top_k"]])
    assert len([each for each in evidence.exchanges if each.case == "topped"]) == 10
