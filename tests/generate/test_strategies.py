"""What a strategy draws is valid, by both validators; and it draws all kinds of it."""

from __future__ import annotations

from typing import Any, cast

import jsonschema_rs
import pytest
from jsonschema import Draft202012Validator

from conformance.generate.chance import draws
from conformance.generate.forms import Form
from conformance.generate.kitchen import Kitchen
from conformance.generate.strategies import ALPHABET, python_pattern, strategy
from conformance.model import JSON

SCHEMAS: list[dict[str, JSON]] = [
    {"type": "integer", "minimum": 2, "maximum": 5},
    {"type": "integer", "exclusiveMinimum": 2, "exclusiveMaximum": 5},
    {"type": "integer", "minimum": 1, "maximum": 100, "multipleOf": 7},
    {"type": "integer"},
    {"type": "number", "minimum": 0, "exclusiveMaximum": 1},
    {"type": "number", "exclusiveMinimum": 0, "maximum": 0.5},
    {"type": "string", "minLength": 2, "maxLength": 3},
    {"type": "string", "pattern": "^[a-c]{2,4}$"},
    {"type": "string", "pattern": "\\S", "maxLength": 5},
    {"type": "string", "pattern": "^a+$", "patterns": ["^a+$", "^(aa)+$"]},
    {"type": "array", "items": {"type": "boolean"}, "minItems": 1, "maxItems": 3},
    {"type": "array", "items": {"enum": ["a", "b", "c"]}, "uniqueItems": True},
    {"type": "array", "prefixItems": [{"const": 1}, {"type": "boolean"}], "minItems": 2, "maxItems": 2},
    {"type": "object", "properties": {"a": {"const": 1}, "b": {"type": "boolean"}}, "required": ["a"]},
    {"type": "object", "properties": {"a": {"const": 1}, "b": {"const": 2}}, "minProperties": 1},
    {
        "type": "object",
        "propertyNames": {"pattern": "^[0-9]{2}$"},
        "additionalProperties": {"type": "integer", "minimum": -1, "maximum": 1},
        "minProperties": 1,
        "maxProperties": 2,
    },
    {"anyOf": [{"type": "null"}, {"enum": ["x", 4]}]},
]


@pytest.mark.parametrize("schema", SCHEMAS, ids=str)
def test_drawn_is_valid(schema: dict[str, JSON]) -> None:
    """Every keyword is heeded where its type is drawn."""
    checked = {key: value for key, value in schema.items() if key != "patterns"}
    fast, slow = jsonschema_rs.Draft202012Validator(checked), Draft202012Validator(cast(Any, checked))
    drawn = draws(strategy(Form("s", schema, {})), 60, "seed")
    assert [value for value in drawn if not fast.is_valid(value) or not slow.is_valid(value)] == []
    assert len({str(value) for value in drawn}) > 1 or schema.get("maximum") == 5


def test_every_parameter(store: Kitchen) -> None:
    """What is drawn of a parameter is what the narrow reading demands of it."""
    reading = store.contract.request.narrow
    for name, parameter in store.parameters.items():
        member = cast("dict[str, Any]", reading["properties"])[name]
        valid = jsonschema_rs.Draft202012Validator({**member, "$defs": reading["$defs"]})
        drawn = draws(strategy(parameter.narrow), 30, name)
        assert [value for value in drawn if not valid.is_valid(value)] == [], name


def test_the_alphabet_has_every_plane() -> None:
    """Texts have characters of each plane that has any, and none that is no text."""
    assert {ord(letter) >> 16 for letter in ALPHABET} == {0, 1, 2, 3, 14, 15, 16}
    assert not any(0xD800 <= ord(letter) < 0xE000 for letter in ALPHABET)


@pytest.mark.parametrize(("pattern", "spelt"), [("^a$", r"^a\Z"), ("^a", "^a"), (r"\$", r"\$")])
def test_python_spells_the_end_otherwise(pattern: str, spelt: str) -> None:
    """Python's "$" matches before a line end, that of JSON Schema does not."""
    assert python_pattern(pattern) == spelt
