"""How a secret may be written: by the encoders of JSON, URLs, HTML and base64, or escaped character by character.

Rule: what is not looked for here is not redacted.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

SHORTEST = 6
"""A key of fewer characters would blot out honest text, and is refused."""

ESCAPE = re.compile(
    rb"\\+(?:u00|x)([2-7][0-9a-fA-F])|%(?:25)*([2-7][0-9a-fA-F])|&#[xX]0*([2-7][0-9a-fA-F]);|&#0*([0-9]{2,3});"
    rb"|&(amp|lt|gt|quot|apos);|\\+"
)
"""A character as JSON, Python, URLs and HTML escape it; or backslashes, which come and go with each quotation."""

_NAMED = {b"amp": b"&", b"lt": b"<", b"gt": b">", b"quot": b'"', b"apos": b"'"}

_PERCENT = re.compile("%..")


def plain(data: bytes) -> bytes:
    """The data with every escape undone, and without backslashes."""
    return ESCAPE.sub(_undone, data)


def places(data: bytes) -> list[tuple[int, int]]:
    """For each byte of the plain data, from where to where in the data it is written."""
    found: list[tuple[int, int]] = []
    position = 0
    for match in ESCAPE.finditer(data):
        found += ((at, at + 1) for at in range(position, match.start()))
        found += [match.span()] * len(_undone(match))
        position = match.end()
    return [*found, *((at, at + 1) for at in range(position, len(data)))]


def _undone(match: re.Match[bytes]) -> bytes:
    """What an escape stands for."""
    code, percent, entity, number, name = match.groups()
    if number and int(number) > 127:
        return match.group()
    digits = code or percent or entity
    character = bytes([int(digits, 16) if digits else int(number)]) if digits or number else _NAMED.get(name, b"")
    return character.strip(b"\\")


def spellings(secret: str) -> Iterable[bytes]:
    """The secret as it is, in base64, and each of these as the encoders of JSON, URLs and HTML write it."""
    for text in texts(secret):
        for written in _written(text.decode("utf-8", "surrogatepass")):
            yield written.encode("utf-8", "surrogatepass")


def texts(secret: str) -> tuple[bytes, ...]:
    """The secret as it is, and in base64."""
    raw = secret.encode("utf-8", "surrogatepass")
    return raw, *_base64(raw)


def _written(text: str) -> Iterable[str]:
    yield text
    raw = text.encode("utf-8", "surrogatepass")
    for safe in ("", "/", "!'()*", "/!'()*"):  # what form encoders, path encoders and JavaScript leave alone
        for quoted in (quote(raw, safe=safe), quote_plus(raw, safe=safe)):
            yield quoted
            yield _PERCENT.sub(lambda match: match.group().lower(), quoted)
    for plain in (json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]):
        yield plain
        yield plain.replace("/", "\\/")
    for digits in ("%04x", "%04X"):
        for escaped in ("<>&", "<>&'+`\"", None):  # Go's, .NET's, everything
            yield "".join(
                "\\u" + digits % ord(each) if escaped is None or each in escaped else json.dumps(each)[1:-1]
                for each in text
            )
    for apostrophe in ("&#x27;", "&#39;"):
        yield html.escape(text).replace("&#x27;", apostrophe)
    yield html.escape(text, quote=False)


def _base64(raw: bytes) -> Iterable[bytes]:
    """The secret as a base64 text of its own, and inside any other one: at each of three alignments, the characters
    that no neighbour decides."""
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        yield encode(raw)
        yield encode(raw).rstrip(b"=")
    for shift in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            text = encode(b"\0" * shift + raw)
            first = -(-shift * 8 // 6)
            last = (shift + len(raw)) * 8 // 6
            if last - first >= SHORTEST:
                yield text[first:last]
