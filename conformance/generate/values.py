"""A form -> one value of every boundary class: each bound, a step inside of it, every listed value, null, every size.

Rule: deterministic, and everything it gives is allowed by the form it came from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import islice
from typing import cast

from .. import strict_json
from ..model import JSON
from ..schema import show
from .chance import draws
from .forms import PATTERNS, Form, Object, described, required, type_of, unnamed
from .strategies import STEP, given, integer_bounds, is_given, names, number_bounds, sizes, spelt

LONGEST = 2000
"""Characters of the longest text that is sent."""

FAR = 1000
"""A range longer than this has its middle near its beginning, for what is counted costs."""

MOST_OF_A_KIND = 24
"""Values of one object's or array's members that are tried one by one."""


SENTENCE = "Tell me what the sea is like now. "
"""What texts of a given length are made of."""

INSIDE = len(SENTENCE) - 1
"""Characters of a text from the middle."""


class Place(StrEnum):
    """Where in its range a value lies."""

    INSIDE = "inside"
    BOUND = "bound"
    NULL = "null"


@dataclass(frozen=True, kw_only=True)
class Value:
    """A value that stands for its boundary class; `label` names the class and is unique among a form's values.

    `listed` is false for a number or a text that stands for all between the bounds.
    """

    label: str
    value: JSON
    place: Place
    listed: bool = True


@cache
def values(form: Form) -> tuple[Value, ...]:
    """One value of every boundary class of a form, each once."""
    found: dict[bytes, Value] = {}
    labels: Counter[str] = Counter()
    for place, value in _values(form):
        key = strict_json.canonical(value)
        if key not in found:
            named = label(value)
            labels[named] += 1
            again = f" ({labels[named]})" if labels[named] > 1 else ""
            found[key] = Value(label=named + again, value=value, place=place, listed=not _between(form, place, value))
    return tuple(found.values())


def _between(form: Form, place: Place, value: JSON) -> bool:
    if place is not Place.INSIDE or isinstance(value, bool | dict | list):
        return False
    return not any(value in given(flat) for flat in form.alternatives if is_given(flat))


def label(value: JSON) -> str:
    """What a value's class is called: the value itself where it is short."""
    return f"{len(value)} characters" if isinstance(value, str) and len(value) > 40 else show(value, 72)


@cache
def simplest(form: Form) -> JSON:
    """The shortest value from the middle of a form, null only where nothing else is allowed."""
    found = list(_values(form))
    inside = [value for place, value in found if place is Place.INSIDE] or [value for _, value in found]
    valued = [value for value in inside if value is not None]
    return min(valued, key=lambda value: len(strict_json.canonical(value))) if valued else inside[0]


def smallest(form: Form, flat: Object) -> Object:
    """The smallest object of a flat schema: what is required, each as simple as can be."""
    known = described(form, flat)
    return {name: simplest(known[name]) for name in required(flat)}


def _values(form: Form) -> Iterator[tuple[Place, JSON]]:
    for flat in form.alternatives:
        if is_given(flat):
            for value in given(flat):
                yield (Place.NULL if value is None else Place.INSIDE), value
        else:
            yield from _OF_TYPE[type_of(flat)](form, flat)


def _nulls(_: Form, __: Object) -> Iterator[tuple[Place, JSON]]:
    yield Place.NULL, None


def _booleans(_: Form, __: Object) -> Iterator[tuple[Place, JSON]]:
    yield Place.INSIDE, True
    yield Place.INSIDE, False


def _integers(_: Form, flat: Object) -> Iterator[tuple[Place, JSON]]:
    least, most = integer_bounds(flat)
    near = least is not None and most is not None and most - least <= FAR
    middle = ((least or 0) + (most or 0)) // 2 if near else (least or 0) + 16
    yield Place.INSIDE, middle
    for value in (least, least + 1) if least is not None else ():
        yield Place.BOUND, value
    for value in (most - 1, most) if most is not None else ():
        yield Place.BOUND, value


def _numbers(_: Form, flat: Object) -> Iterator[tuple[Place, JSON]]:
    low, high = number_bounds(flat)
    middle = round((low + high) / 2 + 0.1, 2) if low is not None and high is not None else (low or 0) + 0.5
    yield Place.INSIDE, middle
    for value in (low, round(low + STEP, 6)) if low is not None else ():
        yield Place.BOUND, value
    for value in (round(high - STEP, 6), high) if high is not None else ():
        yield Place.BOUND, value


