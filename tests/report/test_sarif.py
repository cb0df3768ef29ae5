"""report.sarif: the findings, each at the statement of the contract that it departs from."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance import contract as contracts
from conformance.report import sarif

from .conftest import Ran, Report
from .test_published import of_every_verdict


def run_of(report: Report) -> dict[str, Any]:
    """The one run of a report's SARIF log."""
    (run,) = json.loads(json.dumps(sarif.render(report)))["runs"]
    found: dict[str, Any] = run
    return found


def test_a_clean_run_has_no_result(clean: Ran) -> None:
    """What is no finding is not in it; the run is said to have succeeded."""
    run = run_of(clean.copied())
    assert run["results"] == [] == run["tool"]["driver"]["rules"]
    assert run["invocations"][0]["executionSuccessful"]


@pytest.mark.parametrize("fault", ["ignores-n", "errors-as-html"])
def test_a_finding_points_at_a_statement(fault: str, spoil: Callable[..., Ran]) -> None:
    """The line that a result names is that of a statement that claims its requirement."""
    found = run_of(spoil(fault).copied())["results"]
    assert found
    for result in found:
        (where,) = result["locations"]
        place = where["physicalLocation"]
        path = contracts.schemas_folder().parent / place["artifactLocation"]["uri"]
        lines = path.read_text("utf-8").splitlines()[place["region"]["startLine"] - 1 :]
        statement = "\n".join(lines).partition("\n[[statement]]")[0]
        assert re.match(r'id = "[a-z0-9.-]+"\n', statement)
        assert f'"{result["ruleId"]}"' in statement


def test_each_verdict(spoil: Callable[..., Ran]) -> None:
    """A fail is an error, a warn a warning, what the baseline accepts is suppressed with its reason; our own error is no
    result, but says that the run did not succeed."""
    run = run_of(of_every_verdict(spoil("ignores-n")))
    assert {each["ruleId"]: each["level"] for each in run["results"]} == {
        "part.fail": "error",
        "part.warn": "warning",
        "part.known": "note",
    }
    assert [each["suppressions"] for each in run["results"] if "suppressions" in each] == [
        [{"kind": "external", "justification": "why known"}]
    ]
    (invocation,) = run["invocations"]
    assert not invocation["executionSuccessful"]
    assert [each["message"]["text"] for each in invocation["toolExecutionNotifications"]] == ["part.error: why error"]


def test_rules_are_found_by_their_numbers(harmful: Ran) -> None:
    """Every result's rule is the one at its index, and no rule is there twice."""
    run = run_of(harmful.copied())
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert len(rules) == len(set(rules)) > 5
    assert all(rules[each["ruleIndex"]] == each["ruleId"] for each in run["results"])


def test_a_finding_is_known_again(spoil: Callable[..., Ran]) -> None:
    """Its fingerprint is the same in the next run of the same target, another for another row or target."""
    report = spoil("ignores-n").copied()
    first = [each["partialFingerprints"]["requirement/v1"] for each in run_of(report)["results"]]
    later = {**report, "started": "2026-11-21T10:15:00Z", "seed": 2}
    assert [each["partialFingerprints"]["requirement/v1"] for each in run_of(later)["results"]] == first
    report["target"]["model"] = "another"
    other = [each["partialFingerprints"]["requirement/v1"] for each in run_of(report)["results"]]
    assert len({*first, *other}) == 2 * len(first)


def read(message: str) -> str:
    """A message as a reader of SARIF has it: a brace that is not doubled would be a placeholder."""
    assert not re.search(r"(?<!\{)(\{\{)*\{(?!\{)", message)
    assert not re.search(r"\[[^\]]*\]\(", message), "a link"
    return message.replace("{{", "{").replace("}}", "}")


@settings(deadline=None)
@given(st.text(alphabet="{}[]() 0a\\\n\u202e"))
def test_a_message_is_text(words: str) -> None:
    """No words are a placeholder or a link, and braces come out as they went in."""
    shown = read(sarif.message(words))
    assert shown.count("{") == words.count("{")
    assert shown.count("}") == words.count("}")
    assert shown.isprintable()


def test_harmful_words_are_text(harmful: Ran) -> None:
    """What an endpoint that means harm said stands in the messages as text."""
    results = run_of(harmful.copied())["results"]
    assert "pwned" in "".join(read(each["message"]["text"]) for each in results)
