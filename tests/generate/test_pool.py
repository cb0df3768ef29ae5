"""Many requests drawn, few chosen: valid by construction, all classes, nearly all pairs."""

from __future__ import annotations

from functools import cache
from typing import Any, cast

import jsonschema_rs
from jsonschema import Draft202012Validator

from conformance.generate.chance import draws
from conformance.generate.kitchen import Kitchen, tokens
from conformance.generate.pool import OMITTED, Classes, choose, coverage, requests
from conformance.model import JSON, Zone

TRIED = 300


@cache
def chosen(store: Kitchen) -> tuple[dict[str, JSON], ...]:
    """As many requests as a plan has, of one seed."""
    return choose(store, 44, "seed")


def test_drawn_requests_are_valid(store: Kitchen) -> None:
    """Every drawn request is one that must be accepted, by both validators, and costs little."""
    narrow = store.contract.request.narrow
    fast, slow = jsonschema_rs.Draft202012Validator(narrow), Draft202012Validator(cast(Any, narrow))
    drawn = [{"model": "m", **each} for each in draws(requests(store), TRIED, "seed")]
    assert [each for each in drawn if not fast.is_valid(each)] == []
    assert [each for each in drawn[:40] if not slow.is_valid(each)] == []
    assert max(map(tokens, drawn)) <= 130


def test_members_survive(highway: Kitchen) -> None:
    """Nearly everything that is drawn is sent: construction leaves little out."""
    drawn = draws(requests(highway), 100, "seed")
    assert sum(len(each) for each in drawn) / len(drawn) > 0.7 * len(highway.chosen)


def test_all_classes_with_few_requests(store: Kitchen) -> None:
    """Forty-four requests show every boundary class of every parameter, and most pairs of them."""
    assert len(chosen(store)) == 44
    reached = coverage(store, chosen(store))
    assert reached.missing == ()
    assert reached.singles == reached.all_singles
    assert reached.pairs > 0.75 * reached.all_pairs


def test_choosing_beats_drawing(highway: Kitchen) -> None:
    """As many requests as they come show fewer pairs than those that were chosen."""
    plain = coverage(highway, draws(requests(highway), 44, "seed"))
    assert coverage(highway, chosen(highway)).pairs > 1.03 * plain.pairs


def test_pairs_are_feasible(highway: Kitchen) -> None:
    """What counts as a pair can be sent, and what excludes each other does not count."""
    classes = Classes(kitchen=highway)
    assert (("logprobs", OMITTED), ("top_logprobs", "20")) not in classes.pairs
    assert (("logprobs", "true"), ("top_logprobs", "20")) in classes.pairs
    assert (("stream", "false"), ("stream_options", "given")) not in classes.pairs


def test_all_shapes_of_conversations(highway: Kitchen) -> None:
    """Roles in every order that a document allows take part, tools' turns among them."""
    shapes = {" ".join(each["role"] for each in cast(Any, body["messages"])) for body in chosen(highway)}
    assert {"user", "system user", "user assistant user", "user assistant tool"} <= shapes
    assert len(shapes) >= 10


def test_the_seed_decides(highway: Kitchen) -> None:
    """The same seed chooses the same requests, another one others."""
    first = choose(highway, 20, "a")
    assert first == choose(highway, 20, "a")
    assert first != choose(highway, 20, "b")


def test_zone(store: Kitchen) -> None:
    """What is chosen must be accepted."""
    assert all(store.zone(body) is Zone.ACCEPT for body in choose(store, 20, "z"))
