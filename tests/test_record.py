"""From the wire to an exchange: content coding undone, within bounds, and no secret left."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance import evidence, record
from conformance.exchange import Exchange
from conformance.model import Credential, Purpose, Request, Zone
from conformance.record import BEGINNING, LONGEST, Address, Heard, Room, outgoing
from conformance.redact import marker
from conformance.target import Target

KEY = "sk-the-key-of-the-target"
TARGET = Target(
    url=f"http://127.0.0.1/v1?key={KEY}", model="m", scheme="bearer", key=KEY, headers=(("x-team", "the-team-secret"),)
)
ADDRESS = Address(case="a.case", step=(2, 1), purpose=Purpose.AGAIN, round=3)
ASKED = Request(body=b'{"stream": true}')
Pieces = list[tuple[float, bytes]]


def exchange(heard: Heard, request: Request = ASKED, target: Target = TARGET) -> Exchange:
    """The exchange that is made of what was heard."""
    return record.exchange(7, ADDRESS, request, target, heard)


def decoded(coding: str, pieces: Pieces, **heard: Any) -> Exchange:
    """The exchange of a reply with this content coding."""
    return exchange(Heard(status=200, headers=[("Content-Encoding", coding)], pieces=pieces, **heard))


def cut(body: bytes, *cuts: int) -> Pieces:
    """The body in pieces."""
    ends = pairwise([0, *cuts, len(body)])
    return [(number / 8, body[start:stop]) for number, (start, stop) in enumerate(ends)]


def stream(*deltas: Any) -> Pieces:
    """A stream, one piece a delta; a delta is a choice's, or (index, delta)."""
    pairs = [delta if isinstance(delta, tuple) else (0, delta) for delta in deltas]
    chunks = [json.dumps({"choices": [{"index": index, "delta": delta}]}) for index, delta in pairs]
    return [(number / 8, f"data: {text}\n\n".encode()) for number, text in enumerate([*chunks, "[DONE]"])]


@pytest.mark.parametrize(
    ("credential", "headers"),
    [
        (Credential.RIGHT, {"authorization": f"Bearer {KEY}", "x-team": "the-team-secret"}),
        (Credential.LOWER_CASE, {"authorization": f"bearer {KEY}", "x-team": "the-team-secret"}),
        (Credential.MISSING, {}),
        (Credential.WRONG, {"authorization": f"Bearer {TARGET.wrong_key}"}),
        (Credential.WRONG_SCHEME, {"authorization": f"Basic {KEY}"}),
        (Credential.NO_SCHEME, {"authorization": KEY}),
        (Credential.EMPTY, {"authorization": "Bearer"}),
        (Credential.NOT_BASE64, {"authorization": "Bearer %%%"}),
        (Credential.NO_COLON, {"authorization": "Bearer bm8tY29sb24taW4taGVyZQ=="}),
    ],
)
def test_outgoing(credential: Credential, headers: dict[str, str]) -> None:
    """A request that shows a wrong credential, or none, goes without the user's headers: they may be one too."""
    request = Request(body=b"{}", credential=credential)
    assert dict(outgoing(request, TARGET)) == {"content-type": "application/json", **headers}


def test_all_that_was_heard() -> None:
    """An exchange says which it is, what was asked and all that came."""
    made = exchange(
        Heard(
            status=201,
            headers=[("Content-Type", "text/plain"), ("X-Odd", "odd")],
            pieces=[(0.12345678, b"one"), (1.5, b""), (2.0, b"two")],
            received=6,
            error="closed: peer closed",
        ),
        Request(body=b'{"n": 2}', zone=Zone.DISPUTED, method="PUT", headers=(("a", "b"),)),
    )
    assert (made.n, made.case, made.step, made.purpose, made.round) == (7, "a.case", (2, 1), Purpose.AGAIN, 3)
    assert (made.request.method, made.request.body, made.request.zone) == ("PUT", b'{"n": 2}', Zone.DISPUTED)
    assert made.request.headers[0] == ("a", "b")
    assert made.status == 201
    assert made.headers == (("Content-Type", "text/plain"), ("X-Odd", "«withheld»"))
    assert made.pieces == ((0.123457, b"one"), (1.5, b""), (2.0, b"two"))
    assert (made.received, made.error) == (6, "closed: peer closed")


def test_nothing_was_heard() -> None:
    """Where no reply began there is no status, and the error says why."""
    made = exchange(Heard(error="connect: refused"))
    assert (made.status, made.headers, made.pieces, made.error) == (None, (), (), "connect: refused")
    assert exchange(Heard(status=204)).error is None


