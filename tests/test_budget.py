"""Budgets: debited at the worst before each send, so that no limit is ever exceeded."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.budget import PER_MESSAGE, UNSTATED, Budget, Prices, prompt_tokens, worst_tokens
from conformance.model import Request

CONTEXT = 1000
HELLO = {"role": "user", "content": "Hello."}
PROMPT = len(b'{"role":"user","content":"Hello."}') + PER_MESSAGE
TOOL = {"type": "function", "function": {"name": "weather", "description": "Tells it. " * 20}}

counts = st.none() | st.integers(-5, 50) | st.sampled_from([10**9, "5", 2.5, True, []])
requests = st.builds(
    lambda **members: asked(**{name: value for name, value in members.items() if value is not None}),
    max_tokens=counts,
    max_completion_tokens=counts,
    n=counts,
    messages=st.lists(st.just(HELLO), max_size=3) | counts,
)


def asked(**members: Any) -> Request:
    """A request with these members."""
    return Request(body=json.dumps(members).encode())


@pytest.mark.parametrize(
    ("members", "completion"),
    [
        ({"max_tokens": 5}, 5),
        ({"max_tokens": 5, "n": 3}, 15),
        ({"max_completion_tokens": 7}, 7),
        ({"max_tokens": 5, "max_completion_tokens": 7}, 5),
        ({"max_tokens": 10**9}, CONTEXT),
        ({"max_tokens": 10**9, "n": 2}, 2 * CONTEXT),
        ({}, UNSTATED),
        ({"n": 2}, 2 * UNSTATED),
        ({"max_tokens": None}, UNSTATED),
        ({"max_tokens": "5"}, UNSTATED),
        ({"max_tokens": 5.5}, UNSTATED),
        ({"max_tokens": 0}, 0),
        ({"max_tokens": -5}, 0),
        ({"max_tokens": 5, "n": 0}, 5),
        ({"max_tokens": 5, "n": -3}, 5),
        ({"max_tokens": 5, "n": "3"}, 5),
        ({"max_tokens": 5, "n": True}, 5),
    ],
)
def test_completion_tokens(members: dict[str, Any], completion: int) -> None:
    """A request costs at most its limit, as far as a context reaches, for each of its choices, and its prompt."""
    assert worst_tokens(asked(messages=[HELLO], **members), CONTEXT) == PROMPT + completion


@pytest.mark.parametrize(
    ("messages", "tokens"),
    [
        ([HELLO], PROMPT),
        ([HELLO, HELLO], 2 * PROMPT),
        ([], 0),
        ([5, None], 1 + 4 + 2 * PER_MESSAGE),
        ([{"content": "é"}], len('{"content":"é"}'.encode()) + PER_MESSAGE),
        ([{"content": "\ud800"}], len(b'{"content":"\\ud800"}') + PER_MESSAGE),
    ],
)
def test_prompt_tokens(messages: list[Any], tokens: int) -> None:
    """A prompt is at most a token a byte, and what a chat template puts around each message."""
    assert prompt_tokens(asked(messages=messages)) == tokens


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"\xff", b'{"messages": NaN}', b"5"])
def test_unreadable_request(body: bytes) -> None:
    """A request that is no JSON object has no messages, and is debited as one without a limit."""
    assert prompt_tokens(Request(body=body)) == 0
    assert worst_tokens(Request(body=body), CONTEXT) == UNSTATED


@pytest.mark.parametrize(
    "members",
    [
        {"messages": [HELLO], "tools": [TOOL]},
        {"messages": [HELLO], "functions": [TOOL["function"]]},
        {"messages": [HELLO], "response_format": {"json_schema": {"schema": TOOL}}},
        {"messages": {"role": "user", "content": "Hello. " * 20}},
        {"messages": "Hello. " * 20},
    ],
)
def test_all_that_the_model_reads(members: dict[str, Any]) -> None:
    """Whatever of a request a model may be told is debited a token a byte: tools, schemas and odd messages too."""
    said = sum(len(json.dumps(value, separators=(",", ":"))) for value in members.values())
    assert worst_tokens(asked(max_tokens=0, **members), CONTEXT) >= said - 2


def test_requests_are_counted() -> None:
    """After as many requests as are allowed the next is refused, with the reason."""
    budget = Budget(max_requests=2)
    assert [budget.take(asked()) for _ in range(3)] == [None, None, "the budget of 2 requests is spent"]
    assert budget.requests == 2


def test_tokens_are_counted() -> None:
    """A request that could cost more than is left is refused; one that fits exactly is not."""
    budget = Budget(max_tokens=10, context=CONTEXT)
    assert budget.take(asked(max_tokens=6)) is None
    assert budget.take(asked(max_tokens=5)) == "the budget of 10 tokens is spent"
    assert budget.take(asked(max_tokens=4)) is None
    assert (budget.requests, budget.tokens) == (2, 10)


def test_no_limit() -> None:
    """Without a limit everything may be sent, and is counted all the same."""
    budget = Budget()
    assert [budget.take(asked(max_tokens=10**9)) for _ in range(5)] == [None] * 5
    assert (budget.requests, budget.tokens) == (5, 5 * 8192)


@pytest.mark.parametrize(("used", "left"), [(None, 50), (0, 0), (20, 20), (49, 49), (50, 50), (999, 50), (-1, 50)])
def test_settled(used: int | None, left: int) -> None:
    """What the endpoint says it did not use is given back; a count that cannot be gives nothing."""
    budget = Budget()
    request = asked(max_tokens=50)
    budget.take(request)
    budget.settle(request, used)
    assert budget.tokens == left


PRICES = Prices(prompt=Decimal("0.5"), completion=Decimal("1.5"))


def test_money_is_counted() -> None:
    """A request is debited at its worst by the prices of a million tokens; one that fits exactly is sent, the next not."""
    worst = PRICES.cost(PROMPT, 10)
    assert worst == (PROMPT * Decimal("0.5") + 15) / 1_000_000
    budget = Budget(max_cost=2 * worst, prices=PRICES, context=CONTEXT)
    ask = asked(messages=[HELLO], max_tokens=10)
    assert [budget.take(ask) for _ in range(2)] == [None, None]
    assert "--max-cost" in (budget.take(ask) or "")
    assert budget.cost == 2 * worst


@pytest.mark.parametrize(
    ("counted", "cost"),
    [
        ((1, 2), PRICES.cost(1, 2)),
        ((0, 0), Decimal(0)),
        ((None, 2), PRICES.cost(PROMPT, 10)),
        ((1, None), PRICES.cost(PROMPT, 10)),
        ((-1, 2), PRICES.cost(PROMPT, 10)),
        ((1, 10**12), PRICES.cost(PROMPT, 10)),
        ((1, 5000), PRICES.cost(1, 5000)),
    ],
)
def test_money_is_settled(counted: tuple[int | None, int | None], cost: Decimal) -> None:
    """What was not used is given back, and what was thought beyond the limit is paid; a count that cannot be is nothing."""
    budget = Budget(prices=PRICES)
    ask = asked(messages=[HELLO], max_tokens=10)
    budget.take(ask)
    budget.settle(ask, None, counted)
    assert budget.cost == cost


@settings(deadline=None)
@given(
    st.none() | st.integers(0, 10),
    st.none() | st.integers(0, 3000),
    st.lists(st.tuples(requests, st.none() | st.integers(-5, 2000)), max_size=20),
)
def test_never_exceeded(
    max_requests: int | None, max_tokens: int | None, asks: list[tuple[Request, int | None]]
) -> None:
    """Whatever is sent and whatever it is said to have cost, no limit is exceeded, and a refusal costs nothing."""
    budget = Budget(max_requests=max_requests, max_tokens=max_tokens, context=100)
    in_flight: list[tuple[Request, int | None]] = []
    for request, used in asks:
        before = (budget.requests, budget.tokens)
        refused = budget.take(request)
        if refused:
            assert (budget.requests, budget.tokens) == before
        else:
            assert (budget.requests, budget.tokens) == (before[0] + 1, before[1] + worst_tokens(request, 100))
            in_flight.append((request, used))
        assert max_requests is None or budget.requests <= max_requests
        assert max_tokens is None or budget.tokens <= max_tokens
    for request, used in in_flight:
        budget.settle(request, used)
        assert budget.tokens >= 0
    assert budget.tokens >= sum(max(0, min(used or 0, worst_tokens(each, 100))) for each, used in in_flight)
