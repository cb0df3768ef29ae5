"""The plan: chosen before anything is sent, the same for the same seed, and within its bounds."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from functools import cache
from itertools import pairwise

import pytest

from conformance import catalogue, plan
from conformance import contract as contracts
from conformance.ask import Setting
from conformance.model import Depth, UsageError
from conformance.plan import Plan
from conformance.scenario import Stage

from .each import EACH, TWINS


@cache
def planned(
    name: str, depth: Depth = Depth.STANDARD, *, seed: int = 1, off: str = "", select: tuple[str, ...] = ()
) -> Plan:
    """A plan of a contract's default features without one of them."""
    contract = contracts.load(name)
    on = frozenset(feature for feature, is_on in contract.features.items() if is_on) - {off}
    return plan.make(Setting(contract=contract, model="m", features=on, seed=seed, depth=depth), depth, select)


@cache
def of_every_feature(name: str, depth: Depth) -> Plan:
    """A plan of all that a contract has."""
    contract = contracts.load(name)
    return plan.make(Setting(contract=contract, model="m", features=frozenset(contract.features), depth=depth), depth)


@pytest.mark.parametrize("depth", [Depth.SMOKE, Depth.STANDARD, pytest.param(Depth.FULL, marks=pytest.mark.long)])
@pytest.mark.parametrize("name", EACH)
def test_a_depth_bounds_the_plan(name: str, depth: Depth) -> None:
    """With every step its scenarios may take, preflight and canaries included, a plan keeps to its depth's limit."""
    assert 1 < planned(name, depth).requests <= depth.limit


@pytest.mark.parametrize("depth", [Depth.SMOKE, Depth.STANDARD])
@pytest.mark.parametrize("name", EACH)
def test_a_depth_bounds_the_plan_of_every_feature(name: str, depth: Depth) -> None:
    """It does so with every feature on."""
    assert 1 < of_every_feature(name, depth).requests <= depth.limit


DEEPER = [
    pytest.param(name, *depths, marks=pytest.mark.long) if late else (name, *depths)
    for name in contracts.names()
    for depths in pairwise(Depth)
    for late in [name in TWINS or Depth.FULL in depths]
]
"""Each contract with two depths, the shallower one first; a full plan takes its time."""


@pytest.mark.parametrize(("name", "shallower", "deeper"), DEEPER)
def test_each_depth_contains_the_one_before(name: str, shallower: Depth, deeper: Depth) -> None:
    """Whatever smoke judges and fires, standard does too, and full after it."""
    shallow, deep = planned(name, shallower), planned(name, deeper)
    assert {row.id for row in shallow.rows} <= {row.id for row in deep.rows}
    fired = {step.case.id for step in shallow.steps if not step.case.id.startswith("canary")}
    assert fired <= {step.case.id for step in deep.steps}
    assert shallow.requests < deep.requests


def test_the_same_in_two_processes() -> None:
    """The same seed gives the same plan to the byte, whatever the interpreter's own hash seed is."""
    seen = {
        subprocess.run(
            [sys.executable, "-m", "conformance", "plan", "--seed", "5", "--json"],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            check=True,
        ).stdout
        for hash_seed in ("1", "2")
    }
    assert len(seen) == 1
    assert len(json.loads(seen.pop())["cases"]) > 50


def test_what_changes_a_plan() -> None:
    """Seed, depth, features and contract each change the plan's digest."""
    digests = [
        planned("highwayapi").digest,
        planned("highwayapi", seed=2).digest,
        planned("highwayapi", Depth.SMOKE).digest,
        planned("highwayapi", off="n").digest,
        planned("myrouter").digest,
    ]
    assert len(set(digests)) == len(digests)
    assert planned.__wrapped__("highwayapi").digest == digests[0]


def test_planning_sends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan is made without a socket."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    assert planned.__wrapped__("basic-gateway").tokens(8192) > 1000


