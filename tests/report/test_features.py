"""Features: what requests used, what was answered, and what the table says of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from conformance import contract as contracts
from conformance.exchange import Exchange, Sent
from conformance.model import Purpose, Zone
from conformance.report import html, markdown
from conformance.report.features import features
from conformance.report.offers import offers, states

from .conftest import Ran
from .test_html import Page

CONTRACT = contracts.load("highwayapi")
PLAIN: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "x"}], "max_tokens": 1}


def asked(status: int | None, zone: Zone = Zone.ACCEPT, **more: Any) -> Exchange:
    """A request with these members, and the status of its reply."""
    sent = Sent(method="POST", url="u", headers=(), body=json.dumps({**PLAIN, **more}).encode(), zone=zone)
    return Exchange(n=1, case="c", step=(0, 0), purpose=Purpose.PLAN, request=sent, status=status)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, []),
        ({"n": 2}, ["n"]),
        ({"n": 2, "stop": "x", "seed": 1}, ["n", "seed", "stop"]),
        ({"messages": [{"role": "system", "content": "x"}, *PLAIN["messages"]]}, ["system-role"]),
        ({"stop": ["x"]}, []),
        ({"response_format": {"type": "json_object"}}, ["json-object"]),
        ({"response_format": {"type": "text"}}, []),
        ({"n": "two"}, []),
    ],
)
def test_a_request_uses_features(more: dict[str, Any], expected: list[str]) -> None:
    """A feature is used where the schema needs it, at any depth; a request that is not valid under every reading uses none."""
    made = offers([asked(200, **more)], CONTRACT)
    assert sorted(name for name, offer in made.items() if offer["asked"]) == expected
    assert all(offer["asked"] == offer["accepted"] for offer in made.values())
    assert set(made) == set(CONTRACT.features)


def test_only_answers_to_valid_requests_count() -> None:
    """What was refused counts as asked for; weather, crashes and what need not be answered do not count."""
    made = offers(
        [asked(400, n=2), asked(200, n=2), asked(500, n=2), asked(None, n=2), asked(400, Zone.REJECT, n=2)], CONTRACT
    )
    assert made["n"] == {"default": "on", "asked": 2, "accepted": 1}
    assert made["images"] == {"default": "off", "asked": 0, "accepted": 0}


@pytest.mark.parametrize(
    ("state", "asked_", "accepted", "expected"),
    [
        ("on", 2, 0, "refused"),
        ("on", 1, 0, "on"),
        ("on", 9, 1, "on"),
        ("on", 0, 0, "on"),
        ("off", 9, 0, "off"),
        ("off", 9, 9, "off"),
    ],
)
def test_what_is_never_answered_is_refused(state: str, asked_: int, accepted: int, expected: str) -> None:
    """A feature that is on is refused when it was asked for twice or more and never answered."""
    offer: dict[str, Any] = {"default": "on", "asked": asked_, "accepted": accepted}
    assert states({"n": state}, {"n": offer}) == {"n": expected}
    assert states({"n": state}, {}) == {"n": state}


def test_a_refused_feature_is_told(spoil: Callable[..., Ran]) -> None:
    """An endpoint that refuses every valid n has the feature refused, in report.json, in the scope and in the table."""
    ran = spoil("ignores-n")
    report = ran.copied()
    assert report["features"]["n"] == "on"
    assert "Features that the endpoint refuses" not in Page(html.render(report)).words
    report["offers"]["n"].update(asked=7, accepted=0)
    report["features"] = states(report["features"], report["offers"])
    assert "Features that the endpoint refuses each time, though they are on: n." in Page(html.render(report)).words
    assert "\nFeatures that are refused each time: n.\n" in markdown.render(report)
    assert "refused each time (0 of 7 requests answered)" in Page(html.render(report)).words


def test_the_table_sets_declared_against_seen(spoil: Callable[..., Ran]) -> None:
    """What departs comes first, what is off and works is hinted, and what was not asked for is not judged."""
    report = spoil("ignores-n").copied()
    report["offers"]["images"].update(asked=3, accepted=3)
    table = {each.name: each for each in features(report)}
    assert (table["n"].state, table["n"].sign, table["n"].seen) == (
        "on",
        "fail",
        "offered, and departs from the contract",
    )
    assert (table["images"].seen, table["images"].answered) == (
        "is answered, though it is off",
        "3 of 3 requests answered",
    )
    report["offers"]["system-role"].update(asked=2, accepted=2)
    assert {each.name: each for each in features(report)}["system-role"].seen.startswith("answered")
    assert table["video"].seen == "not asked for"
    assert table["seed"].declared == "on"
    assert [each.sign for each in features(report)][:2] == ["fail", "warn"]
    assert table["n"].counts["fail"] == sum(
        row["feature"] == "n" and row["verdict"] == "fail" for row in report["requirements"]
    )
