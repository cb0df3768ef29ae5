"""target.toml: any of run's options, and what is to be known of the targets, so that a CI job is one line.

Rule: a value in the file means what its option on the command line means, and is held to the same; the command line
overrides the file.  What stands before the targets holds for all of them.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol, TypeVar

from .model import JSON, UsageError
from .options import OPTIONS, STRICT, Option, defaults
from .strict_toml import Table

FORMAT = 1
NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*"

NOT_IN_A_FILE = ("target", "resume")

INSTEAD = (("url", "base_url"), ("api_key_env", "api_key_file"))
"""Options of which one takes the other's place."""

Values = Mapping[str, Any]
"""Values of options by name: those that were given, or all of them."""


@dataclass(frozen=True, kw_only=True)
class Said:
    """What was said of one target: options, the names that its model answers by, and the vendor's answers."""

    values: Values
    name: str | None = None
    aliases: tuple[str, ...] = ()
    answers: tuple[Table, ...] = ()


class Named(Protocol):
    """What may have the name of a target."""

    @property
    def name(self) -> str | None:
        """That name; None where a file has one target alone."""


Target = TypeVar("Target", bound=Named)


def called(name: JSON, every: Sequence[Target], file: str | None) -> Target:
    """Of several targets the one of this name, or the only one.  Raises UsageError where the file has none such."""
    found = [each for each in every if len(every) == 1 or each.name == name]
    if not found:
        raise UsageError(f"{file} has several targets, and none of them is called {name}")
    return found[0]


def said(given: Values, below: Values = MappingProxyType({})) -> tuple[Said, ...]:
    """What the command line and the file that it names say of each target; all options have a value then.

    `given` has None for what the command line does not give; `below` is said where neither says anything.  Raises
    UsageError naming the file and the key at fault.
    """
    spoken = {name: value for name, value in given.items() if value is not None}
    if "target" not in spoken:
        return (Said(values=defaults() | _override(below, spoken)),)
    targets = _targets(Path(spoken["target"]))
    found = [replace(each, values=defaults() | _override(_override(below, each.values), spoken)) for each in targets]
    return tuple(found) if len(found) == 1 else tuple(_in_its_own_folder(each) for each in found)


def _in_its_own_folder(each: Said) -> Said:
    out = each.values["out"]
    return replace(each, values={**each.values, "out": str(Path(out) / str(each.name)) if out else None})


def _targets(path: Path) -> list[Said]:
    """The targets of a file; what stands before them alone where it has none."""
    table = Table.read(path)
    table.expect("format", int, FORMAT)
    own = table.tables("target")
    common = _section(table)
    if not own:
        return [common]
    if common.name is not None:
        raise UsageError(f"{path}: name stands before the targets, but each of them has its own")
    found = []
    for each in own:
        if "name" not in each.values:
            raise UsageError(f"{path}: {each.name}: name is missing")
        found.append(_under(common, _section(each)))
    names = [each.name for each in found]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"{path}: two targets are called {name}")
    return found


def _section(table: Table) -> Said:
    """Take everything out of a table.  Raises UsageError for a key that means nothing there."""
    options = [each for each in (*OPTIONS, STRICT) if each.key in table.values and each.name not in NOT_IN_A_FILE]
    section = Said(
        values={each.name: _value(table, each) for each in options},
        name=table.text("name", pattern=NAME) if "name" in table.values else None,
        aliases=tuple(table.texts("aliases")),
        answers=tuple(table.tables("answer")),
    )
    table.done()
    return section


def _under(common: Said, own: Said) -> Said:
    return Said(
        values=_override(common.values, own.values),
        name=own.name,
        aliases=own.aliases or common.aliases,
        answers=(*common.answers, *own.answers),
    )


def _override(below: Values, above: Values) -> dict[str, Any]:
    """Values with others over them.  Features are switched one by one; other lists take the place of those below."""
    replaced = {name for pair in INSTEAD for name in pair if set(pair) & set(above)}
    kept = {name: value for name, value in below.items() if name not in replaced}
    merged = kept | dict(above)
    for name, other in (("with_", "without"), ("without", "with_")):
        if name in kept:
            still = [feature for feature in kept[name] if feature not in above.get(other, ())]
            merged[name] = [*still, *above.get(name, ())]
    return merged


def _value(table: Table, option: Option) -> Any:
    """An option's value, held to what the command line holds it to."""
    keywords = option.keywords
    if keywords.get("action") == "append":
        return table.texts(option.key)
    if keywords.get("action") == "store_true":
        return table.take(option.key, bool)
    if "type" not in keywords:
        return table.text(option.key, one_of=tuple(keywords["choices"]) if "choices" in keywords else None)
    value = table.take(option.key, object)
    shown = str(value) if isinstance(value, int | float) and not isinstance(value, bool) else "no number"
    try:
        return keywords["type"](shown)
    except ValueError:
        noun = "a whole number" if keywords["type"].__name__ in ("int", "_not_negative") else "a number"
        raise UsageError(f"{table.path}: {option.key} is {value!r}, not {noun}") from None
    except argparse.ArgumentTypeError as error:
        raise UsageError(f"{table.path}: {option.key}: {error}") from None
