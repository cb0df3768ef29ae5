"""The reference endpoint under an open sky: replies give way, at random, to what roads and accounts do to them."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime

from conformance.mutants import Call, Wire
from conformance.reference.endpoint import Endpoint

from .servers import Heard, Server, reply, serving

Happening = Callable[[asyncio.StreamWriter], Awaitable[None]]


def _says(status: int, message: str = "", *headers: str) -> Happening:
    body = b'{"error":{"message":"%s","type":"server_error"}}' % message.encode()

    async def happen(writer: asyncio.StreamWriter) -> None:
        writer.write(reply(status, body, "content-type: application/json", *headers))

    return happen


async def _soon(writer: asyncio.StreamWriter) -> None:
    date = format_datetime(datetime.now(UTC), usegmt=True)
    writer.write(reply(429, b"{}", f"retry-after: {date}"))


def _cut(said: bytes, *, reset: bool) -> Happening:
    async def happen(writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        await writer.drain()
        await asyncio.sleep(0.01)  # else what was written is lost with the connection
        if reset:
            writer.transport.abort()
        else:
            writer.close()

    return happen


async def _silence(_: asyncio.StreamWriter) -> None:
    await asyncio.sleep(3600)


HEADERS = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 500\r\n"

KINDS: dict[str, Happening] = {
    "402": _says(402, "Insufficient balance"),
    "403 quota": _says(403, "You have exceeded your monthly quota."),
    "408": _says(408),
    "425": _says(425),
    "429 in seconds": _says(429, "Too many requests", "retry-after: 0"),
    "429 until a date": _soon,
    "429 quota": _says(429, "You exceeded your current quota, please check your plan and billing details."),
    "500": _says(500, "The server had an error while processing your request"),
    "502": _says(502),
    "503": _says(503, "Overloaded", "retry-after: 0"),
    "504": _says(504),
    "529": _says(529),
    "closed before headers": _cut(b"", reset=False),
    "reset before headers": _cut(b"", reset=True),
    "reset during headers": _cut(HEADERS[:30], reset=True),
    "closed during headers": _cut(HEADERS[:30], reset=False),
    "reset after headers": _cut(HEADERS + b"\r\n", reset=True),
    "silence": _silence,
}
"""What may stand in the place of a reply, by name."""


@dataclass
class Sky:
    """Which replies give way to what: so many of a hundred, decided by a seed, the request and how often it came.

    `happened` counts what did.
    """

    seed: int
    share: int = 30
    kinds: tuple[str, ...] = tuple(KINDS)
    happened: Counter[str] = field(default_factory=Counter)
    seen: Counter[bytes] = field(default_factory=Counter)

    def weather(self, body: bytes) -> str | None:
        """What happens to a request, or None if it is answered.  The first request of all is."""
        self.seen[body] += 1
        if len(self.seen) == 1:
            return None
        drawn = hashlib.sha256(b"%d/%d/%s" % (self.seed, self.seen[body], body)).digest()
        if int.from_bytes(drawn[:4], "big") % 100 >= self.share:
            return None
        kind = self.kinds[int.from_bytes(drawn[4:8], "big") % len(self.kinds)]
        self.happened[kind] += 1
        return kind


@contextmanager
def under(sky: Sky, endpoint: Endpoint) -> Iterator[Server]:
    """Serve an endpoint under a sky."""

    async def handler(heard: Heard, writer: asyncio.StreamWriter) -> None:
        kind = sky.weather(heard.body)
        if kind:
            await KINDS[kind](writer)
            return
        method, path, _ = heard.line.split(" ", 2)
        call = Call(method=method, path=path, headers=tuple(heard.headers.items()), body=heard.body)
        await _send(endpoint.answer(call), writer)

    with serving(handler) as server:
        yield server


async def _send(wire: Wire, writer: asyncio.StreamWriter) -> None:
    lines = [f"HTTP/1.1 {wire.status} X", *(f"{name}: {value}" for name, value in wire.headers)]
    lines = [line for line in lines if not line.lower().startswith(("content-length", "transfer-encoding"))]
    writer.write("\r\n".join([*lines, "transfer-encoding: chunked", "", ""]).encode("latin-1"))
    for piece in wire.pieces:
        if piece:
            writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            await writer.drain()
    if wire.cut:
        writer.close()
    else:
        writer.write(b"0\r\n\r\n")
