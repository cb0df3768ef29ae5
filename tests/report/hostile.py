"""An endpoint that means harm: every string it sends holds what acts on a browser, a parser, a terminal or a reader."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from conformance.mutants import Call, Mutant, Wire

NOWHERE = "http://127.0.0.1:9/pwned"
"""An address that nobody answers: what a page must not ask for."""

HEADER = (
    '"><img src=x onerror=alert(1)><script>alert(1)</script> [link](http://127.0.0.1:9/pwned) ]]> www.pwned.example'
)
"""What a header can carry of it."""


def words(url: str = NOWHERE) -> str:
    """HTML, script, Markdown, XML, templates, control characters, marks of direction, half characters, a long word."""
    return (
        f"\u202e\x1b[31m\ud800pwned\"'><img src={url}/img onerror=alert(1)><script src={url}/script>alert(1)</script><svg onload=alert(1)>"
        f"</pre></article><style>@import '{url}/style'</style><a href='javascript:alert(1)'>a</a><!-- ]]> --&amp;"
        f" [link]({url}/link) ![image]({url}/image) <{url}/auto> {url}/bare www.pwned.example pwned@pwned.example @pwned"
        " #1 **pwned** | `pwned` ``` </details> {{ 7 * 7 }} {% raw %} $(touch pwned) `touch pwned`"
        "\x00\x07\x7f\x85\u2028\u2066\u200b\ufeff\ufffe\r\n" + "W" * 300
    )


def hostile(url: str = NOWHERE) -> Mutant:
    """The mutant that serves the words in the place of every string, and pages of them in the place of errors."""
    said = words(url)

    def wire(call: Call, reply: Wire) -> Wire:
        if reply.status >= 400:
            spoilt = reply.with_body(_bytes(said) + b"\xff\xfe\x00")
            return spoilt.with_header("content-type", f"text/html; charset={HEADER}").with_header("allow", HEADER)
        pieces = (
            tuple(_event(piece, said) for piece in reply.pieces)
            if call.sent.get("stream")
            else (_object(reply.body, said),)
        )
        return replace(reply, pieces=pieces).with_header("x-request-id", HEADER)

    return Mutant(name="hostile", about="every string means harm", wire=wire)


def _event(piece: bytes, said: str) -> bytes:
    data = piece.removeprefix(b"data: ").rstrip()
    return piece if data == b"[DONE]" else b"data: " + _object(data, said) + b"\n\n"


def _object(data: bytes, said: str) -> bytes:
    """The same object, and a member that is there twice, with the words in the place of its strings."""
    name = _bytes(json.dumps(said, ensure_ascii=False))
    return (
        b"{"
        + name
        + b":1,"
        + name
        + b":1,"
        + _bytes(json.dumps(_spoilt(json.loads(data), said), ensure_ascii=False))[1:]
    )


def _spoilt(value: Any, said: str) -> Any:
    if isinstance(value, dict):
        return {name: _spoilt(each, said) for name, each in value.items()}
    if isinstance(value, list):
        return [_spoilt(each, said) for each in value]
    return said if isinstance(value, str) else value


def _bytes(text: str) -> bytes:
    """UTF-8; half characters as JSON escapes them."""
    return text.encode("utf-8", "backslashreplace")
