"""The pytest plugin: what people who know pytest expect of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conformance import catalogue
from conformance import contract as contracts
from conformance.evidence import read
from conformance.reference.app import running
from conformance.reference.endpoint import Endpoint

PLAIN = "--assert=plain"
"""Nothing in the suite asserts; where no bytecode is written, rewriting every plugin's modules takes a second each time."""

SUITE = ("--pyargs", "conformance.suite", "-p", "no:cacheprovider", PLAIN)


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> object:
    """Runs pytest in a process of its own, in an empty folder."""
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    return lambda *arguments: pytester.runpytest_subprocess(*SUITE, "--out", "out", *arguments)


def report(pytester: pytest.Pytester) -> dict[str, object]:
    """The report that the run left."""
    return dict(json.loads((pytester.path / "out" / "report.json").read_text()))


def test_all_pass_against_the_reference(pytester: pytest.Pytester, run: object) -> None:
    """Without a target the reference endpoint is tested: every item passes, one a row and one for the outcome."""
    result = run("--depth", "smoke")  # type: ignore[operator]
    rows = json.loads((pytester.path / "out" / "report.json").read_text())["requirements"]
    result.assert_outcomes(passed=len(rows) + 1)
    result.stdout.fnmatch_lines(
        ["*the built-in reference endpoint, contract highwayapi*", "*conformance report: *report.html"]
    )


def test_a_finding_is_a_failure(pytester: pytest.Pytester, run: object) -> None:
    """A failed requirement is a failed item with the finding and a curl line, and no traceback; -x stops there."""
    with running(Endpoint(contracts.load("highwayapi"), mutant=catalogue.fault("ignores-n"))) as url:
        target = ("--base-url", url, "--model", "reference", "--depth", "smoke")
        result = run(*target, "-x", "--assert=rewrite")  # type: ignore[operator]  # as people run it
    result.stdout.fnmatch_lines(["*test_requirement?choices.count?*", "/choices is 1 choice, not 3*", "curl *"])
    result.stdout.no_fnmatch_line("*Traceback*")
    assert result.parseoutcomes()["failed"] == 1
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_a_warning_is_a_warning(pytester: pytest.Pytester, run: object) -> None:
    """A violated SHOULD passes with a warning, and fails under --conformance-strict."""
    with running(Endpoint(contracts.load("highwayapi"), mutant=catalogue.fault("no-usage"))) as url:
        target = ("--base-url", url, "--model", "reference", "--depth", "smoke", "-k", "usage.present")
        result = run(*target)  # type: ignore[operator]
        result.assert_outcomes(passed=1, warnings=1, deselected=result.parseoutcomes()["deselected"])
        strict = run(*target, "--conformance-strict", "--out", "again")  # type: ignore[operator]
        assert strict.parseoutcomes()["failed"] == 1


def test_an_accepted_failure_is_expected(pytester: pytest.Pytester, run: object) -> None:
    """What the baseline accepts is an xfailed item; an entry that must go fails the outcome and is named there."""
    pytester.makefile(".toml", known='format = 1\n[[known]]\nrequirement = "choices.count"\nreason = "not yet"\n')
    with running(Endpoint(contracts.load("highwayapi"), mutant=catalogue.fault("ignores-n"))) as url:
        target = ("--base-url", url, "--model", "reference", "--depth", "smoke", "--baseline", "known.toml")
        result = run(*target, "-k", "choices.count and not company or outcome", "-rx")  # type: ignore[operator]
    result.assert_outcomes(xfailed=1, passed=1, deselected=result.parseoutcomes()["deselected"])
    result.stdout.fnmatch_lines(["*choices.count*not yet*"])
    stale = run("--baseline", "known.toml", "-k", "choices.count and not company or outcome", "--out", "again")  # type: ignore[operator]
    stale.assert_outcomes(failed=1, passed=1, deselected=stale.parseoutcomes()["deselected"])
    stale.stdout.fnmatch_lines(["*The baseline accepts that choices.count fails, but it passes*"])


def test_what_failed_before_is_expected(pytester: pytest.Pytester, run: object) -> None:
    """With --fail-on new what failed in the run of --since is an xfailed item, and a new failure fails."""
    with running(Endpoint(contracts.load("highwayapi"), mutant=catalogue.fault("ignores-n"))) as url:
        target = ("--base-url", url, "--model", "reference", "--depth", "smoke", "-k", "choices.count")
        run(*target)  # type: ignore[operator]
        result = run(*target, "--since", "out", "--fail-on", "new", "--out", "again", "-rx")  # type: ignore[operator]
    result.assert_outcomes(xfailed=1, deselected=result.parseoutcomes()["deselected"])
    result.stdout.fnmatch_lines(["*choices.count*it did so in the run of *"])


