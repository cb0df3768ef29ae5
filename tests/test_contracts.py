"""The five contracts: what each document lets a client expect of a request, and what a reply must look like.

A probe is a plain valid request with one member set, left out, or with several set; its zone is what the decisions on
that document say.  The tables go by those decisions, in their order, with probes on both sides of every border.
"""

from __future__ import annotations

import copy
import json
import math
import tomllib
from typing import Any, cast

import pytest

from conformance import contract, requirements
from conformance.model import Level, Zone

Body = dict[str, Any]

A, D, R = Zone.ACCEPT, Zone.DISPUTED, Zone.REJECT
ABSENT = ...
NAMES = {
    "H": "highwayapi",
    "V": "v3-openai",
    "C": "chat-conversation",
    "M": "myrouter",
    "B": "basic-gateway",
}
USER = {"role": "user", "content": "Say something."}
SYSTEM = {"role": "system", "content": "Be brief."}
ASSISTANT = {"role": "assistant", "content": "Something."}
CALL = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
CALLS = {"role": "assistant", "content": None, "tool_calls": [CALL]}
TOOL = {"role": "tool", "content": "Rain.", "tool_call_id": "call_1"}
PART = {"type": "text", "text": "Say something."}
DEVELOPER = {"role": "developer", "content": "Be brief."}
WIZARD = {"role": "wizard", "content": "Abracadabra."}
TURNS = [USER, ASSISTANT, USER]
PLAIN: Body = {"model": "m", "messages": [USER], "max_tokens": 16}

OPEN_SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}
CLOSED_SCHEMA = {**OPEN_SCHEMA, "required": ["a"], "additionalProperties": False}
FUNCTION = {"name": "weather", "description": "Tells the weather.", "parameters": OPEN_SCHEMA}
WEATHER = {"type": "function", "function": FUNCTION}
STRICT = {"type": "function", "function": {"name": "weather", "parameters": CLOSED_SCHEMA, "strict": True}}
BROKEN_PROMISE = {"type": "function", "function": {**FUNCTION, "strict": True}}
JSON_OBJECT = {"type": "json_object"}
NAMED_SCHEMA = {"type": "json_schema", "json_schema": {"name": "answer", "schema": OPEN_SCHEMA}}


def without_absent(value: Body) -> Body:
    """The object without the members that were set to ABSENT."""
    return {name: each for name, each in value.items() if each is not ABSENT}


def told(value: Any) -> str:
    """A value as part of a test's id."""
    return "(absent)" if value is ABSENT else json.dumps(value)[:60]


def above(value: float) -> float:
    """The next representable number."""
    return math.nextafter(value, math.inf)


def below(value: float) -> float:
    """The one before."""
    return math.nextafter(value, -math.inf)


def user(content: Any, **members: Any) -> list[Body]:
    """A conversation of one message of the user's."""
    return [{"role": "user", "content": content, **members}]


EPSILON = above(0.0)
EACH_ID = {str(number): 1 for number in range(10, 256)}
EFFORTS = ["none", "minimal", "low", "medium", "high", "xhigh"]
TIERS = ["auto", "default", "flex", "scale", "priority"]
OUTSIDE_TWO = [above(2.0), 2.01, below(-2.0), -2.01, "1", True, [1]]

