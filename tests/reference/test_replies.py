"""Replies are what the contract says, and the same whole or streamed."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.reference.vocabulary import IDS
from conformance.reply import members, objects

from .client import CALL_IT, USAGE, WEATHER, Client, entries

# -- shape


def test_whole_replies_are_what_the_contract_says(every: Client) -> None:
    """Ids come once, created is now, the model is the one that was asked."""
    one, other = every.ask(), every.ask(n=3, logprobs=True, top_logprobs=5)
    for reply in (one, other):
        assert not every.contract.completion.faults(reply.members)
        assert reply.media_type == "application/json"
        assert (reply.members["created"], reply.members["model"]) == (1_700_000_000, "reference")
    assert one.members["id"] != other.members["id"]


def test_streams_are_what_the_contract_says(every: Client) -> None:
    """Data-only events, each a chunk with the one id, then [DONE]; every event is one piece."""
    reply = every.ask(stream=True, n=3, logprobs=True, top_logprobs=5)
    assert reply.media_type == "text/event-stream"
    assert not reply.stream.irregularities
    assert len(reply.pieces) == len(reply.stream.events) == len(reply.chunks) + 1
    assert reply.stream.events[-1].data == b"[DONE]"
    for chunk in reply.chunks:
        assert not every.contract.chunk.faults(chunk)
    assert len({(chunk["id"], chunk["object"], chunk["created"]) for chunk in reply.chunks}) == 1


def test_a_stream_begins_with_the_role_and_ends_with_the_reason(every: Client) -> None:
    """Of every choice, and the choices come in turns."""
    reply = every.ask(stream=True, n=3)
    choices = [choice for chunk in reply.chunks for choice in objects(chunk["choices"])]
    for index in range(3):
        own = [choice for choice in choices if choice["index"] == index]
        assert own[0]["delta"] == {"role": "assistant", "content": ""}
        assert (own[-1]["delta"], own[-1]["finish_reason"]) == ({}, "length")
        assert all(choice["finish_reason"] is None for choice in own[:-1])
    assert [choice["index"] for choice in choices[:9]] == [0, 1, 2] * 3


# -- usage


def test_usage_counts_everything_once(every: Client) -> None:
    """The prompt once, all choices' tokens, and both together."""
    reply = every.ask(n=3, max_tokens=7, logprobs=True)
    assert reply.tokens("completion_tokens") == 21 == sum(len(entries(reply, index)) for index in range(3))
    assert reply.tokens("total_tokens") == 21 + (reply.tokens("prompt_tokens") or 0)
    assert reply.tokens("prompt_tokens") == every.ask(max_tokens=1).tokens("prompt_tokens")
    longer = every.ask("Tell a long story about a traveller who counts everything and never sleeps.", max_tokens=1)
    assert (longer.tokens("prompt_tokens") or 0) > (reply.tokens("prompt_tokens") or 0)


def test_a_stream_tells_its_usage_when_it_has_to(every: Client) -> None:
    """Unasked in the very last chunk, or asked for in one more, with null in the others."""
    asked = every.ask(stream=True, stream_options=USAGE, seed=1)
    unasked = every.ask(stream=True, seed=1)
    assert asked.usage == every.ask(seed=1).usage
    told = [chunk.get("usage") for chunk in asked.chunks]
    assert told[-1] == asked.usage
    assert not any(told[:-1])
    if every.contract.dialect["stream_usage"] == "always":
        assert unasked.usage == asked.usage
        assert objects(unasked.chunks[-1]["choices"])
    else:
        assert asked.chunks[-1]["choices"] == []
        assert all("usage" in chunk for chunk in asked.chunks)
        assert not any("usage" in chunk for chunk in unasked.chunks)


# -- whole and streamed


VARIANTS: list[dict[str, Any]] = [
    {},
    {"n": 3},
    {"n": 3, "logprobs": True, "top_logprobs": 3},
    {"stop": " the"},
    {"stop": ["e", " the", "of and"], "n": 2, "logprobs": True},
    {"logit_bias": {"226": 100}, "logprobs": True},
    {"logit_bias": {str(IDS[b" \xf0\x9f"]): 5, str(IDS[b" caf\xc3"]): 5}, "logprobs": True, "max_tokens": 48},
    {"temperature": 2, "logprobs": True},
    {"max_tokens": 400},
    {"response_format": {"type": "json_object"}, "logprobs": True},
    {"response_format": {"type": "json_object"}, "max_tokens": 5},
    {"tools": [WEATHER], "prompt": CALL_IT, "n": 2, "max_tokens": 200},
    {"separate_reasoning": True, "logprobs": True, "n": 2},
    {"enable_thinking": True, "logprobs": True},
]


@pytest.mark.parametrize("members", VARIANTS, ids=str)
def test_a_stream_says_what_a_whole_reply_says(every: Client, members: dict[str, Any]) -> None:
    """For the same seed, to the last character, token and count."""
    for seed in range(5):
        whole = every.ask(seed=seed, **members)
        streamed = every.ask(seed=seed, stream=True, stream_options=USAGE, **members)
        for one, other in zip(whole.choices, streamed.choices, strict=True):
            assert (one.text, one.reasoning, one.finish_reason) == (other.text, other.reasoning, other.finish_reason)
            assert one.logprobs == other.logprobs
        assert whole.usage == streamed.usage


def test_streamed_calls_are_the_whole_ones(every: Client) -> None:
    """The name first, then the pieces of the arguments."""
    if "tools" not in every.contract.parameters:
        pytest.skip("this contract has no tools")
    whole = every.ask(CALL_IT, seed=1, tools=[WEATHER], max_tokens=200)
    streamed = every.ask(CALL_IT, seed=1, tools=[WEATHER], max_tokens=200, stream=True)
    (call,) = objects(list(whole.choices[0].tool_calls))
    deltas: list[Any] = list(objects(list(streamed.choices[0].tool_calls)))
    assert deltas[0]["function"] == {"name": "get_weather", "arguments": ""}
    assert deltas[0]["id"].startswith("call_")
    assert len(deltas) > 3
    assert "".join(each["function"]["arguments"] for each in deltas) == members(call["function"])["arguments"]
