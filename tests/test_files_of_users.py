"""The files that the documentation shows: each can be used as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from conformance import asked, baseline, options
from conformance import contract as contracts
from conformance.certificate import product

DOCS = Path(__file__).parent.parent / "docs"
EXAMPLES = [
    (page.name, block)
    for page in sorted(DOCS.glob("*.md"))
    for block in re.findall(
        r"^```toml\n(format = 1\n.*?|# product.toml\n.*?)^```$", page.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
]


def test_there_are_some() -> None:
    """A target file, a baseline and a product are shown."""
    assert [name for name, _ in EXAMPLES] == ["certifying.md", "targets.md", "targets.md"]


@pytest.mark.parametrize("block", [block for _, block in EXAMPLES])
def test_an_example_can_be_used(block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file that is shown is right, with what it mentions beside it."""
    monkeypatch.chdir(tmp_path)
    Path("known.toml").write_text("format = 1\n")
    path = tmp_path / "example.toml"
    path.write_text(block)
    if "product =" in block:
        assert product.parse(block.encode(), path).organization
    elif "[[known]]" in block:
        assert baseline.load(path, contracts.load("highwayapi")).entries
    else:
        found = asked.check_all({**dict.fromkeys(options.defaults()), "target": str(path)})
        assert [each.name for each in found] == ["eu", "us"]
