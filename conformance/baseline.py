"""Accepted deviations of a target: a TOML file, each entry with its reason.

Rule: allowances do not rot.  An entry that the run shows to be needed no more, or whose time is up, fails the run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from .contract import Contract
from .judge import Judged
from .model import JSON, Level, UsageError, Verdict
from .remark import Address, address
from .requirements import registry
from .strict_toml import Table

FORMAT = 1
PASSES = "passes"
EXPIRED = "expired"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One accepted deviation.  It holds to the end of the day `expires`, in UTC; None: for good."""

    row: str
    requirement: str
    parameter: str | None
    reason: str
    expires: date | None = None
    link: str | None = None

    def expired(self, day: date) -> bool:
        """Whether its time is up on this day."""
        return self.expires is not None and day > self.expires

    def to_json(self) -> dict[str, JSON]:
        """Why, how long and where to read more, for a report."""
        return {"reason": self.reason, "expires": self.expires.isoformat() if self.expires else None, "link": self.link}


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """The entries of a file, by the ids of their rows."""

    entries: Mapping[str, Entry] = field(default_factory=dict)

    def accept(self, judged: Sequence[Judged], day: date) -> tuple[Judged, ...]:
        """The verdicts with every fail that an entry accepts as known, for the entry's reason."""
        return tuple(self._accepted(each, day) for each in judged)

    def _accepted(self, judged: Judged, day: date) -> Judged:
        entry = self.entries.get(judged.row.id)
        if entry is None or judged.verdict is not Verdict.FAIL or entry.expired(day):
            return judged
        return replace(judged, verdict=Verdict.KNOWN, reason=entry.reason)

    def stale(self, judged: Sequence[Judged], day: date) -> dict[str, str]:
        """Row ids of the entries that fail the run, with why: "expired", or "passes".

        Only a demonstrated pass counts; a row that was not judged, or that was violated once, leaves its entry alone.
        """
        passing = {each.row.id for each in judged if each.verdict is Verdict.PASS}
        return {
            row: EXPIRED if entry.expired(day) else PASSES
            for row, entry in self.entries.items()
            if entry.expired(day) or row in passing
        }


def load(path: Path, contract: Contract) -> Baseline:
    """Read a baseline.  Raises UsageError naming the file, and the entry that is not one of this contract's."""
    table = Table.read(path)
    table.expect("format", int, FORMAT)
    entries: dict[str, Entry] = {}
    for each in table.tables("known"):
        entry = _entry(each, contract)
        if entry.row in entries:
            raise UsageError(f"{path}: {entry.row} is there twice")
        entries[entry.row] = entry
    table.done()
    return Baseline(entries=entries)


def _entry(table: Table, contract: Contract) -> Entry:
    found = address(table, contract)
    if registry()[found.requirement].level is not Level.MUST:
        raise UsageError(
            f"{table.path}: {found.row} is no MUST, so it never fails a run and needs no entry: take it out"
        )
    entry = Entry(
        row=found.row,
        requirement=found.requirement,
        parameter=found.parameter,
        reason=table.text("reason"),
        expires=_day(table),
        link=table.link("link"),
    )
    table.done()
    return entry


def _day(table: Table) -> date | None:
    """The optional date `expires`.  A time of day is none."""
    if "expires" not in table.values:
        return None
    value = table.take("expires", date)
    if type(value) is not date:
        raise UsageError(f"{table.path}: {table.name}: expires is {value}, not a date like 2027-01-31")
    return value


def stale_entries(baseline: Baseline, judged: Sequence[Judged], day: date) -> list[JSON]:
    """The report's `stale`: every entry that fails the run, whole, with why."""
    return [
        {
            "requirement": baseline.entries[row].requirement,
            "parameter": baseline.entries[row].parameter,
            "why": why,
            **baseline.entries[row].to_json(),
        }
        for row, why in baseline.stale(judged, day).items()
    ]


@dataclass(frozen=True, kw_only=True)
class Update:
    """What a run changes in a baseline: rows that fail and have no entry, that pass and have one, all others."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    kept: tuple[str, ...]


def update(
    path: Path, contract: Contract, verdicts: Mapping[Address, Verdict], *, reason: str, expires: date | None
) -> Update:
    """Write into the file what fails and take out what passes; entries that stay keep what people wrote, comments too.

    `verdicts` are a run's by row.  `reason` and `expires` are those of new entries; `expires`, where given, renews
    those that have expired too.  Raises UsageError where the file is no baseline or cannot be written.
    """
    import tomlkit

    old = load(path, contract).entries if path.exists() else {}
    document = tomlkit.parse(path.read_text("utf-8")) if path.exists() else tomlkit.document().add("format", FORMAT)
    known: Any = document.get("known", tomlkit.aot())
    passing = {each.row for each, verdict in verdicts.items() if verdict is Verdict.PASS}
    failing = {each.row: each for each, verdict in verdicts.items() if verdict in (Verdict.FAIL, Verdict.KNOWN)}
    for position, row in reversed(list(enumerate(old))):
        if row in passing:
            del known[position]
        elif row in failing and expires is not None and old[row].expires is not None:
            known[position]["expires"] = max(expires, old[row].expires or expires)
    for row, each in failing.items():
        if row not in old:
            known.append(tomlkit.item(_written(each, reason, expires)))
    document["known"] = known
    try:
        path.write_text(tomlkit.dumps(document), "utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from None
    return Update(
        added=tuple(row for row in failing if row not in old),
        removed=tuple(row for row in old if row in passing),
        kept=tuple(row for row in old if row not in passing),
    )


def _written(each: Address, reason: str, expires: date | None) -> dict[str, Any]:
    members: Iterable[tuple[str, Any]] = (
        ("requirement", each.requirement),
        ("parameter", each.parameter),
        ("reason", reason),
        ("expires", expires),
    )
    return {name: value for name, value in members if value is not None}
