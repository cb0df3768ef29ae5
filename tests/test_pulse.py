"""An endpoint that falls silent is waited for, and given up when it stays so; nothing is held against anybody."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from threading import Thread

import pytest

from conformance import pulse
from conformance.fire import DEAD
from conformance.model import Purpose
from conformance.pulse import IN_A_ROW, Pulse
from conformance.scenario import Performance

from .servers import COMPLETION, Handler, Heard, reply, serving
from .test_fire import QUICK, fire

PACE = replace(QUICK, concurrency=4)
OK = reply(200, COMPLETION)


def silent(start: int, stop: float) -> Handler:
    """A server that answers with 503 from one request on until another."""
    count = 0

    async def handler(_: Heard, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        count += 1
        writer.write(reply(503, b"") if start <= count < stop else OK)

    return handler


def test_given_up() -> None:
    """One that stays silent is asked no more after so much weather in a row and a plain request that met with it too."""
    with serving(silent(10, float("inf"))) as server:
        exchanges, performances = fire(server, times=200, pace=PACE)
    assert len(exchanges) < 10 + IN_A_ROW + 3 * PACE.concurrency
    assert Purpose.CANARY in {
        each.purpose for each in exchanges[-PACE.concurrency :]
    }  # beside those that were in flight
    assert sum(each.reason is None for each in performances) == 9
    assert performances[-1].reason == DEAD
    assert {each.reason for each in performances} == {None, "status 503", DEAD}


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses a tenth as long."""
    monkeypatch.setattr(pulse, "FIRST_PAUSE", pulse.FIRST_PAUSE / 10)
    monkeypatch.setattr(pulse, "LONGEST_PAUSE", 0.4)


@pytest.mark.usefixtures("hurried")
def test_waited_for() -> None:
    """One that comes back in time is asked all the rest, and nothing but plain requests while it was silent."""
    with serving(silent(10, 10 + IN_A_ROW + 4 * PACE.concurrency)) as server:
        exchanges, performances = fire(server, times=120, pace=replace(PACE, patience=20))
    assert [each.reason for each in performances[-40:]] == [None] * 40
    assert DEAD not in {each.reason for each in performances}
    plain = [each.status for each in exchanges if each.purpose is Purpose.CANARY]
    assert plain == [503] * (len(plain) - 1) + [200]


@pytest.mark.usefixtures("hurried")
def test_a_plain_request_that_is_tried_again_waits_for_nobody() -> None:
    """Where weather never ends, and everything is tried several times, the run comes to its end."""

    async def throttled(_: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(reply(429, b"{}", "retry-after: 0"))

    ended: list[Performance] = []
    with serving(throttled) as server:
        pace = replace(PACE, concurrency=6, retries=3)
        run = Thread(target=lambda: ended.extend(fire(server, times=40, pace=pace)[1]), daemon=True)
        run.start()
        run.join(30)
        assert not run.is_alive()
    assert DEAD in {each.reason for each in ended}


@pytest.mark.asyncio
@pytest.mark.usefixtures("hurried")
async def test_patience() -> None:
    """It is asked at growing intervals for as long as patience goes, and no longer; the next answer shows it alive."""
    times: list[float] = []

    async def ask() -> bool:
        times.append(time.monotonic())
        return len(times) == 5

    listening = Pulse(in_flight=1, patience=0)
    assert await listening.wait(ask, 0.17) is False
    assert 0.09 < times[-1] - times[0] < 0.17
    times.clear()
    assert await listening.wait(ask, 30)
    assert len(times) == 5
