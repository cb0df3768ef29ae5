"""Schemas: read wide and narrow, judged twice, and every fault at the member that has it."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from conformance import contract, schema
from conformance.schema import Fault, Schema, show

STRING, INTEGER = {"type": "string"}, {"type": "integer"}


def load(folder: Path, given_schema: Any) -> Schema:
    """The schema as it is loaded from a file of its own."""
    (folder / "a.schema.json").write_text(json.dumps(given_schema), "utf-8")
    return schema.load(folder / "a.schema.json", folder)


@pytest.mark.parametrize(
    ("given_schema", "zones"),
    [
        ({"minimum": 0, "narrower": {"minimum": 2}}, {-1: "", 0: "wide", 1: "wide", 2: "narrow"}),
        ({"items": {"narrower": STRING}}, {(1,): "wide", ("a",): "narrow", (): "narrow"}),
        ({"allOf": [{"maximum": 5}], "narrower": {"minimum": 2}}, {1: "wide", 2: "narrow", 6: ""}),
        ({"narrower": {"allOf": [{"maximum": 5}, {"narrower": {"minimum": 2}}]}}, {1: "wide", 2: "narrow", 6: "wide"}),
        ({"$ref": "#/$defs/x", "$defs": {"x": {"narrower": {"const": 1}}}}, {2: "wide", 1: "narrow"}),
        ({"narrower": {"type": "integer", "narrower": {"minimum": 5}}}, {"a": "wide", 1: "wide", 5: "narrow"}),
        ({"narrower": False}, {1: "wide"}),
        ({"enum": [1, 2]}, {1: "narrow", 3: ""}),
    ],
)
def test_two_readings(tmp_path: Path, given_schema: Any, zones: dict[Any, str]) -> None:
    """What stands under `narrower` binds the narrow reading only."""
    loaded = load(tmp_path, given_schema)
    for key, zone in zones.items():
        value = list(key) if isinstance(key, tuple) else key
        assert (loaded.allows(value), loaded.demands(value)) == (zone != "", zone == "narrow"), value
    assert '"narrower"' not in json.dumps([loaded.wide, loaded.narrow])


@pytest.mark.parametrize("given_schema", [{"const": {"narrower": 1}}, {"enum": [{"narrower": 1}]}])
def test_values_are_no_schemas(tmp_path: Path, given_schema: Any) -> None:
    """A value that a schema names is left as it is, whatever its members are called."""
    loaded = load(tmp_path, given_schema)
    assert loaded.allows({"narrower": 1})
    assert not loaded.allows({})


def test_properties(tmp_path: Path) -> None:
    """The members that a schema describes are told by name."""
    assert load(tmp_path, {"properties": {"a": STRING}}).properties == {"a": STRING}
    assert load(tmp_path, {}).properties == {}


FAULTS: list[tuple[Any, Any, list[tuple[str, str, str]]]] = [
    (STRING, 5, [("", "5", "string")]),
    ({"type": ["string", "null"]}, 5, [("", "5", "string or null")]),
    ({"enum": ["a", 1]}, "b", [("", '"b"', 'one of "a", 1')]),
    ({"const": True}, 1, [("", "1", "true")]),
    ({"minimum": 1, "maximum": 5}, 0, [("", "0", "at least 1")]),
    ({"exclusiveMinimum": 1}, 1, [("", "1", "above 1")]),
    ({"exclusiveMaximum": 1}, 1, [("", "1", "below 1")]),
    ({"minLength": 1}, "", [("", '""', "a string of at least 1 characters")]),
    ({"maxItems": 1}, [1, 2], [("", "[1, 2]", "an array of at most 1 items")]),
    ({"pattern": "^a"}, "b", [("", '"b"', 'a string like "^a"')]),
    ({"maxLength": 5}, "é" * 100, [("", '"' + "é" * 58 + "…", "a string of at most 5 characters")]),
    ({"required": ["a", "b"]}, {}, [("/a", "missing", "present"), ("/b", "missing", "present")]),
    ({"items": {"required": ["a"]}}, [{"a": 1}, {}], [("/1/a", "missing", "present")]),
    ({"dependentRequired": {"a": ["b"]}}, {"a": 1}, [("/b", "missing", "present")]),
    ({"properties": {"a/b": {"items": {"properties": {"~": STRING}}}}}, {"a/b": [{"~": 1}]}, [("/a~1b/0/~0", "1", "")]),
    ({"if": {"required": ["a"]}, "then": {"required": ["b"]}}, {"a": 1}, [("/b", "missing", "present")]),
    ({"items": STRING, "minItems": 2}, [1], [("", "[1]", "an array of at least 2 items"), ("/0", "1", "string")]),
    ({"anyOf": [STRING, {"type": "array"}]}, 5, [("", "5", "string or array")]),
    ({"anyOf": [STRING, {"type": "array", "items": INTEGER}]}, [1, "a"], [("/1", '"a"', "integer")]),
    ({"oneOf": [STRING, {"properties": {"a": {"required": ["b"]}}}]}, {"a": {}}, [("/a/b", "missing", "present")]),
    ({"anyOf": [{"type": "null"}, {"type": "object", "required": ["a"]}]}, {}, [("/a", "missing", "present")]),
    ({"oneOf": [STRING, {"minLength": 1}]}, "a", [("", '"a"', "oneOf")]),
    ({"if": {"required": ["a"]}, "then": False}, {"a": 1}, [("", '{"a": 1}', "nothing")]),
    ({"additionalProperties": False}, {"a": 1}, [("", '{"a": 1}', "additionalProperties")]),
    ({"type": "object", "properties": {"a": STRING}}, {"a": "b", "c": 1}, []),
]  # fmt: skip


@pytest.mark.parametrize(("given_schema", "value", "faults"), FAULTS)
def test_faults(tmp_path: Path, given_schema: Any, value: Any, faults: list[tuple[str, str, str]]) -> None:
    """Every fault has the path of its own member, also of one that is missing, and says what is and what should be."""
    found = load(tmp_path, given_schema).faults(value)
    assert [(fault.pointer, fault.observed) for fault in found] == [fault[:2] for fault in faults]
    for fault, (_, _, expected) in zip(found, faults, strict=True):
        assert expected in fault.expected


@pytest.mark.parametrize(
    ("given_schema", "value", "pointer"),
    [
        ({"items": {"pattern": "^a$"}}, ["a\n"], "/0"),
        ({"propertyNames": {"pattern": "^[0-9]+$"}}, {"10\n": 1}, ""),
        ({"properties": {"a": {"pattern": "\\S"}}}, {"a": "\ufeff"}, "/a"),
    ],
)
def test_two_dialects_of_patterns(tmp_path: Path, given_schema: Any, value: Any, pointer: str) -> None:
    """Where only one of the two judges takes a pattern by the letter, a value that is refused still has its fault."""
    loaded = load(tmp_path, given_schema)
    assert [fault.pointer for fault in loaded.faults(value)] == ([] if loaded.allows(value) else [pointer])


def test_show() -> None:
    """A value is shown as JSON, cut to a length."""
    assert show({"a": [None, "é"]}) == '{"a": [null, "é"]}'
    assert show("abcdef", 5) == '"abc…'
    assert Fault(path=("a~", 0, "b/"), observed="", expected="").pointer == "/a~0/0/b~1"


EXEMPLARS: dict[str, Any] = {
    "request": {
        "model": "m",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Go on.", "name": "me"},
            {"role": "assistant", "content": "Yes."},
            {"role": "user", "content": "On."},
        ],
        "max_tokens": 5,
        "n": 2,
        "stream": True,
        "stream_options": {"include_usage": True},
        "stop": "x",
        "temperature": 0.5,
        "logit_bias": {"10": -5},
        "logprobs": True,
        "top_logprobs": 2,
        "response_format": {"type": "json_object"},
    },
    "completion": {
        "id": "1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "a", "tool_calls": [{"id": "1", "function": {}}]},
                "finish_reason": "stop",
                "logprobs": {"content": [{"token": "a", "logprob": -1.5, "bytes": [97], "top_logprobs": []}]},
            }
        ],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    },
    "chunk": {
        "id": "1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}],
        "usage": None,
    },
    "error": {
        "error": {"message": "a", "type": None, "code": 5},
        "detail": [{"loc": ["body", 0], "msg": "a", "type": "b", "ctx": {}}],
    },
}  # fmt: skip
KINDS = [(name, kind) for name in contract.names() for kind in EXEMPLARS]
leaves = st.sampled_from([None, True, 0, 1, 2, -1, 1.0, 0.5, -2.5, 1e308, 10**30, "", "a", "10", " ", "é\ud800"])
values: st.SearchStrategy[Any] = st.recursive(
    leaves | st.floats(-3, 3) | st.integers(-130, 130) | st.text("ab 1-é😀", max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "role", "content", "type"]), inner, max_size=3)
    ),
    max_leaves=5,
)


def parents(value: Any) -> Iterator[Any]:
    """Every array and object that is not empty, outermost first."""
    if isinstance(value, list | dict) and value:
        yield value
        for inner in value.values() if isinstance(value, dict) else value:
            yield from parents(inner)


@st.composite
def spoilt(draw: st.DrawFn, exemplar: Any) -> Any:
    """An exemplar with up to three places left out or set to something else."""
    value = copy.deepcopy(exemplar)
    for _ in range(draw(st.integers(0, 3))):
        parent = draw(st.sampled_from(list(parents(value)) or [{"": None}]))
        key = draw(st.sampled_from(list(parent) if isinstance(parent, dict) else list(range(len(parent)))))
        if draw(st.booleans()):
            parent[key] = draw(values)
        else:
            del parent[key]
    return value


@cache
def judges(name: str, kind: str) -> tuple[Schema, Any, Any]:
    """A contract's schema, and jsonschema's validators of both its readings."""
    loaded: Schema = getattr(contract.load(name), kind)
    return loaded, Draft202012Validator(loaded.wide), Draft202012Validator(loaded.narrow)


@pytest.mark.parametrize(("name", "kind"), KINDS)
@settings(deadline=None, max_examples=80)
@given(data=st.data())
def test_two_judges(name: str, kind: str, data: st.DataObject) -> None:
    """The fast judge and the thorough one agree on any value; what the narrow reading takes the wide one does too."""
    loaded, wide, narrow = judges(name, kind)
    value = data.draw(spoilt(EXEMPLARS[kind]) | values)
    assert loaded.allows(value) is wide.is_valid(value)
    assert loaded.demands(value) is narrow.is_valid(value)
    assert loaded.allows(value) or not loaded.demands(value)
    assert (loaded.faults(value) == ()) is loaded.allows(value)
