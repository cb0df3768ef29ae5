"""JSON Schemas of a contract: bundled into one document, read in two ways, judged twice.

A schema holds the widest reading of its document.  Where a narrower one exists it stands beside it under the keyword
`narrower` (an annotation to other tools): `wide` drops it, `narrow` adds it.  jsonschema-rs gives the verdict, for it
is two hundred times faster; jsonschema explains the rare failing value, for it drills down to the member at fault.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import jsonschema_rs

from .bundle import bundle
from .model import JSON, UsageError

if TYPE_CHECKING:
    from jsonschema import ValidationError

NARROWER = "narrower"
"""The keyword beside which the narrower reading stands."""

FEATURE = "feature"
"""The keyword that says which feature a part of a schema belongs to."""

MOST_FAULTS = 1000
"""Departures of one value that are told: nobody reads more, and to find a hundred thousand takes minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One way in which a value departs from a schema: the path to the member, and what is wrong with it there.

    A member that is missing has its own path, not its parent's.  Numbers in the path are array indexes.
    """

    path: tuple[str | int, ...]
    observed: str
    expected: str

    @property
    def pointer(self) -> str:
        """The path as a JSON Pointer (RFC 6901)."""
        return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in self.path)


class Schema:
    """One schema of a contract, bundled."""

    def __init__(self, wide: dict[str, JSON], narrow: dict[str, JSON]) -> None:
        self.wide = wide
        self.narrow = narrow

    @property
    def properties(self) -> dict[str, dict[str, JSON]]:
        """The top-level members it describes, by name."""
        return cast(dict[str, dict[str, JSON]], self.wide.get("properties", {}))

    def annotation(self, name: str, keyword: str) -> JSON:
        """What a keyword says of a top-level member, there or where it refers to; None where it is not there."""
        member = self.properties.get(name, {})
        while keyword not in member and isinstance(reference := member.get("$ref"), str):
            member = _at(self.wide, reference)
        return member.get(keyword)

    @cached_property
    def _wide(self) -> jsonschema_rs.Draft202012Validator:
        return jsonschema_rs.Draft202012Validator(self.wide)

    @cached_property
    def _narrow(self) -> jsonschema_rs.Draft202012Validator:
        return jsonschema_rs.Draft202012Validator(self.narrow)

    def allows(self, value: JSON) -> bool:
        """Whether a value is valid under the widest reading."""
        return _is_valid(self._wide, self.wide, value)

    def demands(self, value: JSON) -> bool:
        """Whether a value is valid under the narrowest reading."""
        return _is_valid(self._narrow, self.narrow, value)

    def faults(self, value: JSON) -> tuple[Fault, ...]:
        """The departures from the widest reading, outermost first; none for a valid value."""
        if self.allows(value):
            return ()
        from jsonschema import Draft202012Validator  # here: 60 ms that a conforming endpoint never costs

        errors = islice(Draft202012Validator(cast(Any, self.wide)).iter_errors(value), MOST_FAULTS)
        found = {fault for error in errors for fault in _faults(error)}
        if not found:  # the two differ in what a pattern's "$" and "\\S" mean
            found = {
                Fault(path=tuple(error.instance_path), observed=show(error.instance), expected=f"so that not {why}")
                for error in islice(self._wide.iter_errors(value), MOST_FAULTS)
                for why in [error.message]
            }
        return tuple(sorted(found, key=lambda fault: (len(fault.path), fault.pointer, fault.expected)))


def without(schema: JSON, features: frozenset[str] | None) -> JSON:
    """The schema with every part of a feature that is off allowing nothing; None: all features are on."""
    if isinstance(schema, list):
        return [without(each, features) for each in schema]
    if not isinstance(schema, dict):
        return schema
    feature = schema.get(FEATURE)
    if isinstance(feature, str) and features is not None and feature not in features:
        return False
    return {
        key: value if key in ("const", "enum", "required") else without(value, features)
        for key, value in schema.items()
        if not (key == FEATURE and isinstance(value, str))
    }


def _at(schema: dict[str, JSON], reference: str) -> dict[str, JSON]:
    """Where a reference inside a bundled schema leads."""
    found: JSON = schema
    for part in reference.removeprefix("#/").split("/"):
        found = cast("dict[str, JSON]", found)[part.replace("~1", "/").replace("~0", "~")]
    return cast("dict[str, JSON]", found)


def _is_valid(validator: jsonschema_rs.Draft202012Validator, schema: dict[str, JSON], value: JSON) -> bool:
    try:
        return bool(validator.is_valid(value))
    except ValueError:  # a value that is JSON to Python and not to Rust
        from jsonschema import Draft202012Validator

        return bool(Draft202012Validator(cast(Any, schema)).is_valid(value))


def _faults(error: ValidationError) -> Iterator[Fault]:
    path = tuple(error.absolute_path)
    if error.validator == "required":
        for name in cast(list[str], error.validator_value):
            if name not in cast(dict[str, JSON], error.instance):
                yield Fault(path=(*path, name), observed="missing", expected="present")
    elif error.validator == "dependentRequired":
        instance = cast(dict[str, JSON], error.instance)
        for name, others in cast(dict[str, list[str]], error.validator_value).items():
            for other in others if name in instance else ():
                if other not in instance:
                    yield Fault(path=(*path, other), observed="missing", expected=f"present beside {name}")
    elif error.context:
        from jsonschema.exceptions import best_match

        deepest = best_match([error])
        if deepest is not None and (len(deepest.absolute_path) > len(path) or deepest.validator == "required"):
            yield from _faults(deepest)
        else:
            yield Fault(path=path, observed=show(error.instance), expected=_alternatives(error))
    else:
        yield Fault(path=path, observed=show(error.instance), expected=_expected(error))


def _alternatives(error: ValidationError) -> str:
    return " or ".join(dict.fromkeys(_expected(each) for each in error.context or ()))


_PHRASES = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "exclusiveMinimum": "above {}",
    "exclusiveMaximum": "below {}",
    "minLength": "a string of at least {} characters",
    "maxLength": "a string of at most {} characters",
    "minItems": "an array of at least {} items",
    "maxItems": "an array of at most {} items",
    "const": "{}",
    "pattern": "a string like {}",
}


def _expected(error: ValidationError) -> str:
    value = cast(Any, error.validator_value)
    if error.validator is None:
        return "nothing: the schema allows no value here"
    if error.validator == "type":
        return " or ".join([value] if isinstance(value, str) else value)
    if error.validator == "enum":
        return "one of " + ", ".join(show(each) for each in value)
    phrase = _PHRASES.get(str(error.validator))
    return phrase.format(show(value)) if phrase else f"what the schema's {error.validator} allows"


def show(value: object, limit: int = 60) -> str:
    """A JSON value as a short text."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def load(path: Path, common: Path) -> Schema:
    """Read a schema file and all it refers to.

    `common` is the folder that `../common/` means, wherever the schema lies.  Raises UsageError naming file and key for
    an unknown keyword, a `$ref` that leads nowhere, or text that is no schema.
    """
    bundled = bundle(path, common)
    wide, narrow = (
        cast(dict[str, JSON], _read(bundled, narrow=False)),
        cast(dict[str, JSON], _read(bundled, narrow=True)),
    )
    for reading in (wide, narrow):
        try:
            jsonschema_rs.Draft202012Validator(reading)
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
            at = "".join(f"/{part}" for part in getattr(error, "instance_path", ()))
            why = f"{at or '/'}: {str(error).splitlines()[0]}"
            raise UsageError(f"{path}: not a JSON Schema of draft 2020-12: {why}") from None
    return Schema(wide, narrow)


def _read(schema: JSON, *, narrow: bool) -> JSON:
    """The schema with every `narrower` dropped, or added to the keywords beside it."""
    if isinstance(schema, list):
        return [_read(each, narrow=narrow) for each in schema]
    if not isinstance(schema, dict):
        return schema
    result = {
        key: value if key in ("const", "default", "enum") else _read(value, narrow=narrow)
        for key, value in schema.items()
        if key != NARROWER
    }
    if narrow and NARROWER in schema:
        result["allOf"] = [*cast(list[JSON], result.get("allOf", [])), _read(schema[NARROWER], narrow=narrow)]
    return result
