"""Draw many requests, choose few: those that together show most boundary classes, and most pairs of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any, cast

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from .. import strict_json
from ..model import JSON, Zone
from .chance import draws
from .forms import Object
from .kitchen import MESSAGES, Kitchen
from .strategies import strategy
from .values import Place, Value

OMITTED = "omitted"
INSIDE = "inside"
GIVEN = "given"

TIMES = 4
"""Requests that are drawn for each one that is chosen."""

SINGLES = 100
"""Pairs that a class which is not yet there is worth."""

Class = tuple[str, str]
"""A parameter, and the boundary class of its value."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Classes:
    """The boundary classes that requests are described by, and the pairs of them that can go together.

    A number's or a text's classes are its bounds, a step inside of them, and all the rest (INSIDE); a listed value is
    its own class.  Values made of parts have many forms: single classes tell each apart, pairs only their `type`.
    """

    kitchen: Kitchen

    @cached_property
    def labels(self) -> Mapping[str, Mapping[bytes, str]]:
        """Each parameter's classes: a label for a value's canonical JSON.  Null has a request of its own."""
        return {
            name: {
                strict_json.canonical(each.value): INSIDE if _is_any(each) else each.label
                for each in self.kitchen.values[name]
                if each.place is not Place.NULL and self.kitchen.sends(name, each.value)
            }
            for name in self.kitchen.chosen
        }

    def of(self, body: Mapping[str, JSON]) -> tuple[Class, ...]:
        """The classes of a request's members, one a parameter."""
        return tuple(
            (name, known.get(strict_json.canonical(body[name]), INSIDE) if name in body else OMITTED)
            for name, known in self.labels.items()
        )

    def paired(self, classes: Sequence[Class]) -> list[tuple[Class, Class]]:
        """The pairs of a request's classes."""
        return list(combinations([(name, self._coarse(name, label)) for name, label in classes], 2))

    def _coarse(self, name: str, label: str) -> str:
        value = self.samples.get((name, label))
        if isinstance(value, dict) and isinstance(value.get("type"), str):
            return str(value["type"])
        return GIVEN if isinstance(value, dict | list) or (label == INSIDE and value is None) else label

    @cached_property
    def singles(self) -> tuple[Class, ...]:
        """All classes."""
        return tuple(
            dict.fromkeys(
                (name, label)
                for name, known in self.labels.items()
                for label in (*([] if self._needed(name) else [OMITTED]), *known.values())
            )
        )

    def _needed(self, name: str) -> bool:
        """Whether no request goes without a parameter."""
        kitchen = self.kitchen
        return (
            name in kitchen.base
            and kitchen.zone({k: v for k, v in kitchen.base.items() if k != name}) is not Zone.ACCEPT
        )

    @cached_property
    def samples(self) -> Mapping[Class, JSON]:
        """A value of every class that has one."""
        found: dict[Class, JSON] = {}
        for name in self.kitchen.chosen:
            for each in self.kitchen.values[name]:
                label = self.labels[name].get(strict_json.canonical(each.value))
                if label is not None:
                    found[name, label] = each.value
        return found

    @cached_property
    def pairs(self) -> frozenset[tuple[Class, Class]]:
        """The pairs that can go together in one request."""
        return frozenset(
            pair
            for one, other in combinations(self.singles, 2)
            if one[0] != other[0] and self._together(one, other)
            for pair in self.paired((one, other))
        )

    def _together(self, one: Class, other: Class) -> bool:
        chosen = {each[0]: self.samples[each] for each in (one, other) if each[1] != OMITTED}
        gone = [each[0] for each in (one, other) if each[1] == OMITTED]
        body = self.kitchen.settle(chosen)
        return all(body.get(name) == value for name, value in chosen.items()) and not any(
            name in body and not self._optional(name) for name in gone
        )

    def _optional(self, name: str) -> bool:
        """Whether a member of the base may be left out."""
        return name in self.kitchen.base and not self._needed(name)


