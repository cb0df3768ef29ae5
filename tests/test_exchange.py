"""An exchange answers every question about itself, whatever the bytes were."""

from __future__ import annotations

import inspect
import json
from functools import cached_property
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.exchange import Exchange, Sent
from conformance.model import Purpose, Zone
from conformance.strict_json import MAX_DEPTH

NAMES = ("choices", "usage", "index", "message", "delta", "content", "finish_reason", "logprobs", "stream", "n", "role")
values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5)
        | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=30,
)
VIEWS = [name for name, each in inspect.getmembers(Exchange) if isinstance(each, property | cached_property)]


def made(*pieces: bytes, sent: Any = None, **members: Any) -> Exchange:
    """An exchange with this request and these pieces of a reply."""
    request = Sent(method="POST", url="http://a", headers=(), body=json.dumps(sent or {}).encode())
    given: dict[str, Any] = {
        "n": 1,
        "case": "a",
        "step": (0, 0),
        "purpose": Purpose.PLAN,
        "request": request,
        "status": 200,
        "pieces": tuple((0.1 * number, piece) for number, piece in enumerate(pieces)),
    }
    return Exchange(**(given | members))


def whole(value: Any, **members: Any) -> Exchange:
    """A whole reply."""
    return made(json.dumps(value).encode(), **members)


def stream(*chunks: Any, done: bytes = b"data: [DONE]\n\n", **members: Any) -> Exchange:
    """A streamed reply."""
    body = b"".join(b"data: " + json.dumps(each).encode() + b"\n\n" for each in chunks)
    return made(body + done, sent={"stream": True}, **members)


def answers(exchange: Exchange) -> dict[str, Any]:
    """Every view of an exchange; texts of JSON, for NaN is not equal to itself."""
    return {name: repr(getattr(exchange, name)) for name in VIEWS} | {"count": exchange.tokens("total_tokens")}


@pytest.mark.parametrize(
    ("status", "error", "true"),
    [
        (None, "connect: refused", {"weather"}),
        (None, "timeout: not finished after 1 s", {"weather"}),
        (None, "closed: server disconnected", {"weather", "dropped", "crashed"}),
        (None, None, {"weather"}),
        (100, None, set()),
        (200, None, {"ok"}),
        (299, None, {"ok"}),
        (200, "closed: peer closed", {"ok"}),
        (200, "protocol: bad chunk", {"ok"}),
        (200, "long: more than 5 bytes", {"ok"}),
        (200, "timeout: not finished after 1 s", {"ok", "weather"}),
        (200, "budget: spent", {"ok", "weather"}),
        (300, None, {"refused"}),
        (400, None, {"refused"}),
        (401, None, {"refused"}),
        (404, None, {"refused"}),
        (400, "timeout: not finished after 1 s", {"refused", "weather"}),
        (499, None, {"refused"}),
        (500, None, {"refused", "crashed"}),
        (500, "closed: peer closed", {"refused", "crashed"}),
        (501, None, {"refused", "crashed"}),
        (505, None, {"refused", "crashed"}),
        (599, None, {"refused", "crashed"}),
        *((status, None, {"weather"}) for status in (402, 408, 425, 429, 502, 503, 504)),
        (503, "closed: peer closed", {"weather"}),
    ],
)
def test_outcomes(status: int | None, error: str | None, true: set[str]) -> None:
    """What an exchange amounts to follows from its status and from what cut it short."""
    exchange = made(status=status, error=error)
    names = ("ok", "refused", "weather", "dropped", "crashed")
    assert {name for name in names if getattr(exchange, name)} == true


@pytest.mark.parametrize(
    ("status", "error", "answer"),
    [
        (200, None, "200"),
        (500, "closed: peer closed", "500"),
        (None, "closed: server disconnected", "closed without a reply"),
        (None, "timeout: not finished after 1 s", "no reply"),
        (None, None, "no reply"),
    ],
)
def test_answer(status: int | None, error: str | None, answer: str) -> None:
    """What came back is the status, and only a closed connection is called one."""
    assert made(status=status, error=error).answer == answer


QUOTA = {"error": {"message": "You exceeded your current quota", "type": "insufficient_quota"}}


@pytest.mark.parametrize(
    ("status", "body", "spent"),
    [
        (402, {}, True),
        (403, QUOTA, True),
        (429, QUOTA, True),
        (403, {"detail": "Insufficient balance: recharge, please"}, True),
        (403, {"error": "You are out of credits"}, True),
        (403, {"error": {"message": "no", "code": "billing_hard_limit_reached"}}, True),
        (403, {"error": {"message": "This key has no right to use this model"}}, False),
        (403, {"error": {"message": "Invalid credentials"}}, False),
        (429, {"error": {"message": "Too many requests"}}, False),
        (403, {"error": {"message": 5}, "detail": [{"msg": "quota"}]}, False),
        (400, QUOTA, False),
        (401, QUOTA, False),
        (200, QUOTA, False),
    ],
)
def test_an_account_with_nothing_left(status: int, body: Any, spent: bool) -> None:
    """402, and 403 and 429 that speak of a quota or a balance, are weather and say so; other words are no excuse."""
    exchange = whole(body, status=status)
    assert exchange.spent is spent
    assert ("nothing is left on the account" in (exchange.weather or "")) is spent
    assert exchange.refused is (status in (400, 401, 403) and not spent)