MEMBERS: list[tuple[str, str, str, list[Any], list[Any], list[Any]]] = [
    # decision, contracts, member, must be accepted, disputed, must be rejected
    ("1", "HVCM", "n", [1, 2, 127, None, ABSENT], [128], [0, -1, 129, 1.5, "2", True, [1]]),
    ("2", "HVCM", "top_k", [2, 3, 127, None, ABSENT], [1, 128, 0, -1], [129, -2, 2.5, "5", True]),
    ("3", "HVCM", "temperature", [0.01, 1, 1.99, None, ABSENT], [0, 2], [-1, 3, below(0.0), above(2.0), "1", True]),
    ("4", "HVCM", "frequency_penalty", [-1.99, 0, 1.99, None, ABSENT], [-2, 2], OUTSIDE_TWO),
    ("4", "HVCM", "presence_penalty", [-1.99, 0, 1.99, None, ABSENT], [-2, 2], OUTSIDE_TWO),
    ("5", "HVCM", "repetition_penalty", [0.01, 1.0, 1.99, None, ABSENT], [0, 2], [below(0.0), above(2.0), "1"]),
    ("6", "HVCM", "top_p", [0.01, 0.5, 1, None, ABSENT], [0], [-0.01, 1.01, below(0.0), above(1.0), "1", True]),
    ("7", "HVCM", "min_p", [0, EPSILON, 0.5, 1, None, ABSENT], [], [-0.01, 1.01, below(0.0), above(1.0), "0", True]),
    ("8", "HVCM", "top_logprobs", [None, ABSENT], [], [-1, 0, 5, 20, 21]),
    ("9", "B", "temperature", [0, 1, 2, None, ABSENT], [-0.01, 2.01, below(0.0), above(2.0), 99], ["1", True, []]),
    ("9", "B", "top_p", [0, 0.5, 1, None, ABSENT], [-0.01, 1.01, above(1.0)], ["1", False]),
    ("9", "B", "frequency_penalty", [-2, 0, 2, None, ABSENT], [-2.01, 2.01, above(2.0)], ["0", {}]),
    ("9", "B", "presence_penalty", [-2, 0, 2, None, ABSENT], [-2.01, 2.01, below(-2.0)], ["0", {}]),
    ("9", "B", "n", [1, 2, 128, None, ABSENT], [0, -1, 129], [1.5, "1", True]),
    ("9", "B", "top_logprobs", [None, ABSENT], [0, 5, 20, 21, -1], [1.5, "5"]),
    ("9", "B", "logprobs", [True, False, None, ABSENT], [], [1, "true"]),
    ("10", "HVCM", "temperature", [0.01, 1.99], [EPSILON, below(2.0), above(1.99)], []),
    ("10", "HVCM", "repetition_penalty", [0.01, 1.99], [EPSILON, below(2.0), above(1.99)], []),
    ("10", "HVCM", "top_p", [0.01, below(1.0)], [EPSILON, below(0.01)], []),
    ("10", "HVCM", "frequency_penalty", [], [below(2.0), above(-2.0)], []),
    ("10", "HVCM", "presence_penalty", [], [below(2.0), above(-2.0)], []),
    ("11", "HVCM", "stop", ["x", None, ABSENT], [["a"], list("abcd")], [list("abcde"), 5, True, [5], [None]]),
    ("11", "B", "stop", ["x", ABSENT], [["a"], list("abcd"), list("abcde")], [5, [5]]),
    ("15", "HVCM", "max_tokens", [1, 16], [ABSENT], ["16", 1.5, True]),
    ("15", "B", "max_tokens", [1, 16, None, ABSENT], [], ["16", 1.5, True]),
    ("16", "HVCM", "max_tokens", [10**6, 10**9, 2**31 - 1], [2**31], []),
    ("16", "B", "max_tokens", [1024], [1025, 10**6], []),
    ("16", "B", "max_completion_tokens", [ABSENT, None], [], ["16", 1.5]),
    ("17", "HVCM", "logit_bias", [{"10": 100}, {"255": -100}, {"64": 0}], [], [{"64": 101}, {"64": -101}, {"64": 5.5}]),
    ("17", "HVCM", "logit_bias", [ABSENT], [], [[], "x", 5, {"64": "5"}, {"64": None}]),
    ("17", "HCM", "logit_bias", [None], [{"word": 5}], []),
    ("17", "V", "logit_bias", [], [None], [{"word": 5}, {"1.5": 5}]),
    ("17", "B", "logit_bias", [{"64": 100}, ABSENT], [None, {"64": 101}, {"64": 5.5}, {"word": 5}], [[], "x", 5]),
    ("18", "HVCM", "response_format", [JSON_OBJECT, None, ABSENT], [{"type": "text"}, {}], ["json_object", [], 5]),
    ("18", "HCM", "response_format", [NAMED_SCHEMA], [{**NAMED_SCHEMA, "json_schema": {}}], []),
    ("18", "HCM", "response_format", [], [{"type": "json_schema"}], []),
    ("18", "V", "response_format", [{**JSON_OBJECT, "schema": OPEN_SCHEMA}], [NAMED_SCHEMA], []),
    ("18", "V", "response_format", [], [{**JSON_OBJECT, "schema": "x"}], []),
    ("18", "B", "response_format", [{"type": "text"}, ABSENT], [JSON_OBJECT, NAMED_SCHEMA], ["text", []]),
    ("20", "HCMB", "stream_options", [ABSENT], [{"include_usage": True}], ["x", [], True]),
    ("21", "HCM", "separate_reasoning", [True, False, None, ABSENT], [], ["true", 1]),
    ("21", "HCM", "enable_thinking", [True, False, None, ABSENT], [], ["true", 0]),
    ("24", "HVCMB", "messages", [user("x")], [user([PART]), user(PART)], []),
    ("25", "HVCMB", "messages", [[USER], [SYSTEM, USER], TURNS, [SYSTEM, *TURNS]], [[SYSTEM], [ASSISTANT]], []),
    ("25", "HVCMB", "messages", [], [[USER, USER], [SYSTEM, SYSTEM, USER], [DEVELOPER, USER], [WIZARD]], []),
    ("25", "HVCMB", "messages", [], [[{"role": "user"}], user(None)], [["x"], [{"content": "x"}], [{"role": 5}]]),
    ("25", "HVCMB", "messages", [user("x" * 2000)], [user("x" * 2001)], []),
    ("25", "HVCMB", "messages", [user("x", name="Ada")], [user("x", name="A B")], []),
    ("25", "HCMB", "messages", [], [[USER, CALLS, TOOL], [SYSTEM, USER, CALLS, TOOL]], []),
    ("25", "HCMB", "messages", [], [[TOOL], [USER, CALLS], [USER, CALLS, USER], [USER, ASSISTANT, TOOL]], []),
    ("25", "V", "messages", [], [[USER, CALLS, TOOL]], []),
    ("25", "HVCMB", "messages", [], [[USER, SYSTEM], [ASSISTANT, USER, USER], [USER, USER, ASSISTANT]], []),
    ("26", "HVCMB", "messages", [], [[], user(""), user([]), user({}), user(" "), user("x", name="")], []),
    ("26", "HVCMB", "seed", [0, 7, 2**31 - 1, None, ABSENT], [-1, 2**31, 2**63], [1.5, "7", True]),
    ("26", "HVCMB", "max_tokens", [1], [0, -1], []),
    ("26", "B", "max_completion_tokens", [], [0, -1, 10**6], []),
    ("26", "HVCMB", "stop", ["x"], ["", [], [""], ["a", ""]], []),
    ("26", "HVCMB", "logit_bias", [{"10": 1}, {"255": 1}], [{"9": 1}, {"256": 1}, {"50000": 1}, {}], []),
    ("26", "HVCMB", "logit_bias", [EACH_ID], [{str(number): 1 for number in range(10, 311)}], []),
    ("28", "HVCMB", "stream", [False, True, None, ABSENT], [], ["true", 1, []]),
    ("28", "HVCM", "logprobs", [False, True, None, ABSENT], [], ["true", 1]),
    ("30", "HVCM", "model", ["m", "nobody/has-this"], [""], [ABSENT, 5, []]),
    ("30", "B", "model", ["m"], [""], [ABSENT, 5]),
    ("30", "HVCMB", "messages", [], [], [ABSENT, "hi", 5, {}]),
    ("31", "HCMB", "tools", [[WEATHER], [WEATHER, STRICT], [{**WEATHER, "function": {"name": "f"}}]], [[]], []),
    ("31", "HCMB", "tools", [None, ABSENT], [[{"type": "function"}], [{}], [BROKEN_PROMISE]], [WEATHER, "x", ["x"]]),
    ("31", "HCMB", "tools", [], [], [[{**WEATHER, "type": "retrieval"}], [{**WEATHER, "type": None}]]),
    ("31", "HVCM", "tool_choice", [ABSENT], ["none", "auto", None], []),
    ("31", "HVCM", "parallel_tool_calls", [ABSENT], [True, False], []),
    ("32", "B", "tool_choice", [ABSENT], ["auto", None, {"type": "function"}], ["any", 5, True]),
    ("32", "B", "function_call", [ABSENT], ["auto", None, {"name": "weather"}], ["required", 5, True]),
    ("33", "B", "audio", [{"format": "wav", "voice": "alloy"}, ABSENT], [None, {}, {"format": "wav"}], ["wav", 5]),
    ("33", "B", "modalities", [["text"], None, ABSENT], [[], ["text", "text"]], [["video"], "text", ["text", "audio"]]),
    ("33", "B", "prediction", [{"type": "content", "content": "x"}, ABSENT], [None, {}, {"content": "x"}], ["x"]),
    ("33", "B", "reasoning_effort", [*EFFORTS, None, ABSENT], [], ["max", "", 5, True]),
    ("33", "B", "service_tier", [*TIERS, None, ABSENT], [], ["gold", "", 5]),
    ("33", "B", "store", [True, False, None], [], ["true", 1]),
    ("33", "B", "user", ["u", None], [""], [5, {}]),
    ("33", "B", "metadata", [{"k": "v"}], [None, {}, {"k": 5}, {str(i): "v" for i in range(17)}], ["x", []]),
    ("33", "B", "web_search_options", [{"search_context_size": "low"}], [{"search_context_size": 5}], ["low", []]),
    ("33", "B", "functions", [[FUNCTION], None, ABSENT], [[], [{}]], [FUNCTION, "x", ["x"]]),
]

