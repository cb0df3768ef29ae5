"""Log probabilities beside a text: tokens that are told in any honest form are of it, and others in the same form not."""

from __future__ import annotations

import json
from typing import TypeAlias

import pytest

from conformance.exchange import Exchange, Sent
from conformance.model import Purpose, Violation
from conformance.requirements import registry

Token: TypeAlias = "tuple[str, bytes | None]"

SIGN = "\ufffd".encode()


def reply(text: str, tokens: list[Token]) -> Exchange:
    """A text that its limit cut, with the tokens that are told beside it."""
    told = [
        {"token": name, "logprob": -1.0, "bytes": None if data is None else list(data), "top_logprobs": []}
        for name, data in tokens
    ]
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": "length", "logprobs": {"content": told}}
    body = json.dumps({"choices": [choice]}).encode()
    request = Sent(method="POST", url="http://x/", headers=(), body=b'{"logprobs": true}')
    return Exchange(
        n=1, case="c", step=(0, 0), purpose=Purpose.PLAN, request=request, status=200, pieces=((0.0, body),)
    )


def verdict(id_: str, text: str, tokens: list[Token]) -> str:
    """What a requirement finds, in a word."""
    findings = list(registry()[f"logprobs.{id_}"].check(reply(text, tokens)))
    if any(isinstance(each, Violation) for each in findings):
        return "violated"
    return "not judged" if findings else "fine"


def without_bytes(*names: str) -> list[Token]:
    """Tokens of which only the names are told."""
    return [(name, None) for name in names]


def own_bytes(*names: str) -> list[Token]:
    """Tokens whose bytes are the UTF-8 of their names."""
    return [(name, name.encode()) for name in names]


EXACT: list[tuple[str, list[Token], str]] = [
    (" a月 b", [(" a", b" a"), (r"\xe6\x9c", b"\xe6\x9c"), (r"\x88", b"\x88"), (" b", b" b")], "fine"),
    (" a月 b", without_bytes(" a", r"bytes:\xe6\x9c", r"bytes:\x88", " b"), "fine"),
    (" a月 b", without_bytes(" a", r"\xe6\x9c", " b"), "violated"),
    (r" a\x41 b", without_bytes(" a", r"\x41", " b"), "fine"),
    (" in it\n", without_bytes("▁in", "▁it"), "fine"),
    (" in\nit", without_bytes("Ġin", "Ċ", "it"), "fine"),
    (" in it", without_bytes("▁it"), "violated"),
    (" in it", without_bytes("Ġit", "Ġin"), "violated"),
    (" Ġust", without_bytes(" Ġust"), "fine"),
    (" in 日", without_bytes("▁in", "▁日"), "fine"),
    (" in 日", without_bytes("▁日", "▁in"), "violated"),
    (" in 日", without_bytes("Ġin", "Ġæ", "Ĺ¥"), "not judged"),
    ("日", without_bytes("æĹ¥"), "not judged"),
    (" in 日", without_bytes("▁in", "▁", "<0xE6>", "<0x97>", "<0xA5>"), "not judged"),
    (" in 日", own_bytes(" in", " ", "<0xE6>", "<0x97>", "<0xA5>"), "not judged"),
    (" in it", own_bytes("▁in", "▁it"), "violated"),
    (" in 日 it", [(" in", b" in"), ("\ufffd", b" " + SIGN), ("\ufffd", SIGN), (" it", b" it")], "not judged"),
    (" in \ufffd it", [(" in", b" in"), (" \ufffd", b" " + SIGN), (" it", b" it")], "fine"),
    (" in \ufffd it", [(" it", b" it"), (" \ufffd", b" " + SIGN), (" in", b" in")], "violated"),
    (" in it", own_bytes("token_id:7", "token_id:8"), "not judged"),
    (" in it", without_bytes("token_id:7", "token_id:8"), "not judged"),
    (" in it", [("token_id:7", b" it"), ("token_id:8", b" in")], "violated"),
    (" in it", [("token_id:7", b" in"), ("token_id:8", b" it")], "fine"),
]


@pytest.mark.parametrize(("text", "tokens", "expected"), EXACT)
def test_tokens_that_say_the_text(text: str, tokens: list[Token], expected: str) -> None:
    """Tokens in a form that can be read are the text or are not; of those in another form nothing is said."""
    assert verdict("exact", text, tokens) == expected


OF_THE_TEXT: list[tuple[list[Token], str]] = [
    (own_bytes("▁in", "▁it", "▁is", "▁all"), "fine"),
    (own_bytes("▁of", "▁an", "▁hour", "▁all"), "violated"),
    (own_bytes("<0xE6>", "<0x97>", "<0xA5>", "▁all"), "not judged"),
    (without_bytes("▁in", "▁it", "▁is", r"\xe6\x97", r"\xa5", r"bytes:\xe6\x97", r"bytes:\xa5", "▁all"), "fine"),
    (without_bytes("▁of", "▁an", "▁hour", r"\xe6\x97", r"\xa5", "▁all"), "violated"),
]


@pytest.mark.parametrize(("tokens", "expected"), OF_THE_TEXT)
def test_tokens_that_are_of_the_text(tokens: list[Token], expected: str) -> None:
    """Signs for white space are none of the text, in bytes neither; bytes by themselves show nothing."""
    assert verdict("of-the-text", " in it is 日日 all", tokens) == expected


BYTES: list[tuple[str, bytes, str]] = [
    (r"\xe6\x9c", b"\xe6\x9c", "fine"),
    (r"bytes:\xe6\x9c", b"\xe6\x9c", "fine"),
    (r"bytes: \xe6\x9c", b" \xe6\x9c", "fine"),
    (r"\xe6\x9c", rb"\xe6\x9c", "fine"),
    (r"\xe6\x9c", b"\xe6\x9d", "violated"),
    ("é", b"\xe9", "violated"),
    ("a", b"\xe6\x9c", "violated"),
    ("bytes:a", b"a", "violated"),
]


@pytest.mark.parametrize(("name", "data", "expected"), BYTES)
def test_bytes_of_a_name(name: str, data: bytes, expected: str) -> None:
    """Bytes may be the UTF-8 of a token or those it is named by, and not whatever is no UTF-8."""
    assert verdict("bytes", "x", [(name, data)]) == expected
