"""Requests and tokens, debited before each send at their worst, so that a limit is never exceeded by one."""

from __future__ import annotations

from dataclasses import dataclass

from . import strict_json
from .model import Request
from .reply import asked_choices, is_integer, members

UNSTATED = 512
"""Completion tokens debited for a request that sets no limit; endpoints that default max_tokens choose such a value."""

PER_MESSAGE = 16
"""Tokens of a chat template around one message, at most."""


def worst_tokens(request: Request, context: int) -> int:
    """The most tokens a request can cost: a prompt of one token a byte, and every choice as long as it may be.

    `context` is what a larger max_tokens is taken as, for no endpoint generates beyond its window.
    """
    body = members(strict_json.parse(request.body).value)
    limits = [value for name in ("max_tokens", "max_completion_tokens") if is_integer(value := body.get(name))]
    limit = min([*limits, context]) if limits else UNSTATED
    return prompt_tokens(request) + max(limit, 0) * max(asked_choices(body), 1)


def prompt_tokens(request: Request) -> int:
    """The most tokens a request's prompt can be: its messages, and what else is put into words for the model."""
    body = members(strict_json.parse(request.body).value)
    messages = body.get("messages")
    listed = messages if isinstance(messages, list) else [] if messages is None else [messages]
    told = [body[name] for name in ("tools", "functions", "response_format") if name in body]
    return sum(len(strict_json.dump(each)) + PER_MESSAGE for each in [*listed, *told])


@dataclass(kw_only=True)
class Budget:
    """What a run may still spend; None is no limit."""

    max_requests: int | None = None
    max_tokens: int | None = None
    context: int = 8192
    requests: int = 0
    tokens: int = 0

    def take(self, request: Request) -> str | None:
        """Debit one send.  Returns why it may not be sent, or None when it may."""
        cost = worst_tokens(request, self.context)
        if self.max_requests is not None and self.requests + 1 > self.max_requests:
            return f"the budget of {self.max_requests} requests is spent"
        if self.max_tokens is not None and self.tokens + cost > self.max_tokens:
            return f"the budget of {self.max_tokens} tokens is spent"
        self.requests += 1
        self.tokens += cost
        return None

    def settle(self, request: Request, used: int | None) -> None:
        """Give back what the endpoint says it did not use."""
        cost = worst_tokens(request, self.context)
        if used is not None and 0 <= used < cost:
            self.tokens -= cost - used

    def recall(self, request: Request, used: int | None) -> None:
        """Debit a send of an earlier part of the run, limits or not."""
        self.requests += 1
        self.tokens += worst_tokens(request, self.context)
        self.settle(request, used)