BODIES: list[tuple[str, str, Body, Zone]] = [
    # decision, contracts, members, zone
    *[("8", "HVCM", {"logprobs": True, "top_logprobs": count}, A) for count in (0, 1, 20, None)],
    *[("8", "HVCM", {"logprobs": True, "top_logprobs": count}, R) for count in (-1, 21, 1.5, "5")],
    *[("8", "HVCM", {"logprobs": without, "top_logprobs": 5}, R) for without in (False, None)],
    ("8", "HVCM", {"logprobs": False, "top_logprobs": None}, A),
    *[("9", "B", {"logprobs": True, "top_logprobs": count}, A) for count in (0, 20)],
    *[("9", "B", {"logprobs": True, "top_logprobs": count}, D) for count in (-1, 21)],
    ("9", "B", {"logprobs": False, "top_logprobs": 5}, D),
    *[("16", "B", {"max_tokens": ABSENT, "max_completion_tokens": count}, A) for count in (1, 16, 1024)],
    ("16", "B", {"max_tokens": 16, "max_completion_tokens": 16}, D),
    ("16", "B", {"max_tokens": None, "max_completion_tokens": 16}, A),
    *[("20", "HCMB", {"stream": True, "stream_options": {"include_usage": ask}}, A) for ask in (True, False)],
    *[("20", "HCMB", {"stream": mode, "stream_options": {"include_usage": True}}, D) for mode in (False, None)],
    ("20", "HCMB", {"stream": True, "stream_options": {}}, D),
    ("20", "HCMB", {"stream": True, "stream_options": {"include_usage": "yes"}}, D),
    ("20", "HCM", {"stream_options": None}, A),
    ("20", "HCM", {"stream": True, "stream_options": None}, A),
    ("25", "HCMB", {"tools": [WEATHER], "messages": [USER, CALLS, TOOL]}, A),
    ("25", "HCMB", {"tools": [WEATHER], "messages": [SYSTEM, USER, CALLS, TOOL, *TURNS[1:]]}, A),
    ("25", "HCMB", {"tools": [WEATHER], "messages": [USER, CALLS, TOOL, TOOL]}, A),
    ("25", "HCMB", {"tools": [WEATHER], "messages": [USER, CALLS, USER]}, D),
    ("25", "HCMB", {"tools": [WEATHER], "messages": [USER, TOOL, CALLS]}, D),
    ("25", "HCMB", {"tools": [WEATHER], "messages": [USER, ASSISTANT, TOOL]}, D),
    ("25", "HCMB", {"tools": None, "messages": [USER, CALLS, TOOL]}, D),
    *[("32", "B", {"tools": [WEATHER], "tool_choice": choice}, A) for choice in ("none", "auto", "required")],
    *[("32", "B", {"tools": [WEATHER], "tool_choice": choice}, D) for choice in ({"type": "function"}, None)],
    ("32", "B", {"tools": [WEATHER], "tool_choice": "any"}, R),
    ("32", "B", {"tools": [WEATHER], "parallel_tool_calls": False}, A),
    ("32", "B", {"parallel_tool_calls": False}, D),
    ("32", "B", {"parallel_tool_calls": None}, A),
    *[("32", "B", {"functions": [FUNCTION], "function_call": choice}, A) for choice in ("none", "auto")],
    ("32", "B", {"functions": [FUNCTION], "function_call": {"name": "weather"}}, D),
    ("32", "B", {"functions": [FUNCTION], "function_call": "required"}, R),
    ("33", "B", {"modalities": ["text", "audio"], "audio": {"format": "wav", "voice": "alloy"}}, A),
    ("33", "B", {"modalities": ["audio"], "audio": None}, D),
    ("33", "B", {"stream": True, "stream_options": {"include_usage": True, "include_obfuscation": False}}, A),
    ("9", "B", {"n": 2, "temperature": 0}, D),
    ("9", "B", {"n": 1, "temperature": 0}, A),
    ("9", "B", {"n": 2, "temperature": 0.01}, A),
]


