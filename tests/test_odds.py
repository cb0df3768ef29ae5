"""What is asked where a model is too sure of its first token: short texts of tokens that it would never say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pytest

from conformance.exchange import Exchange
from conformance.judge import Judged
from conformance.model import NotJudged, Verdict, Violation
from conformance.mutants import Call, Mutant
from conformance.reference.sampler import Sampler
from conformance.requirements.sampling import Bend
from conformance.requirements.sampling_bends import LOW, MIN_P, TOP_K, TOP_P
from conformance.requirements.sampling_letters import CHOICES, LENGTH
from conformance.requirements.sampling_odds import by_odds
from conformance.spoil import ignores

from . import desk
from .desk import Oddity
from .rehearsal import rehearse
from .test_letters import few, reply
from .test_penalties import LISTS

ROWS = {
    "temperature": "sampling.temperature-low",
    "top_p": "sampling.top-p-acts",
    "top_k": "sampling.top-k-acts",
    "min_p": "sampling.min-p-acts",
}
UNEVEN = (60, 25, 10, 4, 1)


def judged(oddity: Oddity, seed: int = 1) -> tuple[list[Exchange], dict[str, Judged]]:
    """What is asked of an endpoint without lists, and the rows on samplers, by parameter."""
    evidence, said = rehearse("highwayapi", oddity, seed, without=LISTS, selection=list(ROWS.values()))
    return list(evidence.exchanges), {str(each.row.parameter): each for each in said}


def held(asked: list[Exchange]) -> list[Exchange]:
    """Those for which the model was held to five tokens."""
    return [each for each in asked if each.sent.get("n") == CHOICES]


def test_a_sure_model_is_held_to_tokens_that_it_would_not_say() -> None:
    """Such an endpoint is decided where it heeds what it is sent."""
    asked, said = judged(Oddity(name="sure", flat=False))
    assert held(asked)
    assert {each.verdict for each in said.values()} == {Verdict.PASS}


def test_a_model_with_many_words_is_not() -> None:
    """Where first tokens show it nothing more is paid for."""
    asked, said = judged(Oddity(name="flat"))
    assert not held(asked)
    assert {each.verdict for each in said.values()} == {Verdict.PASS}


@pytest.mark.parametrize("parameter", ROWS)
def test_what_is_ignored_is_caught(parameter: str) -> None:
    """It fails its row and no other, though the model has hardly a second first token."""
    _, said = judged(Oddity(name="ignores", flat=False, mutant=ignores(parameter)))
    assert {name for name, each in said.items() if each.violated} == {parameter}
    assert said[parameter].verdict is Verdict.FAIL


def test_who_refuses_so_many_choices_is_judged_by_first_tokens() -> None:
    """They show what they showed before, and no more."""
    asked, said = judged(Oddity(name="few", around=few, flat=False))
    assert all(each.refused for each in held(asked))
    assert not any(each.violated for each in said.values())
    assert "100 choices are refused" in str(said["min_p"].reason)


def _no_colder_than_a_tenth(call: Call) -> Call:
    given = call.sent.get("temperature")
    cold = isinstance(given, int | float) and given < 0.1
    return call.with_body({**call.sent, "temperature": 0.1}) if cold else call


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_server_with_a_least_temperature_is_not_accused(seed: int) -> None:
    """Some have none below 0.1, and the odds are raised far less then."""
    warmer = Mutant(name="least", about="no temperature is below 0.1", request=_no_colder_than_a_tenth)
    _, said = judged(Oddity(name="least", flat=False, mutant=warmer), seed)
    assert not any(each.violated for each in said.values())


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_rounding_that_makes_tokens_equally_likely_is_no_fault(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half precision leaves few values near 100: what falls on the same one is drawn evenly, whatever the mask."""
    adjust = Sampler._adjusted

    def coarse(sampler: Sampler, logits: Sequence[float]) -> list[float]:
        bias = sampler.sampling.logit_bias
        return [bias[token] // 4 * 4 if token in bias else each for token, each in enumerate(adjust(sampler, logits))]

    monkeypatch.setattr(desk, "SPOKEN", {})
    monkeypatch.setattr(Sampler, "_adjusted", coarse)
    _, said = judged(Oddity(name="coarse", flat=False), seed)
    assert not any(each.violated for each in said.values())


def texts(seed: int, *weights: int) -> list[str]:
    """Texts of five letters, each by chance and with these weights."""
    chance = Random(seed)
    return ["".join(chance.choices("glqvz"[: len(weights)], weights, k=LENGTH)) for _ in range(CHOICES)]


def one(*said: str) -> list[str]:
    """A text as often as there are choices."""
    return [*said] * (CHOICES // len(said))


@pytest.mark.parametrize("bend", [LOW, TOP_P, TOP_K, MIN_P], ids=lambda bend: bend.name)
@pytest.mark.parametrize(
    ("without", "beside", "expected"),
    [
        (texts(1, *UNEVEN), one("ggggg"), None),
        (texts(1, *UNEVEN), one("ggggg", "ggggl"), None),
        (texts(1, *UNEVEN), texts(2, *UNEVEN), Violation),
        (texts(1, 80, 15, 5), texts(2, 1, 1), Violation),
        (texts(1, 1, 1, 1, 1), texts(2, 1, 1, 1, 1), NotJudged),
        (texts(1, 50, 50, 1), texts(2, 1, 1), NotJudged),
        (texts(1, *UNEVEN), texts(2, *UNEVEN)[:10] * 10, None),
        (texts(1, *UNEVEN)[:10] * 10, texts(2, *UNEVEN), NotJudged),
        (one("ggggg"), one("ggggg"), NotJudged),
    ],
    ids=["one", "two", "as without", "others", "even", "two even ones", "copies", "copies without", "sure"],
)
def test_judged(bend: Bend, without: list[str], beside: list[str], expected: type | None) -> None:
    """What is uneven without the parameter and no less varied with it speaks against an endpoint; ties and copies of a
    few draws do not."""
    asked = (reply(*without, n=1), reply(*beside, n=2))
    found = list(by_odds(bend, asked))
    assert [type(finding) for finding in found] == [expected] * (expected is not None)


def test_a_stream_cut_short_is_not_judged() -> None:
    """What cannot be read says nothing."""
    cut = replace(reply(*texts(1, *UNEVEN)), error="closed early")
    assert [type(finding) for finding in by_odds(LOW, (cut, cut))] == [NotJudged]
