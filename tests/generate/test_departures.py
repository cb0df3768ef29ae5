"""What lies beyond: sorted by the schema into disputed and wrong, with everything that people get wrong among it."""

from __future__ import annotations

import math
from typing import cast

import pytest

from conformance import contract as contracts
from conformance.generate.departures import Departures, Kind, departures, kind_of
from conformance.generate.kitchen import Kitchen, whole_kitchen
from conformance.model import JSON, Zone


def of(name: str, contract: str = "highwayapi") -> Departures:
    """The departures of a parameter."""
    loaded = contracts.load(contract)
    found = departures(whole_kitchen(loaded), name)
    assert found is not None
    return found


def near(name: str, zone: Zone, contract: str = "highwayapi") -> set[JSON]:
    """The values next to a parameter's bounds, of a zone."""
    return {cast(float, each.value) for each in of(name, contract).of(zone) if each.near and not each.without}


@pytest.mark.parametrize(
    ("name", "wrong", "disputed"),
    [
        ("n", {0, 129}, {128}),
        ("top_k", {-2, 129}, {-1, 0, 1, 128}),
        ("temperature", {-0.01, 2.01}, {0, 2}),
        ("frequency_penalty", {-2.01, 2.01}, {-2, 2}),
        ("repetition_penalty", {-0.01, 2.01}, {0, 2}),
        ("top_p", {-0.01, 1.01}, {0}),
        ("min_p", {-0.01, 1.01}, set()),
        ("top_logprobs", {-1, 21}, set()),
    ],
)
def test_next_to_the_bounds(name: str, wrong: set[JSON], disputed: set[JSON]) -> None:
    """The first values beyond each bound are there, in the zone that the documents' contradictions leave them in."""
    assert near(name, Zone.REJECT) == wrong
    assert near(name, Zone.DISPUTED) == disputed


def test_without_stated_ranges() -> None:
    """Where a document states no range, what is beyond the usual one is disputed."""
    assert near("temperature", Zone.DISPUTED, "basic-gateway") == {-0.01, 2.01}
    assert near("temperature", Zone.REJECT, "basic-gateway") == set()


@pytest.mark.parametrize(
    ("name", "value", "zone", "kind"),
    [
        ("n", "64", Zone.REJECT, Kind.TYPE),
        ("n", 1.5, Zone.REJECT, Kind.TYPE),
        ("n", 4.0, Zone.DISPUTED, Kind.TYPE),
        ("temperature", "1.1", Zone.REJECT, Kind.TYPE),
        ("temperature", math.nextafter(2.0, 3), Zone.REJECT, Kind.RANGE),
        ("temperature", math.nextafter(2.0, 1), Zone.DISPUTED, Kind.RANGE),
        ("stream", "true", Zone.REJECT, Kind.TYPE),
        ("stop", "", Zone.DISPUTED, Kind.RANGE),
        ("stop", [], Zone.DISPUTED, Kind.RANGE),
        ("model", None, Zone.REJECT, Kind.TYPE),
        ("model", "", Zone.DISPUTED, Kind.RANGE),
        ("max_tokens", None, Zone.DISPUTED, Kind.TYPE),
        ("max_tokens", 0, Zone.DISPUTED, Kind.RANGE),
        ("messages", [], Zone.DISPUTED, Kind.RANGE),
        ("tools", [{"type": "no-such-value"}], Zone.REJECT, Kind.RANGE),
        ("logit_bias", {"50": 101}, Zone.REJECT, Kind.RANGE),
        ("logit_bias", {"50": "0"}, Zone.REJECT, Kind.RANGE),
    ],
)
def test_known_mistakes(name: str, value: JSON, zone: Zone, kind: Kind) -> None:
    """What clients get wrong is among the departures, in the zone of the documents' decisions."""
    found = [each for each in of(name).all if type(each.value) is type(value) and each.value == value]
    assert [(each.zone, each.kind) for each in found] == [(zone, kind)] or (name == "max_tokens" and value is None)
    assert found


def test_five_sequences() -> None:
    """One more than the most items of an array is there."""
    assert any(isinstance(each.value, list) and len(each.value) == 5 for each in of("stop").of(Zone.REJECT, Kind.RANGE))


def test_without_its_companion() -> None:
    """A parameter that needs another one is sent without it, with a value that is fine."""
    alone = [each for each in of("top_logprobs").all if each.without]
    assert [(each.zone, each.without, each.value) for each in alone] == [(Zone.REJECT, ("logprobs",), 10)]
    assert [each.zone for each in of("stream_options").all if each.without] == [Zone.DISPUTED]


def test_zones(store: Kitchen) -> None:
    """Every departure is in the zone it says, beside a control that must be accepted; and none asks for much."""
    total = 0
    for name in store.parameters:
        found = departures(store, name)
        assert found is not None, name
        if name != "model":
            assert store.zone(found.control) is Zone.ACCEPT
        for each in found.all:
            body = {key: value for key, value in found.control.items() if key not in each.without} | {name: each.value}
            whole = isinstance(each.value, float) and each.value.is_integer()
            assert store.zone(body) is each.zone or (whole and each.zone is Zone.DISPUTED), (name, each.label)
            assert kind_of(store.contract, name, each.value) is each.kind or each.without
            total += 1
        assert len({repr(each.value) for each in found.all if not each.without}) == len(
            [each for each in found.all if not each.without]
        )
    assert total > 300