@pytest.mark.parametrize("secret", [KEY, "the-team-secret", TARGET.wrong_key])
@pytest.mark.parametrize("credential", [Credential.RIGHT, Credential.WRONG, Credential.WRONG_SCHEME])
def test_no_secret_is_written(secret: str, credential: Credential) -> None:
    """Wherever a secret is sent or comes back, the line of evidence holds its marker only."""
    heard = Heard(
        status=200,
        headers=[("www-authenticate", f"Bearer {secret}"), (f"x-{secret}", secret), ("set-cookie", secret)],
        pieces=cut(f"data: no such key: {secret}\n\n".encode(), 30),
        error=f"closed: {secret}",
    )
    body = json.dumps({"user": secret, "stream": True}).encode()
    made = exchange(heard, Request(body=body, credential=credential, headers=(("x-own", secret),)))
    line = evidence.to_json(made)
    parts = [json.dumps(line, ensure_ascii=False).encode(), made.request.body, made.body]
    assert not [part for part in parts if secret.encode() in part]
    assert not [part for part in parts if base64.b64encode(secret.encode()) in part]
    number = {KEY: 1, "the-team-secret": 2, TARGET.wrong_key: 3}[secret]
    assert all(marker(number).encode() in part for part in parts)


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "deflate", " GZIP "])
@settings(deadline=None)
@given(st.binary(max_size=300) | st.just(b"data: {}\n\n" * 100), st.data())
def test_coding_is_undone(coding: str, body: bytes, data: st.DataObject) -> None:
    """A coded body is judged decoded, piece by piece, at the times at which its pieces came."""
    coded = zlib.compress(body) if coding == "deflate" else gzip.compress(body)
    pieces = cut(coded, *data.draw(st.lists(st.integers(0, len(coded)), max_size=5).map(sorted)))
    made = decoded(coding, pieces, received=len(coded))
    assert made.body == body
    assert made.error is None
    assert made.received == len(coded)
    assert [when for when, _ in made.pieces] == [when for when, _ in pieces]


@pytest.mark.parametrize("coding", ["identity", "br", "", "gzip, br"])
def test_other_codings_are_left(coding: str) -> None:
    """What is said to be in a coding that we do not undo is kept as it came."""
    assert decoded(coding, [(0.0, b"\x1f\x8babc")]).body == b"\x1f\x8babc"


def test_secret_inside_a_coding() -> None:
    """A secret is found in what the coding hides."""
    made = decoded("gzip", cut(gzip.compress(f"data: {KEY}\n\n".encode()), 20, 30))
    assert made.body == f"data: {marker(1)}\n\n".encode()


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        pytest.param(b"this is no gzip at all", b"", id="none"),
        pytest.param(gzip.compress(b"x" * 50)[:-8] + b"\0" * 8, None, id="wrong checksum"),
        pytest.param(gzip.compress(b"x" * 50)[:-8], b"x" * 50, id="without its end"),
        pytest.param(gzip.compress(bytes(range(256)))[:100], None, id="cut short"),
        pytest.param(gzip.compress(b"one") + b"trailing", b"one", id="more after its end"),
    ],
)
def test_bad_coding(body: bytes, kept: bytes | None) -> None:
    """A body that is not what its coding says is an error, and what could be read of it is kept."""
    made = decoded("gzip", cut(body, 10))
    assert made.error is not None
    assert made.error.startswith("coding: ")
    assert "gzip" in made.error
    assert kept is None or made.body == kept


def test_what_cut_it_short_comes_first() -> None:
    """Where the connection was cut, that is the error and not the half body."""
    assert decoded("gzip", cut(gzip.compress(b"one")[:12]), error="closed: reset").error == "closed: reset"


