"""No endpoint, whatever it sends, makes a run crash, hang or swell; each comes to the verdict it deserves, or to weather."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from . import bodies, framing, streams
from .cage import ANIMALS, Zoo, opened

VISITORS = 3
"""Processes that walk through the zoo side by side; most animals keep them waiting."""

MOST_MEGABYTES = 300
GRACE = 2.0
"""Seconds beyond its timeout that an exchange with an animal may take, until it is written."""


@dataclass(frozen=True)
class Walk:
    """What the visitors told, by animal, and the zoo as they left it."""

    told: dict[str, dict[str, Any]]
    zoo: Zoo
    out: Path


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    """One walk through the whole zoo."""
    out = tmp_path_factory.mktemp("zoo")
    with opened() as zoo:
        lines = [
            {"name": name, "url": zoo.cages[name].url, "select": each.select, "timeout": each.timeout, "out": str(out)}
            for name, each in ANIMALS.items()
        ]
        visitors = [_visitor(lines[first::VISITORS]) for first in range(VISITORS)]
        outputs = [visitor.communicate(timeout=240)[0] for visitor in visitors]
        told = [json.loads(line) for output in outputs for line in output.splitlines()]
        yield Walk({each["name"]: each for each in told}, zoo, out)


def _visitor(lines: list[dict[str, Any]]) -> subprocess.Popen[str]:
    visitor = subprocess.Popen(
        [sys.executable, "-m", "tests.zoo.keeper"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert visitor.stdin is not None
    visitor.stdin.write("".join(json.dumps(line) + "\n" for line in lines))
    visitor.stdin.flush()
    return visitor


def test_there_are_enough() -> None:
    """The zoo has animals of every kind, and enough of them."""
    homes = [each.serve.__module__ for each in ANIMALS.values()]
    assert all(homes.count(home.__name__) >= 15 for home in (bodies, framing, streams))
    assert len(ANIMALS) >= 75


@pytest.mark.parametrize("name", ANIMALS)
def test_a_visit(name: str, walk: Walk) -> None:
    """A run against the animal ends in time and in bounds, with the verdicts it deserves, offline as live."""
    animal, told = ANIMALS[name], walk.told[name]
    assert told["longest"] < animal.timeout + GRACE
    assert told["peak"] < MOST_MEGABYTES
    assert bool(told["refused"]) == bool(animal.refused)
    assert animal.refused in (told["refused"] or "")
    assert "\n" not in (told["refused"] or "")
    assert {id_: verdict for id_, verdict in told["verdicts"].items() if verdict == "error"} == {}
    assert {id_: told["verdicts"].get(id_) for id_ in animal.verdicts} == animal.verdicts
    assert {(each or "").partition(":")[0] for each in told["errors"]} <= animal.kinds
    assert told["errors"] or animal.refused
    assert told["same"]


def test_nothing_is_sent_back_or_elsewhere(walk: Walk) -> None:
    """No cookie is returned to the animal that set it, and nobody follows a redirect to another host."""
    assert walk.zoo.cages["cookies"].visits > 1
    assert {name: cage.cookies for name, cage in walk.zoo.cages.items() if cage.cookies} == {}
    assert walk.zoo.cages["a-redirect-elsewhere"].visits > 1
    assert walk.zoo.strays == []
