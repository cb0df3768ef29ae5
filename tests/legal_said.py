"""Endpoints that are unusual and conform: in what their models say, in how they count it, and in which text is cold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from conformance.contract import Contract
from conformance.mutants import Call, Mutant, Object, When, Wire
from conformance.spoil import completion, ignores

from .desk import Answer, Oddity
from .legal import COLD, UNLIMITED


def _texts(name: str, change: Callable[[str, Object], Object], when: When | None = None, **given: Any) -> Oddity:
    """Both modes: `change` makes other members of what a choice says (its text, its choice); a stream says them in one
    delta."""

    def reply(_: Object, body: Object) -> Object:
        for choice in body["choices"]:
            choice["message"].update(change(choice["message"]["content"] or "", choice))
        return body

    def events(_: Object, chunks: list[Object]) -> list[Object]:
        lasts = {choice["index"]: choice for chunk in chunks for choice in chunk["choices"]}
        said = dict.fromkeys(lasts, "")
        for choice in (choice for chunk in chunks for choice in chunk["choices"]):
            said[choice["index"]] += choice["delta"].pop("content", None) or ""
        for index, last in lasts.items():
            last["delta"].update(change(said[index], last))
        return chunks

    mutant = Mutant(name=name, about=name, reply=reply, events=events, when=when)
    return Oddity(name=name, mutant=mutant, **given)


def _free_to_think(sent: Object) -> bool:
    """The request leaves it to the model whether and where to think."""
    return not {"separate_reasoning", "enable_thinking", "reasoning_effort"} & {*sent}


def _half_a_character(text: str, choice: Object) -> Object:
    return {"content": f"{text[:-1]}\ufffd" if choice["finish_reason"] == "length" and text else text}


def _nothing(_: str, choice: Object) -> Object:
    if choice["finish_reason"] == "length":
        choice["finish_reason"] = "stop"
    return {"content": None}


def _thinking_first(text: str, _: Object) -> Object:
    if text.startswith("{"):
        return {"reasoning_content": "That is easy.", "content": text}
    return {"reasoning_content": text[:12] or None, "content": text[12:] or None}


def _usage(name: str, change: Callable[[Object, int], object], when: When | None = None, **given: Any) -> Oddity:
    """`change` makes other counts of a usage object, given how many choices ended by themselves."""

    def reply(_: Object, body: Object) -> Object:
        change(body["usage"], sum(choice["finish_reason"] == "stop" for choice in body["choices"]))
        return body

    def events(_: Object, chunks: list[Object]) -> list[Object]:
        ended = sum(choice.get("finish_reason") == "stop" for chunk in chunks for choice in chunk["choices"])
        for chunk in chunks:
            if chunk.get("usage"):
                change(chunk["usage"], ended)
        return chunks

    mutant = Mutant(name=name, about=name, reply=reply, events=events, when=when)
    return Oddity(name=name, mutant=mutant, **given)


def _hidden_end(usage: Object, ended: int) -> None:
    usage["completion_tokens"] += ended
    usage["total_tokens"] += ended


def _beyond_the_stop(usage: Object, ended: int) -> None:
    _hidden_end(usage, 5 * ended)


def _thoughts_outside(usage: Object, _: int) -> None:
    usage["completion_tokens_details"] = {"reasoning_tokens": 7}
    usage["total_tokens"] += 7


def _asked_as(name: str, change: Callable[[Object], Object], every: int = 1, **given: Any) -> Oddity:
    """Every so many cold requests are answered as if they were others; of several only those that ask for no log
    probabilities, by which it would show that they are not cold."""

    def around(answer: Answer, _: Contract) -> Answer:
        count = 0

        def changed(call: Call) -> Wire:
            nonlocal count
            count += call.sent.get("temperature") in COLD
            meant = call.sent.get("temperature") in COLD and count % every == 0
            meant = meant and (every == 1 or not call.sent.get("logprobs"))
            return answer(call.with_body({**call.sent, **change(call.sent)}) if meant else call)

        return changed

    return Oddity(name=name, around=around, **given)


def _ends_early(answer: Answer, _: Contract) -> Answer:
    """Every fourth cold reply ends after a third of what it may say, as if its model had ended the text there."""
    count = 0

    def early(call: Call) -> Wire:
        nonlocal count
        count += call.sent.get("temperature") in COLD
        if call.sent.get("temperature") not in COLD or count % 4:
            return answer(call)
        wire = answer(call.with_body({**call.sent, "max_tokens": max(1, call.sent.get("max_tokens", 48) // 3)}))
        return wire.with_body(*(piece.replace(b'"length"', b'"stop"') for piece in wire.pieces))

    return early


STOPS = frozenset(
    {
        "stop.array-acts",
        "stop.case-sensitive",
        "stop.ends-generation",
        "stop.ends-output",
        "stop.finish-reason",
        "stop.nothing-lost",
        "stop.same-in-both-modes",
        "stop.text-reading",
        "stop.whole-or-nothing",
    }
)
COUNTED_STOPS = frozenset({"stop.ends-generation", "stop.finish-reason-of-every-choice"})
NOTHING_TO_CUT = STOPS | UNLIMITED
WITHOUT_TEXT = frozenset({"logprobs.exact", "logprobs.of-the-text"})
BIASES = frozenset({"sampling.logit-bias-bans", "sampling.logit-bias-several"})
NEVER_THE_SAME = NOTHING_TO_CUT | {
    "sampling.seed-repeats",
    "usage.stream-agrees",
    "response_format.text-is-default",
    "streaming.same-text",
}
SILENCE = (
    NOTHING_TO_CUT
    | WITHOUT_TEXT
    | BIASES
    | {
        "logprobs.each-choice",
        "logprobs.present",
        "limits.cut-says-length",
        "limits.length-means-cut",
        "limits.max-tokens-acts",
        "streaming.every-choice",
        "sampling.repetition-penalty-acts",
        "sampling.seed-repeats",
        "usage.counts-reply",
        "reasoning.told-once",
        "response_format.beginning",
        "response_format.is-object",
        "response_format.json-object",
        "response_format.schema",
        "streaming.characters-whole",
        "streaming.same-text",
    }
)

FOUR_IN_A_ROW = frozenset({"response_format.text-is-default"})
"""The rows that compare four cold replies, of which one is then another."""

PARTING = (
    STOPS
    | UNLIMITED
    | FOUR_IN_A_ROW
    | {
        "sampling.repetition-penalty-acts",
        "sampling.seed-repeats",
        "streaming.characters-whole",
        "usage.stream-agrees",
    }
)
"""The rows that compare cold replies, which part here and there."""

SAID = [
    _texts(
        "half a character at the cut",
        _half_a_character,
    ),
    _texts(
        "thoughts before the text, apart",
        _thinking_first,
        _free_to_think,
        inconclusive=WITHOUT_TEXT | BIASES | COUNTED_STOPS | {"logprobs.counted", "limits.every-choice"},
        perhaps=frozenset({"choices.differ"}),
    ),
    Oddity(
        name="whole replies without the white space around them",
        mutant=completion(
            "",
            "",
            lambda _, body: [
                each["message"].update(content=each["message"]["content"].strip())
                for each in body["choices"]
                if each["message"]["content"]
            ],
        ),
        inconclusive=frozenset({"stop.same-in-both-modes", "usage.stream-agrees"}),
    ),
    _usage("a hidden end of text is counted", _hidden_end),
    _usage("a stop is seen some tokens later", _beyond_the_stop, lambda sent: bool(sent.get("stop"))),
    _usage(
        "thoughts are counted outside",
        _thoughts_outside,
        _free_to_think,
        inconclusive=frozenset(
            {
                "limits.length-means-cut",
                "logprobs.counted",
                "logprobs.exact",
                "logprobs.of-the-text",
                "limits.every-choice",
                *COUNTED_STOPS,
            }
        ),
    ),
    _asked_as(
        "cold replies are never the same",
        lambda _: {"temperature": 1},
        inconclusive=NEVER_THE_SAME,
        warned=frozenset({"logprobs.greedy-is-top"}),
        takes=4,
    ),
    _asked_as(
        "every fourth cold reply is another one",
        lambda _: {"temperature": 1},
        4,
        perhaps=PARTING,
        takes=4,
    ),
    Oddity(
        name="every fourth cold reply ends early",
        around=_ends_early,
        perhaps=PARTING,
        takes=4,
    ),
    _texts(
        "a model that says nothing",
        _nothing,
        inconclusive=SILENCE
        | {"choices.differ", "choices.echo", "choices.every-choice", "limits.every-choice"}
        | {"response_format.schema-members-once", "stop.every-choice", "stop.finish-reason-of-every-choice"}
        | {"stop.nothing-follows"},
        warned=frozenset({"choices.something-said"}),
    ),
    Oddity(
        name="streams have usage that nobody asked for",
        mutant=Mutant(
            name="",
            about="",
            request=lambda call: call.with_body({**call.sent, "stream_options": {"include_usage": True}}),
            when=lambda sent: sent.get("stream") is True and "messages" in sent,
        ),
        contracts=("highwayapi",),
    ),
    Oddity(name="usage in the last chunk, always", dialect={"stream_usage": "always"}),
    Oddity(name="the stop is not in the text", dialect={"stop_text": "excluded"}, contracts=("highwayapi",)),
    Oddity(name="the stop is in the text", dialect={"stop_text": "included"}, contracts=("basic-gateway",)),
]

AFTERWARDS = Oddity(name="log probabilities after the sampler", logprobs_after=True)
SURE = Oddity(name="a model that is sure of what it says", flat=False, perhaps=frozenset({"logprobs.each-choice"}))
OWN_DEFAULTS = Oddity(
    name="defaults of its own for temperature, top_p and top_k",
    defaults={"temperature": 0.6, "top_p": 0.9, "top_k": 20},
)
NO_SEED = Oddity(
    name="no seed support",
    mutant=ignores("seed", when=lambda sent: type(sent.get("seed")) is int),
    takes=4,
    inconclusive=frozenset({"streaming.characters-whole"}),
    warned=frozenset({"sampling.seed-repeats"}),
    contracts=("highwayapi",),
)
UNSTEADY = Oddity(
    name="every fourth reply goes another way after some tokens",
    wavers=0.25,
    takes=6,
    perhaps=PARTING,
    contracts=("highwayapi",),
)
NEVER_STEADY = Oddity(
    name="every reply goes another way after some tokens",
    wavers=1,
    takes=6,
    perhaps=PARTING,
)
