"""Calls: whole or in pieces, they are read for what they are, and nothing is repaired."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conformance import calls
from conformance.calls import Call
from conformance.exchange import Exchange, Sent
from conformance.model import Purpose
from conformance.reply import Choice
from conformance.requirements.isolation_prompts import _out_of_order
from conformance.requirements.reasoning import marker_in
from conformance.requirements.streaming_delivery import same_but_broken

OBJECT: dict[str, Any] = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}


def piece(index: Any, arguments: Any = None, **head: Any) -> dict[str, Any]:
    """A piece of a streamed call."""
    name = {"name": head.pop("name")} if "name" in head else {}
    return {"index": index, **head, "function": {**name, "arguments": arguments}}


PIECES: list[tuple[str, list[Any], list[tuple[Any, Any, Any]]]] = [
    ("one", [piece(0, "", id="c", name="f"), piece(0, '{"a"'), piece(0, ":1}")], [("c", "f", '{"a":1}')]),
    ("in turns", [piece(0, "a", id="c"), piece(1, "b", id="d"), piece(0, "a")], [("c", None, "aa"), ("d", None, "b")]),
    ("under one index", [piece(0, "{}", id="c"), piece(0, "{}", id="d")], [("c", None, "{}{}")]),
    ("without an index", [piece(None, "a", id="c"), piece(None, "b")], [("c", None, "ab")]),
    ("with empty names", [piece(0, "a", id="c", name="f"), piece(0, "b", id="", name="")], [("c", "f", "ab")]),
    ("without arguments", [piece(0, id="c", name="f")], [("c", "f", "")]),
    ("with an object", [piece(0, {"a": 1}, id="c")], [("c", None, [{"a": 1}])]),
    ("strange", [5, None, "x", [], {"function": 5}], [(None, None, "")]),
    ("none", [], []),
]


@pytest.mark.parametrize(("given", "read"), [each[1:] for each in PIECES], ids=[each[0] for each in PIECES])
def test_pieces_are_joined_by_their_index(given: list[Any], read: list[tuple[Any, Any, Any]]) -> None:
    """What has one index is one call, in the order of arrival."""
    choice = Choice(index=0, tool_calls=tuple(given))
    found = calls.of_choice(choice, streamed=True)
    assert [(each.id, each.name, each.arguments) for each in found] == read


@pytest.mark.parametrize("given", [5, None, {}, {"function": {}}, {"id": 5, "function": {"name": [], "arguments": {}}}])
def test_whole_calls_are_read_as_they_are(given: Any) -> None:
    """A whole call of whatever shape is a call."""
    (found,) = calls.of_choice(Choice(index=0, tool_calls=(given,)), streamed=False)
    assert isinstance(found, Call)


@pytest.mark.parametrize(
    ("arguments", "schema", "wrong"),
    [
        ('{"a": 1}', OBJECT, None),
        ('{"a": "1"}', OBJECT, "/a"),
        ("{}", OBJECT, "missing at /a"),
        ("", OBJECT, "no JSON"),
        ("{", OBJECT, "no JSON"),
        ("[]", OBJECT, "no JSON object"),
        ({"a": 1}, OBJECT, "no text"),
        ("{}", None, None),
        ("{}", {"type": "nonsense"}, None),
        ("{}", {"$ref": "#/nowhere"}, None),
    ],
)
def test_what_is_unfit(arguments: Any, schema: Any, wrong: str | None) -> None:
    """Arguments are a text that holds a JSON object of the schema; what is no schema forbids nothing."""
    found = calls.unfit(arguments, schema)
    assert (found is None) == (wrong is None)
    assert wrong is None or wrong in str(found)


def exchange(sent: dict[str, Any], reply: bytes = b"") -> Exchange:
    """A request and a reply."""
    request = Sent(method="POST", url="", headers=(), body=json.dumps(sent).encode())
    return Exchange(
        n=1, case="", step=(0, 0), purpose=Purpose.PLAN, request=request, status=200, pieces=((0.0, reply),)
    )


def test_what_is_offered_and_forced() -> None:
    """Tools and functions are known by name, and a choice that leaves none is a forced one."""
    tool = {"type": "function", "function": {"name": "f", "parameters": OBJECT, "strict": True}}
    asked = exchange({"tools": [tool, 5, {}], "tool_choice": "required"})
    assert calls.offered(asked)["f"].strict
    assert calls.forced(asked)
    assert not calls.forced(exchange({"tool_choice": "auto"}))
    assert set(calls.offered(exchange({"functions": [{"name": "g"}]}), "functions")) == {"g"}


@pytest.mark.parametrize("streamed", [True, False])
def test_functions_of_old(streamed: bool) -> None:
    """A function call is read from a message, or joined from its deltas."""
    parts = [{"name": "f", "arguments": ""}, {"arguments": '{"a"'}, {"arguments": ":1}"}]
    whole = {"name": "f", "arguments": '{"a":1}'}
    chunks = [{"choices": [{"index": 0, "delta": {"function_call": each}}]} for each in parts]
    body = b"".join(b"data: " + json.dumps(each).encode() + b"\n\n" for each in chunks)
    reply = body if streamed else json.dumps({"choices": [{"index": 0, "message": {"function_call": whole}}]}).encode()
    found = calls.of_function(exchange({"stream": streamed}, reply))
    assert found is not None
    assert (found.name, found.arguments) == ("f", '{"a":1}')


@pytest.mark.parametrize(
    ("whole", "streamed", "broken"),
    [
        ("a café b", "a caf\ufffd\ufffd b", True),
        ("你好 ok", "\ufffd\ufffd\ufffd好 ok", True),
        ("你好", "\ufffd\ufffd好", True),
        ("a café b", "a café b", False),
        ("a caf\ufffd b", "a caf\ufffd\ufffd b", False),
        ("a café", "a caf\ufffd", False),
        ("another text", "a caf\ufffd\ufffd b", False),
        ("我们走吧 ok", "你\ufffd好 ok", False),
        ("plain", "plain", False),
        ("", "\ufffd", False),
    ],
)
def test_what_a_stream_broke(whole: str, streamed: str, broken: bool) -> None:
    """A character that was whole and became U+FFFD is broken; one that the limit cut, or another text, is not."""
    assert same_but_broken(whole, streamed) is broken


@pytest.mark.parametrize(
    ("counts", "places"),
    [
        ([10, 50, 90, 130], []),
        ([10, 50, 50, 130], [2]),
        ([130, 50, 90, 130], [0]),
        ([10, 10, 10, 10], [1, 2, 3]),
        ([], []),
    ],
)
def test_who_is_out_of_order(counts: list[int], places: list[int]) -> None:
    """Those are that the longest growing row leaves out."""
    assert _out_of_order(counts) == places


@pytest.mark.parametrize(
    ("said", "mark"),
    [
        ("An answer.", None),
        ("<think>Hm.</think>An answer.", "<think>"),
        ("Hm.</think>An answer.", "</think>"),
        ("<think>\n\n</think>\n\nAn answer.", None),
        (" <thinking> </thinking>An answer.", None),
        ("<thinking>Hm.</thinking>", "<thinking>"),
    ],
)
def test_marks_of_thoughts(said: str, mark: str | None) -> None:
    """Any is found, but for a pair with nothing between."""
    assert marker_in(said) == mark
