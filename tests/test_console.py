"""What a run says of how far it is."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress

from conformance import console
from conformance import contract as contracts
from conformance.console import Bar, Log
from conformance.order import Order
from conformance.target import Target

from .desk import Desk, OddEndpoint, Oddity

CONTRACT = contracts.load("highwayapi")
ORDER = Order(
    contract=CONTRACT,
    target=Target(url="http://127.0.0.1:9/v1", model="m", scheme="bearer", key=None),
    features=frozenset(),
    selection=("envelope",),
)


def told(log: Log, exchanges: int) -> None:
    """A run of so many exchanges."""
    desk = Desk(CONTRACT, OddEndpoint(CONTRACT, Oddity(name="plain")).answer)
    desk.preflight()
    (answer,) = desk.evidence.exchanges
    log.begun(ORDER.plan(), answer)
    for _ in range(exchanges):
        log.exchanged(answer)


def test_a_log_counts_to_its_bound_and_beyond(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was planned is a bound; what is asked again comes on top of it, and is said to."""
    monkeypatch.setattr(console, "EVERY", -1.0)
    bound = ORDER.plan().requests
    stream = io.StringIO()
    told(Log(ORDER, stream), bound + 2)
    first, *lines = stream.getvalue().splitlines()
    assert f"at most {bound} requests" in first
    assert lines[bound - 1] == f"{bound} of at most {bound} requests"
    assert lines[bound:] == [f"{bound + more} requests, with what was asked again" for more in (1, 2)]


def test_a_bar_is_never_fuller_than_full() -> None:
    """It grows with what is asked again."""
    bound = ORDER.plan().requests
    shown = Console(file=io.StringIO(), force_terminal=True, width=200)
    with Progress(BarColumn(), MofNCompleteColumn(), console=shown) as progress:
        told(Bar(ORDER, io.StringIO(), progress), bound + 3)
        (task,) = progress.tasks
        assert (task.completed, task.total) == (bound + 3, bound + 3)
