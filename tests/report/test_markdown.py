"""summary.md: what a CI job's page makes of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from conformance.model import JSON
from conformance.report import markdown
from conformance.report.shown import line

from .conftest import Ran, Report

HTML = re.compile(r"<details><summary>Reproduce [a-z0-9.:_-]+</summary>|</details>")
"""All the HTML that we write."""


def tokens(text: str) -> list[Token]:
    """The Markdown's tokens, those inside of others behind them."""
    found: list[Token] = []
    for token in MarkdownIt("commonmark", {"html": True}).enable("table").parse(text):
        found += [token, *(token.children or [])]
    return found


def plain(found: list[Token]) -> Iterator[str]:
    """All text that is neither in a code span nor in a code block: what a reader's page may link."""
    return (token.content for token in found if token.type == "text")


def assert_harmless(text: str) -> list[Token]:
    found = tokens(text)
    types = {token.type for token in found}
    assert not {each for each in types if each.startswith(("link", "image", "html_inline"))}
    assert all(HTML.fullmatch(token.content.strip()) for token in found if token.type == "html_block")
    assert not any("pwned" in words or "@" in words or "http" in words for words in plain(found))
    return found


def test_a_hostile_endpoint_has_no_say_on_the_page(harmful: Ran) -> None:
    """No HTML, image, link, mention or address of an endpoint's is on the page; its words stand in code."""
    text = (harmful.out / "summary.md").read_text("utf-8")
    found = assert_harmless(text)
    assert any("<img src=" in token.content for token in found if token.type == "code_inline")
    assert sorted({c for c in text if not c.isprintable() and c != "\n"}) == []


def test_a_clean_run_fits_on_a_page(clean: Ran) -> None:
    """A clean run says so in a few lines."""
    text = (clean.out / "summary.md").read_text("utf-8")
    assert_harmless(text)
    assert "CONFORMANT" in text.splitlines()[0]
    assert "No departure from the contract was found." in text
    assert len(text) < 2000


@pytest.mark.parametrize("fault", ["ignores-n", "stop-cut-out", "serves-any-key"])
def test_a_finding_is_in_the_table_and_can_be_reproduced(fault: str, spoil: Callable[..., Ran]) -> None:
    """Each finding has a line with its id and its reason, and a block with its curl line, as it is."""
    ran = spoil(fault)
    found = assert_harmless((ran.out / "summary.md").read_text("utf-8"))
    spans = {token.content for token in found if token.type == "code_inline"}
    blocks = {token.content for token in found if token.type == "fence"}
    failing = {name: row for name, row in ran.rows.items() if row["verdict"] == "fail"}
    assert failing
    for name, row in failing.items():
        first = row["violations"][0]
        assert {name, first["message"]} <= spans
        assert first["exemplar"]["curl"] + "\n" in blocks


def test_the_three_counts_are_not_added_up(spoil: Callable[..., Ran]) -> None:
    """Required, optional and undecided are told apart, each with what passed of it; a failure that makes an endpoint
    nonconformant is one of something required, whatever its feature."""
    numbers = re.search(
        r"\*\*required\*\* (\d+)/(\d+) · \*\*optional\*\* (\d+)/(\d+) · \*\*undecided\*\* (\d+) · not tested (\d+)",
        (spoil("ignores-n").out / "summary.md").read_text("utf-8"),
    )
    assert numbers is not None
    required, of_required, optional, of_optional, undecided, off = map(int, numbers.groups())
    report = spoil("ignores-n").copied()
    assert required == of_required - 1
    assert optional == of_optional
    assert undecided == report["counts"]["inconclusive"]
    assert off == report["counts"]["unsupported"] + len(report["coverage"]["deeper"]) > 0
    judged = of_required + of_optional + undecided + report["counts"]["unsupported"] + report["counts"]["observed"]
    assert judged == len(report["requirements"])


def test_five_hundred_findings_fit(crowded: Report) -> None:
    """Under 60 KB whatever there is to say: the most important first, in whole blocks, and the rest counted."""
    text = markdown.render(crowded)
    assert 10_000 < len(text.encode("utf-8", "backslashreplace")) <= 60_000
    assert "480 more in report.html" in text
    found = assert_harmless(text)
    opened = [token.content for token in found if token.type == "html_block"]
    assert len(opened) % 2 == 0
    assert [each.strip() == "</details>" for each in opened] == [False, True] * (len(opened) // 2)


def test_what_does_not_fit_is_said(crowded: Report) -> None:
    """Where even the twenty shown are too long, whole reproductions are left out and the page says so."""
    rows: list[JSON] = [
        {**row, "violations": [{**row["violations"][0], "exemplar": {"curl": "curl " + "x\n\n```" * 2000}}]}
        for row in crowded["requirements"]
    ]
    text = markdown.render({**crowded, "requirements": rows})
    assert len(text.encode()) <= 60_000
    assert text.endswith("</details>\n\n… more in report.html\n")
    assert_harmless(text)


@settings(deadline=None)
@given(st.text())
def test_a_code_span_shows_its_words(words: str) -> None:
    """Any words, in a code span, are read back as one line of themselves and nothing else."""
    found = tokens(f"a {markdown.code(words)} b")
    assert [token.type for token in found] == [
        "paragraph_open",
        "inline",
        "text",
        "code_inline",
        "text",
        "paragraph_close",
    ]
    assert found[3].content.strip() == line(words).strip()


@settings(deadline=None)
@given(st.text(alphabet="|`\\ a<", min_size=1))
def test_a_cell_stays_one_cell(words: str) -> None:
    """No words, whatever their bars and backslashes, can end their cell of the table."""
    found = tokens(f"| a | b |\n|---|---|\n| x | {markdown.code(words, '|')} |\n")
    cells = [token for token in found if token.type == "code_inline"]
    assert len(cells) == 1
    assert cells[0].content.strip() == line(words).replace("|", "\\x7c").strip()
