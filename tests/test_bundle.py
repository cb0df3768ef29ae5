"""Bundling: a schema file and all it refers to become one, and nothing in them is passed over."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conformance import schema
from conformance.model import UsageError
from conformance.schema import Schema

Files = dict[str, Any]
TREE = {"properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}, "value": {"type": "integer"}}}
STRING, INTEGER = {"type": "string"}, {"type": "integer"}
B = {"$ref": "b.schema.json"}


def load(root: Path, files: Files | Any) -> Schema:
    """The schema own/a.schema.json of these files (names are relative to the folder that holds own and common)."""
    if not (isinstance(files, dict) and "own/a.schema.json" in files):
        files = {"own/a.schema.json": files}
    (root / "common").mkdir(exist_ok=True)
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return schema.load(root / "own" / "a.schema.json", root / "common")


@pytest.mark.parametrize(
    ("files", "legal", "illegal"),
    [
        pytest.param({"$ref": "#/$defs/x", "$defs": {"x": STRING}}, ["a"], [1], id="inside the file"),
        pytest.param(TREE, [{"left": {"right": {"value": 1}}}], [{"left": {"right": {"value": ""}}}], id="to itself"),
        pytest.param(
            {"own/a.schema.json": {"$ref": "b.schema.json"}, "own/b.schema.json": STRING}, ["a"], [1], id="to a file"
        ),
        pytest.param(
            {
                "own/a.schema.json": {"items": {"$ref": "../common/b.schema.json#/$defs/x"}},
                "common/b.schema.json": {"$defs": {"x": {"$ref": "c.schema.json"}, "y": {"const": 5}}},
                "common/c.schema.json": {"anyOf": [STRING, {"$ref": "../common/b.schema.json#/$defs/y"}]},
            },
            [["a", 5]],
            [[1], [None]],
            id="through files that refer to each other",
        ),
        pytest.param(
            {
                "own/a.schema.json": {"properties": {"b": {"$ref": "b.schema.json"}}, "required": ["b"]},
                "own/b.schema.json": {"properties": {"a": {"$ref": "a.schema.json"}, "n": INTEGER}},
            },
            [{"b": {}}, {"b": {"a": {"b": {"n": 1}}}}],
            [{"b": {"a": {}}}, {"b": {"a": {"b": {"n": ""}}}}],
            id="round a cycle",
        ),
        pytest.param(
            {
                "own/a.schema.json": {"prefixItems": [{"$ref": "b.schema.json"}, {"$ref": "../common/b.schema.json"}]},
                "own/b.schema.json": STRING,
                "common/b.schema.json": INTEGER,
            },
            [["a", 1]],
            [[1, 1], ["a", "a"]],
            id="to files of one name in both folders",
        ),
        pytest.param(
            {
                "own/a.schema.json": {
                    "prefixItems": [{"$ref": "#/$defs/b"}, {"$ref": "b.schema.json"}],
                    "$defs": {"b": STRING},
                },
                "own/b.schema.json": INTEGER,
            },
            [["a", 1]],
            [[1, 1], ["a", "a"]],
            id="to a definition and a file of one name",
        ),
        pytest.param({"$ref": "#/$defs/a~1b~0c", "$defs": {"a/b~c": STRING}}, ["a"], [1], id="by an escaped pointer"),
        pytest.param({"items": {"$ref": "#/anyOf/0"}, "anyOf": [STRING, {}]}, [["a"]], [["a", 1]], id="to an item"),
    ],
)  # fmt: skip
def test_references(tmp_path: Path, files: Any, legal: list[Any], illegal: list[Any]) -> None:
    """A reference means what it points to, within a file, between files and round in circles."""
    loaded = load(tmp_path, files)
    assert [value for value in legal if not loaded.allows(value)] == []
    assert [value for value in illegal if loaded.allows(value)] == []


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"properties": {"x": {"typ": "string"}}}, ["a.schema.json", "'typ'", "/properties/x"]),
        ({"allOf": [{}, {"if": {"elze": True}}]}, ["a.schema.json", "'elze'", "/allOf/1/if"]),
        ({"narrower": {"x": 1}}, ["a.schema.json", "'x'", "/narrower"]),
        ({"own/a.schema.json": {"$ref": "b.schema.json"}, "own/b.schema.json": {"y": 1}}, ["b.schema.json", "'y'"]),
        ({"items": {"$ref": "#/$defs/x"}}, ["a.schema.json", "/items/$ref", "'#/$defs/x'", "nowhere"]),
        ({"items": {"$ref": "#x"}}, ["a.schema.json", "/items/$ref", "'#x'"]),
        ({"items": {"$ref": 5}}, ["a.schema.json", "/items/$ref"]),
        ({"items": {"$ref": "b.schema.json"}}, ["a.schema.json", "/items/$ref", "b.schema.json"]),
        (
            {"own/a.schema.json": {"items": {"$ref": "b.schema.json#/$defs/x"}}, "own/b.schema.json": {}},
            ["a.schema.json", "/items/$ref", "'b.schema.json#/$defs/x'", "nowhere"],
        ),
        *(
            ({"items": {"$ref": reference}}, ["a.schema.json", "/items/$ref", f"'{reference}'", "leads out"])
            for reference in (
                "../other/b.schema.json",
                "../../common/b.schema.json",
                "../common/../b.schema.json",
                "../common/",
                "below/b.schema.json",
                "/etc/hostname",
                "https://json-schema.org/draft/2020-12/schema",
            )
        ),
        (b"{", ["a.schema.json", "not JSON"]),
        (b"\xff{}", ["a.schema.json", "not JSON"]),
        (b"\xef\xbb\xbf{}", ["a.schema.json", "not JSON"]),
        (b'{"items": ' * 100_000, ["a.schema.json", "not JSON"]),
        (b'{"properties": {"x": {}, "x": {"type": "string"}}}', ["a.schema.json", "x", "twice"]),
        (b'{"properties": {"x": {"maximum": NaN}}}', ["a.schema.json", "not JSON"]),
        ([], ["a.schema.json", "not a JSON object"]),
        ({"properties": {"x": {"type": "strin"}}}, ["a.schema.json", "strin", "/properties/x/type"]),
        ({"properties": {"x": {"minimum": "1"}}}, ["a.schema.json", "/properties/x/minimum"]),
        ({"properties": []}, ["a.schema.json", "/properties"]),
        ({"items": {"pattern": "("}}, ["a.schema.json", "/items/pattern"]),
        ({"items": {"narrower": {"required": "x"}}}, ["a.schema.json", "required"]),
    ],
)
def test_what_is_no_schema(tmp_path: Path, files: Any, told: list[str]) -> None:
    """What is passed over nowhere else is an error here: it names the file and the key."""
    with pytest.raises(UsageError) as refused:
        load(tmp_path, files)
    assert [part for part in told if part not in str(refused.value)] == []


def test_missing_file(tmp_path: Path) -> None:
    """A schema that is not there is named."""
    with pytest.raises(UsageError, match=r"own.a\.schema\.json: No such file"):
        schema.load(tmp_path / "own" / "a.schema.json", tmp_path)


@pytest.mark.parametrize(
    ("given_schema", "legal", "illegal"),
    [
        (B, "x", "y"),
        ({"properties": {"a": B}}, {"a": "x"}, {"a": "y"}),
        ({"patternProperties": {"^a": B}}, {"ab": "x"}, {"ab": "y"}),
        ({"additionalProperties": B}, {"a": "x"}, {"a": "y"}),
        ({"propertyNames": B}, {"x": 1}, {"y": 1}),
        ({"items": B}, ["x"], ["y"]),
        ({"prefixItems": [{}, B]}, ["y", "x"], ["x", "y"]),
        ({"allOf": [{}, B]}, "x", "y"),
        ({"anyOf": [False, B]}, "x", "y"),
        ({"oneOf": [False, B]}, "x", "y"),
        ({"not": B}, "y", "x"),
        ({"if": B, "then": False}, "y", "x"),
        ({"if": True, "then": B}, "x", "y"),
        ({"if": False, "else": B}, "x", "y"),
        ({"narrower": B}, "x", "y"),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"items": B}}}, ["x"], ["y"]),
    ],
)
def test_where_references_stand(tmp_path: Path, given_schema: Any, legal: Any, illegal: Any) -> None:
    """A reference to another file is followed wherever a schema can stand."""
    loaded = load(tmp_path, {"own/a.schema.json": given_schema, "own/b.schema.json": {"enum": ["x"]}})
    assert loaded.demands(legal)
    assert not loaded.demands(illegal)
    assert loaded.allows(illegal) is ("narrower" in given_schema)


@pytest.mark.parametrize("keyword", ["const", "default", "enum"])
def test_values_hold_no_references(tmp_path: Path, keyword: str) -> None:
    """A value that a schema names is left as it is, whatever its members are called."""
    value: Any = [{"$ref": "nowhere", "typ": 1}]
    assert load(tmp_path, {keyword: value}).wide == {keyword: value}


def test_every_keyword_is_known(tmp_path: Path) -> None:
    """The keywords that a contract may use are those of JSON Schema that bind, and the notes beside them."""
    of_strings = {"minLength": 0, "maxLength": 5, "pattern": "", "format": "date", "title": "", "description": ""}
    of_numbers = {"minimum": 0, "maximum": 5, "exclusiveMinimum": -1, "exclusiveMaximum": 6, "default": 1}
    of_arrays = {"minItems": 0, "maxItems": 5, "uniqueItems": True}
    of_objects = {"minProperties": 0, "maxProperties": 5, "required": [], "dependentRequired": {}}
    every: Any = {**of_strings, **of_numbers, **of_arrays, **of_objects}
    assert load(tmp_path, every).wide == every


def test_what_is_left_out(tmp_path: Path) -> None:
    """What tells other tools about the file is no part of the bundle."""
    loaded = load(tmp_path, {"$schema": "x", "$id": "y", "$comment": "z", "title": "t", "properties": {"a": STRING}})
    assert loaded.wide == {"title": "t", "properties": {"a": STRING}}
