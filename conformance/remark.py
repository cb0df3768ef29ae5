"""What people say of single requirements in files of their own: how such a file names a row.

A vendor's answer to a finding is such a remark; an entry of a baseline is another.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field

from .contract import Contract
from .model import JSON, UsageError
from .reply import objects
from .requirements import registry
from .strict_toml import Table


@dataclass(frozen=True, kw_only=True)
class Address:
    """A row by its names: its id, its requirement's, and its parameter where the requirement has several rows."""

    row: str
    requirement: str
    parameter: str | None


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a vendor says of a finding, and where to read more."""

    text: str
    link: str | None = None

    def to_json(self) -> dict[str, JSON]:
        """For a report."""
        return {"text": self.text, "link": self.link}


@dataclass(frozen=True, kw_only=True)
class Answers:
    """A vendor's answers, by the ids of their rows."""

    by_row: Mapping[str, Answer] = field(default_factory=dict)

    @classmethod
    def read(cls, tables: list[Table], contract: Contract) -> Answers:
        """The answers in an array of tables.  Raises UsageError for one to a row that the contract does not have."""
        found: dict[str, Answer] = {}
        for given in tables:
            table = Table(given.path, given.name, given.values)  # taken apart here, and again for the next target
            row = address(table, contract).row
            if row in found:
                raise UsageError(f"{table.path}: {table.name}: {row} is answered twice")
            found[row] = Answer(text=table.text("text"), link=table.link("link"))
            table.done()
        return cls(by_row=found)


def address(table: Table, contract: Contract) -> Address:
    """Take `requirement` and `parameter` out of a table.  Raises UsageError where the contract has no such row."""
    name = table.text("requirement")
    parameter = table.text("parameter", default="") or None
    at = f"{table.path}: {table.name}: "
    if name not in registry():
        near = difflib.get_close_matches(name, registry(), 1)
        raise UsageError(f"{at}there is no requirement {name!r}" + (f" (did you mean {near[0]!r}?)" if near else ""))
    rows = registry()[name].rows(contract)
    if not rows:
        raise UsageError(f"{at}contract {contract.name} has no requirement {name!r}")
    several = callable(registry()[name].parameter)
    for row in rows:
        if parameter == row.parameter or (parameter is None and not several):
            return Address(row=row.id, requirement=name, parameter=parameter)
    if parameter is None:
        raise UsageError(f"{at}{name} has a row for each parameter: say which, as parameter = {rows[0].parameter!r}")
    raise UsageError(f"{at}{name} has no parameter {parameter!r}")


def by_row(report: Mapping[str, JSON]) -> dict[str, dict[str, JSON]]:
    """A report's rows by the ids that files of ours name them by."""
    return {address_of(row).row: row for row in objects(report["requirements"])}


def address_of(row: Mapping[str, JSON]) -> Address:
    """The address of a report's row."""
    name, parameter = str(row["id"]), row["parameter"]
    several = name in registry() and callable(registry()[name].parameter)
    return Address(
        row=f"{name}:{parameter}" if several else name,
        requirement=name,
        parameter=str(parameter) if several else None,
    )
