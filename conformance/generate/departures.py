"""A parameter -> values beyond what must be accepted: a step outside each bound, other types, strangers, sizes, nulls.

Rule: candidates come from both readings and are sorted by the schema itself into disputed and wrong; none is called
wrong because somebody thought so.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import cast

from .. import strict_json
from ..contract import Contract
from ..model import JSON, Zone
from .forms import Form, Object, Parameter, described, json_type, type_of, unnamed
from .kitchen import LIMITS, MOST_TOKENS, Kitchen, whole_kitchen
from .strategies import STEP, given, integer_bounds, is_given, sizes
from .values import label, simplest, smallest

FAR = 1000
"""How many steps are far."""

LONG = 20_000
"""Characters of a very long text."""

MOST_ITEMS = 200
"""Items of the longest array that is sent."""

MOST_CHOICES = 200
"""Choices that are asked for at most, however far beyond the range that is."""

DEPTH = 3
"""Objects and arrays inside of each other whose parts are changed one by one."""

MOST = 80
"""Departures of one parameter that are sent at most."""


class Kind(StrEnum):
    """What is out of order."""

    RANGE = "range"
    """The type is one that the parameter can have; the value, or a part of it, is not."""
    TYPE = "type"


@dataclass(frozen=True, kw_only=True)
class Departure:
    """A value that need not be accepted, in the place of the one that `control` has.

    `near`: it is the first one beyond a bound.  `rough`: it is huge, and servers have died of it.  `without`: what goes
    with the parameter is left out, the value is fine.
    """

    label: str
    value: JSON
    zone: Zone
    kind: Kind
    near: bool = False
    rough: bool = False
    without: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Departures:
    """All departures of a parameter from one request that must be accepted, which is the control of all of them."""

    control: Object
    all: tuple[Departure, ...]

    def of(self, zone: Zone, kind: Kind | None = None) -> tuple[Departure, ...]:
        """Those of a zone, and of a kind."""
        return tuple(each for each in self.all if each.zone is zone and kind in (None, each.kind))


@cache
def departures(kitchen: Kitchen, name: str) -> Departures | None:
    """What departs from a parameter's value; None where no request that must be accepted has the parameter."""
    parameter = kitchen.parameters[name]
    middle = simplest(parameter.narrow)
    control = kitchen.alone(name, middle)
    if control is None:
        return None
    found: dict[bytes, Departure] = {}
    for near, value in _candidates(parameter, control[name]):
        key = strict_json.canonical(value)
        if isinstance(value, float) and value.is_integer() and "number" in parameter.types:
            key = strict_json.canonical(int(value))
        if key in found or key == strict_json.canonical(control[name]) or _costs(name, value):
            continue
        zone = _zone(kitchen, parameter, {**control, name: value}, value)
        if zone is not Zone.ACCEPT:
            found[key] = Departure(
                label=label(value),
                value=value,
                zone=zone,
                kind=_kind(parameter, value),
                near=near,
                rough=len(key) > LONG // 2 or (isinstance(value, int | float) and abs(value) >= FAR // 2),
            )
    alone = _without_companions(kitchen, name, control)
    return Departures(control=control, all=(*alone, *list(found.values())[:MOST]))


def _costs(name: str, value: JSON) -> bool:
    """Whether an endpoint that accepts a value might talk without end."""
    most = {**dict.fromkeys(LIMITS, MOST_TOKENS), "n": MOST_CHOICES}.get(name)
    return most is not None and isinstance(value, int | float) and value > most


def _zone(kitchen: Kitchen, parameter: Parameter, body: Object, value: JSON) -> Zone:
    """What the schema says; but whether 4.0 is an integer is a question that JSON Schema alone answers with yes."""
    zone = kitchen.zone(body)
    whole = isinstance(value, float) and value.is_integer() and "number" not in parameter.types
    return Zone.DISPUTED if whole and zone is Zone.ACCEPT else zone


def _without_companions(kitchen: Kitchen, name: str, control: Object) -> tuple[Departure, ...]:
    companions = tuple(key for key in control if key != name and key not in kitchen.base)
    without = {key: value for key, value in control.items() if key not in companions}
    if not companions or (zone := kitchen.zone(without)) is Zone.ACCEPT:
        return ()
    named = f"{label(control[name])} without {', '.join(companions)}"
    return (Departure(label=named, value=control[name], zone=zone, kind=Kind.RANGE, near=True, without=companions),)


def kind_of(contract: Contract, name: str, value: JSON) -> Kind:
    """What is out of order with a parameter's value, where anything is."""
    return _kind(whole_kitchen(contract).parameters[name], value)


