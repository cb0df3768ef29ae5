"""An exchange -> a shell line that sends the same request again, the secrets left to variables.

Rule: the line can be pasted.  It is POSIX shell, holds no character that a page, a clipboard or a terminal may change,
and what curl would add or read into it (a media type, a file behind an @, a range in a URL) is switched off.
"""

from __future__ import annotations

import re
import shlex

from ..contract import Contract
from ..evidence import EVIDENCE
from ..exchange import Exchange, Sent
from ..redact import MARKER, marker

KEY = "API_KEY"
"""The variable that holds the key: for a Basic contract, user:password."""

WRONG_KEY = "a-wrong-key"

LONGEST = 4000
"""Bytes of a body that are written into the line; a longer one is taken from the evidence."""


def curl(exchange: Exchange, contract: Contract) -> str:
    """A shell line that sends the same request; run it in the folder of the run."""
    request = exchange.request
    piped, data = _body(exchange.n, request)
    parts = [f"{piped} | curl" if piped else "curl", "-sS", "-i"]
    if exchange.asked_stream:
        parts.append("-N")
    if set("{}[]") & set(request.url):
        parts.append("-g")
    if request.method != "POST":
        parts += ["-X", request.method]
    parts.append(_word(request.url, KEY))
    for name, value in request.headers:
        parts += ["-H", _header(name, value, contract)]
    if data and not any(name.lower() == "content-type" for name, _ in request.headers):
        parts += ["-H", "content-type:"]
    return " ".join([*parts, *data])


def variables(exchange: Exchange, contract: Contract) -> list[str]:
    """The variables that the line takes secrets from."""
    request = exchange.request
    found = [KEY] if MARKER.search(request.url) or MARKER.search(request.body.decode("utf-8", "replace")) else []
    for name, value in request.headers:
        said = credential(name, value)
        if said is not None and (said.endswith(f"${KEY}") or contract.scheme == "basic"):
            found.append(KEY)
        elif said is None and MARKER.search(value):
            found.append(variable(name))
    return list(dict.fromkeys(found))


def credential(name: str, value: str) -> str | None:
    """A credential as it can be told: its scheme and the variable, or the wrong key; None for any other header."""
    scheme, _, secret = value.partition(" ")
    if name.lower() != "authorization" or MARKER.fullmatch(secret) is None:
        return None
    return f"{scheme} {f'${KEY}' if secret in (marker(1), marker(1, word=True)) else WRONG_KEY}"


def _header(name: str, value: str, contract: Contract) -> str:
    """The header as a shell word, with variables in the place of secrets and a wrong key where one was tried."""
    if not value:
        return shlex.quote(f"{name};")
    said = credential(name, value)
    if said is None:
        return _word(f"{name}: {value}", variable(name))
    if contract.scheme != "basic":
        return f'"{name}: {said}"'
    scheme, _, secret = said.partition(" ")
    pair = secret if secret != WRONG_KEY else f"${{{KEY}%%:*}}:{secret}"
    return f'"{name}: {scheme} $(printf %s "{pair}" | base64 | tr -d \'\\n\')"'


def variable(header: str) -> str:
    """A variable named after a header."""
    return re.sub("[^A-Z0-9]", "_", header.upper())


def _word(words: str, name: str) -> str:
    """A shell word, with a variable in the place of each secret."""
    if MARKER.search(words) is None:
        return shlex.quote(words)
    plain = iter(MARKER.split(words))
    return shlex.quote(next(plain)) + "".join(f'"${name}"{shlex.quote(each) if each else ""}' for each in plain)


def _body(number: int, request: Sent) -> tuple[str, list[str]]:
    """What is piped into curl, if anything, and curl's arguments for it."""
    body = request.body
    if len(body) > LONGEST:
        found = f's/^{{"kind":"exchange","n":{number},.*"body":"\\([^"]*\\)".*/\\1/p'
        return f"sed -n {shlex.quote(found)} {EVIDENCE} | base64 -d", ["--data-binary", "@-"]
    text = printable(body)
    if text is None:
        return f"printf {shlex.quote(_octal(body))}", ["--data-binary", "@-"]
    if not body and request.method != "POST":
        return "", []
    return "", ["--data-raw", _word(text, KEY)]


def printable(body: bytes) -> str | None:
    """The body as text, None where a page or a terminal might change it."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return text if text.replace("\n", "").isprintable() else None


def _octal(body: bytes) -> str:
    """The body as a format of printf's."""
    special = {ord("%"): "%%", ord("\\"): "\\\\", ord("\n"): "\\n"}
    return "".join(special.get(byte) or (chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}") for byte in body)
