"""The page: what it says, that it is one file, and that nothing an endpoint said acts in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from markupsafe import Markup

from conformance.report import html, shown
from conformance.report.body import arrived, marked
from conformance.report.overview import SIGNS

from .conftest import STALE, Ran, Report

TEMPLATES = Path(html.__file__).parent / "templates"

VOID = {"meta", "br", "input"}

TAGS = {
    *("html", "head", "meta", "title", "style", "body", "header", "section", "nav", "article", "footer", "main"),
    *("h1", "h2", "h3", "h4", "p", "ul", "li", "dl", "dt", "dd", "div", "span", "a", "b", "i", "code", "pre", "mark"),
    *("table", "thead", "tbody", "tr", "th", "td", "details", "summary", "br", "strong", "figure", "figcaption"),
    *("script", "svg", "path", "fieldset", "legend", "label", "input", "select", "option", "button", "output"),
}

ATTRIBUTES = {
    *(
        "class",
        "id",
        "href",
        "lang",
        "charset",
        "name",
        "content",
        "http-equiv",
        "tabindex",
        "role",
        "scope",
        "title",
        "colspan",
        "open",
    ),
    *("aria-label", "aria-hidden", "data-label", "data-what", "data-verdict", "data-part"),
    *("viewbox", "d", "type", "value", "size", "placeholder", "hidden"),
}

FAULTS = ("ignores-n", "stop-cut-out", "no-done", "serves-any-key", "errors-as-html")


class Page(HTMLParser):
    """The elements of a page, its text, and whether they are nested as they should be."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.comments: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "script"):
            self.text.append(data)

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def attributes(self, name: str) -> Iterator[str]:
        """All values of an attribute."""
        return (value or "" for _, attributes in self.elements for key, value in attributes.items() if key == name)

    @property
    def words(self) -> str:
        """All text, with runs of blanks as one."""
        return " ".join("".join(self.text).split())


def page_of(ran: Ran) -> Page:
    return Page((ran.out / "report.html").read_text("utf-8"))


def assert_harmless(page: Page) -> None:
    assert {tag for tag, _ in page.elements} <= TAGS
    assert {name for _, attributes in page.elements for name in attributes} <= ATTRIBUTES
    assert all(href.startswith("#") for href in page.attributes("href"))
    assert page.open == []
    assert page.comments == []
    assert [tag for tag, _ in page.elements].count("style") == 1
    assert [tag for tag, _ in page.elements].count("script") == 1


def test_a_hostile_endpoint_adds_no_element_and_no_attribute(harmful: Ran) -> None:
    """Whatever an endpoint sends is text on the page, and nothing else."""
    page = page_of(harmful)
    assert_harmless(page)
    assert not any("pwned" in value for _, attributes in page.elements for value in attributes.values() if value)
    assert "<script src=http://127.0.0.1:9/pwned/script>" in page.words


def test_a_hostile_endpoint_shows_its_signs(harmful: Ran) -> None:
    """What has no shape of its own is on the page as an escape, never as itself."""
    text = (harmful.out / "report.html").read_bytes().decode("utf-8")
    assert sorted({c for c in text if not c.isprintable() and c != "\n"}) == []
    assert "\\u202e" in text
    assert "\\ud800" in text


def test_the_page_is_well_formed(clean: Ran) -> None:
    """A clean run's page has the same few elements, closed in their order."""
    page = page_of(clean)
    assert_harmless(page)
    assert "CONFORMANT" in page.words
    assert "No departure from the contract was found." in page.words


