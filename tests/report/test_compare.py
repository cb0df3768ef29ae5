"""Runs side by side: what differs comes first, what cannot be compared is refused or said, over time it tells a story."""

from __future__ import annotations

import copy
import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from conformance.cli import main
from conformance.model import UsageError
from conformance.report import compare as views
from conformance.report import files
from conformance.report.changes import Changes, changes
from conformance.report.comparison import Comparison, compare

from .conftest import Ran, Report
from .test_browser import CHROMIUM, NARROW, WIDE
from .test_html import Page


def said(
    report: Report, url: str = "https://one.example.com/v1", /, started: str = "2026-11-20T10:00:00Z", **verdicts: str
) -> Report:
    """A copy of a report of another endpoint or another day, with other verdicts: `choices_count="fail"`."""
    made = copy.deepcopy(report)
    made["target"]["url"], made["started"] = url, started
    for row in made["requirements"]:
        row["verdict"] = verdicts.get(row["id"].replace(".", "_").replace("-", "_"), row["verdict"])
    return made


@pytest.fixture(scope="module")
def plain(spoil: Callable[..., Ran]) -> Report:
    """A report in which choices.count fails."""
    return spoil("ignores-n").copied()


def row(comparison: Comparison, name: str) -> tuple[str | None, ...]:
    """The verdicts of a row."""
    line = next(line for line in comparison.lines if line.row == name)
    return tuple(cell.verdict if cell else None for cell in line.cells)


def test_what_differs_comes_first(plain: Report) -> None:
    """Every row is there with a verdict for each run in the order given; rows that differ come before all others."""
    other = said(plain, "https://two.example.com/v1", choices_count="pass", envelope_id="warn")
    found = compare([said(plain), other])
    assert found.labels == ("one.example.com", "two.example.com")
    assert row(found, "choices.count") == ("fail", "pass")
    assert [line.differs for line in found.lines] == [True, True] + [False] * (len(found.lines) - 2)
    assert [line.row for line in found.lines[:2]] == ["choices.count", "envelope.id"]
    assert {line.row.partition(":")[0] for line in found.lines} == {each["id"] for each in plain["requirements"]}
    assert found.changes is None


def test_labels_tell_runs_apart(plain: Report) -> None:
    """A run is called by what its owner calls it, else by host, model, day or number: as little as tells them apart."""
    model = said(plain)
    model["target"]["model"] = "another"
    assert compare([said(plain), model]).labels == ("reference", "another")
    named = said(plain, "https://two.example.com/v1")
    named["target"]["name"] = "eu"
    assert compare([said(plain), named]).labels == ("one.example.com", "eu")
    assert compare([plain, plain]).labels == ("#1", "#2")


