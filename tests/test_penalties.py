"""Penalties where no list shows their toll: the strongest and the weakest are told apart by their texts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from conformance.exchange import Exchange
from conformance.judge import Judged
from conformance.model import Verdict
from conformance.reference import speaker as speakers
from conformance.reference.sampler import likeliest, log_softmax
from conformance.requirements.sampling_pull import longest_beginning
from conformance.spoil import ignores

from . import desk
from .desk import Oddity
from .rehearsal import rehearse

PENALTIES = ("frequency_penalty", "presence_penalty")
LISTS = frozenset({"logprobs", "top-logprobs"})
N = frozenset({"n"})
BIAS = frozenset({"logit-bias"})


def rows(oddity: Oddity, without: frozenset[str], seed: int = 1) -> tuple[list[Exchange], dict[str, Judged]]:
    """What was asked, and the rows on penalties of a run without these features."""
    selection = [f"sampling.{name.replace('_', '-')}-*" for name in PENALTIES]
    evidence, judged = rehearse("highwayapi", oddity, seed, without=without, selection=selection)
    return evidence.exchanges, {each.row.id: each for each in judged}


def of(judged: dict[str, Judged], parameter: str) -> Iterator[Judged]:
    """The rows on one of them."""
    return (each for each in judged.values() if each.row.parameter == parameter)


@pytest.mark.parametrize("parameter", PENALTIES)
@pytest.mark.parametrize("flat", [True, False], ids=["flat", "peaked"])
@pytest.mark.parametrize("without", [LISTS, frozenset()], ids=["without lists", "with lists"])
def test_a_penalty_that_is_ignored_beside_n_fails(parameter: str, flat: bool, without: frozenset[str]) -> None:
    """Texts of a few tokens show it whatever the model is sure of, and accuse no other penalty."""
    _, judged = rows(Oddity(name="ignores", mutant=ignores(parameter), flat=flat), without)
    for each in judged.values():
        assert each.verdict is (Verdict.FAIL if each.row.parameter == parameter else Verdict.PASS)


@pytest.mark.parametrize(
    ("parameter", "found"), [("frequency_penalty", Verdict.FAIL), ("presence_penalty", Verdict.INCONCLUSIVE)]
)
@pytest.mark.parametrize("without", [LISTS | N, LISTS | BIAS], ids=["without n", "without logit_bias"])
def test_a_penalty_that_is_ignored_is_no_pass_without_lists(
    parameter: str, found: Verdict, without: frozenset[str]
) -> None:
    """The text is the same with its opposite, though the model wavers; of a penalty that is taken once, that may be."""
    _, judged = rows(Oddity(name="ignores", mutant=ignores(parameter)), without)
    for each in judged.values():
        assert each.verdict is (found if each.row.parameter == parameter else Verdict.PASS)


@pytest.mark.parametrize(
    ("without", "requests"),
    [(frozenset[str](), 5), (LISTS, 10), (LISTS | BIAS, 5), (LISTS | N, 5)],
    ids=["lists", "without lists", "without logit_bias", "without n"],
)
def test_what_a_penalty_that_acts_costs(without: frozenset[str], requests: int) -> None:
    """Nobody asks for more where lists decide, nor for warm replies where the texts differ."""
    asked, judged = rows(Oddity(name="none"), without)
    assert {each.verdict for each in judged.values()} == {Verdict.PASS}
    assert sum(each.case == "penalised" for each in asked) == requests


@pytest.mark.parametrize("without", [LISTS | BIAS, LISTS | N], ids=["with n", "without n"])
def test_a_model_that_is_sure_is_not_accused(without: frozenset[str]) -> None:
    """It says the same with a penalty and its opposite, and warm replies show that it would."""
    _, judged = rows(Oddity(name="sure", flat=False), without)
    assert all(each.verdict in (Verdict.PASS, Verdict.INCONCLUSIVE) for each in judged.values())
    assert {each.verdict for each in of(judged, "presence_penalty")} == {Verdict.INCONCLUSIVE}


def test_cold_replies_that_waver_show_nothing() -> None:
    """Another text is no effect where the same request gives another text too."""
    _, judged = rows(Oddity(name="wavers", wavers=1.0), LISTS | BIAS)
    assert {each.verdict for each in judged.values()} == {Verdict.INCONCLUSIVE}


def test_lists_from_after_the_sampler_leave_it_to_the_texts() -> None:
    """Such lists show no toll; the endpoint is judged nevertheless."""
    parameter = "frequency_penalty"
    _, clean = rows(Oddity(name="after", logprobs_after=True), frozenset())
    _, spoilt = rows(Oddity(name="after", logprobs_after=True, mutant=ignores(parameter)), frozenset())
    assert {each.verdict for each in clean.values()} == {Verdict.PASS}
    assert {each.verdict for each in of(spoilt, parameter)} == {Verdict.FAIL}


@pytest.mark.parametrize("flat", [True, False])
def test_lists_that_have_the_toll_in_them_are_not_charged_twice(flat: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some engines tell what is left when the penalties have taken their toll, before temperature and masks."""

    def told(speaker: Any, token: int, logits: list[float] | None, alternatives: int) -> speakers.Step:
        logits = speaker._model.logits(speaker._position) if logits is None else logits
        found = dict(enumerate(log_softmax(speaker._sampler._adjusted(logits))))
        return speakers.Step(token=token, log_probability=found[token], likeliest=likeliest(found, alternatives))

    monkeypatch.setattr(speakers.Speaker, "_told", told)
    monkeypatch.setattr(desk, "SPOKEN", {})
    for seed in (1, 2, 3):
        _, judged = rows(Oddity(name="between", flat=flat), frozenset(), seed)
        assert {each.verdict for each in judged.values()} <= {Verdict.PASS, Verdict.INCONCLUSIVE}
        assert not any(each.violated for each in judged.values())


def test_how_far_texts_begin_alike() -> None:
    """Any two of them count; one alone shares nothing."""
    assert longest_beginning(["once upon", "once more", "twice"]) == 5
    assert longest_beginning(["once", "once upon"]) == 4
    assert longest_beginning(["once"]) == 0
