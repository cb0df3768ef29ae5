"""schemas/NAME -> Contract: our machine-readable reading of one vendor's document.

Rule: loading is strict.  An unknown key, a dangling id or `$ref`, a statement that nobody claims and nobody excludes is
an error that names the file and the key; a contract is trusted only because nothing in it was passed over.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from . import schema
from .model import JSON, Level, UsageError, Zone
from .schema import Schema
from .strict_toml import Table, lines

FORMAT = 1

EDITION = "edition-"
"""What the names of files begin with that say what is certified; they change nothing of what is tested."""

DIALECT = {
    "errors": ("openai", "detail"),
    "stream_usage": ("asked", "always"),
    "stop_text": ("included", "excluded"),
}
"""Where documents differ in what a faithful endpoint does, and no schema can say it: the keys of [dialect]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The vendor's page: file name and sha256 of the copy that was read, its host, and what to know of it."""

    file: str
    sha256: str
    host: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One atomic claim of the document, in our words: claimed by requirements, or excluded with a reason.

    `field` is the document's; `basis` names the standard of a claim that no vendor's document makes (a convention);
    `resolved` is the field of another document by which this one's wording was understood.  `file` and `line` are where
    we wrote it down: a path from the project's root for a built-in contract, NAME/statements.toml for one's own.
    """

    id: str
    field: str
    level: Level
    text: str
    requirements: tuple[str, ...]
    excluded: str | None
    basis: str | None
    resolved: str | None
    file: str = dataclasses.field(compare=False)
    line: int = dataclasses.field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A question that a contradictory statement leaves open, and the requirement whose observation answers it."""

    id: str
    statement: str
    requirement: str
    question: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Contract:
    """One document's reading, equal only to itself.

    `features` maps each name to its default; `digest` is over all its files.
    """

    name: str
    title: str
    path: str
    scheme: str
    document: Document
    dialect: Mapping[str, str]
    features: Mapping[str, bool]
    readings: tuple[Reading, ...]
    statements: tuple[Statement, ...]
    request: Schema
    completion: Schema
    chunk: Schema
    error: Schema
    digest: str

    @property
    def parameters(self) -> tuple[str, ...]:
        """The request's members, in the document's order."""
        return tuple(self.request.properties)

    def feature_of(self, parameter: str) -> str | None:
        """The feature that a member of the request belongs to as a whole; None: to every target."""
        feature = self.request.annotation(parameter, schema.FEATURE)
        return feature if isinstance(feature, str) else None

    def zone(self, body: JSON) -> Zone:
        """What the document lets a client expect of this request body."""
        if self.request.demands(body):
            return Zone.ACCEPT
        return Zone.DISPUTED if self.request.allows(body) else Zone.REJECT

    def claiming(self, requirement: str) -> tuple[Statement, ...]:
        """The statements that claim a requirement; none where it does not apply to this contract."""
        return tuple(each for each in self.statements if requirement in each.requirements)

    def source(self, statement: Statement) -> str:
        """Where a statement comes from: the document's file and field, or the standard behind a convention."""
        return statement.basis or f"{self.document.file}#{statement.field}"


def schemas_folder() -> Path:
    """The folder of the built-in contracts: inside the installed package, or beside it in a checkout."""
    package = Path(str(resources.files("conformance")))
    inside = package / "schemas"
    return inside if inside.is_dir() else package.parent / "schemas"


def names() -> tuple[str, ...]:
    """The built-in contracts."""
    return tuple(sorted(path.parent.name for path in schemas_folder().glob("*/contract.toml")))


def find(name: str) -> Path:
    """The folder of a contract given by name or by path.  Raises UsageError listing what there is."""
    if name in names():
        return schemas_folder() / name
    folder = Path(name)
    if (folder / "contract.toml").is_file():
        return folder
    raise UsageError(
        f"unknown contract {name!r}: give one of {', '.join(names())}, or a folder that holds a contract.toml"
    )


