"""Models of every kind: whatever a model says, and however long it thinks, nothing is held against its endpoint."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from conformance.mutants import Mutant, Object
from conformance.reply import objects
from conformance.spoil import either

from .desk import Oddity, conduct
from .speakers import LONG, STORY, Said, Speaker, always, at_random, ending_at_random, thinking

BESIDES = frozenset({"logprobs", "response_format", "sampling", "tools"})
"""Parts of the API that these models have nothing of: they only talk."""


def _uncounted(_: Object, body: Object) -> None:
    """Thoughts that usage does not tell from the text."""
    if isinstance(body.get("usage"), dict):
        body["usage"].pop("completion_tokens_details", None)


def _renamed(sent: Object, body: Object) -> None:
    """Thoughts in the member that newer servers give them, and not counted apart."""
    for choice in objects(body["choices"]):
        part = choice.get("message", choice.get("delta"))
        assert isinstance(part, dict)
        if "reasoning_content" in part:
            part["reasoning"] = part.pop("reasoning_content")
    _uncounted(sent, body)


def _mostly(one: Said, other: Said, share: float) -> Said:
    return lambda chance: (one if chance.random() < share else other)(chance)


def _diverging(tokens: Sequence[str]) -> Said:
    return lambda chance: [*tokens[: chance.randint(8, 20)], *(chance.choice(tokens) for _ in range(40))]


RENAMED = either("", "", _renamed)
UNCOUNTED = either("", "", _uncounted)

MODELS: dict[str, tuple[Speaker, Mutant | None]] = {
    "one word": (Speaker(text=always("Yes")), None),
    "nothing": (Speaker(text=always()), None),
    "a short text": (Speaker(text=always(*STORY[:7])), None),
    "one text for everything": (Speaker(text=always(*STORY)), None),
    "one text that ends early at random": (Speaker(text=ending_at_random(STORY, 0.12)), None),
    "one text of long words that ends at random": (Speaker(text=ending_at_random(LONG * 5, 0.2)), None),
    "any words": (Speaker(text=at_random(STORY, 60)), None),
    "any words, ending at random": (Speaker(text=at_random(STORY, 60, 0.1)), None),
    "any long words, ending at random": (Speaker(text=at_random(LONG, 60, 0.25)), None),
    "mostly one text": (Speaker(text=_mostly(always(*STORY), at_random(STORY, 60), 0.8)), None),
    "one of two texts": (Speaker(text=_mostly(always(*STORY), always("Well ,", *STORY), 0.5)), None),
    "one beginning": (Speaker(text=_diverging(STORY)), None),
    "the same syllable for ever": (Speaker(text=always(*["la "] * 80)), None),
    "white space": (Speaker(text=always(*["\n\n"] * 80)), None),
    "rulers and spaces": (Speaker(text=always(*[" " * 30, "=" * 60, "\t" * 9, "word"] * 20)), None),
    "thoughts": (Speaker(text=always(*STORY), thoughts=thinking(8, 8)), None),
    "thoughts of any length": (Speaker(text=always(*STORY), thoughts=thinking(1, 30)), None),
    "long thoughts": (Speaker(text=always(*STORY), thoughts=thinking(18, 30)), None),
    "thoughts for ever": (Speaker(text=always(*STORY), thoughts=thinking(90, 90)), None),
    "hidden thoughts": (Speaker(text=always(*STORY), thoughts=thinking(1, 12), hidden=True), None),
    "hidden thoughts, a short text": (Speaker(text=always(*STORY[:3]), thoughts=thinking(1, 12), hidden=True), None),
    "hidden thoughts for ever": (Speaker(text=always(*STORY), thoughts=thinking(90, 90), hidden=True), None),
    "uncounted thoughts": (Speaker(text=always(*STORY), thoughts=thinking(4, 30), hidden=True), UNCOUNTED),
    "long uncounted thoughts": (Speaker(text=always(*STORY), thoughts=thinking(20, 40), hidden=True), UNCOUNTED),
    "thoughts under another name": (Speaker(text=always(*STORY), thoughts=thinking(1, 12)), RENAMED),
}


@pytest.mark.parametrize("contract", ["highwayapi", pytest.param("v3-openai", marks=pytest.mark.long)])
@pytest.mark.parametrize("model", MODELS)
def test_a_model_is_no_fault(model: str, contract: str) -> None:
    """Nothing that a model says, or keeps to itself, is seen twice against its endpoint."""
    speaker, mutant = MODELS[model]
    _, judged = conduct(contract, Oddity(name=model, speaker=speaker, mutant=mutant, takes=6, lacks=BESIDES))
    against = {each.row.id: each.exemplars[0].violations[0].message for each in judged if each.violated >= 2}
    assert against == {}
