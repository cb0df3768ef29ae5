"""Usage: the counts of tokens by which an endpoint is paid."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from ..contract import Contract
from ..conversations import talk, talks
from ..exchange import Exchange
from ..model import Kind, Level, Violation
from ..mutants import Object, Sent
from ..reply import objects
from ..requirement import requirement
from ..shape import departures
from ..spoil import completion, drop, either, streaming
from .envelope import answered
from .envelope import whole as whole_reply

MUST, SHOULD = Level.MUST, Level.SHOULD

COUNTS = ("prompt_tokens", "completion_tokens", "total_tokens")

TOLERANCE = 2
"""Tokens by which equal prompts may differ: some endpoints add the date to what the model sees."""


def counted(exchange: Exchange) -> bool:
    """Answered, with all three counts as integers."""
    return exchange.ok and all(exchange.tokens(name) is not None for name in COUNTS)


def count(exchange: Exchange, name: str) -> int:
    """One of the three counts, 0 where it is missing."""
    return exchange.tokens(name) or 0


def _usage(change: Callable[[Sent, Object], object]) -> Callable[[Sent, Object], None]:
    """A change of every usage object there is."""

    def act(sent: Sent, body: Object) -> None:
        if isinstance(body.get("usage"), dict):
            change(sent, body["usage"])

    return act


@requirement(
    "usage.present",
    level=SHOULD,
    source="usage",
    scenario=talk,
    kind=Kind.EACH,
    applies=whole_reply,
    mutants=[completion("no-usage", "whole replies have no usage", drop("usage"))],
)
def has_usage(exchange: Exchange) -> Iterator[Violation]:
    """A whole reply says how many tokens it used."""
    if exchange.members.get("usage") is None and "choices" in exchange.members:
        yield Violation(pointer="/usage", observed="missing", expected="an object with three counts")


@requirement(
    "usage.shape",
    level=MUST,
    source="usage",
    scenario=talks,
    kind=Kind.EACH,
    applies=lambda exchange: answered(exchange) and any(each.get("usage") is not None for each in exchange.objects),
    mutants=[
        either(
            "usage-counts-as-text", "usage counts are strings", _usage(lambda _, usage: usage.update(total_tokens="9"))
        ),
        either("usage-empty", "usage is an empty object", _usage(lambda _, usage: usage.clear())),
        either(
            "no-total-in-streams",
            "streamed usage has no total",
            _usage(lambda _, usage: usage.pop("total_tokens", None)),
            when=streaming,
        ),
        either(
            "negative-count", "completion_tokens is -1", _usage(lambda _, usage: usage.update(completion_tokens=-1))
        ),
    ],
)
def usage_has_counts(exchange: Exchange, *, contract: Contract) -> Iterator[Violation]:
    """Where there is usage it has prompt_tokens, completion_tokens and total_tokens, whole numbers not below 0."""
    yield from departures(exchange, contract, "usage.shape")


of_counts = partial(requirement, level=MUST, source="usage", scenario=talks, kind=Kind.EACH, applies=counted)
"""A requirement on every reply with all three counts."""


@of_counts(
    "usage.sums",
    mutants=[
        either(
            "total-one-too-many",
            "total_tokens is one too many",
            _usage(lambda _, usage: usage.update(total_tokens=usage["total_tokens"] + 1)),
        ),
        either(
            "total-without-prompt-in-streams",
            "streamed total_tokens leaves the prompt out",
            _usage(lambda _, usage: usage.update(total_tokens=usage["completion_tokens"])),
            when=streaming,
        ),
    ],
)
def total_is_the_sum(exchange: Exchange) -> Iterator[Violation]:
    """total_tokens is the sum of the other two, or with the reasoning tokens that some count outside of them."""
    prompt, completed, total = (count(exchange, name) for name in COUNTS)
    if total not in (prompt + completed, prompt + completed + exchange.thought_tokens):
        yield Violation(pointer="/usage/total_tokens", observed=str(total), expected=f"{prompt} + {completed}")


@of_counts(
    "usage.counts-prompt",
    applies=lambda exchange: (
        counted(exchange) and any(each.get("content") for each in objects(exchange.sent.get("messages")))
    ),
    mutants=[
        either("prompt-not-counted", "prompt_tokens is 0", _usage(lambda _, usage: usage.update(prompt_tokens=0))),
        either(
            "prompt-not-counted-in-streams",
            "streamed prompt_tokens is 0",
            _usage(lambda _, usage: usage.update(prompt_tokens=0)),
            when=streaming,
        ),
    ],
)
def prompt_is_counted(exchange: Exchange) -> Iterator[Violation]:
    """prompt_tokens is above 0: no prompt is empty."""
    if count(exchange, "prompt_tokens") == 0:
        yield Violation(pointer="/usage/prompt_tokens", observed="0", expected="above 0")


@requirement(
    "usage.counts-reply",
    level=MUST,
    source="usage",
    scenario=talks,
    kind=Kind.EACH,
    applies=lambda exchange: counted(exchange) and any(choice.text.strip() for choice in exchange.choices),
    mutants=[
        either(
            "reply-not-counted", "completion_tokens is 0", _usage(lambda _, usage: usage.update(completion_tokens=0))
        ),
        either(
            "reply-not-counted-in-streams",
            "streamed completion_tokens is 0",
            _usage(lambda _, usage: usage.update(completion_tokens=0)),
            when=streaming,
        ),
    ],
)
def reply_is_counted(exchange: Exchange) -> Iterator[Violation]:
    """completion_tokens is above 0 where something was said."""
    if count(exchange, "completion_tokens") == 0:
        yield Violation(pointer="/usage/completion_tokens", observed="0", expected="above 0: the reply is not empty")