def test_between_headers_and_body() -> None:
    """A connection closed before the first byte of a body may be weather; later it is a reply that was cut."""
    assert made(error="closed: reset").may_pass
    assert not made(b"{", error="closed: reset").may_pass
    assert not made(error="protocol: what").may_pass
    assert not made().may_pass


def test_a_doubt() -> None:
    """What is doubted beside the rest of its run is weather, and neither a refusal nor a crash."""
    for status, error in ((500, None), (None, "closed: gone")):
        exchange = made(status=status, error=error, doubt="it may have passed")
        assert exchange.weather == exchange.says_nothing == "it may have passed"
        assert not any((exchange.refused, exchange.crashed, exchange.dropped, exchange.may_pass))


@pytest.mark.parametrize("status", [200, 201, 400, None])
@pytest.mark.parametrize("asked", [True, False, None, "true", 1])
def test_modes(status: int | None, asked: Any) -> None:
    """A stream was asked for by stream: true and nothing else; only what was answered is whole or streamed."""
    exchange = made(status=status, sent={"stream": asked})
    assert exchange.asked_stream is (asked is True)
    assert exchange.streamed is (exchange.ok and asked is True)
    assert exchange.whole is (exchange.ok and asked is not True)


@pytest.mark.parametrize(
    ("n", "asked"), [(None, 1), (1, 1), (3, 3), (0, 0), ("3", 1), (2.0, 2), (2.5, 1), (True, 1), ([2], 1)]
)
def test_asked_choices(n: Any, asked: int) -> None:
    """The choices asked for are n where it is an integer, else 1."""
    assert made(sent={"n": n}).asked_choices == asked


@pytest.mark.parametrize("body", [b"", b"[]", b"5", b'{"stream": true', b"\xff", b'{"stream": NaN}'])
def test_unreadable_request(body: bytes) -> None:
    """A request that is no JSON object asked for nothing."""
    exchange = made(request=Sent(method="POST", url="", headers=(), body=body, zone=Zone.REJECT))
    assert exchange.sent == {}
    assert not exchange.asked_stream
    assert exchange.zone is Zone.REJECT


@pytest.mark.parametrize(
    ("headers", "media_type"),
    [
        ([("Content-Type", "application/json")], "application/json"),
        ([("content-type", " Text/Event-Stream ; charset=utf-8")], "text/event-stream"),
        ([("x", "y"), ("CONTENT-TYPE", "a/b"), ("content-type", "c/d")], "a/b"),
        ([("content-type", "")], ""),
        ([("x-content-type", "a/b")], None),
        ([], None),
    ],
)
def test_media_type(headers: list[tuple[str, str]], media_type: str | None) -> None:
    """A header is found in any case, the first of its name; a media type is told without case and parameters."""
    assert made(headers=tuple(headers)).media_type == media_type


def test_header() -> None:
    """The name asked for may be in any case too, and an absent header is None."""
    exchange = made(headers=(("Retry-After", "5"),))
    assert exchange.header("RETRY-after") == "5"
    assert exchange.header("retry") is None


def test_whole_reply() -> None:
    """A whole reply is one object with its choices, its text and its usage."""
    reply = {
        "choices": [{"index": 0, "message": {"content": "Yes."}}],
        "usage": {"total_tokens": 5, "a": 1.5, "c": 2.0},
    }
    exchange = whole(reply)
    assert exchange.members == reply
    assert exchange.objects == (reply,)
    assert [choice.text for choice in exchange.choices] == ["Yes."]
    assert exchange.text == "Yes."
    assert exchange.usage == reply["usage"]
    assert [exchange.tokens(name) for name in ("total_tokens", "a", "b", "c")] == [5, None, None, 2]


def test_streamed_reply() -> None:
    """A stream's objects are its chunks; its text is joined, its usage the last object of that name."""
    exchange = stream(
        {"choices": [{"index": 1, "delta": {"content": "Y"}}], "usage": {"total_tokens": 1}},
        {"choices": [{"index": 0, "delta": {"content": "N"}}]},
        {"choices": [{"index": 1, "delta": {"content": "es"}}], "usage": None},
        {"usage": {"total_tokens": 7}},
        {"usage": None},
        [5],
    )
    assert len(exchange.payloads) == 6
    assert len(exchange.chunks) == len(exchange.objects) == 5
    assert exchange.text == "Yes"
    assert [choice.text for choice in exchange.choices] == ["Yes", "N"]
    assert exchange.tokens("total_tokens") == 7


