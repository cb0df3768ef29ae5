"""How long a reader waits for a page: until it can be used, and for a filter to act.

    python -m bench.page RUN [RUN ...]

RUN is the folder of a run.  Opened in Chromium (on the path) five times each; prints bytes, elements, and the median of
milliseconds.  A page is to be usable within a second, whatever failed.
"""

from __future__ import annotations

import shutil
import statistics
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

TIMES = 5

MEASURE = """() => {
  const words = document.querySelector("#filter input[type=search]"), start = performance.now();
  words.value = "stream";
  words.dispatchEvent(new Event("input", { bubbles: true }));
  document.body.getBoundingClientRect();
  const filtered = performance.now() - start;
  const [opened] = performance.getEntriesByType("navigation");
  return [document.querySelectorAll("*").length, opened.domContentLoadedEventEnd, filtered];
}"""
"""Elements, milliseconds until the page's script has run, milliseconds of a filter with its layout."""


def main(runs: list[str]) -> None:
    """Measure each run's page."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        print(f"{'run':40} {'bytes':>9} {'elements':>9} {'usable ms':>10} {'filter ms':>10}")
        for run in runs:
            print(measure(browser, Path(run)))
        browser.close()


def measure(browser: Browser, run: Path) -> str:
    """A line of the table."""
    path = run.resolve() / "report.html"
    seen = []
    for _ in range(TIMES):
        page = browser.new_page()
        page.goto(path.as_uri())
        seen.append(page.evaluate(MEASURE))
        page.close()
    elements, usable, filtered = (statistics.median(each) for each in zip(*seen, strict=True))
    return f"{run.name:40} {path.stat().st_size:9,} {elements:9,.0f} {usable:10.0f} {filtered:10.0f}"


if __name__ == "__main__":
    main(sys.argv[1:])
