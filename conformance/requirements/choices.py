"""The choices of a reply: how many, which, and what each must hold for a client to use it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from ..contract import Contract
from ..conversations import choices, talk, talks
from ..exchange import Exchange
from ..model import JSON, Kind, Level, Violation
from ..reply import is_integer, objects
from ..requirement import requirement
from ..schema import show
from ..shape import departures
from ..spoil import completion, drop, every_chunk, put
from .envelope import answered
from .envelope import whole as whole_reply

MUST, SHOULD = Level.MUST, Level.SHOULD

KNOWN_REASONS = frozenset({"stop", "length", "tool_calls", "content_filter", "function_call"})
"""The reasons of OpenAI's reference."""


def indexes(exchange: Exchange) -> list[JSON]:
    """The index of every choice: of a whole reply as they stand, of a stream each once."""
    return [choice.index for choice in exchange.choices]


of_choices = partial(requirement, level=MUST, scenario=talk, kind=Kind.EACH, applies=whole_reply)
"""A requirement on the choices of every whole reply."""


@of_choices(
    "choices.present",
    source="choices",
    mutants=[
        completion("no-choices", "whole replies have no choices", drop("choices")),
        completion("empty-choices", "whole replies have an empty list of choices", put([], "choices")),
    ],
)
def has_choices(exchange: Exchange, *, contract: Contract) -> Iterator[Violation]:
    """A whole reply has at least one choice, and each is an object."""
    yield from departures(exchange, contract, "choices.present")


@requirement(
    "choices.indexes",
    level=MUST,
    source="index",
    scenario=choices,
    kind=Kind.EACH,
    applies=whole_reply,
    mutants=[
        completion("index-always-zero", "every choice has index 0", put(0, "choices", "*", "index")),
        completion("no-index", "choices have no index", drop("choices", "*", "index")),
        completion(
            "index-from-one",
            "indexes begin at 1",
            lambda _, body: [choice.update(index=choice["index"] + 1) for choice in body["choices"]],
        ),
        completion("index-as-text", "indexes are strings", put("0", "choices", "*", "index")),
    ],
)
def indexes_count_up(exchange: Exchange, *, contract: Contract) -> Iterator[Violation]:
    """The choices of a whole reply have the indexes 0 to n-1, each once, in any order."""
    found = list(departures(exchange, contract, "choices.indexes"))
    yield from found
    seen = indexes(exchange)
    if not found and sorted(index for index in seen if is_integer(index)) != list(range(len(seen))):
        yield Violation(pointer="/choices/*/index", observed=show(seen), expected=f"0 to {len(seen) - 1}, each once")


@of_choices(
    "choices.message",
    source="message",
    mutants=[
        completion("no-message", "choices have no message", drop("choices", "*", "message")),
        completion("message-as-text", "the message is a string", put("hello", "choices", "*", "message")),
        completion(
            "delta-in-whole-replies",
            "choices of whole replies have a delta in the place of a message",
            lambda _, body: [choice.update(delta=choice.pop("message")) for choice in body["choices"]],
        ),
    ],
)
def has_message(exchange: Exchange, *, contract: Contract) -> Iterator[Violation]:
    """Every choice of a whole reply has a message, an object."""
    yield from departures(exchange, contract, "choices.message")


@of_choices(
    "choices.role",
    source="role",
    mutants=[
        completion("no-role", "messages have no role", drop("choices", "*", "message", "role")),
        completion("role-bot", "messages have the role bot", put("bot", "choices", "*", "message", "role")),
    ],
)
def has_role(exchange: Exchange, *, contract: Contract) -> Iterator[Violation]:
    """The message of a choice has the role assistant."""
    yield from departures(exchange, contract, "choices.role")


@of_choices(
    "choices.content",
    source="content",
    mutants=[
        completion(
            "content-as-parts",
            "content is a list of parts",
            put([{"type": "text", "text": "hello"}], "choices", "*", "message", "content"),
        ),
        completion("content-as-object", "content is an object", put({}, "choices", "*", "message", "content")),
    ],
)
def content_is_text(exchange: Exchange, *, contract: Contract) -> Iterator[Violation]:
    """The content of a message is a string or null."""
    yield from departures(exchange, contract, "choices.content")


@of_choices(
    "choices.finish-reason",
    source="finish_reason",
    mutants=[
        completion(
            "null-finish-reason", "whole replies end with a null reason", put(None, "choices", "*", "finish_reason")
        ),
        completion(
            "empty-finish-reason", "whole replies end with an empty reason", put("", "choices", "*", "finish_reason")
        ),
        completion("no-finish-reason", "whole replies have no finish_reason", drop("choices", "*", "finish_reason")),
    ],
)
def has_reason(exchange: Exchange, *, contract: Contract) -> Iterator[Violation]:
    """Every choice of a whole reply says why it ended: a string that is not empty."""
    yield from departures(exchange, contract, "choices.finish-reason")


@requirement(
    "choices.finish-reason-known",
    level=SHOULD,
    source="finish_reason",
    scenario=talks,
    kind=Kind.EACH,
    applies=lambda exchange: answered(exchange) and any(choice.finish_reasons for choice in exchange.choices),
    mutants=[
        completion(
            "finish-reason-eos", "whole replies end with the reason eos", put("eos", "choices", "*", "finish_reason")
        ),
        every_chunk(
            "streamed-finish-reason-eos",
            "streams end with the reason eos",
            lambda _, chunk: [
                choice.update(finish_reason="eos")
                for choice in objects(chunk["choices"])
                if choice.get("finish_reason")
            ],
        ),
    ],
)
def reason_is_known(exchange: Exchange) -> Iterator[Violation]:
    """The reason is one that clients know: stop, length, tool_calls, content_filter or function_call."""
    for choice in exchange.choices:
        for reason in choice.finish_reasons:
            if isinstance(reason, str) and reason and reason not in KNOWN_REASONS:
                yield Violation(
                    pointer=f"/choices/{show(choice.index)}/finish_reason",
                    observed=show(reason),
                    expected="one of " + ", ".join(sorted(KNOWN_REASONS)),
                )