NULLS = [
    # contracts, zone, the members for which null is there
    ("HVCM", R, "model messages"),
    ("HVCM", D, "max_tokens"),
    (
        "HVCM",
        A,
        "stream n seed frequency_penalty presence_penalty repetition_penalty stop temperature top_p top_k min_p",
    ),
    ("HVCM", A, "logprobs top_logprobs response_format"),
    ("HCM", A, "stream_options logit_bias tools separate_reasoning enable_thinking"),
    ("B", A, "frequency_penalty functions logprobs max_completion_tokens max_tokens modalities n parallel_tool_calls"),
    (
        "B",
        A,
        "presence_penalty reasoning_effort seed service_tier store stream temperature tools top_logprobs top_p user",
    ),
    ("B", D, "model messages audio function_call logit_bias metadata prediction response_format stop stream_options"),
    ("B", D, "tool_choice web_search_options"),
]


def probes() -> list[Any]:
    """A parameter set for every contract and request of the three tables."""
    one = [
        probe(row, letter, {member: value}, zone)
        for row, letters, member, accept, disputed, reject in MEMBERS
        for letter in letters
        for zone, values in ((A, accept), (D, disputed), (R, reject))
        for value in values
    ]
    several = [probe(row, letter, members, zone) for row, letters, members, zone in BODIES for letter in letters]
    null = [
        probe("27", letter, {member: None}, zone)
        for letters, zone, members in NULLS
        for letter in letters
        for member in members.split()
    ]
    return one + several + null


