"""JSON Schema -> a value that satisfies it: what the model says when a format or a tool binds it.

Rule: total, whatever the schema is.  The keywords that clients use are obeyed; sizes beyond `_MOST`, patterns and
schemas that nothing satisfies are not, for a text has to end.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from random import Random
from typing import TypeAlias

from ..model import JSON
from ..reply import items, members, text
from .vocabulary import UNUSUAL_WORDS, WORDS

Object: TypeAlias = "dict[str, JSON]"

_MOST = 64
"""The largest array or string that is made because a schema asks for it."""

_DEEP = 6
"""Inside so many objects, only what is required is made."""

_DEEPEST = 40
"""A schema that requires itself is given up here."""

_PATIENCE = 2000
"""After so many values, the rest of them is null: a schema of a few lines may ask for more than there are atoms."""


def value_of(schema: JSON, chance: Random) -> JSON:
    """A value of this schema."""
    return _Maker(schema, chance).make(schema, 0)


def any_object(chance: Random) -> Object:
    """An object nobody described."""
    values: tuple[JSON, ...] = (_words(chance, 3), chance.randint(0, 99), [_words(chance, 1)], True)
    return {chance.choice(WORDS): chance.choice(values) for _ in range(chance.randint(1, 4))}


def _words(chance: Random, most: int) -> str:
    words = [chance.choice(UNUSUAL_WORDS if chance.random() < 0.1 else WORDS) for _ in range(chance.randint(1, most))]
    return " ".join(words)


class _Maker:
    def __init__(self, root: JSON, chance: Random) -> None:
        self.root = root
        self.chance = chance
        self.made = 0

    def make(self, schema: JSON, depth: int) -> JSON:
        self.made += 1
        if depth > _DEEPEST or self.made > _PATIENCE:
            return None
        schema = self.resolved(schema)
        if "const" in schema:
            return schema["const"]
        if choices := items(schema.get("enum")):
            return self.chance.choice(choices)
        kind = self.kind(schema)
        return _MAKERS[kind](self, schema, depth)

    def resolved(self, schema: JSON) -> Object:
        """The schema with references followed, one alternative chosen and all parts merged."""
        result = members(schema)
        for _ in range(_DEEPEST):
            rest = dict(result)
            parts: list[JSON] = []
            if "$ref" in rest:
                parts.append(self.referred(text(rest.pop("$ref"))))
            branches = (items(rest.pop(keyword, None)) for keyword in ("anyOf", "oneOf"))
            parts += [self.chance.choice(each) for each in branches if each]
            parts += items(rest.pop("allOf", None))
            if not parts:
                return rest
            for part in parts:
                rest = _merged(rest, members(part))
            result = rest
        return {}

    def referred(self, reference: str) -> JSON:
        found = self.root
        for part in reference.removeprefix("#").split("/")[1:]:
            found = members(found).get(part.replace("~1", "/").replace("~0", "~"))
        return found

    def kind(self, schema: Object) -> str:
        """A type that the schema allows; where it names none, the one that its keywords speak of."""
        named = schema.get("type")
        allowed = [named] if isinstance(named, str) else items(named)
        known = [each for each in allowed if isinstance(each, str) and each in _MAKERS]
        if known:
            return self.chance.choice(known)
        return next((kind for keyword, kind in _SPOKEN_OF.items() if keyword in schema), "string")

    def object(self, schema: Object, depth: int) -> JSON:
        described = members(schema.get("properties"))
        required = [name for name in items(schema.get("required")) if isinstance(name, str)]
        others = schema.get("additionalProperties", {"type": "string"})
        wanted = dict.fromkeys(required)
        if depth < _DEEP:
            wanted |= dict.fromkeys(name for name in described if name in wanted or self.chance.random() < 0.5)
        if others is not False:
            least = _size(schema, "minProperties", 0)
            wanted |= dict.fromkeys(WORDS[: max(0, min(_MOST, least - len(wanted)))])
        order = [*(name for name in described if name in wanted), *(name for name in wanted if name not in described)]
        return {name: self.make(described.get(name, others), depth + 1) for name in order}

    def array(self, schema: Object, depth: int) -> JSON:
        least = _size(schema, "minItems", 0)
        most = _size(schema, "maxItems", least + 2)
        count = (
            least if depth >= _DEEP else self.chance.randint(min(max(least, 1), most), max(least, min(most, least + 2)))
        )
        first = items(schema.get("prefixItems"))
        made: list[JSON] = []
        for at in range(count):
            each = self.make(first[at] if at < len(first) else schema.get("items", {"type": "string"}), depth + 1)
            for _ in range(20 if schema.get("uniqueItems") is True else 0):
                if each not in made:
                    break
                each = self.make(schema.get("items"), depth + 1)
            made.append(each)
        return made

    def string(self, schema: Object, _: int) -> JSON:
        if (shape := text(schema.get("format"))) in _FORMATS:
            return _FORMATS[shape]
        words = _words(self.chance, 3)
        least, most = _size(schema, "minLength", 0), _size(schema, "maxLength", _MOST)
        while len(words) < least:
            words += " " + _words(self.chance, 3)
        return words[: max(least, most)]

    def integer(self, schema: Object, _: int) -> JSON:
        step = schema.get("multipleOf")
        step = step if isinstance(step, int) and not isinstance(step, bool) and step > 0 else 1
        low, high = _bounds(schema, 1)
        low, high = -(-math.ceil(low) // step), math.floor(high) // step
        return step * self.chance.randint(low, max(low, high))

    def number(self, schema: Object, _: int) -> JSON:
        if "multipleOf" in schema:
            return self.integer(schema, _)
        low, high = (float(each) for each in _bounds(schema, 1e-9))
        drawn = low + (max(low, high) - low) * self.chance.random()
        rounded = round(drawn, 2)
        return rounded if low <= rounded <= high else drawn

    def boolean(self, _: Object, __: int) -> JSON:
        return self.chance.random() < 0.5

    def null(self, _: Object, __: int) -> JSON:
        return None


_MAKERS: dict[str, Callable[[_Maker, Object, int], JSON]] = {
    "object": _Maker.object,
    "array": _Maker.array,
    "string": _Maker.string,
    "integer": _Maker.integer,
    "number": _Maker.number,
    "boolean": _Maker.boolean,
    "null": _Maker.null,
}

_SPOKEN_OF = {
    "properties": "object",
    "required": "object",
    "additionalProperties": "object",
    "items": "array",
    "minItems": "array",
    "minimum": "number",
    "maximum": "number",
    "exclusiveMinimum": "number",
    "exclusiveMaximum": "number",
    "multipleOf": "integer",
}

_FORMATS = {
    "date": "2024-02-29",
    "date-time": "2024-02-29T12:30:00Z",
    "time": "12:30:00Z",
    "email": "traveller@example.com",
    "uri": "https://example.com/road",
    "uuid": "123e4567-e89b-42d3-a456-426614174000",
}


def _merged(one: Object, other: Object) -> Object:
    """Both schemas at once, as far as their keywords can be put side by side."""
    merged = {**one, **other}
    if "properties" in one and "properties" in other:
        merged["properties"] = {**members(one["properties"]), **members(other["properties"])}
    if "required" in one and "required" in other:
        merged["required"] = [*items(one["required"]), *items(other["required"])]
    return merged


def _number(value: JSON) -> int | float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return max(-1e300, min(1e300, value))


def _size(schema: Mapping[str, JSON], keyword: str, default: int) -> int:
    value = _number(schema.get(keyword))
    return default if value is None else max(0, min(_MOST, math.ceil(value)))


def _bounds(schema: Mapping[str, JSON], inside: float) -> tuple[int | float, int | float]:
    """The least and the greatest number; `inside` is the step away from a bound that is itself out."""
    lows = [_number(schema.get("minimum"))]
    if (low := _number(schema.get("exclusiveMinimum"))) is not None:
        lows.append(math.floor(low) + 1 if inside == 1 else low + max(inside, abs(low) * 1e-9))
    highs = [_number(schema.get("maximum"))]
    if (high := _number(schema.get("exclusiveMaximum"))) is not None:
        highs.append(math.ceil(high) - 1 if inside == 1 else high - max(inside, abs(high) * 1e-9))
    least = max((each for each in lows if each is not None), default=None)
    most = min((each for each in highs if each is not None), default=None)
    if least is None:
        least = 0 if most is None or most >= 0 else most - 100
    return least, least + 100 if most is None else most
