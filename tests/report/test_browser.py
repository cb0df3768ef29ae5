"""The page in a real browser: Chromium by its command line, where there is one."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from ..servers import Heard, reply, serving
from .conftest import Ran, ran
from .hostile import hostile, words
from .test_html import Page

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on the path")

NARROWEST = 360


def browse(url: str, profile: Path, *flags: str) -> tuple[str, list[str]]:
    """Open a page; the document as the browser has it then, and what it wrote on its console."""
    assert CHROMIUM is not None
    done = subprocess.run(
        [
            CHROMIUM,
            *(
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--no-first-run",
                "--disable-extensions",
                "--hide-scrollbars",
            ),
            *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
            *("--enable-logging=stderr", "--virtual-time-budget=1000", f"--user-data-dir={profile}"),
            *flags,
            url,
        ],
        capture_output=True,
        timeout=20,
        check=True,
    )
    console = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if ":CONSOLE" in line]
    return done.stdout.decode("utf-8", "replace"), console


def test_a_hostile_endpoint_reaches_nothing(tmp_path: Path) -> None:
    """A hostile endpoint's page asks for nothing, is held up by no dialog, has no element of theirs and no complaint on
    the console; the same words in a page that does not escape them are asked for at once."""
    asked: list[str] = []

    async def listen(heard: Heard, writer: asyncio.StreamWriter) -> None:
        asked.append(heard.line)
        writer.write(reply(404, b""))

    with serving(listen) as trap:
        made = ran(tmp_path / "out", mutant=hostile(trap.url))
        dom, console = browse((made.out / "report.html").as_uri(), tmp_path / "profile", "--dump-dom")
        assert asked == []
        assert console == []
        page = Page(dom)
        assert not {"img", "script", "svg"} & {tag for tag, _ in page.elements}
        assert f"<img src={trap.url}/img onerror=alert(1)>" in page.words

        unescaped = tmp_path / "unescaped.html"
        said = words(trap.url).replace("alert(1)", "void 0")  # a dialog would hold this browser up for ever
        unescaped.write_text(f"<!doctype html><p>{said}", "utf-8", "replace")
        browse(unescaped.as_uri(), tmp_path / "profile", "--dump-dom")
        assert any("/img" in line for line in asked)


FRAME = """<!doctype html><title>not measured</title>
<iframe src="{url}" style="width:{width}px;height:800px;border:0"></iframe>
<script>
onload = () => {{
  const page = document.querySelector("iframe").contentDocument, root = page.documentElement;
  for (const each of page.querySelectorAll("details")) each.open = true;
  const wide = [...page.querySelectorAll("body *")].filter(
    each => each.getBoundingClientRect().right > {width} && !each.closest("pre, .wide"));
  document.title = [root.scrollWidth, wide.length, wide.length ? wide[0].outerHTML.slice(0, 200) : ""].join(" ");
}};
</script>"""


def test_the_narrowest_screen_has_no_scroll_sideways(harmful: Ran, tmp_path: Path) -> None:
    """At 360 pixels nothing of the page reaches beyond its right edge, the longest words and all details included."""
    frame = tmp_path / "frame.html"
    frame.write_text(FRAME.format(url=(harmful.out / "report.html").as_uri(), width=NARROWEST), "utf-8")
    dom, _ = browse(frame.as_uri(), tmp_path / "profile", "--dump-dom", "--allow-file-access-from-files")
    found = re.search("<title>(.*?)</title>", dom, re.DOTALL)
    assert found is not None
    assert found[1].strip() == f"{NARROWEST} 0"


@pytest.mark.parametrize("flag", ["--screenshot={}", "--print-to-pdf={}"])
def test_the_page_can_be_seen_and_printed(flag: str, spoil: Callable[..., Ran], tmp_path: Path) -> None:
    """The browser shows and prints the page without a complaint."""
    made = spoil("ignores-n")
    out = tmp_path / "seen.png"
    _, console = browse((made.out / "report.html").as_uri(), tmp_path / "profile", flag.format(out))
    assert console == []
    assert out.stat().st_size > 10_000
