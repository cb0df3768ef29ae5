"""Tokens as they are said."""

from __future__ import annotations

from itertools import islice
from random import Random

import pytest

from conformance.reference.language_model import LanguageModel
from conformance.reference.sampler import Sampler, Sampling, log_softmax
from conformance.reference.speaker import Speaker
from conformance.reference.vocabulary import encode

MODEL = LanguageModel()
PROMPT = encode("user: hello\nassistant:")


def speaker(limit: int = 200, alternatives: int | None = 3, *, after: bool = False, **sampling: float) -> Speaker:
    sampler = Sampler(Sampling(**sampling), PROMPT, Random(1))  # type: ignore[arg-type]  # none of them is logit_bias
    return Speaker(MODEL, MODEL.begin(PROMPT), sampler, limit=limit, alternatives=alternatives, after=after)


def test_every_token_is_told_with_the_models_own_probability() -> None:
    """Drawn or dictated, at whatever temperature."""
    recited = list(speaker().recite(encode('{"a":"b"}')))
    for steps in (recited, list(speaker(20).talk()), list(speaker(20, temperature=0.5).talk())):
        position = MODEL.begin(PROMPT)
        for step in steps:
            expected = log_softmax(MODEL.logits(position))
            assert step.log_probability == pytest.approx(expected[step.token])
            assert [each for _, each in step.likeliest] == pytest.approx(sorted(expected, reverse=True)[:3])
            position = MODEL.after(position, step.token)


def test_after_the_sampler_a_dictated_token_is_certain() -> None:
    """For nothing else could have been drawn."""
    for step in speaker(after=True).recite(encode("true")):
        assert (step.log_probability, step.likeliest) == (0.0, ((step.token, 0.0),))


def test_nothing_is_told_unasked() -> None:
    """Without log probabilities a step is its token."""
    assert all(step.likeliest == () and step.log_probability == 0 for step in speaker(5, None).talk())


def test_the_limit_is_one_for_all() -> None:
    """What is recited counts like what is drawn, and tokens that nobody takes are not said."""
    one = speaker(10)
    assert len(list(one.recite(encode("true")))) == 1
    assert len(list(islice(one.talk(), 4))) == 4
    assert one.said == 5
    assert len(list(one.talk())) == 5
    assert one.exhausted
    assert list(one.recite([1])) == []


def test_a_short_talk_ends_between_characters() -> None:
    """About as many tokens as asked for, and no half character."""
    for about in range(1, 20):
        said = speaker()
        position = MODEL.begin(PROMPT)
        for step in said.talk(about):
            position = MODEL.after(position, step.token)
        assert about <= said.said <= about + 4
        assert position.between_characters
