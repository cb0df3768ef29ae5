"""The loop, end to end over real sockets: from an order to evidence and its verdicts."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance import catalogue, options, plan
from conformance import contract as contracts
from conformance import evidence as evidences
from conformance.asked import Asked, check
from conformance.blame import GENERATED
from conformance.console import Silent
from conformance.evidence import EVIDENCE
from conformance.fire import Pace
from conformance.model import JSON, Purpose, UsageError
from conformance.mutants import Call, Mutant, Wire
from conformance.order import Order
from conformance.plan import Plan
from conformance.reference.app import running
from conformance.reference.endpoint import Endpoint
from conformance.reply import members, objects, text
from conformance.report import document
from conformance.report.overview import because
from conformance.run import run
from conformance.spoil import refusal
from conformance.target import Target

from .each import EACH
from .servers import COMPLETION, Heard, fixed, reply, serving

KEYS = {"bearer": "a-key-of-the-tests", "basic": "tester:a-password-of-the-tests"}

VALUES = options.defaults()


def asked(**given: Any) -> Asked:
    """What a user says with these options."""
    return check({**VALUES, **given})


def judged(
    url: str, out: Path, contract: str = "highwayapi", key: str | None = None, **given: Any
) -> tuple[dict[str, JSON], evidences.Evidence]:
    """Run against a base URL; the report and the evidence."""
    said = asked(contract=contract, base_url=url, model="reference", **given)
    order = said.order()
    if key:
        features = said.features(key)
        order = replace(order, target=replace(order.target, key=key), features=features)
    evidence = run(order, out, Silent())
    return document.make(evidence, order.contract), evidence


def verdicts(report: dict[str, JSON]) -> dict[str, str]:
    """Verdicts by row."""
    return {name: str(row["verdict"]) for name, row in document.rows_by_id(report).items()}


def rows_of(report: dict[str, JSON]) -> list[dict[str, JSON]]:
    """All rows."""
    return [*document.rows_by_id(report).values()]


def findings(report: dict[str, JSON]) -> dict[str, str]:
    """The rows that failed or warned."""
    return {name: verdict for name, verdict in verdicts(report).items() if verdict in ("fail", "warn", "error")}


@contextmanager
def faulty(mutant: Mutant | None, contract: str = "highwayapi", key: str | None = None) -> Iterator[str]:
    """The reference endpoint with a fault."""
    with running(Endpoint(contracts.load(contract), key=key, mutant=mutant)) as url:
        yield url


DEPTHS = pytest.mark.parametrize("depth", ["smoke", pytest.param("standard", marks=pytest.mark.long)])
"""A whole run of standard depth is in the usual tests too: the vendor's, in certificate."""


@DEPTHS
@pytest.mark.parametrize("name", EACH)
def test_the_reference_endpoint_conforms(name: str, depth: str, tmp_path: Path) -> None:
    """Against the reference endpoint of each contract, with a key, nothing fails or warns, and all is decided but what
    is of a feature that the contract leaves off."""
    key = KEYS[contracts.load(name).scheme]
    with faulty(None, name, key) as url:
        report, evidence = judged(url, tmp_path, name, key, depth=depth)
    assert report["outcome"] == "conformant"
    assert set(verdicts(report).values()) - {"unsupported"} == {"pass", "observed"}
    features = {str(row["feature"]) for row in rows_of(report) if row["verdict"] == "unsupported"}
    assert not any(contracts.load(name).features[each] for each in features)
    assert report["requests"] == len(evidence.exchanges) <= 400
    assert evidence.complete