def test_the_policy_forbids_everything_but_ours(harmful: Ran) -> None:
    """The page may load nothing, and run and be styled by nothing but the one script and the one style sheet in it."""
    text = (harmful.out / "report.html").read_bytes().decode("utf-8")
    policies = re.findall('http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    digests = {name: html.digest(between(text, f"<{name}>", f"</{name}>")) for name in ("style", "script")}
    ours = f"style-src '{digests['style']}'; script-src '{digests['script']}'"
    assert policies == [f"default-src 'none'; {ours}; base-uri 'none'; form-action 'none'"]


def between(text: str, start: str, end: str) -> str:
    """What stands between the first of these two and the next of the other."""
    return text.partition(start)[2].partition(end)[0]


def test_the_script_is_short() -> None:
    """What the page runs is at most three kilobytes, whatever the report."""
    assert len((TEMPLATES / "page.js").read_bytes()) <= 3_000


def test_ids_are_unique_and_links_lead_somewhere(spoil: Callable[..., Ran]) -> None:
    """Every link on the page has its target there, and no target is there twice."""
    for fault in FAULTS:
        page = page_of(spoil(fault))
        ids = list(page.attributes("id"))
        assert len(ids) == len(set(ids))
        assert {href[1:] for href in page.attributes("href")} <= set(ids)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_finding_is_told_in_full(fault: str, spoil: Callable[..., Ran]) -> None:
    """For each finding the page gives the statement, what was expected and observed, the exchange and a curl line."""
    ran = spoil(fault)
    page = page_of(ran)
    found = [row for row in ran.copied()["requirements"] if row["verdict"] in ("fail", "warn")]
    assert found
    for row in found:
        first = row["violations"][0]
        for words in (row["statement"], first["expected"], first["observed"], first["exemplar"]["curl"]):
            assert " ".join(words.split()) in page.words
        assert f"of exchange {first['exchange']}" in page.words
        assert f"{row['violated']} of the {row['applicable']} times it was judged" in page.words


def test_the_first_screen_says_what_counts(spoil: Callable[..., Ran]) -> None:
    """Outcome, reason, endpoint, contract, date and the three counts come before anything else, in this order."""
    ran = spoil("ignores-n")
    words = page_of(ran).words
    report = ran.copied()
    order = [
        "NONCONFORMANT",
        "1 requirement fails: choices.count.",
        report["target"]["url"],
        "reference",
        report["contract"]["title"],
        report["started"].replace("T", " ").replace("Z", " UTC"),
        "Required",
        "Optional",
        "Undecided",
        "What was not tested",
        "Findings",
        "Readings taken",
        "All requirements",
        "From statement to verdict",
        "exit code",
    ]
    start = words.index("does this endpoint do what its API document says?")
    for each in order:
        start = words.index(each, start)


def undecided(report: Report, count: int) -> Report:
    """The report with so many undecided rows, each of its own parameter, and as many of reasons of their own."""
    row = report["requirements"][0]
    alike = [
        {**row, "id": "a.b", "parameter": f"p{n}", "verdict": "inconclusive", "reason": f"no request had p{n} in it"}
        for n in range(count)
    ]
    others = [
        {**row, "id": f"a.c{n}", "parameter": None, "verdict": "inconclusive", "reason": f"reason {n}"}
        for n in range(count)
    ]
    return {**report, "requirements": [*alike, *others]}


def test_reasons_of_the_undecided_are_brought_together(spoil: Callable[..., Ran]) -> None:
    """Reasons that differ in the parameter alone are one, a single one names it, and of many reasons a few are shown."""
    few = Page(html.render(undecided(spoil("no-done").copied(), 1)))
    assert "Undecided: a.b (no request had p0 in it)" in few.words
    many = Page(html.render(undecided(spoil("no-done").copied(), 9)))
    assert_harmless(many)
    assert "a.b:p8 (no request had its parameter in it)" in many.words
    assert (
        "Undecided: a.c3 (reason 3) 5 more reasons why something is undecided Undecided: a.c4 (reason 4)" in many.words
    )


def test_every_row_is_in_the_table(clean: Ran) -> None:
    """The table has a row for each requirement x parameter, with its verdict's word and sign."""
    page = page_of(clean)
    ids = set(page.attributes("id"))
    assert {html.anchor(name) for name in clean.rows} <= ids
    for word, count in clean.copied()["counts"].items():
        assert page.words.count(f"{SIGNS[word]} {word}") >= count


def test_every_statement_leads_to_its_verdict(clean: Ran) -> None:
    """Each statement is there with the requirements that test it, or with the reason why none does."""
    page = page_of(clean)
    statements = clean.copied()["coverage"]["statements"]
    assert {f"s-{html.anchor(each['id'])}" for each in statements} <= set(page.attributes("id"))
    for each in statements:
        for words in [each["excluded"]] if each["excluded"] else each["requirements"]:
            assert " ".join(words.split()) in page.words


def test_signs_differ() -> None:
    """No two verdicts have the same sign, so that none is told by its colour alone."""
    assert len(set(SIGNS.values())) == len(SIGNS)


def test_a_page_of_nothing_but_failures_stays_small(crowded: Report) -> None:
    """Five hundred failing requirements with the longest exemplars make a page under a megabyte that counts the rest."""
    page = html.render(crowded)
    assert len(page.encode("utf-8", "backslashreplace")) < 1_000_000
    parsed = Page(page)
    assert_harmless(parsed)
    assert "more findings are in the table below" in parsed.words
    assert all(html.anchor(str(row["id"])) in page for row in crowded["requirements"])


def banners(report: Report) -> dict[str, dict[str, Any]]:
    return {
        "Incomplete": {"complete": False},
        "built-in reference endpoint": {"reference": True},
        "Only a selection was tested": {"selection": "stop usage.*"},
        "Most requests met weather": {"weather": report["requests"]},
        "of the baseline no longer": {"stale": [STALE]},
        "strict: a warning fails too": {"strict": True},
        "Without a key nothing is said of authentication": {"features": {**report["features"], "auth": "off"}},
    }


@pytest.mark.parametrize("words", list(banners({"requests": 0, "features": {}})))
def test_what_narrows_a_claim_is_said(words: str, spoil: Callable[..., Ran]) -> None:
    """What makes a report say less than it seems to stands on its page, and only then."""
    report = {**spoil("no-done").copied()}
    assert words not in Page(html.render(report)).words
    assert words in Page(html.render({**report, **banners(report)[words]})).words


@pytest.mark.parametrize(
    ("body", "spot", "expected"),
    [
        ("a<b", None, "a&lt;b"),
        ("data: 1\n\n", None, 'data: 1<i class="sign">\\n</i>\n<i class="sign">\\n</i>\n'),
        ("a\r\nb", None, 'a\\r<i class="sign">\\n</i>\nb'),
        ("\u202e\x00\ud800", None, "\\u202e\\x00\\ud800"),
        ("abc", [1, 2], "a<mark>b</mark>c"),
        ("<&>", [1, 2], "&lt;<mark>&amp;</mark>&gt;"),
        ("abc", [0, 99], "<mark>abc</mark>"),
        ("", None, ""),
    ],
)
def test_a_body_is_shown_as_it_came(body: str, spot: list[int] | None, expected: str) -> None:
    """Line ends and what has no shape are visible, the place pointed at is marked, and all of it is escaped."""
    assert arrived(body, spot) == Markup(expected)


def test_arrivals_stand_before_their_pieces() -> None:
    """Each piece has its time before it, inside a mark too; one piece alone has none, and two that begin as one share."""
    when = '<i class="when">{} s </i>'.format
    first, second = when("0.100"), when("0.250")
    assert arrived("a<b", None, [(0.1, 0), (0.25, 1)]) == f"{first}a{second}&lt;b"
    assert arrived("abcd", [1, 4], [(0.1, 0), (0.25, 2)]) == f"{first}a<mark>b</mark>{second}<mark>cd</mark>"
    assert arrived("ab", None, [(0.1, 0)]) == "ab"
    assert arrived("ab", None, [(0.1, 0), (0.25, 0)]) == when("0.100 s, 0.250") + "ab"


def test_differing_members_are_marked() -> None:
    """Of a request every member that differs is marked, and what is marked is escaped."""
    assert marked('{"n":"<","m":2}', [[1, 8], [9, 14]]) == (
        "{<mark>&#34;n&#34;:&#34;&lt;&#34;</mark>,<mark>&#34;m&#34;:2</mark>}"
    )


def test_curl_lines_can_be_copied(harmful: Ran, spoil: Callable[..., Ran]) -> None:
    """Nothing in a curl line needs an escape to be seen, so what the page shows is what a shell must get."""
    for ran in (harmful, *map(spoil, FAULTS)):
        for row in ran.copied()["requirements"]:
            for each in row["violations"]:
                assert shown.visible(each["exemplar"]["curl"]) == each["exemplar"]["curl"]


def _luminance(colour: str) -> float:
    digits = colour if len(colour) == 6 else "".join(c * 2 for c in colour)
    channels = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark", "print"])
def test_every_colour_of_text_can_be_read(scheme: str) -> None:
    """WCAG AA: each colour of text has a contrast of 4.5 to 1 with each ground it stands on."""
    template = (TEMPLATES / "page.css").read_text("utf-8")
    palettes = [
        dict(re.findall(r"--([a-z]+): #([0-9a-f]{3,6})", each)) for each in re.findall(r":root \{[^}]*\}", template)
    ]
    palette = {**palettes[0], **palettes[["light", "dark", "print"].index(scheme)]}
    for ink in ("ink", "soft", "pass", "fail", "warn", "info", "mute"):
        for ground in ("paper", "card", "note"):
            assert _contrast(palette[ink], palette[ground]) >= 4.5, (ink, ground)
    assert _contrast(palette["ink"], palette["mark"]) >= 4.5
    assert _contrast(palette["soft"], palette["mark"]) >= 4.5
