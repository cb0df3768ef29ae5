"""What a choice says, and where it ends."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from conformance.reply import members, objects

from .client import CALL_IT, OMIT, USAGE, WEATHER, Client, entries, said
from .test_formats import PARTICULAR

# -- choices, limits, stops


def test_choices_are_drawn_independently(every: Client) -> None:
    """At temperature 1 three choices say three things, and the same seed says them again."""
    one, other = (every.ask(n=3, seed=5) for _ in range(2))
    assert len({choice.text for choice in one.choices}) == 3
    assert [choice.index for choice in one.choices] == [0, 1, 2]
    assert [choice.text for choice in one.choices] == [choice.text for choice in other.choices]
    assert every.ask(seed=6).text != one.text
    assert every.ask().text != every.ask().text


def test_greedy_replies_are_the_likeliest_tokens(every: Client) -> None:
    """Temperature 0 repeats itself, and every token heads its list."""
    one, other = (every.ask(temperature=0, logprobs=True, top_logprobs=1) for _ in range(2))
    assert one.text == other.text
    assert all(entry["token"] == entry["top_logprobs"][0]["token"] for entry in entries(one))


def test_a_limit_cuts_and_says_so(every: Client) -> None:
    """Exactly so many tokens, finish_reason length; an ample one lets the reply end by itself."""
    cut, free = every.ask(max_tokens=5, logprobs=True), every.ask(max_tokens=100_000)
    assert (cut.choices[0].finish_reason, cut.tokens("completion_tokens")) == ("length", 5)
    assert free.choices[0].finish_reason == "stop"


def test_a_limit_beyond_the_context_is_lowered() -> None:
    """To what the prompt leaves; a prompt that leaves nothing is refused."""
    client = Client.of(context=60)
    reply = client.ask(max_tokens=10**9)
    assert reply.choices[0].finish_reason == "length"
    assert reply.tokens("total_tokens") == 60
    refused = client.ask("word " * 60)
    assert (refused.status, b"messages" in refused.body) == (400, True)


@pytest.mark.parametrize("stream", [False, True])
def test_a_stop_ends_the_reply(every: Client, stream: bool) -> None:
    """It is in the text or not, as the contract says; what came before is unchanged, and no token after it counts."""
    free = every.ask(temperature=0, max_tokens=48, logprobs=True)
    stop = free.text[20:26]
    stopped = every.ask(temperature=0, max_tokens=48, stop=stop, stream=stream, stream_options=USAGE)
    before = free.text[: free.text.index(stop)]
    included = every.contract.dialect["stop_text"] == "included"
    assert stopped.text == (before + stop if included else before)
    assert stopped.choices[0].finish_reason == "stop"
    spoken = [b"".join(bytes(entry["bytes"]) for entry in entries(free)[:count]) for count in range(49)]
    needed = next(count for count, each in enumerate(spoken) if stop in each.decode("utf-8", "replace"))
    assert stopped.tokens("completion_tokens") == needed
    just = every.ask(temperature=0, max_tokens=needed, stop=stop, stream=stream)
    assert just.choices[0].finish_reason == "stop"


def test_every_stop_of_a_list_acts(every: Client) -> None:
    """Whichever comes first."""
    free = every.ask(temperature=0, max_tokens=48)
    stops = [free.text[30:33], free.text[12:16], "never said"]
    for order in (stops, stops[::-1]):
        stopped = every.ask(temperature=0, max_tokens=48, stop=order)
        assert stopped.choices[0].finish_reason == "stop"
        assert len(stopped.text) <= 33


# -- forms, tools, thoughts


@pytest.mark.parametrize("schema", [each for each in PARTICULAR if each.get("type") == "object"], ids=str)
def test_a_form_is_kept(client: Client, schema: dict[str, Any]) -> None:
    """The content is JSON of the schema, in unusual letters too."""
    form = {"type": "json_schema", "json_schema": {"name": "it", "schema": schema, "strict": True}}
    for seed in range(5):
        reply = client.ask(response_format=form, seed=seed, max_tokens=4000, logprobs=True)
        Draft202012Validator(schema).validate(json.loads(reply.text))
        assert reply.choices[0].finish_reason == "stop"
        assert said(reply).decode() == reply.text


def test_json_mode_gives_an_object(every: Client) -> None:
    """Any object; in the one contract that has it so, one of the schema that stands beside the type."""
    form: dict[str, Any] = {"type": "json_object"}
    assert isinstance(json.loads(every.ask(response_format=form, max_tokens=400).text), dict)
    form["schema"] = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
    assert isinstance(json.loads(every.ask(response_format=form, max_tokens=400).text)["a"], int)


def test_a_form_that_is_cut_is_a_beginning(every: Client) -> None:
    """The same seed with less room says the beginning of the same text, and that it was cut."""
    form = {"type": "json_object"}
    full = every.ask(response_format=form, max_tokens=400, seed=4)
    for limit in range(1, full.tokens("completion_tokens") or 0):
        cut = every.ask(response_format=form, max_tokens=limit, seed=4)
        assert full.text.startswith(cut.text.rstrip("\ufffd"))
        assert cut.choices[0].finish_reason == "length"


def test_text_is_text(every: Client) -> None:
    """response_format text changes nothing."""
    assert every.ask(seed=1, response_format={"type": "text"}).text == every.ask(seed=1).text


def test_a_tool_is_called(client: Client) -> None:
    """With arguments of its schema, under ids of their own, and nothing is said beside it."""
    reply = client.ask(CALL_IT, tools=[WEATHER], n=3, max_tokens=300)
    calls: list[Any] = [call for choice in reply.choices for call in choice.tool_calls]
    assert len({call["id"] for call in calls}) == 3
    for call in calls:
        assert (call["type"], call["function"]["name"]) == ("function", "get_weather")
        Draft202012Validator(WEATHER["function"]["parameters"]).validate(json.loads(call["function"]["arguments"]))  # type: ignore[index]  # a literal
    assert {choice.finish_reason for choice in reply.choices} == {"tool_calls"}
    assert not client.contract.completion.faults(reply.members)
    assert all(members(choice["message"])["content"] is None for choice in objects(reply.members["choices"]))


def test_a_call_that_is_cut_says_so(client: Client) -> None:
    """However small the limit: as much as fits, and finish_reason length."""
    full = client.ask(CALL_IT, tools=[WEATHER], max_tokens=300, seed=1)
    for limit in range(1, full.tokens("completion_tokens") or 0):
        cut = client.ask(CALL_IT, tools=[WEATHER], max_tokens=limit, seed=1)
        assert cut.choices[0].finish_reason == "length"
        assert cut.tokens("completion_tokens") == limit
        assert not client.contract.completion.faults(cut.members)


def test_functions_are_called_in_their_own_form() -> None:
    """One function_call, whole and streamed, with its own finish_reason."""
    client = Client.of("basic-gateway")
    function = WEATHER["function"]
    whole = client.ask(CALL_IT, functions=[function], max_tokens=300, seed=2)
    (choice,) = objects(whole.members["choices"])
    call = members(members(choice["message"])["function_call"])
    assert (call["name"], choice["finish_reason"]) == ("get_weather", "function_call")
    streamed = client.ask(CALL_IT, functions=[function], max_tokens=300, seed=2, stream=True)
    deltas = [
        members(members(each["delta"]).get("function_call"))
        for chunk in streamed.chunks
        for each in objects(chunk["choices"])
    ]
    assert "".join(str(delta.get("arguments", "")) for delta in deltas) == call["arguments"]
    assert not any(client.contract.chunk.faults(chunk) for chunk in streamed.chunks)


def test_thoughts_are_apart_or_in_the_content_or_not_at_all(client: Client) -> None:
    """As the two switches say; they are paid for."""
    apart = client.ask(separate_reasoning=True)
    assert apart.choices[0].reasoning
    assert "<think>" not in apart.text
    inside = client.ask(enable_thinking=True)
    assert inside.text.startswith("<think>")
    assert "</think>" in inside.text
    assert not inside.choices[0].reasoning
    for reply in (apart, inside):
        details = members((reply.usage or {})["completion_tokens_details"])
        assert 0 < details["reasoning_tokens"] < (reply.tokens("completion_tokens") or 0) == 24  # type: ignore[operator]  # JSON
    none = client.ask(separate_reasoning=False, enable_thinking=False)
    assert "think" not in none.body.decode()
    assert not none.choices[0].reasoning


def test_what_else_the_gateway_takes_changes_nothing() -> None:
    """Except that the tier is told, and obfuscation added where asked for."""
    client = Client.of("basic-gateway")
    extras: dict[str, Any] = {
        "user": "anna",
        "store": True,
        "metadata": {"a": "b"},
        "reasoning_effort": "low",
        "service_tier": "flex",
    }
    plain, extra = client.ask(seed=1), client.ask(seed=1, **extras)
    assert extra.text == plain.text
    assert extra.members["service_tier"] == "default"
    assert "service_tier" not in plain.members
    hidden = client.ask(stream=True, stream_options={"include_obfuscation": True}, seed=1)
    assert hidden.text == plain.text
    assert all(chunk.get("obfuscation") for chunk in hidden.chunks)


DISPUTED: list[dict[str, Any]] = [
    {"stop": ["a", "b"]},
    {"temperature": 0},
    {"temperature": 2},
    {"max_tokens": OMIT},
    {"top_k": 0},
    {"top_k": -1},
    {"top_p": 0},
    {"n": 128, "max_tokens": 1},
    {"repetition_penalty": 0},
    {"frequency_penalty": 2},
    {"n": 2.0},
    {"seed": -5},
    {"seed": 10**40},
    {"stop": ""},
    {"stop": []},
    {"tools": []},
    {"messages": []},
    {"logit_bias": {}},
    {"logit_bias": {"100000": 5}},
    {"stream_options": {"include_usage": True}},
    {"messages": [{"role": "user", "content": {"type": "text", "text": "hello"}}]},
    {"messages": [{"role": "user", "content": [{"type": "text", "text": "hello"}], "name": "anna"}]},
    {"messages": [{"role": "critic", "content": "hello"}]},
]


@pytest.mark.parametrize("members", DISPUTED, ids=str)
def test_disputed_values_are_accepted(client: Client, members: dict[str, Any]) -> None:
    """What one reading allows is given its common meaning."""
    reply = client.ask(**members)
    assert reply.status == 200
    assert not client.contract.completion.faults(reply.members)
