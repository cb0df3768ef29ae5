"""Texts of a few tokens: which tokens they are made of, and what a penalty does to them."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import pytest

from conformance import strict_json
from conformance.contract import Contract
from conformance.exchange import Exchange, Sent
from conformance.model import JSON, NotJudged, Purpose, Verdict, Violation
from conformance.mutants import Call, Wire
from conformance.reference.sampler import Sampler
from conformance.requirements import sampling_letters as letters
from conformance.requirements.sampling_letters import CHOICES, LENGTH, again, by_letters, spelt
from conformance.spoil import ignores, refusal
from conformance.statistics import Fourfold

from . import desk
from .desk import Answer, Oddity
from .test_penalties import LISTS, of, rows

ALPHABET = "glqvz"


def reply(*texts: str, n: int = 1) -> Exchange:
    """What came back for a request of as many choices."""
    choices: list[JSON] = [
        {"index": index, "message": {"role": "assistant", "content": text}, "finish_reason": "length"}
        for index, text in enumerate(texts)
    ]
    prompt: dict[str, JSON] = {"messages": [{"role": "user", "content": letters.PROMPT}]}
    return Exchange(
        n=n,
        case="penalised",
        step=(1, 0),
        purpose=Purpose.PLAN,
        request=Sent(method="POST", url="http://127.0.0.1/", headers=(), body=strict_json.dump(prompt)),
        status=200,
        headers=(("content-type", "application/json"),),
        pieces=((0.1, strict_json.dump({"object": "chat.completion", "choices": choices})),),
    )


def texts(seed: int, kinds: str = ALPHABET, repeat: float = 0.5) -> list[str]:
    """Letters by chance; with this probability each is one that has been said."""
    chance = Random(seed)
    made = []
    for _ in range(CHOICES):
        said = [chance.choice(kinds)]
        while len(said) < LENGTH:
            new = [kind for kind in kinds if kind not in said]
            said.append(chance.choice(said) if chance.random() < repeat or not new else chance.choice(new))
        made.append("".join(said))
    return made


def test_letters_are_tokens() -> None:
    """Where every text has as many letters as tokens, a letter is a token."""
    said = spelt([reply(*texts(1)), reply(*texts(2))])
    assert said is not None
    assert ["".join(each) for each in said[1]] == texts(2)


def test_tokens_of_one_length() -> None:
    """Tokens that are not letters are told apart where all of them are equally long."""
    longer = [text.replace("g", "<u70>").replace("l", "<u75>") for text in texts(1, "gl")]
    said = spelt([reply(*longer)])
    assert said is not None
    assert {token for each in said[0] for token in each} == {"<u70>", "<u75>"}


@pytest.mark.parametrize(
    "said",
    [
        [text.replace("g", "gg") for text in texts(1)],
        [text.replace("g", " ") for text in texts(1)],
        [text.replace("g", "\ufffd") for text in texts(1)],
        [text.replace("g", "w") for text in texts(1)],
        texts(1, "glqvzxbfjkp"),
        texts(1, "g"),
        texts(1)[:50],
        texts(1) * 30,
        [""] * CHOICES,
        ["a word"] * CHOICES,
        [],
    ],
    ids=[
        "lengths",
        "spaces",
        "half characters",
        "the prompt's",
        "many",
        "one",
        "few",
        "too many",
        "nothing",
        "odd",
        "none",
    ],
)
def test_what_cannot_be_told_is_not_judged(said: list[str]) -> None:
    """Tokens of several lengths or of many kinds, blank ones, and what comes up in the prompt say nothing."""
    asked = [reply(*said)] * 5
    assert spelt(asked) is None
    assert [type(finding) for finding in by_letters(asked, "presence_penalty", 0)] == [NotJudged]


def test_beginnings_are_compared_with_equal_ones() -> None:
    """After each beginning it is counted how often something said before follows in the one sample and in the other."""
    first, second = [tuple("gg"), tuple("gl"), tuple("ll")], [tuple("gl")]
    assert again(first, second) == [
        Fourfold(hits=1, misses=1, other_hits=0, other_misses=1),
        Fourfold(hits=1, misses=0, other_hits=0, other_misses=0),
    ]


def five(plain: float, strong: float, weak: float) -> list[Exchange]:
    """Texts without a penalty, and twice with one above 0 and with its opposite, by how much is said again."""
    shares = (plain, strong, weak, strong, weak)
    return [reply(*texts(n, repeat=share), n=n) for n, share in enumerate(shares)]


@pytest.mark.parametrize(
    ("asked", "above", "below"),
    [
        (five(0.5, 0.12, 0.88), None, None),
        (five(0.5, 0.5, 0.5), Violation, Violation),
        (five(0.5, 0.88, 0.12), Violation, Violation),
        (five(0.5, 0.47, 0.88), NotJudged, None),
        (five(0.5, 0.12, 0.52), None, NotJudged),
        (five(0.0, 0.0, 0.0), NotJudged, NotJudged),
        (five(1.0, 1.0, 1.0), NotJudged, NotJudged),
    ],
    ids=["heeded", "ignored", "upside down", "not above 0", "not below 0", "never again", "always again"],
)
def test_judged(asked: list[Exchange], above: type | None, below: type | None) -> None:
    """A penalty passes where it is seen to act, and fails where even with its opposite as much is said again."""
    for at in (0, 2):
        assert [type(finding) for finding in by_letters(asked, "presence_penalty", at)] == [above] * (above is not None)
        assert [type(finding) for finding in by_letters(asked, "presence_penalty", at + 1)] == [below] * (
            below is not None
        )


def test_copies_are_no_draws() -> None:
    """A hundred choices that are copies of a few show nothing, however different the few are with the opposite."""
    few = [reply(*(texts(n, repeat=share)[:10] * 10), n=n) for n, share in enumerate((0.5, 0.9, 0.1, 0.9, 0.1))]
    assert [type(finding) for finding in by_letters(few, "presence_penalty", 0)] == [NotJudged]


def test_a_stream_cut_short_is_not_judged() -> None:
    """What cannot be read says nothing."""
    cut = replace(reply(*texts(1)), error="closed early")
    assert spelt([cut]) is None


@pytest.mark.parametrize("flat", [True, False], ids=["flat", "peaked"])
def test_endpoints_that_penalise_the_prompt_are_not_accused(flat: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some engines take a token for said that comes up in the prompt; ours has none of the letters."""
    begun = Sampler.__init__

    def begin(sampler: Sampler, sampling: Any, prompt: Any, chance: Random) -> None:
        begun(sampler, sampling, prompt, chance)
        for token in prompt:
            sampler._said[token] += 1

    monkeypatch.setattr(Sampler, "__init__", begin)
    monkeypatch.setattr(desk, "SPOKEN", {})
    for seed in (1, 2, 3):
        _, judged = rows(Oddity(name="counts the prompt", flat=flat), LISTS, seed)
        assert not any(each.violated for each in judged.values())


def few(answer: Answer, _: Contract) -> Answer:
    """More than 32 choices are refused."""

    def act(call: Call) -> Wire:
        many, reply = call.sent.get("n"), answer(call)
        return refusal(reply, 400, "n is at most 32") if isinstance(many, int) and many > 32 else reply

    return act


@pytest.mark.parametrize("without", [LISTS, frozenset[str]()], ids=["without lists", "with lists"])
def test_who_refuses_so_many_choices_is_judged_by_other_replies(without: frozenset[str]) -> None:
    """What cold replies show counts where the short texts are not to be had."""
    asked, judged = rows(Oddity(name="few", around=few, flat=False), without)
    assert any(each.refused for each in asked)
    assert {each.verdict for each in judged.values()} == {Verdict.PASS, Verdict.INCONCLUSIVE}


def test_who_refuses_so_many_choices_and_ignores_a_penalty_is_found() -> None:
    """Warm replies show then that a cold one would be another."""
    name = "frequency_penalty"
    _, judged = rows(Oddity(name="few", around=few, mutant=ignores(name)), LISTS)
    assert {each.verdict for each in of(judged, name)} == {Verdict.FAIL}
