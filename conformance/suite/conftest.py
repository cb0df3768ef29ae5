"""The run, made once for the items that are selected."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from conformance.console import Silent
from conformance.model import JSON, UsageError, Verdict
from conformance.online import judged as judged_by
from conformance.online import ordered
from conformance.plugin import ASKED
from conformance.reply import text
from conformance.report import document, files
from conformance.requirement import Row
from conformance.run import run
from conformance.suite.reporting import OUT, ROW


class SuiteFault(Exception):
    """Our own fault, not the endpoint's."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """An item for each row."""
    if "row" in metafunc.fixturenames:
        rows = metafunc.config.stash[ASKED].rows()
        metafunc.parametrize("row", rows, ids=[row.id for row in rows])


@pytest.fixture(scope="session")
def report(request: pytest.FixtureRequest) -> dict[str, JSON]:
    """The report of one run that fires what the selected items need; evidence and pages lie in --out."""
    asked = request.config.stash[ASKED]
    items = [cast(Any, item) for item in request.session.items if "row" in getattr(item, "fixturenames", ())]
    wanted = [item.callspec.params["row"].id for item in items]
    selection = asked.values["select"] if len(wanted) == len(asked.rows()) else wanted
    narrowed = replace(asked, values={**asked.values, "select": selection})
    out = asked.out()
    try:
        with ordered(narrowed) as order:
            evidence = run(order, out, Silent(), resume=asked.values["resume"])
            made = judged_by(asked, evidence, order.contract)
        files.write(made, out)
    except UsageError as error:
        pytest.exit(str(error), returncode=pytest.ExitCode.USAGE_ERROR)
    request.config.stash[OUT] = out
    return made


@pytest.fixture
def judged(row: Row, report: dict[str, JSON], request: pytest.FixtureRequest) -> dict[str, JSON]:
    """The report's row of this item.  Raises SuiteFault where judging it failed."""
    rows = document.rows_by_id(report)
    found = rows.get(row.id) or rows[row.requirement.id]
    request.node.stash[ROW] = found
    if found["verdict"] == Verdict.ERROR.value:
        raise SuiteFault(text(found["reason"]))
    return found