@pytest.mark.parametrize("done", [b"data: [DONE]\n\n", b"data:[DONE]\n\n", b"data:  [DONE] \n\ndata: [DONE]\n\n", b""])
def test_end_of_stream_is_no_payload(done: bytes) -> None:
    """Events that say [DONE] hold no JSON and are left out, however often they come."""
    exchange = stream({"a": 1}, done=done)
    assert [payload.value for payload in exchange.payloads] == [{"a": 1}]
    assert exchange.members == {}


def test_broken_payloads_are_kept() -> None:
    """An event that is no JSON is a payload with a problem, and no chunk."""
    exchange = made(b'data: {"a": 1}\n\ndata: {"a"\n\ndata: {"b": 2}', sent={"stream": True})
    assert [payload.problem is None for payload in exchange.payloads] == [True, False]
    assert exchange.chunks == ({"a": 1},)
    assert exchange.stream.tail == b'{"b": 2}'


SAID: dict[str, Any] = {"choices": [{"message": {"content": "Yes."}}]}
DELTA: dict[str, Any] = {"choices": [{"delta": {"content": "Yes."}}]}


@pytest.mark.parametrize(
    ("exchange", "legible"),
    [
        (whole(SAID), True),
        (whole(SAID, status=400), False),
        (whole(SAID, error="closed: peer closed"), False),
        (whole(SAID, status=None), False),
        (whole({"error": {}}), False),
        (made(b"{"), False),
        (made(), False),
        (stream(DELTA, {"choices": []}), True),
        (stream(DELTA, error="long: more than 5 bytes"), False),
        (stream(DELTA, {"error": {}}), False),
        (stream(DELTA, done=b"data: {\n\n"), False),
        (stream(), False),
    ],
)
def test_legible(exchange: Exchange, legible: bool) -> None:
    """A text can be relied on if it came whole, in a success all of whose objects have choices with text."""
    assert exchange.legible is legible


def test_equal_only_to_itself() -> None:
    """Two exchanges with the same content are two exchanges."""
    one, other = made(b"{}"), made(b"{}")
    assert [one, other].index(other) == 1
    assert one != other
    assert len({one, other}) == 2


@settings(deadline=None)
@given(values, values, st.none() | st.integers(100, 999), st.none() | st.text(max_size=10))
def test_any_json(sent: Any, value: Any, status: int | None, error: str | None) -> None:
    """With any JSON as the request, the reply and its chunks, every view answers."""
    for exchange in (whole(value, sent=sent, status=status, error=error), stream(value, value, status=status)):
        assert answers(exchange)
        assert isinstance(exchange.text, str)
        assert exchange.usage is None or isinstance(exchange.usage, dict)


@settings(deadline=None)
@given(st.lists(st.binary(max_size=20) | st.sampled_from([b"data: {}", b"\n\n", b"data: [DONE]", b"{", b'"\xff"'])))
def test_any_bytes(pieces: list[bytes]) -> None:
    """With any bytes in any pieces, every view answers."""
    for sent in ({}, {"stream": True}):
        assert answers(made(*pieces, sent=sent))


@pytest.mark.parametrize("path", [(), ("choices",), ("choices", 0, "index"), ("usage",), ("choices", 0, "delta")])
def test_deep_nesting(path: tuple[str | int, ...]) -> None:
    """A reply as deeply nested as is read at all is seen from all sides."""
    depth = MAX_DEPTH - len(path)
    text = "[" * depth + "]" * depth
    for part in reversed(path):
        text = f"[{text}]" if isinstance(part, int) else f'{{"{part}": {text}}}'
    body = text.encode()
    whole_reply = made(body)
    streamed = made(b"data: " + body + b"\n\n", sent={"stream": True})
    assert whole_reply.document.problem is None
    assert streamed.payloads[0].problem is None
    assert answers(whole_reply)
    assert answers(streamed)


@settings(deadline=None)
@given(st.lists(values, max_size=4), st.data())
def test_pieces_do_not_matter(chunks: list[Any], data: st.DataObject) -> None:
    """Wherever a body was cut into pieces, every view but the pieces is the same."""
    body = stream(*chunks).body.replace(b"\n", data.draw(st.sampled_from([b"\n", b"\r\n", b"\r"])))
    cuts = data.draw(st.lists(st.integers(0, len(body)), max_size=10).map(sorted))
    pieces = [body[start:stop] for start, stop in pairwise([0, *cuts, len(body)])]
    for sent in ({}, {"stream": True}):
        assert answers(made(*pieces, sent=sent)) == answers(made(body, sent=sent))
