"""An endpoint that says the credentials it is given wherever it can, in every spelling; and a search for them in whatever
a run leaves behind."""

from __future__ import annotations

import base64
import html
import itertools
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus, unquote

from hypothesis import strategies as st

from conformance import evidence
from conformance.mutants import Call, Mutant, Wire

PRINTABLE = "".join(map(chr, range(33, 127)))

secrets = (
    st.lists(st.sampled_from(PRINTABLE), min_size=14, max_size=48)
    .map("".join)
    .filter(lambda secret: len(set(secret)) > 8)
)
"""Credentials that honest text does not hold by chance, drawn by the character: as texts Hypothesis would give names that
stand in this very code; a colon would split that of a Basic contract elsewhere."""


def _every_other_escaped(said: str) -> str:
    return "".join(f"\\u{ord(c):04x}" if number % 2 else json.dumps(c)[1:-1] for number, c in enumerate(said))


def _in_json(said: str) -> str:
    return json.dumps(said)[1:-1]


SPELLINGS: tuple[Callable[[str], str], ...] = (
    _in_json,
    _every_other_escaped,
    lambda said: "".join(f"\\u{ord(c):04X}" for c in said),
    lambda said: quote(said, safe=""),
    lambda said: _in_json(quote_plus(said)),
    lambda said: "".join(f"%{ord(c):02x}" for c in said),
    lambda said: base64.b64encode(said.encode()).decode(),
    lambda said: base64.urlsafe_b64encode(b"ab" + said.encode()).decode(),
    lambda said: _in_json(html.escape(said)),
    lambda said: _in_json(repr(said.encode())),
    lambda said: _in_json(f"Authorization: Bearer {said}"),
)
"""What may stand between the quotes of a JSON string."""


def given(call: Call) -> list[str]:
    """The credentials of a call, as the user knows them: the key, for Basic the pair and both its parts, the header."""
    _, _, key = (call.header("authorization") or "").partition(" ")
    found = [key, call.header("x-team") or ""]
    if (call.header("authorization") or "").startswith("Basic"):
        pair = base64.b64decode(key + "==", validate=False).decode("latin-1")
        found += [pair, *pair.split(":", 1)]
    return [each for each in found if each]


def parrot() -> Mutant:
    """The mutant; each call has the next spelling, place and credential."""
    count = itertools.count()

    def wire(call: Call, reply: Wire) -> Wire:
        number = next(count)
        said = given(call)
        if not said:
            return reply
        secret = said[number % len(said)]
        spelt = SPELLINGS[number % len(SPELLINGS)](secret)
        place = PLACES[number % len(PLACES)]
        return place(reply, spelt, secret).with_header("x-request-id", f"{secret} {quote(secret)}")

    return Mutant(name="parrot", about="says what it was told", wire=wire)


def _in_every_string(reply: Wire, spelt: str, _: str) -> Wire:
    """In the place of each string of the body, a stream's in small pieces."""
    body = re.sub(rb'(": ?)"[^"\\]*"', lambda found: found[1] + b'"' + spelt.encode() + b'"', reply.body)
    return replace(reply, pieces=tuple(bytes(each) for each in _cut(body, 7)))


def _in_deltas(reply: Wire, _: str, secret: str) -> Wire:
    """A character in each delta; of a whole reply, in its text, its tokens and their bytes."""
    choice: dict[str, Any] = {"index": 0, "finish_reason": None}
    if b"data: " in reply.body:
        deltas = [{**choice, "delta": {"content": each}} for each in secret]
        events = [{"id": "a", "object": "chat.completion.chunk", "choices": [each]} for each in deltas]
        return replace(reply, pieces=tuple(b"data: " + json.dumps(each).encode() + b"\n\n" for each in events))
    tokens = [{"token": each, "logprob": -1.0, "bytes": list(each.encode()), "top_logprobs": []} for each in secret]
    tokens.append({"token": "a", "logprob": -1.0, "bytes": list(secret.encode()), "top_logprobs": []})
    said = {**choice, "message": {"role": "assistant", "content": "a"}, "logprobs": {"content": tokens}}
    return reply.with_body(json.dumps({"id": "a", "object": "chat.completion", "choices": [said]}).encode())


def _in_headers(reply: Wire, spelt: str, secret: str) -> Wire:
    """In the values of headers that are kept and of one that is not, and in the name of one."""
    for name in ("location", "www-authenticate", "x-ratelimit-reset", "x-echo"):
        reply = reply.with_header(name, f"{secret} {quote(secret)} {spelt}")
    return reply.with_header(f"x-{quote(secret, safe='')}", "yes")


def _as_an_error(reply: Wire, spelt: str, secret: str) -> Wire:
    """As what went wrong, in the error of the API or in a page."""
    error = f'{{"error": {{"message": "{spelt}", "type": "{spelt}", "code": null, "param": "{spelt}"}}}}'
    page = f"<h1>{html.escape(secret)}</h1>{secret} {spelt}" if len(spelt) % 2 else error
    return replace(reply, status=400 + len(spelt) % 3 * 100 // 2, pieces=(page.encode(),))


def _as_names(reply: Wire, spelt: str, _: str) -> Wire:
    """As the names of members."""
    return reply.with_body(reply.body.replace(b"{", f'{{"{spelt}":{{}},"{spelt}":1,'.encode()).replace(b",}", b"}"))


PLACES = (_in_every_string, _in_deltas, _in_headers, _as_an_error, _as_names)


def _cut(body: bytes, size: int) -> Iterator[bytes]:
    return (body[at : at + size] for at in range(0, len(body), size))


def leaks(secret: str, folder: Path, told: Iterable[str] = ()) -> list[str]:
    """Where a secret is found: in the files of a folder, as they are or read as what they are, or in what was told."""
    sinks = {f"told {number}": each.encode() for number, each in enumerate(told)}
    for path in filter(Path.is_file, folder.rglob("*")):
        sinks[path.name] = path.read_bytes()
        if path.name == "evidence.ndjson":
            for each in evidence.read(path).exchanges:
                sinks[f"{path.name} {each.n}"] = b"\0".join([each.body, each.request.body, str(each.headers).encode()])
    traces = {
        secret,
        _in_json(secret),
        repr(secret)[1:-1],
        quote(secret, safe=""),
        quote_plus(secret),
        html.escape(secret),
    }
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        traces |= {encode(b"\0" * n + secret.encode()).decode()[4:-4] for n in range(3)}
    return [
        f"{name}: ...{read[max(read.index(trace) - 60, 0) : read.index(trace) + len(trace)]}"
        for name, data in sinks.items()
        for read in _readings(data)
        for trace in traces
        if trace in read
    ]


def _readings(data: bytes) -> Iterator[str]:
    """A text as it is, and as those who read JSON, HTML and URLs see it."""
    text = data.decode("utf-8", "backslashreplace")
    yield text
    plain = re.sub(r'\\+u([0-9a-fA-F]{4})|\\(?=["/\\])', lambda found: chr(int(found[1] or "0", 16)).strip("\0"), text)
    yield plain
    yield html.unescape(plain)
    yield unquote(plain)