def _strings(_: Form, flat: Object) -> Iterator[tuple[Place, JSON]]:
    least, most = sizes(flat, "Length")
    if "pattern" in flat:
        yield from _of_pattern(flat)
        return
    yield Place.INSIDE, _text(max(least, min(most or INSIDE, INSIDE)))
    for size in {least, least + 1} | ({most - 1, most} if most is not None else {64}):
        if least <= size <= min(LONGEST, most if most is not None else LONGEST):
            yield Place.BOUND, _text(size)


def _text(size: int) -> str:
    return (SENTENCE * (size // len(SENTENCE) + 1))[:size].rstrip().ljust(size, ".")


def _of_pattern(flat: Object) -> Iterator[tuple[Place, JSON]]:
    """The shortest, the longest and one other of many draws."""
    least, most = sizes(flat, "Length")
    if flat["pattern"] == r"\S":
        yield Place.INSIDE, _text(INSIDE)
        yield Place.BOUND, _text(max(least, 1))
        yield Place.BOUND, _text(min(most or LONGEST, LONGEST))
        return
    texts = spelt(cast(str, flat["pattern"]), tuple(cast("list[str]", flat.get(PATTERNS, []))), least, most)
    yield Place.INSIDE, texts[len(texts) // 2]
    yield Place.BOUND, texts[0]
    yield Place.BOUND, texts[-1]


def _arrays(form: Form, flat: Object) -> Iterator[tuple[Place, JSON]]:
    least, most = sizes(flat, "Items")
    prefix = cast("list[JSON]", flat.get("prefixItems", []))
    if prefix:
        base = [simplest(form.at(each)) for each in prefix[: max(least, 1)]]
        yield Place.INSIDE, [*base]
        for position, each in enumerate(prefix[: len(base)]):
            for value in islice(values(form.at(each)), MOST_OF_A_KIND):
                yield value.place, [*base[:position], value.value, *base[position + 1 :]]
        return
    if "items" not in flat:
        yield Place.INSIDE, [] if least == 0 else ["x"] * least
        return
    items = [each for each in values(form.at(flat["items"])) if each.value is not None]
    one = simplest(form.at(flat["items"]))
    yield Place.INSIDE, [one] * max(least, 1)
    for item in islice(items, MOST_OF_A_KIND):
        yield item.place, [item.value, *[one] * (least - 1)]
    unique = [each.value for each in items]
    for size in sorted({least, least + 1, *((most - 1, most) if most is not None else ())}):
        if flat.get("uniqueItems"):
            if size <= len(unique):
                yield Place.BOUND, unique[:size]
        elif size <= MOST_OF_A_KIND:
            yield Place.BOUND, [one] * size


def _objects(form: Form, flat: Object) -> Iterator[tuple[Place, JSON]]:
    known, base = described(form, flat), smallest(form, flat)
    least, most = sizes(flat, "Properties")
    if len(base) >= least:
        yield Place.INSIDE, base
    for name, member in known.items():
        for one in islice(values(member), MOST_OF_A_KIND):
            yield one.place, {**base, name: one.value}
    if len(known) > len(base) + 1:
        yield Place.INSIDE, {**base, **{name: simplest(each) for name, each in known.items()}}
    others = unnamed(form, flat)
    if others is not None:
        keys = _names(strict_json.canonical({"propertyNames": flat.get("propertyNames")}), 4 * (most or 4))
        for each_value in islice(values(others), MOST_OF_A_KIND):
            yield each_value.place, {**base, keys[0]: each_value.value}
        usual = simplest(others)
        for size in sorted({max(least, 2), *((most - 1, most) if most is not None else ())}):
            if len(base) < size <= len(keys):
                yield Place.BOUND, {**base, **dict.fromkeys(keys[: size - len(base)], usual)}


@cache
def _names(flat: bytes, count: int) -> list[str]:
    """Different names of members that nobody named."""
    given_ = cast(Object, strict_json.parse(flat).value)
    schema: Object = {key: value for key, value in given_.items() if value is not None}
    return list(dict.fromkeys(draws(names(Form("names", schema, {}), schema), count, "names")))


_OF_TYPE = {
    "null": _nulls,
    "boolean": _booleans,
    "integer": _integers,
    "number": _numbers,
    "string": _strings,
    "array": _arrays,
    "object": _objects,
}
