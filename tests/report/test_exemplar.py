"""What is shown of an exchange: the difference to its control, the excerpt, and the place that is pointed at."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance import contract as contracts
from conformance.exchange import Exchange, Sent
from conformance.model import Purpose
from conformance.report import shown
from conformance.report.excerpt import LONGEST, Span, excerpt
from conformance.report.exemplar import difference, exemplar
from conformance.report.place import place

CONTRACT = contracts.load("highwayapi")

JSON_TYPE = ("content-type", "application/json")


def exchange(sent: object = None, reply: bytes = b"", method: str = "POST", *headers: tuple[str, str]) -> Exchange:
    """An exchange with this request and this reply."""
    body = sent if isinstance(sent, bytes) else json.dumps(sent, ensure_ascii=False).encode()
    return Exchange(
        n=1,
        case="c",
        step=(0, 0),
        purpose=Purpose.PLAN,
        request=Sent(method=method, url="http://x", headers=headers or (JSON_TYPE,), body=body),
        status=200,
        pieces=((0.1, reply),),
    )


LONG = "x" * 300


@pytest.mark.parametrize(
    ("mine", "control", "expected"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, []),
        ({"a": 1, "n": 3}, {"a": 1}, [["n", "3", None]]),
        ({"a": 1}, {"a": 1, "n": 3}, [["n", None, "3"]]),
        ({"a": 1, "n": None}, {"a": 1}, [["n", "null", None]]),
        ({"n": 1}, {"n": 1.0}, [["n", "1", "1.0"]]),
        ({"n": True}, {"n": 1}, [["n", "true", "1"]]),
        ({"n": "3"}, {"n": 3}, [["n", '"3"', "3"]]),
        ({"stop": ["é", "\n"]}, {"stop": "é"}, [["stop", '["é","\\n"]', '"é"']]),
        ({"a": LONG + "1"}, {"a": LONG + "2"}, [["a", "…" + "x" * 100 + '1"', "…" + "x" * 100 + '2"']]),
        ({"a": LONG}, {"b": 1}, [["a", '"' + "x" * 198 + "…", None], ["b", None, "1"]]),
        (b"{", {"a": 1}, [["body", "{", '{"a": 1}']]),
        (b"", {"a": 1}, [["body", "", '{"a": 1}']]),
        (b"\xff", b"\xfe", [["body", "\\xff", "\\xfe"]]),
        ([1], {"a": 1}, [["body", "[1]", '{"a": 1}']]),
    ],
)
def test_a_difference_is_told_by_members(mine: object, control: object, expected: list[Any]) -> None:
    """Each member that differs is there with both values, and where a body is no object both bodies are."""
    assert difference(exchange(mine), exchange(control)) == expected


@pytest.mark.parametrize(
    ("headers", "others", "expected"),
    [
        ([("accept", "a")], [("accept", "a")], []),
        ([("accept", "a")], [("accept", "b")], [["header accept", "a", "b"]]),
        ([("accept", "a")], [("x", "y")], [["header accept", "a", None], ["header x", None, "y"]]),
        (
            [("authorization", "Bearer «secret 3»")],
            [("authorization", "Bearer «secret 1»")],
            [["header authorization", "Bearer a-wrong-key", "Bearer $API_KEY"]],
        ),
    ],
)
def test_a_difference_is_told_by_headers(
    headers: list[tuple[str, str]], others: list[tuple[str, str]], expected: list[Any]
) -> None:
    """Headers differ like members, and credentials are told by what they are."""
    assert difference(exchange({}, b"", "POST", *headers), exchange({}, b"", "POST", *others)) == expected


def test_a_difference_of_methods_is_told() -> None:
    """Another method is a difference too."""
    assert difference(exchange(b"", method="GET"), exchange(b"")) == [["method", "GET", "POST"]]


@settings(deadline=None)
@given(st.binary(max_size=6000), st.tuples(st.integers(0, 6000), st.integers(0, 6000)), st.integers(400, LONGEST))
def test_an_excerpt_is_short_and_says_what_it_lacks(body: bytes, spot: Span, longest: int) -> None:
    """Of any bytes at most so many are shown, and every byte is shown or counted."""
    start, end = sorted(min(at, len(body)) for at in spot)
    made = excerpt(body, (start, end), longest)
    assert len(made.text.encode()) <= longest
    if len(body.decode("utf-8", "backslashreplace").encode()) <= longest:
        assert made.text == body.decode("utf-8", "backslashreplace")


@settings(deadline=None)
@given(st.text(max_size=4000), st.integers(400, LONGEST))
def test_an_excerpt_cuts_no_character(text: str, longest: int) -> None:
    """Text is never cut inside a character: none of its bytes shows as an escape."""
    body = text.replace("\\", "/").encode("utf-8", "ignore")
    assert "\\x" not in excerpt(body, None, longest).text


@settings(deadline=None)
@given(st.integers(0, 20_000), st.integers(1, 100))
def test_an_excerpt_shows_its_spot(before: int, size: int) -> None:
    """The place that is pointed at is in the excerpt, wherever it is in the body."""
    spot = b"<" + b"!" * size + b">"
    made = excerpt(b"a" * before + spot + b"b" * 5000, (before, before + len(spot)))
    assert made.spot is not None
    assert made.text[slice(*made.spot)] == spot.decode()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"a" * 2000, "a" * 2000),
        (b"a" * 3000, f"{'a' * 1128} […1496 bytes left out…] {'a' * 376}"),
        (b"\xff" * 3000, None),
    ],
)
def test_the_ends_of_a_long_body_are_shown(body: bytes, expected: str | None) -> None:
    """Of a long body the beginning and the end are shown, and how much lies between them."""
    made = excerpt(body).text
    assert len(made.encode()) <= LONGEST
    assert expected is None or made == expected
    assert made.startswith(body[:20].decode("utf-8", "backslashreplace"))
    assert made.endswith(body[-20:].decode("utf-8", "backslashreplace"))


@settings(deadline=None)
@given(st.lists(st.binary(max_size=900) | st.text(max_size=300).map(str.encode), max_size=9), st.integers(400, LONGEST))
def test_every_byte_that_is_shown_has_its_character(pieces: list[bytes], longest: int) -> None:
    """Where a piece begins is told to the character, and what was left out has none."""
    made = excerpt(b"".join(pieces), None, longest)
    at = 0
    for piece in pieces:
        found = made.character(at)
        if found is not None:
            assert 0 <= found < len(made.text)
        if piece.isascii() and piece and found is not None and "left out" not in made.text:
            assert made.text.startswith(piece.decode(), found)
        at += len(piece)
    assert made.character(at) is None


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ((), []),
        (((0.1, b"ab"), (0.2, b"c")), [[0.1, 0], [0.2, 2]]),
        (((0.1, b"\xc3"), (0.2, b"\xa9x"), (0.3, b"y")), [[0.1, 0], [0.2, 0], [0.3, 2]]),
        (((0.1, b"\xff"), (0.2, b"z")), [[0.1, 0], [0.2, 4]]),
        (((0.1, b"a"), (0.2, b""), (0.3, b"b")), [[0.1, 0], [0.3, 1]]),
        (((0.1, b"a" * 10_000), (0.2, b"b")), [[0.1, 0], [0.2, 1528]]),
        (((0.1, b"a" * 5000), (0.2, b"b"), (0.3, b"c" * 5000)), [[0.1, 0]]),
    ],
)
def test_pieces_are_told_with_their_times(pieces: tuple[tuple[float, bytes], ...], expected: list[list[float]]) -> None:
    """Each piece whose beginning is shown is there with its seconds and its character, one inside a character too."""
    made = exemplar(replace(exchange({"stream": True}), pieces=pieces), CONTRACT, None)
    assert made["arrivals"] == expected


def test_a_drip_is_told_in_short() -> None:
    """Of a body that came byte by byte some pieces are told, the first among them."""
    pieces = tuple((at / 1000, b"x") for at in range(1900))
    made: Any = exemplar(replace(exchange({"stream": True}), pieces=pieces), CONTRACT, None)
    assert len(made["arrivals"]) <= 60
    assert made["arrivals"][:2] == [[0.0, 0], [0.032, 32]]


def test_what_a_stream_says_is_put_together() -> None:
    """Of a stream the text of each choice is told, of a whole reply none."""
    pieces = [
        f'{{"choices":[{{"index":{at},"delta":{{"content":"{word}"}}}}]}}'
        for at, word in ((0, "a"), (1, "x"), (0, "b"))
    ]
    body = "".join(f"data: {piece}\n\n" for piece in pieces).encode()
    assert exemplar(exchange({"stream": True}, body), CONTRACT, None)["said"] == ["ab", "x"]
    assert exemplar(exchange({}, b'{"choices":[{"message":{"content":"a"}}]}'), CONTRACT, None)["said"] == []


def test_an_echoed_credential_is_marked() -> None:
    """Where a violation speaks of the body at large, the marker of a credential in it is the place."""
    body = "Bearer «secret 1» is no key".encode()
    assert place(exchange({}, body), "body") == (7, 7 + len("«secret 1»".encode()))
    assert place(exchange({}, b"a stack trace"), "body") is None


def test_what_differs_is_marked_in_both_requests() -> None:
    """The members that differ are told by their characters, in the request and in its control's."""
    mine, other = exchange({"model": "é", "n": [0], "stop": "x"}), exchange({"n": 2, "model": "é", "seed": 1})
    made: dict[str, Any] = exemplar(mine, CONTRACT, other)
    assert made["control"]["said"] == []
    assert [made["request"][slice(*span)] for span in made["changed"]] == ['"n": [0]', '"stop": "x"']
    control = made["control"]
    assert [control["request"][slice(*span)] for span in control["changed"]] == ['"n": 2', '"seed": 1']
    assert exemplar(exchange(b"{"), CONTRACT, other)["changed"] == []