def probe(row: str, letter: str, members: Body, zone: Zone) -> Any:
    """One parameter set; its id names decision, contract and members."""
    changes = ",".join(f"{name}={told(value)}" for name, value in members.items())
    return pytest.param(
        NAMES[letter], without_absent({**PLAIN, **members}), zone, id=f"{row}-{NAMES[letter]}-{changes}"
    )


@pytest.mark.parametrize(("name", "body", "zone"), probes())
def test_zone(name: str, body: Body, zone: Zone) -> None:
    """A request lies in the zone that the decision on its document puts it in."""
    assert contract.load(name).zone(body) is zone


USAGE = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
DETAILS = {"prompt_tokens_details": None, "completion_tokens_details": {"reasoning_tokens": 1, "x": 1}}
ENTRY = {"token": "So", "logprob": -0.1, "bytes": [83, 111], "top_logprobs": [{"token": "So", "logprob": -0.1}]}
HALF = {**ENTRY, "logprob": -9999.0, "bytes": [240, 159], "top_logprobs": [{"token": "\ufffd", "logprob": -1}] * 2}
MESSAGE: Body = {"role": "assistant", "content": "Something."}
CHOICE: Body = {"index": 0, "message": MESSAGE, "finish_reason": "stop"}
REPLY: Body = {"id": "r1", "object": "chat.completion", "created": 1795159021, "model": "m", "choices": [CHOICE]}
CHUNK: Body = {**REPLY, "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": "So"}}]}


def choice(**members: Any) -> Body:
    """A whole reply whose one choice has these members."""
    return {**REPLY, "choices": [{**CHOICE, **members}]}