def test_contracts_are_not_mixed(plain: Report, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Runs of different contracts are refused in one line."""
    other = said(plain)
    other["contract"]["name"] = "myrouter"
    with pytest.raises(UsageError, match="different contracts cannot be compared: highwayapi, myrouter"):
        compare([plain, other])
    with pytest.raises(UsageError, match="two runs at least"):
        compare([plain])
    for text, says in (
        ("{}", "is a required property"),
        ("x", "it is not JSON"),
        ('{"format": 2}', "no report.json of format 1"),
    ):
        (tmp_path / "report.json").write_text(text)
        assert main(["compare", str(tmp_path), str(tmp_path), "--out", str(tmp_path / "c.html")]) == 2
        err = capsys.readouterr().err
        assert says in err
        assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"suite_version": "0.0.9"}, "suite was not of one version"),
        ({"depth": "full"}, "depths differ"),
        ({"seed": 9}, "seeds differ"),
        ({"selection": "stop"}, "Not all of them tested everything"),
        ({"features": {"n": "off"}}, "features that are on differ"),
        ({"complete": False}, "1 of the runs stopped before the end"),
        ({"reference": True}, "no product"),
    ],
)
def test_what_is_of_the_test_is_said(change: dict[str, Any], says: str, plain: Report) -> None:
    """What makes a difference a matter of the test and not of the endpoint is said, on the pages too, and only then."""
    other = said(plain, "https://two.example.com/v1")
    assert compare([plain, other]).notes == ()
    found = compare([plain, {**other, **change}])
    assert len(found.notes) == 1
    assert says in found.notes[0]
    assert found.notes[0] in Page(views.html(found)).words
    assert f"- {found.notes[0]}" in views.markdown(found)


def test_a_contract_that_changed_is_said(plain: Report) -> None:
    """So is a contract of the same name with other contents."""
    other = said(plain, "https://two.example.com/v1")
    other["contract"]["digest"] = "0" * 64
    assert "contract was not the same" in compare([plain, other]).notes[0]


def test_one_endpoint_over_time(plain: Report) -> None:
    """Runs of one endpoint are put in the order of their days, and what is new, fixed and still failing is told apart."""
    first = said(plain, started="2026-11-01T00:00:00Z", choices_count="fail", envelope_id="fail", usage_sum="fail")
    second = said(
        plain, started="2026-11-02T00:00:00Z", choices_count="fail", envelope_id="pass", stop_ends_output="fail"
    )
    third = said(
        plain,
        started="2026-11-03T00:00:00Z",
        choices_count="known",
        envelope_id="pass",
        stop_ends_output="fail",
        usage_sum="inconclusive",
    )
    found = compare([third, first, second])
    assert found.labels == ("2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z", "2026-11-03T00:00:00Z")
    assert found.changes is not None
    assert "stop.ends-output" in found.changes.new
    assert "choices.count" in found.changes.still
    assert "envelope.id" in found.changes.fixed
    assert found.since["stop.ends-output"] == "2026-11-02T00:00:00Z"
    assert found.since["choices.count"] == "2026-11-01T00:00:00Z"
    words = " ".join(Page(views.html(found)).words.split())
    for says in ("From the first run to the last", "since 2026-11-02 00:00:00 UTC", "Still failing"):
        assert says in words
    assert "**Fixed**: `envelope.id`" in views.markdown(found)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("pass", "fail", "new"),
        (None, "fail", "new"),
        ("inconclusive", "fail", "new"),
        ("warn", "known", "new"),
        ("fail", "fail", "still"),
        ("known", "fail", "still"),
        ("fail", "pass", "fixed"),
        ("fail", "warn", "open"),
        ("fail", "inconclusive", "open"),
        ("fail", None, "open"),
        ("pass", "pass", None),
        ("warn", "pass", None),
    ],
)
def test_changes(before: str | None, after: str | None, expected: str | None) -> None:
    """Fixed is what was shown to pass; what failed and was not judged again is neither fixed nor still failing."""
    found = changes({"a.b": before} if before else {}, {"a.b": after} if after else {})
    lists: dict[str, tuple[str, ...]] = dict.fromkeys(("new", "fixed", "still", "open"), ())
    assert found == Changes(**lists | ({expected: ("a.b",)} if expected else {}))


def test_the_same_in_every_format(plain: Report, tmp_path: Path) -> None:
    """The ending of the name says what is written; each has every verdict of what differs, and JSON and CSV all."""
    other = said(plain, "https://two.example.com/v1", choices_count="pass")
    for name, report in (("one", said(plain)), ("two", other)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "report.json").write_text(json.dumps(report))
    runs = [str(tmp_path / "one"), str(tmp_path / "two" / "report.json")]
    for suffix in (".html", ".md", ".csv", ".json"):
        assert main(["compare", *runs, "--out", str(tmp_path / f"c{suffix}")]) == 0
    assert "| `choices.count` MUST | ✗ fail | ✓ pass |" in (tmp_path / "c.md").read_text()
    table = list(csv.DictReader(io.StringIO((tmp_path / "c.csv").read_text())))
    assert table[0] == {
        "requirement": "choices.count",
        "level": "MUST",
        "part": "choices",
        "feature": "n",
        "differs": "yes",
        "one.example.com": "fail",
        "two.example.com": "pass",
    }
    data = json.loads((tmp_path / "c.json").read_text())
    assert data["rows"][0]["row"] == "choices.count"
    assert [cell["verdict"] for cell in data["rows"][0]["cells"]] == ["fail", "pass"]
    assert len(data["rows"]) == len(table)
    assert [each["label"] for each in data["endpoints"]] == ["one.example.com", "two.example.com"]
    with pytest.raises(UsageError, match=r"must end in one of \.html, \.md, \.csv, \.json"):
        views.write(compare([plain, other]), tmp_path / "c.pdf")


def hostile(plain: Report) -> Report:
    """A report whose endpoint's words would act on a reader."""
    bad = said(plain, "https://two.example.com/v1")
    bad["target"]["model"] = "=HYPERLINK(1)<img src=x onerror=alert(1)>`|\u202e"
    for each in bad["requirements"]:
        if each["level"] == "OBSERVE":
            each["value"] = "=1+1<script>alert(1)</script>`x`|y\n\u202e"
        for violation in each["violations"]:
            violation["message"] = '"><script>alert(1)</script>'
    return bad


def test_an_endpoints_words_do_nothing(plain: Report) -> None:
    """What an endpoint says is words on the page, in a code span, in a cell: never an element, a link or a formula."""
    found = compare([plain, hostile(plain)])
    page = Page(views.html(found))
    assert page.open == []
    assert [tag for tag, _ in page.elements].count("style") == 1
    assert not {"script", "img"} & {tag for tag, _ in page.elements}
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)
    assert all(href.startswith("#") for href in page.attributes("href"))
    assert "\u202e" not in views.html(found)
    written = views.markdown(found)
    assert "\u202e" not in written
    for line in csv.reader(io.StringIO(views.table(found))):
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in line)