def test_bomb() -> None:
    """A small body that decodes to a huge one is bounded: an error says so, and its beginning is kept."""
    bomb = gzip.compress(bytes(LONGEST + 5), 9)
    for pieces in (cut(bomb), cut(bomb, 100, len(bomb) // 2), [*cut(bomb), (9.0, b"more")]):
        made = decoded("gzip", pieces)
        assert made.body == bytes(BEGINNING)
        assert made.error is not None
        assert made.error.startswith("long: ")


TOKENS = [{"token": each, "bytes": [ord(each)]} for each in KEY]


@pytest.mark.parametrize(
    "logprobs",
    [
        TOKENS,
        [{**each, "token": "a"} for each in TOKENS],
        [{"token": "a", "bytes": None, "top_logprobs": [{"token": "b", "bytes": list(KEY.encode())}]}],
    ],
    ids=["tokens", "bytes", "another token's bytes"],
)
@pytest.mark.parametrize("streamed", [True, False])
def test_secret_in_tokens(logprobs: list[Any], streamed: bool) -> None:
    """A reply whose tokens or their bytes join to a secret is withheld: a report would spell it out."""
    said = {"choices": [{"index": 0, "message": {"content": "a"}, "logprobs": {"content": logprobs}}]}
    body = json.dumps(said).encode()
    asked = ASKED if streamed else Request(body=b"{}")
    made = exchange(Heard(status=200, pieces=[(0.5, b"data: " + body + b"\n\n" if streamed else body)]), asked)
    assert "withheld" in str(made.objects)
    assert marker(1) in str(made.objects)
    assert str(list(KEY.encode()))[1:-1].encode() not in made.body


@pytest.mark.long
@pytest.mark.parametrize(
    ("body", "fit"),
    [(b"x" * 2_000_000, 7), (b"data\n\n" * 200_000, 1), (b"[" + b"{}," * 200_000, 1), (b"x" * BEGINNING, 5000)],
    ids=["text", "events", "JSON", "beginnings"],
)
def test_room(body: bytes, fit: int) -> None:
    """A run keeps as many long bodies as memory allows, taken apart; of further ones the beginning, and it says so; what
    is no longer than a beginning is always kept."""
    room = Room()
    first = [record.exchange(n, ADDRESS, ASKED, TARGET, Heard(pieces=[(0.0, body)]), room=room) for n in range(fit)]
    assert {(len(each.body), each.error) for each in first} == {(len(body), None)}
    more = [record.exchange(n, ADDRESS, ASKED, TARGET, Heard(pieces=[(0.0, body)]), room=room) for n in range(90)]
    kept = {(len(each.body), (each.error or "").partition(":")[0]) for each in more}
    assert (BEGINNING, "budget" if len(body) > BEGINNING else "") in kept
    assert all(each.weather for each in more if each.error)
    small = record.exchange(1, ADDRESS, ASKED, TARGET, Heard(status=200, pieces=[(0.0, b"{}")]), room=room)
    assert (small.body, small.error) == (b"{}", None)


def test_as_much_as_is_kept() -> None:
    """A body that decodes to exactly the most that is kept is whole, and no error."""
    made = decoded("gzip", cut(gzip.compress(bytes(LONGEST))))
    assert len(made.body) == LONGEST
    assert made.error is None


HALVES = (KEY[:9], KEY[9:])


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param(stream(*({"content": half} for half in HALVES)), id="content"),
        pytest.param(stream(*({"content": letter} for letter in f"a {KEY} b")), id="letter by letter"),
        pytest.param(stream(*({"reasoning_content": half} for half in HALVES)), id="reasoning"),
        pytest.param(stream(*({"refusal": half} for half in HALVES)), id="refusal"),
        pytest.param(
            stream((1, {"content": HALVES[0]}), (0, {"content": "and"}), (1, {"content": HALVES[1]})), id="interleaved"
        ),
        pytest.param(
            stream(*({"tool_calls": [{"index": 0, "function": {"arguments": half}}]} for half in HALVES)),
            id="arguments of a call",
        ),
        pytest.param(stream({"content": KEY}, *({"content": half} for half in HALVES)), id="in one piece as well"),
    ],
)
def test_secret_joined_over_deltas(pieces: Pieces) -> None:
    """A stream whose deltas join to a secret is withheld, and its marker says what was there."""
    made = exchange(Heard(status=200, pieces=pieces, received=500))
    assert not [half for half in HALVES if half.encode() in made.body]
    assert made.text == ""
    assert "withheld" in str(made.chunks[0]["error"])
    assert marker(1) in str(made.chunks[0]["error"])
    assert (made.n, made.status, made.received) == (7, 200, 500)
    assert [when for when, _ in made.pieces] == [0.0]
    assert made.stream.irregularities == ()


@pytest.mark.parametrize(
    ("request_body", "pieces"),
    [
        (b'{"stream": true}', stream({"content": HALVES[0]}, {"content": "and"}, {"content": HALVES[1]})),
        (b'{"stream": true}', stream((0, {"content": HALVES[0]}), (1, {"content": HALVES[1]}))),
        (b'{"stream": true}', stream({"content": "max_"}, {"content": "tokens"})),
        (b'{"stream": false}', stream(*({"content": half} for half in HALVES))),
        (b'{"stream": true}', [(0.0, b"data: {\n\n"), (0.5, b"\xff")]),
    ],
)
def test_nothing_joined_nothing_withheld(request_body: bytes, pieces: Pieces) -> None:
    """A reply whose text holds no secret is kept byte for byte."""
    made = exchange(Heard(status=200, pieces=pieces), Request(body=request_body))
    assert list(made.pieces) == pieces


def test_marked_is_not_withheld() -> None:
    """A secret inside one delta is replaced there, and the rest of the stream is kept."""
    made = exchange(Heard(status=200, pieces=stream({"content": "a "}, {"content": KEY}, {"content": " b"})))
    assert made.text == f"a {marker(1)} b"
    assert len(made.pieces) == 4
