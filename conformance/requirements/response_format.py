"""The form of the reply: JSON where a request asks for JSON.

A text that ended by itself has to be JSON; one that a limit cut, its beginning.  Whether a model thought of anything
sensible to put into it is not asked.  Every message here asks for JSON in words too, as document 001 demands.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from .. import strict_json
from ..ask import OMIT, Ask
from ..exchange import Exchange
from ..json_beginning import begins_json
from ..model import JSON, Finding, Kind, Level, NotJudged, Violation
from ..mutants import Sent
from ..reply import asked_choices, is_integer, members, text
from ..requirement import requirement
from ..scenario import Script, scenario, takes
from ..schema import show
from ..spoil import ignores, says, streaming, whole
from .stop_asked import NEVER

MUST, SHOULD = Level.MUST, Level.SHOULD

JSON_OBJECT = {"type": "json_object"}
ENDS = ("length", "content_filter", "tool_calls", "function_call")
"""Reasons for which a choice may end before its text does."""

THOUGHT, THOUGHT_ENDS = "<think>", "</think>"


RAW_CALL = ("<", "[TOOL_CALLS]")
"""How models write calls: one that a limit cut may be left in the text as it is."""


@scenario(steps=4, tokens=777)
def json_objects(ask: Ask) -> Script:
    """Ask for a JSON object, whole and streamed in two choices, with room for it and with a limit that must cut it.

    What is cut whole is two choices with a stop that never comes up.
    """
    two = 2 if ask.has("n") else OMIT
    asked = partial(
        ask,
        prompt="Name a city and its country. Answer in JSON, with an object whose members are city and country.",
        response_format={**JSON_OBJECT},
    )
    yield [
        asked(max_tokens=256),
        asked(max_tokens=256, stream=True, n=two),
        asked(max_tokens=3, n=two, stop=NEVER if ask.has("stop") else OMIT),
        asked(max_tokens=3, stream=True),
    ]
    return None


objects = takes(json_objects, standard=1, full=4)


def form_of(exchange: Exchange) -> dict[str, JSON]:
    """The form of reply that a request asks for."""
    return members(exchange.sent.get("response_format"))


def in_json(exchange: Exchange) -> bool:
    """A legible reply to a request for JSON."""
    return exchange.legible and form_of(exchange).get("type") in ("json_object", "json_schema")


def in_json_object(exchange: Exchange) -> bool:
    """The same where no schema is given and no stop sequence may have ended it."""
    unstopped = exchange.sent.get("stop") is None
    return unstopped and in_json(exchange) and form_of(exchange).get("type") == "json_object"


def texts(exchange: Exchange, *, cut: bool) -> list[tuple[JSON, str]]:
    """(index, text) of the choices that a limit cut, or of those that ended by themselves.

    Left out is what is no answer: silence, calls and refusals.  Thoughts that stand in the text before the
    answer, as they may where nothing separates them, are passed over.
    """
    found = []
    for choice in exchange.choices:
        said = choice.text.lstrip()
        if said.startswith(THOUGHT):
            _, ended, said = said.partition(THOUGHT_ENDS)
            if not ended:
                continue
        ends = choice.finish_reason == "length" if cut else choice.finish_reason not in ENDS
        calls = choice.tool_calls or (cut and exchange.sent.get("tools") and said.lstrip().startswith(RAW_CALL))
        if ends and (cut or said.strip()) and not choice.refusal and not calls:
            found.append((choice.index, said))
    return found


def unsaid_cut(exchange: Exchange) -> str:
    """What is to be said of texts that ended by their own account, where all of the limit was used."""
    limit, used = exchange.sent.get("max_tokens"), exchange.tokens("completion_tokens")
    if not is_integer(limit) or used is None or not 0 < limit * exchange.asked_choices <= used:
        return ""
    return f'; it was cut and does not say "length": all {limit} tokens of its limit were used'


of_json = partial(
    requirement,
    level=MUST,
    source="response_format",
    scenario=objects,
    kind=Kind.EACH,
    feature="json-object",
    parameter="response_format",
)
"""A requirement on every reply that was to be JSON."""


def fenced(_: Sent, said: str, __: object) -> str:
    """The text as a block of code."""
    return f"```json\n{said}\n```"


def _asks(sent: Sent) -> bool:
    return isinstance(sent.get("response_format"), dict)


def _streamed(sent: Sent) -> bool:
    return _asks(sent) and streaming(sent)


def _whole(sent: Sent) -> bool:
    return _asks(sent) and whole(sent)


def whole_beside_n(sent: Sent) -> bool:
    """A whole reply of several choices is asked for."""
    return whole(sent) and asked_choices(sent) > 1


def beside_stop(sent: Sent) -> bool:
    """A stop sequence is given."""
    return sent.get("stop") is not None


@of_json(
    "response_format.json-object",
    applies=in_json_object,
    mutants=[
        ignores("response_format"),
        ignores("response_format", when=streaming),
        ignores("response_format", when=whole),
        says("json-in-fences", "JSON comes as a block of code", fenced, when=_asks),
        says("streamed-json-in-fences", "streamed JSON comes as a block of code", fenced, when=_streamed),
        says(
            "second-choice-in-fences",
            "JSON of the second choice comes as a block of code",
            lambda sent, said, index: fenced(sent, said, index) if index == 1 else said,
            when=_asks,
        ),
        says("words-after-json", "a sentence follows the JSON", lambda _, said, __: f"{said}\nVoila!", when=_whole),
        says("json-in-single-quotes", "JSON has single quotes", lambda _, said, __: said.replace('"', "'"), when=_asks),
    ],
)
def text_is_json(exchange: Exchange) -> Iterator[Finding]:
    """With type json_object, a text that ended by itself is one JSON value: no words around it, no block of code."""
    ended = texts(exchange, cut=False)
    if not ended:
        yield NotJudged(reason="no reply in JSON ended by itself")
    for index, said in ended:
        problem = strict_json.parse(said).problem
        if problem is not None:
            yield Violation(
                pointer=f"/choices/{show(index)} text",
                observed=f"{show(said)} ({problem}{unsaid_cut(exchange)})",
                expected="one JSON value",
            )


@of_json(
    "response_format.is-object",
    level=SHOULD,
    applies=in_json_object,
    mutants=[
        says("json-array", "json_object gives an array", lambda _, said, __: f"[{said}]", when=_asks),
        says("json-text-in-streams", "json_object streams a string", lambda *_: '"a city"', when=_streamed),
    ],
)
def json_is_an_object(exchange: Exchange) -> Iterator[Finding]:
    """With type json_object, the JSON is an object, as OpenAI's is."""
    values = [(index, strict_json.parse(said)) for index, said in texts(exchange, cut=False)]
    read = [(index, document.value) for index, document in values if document.problem is None]
    if not read:
        yield NotJudged(reason="no reply was JSON")
    for index, value in read:
        if not isinstance(value, dict):
            yield Violation(pointer=f"/choices/{show(index)} text", observed=show(value), expected="an object")


@of_json(
    "response_format.beginning",
    applies=in_json,
    mutants=[
        says(
            "words-before-json",
            "a sentence comes before the JSON",
            lambda _, said, __: f"Here is the JSON: {said}",
            when=_asks,
        ),
        says(
            "words-before-streamed-json",
            "a sentence comes before streamed JSON",
            lambda _, said, __: f"Here is the JSON: {said}",
            when=_streamed,
        ),
        says("cut-json-in-fences", "whole replies begin a block of code", fenced, when=_whole),
        ignores("response_format", when=whole_beside_n),
        ignores("response_format", when=beside_stop),
    ],
)
def what_is_cut_begins_json(exchange: Exchange) -> Iterator[Finding]:
    """A reply in JSON that a limit cut is the beginning of JSON: something could follow that makes it whole."""
    begun = texts(exchange, cut=True)
    if not begun:
        yield NotJudged(reason="no reply in JSON was cut by its limit")
    for index, said in begun:
        if not begins_json(text(said).rstrip("\ufffd")):  # half a character, where the limit cut one
            yield Violation(
                pointer=f"/choices/{show(index)} text", observed=show(said), expected="the beginning of a JSON text"
            )
