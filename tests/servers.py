"""Servers of a few lines on real sockets: each does one thing that no framework would let it do."""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Heard:
    """One request as it arrived, and where more may come from."""

    line: str
    headers: dict[str, str]
    body: bytes
    inward: asyncio.StreamReader


Handler = Callable[[Heard, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Server:
    """A running server: its base URL, and what it has heard so far."""

    url: str = ""
    heard: list[Heard] = field(default_factory=list)
    in_flight: int = 0
    most_in_flight: int = 0


@contextmanager
def serving(handler: Handler, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """Run a handler for every request, on a free port of 127.0.0.1, in a thread of its own; with `tls` over TLS."""
    server, loop, ready = Server(), asyncio.new_event_loop(), threading.Event()
    tasks: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            while (heard := await _request(reader)) is not None:
                server.heard.append(heard)
                server.in_flight += 1
                server.most_in_flight = max(server.most_in_flight, server.in_flight)
                try:
                    await handler(heard, writer)
                    await writer.drain()
                finally:
                    server.in_flight -= 1
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            tasks.discard(task)
            writer.close()

    async def main() -> None:
        listening = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
        server.url = f"{'https' if tls else 'http'}://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        ready.set()
        await stopping.wait()
        listening.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0.01)  # for the sockets to be closed

    stopping = asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(main()), daemon=True)
    thread.start()
    assert ready.wait(5)
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(stopping.set)
        thread.join(5)
        loop.close()


async def _request(reader: asyncio.StreamReader) -> Heard | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    return Heard(head[0], headers, body, reader)


def reply(status: int, body: bytes, *headers: str) -> bytes:
    """A reply with a length."""
    lines = [f"HTTP/1.1 {status} X", f"content-length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


COMPLETION = json.dumps(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_790_000_000,
        "model": "m",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "hello"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    }
).encode()


def fixed(*replies: bytes) -> Handler:
    """These replies one after the other, the last one for ever."""
    left = list(replies)

    async def handler(_: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(left.pop(0) if len(left) > 1 else left[0])

    return handler