def message(**members: Any) -> Body:
    """A whole reply whose one message has these members."""
    return choice(message=without_absent({**MESSAGE, **members}))


def delta(members: Body, **others: Any) -> Body:
    """A chunk whose one choice has this delta and these other members."""
    return {**CHUNK, "choices": [{"index": 0, "delta": members, **others}]}


FULL: Body = {
    **choice(logprobs={"content": [ENTRY]}, message={**MESSAGE, "reasoning_content": "Hm.", "tool_calls": [CALL]}),
    "usage": {**USAGE, **DETAILS},
    "system_fingerprint": None,
}
WHOLE: dict[str, Body] = {
    "plain": REPLY,
    "full": FULL,
    "usage null": {**REPLY, "usage": None},
    "vendor members": {**REPLY, "service_tier": "default", "prompt_logprobs": None, "x": {}},
    "two choices": {**REPLY, "choices": [CHOICE, {**CHOICE, "index": 1}]},
    "unknown finish reason": choice(finish_reason="eos"),
    "forced tool call with reason stop": message(content=None, tool_calls=[CALL]),
    "no tool calls": message(tool_calls=None, refusal=None, reasoning_content=None, annotations=[], audio=None),
    "content left out": message(content=ABSENT, tool_calls=[CALL]),
    "logprobs null": choice(logprobs=None),
    "logprobs with null": choice(logprobs={"content": [{**ENTRY, "bytes": None, "top_logprobs": []}], "refusal": None}),
    "logprobs of half a character, and the sentinel": choice(logprobs={"content": [HALF]}),
    "logprobs without content": choice(logprobs={"content": None}),
}
NOT_WHOLE: dict[str, list[Any]] = {
    "/id": [ABSENT, "", 5, None],
    "/object": [ABSENT, "chat.completion.chunk", "", None],
    "/created": [ABSENT, 1.5, "1795159021", None],
    "/model": [ABSENT, "", None],
    "/choices": [ABSENT, [], None, {}],
    "/choices/0": [None, "x"],
    "/choices/0/index": [ABSENT, -1, "0", None],
    "/choices/0/finish_reason": [ABSENT, "", None, 5],
    "/choices/0/message": [ABSENT, None, "x"],
    "/choices/0/message/role": [ABSENT, "user", None],
    "/choices/0/message/content": [[], {}, 5],
    "/choices/0/message/reasoning_content": [{}, 5],
    "/choices/0/message/tool_calls": [{}, "x"],
    "/choices/0/message/tool_calls/0/id": [ABSENT, None],
    "/choices/0/message/tool_calls/0/function/name": [ABSENT, None],
    "/choices/0/message/tool_calls/0/function/arguments": [ABSENT, {}, None],
    "/choices/0/logprobs": [[], "x"],
    "/choices/0/logprobs/content": [{}, "x"],
    "/choices/0/logprobs/content/0": [None, "So"],
    "/choices/0/logprobs/content/0/token": [ABSENT, None, 5],
    "/choices/0/logprobs/content/0/logprob": [ABSENT, None, "-0.1"],
    "/choices/0/logprobs/content/0/bytes/0": [256, -1, "S"],
    "/choices/0/logprobs/content/0/top_logprobs/0/logprob": [ABSENT, None],
    "/usage": [[], "x", 5],
    **{f"/usage/{name}": [ABSENT, -1, 1.5, "5", None] for name in USAGE},
    "/usage/prompt_tokens_details": [5, []],
    "/usage/completion_tokens_details/reasoning_tokens": [-1, "1"],
    "/system_fingerprint": [5, {}],
}
LAST: Body = {**delta({"content": "So", "tool_calls": [{"index": 0, **CALL}]}, finish_reason="stop"), "usage": USAGE}
CHUNKS: dict[str, Body] = {
    "no finish reason": CHUNK,
    "last": LAST,
    "object as documented": {**CHUNK, "object": "chat.completion"},
    "role first": delta({"role": "assistant", "content": ""}, finish_reason=None),
    "nulls": {**delta({"role": None, "content": None, "tool_calls": None}, logprobs=None), "usage": None},
    "finish reason empty": delta({"content": "So"}, finish_reason=""),
    "empty delta": delta({}, finish_reason="length"),
    "usage chunk": {**CHUNK, "choices": [], "usage": USAGE},
    "Azure's first": {**CHUNK, "id": "", "object": "", "model": "", "choices": [], "prompt_filter_results": []},
    "later piece of a call": delta({"tool_calls": [{"index": 0, "id": None, "function": {"arguments": "{"}}]}),
    "thoughts": delta({"reasoning_content": "Hm."}),
    "logprobs": delta({"content": "So"}, logprobs={"content": [ENTRY]}),
    "vendor members": {**delta({"content": "So", "x": 1}, content_filter_results={}), "obfuscation": "abc"},
}
NOT_CHUNKS: dict[str, list[Any]] = {
    "/id": [ABSENT, "", None],
    "/object": [ABSENT, "", "text_completion", None],
    "/created": [ABSENT, 1.5, None],
    "/model": [ABSENT, "", None],
    "/choices": [ABSENT, None, {}],
    "/choices/0/index": [ABSENT, -1, None],
    "/choices/0/delta": [ABSENT, None, "x"],
    "/choices/0/delta/content": [{}, 5],
    "/choices/0/delta/tool_calls/0/index": [ABSENT, None],
    "/choices/0/finish_reason": [5, {}],
    "/usage": [[], "x"],
    "/usage/total_tokens": [ABSENT, None],
}