def _kind(parameter: Parameter, value: JSON) -> Kind:
    types = parameter.types | ({"integer"} if "number" in parameter.types else set())
    return Kind.RANGE if json_type(value) in types else Kind.TYPE


def _candidates(parameter: Parameter, middle: JSON) -> Iterator[tuple[bool, JSON]]:
    yield from ((False, value) for value in swaps(middle))
    for form in (parameter.wide, parameter.narrow):
        for flat in form.alternatives:
            yield from _beyond(form, flat, DEPTH)


def _beyond(form: Form, flat: Object, depth: int) -> Iterator[tuple[bool, JSON]]:
    """What lies at and beyond the ends of a flat schema."""
    if is_given(flat):
        for value in given(flat):
            if isinstance(value, str):
                yield False, value.upper()
        yield False, "no-such-value"
        return
    made = _OF_TYPE.get(type_of(flat))
    if made is not None:
        yield from made(form, flat, depth)


def _integers(_: Form, flat: Object, __: int) -> Iterator[tuple[bool, JSON]]:
    least, most = integer_bounds(flat)
    for bound in (least, most):
        if bound is not None:
            yield True, bound - 1
            yield True, bound
            yield True, bound + 1
    inside = least if least is not None else most if most is not None else 1
    yield False, inside + 0.5
    yield False, float(inside + 3)
    yield False, (least if least is not None else 0) - FAR
    yield False, (most if most is not None else 2**31) + FAR
    yield False, 2**63


def _numbers(_: Form, flat: Object, __: int) -> Iterator[tuple[bool, JSON]]:
    for name in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"):
        if name in flat:
            bound = cast(float, flat[name])
            yield True, round(bound - STEP, 6)
            yield True, bound
            yield True, round(bound + STEP, 6)
            yield False, math.nextafter(bound, -math.inf)
            yield False, math.nextafter(bound, math.inf)
            yield False, bound - FAR
            yield False, bound + FAR


def _strings(_: Form, flat: Object, __: int) -> Iterator[tuple[bool, JSON]]:
    least, most = sizes(flat, "Length")
    yield True, ""
    if least > 1:
        yield True, "x" * (least - 1)
    if most is not None and most < LONG:
        yield True, "x" * (most + 1)
    yield False, "x" * LONG
    if "pattern" in flat:
        yield False, "no value like this"


def _arrays(form: Form, flat: Object, depth: int) -> Iterator[tuple[bool, JSON]]:
    least, most = sizes(flat, "Items")
    prefix = cast("list[JSON]", flat.get("prefixItems", []))
    item = form.at(prefix[0] if prefix else flat.get("items", {}))
    if not item.alternatives:
        return
    one = simplest(item)
    yield False, []
    if least > 1:
        yield True, [one] * (least - 1)
    for size in {2, most, most + 1} if most is not None and not prefix else set():
        if size <= MOST_ITEMS:
            yield size > 2, [one] * size
    yield False, one
    for value in swaps(one):
        yield False, [value]
    if depth:
        for each in item.alternatives:
            for _, value in _beyond(item, each, depth - 1):
                yield False, [value]


def _objects(form: Form, flat: Object, depth: int) -> Iterator[tuple[bool, JSON]]:
    known, base = described(form, flat), smallest(form, flat)
    yield False, {}
    yield False, {**base, "no_such_member": 1}
    for name in base:
        yield False, {key: value for key, value in base.items() if key != name}
    if not depth:
        return
    for name, each in known.items():
        for alternative in each.alternatives:
            for near, value in _beyond(each, alternative, depth - 1):
                yield near, {**base, name: value}
        for value in swaps(simplest(each)):
            yield False, {**base, name: value}
    entry = unnamed(form, flat)
    if entry is not None:
        for alternative in entry.alternatives:
            for near, value in _beyond(entry, alternative, depth - 1):
                yield near, {**base, "50": value}
        for value in swaps(simplest(entry)):
            yield False, {**base, "50": value}


def swaps(value: JSON) -> list[JSON]:
    """The value as something of another type, the likeliest mistakes first."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    likely: list[JSON] = [str(value)] if number else []
    likely += [str(value).lower()] if isinstance(value, bool) else []
    others: list[JSON] = [None, "text", True, 7, 1.5, [], {}, [value], {"value": value}]
    return [*likely, *(each for each in others if json_type(each) != json_type(value) or isinstance(each, list | dict))]


_OF_TYPE = {
    "integer": _integers,
    "number": _numbers,
    "string": _strings,
    "array": _arrays,
    "object": _objects,
}
