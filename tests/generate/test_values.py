"""One value of every boundary class: bounds, steps inside of them, listed values, null, sizes."""

from __future__ import annotations

import json
from typing import Any, cast

import jsonschema_rs
import pytest

from conformance.generate.forms import Form
from conformance.generate.kitchen import Kitchen
from conformance.generate.values import INSIDE, Place, simplest, values
from conformance.model import JSON

CLASSES: list[tuple[dict[str, JSON], dict[str, list[JSON]]]] = [
    ({"type": "integer", "minimum": 2, "maximum": 127}, {"bound": [2, 3, 126, 127], "inside": [64]}),
    ({"type": "integer", "minimum": 0, "maximum": 2**31 - 1}, {"bound": [0, 1, 2**31 - 2, 2**31 - 1], "inside": [16]}),
    ({"type": "number", "minimum": -1.99, "maximum": 1.99}, {"bound": [-1.99, -1.98, 1.98, 1.99], "inside": [0.1]}),
    ({"type": "number", "exclusiveMinimum": 0, "maximum": 1}, {"bound": [0.01, 0.02, 0.99, 1], "inside": [0.6]}),
    ({"type": "boolean"}, {"inside": [True, False]}),
    ({"enum": ["auto", "none", None]}, {"inside": ["auto", "none"], "null": [None]}),
    ({"type": ["boolean", "null"]}, {"inside": [True, False], "null": [None]}),
    (
        {"type": "object", "properties": {"a": {"type": "boolean"}}, "minProperties": 1},
        {"inside": [{"a": True}, {"a": False}]},
    ),
]


@pytest.mark.parametrize(("schema", "classes"), CLASSES, ids=[str(schema) for schema, _ in CLASSES])
def test_classes(schema: dict[str, JSON], classes: dict[str, list[JSON]]) -> None:
    """Each class has its value, and there is no other."""
    found: dict[str, list[JSON]] = {}
    for value in values(Form("s", schema, {})):
        found.setdefault(value.place.value, []).append(value.value)
    assert found == classes


def test_sizes_of_texts() -> None:
    """A text's classes are its sizes: the least, one more, one less than the most, the most."""
    found = values(Form("s", {"type": "string", "minLength": 1, "maxLength": 512}, {}))
    assert {len(cast(str, each.value)) for each in found} == {1, 2, INSIDE, 511, 512}


def test_sizes_of_maps() -> None:
    """A map's classes are its sizes and those of its entries."""
    schema: JSON = {
        "type": "object",
        "maxProperties": 4,
        "propertyNames": {"minLength": 1},
        "additionalProperties": {"enum": ["x", "y"]},
    }
    found = [cast("dict[str, JSON]", each.value) for each in values(Form("s", schema, {}))]
    assert sorted(len(each) for each in found) == [0, 1, 1, 2, 3, 4]
    assert {"x", "y"} == {value for each in found for value in each.values()}


def test_every_value_is_allowed(store: Kitchen) -> None:
    """What stands for a class of a parameter is demanded by the narrow reading, and labels are unique."""
    reading = store.contract.request.narrow
    for name, parameter in store.parameters.items():
        member = cast("dict[str, Any]", reading["properties"])[name]
        valid = jsonschema_rs.Draft202012Validator({**member, "$defs": reading["$defs"]})
        found = values(parameter.narrow)
        assert [each.value for each in found if not valid.is_valid(each.value)] == [], name
        assert len({each.label for each in found}) == len(found), name
        assert valid.is_valid(simplest(parameter.narrow)), name


def test_both_ends_of_every_range(store: Kitchen) -> None:
    """Every bound that a document states for a number is among its parameter's values, and a step inside of it."""
    seen = 0
    for name, parameter in store.parameters.items():
        for flat in parameter.narrow.alternatives:
            bounds = [flat[key] for key in ("minimum", "maximum") if key in flat]
            sent = {each.value for each in store.values[name] if each.place is Place.BOUND and _number(each.value)}
            step = 1 if flat.get("type") == "integer" else 0.01
            inside = [
                round(bound + sign * step, 6) for bound, sign in zip(cast("list[float]", bounds), (1, -1), strict=False)
            ]
            assert {*bounds, *inside} <= sent, name
            seen += len(bounds)
    assert seen >= 18


def _number(value: JSON) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def test_the_simplest(highway: Kitchen) -> None:
    """What stands for a parameter is the shortest value from the middle, and never null."""
    found = {name: simplest(parameter.narrow) for name, parameter in highway.parameters.items()}
    assert found["n"] == 64
    assert found["response_format"] == {"type": "json_object"}
    assert len(json.dumps(found["messages"])) < 100
    assert None not in found.values()