ERROR: Body = {"error": {"message": "n is too large", "type": "invalid_request_error", "param": "n", "code": None}}
ERRORS: dict[str, Body] = {
    "all four": ERROR,
    "message alone": {"error": {"message": "no"}},
    "code a number": {"error": {"message": "no", "type": None, "code": 400}},
    "vendor members": {"error": {"message": "no", "x": []}, "request_id": "r"},
}
NOT_ERRORS: dict[str, list[Any]] = {
    "/error": [ABSENT, "no", None],
    "/error/message": [ABSENT, "", None],
    "/error/type": [5],
    "/error/param": [["n"]],
    "/error/code": [{}],
}
DETAIL: Body = {"detail": [{"loc": ["body", "messages", 0, "role"], "msg": "Field required", "type": "missing"}]}
DETAIL_ERRORS: dict[str, Body] = {
    "one": DETAIL,
    "with input and ctx": {"detail": [{**DETAIL["detail"][0], "input": None, "ctx": {"gt": 0}, "url": "u"}]},
    "a sentence": {"detail": "Not authenticated"},
}
NOT_DETAIL_ERRORS: dict[str, list[Any]] = {
    "/detail": [ABSENT, {}, [], "", None],
    "/detail/0/loc": [ABSENT, "body"],
    "/detail/0/loc/0": [None, {}],
    "/detail/0/msg": [ABSENT, 5],
    "/detail/0/type": [ABSENT, None],
}
REPLIES = [
    # contracts, schema, valid, what is spoilt, the values that spoil it by pointer
    ("HVCMB", "completion", WHOLE, FULL, NOT_WHOLE),
    ("HVCMB", "chunk", CHUNKS, LAST, NOT_CHUNKS),
    ("HVCM", "error", ERRORS, ERROR, NOT_ERRORS),
    ("B", "error", DETAIL_ERRORS, DETAIL, NOT_DETAIL_ERRORS),
]
VALID = [
    pytest.param(NAMES[letter], kind, value, id=f"{NAMES[letter]}-{kind}-{name}")
    for letters, kind, valid, _, _ in REPLIES
    for letter in letters
    for name, value in valid.items()
]
INVALID = [
    pytest.param(NAMES[letter], kind, whole, pointer, value, id=f"{NAMES[letter]}-{kind}{pointer}={told(value)}")
    for letters, kind, _, whole, spoilt in REPLIES
    for letter in letters
    for pointer, values in spoilt.items()
    for value in values
]


def with_strangers(value: Any) -> Any:
    """The value with a member nobody knows in every object."""
    if isinstance(value, list):
        return [with_strangers(each) for each in value]
    if isinstance(value, dict):
        return {**{name: with_strangers(each) for name, each in value.items()}, "stranger": {"to": ["all"]}}
    return value


