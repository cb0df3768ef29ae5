"""Schemas become flat alternatives, and what nobody understands is an error."""

from __future__ import annotations

import pytest

from conformance import contract as contracts
from conformance.generate.forms import Form, json_type, parameters
from conformance.generate.kitchen import Kitchen
from conformance.model import JSON, UsageError


def form(schema: JSON) -> Form:
    """A form without definitions."""
    return Form("a schema", schema, {})


def test_alternatives_are_flat(store: Kitchen) -> None:
    """Every parameter of every contract has alternatives of one type each, or listed values."""
    for parameter in store.parameters.values():
        for each in (parameter.narrow, parameter.wide):
            assert each.alternatives
            for flat in each.alternatives:
                assert isinstance(flat.get("type"), str) or {"const", "enum"} & flat.keys()
                assert not {"$ref", "anyOf", "allOf"} & flat.keys()


@pytest.mark.parametrize(
    ("schema", "types"),
    [
        ({"type": ["integer", "null"]}, ["integer", "null"]),
        ({"anyOf": [{"type": "string"}, {"anyOf": [{"type": "array"}, {"const": 1}]}]}, ["string", "array", None]),
        ({"not": {}}, []),
        (False, []),
        (True, ["string"]),
        ({}, ["string"]),
    ],
)
def test_splitting(schema: JSON, types: list[str | None]) -> None:
    """Lists of types and nested alternatives are taken apart; nothing and anything are known."""
    assert [each.get("type") for each in form(schema).alternatives] == types


@pytest.mark.parametrize("keyword", ["if", "contains", "unevaluatedProperties", "oneOf", "not"])
def test_unknown_keyword(keyword: str) -> None:
    """A keyword that generation would not heed is an error that names schema and keyword."""
    with pytest.raises(UsageError, match=f"a schema: no requests can be generated for keyword '{keyword}'"):
        _ = form({"type": "integer", keyword: {}}).alternatives


def test_features_that_are_off() -> None:
    """What belongs to a feature that is off is not generated: a whole member, or a form of its values."""
    contract = contracts.load("highwayapi")
    every = frozenset(contract.features)
    assert "top_k" in parameters(contract, every)
    assert "top_k" not in parameters(contract, every - {"top-k"})
    forms = parameters(contract, every - {"json-schema"})["response_format"].narrow.valued.alternatives
    assert len(forms) == 1
    assert len(parameters(contract, every)["response_format"].narrow.valued.alternatives) > 1
    talks = [len(parameters(contract, on)["messages"].narrow.alternatives) for on in (every, every - {"tools"})]
    assert talks[0] > talks[1] > 1


def test_valued_has_no_null() -> None:
    """Null can be left out of a form that has anything else."""
    assert [each["type"] for each in form({"type": ["integer", "null"]}).valued.alternatives] == ["integer"]
    assert [each["type"] for each in form({"type": "null"}).valued.alternatives] == ["null"]


@pytest.mark.parametrize(
    ("value", "name"),
    [(None, "null"), (True, "boolean"), (1, "integer"), (4.0, "number"), ("", "string"), ([], "array"), ({}, "object")],
)
def test_json_types(value: JSON, name: str) -> None:
    """True is no integer, and 4.0 is a number."""
    assert json_type(value) == name