def _is_any(value: Value) -> bool:
    """Whether a value stands for all that are not listed: numbers and texts from the middle."""
    return value.place is Place.INSIDE and not value.listed


def requests(kitchen: Kitchen) -> SearchStrategy[Object]:
    """Requests that must be accepted, without `model`: every member omitted, at a boundary, or anywhere inside."""
    classes = Classes(kitchen=kitchen)
    listed = {name: _choices(classes, name) for name in kitchen.chosen}
    inside = {name: strategy(kitchen.parameters[name].narrow.valued) for name in kitchen.chosen}
    talks = strategy(kitchen.parameters[MESSAGES].narrow)

    @st.composite
    def drawn(draw: st.DrawFn) -> Object:
        chosen: Object = {MESSAGES: draw(talks)} if draw(st.booleans()) else {}
        for name in kitchen.chosen:
            picked = draw(st.sampled_from(listed[name]))
            if picked == INSIDE:
                chosen[name] = draw(inside[name])
            elif picked != OMITTED:
                chosen[name] = cast("tuple[JSON]", picked)[0]
        return kitchen.settle(chosen)

    return drawn()


def _choices(classes: Classes, name: str) -> list[Any]:
    """OMITTED, INSIDE, or a value in a tuple of one."""
    listed = [(value,) for (owner, _), value in classes.samples.items() if owner == name]
    return [OMITTED, INSIDE, *listed]


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """How many boundary classes and pairs of them some requests reach, of how many; `missing`: those they do not."""

    singles: int
    all_singles: int
    pairs: int
    all_pairs: int
    missing: tuple[Class, ...]


def coverage(kitchen: Kitchen, bodies: Sequence[Object]) -> Coverage:
    """What these requests reach."""
    classes = Classes(kitchen=kitchen)
    described = [classes.of(body) for body in bodies]
    reached = {each for one in described for each in one}
    pairs = {pair for one in described for pair in classes.paired(one)}
    return Coverage(
        singles=len(reached & set(classes.singles)),
        all_singles=len(classes.singles),
        pairs=len(pairs & classes.pairs),
        all_pairs=len(classes.pairs),
        missing=tuple(each for each in classes.singles if each not in reached),
    )


def choose(kitchen: Kitchen, count: int, seed: str) -> tuple[Object, ...]:
    """The requests of a large pool that together show most single classes and pairs, the most telling first."""
    classes = Classes(kitchen=kitchen)
    pool = draws(requests(kitchen), count * TIMES, seed)
    drawn = {each for body in pool for each in classes.of(body)}
    missing = [(each, value) for each, value in classes.samples.items() if each not in drawn]
    pool += [kitchen.settle({**body, name: value}) for ((name, _), value), body in zip(missing, pool, strict=False)]
    numbers: dict[Any, int] = {}
    masks = [
        (_mask(numbers, classes.paired(each)), _mask(numbers, [*each, _shape(body)]))
        for body, each in zip(pool, map(classes.of, pool), strict=True)
    ]
    return tuple(pool[index] for index in _greedy(masks, count))


def _shape(body: Mapping[str, JSON]) -> Class:
    """Who speaks in a request, in order."""
    return MESSAGES, " ".join(str(cast(Object, each).get("role")) for each in cast("list[JSON]", body[MESSAGES]))


def _mask(numbers: dict[Any, int], things: Sequence[Any]) -> int:
    mask = 0
    for thing in things:
        mask |= 1 << numbers.setdefault(thing, len(numbers))
    return mask


def _greedy(masks: Sequence[tuple[int, int]], count: int) -> list[int]:
    """Indexes of those that add most: single classes first, then pairs."""
    left = dict(enumerate(masks))
    order: list[int] = []
    pairs = singles = 0
    while left and len(order) < count:
        best = max(
            left,
            key=lambda index: (
                (left[index][1] & ~singles).bit_count() * SINGLES + (left[index][0] & ~pairs).bit_count(),
                -index,
            ),
        )
        pairs, singles = pairs | left[best][0], singles | left[best][1]
        del left[best]
        order.append(best)
    return order
