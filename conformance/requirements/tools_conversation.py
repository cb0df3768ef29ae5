"""Tools: they are shown to the model, and what they gave is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from .. import calls
from ..exchange import Exchange
from ..model import JSON, Finding, Level, NotJudged, Violation
from ..mutants import Call, Mutant, Object, Sent, Wire
from ..reply import members, objects, text, thoughts
from ..requirement import requirement
from ..spoil import either, ignores, refusal, streaming
from .tools_asked import by_name, called
from .usage import TOLERANCE, count, counted

SHOULD = Level.SHOULD

of_turns = partial(requirement, level=SHOULD, source="tools", scenario=by_name, feature="tools", parameter="tools")
"""A recommendation on a conversation with tools."""


def _prompt_of(exchange: Exchange) -> int:
    return count(exchange, "prompt_tokens")


@of_turns(
    "tools.offer-counts",
    mutants=[
        ignores("tools"),
        either(
            "tools-not-counted",
            "streams do not count the tools that are offered",
            lambda sent, body: (
                body["usage"].update(prompt_tokens=20, total_tokens=20 + body["usage"]["completion_tokens"])
                if body.get("usage") and "tools" in sent
                else None
            ),
            when=streaming,
        ),
    ],
)
def tools_are_shown(asked: tuple[Exchange, ...], _: tuple[Exchange, ...]) -> Iterator[Finding]:
    """A prompt costs more with tools than without: the model is shown them."""
    *with_tools, without = asked
    judged = [each for each in with_tools if counted(each)]
    if not judged or not counted(without):
        yield NotJudged(reason="there was no usage to compare")
        return
    for each in judged:
        if _prompt_of(each) <= _prompt_of(without):
            yield Violation(
                pointer="/usage/prompt_tokens",
                observed=f"{_prompt_of(each)} with two tools",
                expected=f"more than the {_prompt_of(without)} without",
                exchanges=(each.n, without.n),
            )


LEAST = 20
"""Tokens that sixty words have at least, whatever the vocabulary."""


def _told(exchange: Exchange) -> bool:
    """Whether a request tells what a tool gave."""
    return after_a_result(exchange.sent)


def after_a_result(sent: Sent) -> bool:
    """A tool has been called before."""
    return any(message.get("role") == "tool" for message in objects(sent.get("messages")))


def _without(drop: Callable[[Object], bool]) -> Callable[[Call], Call]:
    """The endpoint passes over some of the messages."""

    def request(call: Call) -> Call:
        said = call.sent.get("messages")
        if not isinstance(said, list):
            return call
        return call.with_body({**call.sent, "messages": [each for each in said if not drop(each)]})

    return request


def _changed(name: str, about: str, change: Callable[[Object], Object]) -> Mutant:
    """The endpoint takes each message for another."""

    def request(call: Call) -> Call:
        said = call.sent.get("messages")
        if not isinstance(said, list):
            return call
        return call.with_body({**call.sent, "messages": [change(each) for each in said if isinstance(each, dict)]})

    return Mutant(name=name, about=about, request=request)


def _cut_at(most: int, name: str) -> Mutant:
    return _changed(
        name,
        f"of what a tool gave only {most} characters are read",
        lambda each: {**each, "content": text(each.get("content"))[:most]} if each.get("role") == "tool" else each,
    )


@of_turns(
    "tools.result-counts",
    mutants=[
        Mutant(
            name="results-dropped",
            about="the messages of tools are passed over",
            request=_without(lambda message: message.get("role") == "tool"),
        ),
        _cut_at(5, "long-results-cut"),
        _cut_at(100, "results-cut-at-100"),
    ],
)
def results_are_read(_: tuple[Exchange, ...], turns: tuple[Exchange, ...]) -> Iterator[Finding]:
    """What a tool gave is part of the prompt: with 120 words of it a prompt costs more than with one and sixty words in
    the call."""
    short, long = turns
    if not _told(short) or not counted(short) or not counted(long):
        yield NotJudged(reason="there was no usage of conversations with a tool's result to compare")
    elif _prompt_of(long) < _prompt_of(short) + LEAST:
        yield Violation(
            pointer="/usage/prompt_tokens",
            observed=f"{_prompt_of(long)} with a long result",
            expected=f"far more than the {_prompt_of(short)} with a short one",
            exchanges=(short.n, long.n),
        )


def _plainly_calls(exchange: Exchange) -> bool:
    """Whether the message that called, as it was sent back, has no more than words, and calls with JSON objects."""
    own = next((each for each in objects(exchange.sent.get("messages")) if each.get("tool_calls")), {})
    given = [members(each.get("function")).get("arguments") for each in objects(own.get("tool_calls"))]
    return (
        isinstance(own.get("content"), str | None)
        and not thoughts(own)
        and all(calls.unfit(each, {}) is None for each in given)
    )


@of_turns(
    "tools.call-counts",
    mutants=[
        _changed(
            "calls-in-history-dropped",
            "the calls of the assistant's messages are passed over",
            lambda each: {name: value for name, value in each.items() if name != "tool_calls"},
        ),
        _changed(
            "arguments-in-history-dropped",
            "of the calls of the assistant's messages only the names are read",
            lambda each: (
                {
                    **each,
                    "tool_calls": [
                        {**call, "function": {**call["function"], "arguments": "{}"}} for call in each["tool_calls"]
                    ],
                }
                if each.get("tool_calls")
                else each
            ),
        ),
        ignores("tools", when=after_a_result),
    ],
)
def calls_are_read(asked: tuple[Exchange, ...], turns: tuple[Exchange, ...]) -> Iterator[Finding]:
    """What was called is part of the prompt, and so are the tools that are still offered: sixty words in a call cost
    about what they cost in what a tool gave."""
    first, *_, without = asked
    short, long = turns
    if not _told(short) or not _plainly_calls(long) or not all(map(counted, (first, without, *turns))):
        yield NotJudged(reason="there was no usage of conversations with a call and no thoughts to compare")
    elif _prompt_of(first) <= _prompt_of(without) + TOLERANCE:
        yield NotJudged(reason="tools are not counted")
    elif _prompt_of(short) < _prompt_of(first) + _prompt_of(long) - _prompt_of(short) - LEAST:
        yield Violation(
            pointer="/usage/prompt_tokens",
            observed=f"{_prompt_of(short)} with sixty words more in the call, {_prompt_of(first)} before it",
            expected=f"about {_prompt_of(long) - _prompt_of(short)} more, as for sixty words more in its result",
            exchanges=(first.n, short.n, long.n),
        )


def _refuses_own(call: Call, reply: Wire) -> Wire:
    said: list[dict[str, JSON]] = list(objects(call.sent.get("messages")))
    own = any(message.get("tool_calls") for message in said)
    long = any(len(text(members(message).get("content"))) > 200 for message in said)
    return refusal(reply, 422, "messages: extra fields not permitted") if own and long else reply


@of_turns(
    "tools.own-message",
    mutants=[
        Mutant(name="own-calls-refused", about="the endpoint refuses its own message with calls", wire=_refuses_own)
    ],
)
def own_calls_are_accepted(asked: tuple[Exchange, ...], turns: tuple[Exchange, ...]) -> Iterator[Finding]:
    """The message that called a tool is accepted as it came, with the tool's result after it."""
    own = turns[-1]
    if not _told(own) or not called(asked[0]):
        yield NotJudged(reason="no whole reply called a tool")
    elif not own.ok and own.weather is None:
        yield Violation(
            pointer="status",
            observed=f"{own.status} for the endpoint's own message",
            expected="2xx",
            exchanges=(own.n,),
        )
