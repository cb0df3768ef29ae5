"""The page in a real browser: Chromium, driven by Playwright, and judged by axe-core."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from conformance.report import files, html

from ..servers import Heard, Server, reply, serving
from .conftest import Ran, Report, ran
from .hostile import hostile, words
from .test_html import Page as Parsed

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on the path")

NARROW, WIDE = {"width": 360, "height": 800}, {"width": 1440, "height": 900}


Trapped = tuple[Server, Ran]


@pytest.fixture(scope="module")
def spoilt(spoil: Callable[..., Ran]) -> Ran:
    """The run of an endpoint with a failure, warnings, and several causes."""
    return spoil("usage-unasked")


@pytest.fixture(scope="module")
def grouped(spoil: Callable[..., Ran]) -> Ran:
    """The run of an endpoint whose findings have one cause."""
    return spoil("invalid-is-403")


@pytest.fixture(scope="module")
def trapped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trapped]:
    """The run of an endpoint that means harm, and the server that it wants to have asked."""

    async def listen(_: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(reply(404, b""))

    with serving(listen) as trap:
        yield trap, ran(tmp_path_factory.mktemp("trapped") / "out", mutant=hostile(trap.url))


@pytest.fixture(scope="module")
def browser(spoilt: Ran, grouped: Ran, trapped: Trapped, harmful: Ran) -> Iterator[Browser]:
    """One browser for all tests, each with a context of its own; runs come first, for it keeps this thread's loop."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield launched
        launched.close()


@dataclass
class Seen:
    """A page that is open, what it asked for, and what it complained of."""

    page: Page
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@contextmanager
def opened(browser: Browser, made: Ran, **options: Any) -> Iterator[Seen]:
    """The page at this path; when it is left it must have asked for nothing and complained of nothing."""
    url = (made.out / "report.html").as_uri()
    context = browser.new_context(**{"viewport": WIDE, **options})
    context.set_default_timeout(5_000)
    seen = Seen(context.new_page())
    page = seen.page  # that nothing handles a dialog dismisses it, and the console tells of none: so count them
    page.add_init_script("window.alert = window.confirm = window.prompt = said => console.error(said)")
    page.on("request", lambda request: seen.asked.append(request.url))
    page.on("console", lambda message: seen.complaints.append(message.text))
    page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    seen.page.goto(url)
    yield seen
    context.close()
    assert seen.complaints == []
    assert {asked.partition("#")[0] for asked in seen.asked} == {url}


@pytest.fixture
def page(browser: Browser, spoilt: Ran) -> Iterator[Page]:
    """That page, open on a wide screen."""
    with opened(browser, spoilt) as seen:
        yield seen.page


def shown(page: Page, what: str) -> list[str]:
    """The ids, or else the words, of the elements that can be seen."""
    return [each.get_attribute("id") or each.inner_text() for each in page.locator(what).all() if each.is_visible()]


# -- nothing acts


def test_a_hostile_endpoint_reaches_nothing(browser: Browser, trapped: Trapped, tmp_path: Path) -> None:
    """A hostile endpoint's page asks for nothing, opens no dialog, has no element of theirs and no complaint on the
    console; the same words in a page that does not escape them are asked for at once."""
    trap, made = trapped
    with opened(browser, made) as seen:
        seen.page.wait_for_timeout(200)
        assert trap.heard == []
        elements = [tag for tag, _ in Parsed(seen.page.content()).elements]
        assert "img" not in elements
        assert elements.count("script") == 1
        assert elements.count("svg") == seen.page.locator("figure > svg").count()
        assert f"<img src={trap.url}/img onerror=alert(1)>" in " ".join(seen.page.inner_text("body").split())

    unescaped = tmp_path / "unescaped.html"
    unescaped.write_text(f"<!doctype html><p>{words(trap.url).replace('alert(1)', 'void 0')}", "utf-8", "replace")
    page = browser.new_page()
    page.goto(unescaped.as_uri())
    page.wait_for_timeout(200)
    page.close()
    assert any("/img" in heard.line for heard in trap.heard)


def test_the_policy_stops_what_is_not_ours(browser: Browser, spoilt: Ran, tmp_path: Path) -> None:
    """Even a script, a style and an image that got into the page are not run, not applied and not loaded."""
    smuggled = tmp_path / "smuggled.html"
    theirs = "<script>document.title = 'pwned'</script><style>body { color: #f00 }</style><img src='smuggled.png'>"
    smuggled.write_text((spoilt.out / "report.html").read_text("utf-8").replace("</body>", f"{theirs}</body>"), "utf-8")
    page = browser.new_page()
    barred: list[str | None] = []
    page.on("requestfailed", lambda request: barred.append(request.failure))
    page.goto(smuggled.as_uri())
    assert "pwned" not in page.title()
    assert page.evaluate("getComputedStyle(document.body).color") != "rgb(255, 0, 0)"
    assert page.locator("#filter").is_visible()
    assert barred == ["csp"]
    page.close()