def spoil(whole: Body, pointer: str, value: Any) -> Body:
    """A copy with this value, or nothing, at the pointer."""
    spoilt: Any = copy.deepcopy(whole)
    *parents, last = (int(part) if part.isdecimal() else part for part in pointer.split("/")[1:])
    inner = spoilt
    for part in parents:
        inner = inner[part]
    if value is ABSENT:
        del inner[last]
    else:
        inner[last] = value
    return cast("Body", spoilt)


@pytest.mark.parametrize(("name", "kind", "value"), VALID)
def test_conforming_reply(name: str, kind: str, value: Body) -> None:
    """What is legitimate is valid, and stays so with further members in each of its objects."""
    schema = getattr(contract.load(name), kind)
    assert schema.faults(value) == ()
    assert schema.demands(value)
    assert schema.faults(with_strangers(value)) == ()


@pytest.mark.parametrize(("name", "kind", "whole", "pointer", "value"), INVALID)
def test_departing_reply(name: str, kind: str, whole: Body, pointer: str, value: Any) -> None:
    """A reply with one member spoilt is invalid, and that member alone is blamed."""
    schema = getattr(contract.load(name), kind)
    spoilt = spoil(whole, pointer, value)
    assert not schema.allows(spoilt)
    assert {fault.pointer for fault in schema.faults(spoilt)} == {pointer}


def test_error_in_place_of_a_chunk() -> None:
    """An error is no chunk, and no document's error passes for another's."""
    assert not contract.load("highwayapi").chunk.allows(ERROR)
    assert not contract.load("highwayapi").error.allows(DETAIL)
    assert not contract.load("basic-gateway").error.allows(ERROR)


@pytest.mark.parametrize("name", contract.names())
def test_every_member_is_stated(name: str) -> None:
    """A contract has a statement on every member of the request that it describes."""
    loaded = contract.load(name)
    assert set(loaded.parameters) <= {statement.field for statement in loaded.statements}


@pytest.mark.parametrize("name", contract.names())
def test_no_convention_is_silenced(name: str) -> None:
    """No document's own statement has the id of a convention, which would then not hold for it."""
    own, shared = (
        tomllib.loads(path.read_text())
        for path in (contract.find(name) / "statements.toml", contract.schemas_folder() / "common" / "statements.toml")
    )
    assert not {each["id"] for each in own["statement"]} & {each["id"] for each in shared["statement"]}


@pytest.mark.parametrize("name", contract.names())
def test_claims_are_as_strong_as_requirements(name: str) -> None:
    """Whatever is claimed exists, and a requirement follows from a statement of its own level or a stronger one."""
    loaded = contract.load(name)
    strength = [Level.OBSERVE, Level.SHOULD, Level.MUST]
    for each in {row.requirement.id: row.requirement for row in requirements.rows(loaded)}.values():
        levels = [strength.index(statement.level) for statement in loaded.claiming(each.id)]
        assert max(levels) >= strength.index(each.level), each.id


def test_text_without_names_is_resolved() -> None:
    """Each statement that document 002 makes is resolved to the same statement's field in document 000."""
    fields = {statement.field for statement in contract.load("highwayapi").statements}
    for statement in contract.load("chat-conversation").statements:
        assert statement.basis or statement.resolved in fields, statement.id


def test_same_api_in_other_words() -> None:
    """Documents 000 and 003 describe one API: their contracts claim the same and differ in the document alone."""
    one, other = contract.load("highwayapi"), contract.load("myrouter")
    assert one.statements == other.statements
    assert (one.path, one.features, one.readings) == (other.path, other.features, other.readings)
    assert {**one.request.narrow, "title": ""} == {**other.request.narrow, "title": ""}


def test_documents_differ() -> None:
    """Each document is a file of its own, and 001 and 004 leave out what the others have."""
    loaded = {letter: contract.load(name) for letter, name in NAMES.items()}
    assert len({each.document.sha256 for each in loaded.values()}) == len(NAMES)
    missing = {"stream_options", "tools", "separate_reasoning", "enable_thinking"}
    assert tuple(name for name in loaded["H"].parameters if name not in missing) == loaded["V"].parameters
    assert not {"repetition-penalty", "top-k", "min-p", "context-lowering"} & set(loaded["B"].features)
    assert all(each.features["auth"] for each in loaded.values())
