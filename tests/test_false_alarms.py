"""Models and samplers that are unusual and honest: what they say, or how they draw it, is held against no endpoint."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any, TypeAlias

import pytest

from conformance.contract import Contract
from conformance.model import Verdict
from conformance.mutants import Call, Mutant, Object
from conformance.reference import endpoint
from conformance.reference.language_model import LanguageModel
from conformance.reference.sampler import Sampler, Sampling, log_softmax
from conformance.reference.vocabulary import IDS, encode
from conformance.requirements.logprobs_asked import entry_by_entry, tells
from conformance.spoil import either

from . import desk
from .desk import Answer, Oddity
from .legal_forms import has_schema, refuses, without_tools
from .rehearsal import rehearse
from .speakers import STORY, Said, Speaker, thinking
from .test_models_legal import UNCOUNTED

pytestmark = pytest.mark.long

LISTS = frozenset({"logprobs", "top-logprobs"})
Logits: TypeAlias = "Sequence[float]"


def against(oddity: Oddity, *selection: str, without: frozenset[str] = frozenset(), seed: int = 1) -> set[str]:
    """The rows that hold something against it."""
    _, judged = rehearse("highwayapi", oddity, seed, without=without, selection=selection)
    return {each.row.id for each in judged if each.verdict in (Verdict.FAIL, Verdict.WARN, Verdict.ERROR)}


# -- texts


def _now_and_then(one: str, other: str, share: float) -> Said:
    """A story of which the second token is one of two."""
    return lambda chance: [STORY[0], one if chance.random() < share else other, *STORY[1:9]]


@pytest.mark.parametrize(("one", "other"), [(" !", " ,")], ids=["a sign"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_near_tie_of_cold_replies_is_no_garbling(one: str, other: str, seed: int) -> None:
    """A sign that is there in half of the cold replies was lost by nobody."""
    oddity = Oddity(name="a near tie", speaker=Speaker(text=_now_and_then(one, other, 0.5)))
    assert against(oddity, "streaming.same-text", seed=seed) == set()


def test_limits_are_spent_on_tokens_that_nobody_sees() -> None:
    """Where three tokens of each choice are neither shown nor counted, no choice went uncounted."""

    def spent(_: Object, body: Object) -> None:
        if isinstance(body.get("usage"), dict):
            body["usage"]["completion_tokens"] -= 3 * len(body["choices"]) if "message" in body["choices"][0] else 0
            body["usage"]["total_tokens"] = body["usage"]["prompt_tokens"] + body["usage"]["completion_tokens"]
        for choice in body["choices"]:
            if "message" in choice:
                choice["message"]["content"] = " ".join((choice["message"]["content"] or "").split()[:-3])

    story = Speaker(text=lambda _: STORY)
    oddity = Oddity(
        name="hidden tokens", speaker=story, mutant=either("", "", spent, when=lambda sent: "stream" not in sent)
    )
    assert against(oddity, "usage.counts-all-choices") == set()


# -- models and samplers


def _by(monkeypatch: pytest.MonkeyPatch, logits: Callable[[Logits], list[float]]) -> None:
    plainly = LanguageModel._logits
    monkeypatch.setattr(LanguageModel, "_logits", lambda model, position: tuple(logits(plainly(model, position))))
    monkeypatch.setattr(endpoint, "_model", lambda flat: LanguageModel(flat=flat))
    monkeypatch.setattr(desk, "SPOKEN", {})


@pytest.mark.parametrize("times", [8.0, 20.0])
def test_a_bias_need_not_bridge_everything(times: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where logits lie hundreds apart a token that is raised by 100 is not always said."""
    _by(monkeypatch, lambda logits: [each * times for each in logits])
    assert against(Oddity(name="huge logits"), "sampling.logit-bias-*") == set()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_model_without_favourites_is_scattered_when_cold(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """At temperature 0.02 it says what others say at 1."""
    _by(monkeypatch, lambda logits: [each * 0.02 for each in logits])
    assert against(Oddity(name="tiny logits"), "sampling.temperature-low", without=LISTS, seed=seed) == set()


def test_a_model_may_heed_no_context(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its lists are the same at all places, and right."""
    _by(monkeypatch, lambda logits: [-float(at % 97) / 30 for at in range(len(logits))])
    assert against(Oddity(name="one distribution"), "logprobs.lists-differ") == set()


def test_a_model_that_is_stuck_says_what_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """One word for ever is not what a bias made of an id, though it begins with its letter."""
    word = IDS[b" and"]
    _by(monkeypatch, lambda logits: [each + 60 * (at == word) for at, each in enumerate(logits)])
    letter = Mutant(name="", about="", request=_of_letters)
    assert against(Oddity(name="stuck", mutant=letter), "sampling.logit-bias-bans") == set()


def _of_letters(call: Call) -> Call:
    """The ids of another vocabulary, in which the first of those that are asked for is a letter that words begin with."""
    biases = call.sent.get("logit_bias")
    moved = {str(int(each) + 33 if int(each) < 94 else each): bias for each, bias in (biases or {}).items()}
    return call.with_body({**call.sent, "logit_bias": moved}) if biases else call


def _certain(logits: Logits) -> list[float]:
    return log_softmax([each + 14 * (each == max(logits)) for each in logits])


@pytest.mark.parametrize("without", [frozenset[str](), LISTS], ids=["with lists", "without lists"])
def test_factors_do_nothing_to_what_is_certain(without: frozenset[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """repetition_penalty may be taken of log probabilities, and those of a sure model are nearly 0."""
    _by(monkeypatch, _certain)
    assert against(Oddity(name="sure"), "sampling.repetition-penalty-acts", "choices.*", without=without) == set()


@pytest.mark.parametrize("times", [1.0, 6.0], ids=["uncertain letters", "certain letters"])
@pytest.mark.parametrize("seed", [1, 2])
def test_factors_may_come_after_a_bias(times: float, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then they act on the log probabilities of what it leaves; and where one token has nearly all, on hardly any."""
    plainly = Sampler._adjusted

    def last(sampler: Sampler, logits: Logits) -> list[float]:
        sampler._seen.clear()
        biased = log_softmax(plainly(sampler, [each * times for each in logits]))
        factor = sampler.sampling.repetition_penalty
        return [each * factor if token in sampler._said else each for token, each in enumerate(biased)]

    _by(monkeypatch, _certain)
    monkeypatch.setattr(Sampler, "_adjusted", last)
    assert against(Oddity(name="last"), "sampling.repetition-penalty-acts", without=LISTS, seed=seed) == set()


@pytest.mark.parametrize("seed", [2, 3])
def test_penalties_may_count_a_prompt_that_nobody_sees(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an endpoint says to its model before all messages has come up too."""
    hidden = encode("You are a quiet helper, and the one who said that he would, in a few words, tell it all. ")
    plainly = Sampler.__init__

    def counting(sampler: Any, sampling: Sampling, prompt: Any, chance: Any) -> None:
        plainly(sampler, sampling, prompt, chance)
        sampler._said.update([*hidden, *prompt])

    monkeypatch.setattr(Sampler, "__init__", counting)
    monkeypatch.setattr(desk, "SPOKEN", {})
    assert against(Oddity(name="hidden"), "sampling.*-penalty-acts", "sampling.*-penalty-negative", seed=seed) == set()


# -- what is told


def _sentinel(entry: Object) -> None:
    if all(each["bytes"] != entry["bytes"] for each in entry["top_logprobs"]):
        entry["logprob"] = -100.0


def _said_again(entry: Object) -> None:
    said = {name: value for name, value in entry.items() if name != "top_logprobs"}
    if entry["top_logprobs"]:
        entry["top_logprobs"] = [{**said, "logprob": said["logprob"] - 0.004}, *entry["top_logprobs"]]


def _blank(_: Object, body: Object) -> None:
    for choice in body["choices"]:
        (choice.get("message") or choice["delta"])["reasoning_content"] = "\n\n"


def _drafts(_: Object, body: Object) -> None:
    if isinstance(body.get("usage"), dict):
        body["usage"]["completion_tokens_details"] = {"draft_tokens": body["usage"]["completion_tokens"] * 2 + 4}


def _template(sent: Object, body: Object) -> None:
    if sent.get("enable_thinking") is False and isinstance(body.get("usage"), dict):
        body["usage"]["prompt_tokens"] += 4
        body["usage"]["total_tokens"] += 4


TOLD: list[tuple[str, Mutant, tuple[str, ...]]] = [
    ("a sign for what is not listed", tells("", "", entry_by_entry(_sentinel)), ("sampling.*-penalty-*",)),
    ("said first, and again where it ranks", tells("", "", entry_by_entry(_said_again)), ("logprobs.lists-sum",)),
    ("thoughts of white space", either("", "", _blank), ("reasoning.switched-off", "reasoning.not-apart*")),
    ("drafts among the details", either("", "", _drafts), ("usage.details",)),
    ("a template without thoughts", either("", "", _template), ("usage.prompt-stable", "reasoning")),
]


@pytest.mark.parametrize(("mutant", "selection"), [each[1:] for each in TOLD], ids=[each[0] for each in TOLD])
def test_what_is_told_is_no_fault(mutant: Mutant, selection: tuple[str, ...]) -> None:
    """Nothing is said against how an endpoint tells it."""
    assert against(Oddity(name="told", mutant=mutant, flat="lists" not in selection[0]), *selection) == set()


# -- thoughts


@pytest.mark.parametrize(("most", "seed"), [(12, 2), (30, 4), (40, 1), (40, 3)])
def test_thoughts_may_be_neither_shown_nor_counted(most: int, seed: int) -> None:
    """They leave now this much of a limit for the text and now that much, and now and then nothing."""
    speaker = Speaker(text=lambda _: STORY, thoughts=thinking(most // 2, most), hidden=True)
    oddity = Oddity(name="unseen", speaker=speaker, mutant=UNCOUNTED)
    assert against(oddity, "stop", "choices", "limits", "streaming", seed=seed) == set()


# -- tools


def _calling_by_chance(seed: int) -> Any:
    chance = Random(seed)

    def around(answer: Answer, _: Contract) -> Answer:
        return lambda call: answer(without_tools(call) if chance.random() < 0.5 else call)

    return around


@pytest.mark.parametrize("seed", [6, 10, 38])
def test_a_model_may_call_now_and_then(seed: int) -> None:
    """That it called twice in one mode and not in the other is chance, as the same with more choices shows."""
    oddity = Oddity(name="now and then", around=_calling_by_chance(seed))
    assert against(oddity, "tools.same-in-both-modes", seed=seed) == set()


# -- refusals


@pytest.mark.parametrize(
    ("what", "named", "status", "allowed"),
    [
        (has_schema, "response_format of type json_schema", 400, set()),
        (has_schema, "response_format of type json_schema", 501, set()),
        (lambda call: "enable_thinking" in call.sent, "enable_thinking", 400, {"reasoning.switch-accepted"}),
        (lambda call: "separate_reasoning" in call.sent, "separate_reasoning", 422, {"reasoning.separation-accepted"}),
    ],
)
def test_models_have_not_all_there_is(what: Any, named: str, status: int, allowed: set[str]) -> None:
    """A refusal that names what a document leaves to models is an honest one."""
    around = refuses(what, status, f"{named} is not supported by this model")
    found = against(Oddity(name="refuses", around=around), "ranges.*", "requests.*", "reasoning.*", "response_format.*")
    assert found == allowed


@pytest.mark.parametrize("off", ["logprobs", "tools", "tool-choice"])
def test_what_is_off_is_asked_for_by_no_other_feature(off: str) -> None:
    """Lists of log probabilities fall away with these, choices among tools with tools, and the other way round."""
    members = {"logprobs": ("logprobs", "top_logprobs"), "tools": ("tools",), "tool-choice": ("tool_choice",)}[off]
    around = refuses(lambda call: any(call.sent.get(name) for name in members), 422)
    _, judged = rehearse(
        "basic-gateway",
        Oddity(name="lacks", around=around),
        3,
        without=frozenset({off}),
        selection=("requests.*", "tools.*", "logprobs.*"),
    )
    assert {each.row.id for each in judged if each.verdict in (Verdict.FAIL, Verdict.WARN)} == set()


def test_an_unknown_model_may_be_forbidden() -> None:
    """403 says that it is not there for this key."""
    around = refuses(lambda call: call.sent.get("model") != "reference", 403)
    found = against(Oddity(name="forbids", around=around), "ranges.refusal-status*", "errors.unknown-model-refused")
    assert found == set()


@pytest.mark.parametrize("error", [{"message": "", "code": None}, {"code": 0, "message": ""}, {"message": None}])
def test_an_error_with_nothing_in_it_is_none(error: Object) -> None:
    """It is what servers write that leave no member out."""
    oddity = Oddity(name="empty", mutant=either("", "", lambda _, body: body.update(error=dict(error))))
    assert against(oddity, "envelope.no-error-in-success", "ranges.refusal-status*") == set()


def _broken_off(_: Any, chunks: list[Object]) -> list[Object]:
    overloaded: Object = {"error": {"message": "overloaded, try again later", "type": "server_error", "code": 503}}
    return [*chunks[: len(chunks) // 2], overloaded]


def test_a_stream_that_an_error_breaks_off_is_one_finding() -> None:
    """What it lacks after that, a reason, its usage and what ends a stream, is no further one."""
    oddity = Oddity(name="broken off", mutant=Mutant(name="", about="", events=_broken_off))
    found = against(oddity, "envelope.*", "streaming.*", "usage.*")
    assert found & {"streaming.finish-once", "streaming.done", "usage.stream-asked", "usage.stream-unasked"} == set()
    assert "envelope.no-error-in-success" in found
