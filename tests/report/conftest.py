"""What the tests of the reports share: runs over a real socket, made once for all of them."""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from conformance import catalogue
from conformance import contract as contracts
from conformance.console import Silent
from conformance.contract import Contract
from conformance.evidence import Evidence
from conformance.model import JSON, Depth
from conformance.mutants import Mutant
from conformance.order import Order
from conformance.reference.app import running
from conformance.reference.endpoint import Endpoint
from conformance.report import document, files
from conformance.run import run
from conformance.target import Target

from ..each import EACH
from ..servers import Heard, Server, reply, serving
from .hostile import hostile

KEYS = {"bearer": "a-key-of-the-reports", "basic": "reporter:a-password-of-the-reports"}

Report = dict[str, Any]
"""A report that a test takes apart."""


STALE = {
    "requirement": "choices.count",
    "parameter": None,
    "why": "passes",
    "reason": "",
    "expires": None,
    "link": None,
}
"""An entry of a baseline that must go."""


@dataclass(frozen=True)
class Ran:
    """A run that has ended, and what it left in its folder."""

    contract: Contract
    evidence: Evidence
    report: dict[str, JSON]
    out: Path

    @property
    def rows(self) -> Report:
        """The report's rows by their ids."""
        return dict(document.rows_by_id(self.copied()))

    def copied(self) -> Report:
        """The report, to be spoilt."""
        return copy.deepcopy(self.report)


SEEN_BY_HARM = ("auth", "choices", "envelope", "errors", "http", "limits", "requests", "stop", "streaming", "usage")
"""Parts whose replies are shown; with the departures of a few values, for the matrix."""


def ran(
    out: Path,
    name: str = "highwayapi",
    mutant: Mutant | None = None,
    depth: Depth = Depth.SMOKE,
    selection: tuple[str, ...] = (),
) -> Ran:
    """Run a contract's suite against its reference endpoint, spoilt or not, and write the reports."""
    contract = contracts.load(name)
    key = KEYS[contract.scheme]
    on = frozenset(feature for feature, is_on in contract.features.items() if is_on)
    with running(Endpoint(contract, key=key, mutant=mutant)) as url:
        target = Target(url=url + contract.path, model="reference", scheme=contract.scheme, key=key)
        evidence = run(
            Order(contract=contract, target=target, features=on, depth=depth, selection=selection), out, Silent()
        )
    report = document.make(evidence, contract)
    files.write(report, out)
    return Ran(contract, evidence, report, out)


@pytest.fixture(scope="session", params=EACH)
def clean(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """A run against the reference endpoint of each contract in turn."""
    return ran(tmp_path_factory.mktemp("clean") / "out", request.param)


@pytest.fixture(scope="session")
def spoil(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Ran]:
    """Runs against an endpoint with a fault, by the fault's name; each is made once."""
    made: dict[tuple[str, str], Ran] = {}

    def run_with(fault: str, name: str = "highwayapi") -> Ran:
        if (fault, name) not in made:
            made[fault, name] = ran(tmp_path_factory.mktemp(fault) / "out", name, catalogue.fault(fault))
        return made[fault, name]

    return run_with


@pytest.fixture(scope="session")
def harmful(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """A run against the endpoint that means harm."""
    return ran(
        tmp_path_factory.mktemp("harmful") / "out",
        mutant=hostile(),
        depth=Depth.STANDARD,
        selection=(*SEEN_BY_HARM, "ranges.rejects-wrong-type"),
    )


@pytest.fixture(scope="session")
def crowded(harmful: Ran) -> Report:
    """A report in which five hundred requirements fail, with the longest exemplars there can be."""
    report = harmful.copied()
    rows = [row for row in report["requirements"] if row["violations"]]
    longest = max((each for row in rows for each in row["violations"]), key=lambda each: len(json.dumps(each)))
    row = {**rows[0], "verdict": "fail", "violations": [longest] * 3}
    report["requirements"] = [{**row, "id": f"part-{n % 20}.fact-{n}", "part": f"part-{n % 20}"} for n in range(500)]
    report["counts"] = {**dict.fromkeys(report["counts"], 0), "fail": 500}
    report["outcome"] = "nonconformant"
    return report


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server that keeps what it hears."""

    async def answer(_: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(reply(200, b"{}"))

    with serving(answer) as made:
        yield made
