"""Redaction: no spelling of a secret gets through, and nothing else is touched."""

from __future__ import annotations

import base64
import html
import json
import math
import re
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from conformance.redact import ECHO, MARKER, WITHHELD, Redactor, marker
from conformance.spellings import SHORTEST, plain

MARKERS = "".join(map(marker, range(1, 10)))
PRINTABLE = "".join(map(chr, range(32, 127)))
Pieces = list[tuple[float, bytes]]

secrets = st.text(PRINTABLE, min_size=SHORTEST, max_size=60).filter(lambda secret: secret not in MARKERS)
fillers = st.binary(max_size=20) | st.text(PRINTABLE, max_size=20).map(str.encode)


def within_base64(before: int, encode: Callable[[bytes], bytes], secret: str) -> bytes:
    """A base64 text that holds the secret after so many other bytes, and others after it."""
    return encode(bytes(range(200, 200 + before)) + secret.encode() + b"\xfb\xff")


def basic(secret: str) -> str:
    """The secret in base64."""
    return base64.b64encode(secret.encode()).decode()


SPELLINGS: dict[str, Callable[[str], bytes]] = {
    "as it is": str.encode,
    "bearer": lambda secret: f"Bearer {secret}".encode(),
    "JSON": lambda secret: json.dumps({"message": f'the key "{secret}" is wrong'}).encode(),
    "JSON with escaped slashes": lambda secret: json.dumps({"a": secret}).replace("/", "\\/").encode(),
    "URL": lambda secret: quote(secret, safe="").encode(),
    "form": lambda secret: quote_plus(secret).encode(),
    "base64": lambda secret: basic(secret).encode(),
    "base64 for URLs": lambda secret: base64.urlsafe_b64encode(secret.encode()),
    "base64 without padding": lambda secret: basic(secret).rstrip("=").encode(),
    **{f"base64 after {n}": partial(within_base64, n, base64.b64encode) for n in range(4)},
    **{f"base64 for URLs after {n}": partial(within_base64, n, base64.urlsafe_b64encode) for n in range(4)},
}


