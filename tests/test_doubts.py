"""What may have been weather: a 500 and a closed connection count where they are reproduced, and chance does not do it."""

from __future__ import annotations

from typing import Any, TypeAlias

import pytest

from conformance.doubts import doubts
from conformance.exchange import Exchange, Sent
from conformance.model import Purpose, Zone

OK, CRASH, BUSY, BAD = 200, 500, 429, 400
CLOSED = None

Tries: TypeAlias = "list[int | None]"
"""The statuses of the attempts at one request."""


def run(*tries: Tries, zone: Zone = Zone.REJECT) -> list[Exchange]:
    """A run of these requests, each with the statuses of its attempts."""
    made: list[Exchange] = []
    for number, statuses in enumerate(tries):
        for attempt, status in enumerate(statuses):
            made.append(attempted(len(made) + 1, f"case-{number}", status, attempt, zone))
    return made


def attempted(number: int, case: str, status: int | None, attempt: int, zone: Zone) -> Exchange:
    """One attempt."""
    given: dict[str, Any] = {"error": "closed: gone"} if status is CLOSED else {}
    return Exchange(
        n=number,
        case=case,
        step=(0, 0),
        purpose=Purpose.RETRY if attempt else Purpose.PLAN,
        request=Sent(method="POST", url="http://a", headers=(), body=b"{}", zone=zone),
        status=status,
        pieces=() if status is CLOSED else ((0.1, b"{}"),),
        **given,
    )


MANY: list[Tries] = [[OK]] * 60
PASSING: list[Tries] = [[CRASH, OK]] * 6
FALLING: list[Tries] = [[CLOSED, BAD]] * 6

CASES: dict[str, tuple[list[Tries], int]] = {
    "a 500 that came back": ([*MANY, [CRASH, CRASH]], 0),
    "a 500 that was not asked again": ([*MANY, [CRASH]], 0),
    "a 500 beside other weather": ([*MANY, [BUSY, CRASH]], 1),
    "a 500 twice, where 500s pass": ([*MANY, *PASSING, [CRASH, CRASH]], 1),
    "a 500 at every try, where few pass": ([*MANY, [CRASH, OK], [CRASH, CRASH, CRASH, CRASH]], 0),
    "a 500 that passed": ([*MANY, [CRASH, OK]], 0),
    "a closed connection that came back": ([*MANY, [CLOSED, CLOSED], [OK]], 0),
    "a closed connection twice, where they pass": ([*MANY, *FALLING, [CLOSED, CLOSED], [OK]], 1),
    "a closed connection beside other weather": ([[BUSY, CLOSED], [OK]], 1),
    "another refusal": ([*PASSING, [BAD]], 0),
    "other weather": ([*PASSING, [CRASH, BUSY]], 0),
}


@pytest.mark.parametrize("name", CASES)
def test_doubts(name: str) -> None:
    """A crash counts if the same request meets it at each of several attempts, and more of them where crashes pass."""
    tries, doubted = CASES[name]
    exchanges = run(*tries)
    for each in exchanges:
        if each.status == OK:
            object.__setattr__(each.request, "zone", Zone.ACCEPT)
    found = doubts(exchanges, ended=True)
    assert len(found) == doubted
    assert all(exchanges[n - 1].may_pass for n in found)


def test_a_request_that_must_be_answered() -> None:
    """A connection closed on a valid request is weather of itself, and is not doubted."""
    assert doubts(run(*FALLING, [CLOSED, CLOSED], zone=Zone.ACCEPT), ended=True) == {}


def test_nothing_after_it() -> None:
    """Where a run was broken off, a closed connection after which nothing was answered says nothing of its request."""
    exchanges = [
        attempted(1, "a", OK, 0, Zone.ACCEPT),
        attempted(2, "b", CLOSED, 0, Zone.REJECT),
        attempted(3, "b", CLOSED, 1, Zone.REJECT),
    ]
    assert "none to anything after it" in doubts(exchanges, ended=False)[3]
    assert doubts(exchanges, ended=True) == {}
    assert doubts([*exchanges, attempted(4, "c", OK, 0, Zone.ACCEPT)], ended=False) == {}
