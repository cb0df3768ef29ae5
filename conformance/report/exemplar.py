"""One exchange as a reader sees it: the request, what came back, and a line that does it again."""

from __future__ import annotations

import shlex

from .. import strict_json
from ..contract import Contract
from ..exchange import Exchange
from ..model import JSON
from ..redact import marker

LONGEST = 2000
"""Bytes of a reply that are shown; the evidence has the rest."""

KEY = "$API_KEY"


def exemplar(exchange: Exchange, contract: Contract, control: Exchange | None) -> dict[str, JSON]:
    """The exchange with its request, status, excerpt and curl line, and how its request differs from its control's."""
    return {
        "request": _text(exchange.request.body, LONGEST),
        "status": exchange.status,
        "headers": [[name, value] for name, value in exchange.headers],
        "error": exchange.error,
        "excerpt": _text(exchange.body, LONGEST),
        "curl": curl(exchange, contract),
        "difference": difference(exchange, control) if control else [],
        "pieces": len(exchange.pieces),
        "first": exchange.pieces[0][0] if exchange.pieces else None,
        "last": exchange.pieces[-1][0] if exchange.pieces else None,
    }


def _text(data: bytes, limit: int) -> str:
    """Bytes as text of at most `limit` bytes; what is no UTF-8 shows as escapes."""
    text = data.decode("utf-8", "backslashreplace")
    cut = text.encode("utf-8")[:limit].decode("utf-8", "ignore")
    return text if cut == text else cut + f"… ({len(data)} bytes in all)"


def difference(exchange: Exchange, control: Exchange) -> list[JSON]:
    """The members in which two requests differ: [name, value, the control's value], null where one has none."""
    mine, other = exchange.sent, control.sent
    names = dict.fromkeys([*mine, *other])
    missing = object()
    return [
        [
            name,
            strict_json.canonical(mine[name]).decode() if name in mine else None,
            strict_json.canonical(other[name]).decode() if name in other else None,
        ]
        for name in names
        if mine.get(name, missing) != other.get(name, missing)
    ]


def curl(exchange: Exchange, contract: Contract) -> str:
    """A shell line that sends the same request; the key is left to the variable API_KEY."""
    request = exchange.request
    parts = ["curl", "-sS", "-i"]
    if exchange.asked_stream:
        parts.append("-N")
    if request.method != "POST":
        parts += ["-X", request.method]
    parts.append(shlex.quote(request.url))
    for name, value in request.headers:
        parts += ["-H", _header(name, value, contract)]
    if request.body:
        parts += ["--data-binary", _body(request.body)]
    return " ".join(parts)


def _header(name: str, value: str, contract: Contract) -> str:
    """The header as a shell word, with the key's variable where the key was and a wrong one where that was."""
    if name != "authorization" or "«" not in value:
        return f'"{name}: $SECRET_HEADER"' if "«" in value else shlex.quote(f"{name}: {value}")
    scheme = value.partition(" ")[0]
    key = KEY if value.partition(" ")[2] == marker(1) else "a-wrong-key"
    if contract.scheme == "basic":
        key = f'$(printf %s "{KEY if key == KEY else "user:a-wrong-key"}" | base64 -w0)'
    return f'"authorization: {scheme} {key}"'


def _body(body: bytes) -> str:
    text = body.decode("utf-8", "backslashreplace")
    if text.encode("utf-8") == body and "\x00" not in text:
        return shlex.quote(text)
    return (
        "$'"
        + "".join(chr(byte) if 32 <= byte < 127 and byte not in b"'\\" else f"\\x{byte:02x}" for byte in body)
        + "'"
    )
