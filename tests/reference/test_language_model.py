"""The language model's distributions."""

from __future__ import annotations

import itertools
import math
from functools import cache
from random import Random
from statistics import mean, median

import pytest

from conformance.reference.language_model import LanguageModel, Position
from conformance.reference.sampler import log_softmax
from conformance.reference.vocabulary import END, TOKENS, encode

PROMPTS = [encode(f"user: Tell a story of the number {number}\nassistant:") for number in range(200)]


@pytest.fixture(scope="module", params=[True, False], ids=["flat", "peaked"])
def model(request: pytest.FixtureRequest) -> LanguageModel:
    return LanguageModel(flat=request.param)


def said(model: LanguageModel, prompt: list[int], chance: Random | None = None, most: int = 500) -> list[int]:
    """A reply to its end: drawn at temperature 1, or greedy without a chance."""
    position, reply = model.begin(prompt), list[int]()
    while len(reply) < most:
        logits = model.logits(position)
        if chance is None:
            token = logits.index(max(logits))
        else:
            token = chance.choices(range(len(logits)), [math.exp(each) for each in log_softmax(logits)])[0]
        if token == END:
            break
        reply.append(token)
        position = model.after(position, token)
    return reply


@cache
def replies(model: LanguageModel, *, drawn: bool = False) -> list[list[int]]:
    """Whole replies to all the prompts, drawn or greedy."""
    chance = Random(2) if drawn else None
    return [said(model, prompt, chance) for prompt in PROMPTS]


def places(model: LanguageModel, count: int = 400) -> list[Position]:
    """Places early in replies, where a character may begin."""
    chance = Random(1)
    found = []
    for prompt in PROMPTS:
        position = model.begin(prompt)
        for token in said(model, prompt, chance, most=20):
            if position.between_characters:
                found.append(position)
            position = model.after(position, token)
    return found[:count]


def test_the_same_context_has_the_same_logits() -> None:
    """Two models of one kind agree on every number, and every number is finite."""
    prompt = PROMPTS[0]
    one, other = (LanguageModel(flat=True) for _ in range(2))
    assert one.logits(one.begin(prompt)) == other.logits(other.begin(prompt))
    assert all(map(math.isfinite, one.logits(one.begin(prompt))))
    assert len(one.logits(one.begin(prompt))) == len(TOKENS)


def test_probabilities_sum_to_one(model: LanguageModel) -> None:
    """A distribution is one."""
    assert math.fsum(map(math.exp, log_softmax(model.logits(model.begin(PROMPTS[0]))))) == pytest.approx(1)


def test_a_flat_model_is_of_many_minds() -> None:
    """The likeliest token has 5 to 25 in a hundred, and there are four bits to choose from."""
    model = LanguageModel(flat=True)
    distributions = [[math.exp(each) for each in log_softmax(model.logits(place))] for place in places(model)]
    assert 0.05 <= median(map(max, distributions)) <= 0.25
    assert mean(-sum(p * math.log2(p) for p in each) for each in distributions) > 4


def test_a_peaked_model_knows_what_to_say() -> None:
    """The likeliest token has 80 in a hundred and more."""
    model = LanguageModel(flat=False)
    assert median(math.exp(max(log_softmax(model.logits(place)))) for place in places(model)) > 0.8


def test_prompts_differ_in_their_replies(model: LanguageModel) -> None:
    """No two prompts get the same greedy reply, nor begin it alike in the main."""
    beginnings = [tuple(reply[:16]) for reply in replies(model)]
    assert len(set(beginnings)) == len(PROMPTS)
    assert len({reply[0] for reply in beginnings}) > 20


def test_replies_end_by_themselves(model: LanguageModel) -> None:
    """Greedy or drawn, a reply has neither fewer than 24 tokens nor 400, and commonly 40 to 120."""
    for drawn in (False, True):
        lengths = [len(reply) for reply in replies(model, drawn=drawn)]
        assert min(lengths) >= 24
        assert max(lengths) < 400
        assert sum(40 <= length <= 120 for length in lengths) > 0.95 * len(lengths)


def test_even_a_bias_cannot_make_it_talk_for_ever(model: LanguageModel) -> None:
    """With +100 on a word and -100 on the end, the end comes all the same."""
    position = model.begin(PROMPTS[0])
    for _ in range(400):
        logits = model.logits(position)
        if logits[END] - 100 > max(each + 100 for each in logits[:END]):
            return
        position = model.after(position, 300)
    pytest.fail("no end in 400 tokens")


def test_greedy_decoding_goes_round_in_no_circle(model: LanguageModel) -> None:
    """The first 48 tokens do not end in anything said three times, nor in two tokens said twice."""
    for whole in replies(model):
        reply = whole[:48]
        assert not any(reply[-length:] * 3 == reply[-3 * length :] for length in range(1, 17))
        assert reply[-4:-2] != reply[-2:]


def test_nobody_stammers(model: LanguageModel) -> None:
    """A token hardly ever follows itself."""
    pairs = [pair for reply in replies(model) for pair in itertools.pairwise(reply)]
    assert sum(one == other for one, other in pairs) < len(pairs) / 1000


def test_text_is_utf8_nearly_always(model: LanguageModel) -> None:
    """At temperature 1 characters are kept whole, though some are said in several tokens."""
    texts = [b"".join(TOKENS[token] for token in reply) for reply in replies(model, drawn=True)]
    broken = sum("\ufffd" in each.decode("utf-8", "replace") for each in texts)
    assert broken <= 2
    assert sum(not each.isascii() for each in texts) > 50


def test_any_token_can_be_forced(model: LanguageModel) -> None:
    """A bias of 100 lifts whatever token above all others, wherever a reply may be cut."""
    position = model.begin(PROMPTS[0])
    for token in said(model, PROMPTS[0], most=40):
        logits = model.logits(position)
        assert min(logits[:END]) + 100 > max(logits)
        position = model.after(position, token)
