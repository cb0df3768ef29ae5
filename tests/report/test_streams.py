"""How streams came: figures and drawings that follow from the arrivals alone."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest

from conformance.exchange import Exchange, Sent
from conformance.model import Purpose
from conformance.report.streams import first_token, streams
from conformance.report.timeline import WIDTH, place, ticks

Pieces = tuple[tuple[float, bytes], ...]


def stream(*pieces: tuple[float, bytes], n: int = 1, status: int = 200, error: str | None = None) -> Exchange:
    """A stream that came in these pieces."""
    sent = Sent(method="POST", url="http://x", headers=(), body=b'{"stream":true}')
    return Exchange(
        n=n, case="c", step=(0, 0), purpose=Purpose.PLAN, request=sent, status=status, pieces=pieces, error=error
    )


def chunk(**delta: Any) -> bytes:
    """An event with this delta."""
    return b"data: " + json.dumps({"choices": [{"index": 0, "delta": delta}]}).encode() + b"\n\n"


ROLE, WORD, DONE = chunk(role="assistant", content=""), chunk(content="hi"), b"data: [DONE]\n\n"


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        (((0.1, ROLE), (0.2, WORD), (0.3, DONE)), 0.2),
        (((0.1, ROLE + WORD), (0.3, DONE)), 0.1),
        (((0.1, ROLE + WORD[:9]), (0.2, WORD[9:-2]), (0.3, b"\n\n" + DONE)), 0.3),
        (((0.1, ROLE + WORD[:9]), (0.2, WORD[9:-1]), (0.3, b"\n" + DONE)), 0.2),
        (((0.1, ROLE), (0.2, chunk(reasoning_content="hm")), (0.3, WORD)), 0.2),
        (((0.1, ROLE), (0.2, chunk(tool_calls=[{"index": 0}]))), 0.2),
        (((0.1, DONE), (0.2, WORD)), 0.2),
        (((0.1, b"data: {\n\n"), (0.2, WORD)), 0.2),
        (((0.1, ROLE), (0.2, DONE)), None),
        (((0.1, b'data: {"choices":[{"delta":null},7]}\n\n'),), None),
        (((0.1, b"\xff\x00"),), None),
    ],
)
def test_the_first_token_is_timed(pieces: Pieces, expected: float | None) -> None:
    """The first token is there when the line that says something is, whatever pieces it came in."""
    assert first_token(stream(*pieces)) == expected


def test_figures_are_quantiles() -> None:
    """Median, 95th percentile and longest are over all whole streams; those that were cut or refused are left out."""
    found = [stream((n / 10, WORD), (n / 10 + n, DONE), n=n) for n in range(1, 22)]
    others = [stream((99, WORD), error="closed: x"), stream((99, WORD), status=500), stream((99, b""))]
    made: dict[str, Any] = streams([*found, *others])
    assert made["count"] == 21
    assert made["first_token"] == {"median": 1.1, "p95": 2.0, "longest": 2.1}
    assert made["gap"] == {"median": 11, "p95": 20, "longest": 21}
    assert made["took"] == {"median": 12.1, "p95": 22, "longest": 23.1}


def test_nothing_is_made_of_nothing() -> None:
    """Without streams there are no figures, and of streams without a word no time of a first one."""
    nothing: dict[str, Any] = {"count": 0, "first_token": None, "gap": None, "took": None, "shown": []}
    assert streams([]) == nothing
    assert streams([stream((0.1, DONE))]) == {
        **nothing,
        "count": 1,
        "took": {"median": 0.1, "p95": 0.1, "longest": 0.1},
        "shown": [
            {
                "why": "the median, latest first token, longest gap, most pieces",
                "exchange": 1,
                "pieces": 1,
                "tokens": None,
                "first_token": None,
                "took": 0.1,
                "arrivals": [0.1],
            }
        ],
    }


def test_a_few_are_shown() -> None:
    """A typical stream and the extremes are shown, each once, with at most so many ticks, the last among them."""
    long = stream(*((at / 1000, WORD) for at in range(1, 1002)), n=3)
    made: dict[str, Any] = streams(
        [
            stream((0.1, WORD), (0.2, DONE), n=1),
            stream((0.9, WORD), (1.0, DONE), n=2),
            long,
            stream((0.1, WORD), (2.9, DONE), n=4),
        ]
    )
    assert [(each["why"], each["exchange"]) for each in made["shown"]] == [
        ("the median, latest first token", 2),
        ("longest gap", 4),
        ("most pieces", 3),
    ]
    arrivals = made["shown"][2]["arrivals"]
    assert len(arrivals) <= 121
    assert arrivals[-1] == 1.001
    assert all(earlier < later for earlier, later in pairwise(arrivals))


def test_ticks_are_drawn_to_scale() -> None:
    """A tick lies where its time does on the scale of the longest stream, and equal places have one tick."""
    assert ticks([0.5, 0.50001, 1.0], 2.0) == "M150 5v10M300 5v10"
    assert place(2.0, 2.0) == WIDTH
    assert place(0.0, 0.0) == 0