def test_behaviour_before_refusals_before_rough_ones() -> None:
    """Requests that must be served come first, the roughest refusals last."""
    steps = [step.case.scenario for step in planned("highwayapi").steps if step.case.scenario is not plan.canary]
    stages = [each.stage for each in steps]
    assert stages == sorted(stages)
    assert set(stages) == set(Stage)


@pytest.mark.parametrize("name", EACH)
def test_the_most_telling_first(name: str) -> None:
    """Wherever a budget ends, no case that follows would have told of more new requirements a request; where nothing
    new is left, the longest scenarios come first."""
    steps = [step for step in planned(name).steps if step.case.scenario.stage is Stage.BEHAVIOUR]
    told: set[str] = set()
    while steps:
        tell = [len(set(step.rows) - told) / step.case.steps for step in steps]
        if not any(tell):
            break
        assert tell[0] == max(tell)
        told.update(steps.pop(0).rows)
    assert [step.case.steps for step in steps] == sorted((step.case.steps for step in steps), reverse=True)
    assert told


def test_a_canary_follows_refusals() -> None:
    """After at most ten cases of refusals, and after the last, a plain request shows that the endpoint is alive."""
    since = 0
    for step in planned("basic-gateway").steps:
        if step.case.scenario is plan.canary:
            since = 0
        elif step.case.scenario.stage is not Stage.BEHAVIOUR:
            since += 1
        assert since <= plan.CANARY_EVERY
    assert since == 0


def test_only_what_is_selected_is_fired() -> None:
    """A selection fires the cases of its rows and no other."""
    chosen = planned("highwayapi", select=("stop",))
    assert {row.requirement.part for row in chosen.rows} == {"stop"}
    assert {step.case.scenario.name for step in chosen.steps} == {
        "around_a_stop",
        "around_an_array",
        "beyond_the_window",
        "stop_for_several",
    }


@pytest.mark.parametrize(
    ("pattern", "count"),
    [("usage.sums", 1), ("usage.*", None), ("errors.missing-member-refused:model", 1), ("auth", None)],
)
def test_patterns(pattern: str, count: int | None) -> None:
    """An id, a part, a pattern and an id with its parameter select rows."""
    rows = planned("highwayapi", select=(pattern,)).rows
    assert len(rows) == count if count else len(rows) > 5


@pytest.mark.parametrize(
    ("select", "off", "depth", "says"),
    [
        (("nothing.like-it",), "", Depth.STANDARD, "no requirement"),
        (("n.*",), "", Depth.STANDARD, "no requirement"),
        (("usage.stream-unasked",), "", Depth.STANDARD, "no requirement"),
        (("stop",), "stop", Depth.STANDARD, "feature that is off"),
        (("streaming.null-is-whole",), "", Depth.SMOKE, "greater --depth"),
    ],
)
def test_a_selection_of_nothing(select: tuple[str, ...], off: str, depth: Depth, says: str) -> None:
    """A selection that would test nothing is a usage error that says why."""
    with pytest.raises(UsageError, match=says):
        planned("highwayapi", depth, off=off, select=select)


def test_a_feature_that_is_off_is_not_asked_for() -> None:
    """Without n no planned request sets it, without stream-usage none sets stream_options."""
    for feature, member in (("n", b'"n":3'), ("stream-usage", b"stream_options"), ("stop", b'"stop":')):
        chosen = planned("highwayapi", off=feature)
        assert any(row.requirement.feature == feature for row in chosen.off)
        for step in chosen.steps:
            performance = step.case.perform(chosen.setting)
            assert all(member not in request.body for request in performance.pending), step.case.id
            performance.end("only looked at")


def test_a_plan_for_people_can_be_read() -> None:
    """A case that very many requirements judge names some of them and counts the others; JSON has them all."""
    made = planned("highwayapi")
    lines = list(catalogue.describe(made, 8192))
    talk = next(step for step in made.steps if step.case.id == "talk")
    line = next(each for each in lines if each.split()[0] == "talk")
    assert line.endswith(f"{', '.join(talk.rows[:4])} and {len(talk.rows) - 4} more")
    assert max(map(len, lines)) < 300
