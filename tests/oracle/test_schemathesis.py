"""What schemathesis' coverage phase finds worth sending, ours has a value of the same class for.

The phase is private and changes between releases, so it is asked in an environment of its own (`tox -e oracle`), and
nothing of ours depends on it.
"""

from __future__ import annotations

from typing import Any, TypeGuard, cast

import jsonschema_rs
import pytest

from conformance import contract as contracts
from conformance.generate.departures import Departures, departures
from conformance.generate.forms import json_type
from conformance.generate.kitchen import Kitchen, whole_kitchen
from conformance.model import JSON

coverage = pytest.importorskip("schemathesis.specs.openapi.coverage._schema")
from schemathesis.core.parameters import ParameterLocation  # noqa: E402
from schemathesis.generation import GenerationMode  # noqa: E402

ELSEWHERE = {"object_additional_property"}
"""Members that nobody named: one is sent beside all others (`requests.unknown-member`), not in every object."""


def covered(schema: dict[str, Any], mode: GenerationMode) -> list[tuple[str, JSON]]:
    """The scenarios and values that schemathesis makes of a schema."""
    context = coverage.CoverageContext(
        root_schema=schema,
        location=ParameterLocation.BODY,
        media_type=("application", "json"),
        generation_modes=[mode],
        is_required=True,
        custom_formats={},
        validator_cls=jsonschema_rs.Draft202012Validator,
    )
    return [(str(each.scenario), cast(JSON, each.value)) for each in coverage.cover_schema_iter(context, schema)]


def member(store: Kitchen, reading: dict[str, Any], name: str) -> dict[str, Any]:
    """The schema of a request's member, with what it refers to."""
    return {**reading["properties"][name], "$defs": reading["$defs"]}


def alike(scenario: str, value: JSON, good: list[JSON], bad: list[JSON], default: JSON) -> bool:
    """Whether one of our values is of the same class."""
    if scenario == "incorrect_type":
        return any(json_type(each) == json_type(value) or (is_number(each) and is_number(value)) for each in bad)
    numbers = [each for each in bad if is_number(each)]
    within = [each for each in good if is_number(each)]
    if is_number(value) and within:
        return {
            "value_above_maximum": any(each > max(within) for each in numbers),
            "value_below_minimum": any(each < min(within) for each in numbers),
            "default_value": value in within or value == default,
            "near_boundary_number": len(within) >= 4,
        }.get(scenario, value in within or value in numbers)
    ours = [*good, *bad]
    if "length" in scenario and isinstance(value, str):
        return any(isinstance(each, str) and len(each) == len(value) for each in ours)
    if "items" in scenario and isinstance(value, list):
        return any(isinstance(each, list) and len(each) == len(value) for each in ours)
    if isinstance(value, bool) or value is None:
        return any(each is value for each in ours)
    return any(json_type(each) == json_type(value) for each in ours)


def is_number(value: object) -> TypeGuard[float]:
    """A number, and no truth value."""
    return isinstance(value, int | float) and not isinstance(value, bool)


@pytest.mark.parametrize("name", contracts.names())
def test_every_class_of_the_coverage_phase_is_ours(name: str) -> None:
    """For each parameter, each scenario that schemathesis covers has a value of ours of the same class."""
    contract = contracts.load(name)
    store = whole_kitchen(contract)
    missed, seen = [], 0
    for parameter in store.parameters:
        beyond = cast(Departures, departures(store, parameter))
        good = [each.value for each in store.values[parameter]]
        bad = [each.value for each in beyond.all]
        default = contract.request.annotation(parameter, "default")
        for reading, mode in (
            (contract.request.narrow, GenerationMode.POSITIVE),
            (contract.request.wide, GenerationMode.NEGATIVE),
        ):
            for scenario, value in covered(member(store, cast("dict[str, Any]", reading), parameter), mode):
                if scenario not in ELSEWHERE:
                    seen += 1
                    if not alike(scenario, value, good, bad, default):
                        missed.append((parameter, mode.name, scenario, value))
    assert missed == []
    assert seen > 100