@cache
def load(name: str) -> Contract:
    """Read a contract by name or folder.  Raises UsageError naming the file and the key at fault."""
    folder = find(name)
    common = schemas_folder() / "common"
    table = Table.read(folder / "contract.toml")
    table.expect("format", int, FORMAT)
    statements = _statements(folder / "statements.toml", conventions=False)
    ids = {statement.id for statement in statements}
    statements += tuple(
        each for each in _statements(common / "statements.toml", conventions=True) if each.id not in ids
    )
    document = table.table("document")
    contract = Contract(
        name=folder.resolve().name,
        title=table.text("title"),
        path=table.text("path", pattern=r"/\S*"),
        scheme=table.text("auth", one_of=("bearer", "basic")),
        document=Document(
            file=document.text("file"),
            sha256=document.text("sha256", pattern=r"[0-9a-f]{64}"),
            host=document.text("host"),
            note=document.text("note", default=""),
        ),
        dialect=_dialect(table.table("dialect")),
        features=_features(table.table("features")),
        readings=tuple(_reading(each) for each in table.tables("reading")),
        statements=statements,
        request=schema.load(folder / "request.schema.json", common),
        completion=schema.load(folder / "completion.schema.json", common),
        chunk=schema.load(folder / "chunk.schema.json", common),
        error=schema.load(folder / "error.schema.json", common),
        digest=_digest(folder, common),
    )
    document.done()
    table.done()
    _check_features(contract, folder / "request.schema.json")
    _check_readings(contract, table.path)
    return contract


def _digest(folder: Path, common: Path) -> str:
    digest = hashlib.sha256()
    for place in (folder, common):
        for path in sorted((*place.glob("*.toml"), *place.glob("*.json"))):
            if path.name.startswith(EDITION):
                continue
            digest.update(f"{'common' if place == common else '.'}/{path.name}\0".encode())
            digest.update(path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return digest.hexdigest()


def _dialect(table: Table) -> dict[str, str]:
    dialect = {key: table.text(key, one_of=values) for key, values in DIALECT.items()}
    table.done()
    return dialect


def _features(table: Table) -> dict[str, bool]:
    features = {name: table.text(name, one_of=("on", "off")) == "on" for name in list(table.values)}
    table.done()
    return features


def _reading(table: Table) -> Reading:
    reading = Reading(
        id=table.text("id"),
        statement=table.text("statement"),
        requirement=table.text("requirement"),
        question=table.text("question"),
    )
    table.done()
    return reading


def _check_features(contract: Contract, path: Path) -> None:
    for name in contract.parameters:
        feature = contract.feature_of(name)
        if feature is not None and feature not in contract.features:
            raise UsageError(f"{path}: {name}: contract.toml's [features] does not name {feature!r}")


def _check_readings(contract: Contract, path: Path) -> None:
    claims = {statement.id: statement.requirements for statement in contract.statements}
    ids = [reading.id for reading in contract.readings]
    for twice in sorted({id_ for id_ in ids if ids.count(id_) > 1}):
        raise UsageError(f"{path}: reading.{twice} is there twice")
    for reading in contract.readings:
        if reading.statement not in claims:
            raise UsageError(f"{path}: reading.{reading.id}: there is no statement {reading.statement!r}")
        if reading.requirement not in claims[reading.statement]:
            raise UsageError(
                f"{path}: reading.{reading.id}: statement {reading.statement!r} does not claim {reading.requirement!r}"
            )


def _statements(path: Path, *, conventions: bool) -> tuple[Statement, ...]:
    table = Table.read(path)
    found = table.tables("statement")
    where = zip(found, lines(path, "id", [str(each.values.get("id")) for each in found]), strict=True)
    statements = tuple(_statement(each, _shown(path), line, convention=conventions) for each, line in where)
    table.done()
    seen: set[str] = set()
    for statement in statements:
        if statement.id in seen:
            raise UsageError(f"{path}: statement {statement.id!r} is there twice")
        seen.add(statement.id)
    return statements


def _shown(path: Path) -> str:
    """The path of a contract's file as anybody can find it, whatever the machine."""
    folder = path.parent.resolve()
    return f"{'schemas/' if folder.parent == schemas_folder().resolve() else ''}{folder.name}/{path.name}"


def _statement(table: Table, file: str, line: int, *, convention: bool) -> Statement:
    id_ = table.text("id", pattern=r"[a-z0-9-]+(\.[a-z0-9-]+)+")
    table.name = f"statement {id_}"
    requirements = tuple(table.texts("requirements"))
    excluded = table.text("excluded", default="") or None
    if bool(requirements) == bool(excluded):
        raise UsageError(
            f"{table.path}: {table.name}: needs either requirements that claim it or excluded with a reason"
            + (", not both" if excluded else "")
        )
    statement = Statement(
        id=id_,
        field=table.text("field"),
        level=Level(table.text("level", one_of=tuple(Level))),
        text=table.text("text"),
        requirements=requirements,
        excluded=excluded,
        basis=table.text("basis") if convention else table.text("basis", default="") or None,
        resolved=table.text("resolved", default="") or None,
        file=file,
        line=line,
    )
    table.done()
    return statement
