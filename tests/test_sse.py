"""The event stream parser: the WHATWG's grammar to the letter, and nothing passed over in silence."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from conformance.sse import BOM, Oddity, event, parse

FRAGMENTS = [
    b"data",
    b"data:",
    b"data: ",
    b":",
    b" ",
    b"x",
    b"event: a",
    b"\r",
    b"\n",
    b"\r\n",
    b"\n\n",
    BOM,
    "\u2028".encode(),
    "\x85".encode(),
    b"\xff",
    b"\xe2\x82",
]
bodies = st.one_of(st.binary(max_size=200), st.lists(st.sampled_from(FRAGMENTS), max_size=40).map(b"".join))
lines = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n")).map(str.encode)


def by_the_standard(body: bytes) -> list[str]:
    """The data of all events, by the standard's own steps: decode, split, keep a data buffer."""
    events: list[str] = []
    buffer = ""
    text = body.decode("utf-8", "replace").removeprefix("\ufeff")
    for line in re.split("\r\n|\r|\n", text)[:-1]:
        name, _, value = line.partition(":")
        if not line:
            if buffer:
                events.append(buffer[:-1])
            buffer = ""
        elif name == "data":
            buffer += value.removeprefix(" ") + "\n"
    return events


@pytest.mark.parametrize(
    ("body", "data"),
    [
        pytest.param(
            b"data: One.\n\ndata: Two, which\ndata: has two lines.\n\ndata: Three.\n\n",
            [b"One.", b"Two, which\nhas two lines.", b"Three."],
            id="messages",
        ),
        pytest.param(b"data: YHOO\ndata: +2\ndata: 10\n\n", [b"YHOO\n+2\n10"], id="several data lines"),
        pytest.param(b"event: add\ndata: 73857293\n\n", [b"73857293"], id="named event"),
        pytest.param(
            b": comment\n\ndata: first\nid: 1\n\ndata:second\nid\n\ndata:  third\n\n",
            [b"first", b"second", b" third"],
            id="comment, ids, and at most one space removed",
        ),
        pytest.param(b"data\n\ndata\ndata\n\ndata:", [b"", b"\n"], id="data without a colon"),
        pytest.param(b"data:test\n\ndata: test\n\n", [b"test", b"test"], id="with and without a space"),
        pytest.param(b"data: a:b: c\n\n", [b"a:b: c"], id="the first colon only"),
        pytest.param(b"data : x\n\nDATA: x\n\n data: x\n\n", [], id="the name is exact"),
        pytest.param(b"retry: 5\n\n\n\n: ping\n\n", [], id="no data, no event"),
        pytest.param(b"data: x\n:\n: ping\ndata: y\n\n", [b"x\ny"], id="a comment does not end an event"),
        pytest.param(BOM + b"data: x\n\n", [b"x"], id="one byte order mark is no part of the stream"),
        pytest.param(BOM + BOM + b"data: x\n\n", [], id="a second one is"),
        pytest.param(b"\n\n\r\n\r\rdata: x\r\n\n", [b"x"], id="blank lines first"),
        pytest.param(b"", [], id="nothing"),
        pytest.param(BOM, [], id="only a byte order mark"),
    ],
)
def test_examples(body: bytes, data: list[bytes]) -> None:
    """Events are those that the standard's examples have."""
    assert [each.data for each in parse(body).events] == data
    assert [each.decode() for each in data] == by_the_standard(body)


@settings(deadline=None)
@given(bodies)
@example(b"data: \xe2\ndata: \x82\xac\n\n")
def test_any_bytes(body: bytes) -> None:
    """Whatever the bytes are, nothing is raised and the events are the standard's."""
    stream = parse(body)
    assert [each.data.decode("utf-8", "replace") for each in stream.events] == by_the_standard(body)


@settings(deadline=None)
@given(bodies)
def test_offsets(body: bytes) -> None:
    """Whatever is reported lies where it is said to lie: an event at its first data line, an oddity at its bytes."""
    stream = parse(body)
    assert all(body.startswith(b"data", each.offset) for each in stream.events)
    for odd in stream.irregularities:
        assert len(odd.excerpt) <= 80
        assert odd.oddity is Oddity.UNDISPATCHED or body.startswith(odd.excerpt, odd.offset)
    assert [each.offset for each in stream.events] == sorted({each.offset for each in stream.events})


@settings(deadline=None)
@given(bodies)
def test_line_ends(body: bytes) -> None:
    """CR, LF and CRLF are the same, however they are mixed."""
    unix = body.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    for other in (unix, unix.replace(b"\n", b"\r\n"), unix.replace(b"\n", b"\r")):
        assert [each.data for each in parse(other).events] == [each.data for each in parse(body).events]
        assert parse(other).tail == parse(body).tail


