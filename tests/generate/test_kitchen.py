"""Members become requests that must be accepted: companions, references inside of a request, and a limit on cost."""

from __future__ import annotations

from typing import Any

import pytest

from conformance import contract as contracts
from conformance.generate.kitchen import MOST_TOKENS, UNSTATED, Kitchen, fitted, thrifty, tokens, whole_kitchen
from conformance.model import JSON, Zone

USER: JSON = {"role": "user", "content": "Tell me something about the sea."}
TOOL: JSON = {"type": "function", "function": {"name": "look"}}


def test_base(store: Kitchen) -> None:
    """The smallest request is one user's message and a small limit, and must be accepted."""
    assert store.zone(store.base) is Zone.ACCEPT
    assert set(store.base) == {"messages", "max_tokens"}


@pytest.mark.parametrize(
    ("name", "value", "companions"),
    [
        ("top_logprobs", 5, {"logprobs": True}),
        ("stream_options", {"include_usage": True}, {"stream": True}),
        ("temperature", 1, {}),
        ("temperature", 3, None),
    ],
)
def test_companions(highway: Kitchen, name: str, value: JSON, companions: dict[str, JSON] | None) -> None:
    """What has to go with a member is found from the contract's own rules."""
    assert highway.companions(name, value) == companions


def test_every_value_can_be_sent(store: Kitchen) -> None:
    """Every value of every parameter makes a request that must be accepted."""
    for name in store.parameters:
        for each in store.values[name]:
            body = store.alone(name, each.value)
            assert body is not None, (name, each.label)
            assert store.zone(body) is Zone.ACCEPT
            assert body[name] == each.value or name == "messages"


def test_members_that_need_others(highway: Kitchen) -> None:
    """A member brings its companion, and keeps one that is there if it will do."""
    assert highway.settle({"top_logprobs": 3})["logprobs"] is True
    assert highway.settle({"stream_options": {"include_usage": True}, "stream": False})["stream"] is True


def test_members_that_exclude_each_other() -> None:
    """Of two members that cannot go together one is left out, the base's own first."""
    contract = contracts.load("basic-gateway")
    store = whole_kitchen(contract)
    assert "max_tokens" not in store.settle({"max_completion_tokens": 9})
    both = store.settle({"n": 3, "temperature": 0})
    assert store.zone(both) is Zone.ACCEPT
    assert len({"n", "temperature"} & both.keys()) == 1
    spoken = store.settle({"modalities": ["audio"]})
    assert spoken.get("audio") if "modalities" in spoken else True


def test_cost() -> None:
    """However many choices, all of them together stay within the most tokens of a generated request."""
    assert thrifty({"n": 127, "max_tokens": 8}) == {"n": 127, "max_tokens": 1}
    assert thrifty({"n": 3, "max_tokens": 8}) == {"n": 3, "max_tokens": 8}
    assert thrifty({"max_completion_tokens": 2**31 - 1}) == {"max_completion_tokens": MOST_TOKENS}
    assert thrifty({"max_tokens": 5000}, keep="max_tokens") == {"max_tokens": 5000}
    assert tokens({"max_tokens": 8}) == 8
    assert tokens({"max_tokens": 2, "n": 129}) == 258
    assert tokens({}) == UNSTATED


def call(id_: str, name: str) -> dict[str, Any]:
    """A call of a function."""
    return {"id": id_, "type": "function", "function": {"name": name, "arguments": "{}"}}


def test_tool_turns_refer_to_what_is_there() -> None:
    """There are as many calls as answers, each of its own id, of functions that are offered."""
    talk: list[JSON] = [
        USER,
        {"role": "assistant", "content": None, "tool_calls": [call("a", "unknown")]},
        {"role": "tool", "tool_call_id": "x", "content": "1"},
        {"role": "tool", "tool_call_id": "y", "content": "2"},
    ]
    made: Any = fitted({"messages": talk, "tools": [TOOL]})["messages"]
    calls = made[1]["tool_calls"]
    assert [each["id"] for each in calls] == [each["tool_call_id"] for each in made[2:]]
    assert len({each["id"] for each in calls}) == 2
    assert {each["function"]["name"] for each in calls} == {"look"}
    assert talk[1]["tool_calls"] == [call("a", "unknown")]  # type: ignore[call-overload, index]  # what was given stays


def test_json_is_asked_for() -> None:
    """Where JSON is wanted a message says so, once, within the longest text."""
    body: dict[str, JSON] = {"messages": [USER], "response_format": {"type": "json_object"}}
    asked: Any = fitted(body)
    assert asked["messages"][0]["content"].endswith("JSON.")
    assert fitted(asked) == asked
    long: Any = fitted({**body, "messages": [{"role": "user", "content": "x" * 2000}]})
    assert len(long["messages"][0]["content"]) == 2000


@pytest.mark.parametrize(
    "messages", [None, [], "x", [1], [{"role": "user"}], [{"role": "assistant", "tool_calls": []}]]
)
def test_fitting_is_total(messages: JSON) -> None:
    """Whatever messages are, fitting answers."""
    assert fitted({"messages": messages, "tools": [None, {}, {"function": 1}], "response_format": {"type": "json_x"}})
