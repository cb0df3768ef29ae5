"""What an endpoint has to meet to be certified by a contract: a required set that never changes once it is out.

Rule: an edition is a file, frozen when it is published.  A requirement that the suite learns later is reported and not
scored until the next edition, so that nobody's certificate depends on the day of the test.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import tomlkit

from .. import __version__
from .. import contract as contracts
from ..contract import Contract
from ..model import Depth, Level, UsageError
from ..requirements import registry, rows
from ..strict_toml import Table

FORMAT = 1
DAYS = 90
DEPTH = Depth.STANDARD
"""What a new edition asks for: days for which evidence is good, and the least depth of a run."""


@dataclass(frozen=True, kw_only=True)
class Edition:
    """One contract's required rows: those of every endpoint, and those of each feature that a product may claim.

    `oldest_suite`: the first version of the suite whose evidence will do.  `digest`: sha256 of the file.
    """

    name: str
    contract: str
    oldest_suite: str
    depth: Depth
    days: int
    required: tuple[str, ...]
    features: Mapping[str, tuple[str, ...]]
    digest: str

    def rows(self, claimed: Iterable[str]) -> dict[str, str | None]:
        """The rows that an endpoint with these features must meet, each with its feature; but for those that cannot be
        asked for without another feature."""
        with_features = {*claimed}
        found: dict[str, str | None] = {
            **dict.fromkeys(self.required),
            **{row: name for name in sorted(with_features) for row in self.features.get(name, ())},
        }
        return {row: name for row, name in found.items() if _beside(row) in {None, *with_features}}


def _beside(row: str) -> str | None:
    """The other feature without which a row cannot be asked for."""
    known = registry().get(row.partition(":")[0])
    return known.beside if known else None


def names(contract: str) -> list[str]:
    """A built-in contract's editions, the newest last."""
    found = (contracts.schemas_folder() / contract).glob("edition-*.toml")
    return sorted((path.stem.removeprefix("edition-") for path in found), key=_numbers)


def load(contract: str, name: str | None = None) -> Edition:
    """An edition; the newest where none is named.  Raises UsageError where there is none of this name, or at all."""
    known = names(contract)
    if not known:
        raise UsageError(f"contract {contract} has no edition, so nothing can be certified by it")
    if name is not None and name not in known:
        raise UsageError(f"contract {contract} has no edition {name!r}; it has {', '.join(known)}")
    path = contracts.schemas_folder() / contract / f"edition-{name or known[-1]}.toml"
    table = Table.read(path)
    table.expect("format", int, FORMAT)
    table.expect("contract", str, contract)
    features = table.table("features")
    edition = Edition(
        name=table.text("edition"),
        contract=contract,
        oldest_suite=table.text("oldest_suite"),
        depth=Depth(table.text("depth", one_of=tuple(Depth))),
        days=table.take("days", int),
        required=tuple(table.texts("required")),
        features={name: tuple(features.texts(name)) for name in list(features.values)},
        digest=hashlib.sha256(path.read_bytes()).hexdigest(),
    )
    table.done()
    return edition


def freeze(contract: Contract, name: str) -> str:
    """The file of a new edition: every MUST that a run of its depth decides, by feature."""
    wanted: dict[str | None, list[str]] = {None: []}
    for row in rows(contract):
        if row.requirement.level is Level.MUST and row.least(contract).rank <= DEPTH.rank:
            wanted.setdefault(row.feature, []).append(row.id)
    document = tomlkit.document()
    document.add(tomlkit.comment("Frozen: what this edition asks for never changes. A later one is another file."))
    document.update(
        {
            "format": FORMAT,
            "contract": contract.name,
            "edition": name,
            "oldest_suite": __version__,
            "depth": DEPTH.value,
            "days": DAYS,
            "required": tomlkit.array().multiline(True),  # noqa: FBT003  # it is how tomlkit says so
            "features": {feature: tomlkit.array().multiline(True) for feature in sorted(filter(None, wanted))},  # noqa: FBT003
        }
    )
    for feature, ids in wanted.items():
        array: Any = document["required"] if feature is None else cast("Any", document["features"])[feature]
        array.extend(ids)
    return tomlkit.dumps(document)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdecimal() else 0 for part in version.split("."))


def is_older(version: str, than: str) -> bool:
    """Whether a version of the suite came out before another one."""
    return _numbers(version) < _numbers(than)


if __name__ == "__main__":  # python -m conformance.certificate.edition CONTRACT NAME
    made = contracts.load(sys.argv[1])
    place = Path(contracts.schemas_folder()) / made.name / f"edition-{sys.argv[2]}.toml"
    with place.open("x", encoding="utf-8") as file:
        file.write(freeze(made, sys.argv[2]))