@pytest.mark.parametrize("character", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\x1e", "\x00"])
def test_no_line_ends(character: str) -> None:
    """What other tools take for the end of a line is data here."""
    data = f"a{character}b".encode()
    stream = parse(event(data))
    assert [each.data for each in stream.events] == [data]
    assert stream.irregularities == ()


@pytest.mark.parametrize(
    ("body", "tail"),
    [
        (b"data: x", b"x"),
        (b"data: x\n", b"x"),
        (b"data: x\r\n", b"x"),
        (b"data: x\r", b"x"),
        (b"data: x\n\ndata: y\ndata: z\n", b"y\nz"),
        (b"data:", b""),
        (b"data: x\nevent: y", b"x"),
        (b"data: x\n\n", None),
        (b"data: x\n\n: ping", None),
        (b"", None),
    ],
)
def test_tail(body: bytes, tail: bytes | None) -> None:
    """An event without a blank line after it is never dispatched, and always reported."""
    stream = parse(body)
    assert stream.tail == tail
    assert [odd.excerpt for odd in stream.odd(Oddity.UNDISPATCHED)] == ([] if tail is None else [tail])
    assert tail not in [each.data for each in stream.events]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"data: x\n\n", []),
        (BOM + b"data: x\n\n", [(Oddity.BYTE_ORDER_MARK, 0, BOM)]),
        (b": ping\n\n:\n", [(Oddity.COMMENT, 0, b": ping"), (Oddity.COMMENT, 8, b":")]),
        (
            b"event: a\nid\nretry:5\ndata: x\n\n",
            [
                (Oddity.NAMED_FIELD, 0, b"event: a"),
                (Oddity.NAMED_FIELD, 9, b"id"),
                (Oddity.NAMED_FIELD, 12, b"retry:5"),
            ],
        ),
        (b"datum: x\n{}\n\n", [(Oddity.UNKNOWN_FIELD, 0, b"datum: x"), (Oddity.UNKNOWN_FIELD, 9, b"{}")]),
        (BOM * 2 + b"data: x\n", [(Oddity.BYTE_ORDER_MARK, 0, BOM), (Oddity.UNKNOWN_FIELD, 3, BOM + b"data: x")]),
        (b"data: \xff\n\n", [(Oddity.INVALID_UTF8, 0, b"data: \xff")]),
        (b": \xe2\x82\n\n", [(Oddity.INVALID_UTF8, 0, b": \xe2\x82"), (Oddity.COMMENT, 0, b": \xe2\x82")]),
        (b"data: x\n\n: pin", [(Oddity.UNTERMINATED_LINE, 9, b": pin"), (Oddity.COMMENT, 9, b": pin")]),
        (b"data: x", [(Oddity.UNTERMINATED_LINE, 0, b"data: x"), (Oddity.UNDISPATCHED, 0, b"x")]),
        (b":" + b"x" * 100 + b"\n", [(Oddity.COMMENT, 0, b":" + b"x" * 79)]),
    ],
)
def test_irregularities(body: bytes, found: list[tuple[Oddity, int, bytes]]) -> None:
    """What a client passes over in silence is kept, with its offset and at most 80 of its bytes."""
    assert [(odd.oddity, odd.offset, odd.excerpt) for odd in parse(body).irregularities] == found


def test_invalid_utf8_is_still_data() -> None:
    """Bytes that are no UTF-8 are reported once a line and not repaired."""
    stream = parse(b"data: \xff\xfe\ndata: \xe2\x82\xac\n\n")
    assert [each.data for each in stream.events] == [b"\xff\xfe\n\xe2\x82\xac"]
    assert [odd.offset for odd in stream.odd(Oddity.INVALID_UTF8)] == [0]


def test_odd_chooses() -> None:
    """Irregularities are chosen by kind, several at once, in order of appearance."""
    stream = parse(b": a\nid: 1\n: b\nwhat\n")
    assert [odd.excerpt for odd in stream.odd(Oddity.UNKNOWN_FIELD, Oddity.COMMENT)] == [b": a", b": b", b"what"]
    assert stream.odd() == ()


@settings(deadline=None)
@given(st.lists(lines, max_size=10))
def test_written_and_read(data: list[bytes]) -> None:
    """What a well-behaved server writes is read back as it was, without a single irregularity."""
    stream = parse(b"".join(map(event, data)))
    assert [each.data for each in stream.events] == data
    assert stream.irregularities == ()
    assert stream.tail is None
