"""Requests, tokens and money, debited before each send at their worst, so that a limit is never exceeded by one."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from . import strict_json
from .model import Request
from .reply import asked_choices, is_integer, members

UNSTATED = 512
"""Completion tokens debited for a request that sets no limit; endpoints that default max_tokens choose such a value."""

PER_MESSAGE = 16
"""Tokens of a chat template around one message, at most."""

MOST_REPORTED = 10**9
"""Tokens of one exchange that a count of the endpoint's may say."""


@dataclass(frozen=True, kw_only=True)
class Prices:
    """What a million tokens cost, in a currency that only the user knows."""

    prompt: Decimal
    completion: Decimal

    def cost(self, prompt: int, completion: int) -> Decimal:
        """What so many tokens cost."""
        return (self.prompt * prompt + self.completion * completion) / 1_000_000


def worst_tokens(request: Request, context: int) -> int:
    """The most tokens a request can cost: a prompt of one token a byte, and every choice as long as it may be."""
    return prompt_tokens(request) + completion_tokens(request, context)


def completion_tokens(request: Request, context: int) -> int:
    """The most tokens that all choices of a request can be.

    `context` is what a larger max_tokens is taken as, for no endpoint generates beyond its window.
    """
    body = members(strict_json.parse(request.body).value)
    limits = [value for name in ("max_tokens", "max_completion_tokens") if is_integer(value := body.get(name))]
    limit = min([*limits, context]) if limits else UNSTATED
    return max(limit, 0) * max(asked_choices(body), 1)


def prompt_tokens(request: Request) -> int:
    """The most tokens a request's prompt can be: its messages, and what else is put into words for the model."""
    body = members(strict_json.parse(request.body).value)
    messages = body.get("messages")
    listed = messages if isinstance(messages, list) else [] if messages is None else [messages]
    told = [body[name] for name in ("tools", "functions", "response_format") if name in body]
    return sum(len(strict_json.dump(each)) + PER_MESSAGE for each in [*listed, *told])


@dataclass(kw_only=True)
class Budget:
    """What a run may still spend; None is no limit.  Money is counted where there are `prices`."""

    max_requests: int | None = None
    max_tokens: int | None = None
    max_cost: Decimal | None = None
    prices: Prices | None = None
    context: int = 8192
    requests: int = 0
    tokens: int = 0
    cost: Decimal = Decimal(0)

    def take(self, request: Request) -> str | None:
        """Debit one send.  Returns why it may not be sent, or None when it may."""
        tokens, cost = worst_tokens(request, self.context), self._worst_cost(request)
        if self.max_requests is not None and self.requests + 1 > self.max_requests:
            return f"the budget of {self.max_requests} requests is spent"
        if self.max_tokens is not None and self.tokens + tokens > self.max_tokens:
            return f"the budget of {self.max_tokens} tokens is spent"
        if self.max_cost is not None and self.cost + cost > self.max_cost:
            return f"the budget of {self.max_cost} (--max-cost) is spent"
        self.requests += 1
        self.tokens += tokens
        self.cost += cost
        return None

    def settle(self, request: Request, used: int | None, counted: tuple[int | None, int | None] = (None, None)) -> None:
        """Give back what the endpoint says it did not use: the total, and prompt and completion tokens `counted`.

        Money that it says it cost beyond the worst is debited too, for it will be charged.
        """
        worst = worst_tokens(request, self.context)
        if used is not None and 0 <= used < worst:
            self.tokens -= worst - used
        prompt, completion = (count if count is None or 0 <= count <= MOST_REPORTED else None for count in counted)
        if self.prices is not None and prompt is not None and completion is not None:
            self.cost += self.prices.cost(prompt, completion) - self._worst_cost(request)

    def recall(self, request: Request, used: int | None, counted: tuple[int | None, int | None] = (None, None)) -> None:
        """Debit a send of an earlier part of the run, limits or not."""
        self.requests += 1
        self.tokens += worst_tokens(request, self.context)
        self.cost += self._worst_cost(request)
        self.settle(request, used, counted)

    def _worst_cost(self, request: Request) -> Decimal:
        if self.prices is None:
            return Decimal(0)
        return self.prices.cost(prompt_tokens(request), completion_tokens(request, self.context))