# -- what a reader does


def test_findings_are_filtered_by_verdict(page: Page) -> None:
    """A verdict that is ticked leaves its findings and rows alone, two leave both, and the count says so."""
    total = page.locator("#all tr[data-verdict]").count()
    counted = {word: page.locator(f"#all tr[data-verdict={word}]").count() for word in ("fail", "warn", "observed")}
    assert counted["fail"]
    page.get_by_role("checkbox", name="fail").check()
    assert len(shown(page, "#all tr[data-verdict]")) == counted["fail"]
    assert {each.get_attribute("data-verdict") for each in page.locator("article:visible").all()} == {"fail"}
    assert page.locator("#filter output").inner_text() == f"{counted['fail']} of {total} requirements"
    page.get_by_role("checkbox", name="observed").check()
    assert len(shown(page, "#all tr[data-verdict]")) == counted["fail"] + counted["observed"]
    page.get_by_role("button", name="Show all").click()
    assert len(shown(page, "#all tr[data-verdict]")) == total
    assert page.locator("#filter output").inner_text() == ""


def test_findings_are_filtered_by_part_and_text(page: Page) -> None:
    """A part leaves its rows under its own heading alone; of these, words leave those that have all of them."""
    page.get_by_label("part").select_option("usage")
    rows = shown(page, "#all tr[data-verdict]")
    assert len(rows) == page.locator("#all tr[data-part=usage]").count() > 1
    assert [each.inner_text() for each in page.locator("#all th[scope=rowgroup]:visible").all()] == ["usage"]
    page.get_by_label("text").fill("STREAM  usage.stream-once")
    assert [each for each in rows if "usage.stream-once" in each] == shown(page, "#all tr[data-verdict]")
    page.get_by_label("text").fill("no such words")
    assert shown(page, "#all tbody, article") == []
    assert page.locator("#filter output").inner_text().startswith("0 of ")


def test_every_link_leads_to_what_can_be_seen(browser: Browser, grouped: Ran) -> None:
    """Whatever was folded away or filtered out, what a link leads to is on the screen after the click."""
    with opened(browser, grouped) as seen:
        page = seen.page
        folded = [f"#{each.get_attribute('id')}" for each in page.locator("details:not([open]) [id]").all()]
        assert any("errors.missing-member-refused" in each for each in folded)
        for link in page.locator("main a:visible").all()[:40]:
            page.get_by_label("text").fill("")
            link.click()
            assert_target_seen(page, link.get_attribute("href"))
        for href in folded[:20]:
            page.get_by_label("text").fill("no such words")
            page.evaluate("href => { location.hash = href }", href)
            assert_target_seen(page, href)


def assert_target_seen(page: Page, href: str | None) -> None:
    assert href is not None
    page.wait_for_function("() => document.querySelector(':target')?.checkVisibility()")
    box = page.locator(f"[id='{href[1:]}']").bounding_box()
    assert box is not None
    assert -1 <= box["y"] < WIDE["height"]


def test_a_link_into_the_page_opens_what_is_folded(browser: Browser, spoilt: Ran) -> None:
    """A link from elsewhere to a statement shows it at once."""
    with opened(browser, spoilt) as seen:
        id_ = seen.page.locator("details tr[id^=s-]").first.get_attribute("id")
        seen.page.goto(f"{seen.page.url}#{id_}")
        seen.page.reload()
        assert seen.page.locator(f"[id='{id_}']").is_visible()


@pytest.mark.parametrize("has_clipboard", [True, False])
def test_lines_are_copied(has_clipboard: bool, browser: Browser, spoilt: Ran) -> None:
    """Each copy button copies its line to the character, on a page that came over plain HTTP too."""
    finding = next(row for row in spoilt.copied()["requirements"] if row["verdict"] == "fail")
    exemplar = finding["violations"][0]["exemplar"]
    permissions = ["clipboard-read", "clipboard-write"]
    with opened(browser, spoilt, permissions=permissions) as seen:
        page, card = seen.page, seen.page.locator(f"[id='{html.anchor(finding['id'])}']")
        if not has_clipboard:
            page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
        card.locator("details", has_text="in Python").first.locator("summary").click()
        for label, expected in (("the curl line", exemplar["curl"]), ("the Python lines", exemplar["python"])):
            button = card.get_by_label(f"Copy {label}", exact=True).first
            button.click()
            expect(button).to_have_text("Copied")
            expect(page.locator("#told")).to_have_text("Copied")
            page.evaluate("document.body.append(Object.assign(document.createElement('textarea'), { id: 'paste' }))")
            page.locator("#paste").focus()
            page.keyboard.press("Control+V")
            assert page.locator("#paste").input_value() == expected
            page.evaluate("document.getElementById('paste').remove()")


