"""Values made from schemas."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from conformance import strict_json
from conformance.reference.formats import any_object, value_of

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
keywords = st.sampled_from(
    """type enum const properties required additionalProperties minProperties items prefixItems minItems maxItems
    uniqueItems minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minLength maxLength anyOf oneOf allOf $ref
    $defs format""".split()  # noqa: SIM905  # as a list it would fill a page
)
wild = st.recursive(
    anything | st.sampled_from(["#", "#/$defs/a", "#/properties/a", "object", "array", "string", "integer", "number"]),
    lambda inner: st.dictionaries(keywords, inner | st.lists(inner, max_size=3), max_size=5),
    max_leaves=15,
)


def bounded(kind: str, least: str, most: str, size: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """A schema with none, one or both of two bounds."""
    return st.tuples(size, size).flatmap(
        lambda pair: st.fixed_dictionaries(
            {"type": st.just(kind)}, optional={least: st.just(min(pair)), most: st.just(max(pair))}
        )
    )


leaves = st.one_of(
    st.sampled_from([{"type": "boolean"}, {"type": "null"}, {"type": ["integer", "null"]}, {}, {"const": {"a": [1]}}]),
    bounded("integer", "minimum", "maximum", st.integers(-1000, 1000)),
    bounded("number", "minimum", "maximum", st.floats(-1e6, 1e6)),
    bounded("string", "minLength", "maxLength", st.integers(0, 40)),
    st.builds(lambda values: {"enum": values}, st.lists(anything, min_size=1, max_size=3)),
)


def objects(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Schemas of objects, closed or open."""
    return st.dictionaries(st.text(min_size=1, max_size=6), inner, max_size=4).flatmap(
        lambda properties: st.fixed_dictionaries(
            {"type": st.just("object"), "properties": st.just(properties)},
            optional={
                "required": st.lists(st.sampled_from(sorted(properties) or ["other"]), unique=True),
                "additionalProperties": st.just(False) if properties else inner,
            },
        )
    )


schemas = st.recursive(
    leaves,
    lambda inner: st.one_of(
        objects(inner),
        bounded("array", "minItems", "maxItems", st.integers(0, 5)).flatmap(
            lambda array: st.builds(lambda items: {**array, "items": items}, inner)
        ),
        st.builds(lambda branches: {"anyOf": branches}, st.lists(inner, min_size=1, max_size=3)),
    ),
    max_leaves=10,
)


@settings(deadline=None)
@given(schemas, st.randoms(use_true_random=False))
def test_a_value_satisfies_its_schema(schema: dict[str, Any], chance: Random) -> None:
    """Whatever ordinary schema is asked for, jsonschema finds nothing wrong with the value."""
    Draft202012Validator(schema).validate(value_of(schema, chance))


def needs(**properties: Any) -> dict[str, Any]:
    """The schema of an object that has all of these."""
    return {"type": "object", "properties": properties, "required": sorted(properties)}


NODE = needs(next={"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]})
DIGITS = {"type": "integer", "minimum": 1, "maximum": 3}

PARTICULAR: list[dict[str, Any]] = [
    needs(größe={"type": "integer"}, 名={"type": "string"}),
    {"type": "object", "minProperties": 3},
    {"type": "object", "$ref": "#/$defs/node", "$defs": {"node": NODE}},
    {**needs(**{"a~b": {"$ref": "#/$defs/x~1y~0"}}), "$defs": {"x/y~": {"const": 1}}},
    {"allOf": [needs(a={"type": "null"}), needs(b={"type": "boolean"})]},
    {"type": "array", "items": DIGITS, "uniqueItems": True, "minItems": 3, "maxItems": 3},
    {"type": "array", "prefixItems": [{"type": "null"}, {"type": "boolean"}], "minItems": 2, "maxItems": 2},
    {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.001},
    {"type": "integer", "exclusiveMinimum": 3, "exclusiveMaximum": 5},
    {"type": "integer", "multipleOf": 7, "minimum": 8, "maximum": 14},
    {"type": "integer", "maximum": -50},
    {"properties": {"a": {"minimum": 3}}, "required": ["a"]},
]


@pytest.mark.parametrize("schema", PARTICULAR, ids=str)
def test_particular_keywords_are_obeyed(schema: dict[str, Any]) -> None:
    """References, parts, unique items, open bounds and unusual names."""
    for seed in range(30):
        Draft202012Validator(schema).validate(value_of(schema, Random(seed)))


def test_what_is_not_required_is_sometimes_left_out() -> None:
    """And sometimes there."""
    schema: dict[str, Any] = {"type": "object", "properties": {"a": {}, "b": {}}, "required": ["b"]}
    made = [value_of(schema, Random(seed)) for seed in range(20)]
    assert {frozenset(each) for each in made if isinstance(each, dict)} == {frozenset("ab"), frozenset("b")}


@settings(deadline=None)
@given(wild, st.integers())
def test_every_schema_gets_a_value(schema: Any, seed: int) -> None:
    """However senseless the schema, the value is JSON and not too large to be said."""
    assert len(strict_json.dump(value_of(schema, Random(seed)))) < 1_000_000


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]},
        {"type": "array", "items": {"$ref": "#"}, "minItems": 1},
        {"type": "array", "items": {"$ref": "#"}, "minItems": 60},
        {"type": "object", "additionalProperties": {"$ref": "#"}, "required": list("abcdefgh")},
        {"type": "string", "minLength": 10**12},
        {"type": "array", "minItems": 10**12},
        {"type": "integer", "minimum": 10**400},
        {"type": "number", "minimum": 10**400},
        {"type": "number", "minimum": 1e308, "maximum": -1e308},
    ],
    ids=str,
)
def test_a_schema_without_end_has_one(schema: dict[str, Any]) -> None:
    """What requires itself, or the impossible, still gets some value, soon."""
    strict_json.dump(value_of(schema, Random(1)))


def test_an_object_nobody_described_is_one() -> None:
    """Without a schema JSON mode gives an object with something in it, another one each time."""
    made = [any_object(Random(seed)) for seed in range(20)]
    assert all(made)
    assert len({strict_json.canonical(each) for each in made}) > 15