def traces(secret: str) -> list[bytes]:
    """What may not be found of a secret: its spellings, in base64 the characters that no neighbour decides."""
    alone = [SPELLINGS[name](secret) for name in ("as it is", "URL", "form", "base64 without padding")]
    core = [
        encode(b"\0" * before + secret.encode() + b"\0\0\0")[-(-before * 4 // 3) : (before + len(secret)) * 4 // 3]
        for before in range(3)
        for encode in (base64.b64encode, base64.urlsafe_b64encode)
    ]
    return [*alone, json.dumps(secret)[1:-1].encode(), *core]


@pytest.mark.parametrize("spelling", SPELLINGS)
@given(secret=secrets, before=fillers, after=fillers)
@settings(deadline=None, max_examples=60)
@example(secret='sk-"quoted\\/+~ %20&key?', before=b"", after=b"")
@example(secret="user:pa>>word???", before=b"{", after=b"}")
@example(secret="......", before=b"", after=b"")
def test_no_trace(spelling: str, secret: str, before: bytes, after: bytes) -> None:
    """Of a secret in any of its spellings, whatever stands around it, nothing but its marker is left."""
    redacted = Redactor([secret]).data(before + SPELLINGS[spelling](secret) + after)
    assert marker(1).encode() in redacted
    assert not [trace for trace in traces(secret) if trace in redacted]


def escaping(characters: str, digits: str) -> Callable[[str], str]:
    """An encoder of JSON that writes these characters by their numbers."""

    def encode(secret: str) -> str:
        return "".join(digits % ord(each) if each in characters else json.dumps(each)[1:-1] for each in secret)

    return encode


@pytest.mark.parametrize(
    "spell",
    [
        pytest.param(quote, id="URL path: slashes as they are"),
        pytest.param(lambda secret: quote(secret, safe="!'()*"), id="encodeURIComponent"),
        pytest.param(
            lambda secret: re.sub("%..", lambda found: found[0].lower(), quote(secret, safe="")), id="URL, %2b"
        ),
        pytest.param(escaping("<>&", "\\u%04x"), id="JSON of Go's"),
        pytest.param(escaping("<>&'+`\"", "\\u%04X"), id="JSON of .NET's"),
        pytest.param(escaping(PRINTABLE, "\\u%04x"), id="JSON, all of it escaped"),
        pytest.param(html.escape, id="HTML"),
        pytest.param(lambda secret: basic(secret).replace("/", "\\/"), id="base64 in JSON of PHP's"),
        pytest.param(lambda secret: quote(basic(secret), safe=""), id="base64 in a URL"),
    ],
)
def test_spellings_of_others(spell: Callable[[str], str]) -> None:
    """The spellings that the encoders of common servers give a secret are known."""
    secret = "k/e+y&<(1)*???>>>"
    assert Redactor([secret]).text(f"no such key: {spell(secret)}, sorry") == f"no such key: {marker(1)}, sorry"


ESCAPES: tuple[Callable[[str], str], ...] = (
    str,
    lambda each: f"\\u{ord(each):04x}",
    lambda each: f"\\\\u{ord(each):04X}",
    lambda each: f"\\x{ord(each):02x}",
    lambda each: f"%{ord(each):02x}",
    lambda each: f"%25{ord(each):02X}",
    lambda each: f"&#{ord(each)};",
    lambda each: f"&#x{ord(each):X};",
)


@settings(deadline=None)
@given(secret=secrets, data=st.data())
def test_escaped_here_and_there(secret: str, data: st.DataObject) -> None:
    """A secret is found whichever of its characters are escaped, and in whichever way."""
    assume(len(plain(secret.encode())) == len(secret))  # else it is full of escapes itself
    ways = data.draw(st.lists(st.sampled_from(ESCAPES), min_size=len(secret), max_size=len(secret)))
    written = "".join(escape(each) for escape, each in zip(ways, secret, strict=True))
    redacted = Redactor([secret]).text(f'{{"message": "no such key: {written}, sorry"}}')
    assert redacted == f'{{"message": "no such key: {marker(1)}, sorry"}}'


def test_escapes_around_what_is_known() -> None:
    """A pair is found though one of its parts is written plainly and the other is not."""
    redactor = Redactor(["reporter:pass&word", "reporter", "pass&word"])
    assert redactor.text("reporter:pass\\u0026w&#111;rd") == f"{marker(2)}:{marker(3)}"


@pytest.mark.parametrize("secret", ["k\\e\\\\y-%41-of", "a-key\\q\\\\b%25c", "a%4Ckey%73of&lt;it"])
@pytest.mark.parametrize(
    "spell",
    [
        str,
        lambda each: json.dumps(json.dumps(each)),
        lambda each: quote(repr(each)),
        lambda each: "".join(f"%{ord(c):02x}" for c in each),
        lambda each: "".join(f"\\u{ord(c):04x}" if n % 2 else json.dumps(c)[1:-1] for n, c in enumerate(each)),
    ],
)
def test_backslashes(secret: str, spell: Callable[[str], str]) -> None:
    """A secret with backslashes and escapes of its own is found however often it was quoted."""
    assert marker(1) in Redactor([secret]).text(f"no such key: {spell(secret)}")


def test_nothing_but_backslashes() -> None:
    """A secret of which nothing is left without its backslashes is found as it is, and harms nothing else."""
    redactor = Redactor(["\\" * 6])
    assert redactor.text("\\" * 6) == marker(1)
    assert redactor.text("C:\\n \\t and so on") == "C:\\n \\t and so on"


@settings(deadline=None)
@given(st.text(), st.lists(secrets, max_size=3))
def test_all_else_is_unchanged(text: str, given_secrets: list[str]) -> None:
    """What holds no secret comes out as it went in."""
    assume(not [trace for secret in given_secrets for trace in traces(secret) if trace in text.encode()])
    redactor = Redactor(given_secrets)
    assert redactor.text(text) == text
    assert redactor.pieces([(0.5, text.encode())]) == ((0.5, text.encode()),)


@pytest.mark.parametrize("text", ["a\ud800b", "\udc80", "«»\U0001f600", "max_tokens", "secret", ""])
def test_honest_text(text: str) -> None:
    """Nothing is redacted by its name, and what is no Unicode is kept."""
    assert Redactor(["abcdef"]).text(text) == text
    assert Redactor(["abcdef"]).text(f"{text}abcdef{text}") == f"{text}{marker(1)}{text}"
    assert Redactor().text(text) == text


@pytest.mark.parametrize("given_secrets", [["abcdef"], ["secret"], ["abcdef", "secret 1"], ["secret", "a secret"]])
def test_once_is_enough(given_secrets: list[str]) -> None:
    """Redacting what was redacted changes nothing, even where a secret is a word of the marker."""
    redactor = Redactor(given_secrets)
    once = redactor.text(f"{given_secrets} {MARKERS}")
    assert redactor.text(once) == once


@pytest.mark.parametrize("before", range(6))
@pytest.mark.parametrize("length", range(SHORTEST, SHORTEST + 6))
def test_what_is_left_in_base64(before: int, length: int) -> None:
    """Inside another base64 text only those characters are left that say something of the secret's neighbours too."""
    text = within_base64(before, base64.b64encode, "sk-the-key-of-it"[:length]).decode()
    first, last = math.ceil(before * 8 / 6), math.floor((before + length) * 8 / 6)
    assert Redactor(["sk-the-key-of-it"[:length]]).text(text) == text[:first] + marker(1) + text[last:]


@pytest.mark.parametrize(
    ("given_secrets", "text", "redacted"),
    [
        (["abcdef", "ghijkl"], "abcdef ghijkl abcdef", "«secret 1» «secret 2» «secret 1»"),
        (["ghijkl", "abcdef"], "abcdef ghijkl", "«secret 2» «secret 1»"),
        (["", "abcdef", "", "abcdef", "ghijkl"], "abcdefghijkl", "«secret 1»«secret 2»"),
        (["user:password", "user", "password"], "user:password password user", "«secret 1» «secret 3» «secret 2»"),
        (["abcdef", "abcdef-and-more"], "abcdef-and-more, abcdef-and", "«secret 2», «secret 1»-and"),
        (["abcdef", "in abcdef inside"], "in abcdef inside abcdef", "«secret 2» «secret 1»"),
        (["abcdef"], "abcdefabcdefabcde", "«secret 1»«secret 1»abcde"),
        ([f"secret-{number:02}" for number in range(12)], "secret-11secret-00", "«secret 12»«secret 1»"),
    ],
)
def test_numbering(given_secrets: list[str], text: str, redacted: str) -> None:
    """A marker has its secret's place in the order given; of two that begin at one place the longer is replaced."""
    redactor = Redactor(given_secrets)
    assert redactor.text(text) == redacted
    assert redactor.secrets == tuple(dict.fromkeys(filter(None, given_secrets)))


def test_markers_are_recognised() -> None:
    """The pattern of markers finds each of them whole, and no other text."""
    text = f"{marker(1)}{marker(12)} «secret» secret 3 «secret x»"
    assert MARKER.findall(text) == [marker(1), marker(12)]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_secret_across_a_border(spelling: str) -> None:
    """A secret is found wherever a body is cut in two; its marker lies where it begins, and all else where it was."""
    redactor = Redactor(['key "with"/odd+characters'])
    body = b"data: before " + SPELLINGS[spelling]('key "with"/odd+characters') + b" after\n\n"
    redacted = redactor.data(body)
    start = redacted.index(marker(1).encode())
    for cut in range(len(body) + 1):
        one, other = redactor.pieces([(0.25, body[:cut]), (0.75, body[cut:])])
        assert (one[0], other[0]) == (0.25, 0.75)
        assert one[1] + other[1] == redacted
        assert len(one[1]) == cut if cut <= start else marker(1).encode() in one[1]


@settings(deadline=None)
@given(st.lists(secrets, min_size=1, max_size=3), st.lists(fillers, max_size=6), st.data())
def test_pieces(given_secrets: list[str], texts: list[bytes], data: st.DataObject) -> None:
    """However a body is cut, its pieces join to the redacted body, as many as before and at the same times."""
    spelt = [SPELLINGS[name](secret) for secret in given_secrets for name in ("as it is", "JSON", "base64 after 1")]
    body = b"".join(data.draw(st.permutations([*texts, *spelt])))
    cuts = data.draw(st.lists(st.integers(0, len(body)), max_size=12).map(sorted))
    pieces: Pieces = [
        (float(number), body[start:stop]) for number, (start, stop) in enumerate(pairwise([0, *cuts, len(body)]))
    ]
    redactor = Redactor(given_secrets)
    redacted = redactor.pieces(pieces)
    assert [when for when, _ in redacted] == [when for when, _ in pieces]
    assert b"".join(piece for _, piece in redacted) == redactor.data(body)


def test_many_pieces() -> None:
    """Very many pieces, each with the secret in it, are no trap: work that grew with their square would not end here."""
    pieces: Pieces = [(0.0, b"data: abcdef\n\n")] * 40_000
    redacted = Redactor(["abcdef"]).pieces(pieces)
    assert {piece for _, piece in redacted} == {f"data: {marker(1)}\n\n".encode()}
    assert len(redacted) == len(pieces)


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("Content-Type", "application/json", "application/json"),
        ("WWW-Authenticate", 'Bearer realm="abcdef"', f'Bearer realm="{marker(1)}"'),
        ("retry-after", "5", "5"),
        ("x-request-id", "1-2-3", "1-2-3"),
        ("X-RateLimit-Remaining-Tokens", "7", "7"),
        ("ratelimit-policy", "10;w=1", "10;w=1"),
        ("set-cookie", "session=1", WITHHELD),
        ("x-upstream-authorization", "Bearer abcdef", WITHHELD),
        ("content-type-options", "nosniff", WITHHELD),
        ("x-abcdef", "yes", WITHHELD),
    ],
)
def test_reply_headers(name: str, value: str, kept: str) -> None:
    """All names of reply headers are kept, without secrets; values only of those known to be harmless."""
    assert Redactor(["abcdef"]).headers([(name, value)]) == ((name.replace("abcdef", marker(1)), kept),)