def test_only_what_is_selected_is_fired(pytester: pytest.Pytester, run: object) -> None:
    """-k fires what the chosen items need, once, before the first is judged."""
    result = run("-k", "stop.ends-output or stop.array")  # type: ignore[operator]
    assert result.parseoutcomes()["passed"] == 2
    evidence = read(pytester.path / "out" / "evidence.ndjson")
    assert {case.scenario for case in evidence.cases.values()} == {"preflight", "around_a_stop", "around_an_array"}
    assert report(pytester)["selection"] == "stop.ends-output stop.array-acts"


def test_off_features_are_skipped(pytester: pytest.Pytester, run: object) -> None:
    """A row whose feature is off is a skipped item that says so."""
    result = run("--without", "stop", "-k", "stop.ends-output or envelope.id", "-rs")  # type: ignore[operator]
    result.assert_outcomes(passed=1, skipped=1, deselected=result.parseoutcomes()["deselected"])
    result.stdout.fnmatch_lines(["*feature stop is off*"])


def test_junit_and_html(pytester: pytest.Pytester, run: object) -> None:
    """--junitxml and pytest-html's --html have an entry an item; the page has our columns and the escaped finding."""
    with running(Endpoint(contracts.load("highwayapi"), mutant=catalogue.fault("numeric-id"))) as url:
        run(
            "--base-url",
            url,
            "--model",
            "reference",
            "--select",
            "envelope",
            "--junitxml=j.xml",
            "--html=page.html",
            "--self-contained-html",
        )  # type: ignore[operator]
    assert 'failures="1"' in (pytester.path / "j.xml").read_text()
    page = (pytester.path / "page.html").read_text()
    for words in ("Requirement", "Verdict", "envelope.id", "MUST", "curl -sS", "import httpx"):
        assert words in page
    assert "<title" in page


def test_pytest_html_escapes(pytester: pytest.Pytester, run: object) -> None:
    """What an endpoint says cannot become markup in pytest-html's page."""
    from conformance.suite.reporting import extras

    del pytester, run
    exemplar = {
        "request": "<b>",
        "status": 200,
        "excerpt": "<script>alert(1)</script>",
        "said": ["<script>alert(2)</script>"],
        "difference": [["<script>", None, "<img src=y>"]],
        "curl": "curl '<i>'",
        "python": "body = '<img>'",
    }
    row = {"statement": "<script>", "violations": [{"message": "<img src=x>", "exemplar": exemplar}]}
    content = extras(row)[0]["content"]  # type: ignore[arg-type]  # a row is JSON
    assert "<script>" not in content
    assert "<img" not in content
    assert "&lt;script&gt;: left out (there: &lt;img src=y&gt;)" in content


BAD_USAGE = {
    "empty url": (["--base-url", ""], "--base-url is empty"),
    "no model": (["--base-url", "http://127.0.0.1:9"], "--model is required"),
    "unknown contract": (["--contract", "nix"], "unknown contract"),
    "selects nothing": (["--select", "nix"], "--select nix"),
}


@pytest.mark.parametrize("case", BAD_USAGE)
def test_bad_usage(case: str, run: object) -> None:
    """Bad usage is pytest's usage error with our one line."""
    arguments, says = BAD_USAGE[case]
    result = run(*arguments)  # type: ignore[operator]
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: *{says}*"])


def test_an_endpoint_that_is_not_there(run: object) -> None:
    """A target that does not answer ends the session as a usage error, with the line that the command gives."""
    result = run("--base-url", "http://127.0.0.1:9", "--model", "m", "--depth", "smoke")  # type: ignore[operator]
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stdout.fnmatch_lines(["*no answer from http://127.0.0.1:9*"])


def test_options_that_others_have(pytester: pytest.Pytester, run: object) -> None:
    """An option that another plugin has taken gets our prefix, and the session goes on."""
    pytester.makepyfile(
        taken="def pytest_addoption(parser):\n    parser.addoption('--timeout')\n    parser.addoption('--base-url')\n"
    )
    result = run("-p", "taken", "--conformance-timeout", "5", "--select", "envelope.id")  # type: ignore[operator]
    result.assert_outcomes(passed=2)


def test_other_sessions_are_left_alone(pytester: pytest.Pytester, tmp_path: Path) -> None:
    """A session that does not ask for the suite has none of its options and imports none of its modules."""
    del tmp_path
    pytester.makepyfile("import sys\n\ndef test_none():\n    assert 'conformance.options' not in sys.modules\n")
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", PLAIN)
    result.assert_outcomes(passed=1)
    assert pytester.runpytest_subprocess(PLAIN, "--base-url", "x").ret == pytest.ExitCode.USAGE_ERROR