BODY = (
    b'{"id": "1", "choices": [{"index": 0, "message": {"content": "hi"}}, {"index": 1}], "a/b": {"~": [1, 2]}, "e": []}'
)
STREAM = b': hello\n\ndata: {"id":"1","choices":[{"delta":{"role":"x"}}]}\n\ndata: {"id":"2"}\r\n\r\ndata: [DONE]\n\n'


@pytest.mark.parametrize(
    ("pointer", "expected"),
    [
        ("/id", b'"id": "1"'),
        ("/choices/1", b'{"index": 1}'),
        ("/choices/0/message/content", b'"content": "hi"'),
        ("/choices/*/index", b'"index": 0'),
        ("/choices/0 text", b'"content": "hi"'),
        ("/choices/1/message/content", b'{"index": 1}'),
        ("/a~1b/~0/1", b"2"),
        ("/e/0", b'"e": []'),
        ("/choices/x", b'"choices": [{"index": 0, "message": {"content": "hi"}}, {"index": 1}]'),
        ("/missing", None),
        ("/", None),
        ("status", None),
        ("header content-type", None),
        ("byte 4", BODY[4:]),
    ],
)
def test_a_pointer_finds_its_member(pointer: str, expected: bytes | None) -> None:
    """A pointer into a whole reply is the deepest member on its way that is there, with its name."""
    found = place(exchange({}, BODY), pointer)
    assert (None if found is None else BODY[slice(*found)]) == expected


