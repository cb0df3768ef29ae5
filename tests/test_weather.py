"""Weather: what roads, queues and accounts do is asked again, kept, and held against nobody."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from conformance import catalogue
from conformance import contract as contracts
from conformance.fire import Pace
from conformance.model import JSON, Purpose
from conformance.reference.endpoint import Endpoint
from conformance.reply import members

from .servers import COMPLETION, Heard, reply, serving
from .test_fire import fire
from .test_run import judged, verdicts
from .weather import KINDS, Sky, under

QUICK = Pace(retries=1, timeout=0.7)

SEEDS = 5
"""Of the 50 that `python -m bench.weather` tries."""


def first(kind: str, times: int) -> tuple[list[Purpose], str | None]:
    """Ask once where so many replies give way to weather: the purposes of what was sent, and how it ended."""
    left = [kind] * times

    async def handler(_: Heard, writer: asyncio.StreamWriter) -> None:
        if left:
            await KINDS[left.pop()](writer)
        else:
            writer.write(reply(200, COMPLETION, "content-type: application/json"))

    with serving(handler) as server:
        exchanges, (performance,) = fire(server, pace=QUICK)
    return [each.purpose for each in exchanges], performance.reason


@pytest.mark.parametrize("kind", KINDS)
def test_weather_passes(kind: str) -> None:
    """Whatever kind of weather it was, the request is asked again, and then there is nothing the matter."""
    assert first(kind, 1) == ([Purpose.PLAN, Purpose.RETRY], None)


PERSISTS = {"500": "a valid request was refused (status 500)", "reset after headers": None}
"""What is the endpoint's answer when it comes back, and how the script ends."""


@pytest.mark.parametrize("kind", PERSISTS)
def test_what_comes_back(kind: str) -> None:
    """What may have been weather and is there again was the endpoint's answer."""
    assert first(kind, 9) == ([Purpose.PLAN, Purpose.RETRY], PERSISTS[kind])


@pytest.mark.parametrize("kind", sorted(KINDS.keys() - PERSISTS))
def test_weather_that_stays(kind: str) -> None:
    """It is asked again as often as --retries says, and the script ends with the reason."""
    purposes, reason = first(kind, 9)
    assert purposes == [Purpose.PLAN, Purpose.RETRY]
    assert reason is not None
    assert reason.startswith(("status 4", "status 5", "no reply (closed", "no reply (timeout", "no reply (protocol"))
    assert ("nothing is left on the account" in reason) == (kind in ("402", "403 quota", "429 quota"))


def run(sky: Sky, out: Path, depth: str = "smoke") -> dict[str, JSON]:
    """The report of a run under a sky."""
    with under(sky, Endpoint(contracts.load("highwayapi"))) as server:
        return judged(server.url, out, depth=depth, timeout=1.0)[0]


@pytest.fixture(scope="module")
def fair(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The verdicts of a run without weather."""
    return verdicts(run(Sky(seed=0, share=0), tmp_path_factory.mktemp("fair")))


@pytest.mark.parametrize("seed", range(1, SEEDS + 1))
def test_a_run_in_the_rain(seed: int, tmp_path: Path, fair: dict[str, str]) -> None:
    """With 30 % of the replies gone nothing fails that does not fail in fair weather, and at least 90 % of what was
    decided there is decided, in the same way."""
    sky = Sky(seed=seed)
    report = run(sky, tmp_path)
    found = verdicts(report)
    decided = [name for name, verdict in fair.items() if verdict not in ("inconclusive", "unsupported")]
    assert len(sky.happened) > 4
    assert [name for name, verdict in found.items() if verdict == "fail"] == []
    assert sum(found[name] == fair[name] for name in decided) >= 0.9 * len(decided)


FAULTS = {
    "streams-cut": ("http.complete", "http"),
    "ignores-n": ("choices.count", "choices.count"),
    "empty-body-is-500": ("errors.malformed-json-no-crash", "errors"),
}
"""Faults that look like weather, or not; the row that says so, and what is selected."""


@pytest.mark.long
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_the_rain(fault: str, tmp_path: Path) -> None:
    """What the endpoint does each time is its answer, rain or not: a stream that is cut, a 500 for a particular input;
    where there are tries enough to tell."""
    row, part = FAULTS[fault]
    endpoint = Endpoint(contracts.load("highwayapi"), mutant=catalogue.fault(fault))
    with under(Sky(seed=1), endpoint) as server:
        report, _ = judged(server.url, tmp_path, timeout=1.0, select=[part], retries=5)
    found = verdicts(report)
    assert [name for name, verdict in found.items() if verdict == "fail"] == [row]


@pytest.mark.parametrize("kind", ["500", "closed before headers"])
def test_one_kind_of_rain(kind: str, tmp_path: Path) -> None:
    """So too where all weather looks like an endpoint that falls over its requests."""
    report = run(Sky(seed=1, kinds=(kind,)), tmp_path)
    assert "fail" not in verdicts(report).values()
    assert members(report["counts"])["pass"]