HARMLESS = ["allow", "content-encoding", "content-length", "content-type", "date", "location", "request-id"]
HARMLESS += ["retry-after", "transfer-encoding", "www-authenticate", "x-request-id"]


@pytest.mark.parametrize("name", HARMLESS)
def test_harmless_headers(name: str) -> None:
    """What a judge may need of the headers is kept, in any case of their names."""
    assert Redactor(["abcdef"]).headers([(name.upper(), "as it is")]) == ((name.upper(), "as it is"),)


def test_request_headers() -> None:
    """Request headers are ours: their order and values are kept but for the secrets."""
    sent = [("authorization", "Bearer abcdef"), ("x-team", "ours"), ("authorization", "Basic dXNlcjphYmNkZWY=")]
    assert Redactor(["abcdef", "user:abcdef"]).sent_headers(sent) == (
        ("authorization", f"Bearer {marker(1)}"),
        ("x-team", "ours"),
        ("authorization", f"Basic {marker(2)}"),
    )


@pytest.mark.parametrize(
    ("text", "echoes"),
    [
        (marker(1), True),
        (f"no: {marker(12)}.", True),
        (f"«{marker(1)}»", True),
        (marker(1) + marker(2), True),
        (f"a{marker(1)}", False),
        (f"_{marker(1)}", False),
        (f"{marker(1)}s", False),
        (marker(1, word=True), False),
        ("«secret »", False),
    ],
)
def test_echoes(text: str, echoes: bool) -> None:
    """A secret that stands by itself came back; one in a larger word, or that may be a word, need not have."""
    assert bool(ECHO.search(text)) is echoes
