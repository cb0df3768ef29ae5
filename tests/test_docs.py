"""The documentation: made of the code where it can be, and no link in it leads nowhere."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), *ROOT.glob("*.md")])

generate: dict[str, Any] = runpy.run_path(str(DOCS / "generate.py"))


def test_the_pages_of_requirements_are_up_to_date() -> None:
    """They say what the code says now: where they do not, `python docs/generate.py` writes them."""
    kept = {path.name: path.read_text("utf-8") for path in (DOCS / "requirements").glob("*.md")}
    made: dict[str, str] = generate["pages"]()
    stale = [name for name in sorted(kept.keys() | made.keys()) if kept.get(name) != made.get(name)]
    assert stale == [], "run python docs/generate.py"


def links(text: str) -> list[str]:
    """The addresses that a page's links and images lead to."""
    found: list[str] = []
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        for child in token.children or []:
            address = child.attrs.get("href", child.attrs.get("src"))
            if address is not None:
                found.append(str(address))
    return found


def anchors(text: str) -> set[str]:
    """The addresses of a page's headings."""
    tokens = MarkdownIt("commonmark").parse(text)
    inside = [tokens[n + 1] for n, token in enumerate(tokens) if token.type == "heading_open"]
    return {generate["anchor"]("".join(child.content for child in each.children or [])) for each in inside}


@pytest.mark.parametrize("page", PAGES, ids=[str(path.relative_to(ROOT)) for path in PAGES])
def test_no_link_leads_nowhere(page: Path) -> None:
    """Files that a page links to are there, and so are the headings."""
    lost = []
    for address in links(page.read_text("utf-8")):
        file, _, anchor = address.partition("#")
        if re.match(r"[a-z]+:", address):
            continue
        target = page.parent / file if file else page
        if not target.exists() or (anchor and anchor not in anchors(target.read_text("utf-8"))):
            lost.append(address)
    assert lost == []