def test_the_keyboard_reaches_everything(browser: Browser, spoilt: Ran) -> None:
    """Tab stops at every link, button, field, fold and frame that scrolls, in the order of the page, and shows where it is;
    space ticks, and Enter unfolds."""
    with opened(browser, spoilt) as seen:
        page = seen.page
        visible = "each => each.checkVisibility() && each.tabIndex >= 0"
        reachable = page.evaluate(
            f"[...document.querySelectorAll('a, button, input, select, summary, [tabindex]')].filter({visible}).length"
        )
        page.evaluate("window.stops = []; document.addEventListener('focusin', event => stops.push(event.target))")
        for _ in range(reachable):
            page.keyboard.press("Tab")
        assert page.evaluate("new Set(stops).size") == reachable
        assert page.evaluate(
            "stops.every((each, n) => !n || stops[n - 1].compareDocumentPosition(each) & Node.DOCUMENT_POSITION_FOLLOWING)"
        )
        page.keyboard.press("Shift+Tab")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        page.get_by_role("checkbox", name="fail").focus()
        page.keyboard.press("Space")
        assert page.locator("#filter output").inner_text()
        page.keyboard.press("Space")
        page.locator("#statements + details > summary").focus()
        page.keyboard.press("Enter")
        assert page.locator("#statements + details table").is_visible()


# -- who reads, and on what


def test_the_page_is_complete_without_script(browser: Browser, spoilt: Ran) -> None:
    """Without JavaScript nothing that it alone would serve is shown, and every finding and row is."""
    with opened(browser, spoilt, java_script_enabled=False) as seen:
        assert shown(seen.page, "#filter, button") == []
        for what in ("article", "#all tr[data-verdict]"):
            folded = seen.page.locator(f"details:not([open]) :is({what})").count()
            assert len(shown(seen.page, what)) == seen.page.locator(what).count() - folded
        seen.page.locator("#statements + details > summary").click()
        assert seen.page.locator("#statements + details table").is_visible()


@pytest.mark.parametrize(
    ("which", "size", "scheme"),
    [
        ("spoilt", NARROW, "light"),
        ("spoilt", NARROW, "dark"),
        ("spoilt", WIDE, "light"),
        ("spoilt", WIDE, "dark"),
        ("harmful", NARROW, "light"),
        ("grouped", WIDE, "dark"),
    ],
    ids=str,
)
def test_nothing_bars_a_reader(
    which: str, size: dict[str, int], scheme: str, browser: Browser, request: pytest.FixtureRequest
) -> None:
    """axe-core finds no serious violation, with everything unfolded, and nothing reaches beyond the screen's edge."""
    with opened(browser, request.getfixturevalue(which), viewport=size, color_scheme=scheme) as seen:
        seen.page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
        found = Axe().run(seen.page, options={"resultTypes": ["violations"]}).response["violations"]
        bad = [(each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in ("serious", "critical")]
        assert bad == []
        assert seen.page.evaluate("document.documentElement.scrollWidth") == size["width"]
        assert seen.page.evaluate(BEYOND, size["width"]) == []


BEYOND = """width => [...document.querySelectorAll("body *")]
  .filter(each => each.getBoundingClientRect().right > width && !each.closest("pre, .wide, .unseen"))
  .map(each => each.outerHTML.slice(0, 200))"""


def test_the_page_prints(browser: Browser, spoilt: Ran) -> None:
    """On paper there is nothing to click, every request is there to its end, and so are the statements."""
    with opened(browser, spoilt) as seen:
        seen.page.emulate_media(media="print")
        assert shown(seen.page, "nav, #filter, button") == []
        assert seen.page.evaluate(
            "[...document.querySelectorAll('pre')].every(each => each.scrollHeight <= each.clientHeight + 1)"
        )
        assert len(seen.page.pdf()) > 10_000


@pytest.mark.long
def test_a_page_of_nothing_but_failures_opens(browser: Browser, crowded: Report, harmful: Ran, tmp_path: Path) -> None:
    """Hundreds of failing requirements on one page can still be filtered."""
    files.write(crowded, tmp_path)
    with opened(browser, replace(harmful, out=tmp_path)) as seen:
        seen.page.get_by_label("text").fill("fact-77")
        assert len(shown(seen.page, "#all tr[data-verdict]")) == 1
