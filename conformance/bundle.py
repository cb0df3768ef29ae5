"""A schema file and all it refers to -> one schema that refers only to itself."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from . import strict_json
from .model import JSON, UsageError

KEYWORDS = frozenset(
    {
        "$defs",
        "$ref",
        "additionalProperties",
        "allOf",
        "anyOf",
        "const",
        "default",
        "dependentRequired",
        "description",
        "else",
        "enum",
        "exclusiveMaximum",
        "exclusiveMinimum",
        "feature",
        "format",
        "if",
        "items",
        "maxItems",
        "maxLength",
        "maxProperties",
        "maximum",
        "minItems",
        "minLength",
        "minProperties",
        "minimum",
        "narrower",
        "not",
        "oneOf",
        "pattern",
        "patternProperties",
        "prefixItems",
        "properties",
        "propertyNames",
        "required",
        "then",
        "title",
        "type",
        "uniqueItems",
    }
)
"""The closed set of keywords a contract's schemas may use; another one is an error, for nobody would act on it."""

_SCHEMA_MAPS = frozenset({"$defs", "properties", "patternProperties"})
_SCHEMA_LISTS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_SCHEMAS = frozenset({"additionalProperties", "else", "if", "items", "narrower", "not", "propertyNames", "then"})


def bundle(path: Path, common: Path) -> dict[str, JSON]:
    """Read a schema file; what it refers to in other files is copied into its `$defs`, one entry a file.

    `common` is the folder that `../common/` means, wherever the schema lies.  Raises UsageError naming file and key for
    an unknown keyword or a `$ref` that leads nowhere.
    """
    bundler = _Bundler(common)
    bundled = cast(dict[str, JSON], bundler.rewrite(bundler.document(path), path, "#", ""))
    definitions = {**cast(dict[str, JSON], bundled.get("$defs", {})), **bundler.definitions}
    if definitions:
        bundled["$defs"] = definitions
    return bundled


class _Bundler:
    """Copies what a schema refers to in other files into its `$defs`, one entry a file."""

    def __init__(self, common: Path) -> None:
        self.common = common
        self.definitions: dict[str, JSON] = {}

    def document(self, path: Path) -> dict[str, JSON]:
        try:
            document = strict_json.parse(path.read_bytes())
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror}") from None
        if document.problem is not None:
            raise UsageError(f"{path}: not JSON: {document.problem}")
        if document.duplicates:
            raise UsageError(f"{path}: member {document.duplicates[0]!r} is there twice in one object")
        if not isinstance(document.value, dict):
            raise UsageError(f"{path}: not a JSON object")
        return document.value

    def rewrite(self, schema: JSON, path: Path, prefix: str, at: str) -> JSON:
        """A part of the file with references that hold in the bundle; `prefix` is where the file's root lies there."""
        if not isinstance(schema, dict):
            return schema
        result: dict[str, JSON] = {}
        for key, value in schema.items():
            here = f"{at}/{key}"
            if key in ("$schema", "$id", "$comment"):
                continue
            if key not in KEYWORDS:
                raise UsageError(f"{path}: unknown keyword {key!r} at {at or '/'}")
            if key == "$ref":
                if not isinstance(value, str):
                    raise UsageError(f"{path}: {here}: {value!r} is no reference")
                result[key] = self.refer(value, path, prefix, here)
            elif key in _SCHEMA_MAPS and isinstance(value, dict):
                result[key] = {name: self.rewrite(each, path, prefix, f"{here}/{name}") for name, each in value.items()}
            elif key in _SCHEMA_LISTS and isinstance(value, list):
                result[key] = [self.rewrite(each, path, prefix, f"{here}/{i}") for i, each in enumerate(value)]
            elif key in _SCHEMAS:
                result[key] = self.rewrite(value, path, prefix, here)
            else:
                result[key] = value
        return result

    def refer(self, reference: str, path: Path, prefix: str, at: str) -> str:
        file, _, pointer = reference.partition("#")
        target, root = path, prefix
        if file:
            in_common = file.removeprefix("../common/") if file.startswith("../common/") else None
            target = self.common / in_common if in_common else path.parent / file
            if target.parent not in (self.common, path.parent):
                raise UsageError(f"{path}: {at}: {reference!r} leads out of the contract's folder and ../common/")
            if not target.is_file():
                raise UsageError(f"{path}: {at}: {reference!r} leads nowhere: there is no such file")
            place = "common" if target.parent == self.common else "own"
            root = f"#/$defs/{place}:{target.stem.removesuffix('.schema')}"
            self.include(target, root)
        if not _leads_somewhere(self.document(target), pointer):
            raise UsageError(f"{path}: {at}: {reference!r} leads nowhere")
        return root + pointer

    def include(self, path: Path, root: str) -> None:
        name = root.removeprefix("#/$defs/")
        if name not in self.definitions:
            self.definitions[name] = None  # so that a cycle ends
            self.definitions[name] = self.rewrite(self.document(path), path, root, "")


def _leads_somewhere(document: JSON, pointer: str) -> bool:
    first, *parts = pointer.split("/")
    for part in parts:
        if isinstance(document, list) and part.isdecimal() and int(part) < len(document):
            document = document[int(part)]
        elif isinstance(document, dict) and (name := part.replace("~1", "/").replace("~0", "~")) in document:
            document = document[name]
        else:
            return False
    return not first