def twenty(plain: Report) -> list[Report]:
    """Twenty runs of a suite of 354 rows in which every third verdict is a failure with a long message."""
    rows = [
        {**plain["requirements"][n % len(plain["requirements"])], "id": f"part-{n % 20}.fact-{n}", "parameter": None}
        for n in range(354)
    ]
    made = []
    for run in range(20):
        report = said({**plain, "requirements": rows}, f"https://vendor-{run}.example.com/openai/v1/chat/completions")
        for n, each in enumerate(report["requirements"]):
            failing = (n + run) % 3 == 0
            each["verdict"] = "fail" if failing else "pass"
            each["violations"] = [{"message": "x" * 500}] if failing else []
        made.append(report)
    return made


def test_twenty_runs_are_one_small_page(plain: Report) -> None:
    """Twenty runs make a page under two megabytes in which every one of them is found."""
    page = views.html(compare(twenty(plain)))
    assert len(page.encode()) < 2_000_000
    assert all(f"vendor-{run}.example.com" in page for run in range(20))


@pytest.mark.long
@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on the path")
def test_twenty_runs_in_a_browser(plain: Report, tmp_path: Path) -> None:
    """The page of twenty runs asks for nothing, complains of nothing, can be filtered by keyboard and read by all."""
    runs = twenty(plain)
    runs[0]["target"]["model"] = "<img src=http://127.0.0.1:9/x>"
    for each in runs:
        each["requirements"][0]["verdict"] = "pass"
    out = tmp_path / "c.html"
    views.write(compare(runs), out)
    asked, complaints = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport=WIDE)  # type: ignore[arg-type]
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(out.as_uri())
        rows = page.locator("tbody tr:has(td.cell)")
        assert sum(each.is_visible() for each in rows.all()) == 354
        page.locator("#all").focus()
        page.keyboard.press("ArrowRight")
        assert sum(each.is_visible() for each in rows.all()) == 353
        for size in (WIDE, NARROW):
            page.set_viewport_size(size)  # type: ignore[arg-type]
            assert page.evaluate("document.documentElement.scrollWidth") == size["width"]
        found = [each for each in Axe().run(page).response["violations"] if each["impact"] in ("serious", "critical")]
        browser.close()
    assert [each["id"] for each in found] == []
    assert (asked, complaints) == ([out.as_uri()], [])


def test_reports_of_an_earlier_suite_are_read(plain: Report, tmp_path: Path) -> None:
    """A report that lacks keys which were added later is compared all the same."""
    older = {key: value for key, value in plain.items() if key not in ("baseline", "stale", "weather", "judged_by")}
    older["requirements"] = [
        {key: value for key, value in row.items() if key not in ("known", "answer", "claims")}
        for row in plain["requirements"]
    ]
    (tmp_path / "report.json").write_text(json.dumps(older))
    assert compare([files.read(tmp_path), plain]).lines
