"""Tools: they are shown to the model, and what they gave is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from ..exchange import Exchange
from ..model import JSON, Finding, Level, NotJudged, Violation
from ..mutants import Call, Mutant, Object, Wire
from ..reply import members, objects, text
from ..requirement import requirement
from ..spoil import either, ignores, refusal, streaming
from .tools_asked import by_name, called
from .usage import count, counted

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
    return any(message.get("role") == "tool" for message in objects(exchange.sent.get("messages")))


def _without(drop: Callable[[Object], bool]) -> Callable[[Call], Call]:
    """The endpoint passes over some of the messages."""

    def request(call: Call) -> Call:
        said = call.sent.get("messages")
        if not isinstance(said, list):
            return call
        return call.with_body({**call.sent, "messages": [each for each in said if not drop(each)]})

    return request


@of_turns(
    "tools.result-counts",
    mutants=[
        Mutant(
            name="results-dropped",
            about="the messages of tools are passed over",
            request=_without(lambda message: message.get("role") == "tool"),
        ),
        Mutant(
            name="long-results-cut",
            about="of what a tool gave only the beginning is read",
            request=lambda call: call.with_body(
                {
                    **call.sent,
                    "messages": [
                        {**each, "content": text(each.get("content"))[:5]} if each.get("role") == "tool" else each
                        for each in objects(call.sent.get("messages"))
                    ],
                }
            ),
            when=lambda sent: isinstance(sent.get("messages"), list),
        ),
    ],
)
def results_are_read(_: tuple[Exchange, ...], turns: tuple[Exchange, ...]) -> Iterator[Finding]:
    """What a tool gave is part of the prompt: sixty words of it cost more than one."""
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
