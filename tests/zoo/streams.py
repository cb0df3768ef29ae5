"""Animals that go on: bodies without an end, or far longer than anybody asked for, plain and packed."""

from __future__ import annotations

import asyncio
import base64
import gzip
import zlib

from conformance import sse

from .cage import UNJUDGED, Visit, animal, chunk
from .framing import CHUNKED

MEGABYTE = 1024 * 1024


@animal("timeout", says=UNJUDGED)
async def drip(visit: Visit) -> None:
    """Sends its body, a byte a second."""
    await visit.head(CHUNKED)
    for place in range(len(visit.body)):
        await visit.send(chunk(visit.body[place : place + 1]))
        await asyncio.sleep(1)


async def _without_end(visit: Visit, piece: bytes, *, first: bytes = b"") -> None:
    await visit.head(CHUNKED)
    await visit.send(chunk(first) if first else b"")
    while True:
        await visit.send(chunk(piece))


@animal("long", says={"complete": "fail"})
async def an_endless_stream(visit: Visit) -> None:
    """Talks on for ever, whatever max_tokens says."""
    event = visit.body.partition(b"\n\n")[0] + b"\n\n"
    await _without_end(visit, event * 200)


@animal("long", says={"complete": "fail"})
async def one_endless_line(visit: Visit) -> None:
    """Sends a line that never ends."""
    await _without_end(visit, b"x" * 65_536, first=b"data: ")


@animal("long", says={"complete": "fail"})
async def endless_comments(visit: Visit) -> None:
    """Sends nothing but comments, for ever."""
    await _without_end(visit, b":\n" * 30_000)


@animal("long", says={"complete": "fail"})
async def endless_events_of_nothing(visit: Visit) -> None:
    """Sends empty events, for ever."""
    await _without_end(visit, b"data\n\n" * 10_000)


@animal("long", says={"complete": "fail"})
async def endless_spaces(visit: Visit) -> None:
    """Sends white space in the place of a body, for ever."""
    await _without_end(visit, b" \n" * 30_000)


@animal("long", says={"complete": "fail"}, timeout=20)
async def chunks_of_a_byte(visit: Visit) -> None:
    """Sends a byte in each chunk, for ever."""
    await visit.head(CHUNKED)
    while True:
        await visit.send(chunk(b"x") * 10_000)


@animal("long", says={"complete": "fail"})
async def gigabytes(visit: Visit) -> None:
    """Announces 4 GB, and sends them as fast as they are taken."""
    await visit.head(f"content-length: {4096 * MEGABYTE}")
    for _ in range(4096):
        await visit.send(b'[{"a":1},' * (MEGABYTE // 9))


@animal("long", says={"complete": "fail"})
async def a_body_until_close(visit: Visit) -> None:
    """Sends a body without any framing, for ever."""
    await visit.head("connection: close")
    while True:
        await visit.send(b"y" * MEGABYTE)


def _gigabyte(wbits: int) -> bytes:
    """A gigabyte of spaces, packed to a megabyte: each megabyte of them alike, but for the first with its head."""
    packer = zlib.compressobj(9, zlib.DEFLATED, wbits)
    first, other = (packer.compress(b" " * MEGABYTE) + packer.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    return first + other * 1023


@animal("long", says={"complete": "fail"})
async def a_gzip_bomb(visit: Visit) -> None:
    """Packs a gigabyte into a megabyte of gzip."""
    await visit.whole(_gigabyte(31), "content-encoding: gzip")


@animal("long", says={"complete": "fail"})
async def a_deflate_bomb(visit: Visit) -> None:
    """Packs a gigabyte into a megabyte of deflate."""
    await visit.whole(_gigabyte(15), "content-encoding: deflate")


BROTLI = base64.b64decode(
    "z///f/iN1GDNmGOliM5eheHFbYHA2fv/kfz//4dfAiAOCwB07//5//8PvwRAHBYB6N7/8///H34JgDgsANC9/48CAPwSAEFAAAA="
)
"""64 MB of text in 74 bytes."""


@animal(says={"json": "fail", "some": "fail"})
async def a_brotli_bomb(visit: Visit) -> None:
    """Packs 64 MB into 74 bytes of brotli, which nobody asked for."""
    await visit.whole(BROTLI, "content-encoding: br")


def _zstd() -> bytes:
    """A gigabyte of spaces: a frame of blocks that each repeat one byte 131,072 times."""
    block = (131_072 << 3 | 1 << 1).to_bytes(3, "little") + b" "
    return b"\x28\xb5\x2f\xfd\x00\x50" + block * 8191 + (131_072 << 3 | 1 << 1 | 1).to_bytes(3, "little") + b" "


@animal(says={"json": "fail", "some": "fail"})
async def a_zstd_bomb(visit: Visit) -> None:
    """Packs a gigabyte into 32 kB of zstd, which nobody asked for."""
    await visit.whole(_zstd(), "content-encoding: zstd")


@animal("coding", says={"complete": "fail"})
async def a_gzip_that_is_none(visit: Visit) -> None:
    """Says gzip, and sends plain text."""
    await visit.whole(visit.body, "content-encoding: gzip")


@animal("coding", says={"complete": "fail"})
async def half_a_gzip(visit: Visit) -> None:
    """Sends the first half of its packed body as if it were all of it."""
    packed = gzip.compress(visit.body)
    await visit.whole(packed[: len(packed) // 2], "content-encoding: gzip")


@animal(says={"json": "pass", "complete": "pass", "events": "pass", "done": "pass"})
async def large_bodies_packed(visit: Visit) -> None:
    """Packs 6 MB of white space around each honest body, which is odd and allowed."""
    spaces = b" " * 6 * MEGABYTE
    body = sse.event(b"x").replace(b"data: x", b": " + spaces) + visit.body if visit.streamed else spaces + visit.body
    await visit.whole(gzip.compress(body), "content-encoding: gzip")