@pytest.mark.parametrize(
    ("pointer", "expected"),
    [
        ("event 0", b'data: {"id":"1","choices":[{"delta":{"role":"x"}}]}'),
        ("event 0/choices/*/delta/role", b'"role":"x"'),
        ("event 1/id", b'"id":"2"'),
        ("event 1/usage", b'data: {"id":"2"}'),
        ("event 2", b"data: [DONE]"),
        ("event 2/id", None),
        ("event 9", None),
        ("event */id", None),
        ("byte 0", b": hello"),
        ("/id", b'"id":"2"'),
        ("/choices/0/delta/role", b'"role":"x"'),
        ("/choices/1/delta/role", None),
        ("/choices/0/finish_reason", None),
    ],
)
def test_a_pointer_finds_its_event(pointer: str, expected: bytes | None) -> None:
    """A pointer into a stream is the event's line, or the member in it."""
    found = place(exchange({"stream": True}, STREAM), pointer)
    assert (None if found is None else STREAM[slice(*found)]) == expected


@settings(deadline=None)
@given(
    st.binary() | st.sampled_from([b"[" * 5000, b'{"a":' * 5000, b'{"a"', b'{"a":1,', b"{,}", b"\xff{"]),
    st.booleans(),
    st.text(),
)
def test_a_place_is_found_or_not_and_nothing_else(body: bytes, streamed: bool, pointer: str) -> None:
    """Whatever the bytes and the pointer, the place lies within the body or there is none."""
    for each in ("/a", "/a/0/a", "/0", "event 0/a", "byte 1", pointer, f"/{pointer}", f"event 0/{pointer}"):
        found = place(exchange({"stream": streamed}, body), each)
        assert found is None or 0 <= found[0] <= found[1] <= len(body)


@settings(deadline=None)
@given(st.text())
def test_visible_words_are_printable(words: str) -> None:
    """Nothing without a shape is left, and words that had one throughout are as they were."""
    assert shown.visible(words, keep="").isprintable()
    assert (shown.visible(words) == words) == words.replace("\n", "").replace("\t", "").isprintable()


@settings(deadline=None)
@given(st.text(), st.integers(1, 50))
def test_clipped_words_are_short(words: str, longest: int) -> None:
    """At most so many characters, and an ellipsis where some are missing."""
    made = shown.clip(words, longest)
    assert len(made) <= longest
    assert made == words or made == words[: longest - 1] + "…"
