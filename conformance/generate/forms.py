"""A parameter's two readings, each in a normal form of few keywords.

jsonschema-rs brings a schema into canonical form: references kept, everything else merged into alternatives (`anyOf`)
of flat schemas, one type each.  Parts of a contract whose `feature` is off are taken out before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast
from urllib.parse import unquote

import jsonschema_rs

from .. import strict_json
from ..contract import Contract
from ..model import JSON, UsageError
from ..schema import without

Object = dict[str, JSON]

PATTERNS = "patterns"
"""All patterns that a string has to fulfil, where there are several."""

KEYWORDS = frozenset(
    {
        PATTERNS,
        "$ref",
        "additionalProperties",
        "anyOf",
        "const",
        "enum",
        "exclusiveMaximum",
        "exclusiveMinimum",
        "items",
        "maxItems",
        "maxLength",
        "maxProperties",
        "maximum",
        "minItems",
        "minLength",
        "minProperties",
        "minimum",
        "multipleOf",
        "pattern",
        "prefixItems",
        "properties",
        "propertyNames",
        "required",
        "type",
        "uniqueItems",
    }
)
"""What generation understands of a canonical form; another keyword is an error, for nobody would heed it."""

ANYTHING: Object = {"type": "string", "minLength": 1}
"""What stands for a value that nobody described."""


@dataclass(frozen=True, eq=False)
class Form:
    """A schema in canonical form: flat alternatives, references resolved when asked for.  `name` is for errors.

    Equal parts of a schema are one form, so that what is found out of one is found out once.
    """

    name: str
    schema: JSON
    definitions: Mapping[str, JSON]
    parts: dict[bytes, Form] = field(default_factory=dict, repr=False)

    @cached_property
    def alternatives(self) -> tuple[Object, ...]:
        """The flat schemas of which a value must fulfil one: each has one type, or is a const or an enum.

        Raises UsageError for a keyword that generation does not understand.
        """
        return tuple(self._flat(self.schema))

    @cached_property
    def valued(self) -> Form:
        """The same form without null, if it allows anything else."""
        kept = [each for each in self.alternatives if type_of(each) != "null" or "enum" in each]
        return self.at({"anyOf": cast(JSON, kept)}) if kept else self

    def at(self, schema: JSON) -> Form:
        """The form of a part of this one."""
        key = strict_json.canonical(schema)
        if key not in self.parts:
            self.parts[key] = Form(self.name, schema, self.definitions, self.parts)
        return self.parts[key]

    def _flat(self, schema: JSON) -> list[Object]:
        known = schema if isinstance(schema, dict) else {}
        flat = {key: value for key, value in known.items() if key not in ("$defs", "$schema")}
        if schema is False or flat == {"not": {}}:
            return []
        flat = _merged(flat) or ANYTHING
        unknown = sorted(flat.keys() - KEYWORDS)
        if unknown:
            raise UsageError(f"{self.name}: no requests can be generated for keyword {unknown[0]!r}")
        if "$ref" in flat:
            return self._flat(self.definitions[_key(cast(str, flat["$ref"]))])
        if "anyOf" in flat:
            return [each for one in cast("list[JSON]", flat["anyOf"]) for each in self._flat(one)]
        if {"const", "enum"} & flat.keys():
            return [flat]
        types = flat.get("type", "string")
        return [{**flat, "type": each} for each in (types if isinstance(types, list) else [types])]


def required(flat: Object) -> list[str]:
    """The members that an object has to have."""
    return cast("list[str]", flat.get("required", []))


def described(form: Form, flat: Object) -> dict[str, Form]:
    """The members that an object may have, by name, as far as they are described or required."""
    given = cast(Object, flat.get("properties", {}))
    undescribed: Object = {name: {} for name in required(flat) if name not in given}
    found = {name: form.at(each) for name, each in {**given, **undescribed}.items()}
    return {name: each for name, each in found.items() if each.alternatives}


def unnamed(form: Form, flat: Object) -> Form | None:
    """What a member that nobody named may be; None where nobody speaks of such members, or there may be none."""
    schema = flat.get("additionalProperties")
    return form.at(schema) if isinstance(schema, dict) and form.at(schema).alternatives else None


def _merged(flat: Object) -> Object:
    """The schema without `allOf`, which a canonical form has only for several patterns: they go under `patterns`."""
    parts = cast("list[Object]", flat.get("allOf", []))
    if not parts or any(part.keys() - {"type", "pattern"} for part in parts):
        return flat
    patterns: list[JSON] = [part["pattern"] for part in [flat, *parts] if "pattern" in part]
    kept = {key: value for key, value in flat.items() if key not in ("allOf", "pattern")}
    return {**parts[0], **kept, "pattern": patterns[-1], PATTERNS: patterns}


def _key(reference: str) -> str:
    return unquote(reference.removeprefix("#/$defs/")).replace("~1", "/").replace("~0", "~")


@dataclass(frozen=True, kw_only=True, eq=False)
class Parameter:
    """A request's member: what must be accepted of it, and what may be."""

    name: str
    narrow: Form
    wide: Form

    @cached_property
    def types(self) -> frozenset[str]:
        """The JSON types that the wide reading has for it."""
        return frozenset(type_of(alternative) for alternative in self.wide.alternatives)


def type_of(alternative: Object) -> str:
    """The one JSON type of a flat schema; of an enum, that of its first value."""
    if "type" in alternative:
        return cast(str, alternative["type"])
    value = alternative["const"] if "const" in alternative else cast("list[JSON]", alternative["enum"])[0]
    return json_type(value)


def json_type(value: JSON) -> str:
    """The JSON type of a value; 4.0 is a number here, whatever a schema thinks of it."""
    if value is None:
        return "null"
    for python, name in ((bool, "boolean"), (int, "integer"), (float, "number"), (str, "string"), (list, "array")):
        if isinstance(value, python):
            return name
    return "object"


def parameters(contract: Contract, features: frozenset[str]) -> dict[str, Parameter]:
    """The request's members that are on offer with these features, in the document's order.

    Raises UsageError for a schema that has no canonical form.
    """
    found: dict[str, Parameter] = {}
    for name in contract.parameters:
        narrow = _form(contract.request.narrow, name, features)
        if narrow.alternatives:
            found[name] = Parameter(name=name, narrow=narrow, wide=_form(contract.request.wide, name, None))
    return found


def _form(reading: Object, name: str, features: frozenset[str] | None) -> Form:
    member = without(cast(Object, reading["properties"])[name], features)
    schema: JSON = member
    if isinstance(member, dict):
        schema = {**member, "$defs": without(reading.get("$defs", {}), features)}
    try:
        canonical = cast(Object, jsonschema_rs.canonicalize(cast(Any, schema)).to_json_schema())
    except ValueError as error:
        raise UsageError(f"request schema, {name}: {str(error).splitlines()[0]}") from None
    return Form(f"request schema, {name}", canonical, cast(Object, canonical.get("$defs", {})))
