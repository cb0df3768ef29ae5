"""What is installed with the suite: known, listed, and under a licence that asks nothing of a user."""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

NOTICE = Path(__file__).parents[1] / "NOTICE.md"

LISTED = {
    canonicalize_name(name): licence
    for name, licence in re.findall(
        r"^\| \[([^]]+)\]\([^)]*\)[^|]*\| ([^|]+) \|$", NOTICE.read_text("utf-8"), re.MULTILINE
    )
}
"""Licences by the names of distributions."""

FAMILIES = {
    "MIT": "MIT",
    "BSD": "BSD",
    "Apache": "Apache",
    "MPL": "MPL",
    "Mozilla Public License 2.0": "MPL",
    "PSF": "PSF",
    "Python Software Foundation": "PSF",
}
"""Words in which distributions name licences known to us, and how NOTICE.md does; older ones name two."""


def needed() -> dict[NormalizedName, metadata.Distribution]:
    """Whatever `pip install chat-conformance` installs here, the suite itself left out."""
    found: dict[NormalizedName, metadata.Distribution] = {}
    waiting: list[str] = ["chat-conformance"]
    while waiting:
        distribution = metadata.distribution(waiting.pop())
        for each in map(Requirement, distribution.requires or []):
            name = canonicalize_name(each.name)
            if name not in found and (each.marker is None or each.marker.evaluate({"extra": ""})):
                found[name] = metadata.distribution(name)
                waiting.append(name)
    return found


def licence(distribution: metadata.Distribution) -> str:
    """What a distribution says of its licence."""
    said = distribution.metadata
    named = [each for each in said.get_all("Classifier") or [] if each.startswith("License ::")]
    return " ".join([*(said.get_all("License-Expression") or []), *named, *(said.get_all("License") or [])])


def test_every_dependency_is_listed() -> None:
    """NOTICE.md names whatever is installed with the suite."""
    assert {name for name in needed() if name not in LISTED} == set()


def test_licences() -> None:
    """Each is under the licence that NOTICE.md says, of a family known to us."""
    assert len(needed()) > 20
    for name, distribution in needed().items():
        said = licence(distribution)
        families = {family for words, family in FAMILIES.items() if words in said}
        assert any(family in LISTED[name] for family in families), (name, said)