@DEPTHS
def test_served_in_another_process(depth: str, tmp_path: Path) -> None:
    """`serve` in a process of its own gets the verdicts that the endpoint in our own process gets."""
    process = subprocess.Popen(
        [sys.executable, "-m", "conformance", "serve", "--port", "0", "--api-key", KEYS["bearer"]],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline().split()
        assert line[:2] == ["listening", "on"]
        elsewhere, _ = judged(line[2], tmp_path / "elsewhere", key=KEYS["bearer"], depth=depth)
    finally:
        process.terminate()
        process.wait(10)
        if process.stdout:
            process.stdout.close()
    assert process.returncode == 0
    with faulty(None, key=KEYS["bearer"]) as url:
        here, _ = judged(url, tmp_path / "here", key=KEYS["bearer"], depth=depth)
    assert verdicts(elsewhere) == verdicts(here)


FAULTS = {
    "ignores-n": {"choices.count": "fail"},
    "stop-cut-out": {"stop.ends-output": "fail"},
    "no-done": {"streaming.done": "fail"},
    "total-one-too-many": {"usage.sums": "fail"},
    "errors-as-html": {"errors.json": "warn"},
    "serves-any-model": {"errors.unknown-model-refused": "warn"},
}


@pytest.mark.long
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_and_no_other(name: str, tmp_path: Path) -> None:
    """A run against an endpoint with one fault names that fault."""
    with faulty(catalogue.fault(name)) as url:
        report, _ = judged(url, tmp_path)
    assert FAULTS[name].items() <= findings(report).items()
    assert report["outcome"] == ("nonconformant" if "fail" in findings(report).values() else "conformant")


def test_seen_once_and_not_again(tmp_path: Path) -> None:
    """A MUST that is violated once and in no repeat is a warning, and the repeats are in the evidence."""
    seen: list[int] = []

    def once(sent: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        if sent.get("stop") is None and not seen and body["usage"]["total_tokens"] > 20:
            seen.append(1)
            body["usage"]["total_tokens"] += 1
        return body

    mutant = Mutant(name="wrong-once", about="the first total is wrong", reply=once)
    with faulty(mutant) as url:
        report, evidence = judged(url, tmp_path, depth="smoke")
    assert findings(report) == {"usage.sums": "warn"}
    assert report["outcome"] == "conformant"
    again = [each for each in evidence.exchanges if each.purpose is Purpose.AGAIN]
    assert {each.round for each in again} == {1, 2, 3}


def test_seen_once_and_again(tmp_path: Path) -> None:
    """A violation that only one scenario can show fails when its repeat shows it too."""
    with faulty(catalogue.fault("streams-when-false")) as url:
        report, evidence = judged(url, tmp_path, select=["streaming.false-is-whole"])
    assert findings(report) == {"streaming.false-is-whole": "fail"}
    assert any(each.round == 1 and each.case == "not_streamed" for each in evidence.exchanges)


def test_all_that_was_seen_once_is_asked_again(tmp_path: Path) -> None:
    """Bounds of several parameters are moved, and each is confirmed: a repeat costs what the plan says of its case."""
    faults = [catalogue.fault(name) for name in ("temperature-accepts-2-point-01", "top-k-accepts-129")]

    def request(call: Call) -> Call:
        for each in faults:
            call = each.on_request(call)
        return call

    with faulty(Mutant(name="bounds-moved", about="two bounds are moved", request=request)) as url:
        report, _ = judged(url, tmp_path, select=["ranges"])
    rows = ("ranges.rejects-out-of-range:temperature", "ranges.rejects-out-of-range:top_k")
    assert findings(report) == dict.fromkeys(rows, "warn")


def test_cold_is_001_where_zero_is_refused(tmp_path: Path) -> None:
    """An endpoint that refuses temperature 0 is asked at 0.01 instead, in the whole run, and conforms."""

    def no_zero(call: Call, wire: Wire) -> Wire:
        return refusal(wire, 400, "temperature must be above 0") if call.sent.get("temperature") == 0 else wire

    with faulty(Mutant(name="no-zero", about="temperature 0 is refused", wire=no_zero)) as url:
        report, evidence = judged(url, tmp_path)
    assert report["outcome"] == "conformant"
    assert findings(report) == {}
    asked = [
        each.sent.get("temperature")
        for each in evidence.exchanges
        if each.purpose is Purpose.PLAN and each.scenario not in GENERATED
    ]
    assert 0.01 in asked
    assert 0 not in asked


async def _hang_up(_: Heard, writer: asyncio.StreamWriter) -> None:
    writer.close()


UNTESTABLE: dict[str, tuple[Callable[..., Any], str]] = {
    "refuses the key": (
        fixed(reply(401, b'{"error":{"message":"who are you?"}}')),
        "answered 401: it wants a key.*who are you",
    ),
    "forbids": (fixed(reply(403, b"{}")), "answered 403"),
    "is elsewhere": (fixed(reply(404, b'{"detail":"Not Found"}')), "answered 404.*--base-url.*Not Found"),
    "hangs up": (_hang_up, "no answer"),
}


@pytest.mark.parametrize("name", UNTESTABLE)
def test_what_cannot_be_tested_at_all(name: str, tmp_path: Path) -> None:
    """An endpoint that refuses the preflight is a usage error that says what to change, and leaves nothing behind."""
    handler, says = UNTESTABLE[name]
    out = tmp_path / "out"
    with serving(handler) as server, pytest.raises(UsageError, match=says):
        judged(server.url, out, retries=0)
    assert not out.exists()


def test_weather_is_no_verdict(tmp_path: Path) -> None:
    """An endpoint that throttles everything after the preflight fails nothing: the run is undecided."""
    with serving(_throttled()) as server:
        report, _ = judged(server.url, tmp_path, depth="smoke", retries=0, timeout=2.0)
    assert report["outcome"] == "undecided"
    assert text(members(report["ended"])["why"]) == "the endpoint stopped answering plain requests"
    assert because(report).startswith("Most requests met weather: ")
    assert findings(report) == {}
    assert members(report["counts"])["inconclusive"]


def _throttled() -> Callable[..., Any]:
    return fixed(reply(200, COMPLETION, "content-type: application/json"), reply(429, b"{}", "retry-after: 0"))


def test_an_interrupted_run_keeps_what_it_has(tmp_path: Path) -> None:
    """Ctrl-C ends a run with a footer that says so; what was received is there and the report says incomplete."""

    class Impatient(Silent):
        """Interrupts after some exchanges."""

        count = 0

        def exchanged(self, _exchange: object) -> None:
            """Enough."""
            self.count += 1
            if self.count == 20:
                raise KeyboardInterrupt

    with faulty(None) as url:
        order = asked(base_url=url, model="reference").order()
        with pytest.raises(KeyboardInterrupt):
            run(order, tmp_path, Impatient())
    left = evidences.read(tmp_path / EVIDENCE)
    assert left.footer is not None
    assert left.footer["why"] == "interrupted"
    assert len(left.exchanges) >= 20
    report = document.make(left, order.contract)
    assert report["complete"] is False
    assert report["outcome"] == "undecided"


def test_evidence_is_not_overwritten(tmp_path: Path) -> None:
    """A folder that holds evidence already is refused before anything is sent."""
    with faulty(None) as url:
        judged(url, tmp_path, depth="smoke")
        before = (tmp_path / EVIDENCE).read_bytes()
        with pytest.raises(UsageError, match="exists already"):
            judged(url, tmp_path, depth="smoke")
    assert (tmp_path / EVIDENCE).read_bytes() == before


@DEPTHS
def test_no_secret_is_written(depth: str, tmp_path: Path) -> None:
    """The key is nowhere in the evidence, though it went out with every request and an endpoint echoes it."""
    key = KEYS["bearer"]
    with faulty(catalogue.fault("errors-echo-the-credential"), key=key) as url:
        report, _ = judged(url, tmp_path, key=key, depth=depth)
    assert findings(report) == {"errors.no-credential": "fail"}
    assert key not in (tmp_path / EVIDENCE).read_text()
    assert key not in json.dumps(report)
    assert len(list(objects(report["requirements"]))) > 90


@pytest.mark.parametrize("pace", [Pace(), Pace(rate=1000.0), Pace(deadline=60.0)], ids=["at once", "rate", "deadline"])
def test_the_preflight_goes_out_while_the_plan_is_made(
    pace: Pace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unless a rate or a deadline counts every second: then the plan is made first.  It is asked once, and comes first."""
    asked, planned = threading.Event(), plan.make
    early = pace.rate is None and pace.deadline is None

    async def handler(_: Heard, writer: asyncio.StreamWriter) -> None:
        asked.set()
        writer.write(reply(200, COMPLETION))

    def made(*given: Any) -> Plan:
        assert asked.wait(5 if early else 0.2) is early
        return planned(*given)

    monkeypatch.setattr(plan, "make", made)
    with serving(handler) as server:
        contract = contracts.load("highwayapi")
        target = Target(url=server.url + contract.path, model="m", scheme="bearer")
        order = Order(contract=contract, target=target, features=frozenset(), selection=("envelope.json",), pace=pace)
        evidence = run(order, tmp_path, Silent())
    assert [each.n for each in evidence.exchanges if each.case == "preflight"] == [1]
    assert [each.n for each in evidence.exchanges] == list(range(1, len(evidence.exchanges) + 1))


def test_nothing_is_sent_for_a_selection_of_nothing(tmp_path: Path) -> None:
    """What is wrong with what was asked for is found before the preflight, and leaves nothing behind."""

    async def handler(_: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(reply(200, COMPLETION))

    with serving(handler) as server:
        contract = contracts.load("highwayapi")
        target = Target(url=server.url + contract.path, model="m", scheme="bearer")
        order = Order(contract=contract, target=target, features=frozenset(), selection=("stop",))
        with pytest.raises(UsageError, match="all it matches is of a feature that is off"):
            run(order, tmp_path / "out", Silent())
    assert server.heard == []
    assert not (tmp_path / "out").exists()
