"""The log probabilities of a reply: read as they are told, whatever they are, and nothing proved beyond that."""

from __future__ import annotations

import math
from typing import Any

import pytest

from conformance import strict_json
from conformance.exchange import Exchange, Sent
from conformance.likelihoods import (
    Candidate,
    Place,
    all_places,
    asked,
    entries,
    joined,
    lists_asked,
    plain,
    same_start,
    spelled,
    told,
)
from conformance.model import Purpose


def reply(*contents: Any, **sent: Any) -> Exchange:
    """A whole reply with these entries, a list for each choice."""
    choices = [
        {"index": index, "message": {"role": "assistant", "content": "x"}, "logprobs": {"content": content}}
        for index, content in enumerate(contents)
    ]
    request = Sent(method="POST", url="http://x/", headers=(), body=strict_json.dump({"logprobs": True, **sent}))
    body = strict_json.dump({"choices": choices})  # type: ignore[dict-item]  # mypy: list is invariant
    return Exchange(
        n=1, case="c", step=(0, 0), purpose=Purpose.PLAN, request=request, status=200, pieces=((0.0, body),)
    )


def entry(token: str = "a", logprob: Any = -1.0, listed: Any = (), **more: Any) -> dict[str, Any]:
    """An entry with a list of tokens and their log probabilities."""
    others = [{"token": each, "logprob": value} for each, value in listed]
    return {"token": token, "logprob": logprob, "top_logprobs": others, **more}


def place(said: float, *listed: float, key: str = "said") -> Place:
    """A place where a token of this log probability was said beside a list."""
    named = [Candidate(token=f"t{n}", bytes=None, logprob=value) for n, value in enumerate(listed)]
    return Place(said=Candidate(token=key, bytes=None, logprob=said), listed=tuple(named))


@pytest.mark.parametrize(
    "strange",
    [
        5,
        None,
        {},
        {"token": "a"},
        {"token": 5, "logprob": -1},
        {"token": "a", "logprob": "-1"},
        {"token": "a", "logprob": True},
        {"token": "a", "logprob": -(10**400)},
    ],
)
def test_what_is_no_entry_is_left_out(strange: Any) -> None:
    """What is not of OpenAI's shape is no place, and does not hide those that are."""
    exchange = reply([strange, entry(listed=[("b", -2.0)], bytes=[97]), entry(top_logprobs=[strange])])
    assert [each.said.token for each in all_places(exchange)] == ["a", "a"]
    assert [len(each.listed) for each in all_places(exchange)] == [1, 0]


def test_choices_apart() -> None:
    """Each choice has its own places, and is read once."""
    exchange = reply([entry("a")], [entry("b"), entry("c")])
    assert [[each.said.token for each in said] for _, said in told(exchange)] == [["a"], ["b", "c"]]
    assert told(exchange) is told(exchange)
    assert [len(entries(choice)) for choice in exchange.choices] == [1, 2]


@pytest.mark.parametrize(
    ("given", "key"), [([97], b"a"), (None, "a"), ([300], "a"), (["x"], "a"), ([], b""), ("97", "a")]
)
def test_what_tells_tokens_apart(given: Any, key: bytes | str) -> None:
    """A token is known by its bytes, or where they are not told as bytes by its text."""
    assert all_places(reply([entry("a", bytes=given)]))[0].said.key == key


def test_ranks() -> None:
    """A list proves how many tokens were likelier, how likely they were together, and how far behind the token was."""
    spot = place(-2.0, -0.5, -1.95, -2.0, -3.0)
    assert len(spot.likelier(0.1)) == 1
    assert len(spot.likelier(0.0)) == 2
    assert spot.mass_above(0.1) == pytest.approx(math.exp(-0.5))
    assert spot.gap == 1.5
    assert place(-0.1, -2.0).gap == 0


def test_the_lists_own_number_counts() -> None:
    """What was said is compared by the number its list gives it, which may differ from the entry's."""
    assert place(0.0, -0.2, -1.0, key="t1").gap == pytest.approx(0.8)


def test_joined() -> None:
    """Tokens are joined by their bytes, so that halves of a character make one; without bytes only whole ones can be."""
    halves = all_places(reply([entry("\ufffd", bytes=[0xC3]), entry("\ufffd", bytes=[0xA9])]))
    assert joined(halves) == "é"
    assert joined(all_places(reply([entry("a"), entry(" b")]))) == "a b"
    assert joined(all_places(reply([entry("a"), entry("\ufffd")]))) is None


@pytest.mark.parametrize(
    ("token", "data"),
    [
        (r"\xe6\x9c", b"\xe6\x9c"),
        (r"bytes:\xE6\x9C", b"\xe6\x9c"),
        (r" \xf0\x9f", b" \xf0\x9f"),
        (r"bytes: \xe6é", b" \xe6\xc3\xa9"),
        (r"\x9c bytes:", b"\x9c bytes:"),
        (r"\x9", None),
        ("bytes:", None),
        ("é", None),
    ],
)
def test_tokens_named_by_their_bytes(token: str, data: bytes | None) -> None:
    """A name with bytes as OpenAI writes them is those bytes and the UTF-8 of what else it has; others are none."""
    assert spelled(token) == data


@pytest.mark.parametrize("bytes_told", [True, False])
def test_joined_halves_that_are_named_by_their_bytes(bytes_told: bool) -> None:
    """Halves of a character make one where only their names tell their bytes, and where some others tell none."""
    halves = [(r" \xe6\x9c", b" \xe6\x9c"), (r"bytes:\x88", b"\x88")]
    told_as = [entry(name, bytes=list(data) if bytes_told else None) for name, data in halves]
    assert joined(all_places(reply([entry("a"), *told_as, entry("é")]))) == "a 月é"
    assert joined(all_places(reply([*told_as, entry("\ufffd")]))) is None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ([("a", -1.0), ("b", -2.0)], [("a", -1.0), ("b", -2.0)], True),
        ([("a", -1.0), ("b", -2.0)], [("b", -2.1), ("a", -1.05)], True),
        ([("a", -1.0), ("b", -2.0)], [("a", -0.1), ("b", -50.0)], False),
        ([("a", -1.0), ("b", -2.0), ("c", -3.0)], [("a", 0.0)], False),
        ([("a", -1.0), ("b", -2.0)], [("a", 0.0), ("b", -9999.0)], False),
        ([("a", -1.0), ("b", -2.0)], [("c", -1.0), ("d", -2.0)], False),
        ([], [("a", -1.0), ("b", -2.0)], None),
    ],
)
def test_same_start(one: Any, other: Any, same: bool | None) -> None:
    """Two lists of one place are the same if all differences in them are, give or take; a sign for nothing is nothing."""
    assert same_start(reply([entry(listed=one)]), reply([entry(listed=other)])) is same


def test_what_was_asked() -> None:
    """Log probabilities are asked for by true alone, and plain is what nothing stands between tokens and text."""
    exchange = reply([entry()], top_logprobs=5)
    assert (asked(exchange), plain(exchange), lists_asked(exchange)) == (True, True, 5)
    assert not plain(reply([entry()], stop="x"))
    assert lists_asked(reply([entry()], top_logprobs=True)) == 0
    assert not asked(reply([entry()], logprobs=1))
