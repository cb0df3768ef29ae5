"""The reference endpoint on the network: a thin shell of Starlette and uvicorn around `Endpoint`.

Rule: nothing is decided here.  Every method and path reaches `Endpoint.answer`, and its reply goes out as it is, piece
by piece; a reply that is cut ends without its end, as when a server dies.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..mutants import Call, Wire
from .endpoint import Endpoint

if TYPE_CHECKING:
    import uvicorn
    from starlette.applications import Starlette
    from starlette.types import Receive, Scope, Send

_PATIENCE = 5.0
"""Seconds that a server may take to start or to stop before something must be wrong with it."""


class Shell:
    """An endpoint as an ASGI application; `latency`: seconds from the last byte of a request to the first of its reply,
    or as long as it takes to make it."""

    def __init__(self, endpoint: Endpoint, latency: float = 0.0) -> None:
        self._endpoint = endpoint
        self._latency = latency

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        call = Call(
            method=scope["method"],
            path=scope["path"],
            headers=tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]),
            body=await _body(receive),
        )
        due = asyncio.get_running_loop().time() + self._latency
        wire = self._endpoint.answer(call)
        await asyncio.sleep(due - asyncio.get_running_loop().time())
        await send({"type": "http.response.start", "status": wire.status, "headers": _headers(wire)})
        for piece in wire.pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            await asyncio.sleep(0)  # so that pieces leave one by one, and other requests get their turn
        if not wire.cut:  # left open, uvicorn closes the connection
            await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _body(receive: Receive) -> bytes:
    parts = []
    more = True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


def _headers(wire: Wire) -> list[tuple[bytes, bytes]]:
    """The reply's own, and the length of a body that is one piece and complete."""
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in wire.headers]
    if len(wire.pieces) == 1 and not wire.cut and not any(name.lower() == b"content-length" for name, _ in headers):
        headers.append((b"content-length", str(len(wire.body)).encode()))
    return headers


def application(endpoint: Endpoint, latency: float = 0.0) -> Starlette:
    """The endpoint as a Starlette application."""
    from starlette.applications import Starlette  # here and below: whoever asks the endpoint in process needs neither
    from starlette.routing import Route

    return Starlette(routes=[Route("/{path:path}", Shell(endpoint, latency))])


@contextmanager
def running(endpoint: Endpoint, host: str = "127.0.0.1", port: int = 0, latency: float = 0.0) -> Iterator[str]:
    """Serve in a thread as long as the context lasts; gives the base URL.  Raises OSError when the port is taken."""
    import uvicorn

    config = uvicorn.Config(
        application(endpoint, latency),
        loop="asyncio",
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        timeout_keep_alive=600,
        timeout_graceful_shutdown=0,
    )
    server = uvicorn.Server(config)
    with _listening(host, port) as listener:
        thread = threading.Thread(
            target=lambda: asyncio.run(_served(server, listener)), name="reference endpoint", daemon=True
        )
        thread.start()
        try:
            _wait_for(server, thread)
            yield _url(host, listener)
        finally:
            server.should_exit = True
            thread.join(_PATIENCE)


async def _served(server: uvicorn.Server, listener: socket.socket) -> None:
    """Serve until the server is to exit; what is still open then is closed."""
    await server.serve(sockets=[listener])
    for connection in [*server.server_state.connections]:
        connection.transport.abort()
    await asyncio.sleep(0.01)  # for the sockets to be closed, and those of connections that came at the last moment


def _listening(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, protocol)
    if os.name == "posix":  # elsewhere it would take a port from whoever has it
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
    except OSError:
        listener.close()
        raise
    return listener


def _wait_for(server: uvicorn.Server, thread: threading.Thread) -> None:
    latest = time.monotonic() + _PATIENCE
    while not server.started:
        if not thread.is_alive() or time.monotonic() > latest:
            raise RuntimeError("the reference endpoint did not start")
        time.sleep(0.001)


def _url(host: str, listener: socket.socket) -> str:
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{listener.getsockname()[1]}"


def serve_forever(endpoint: Endpoint, host: str = "127.0.0.1", port: int = 0, latency: float = 0.0) -> None:
    """Serve until SIGINT or SIGTERM, from the main thread; prints where, as soon as it can be asked."""
    enough = threading.Event()
    before = {each: signal.signal(each, lambda *_: enough.set()) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        with running(endpoint, host, port, latency) as url:
            print(f"listening on {url}", flush=True)  # noqa: T201  # what the command is documented to print
            while not enough.wait(0.2):  # in turns, for on Windows a wait without end takes no signals
                pass
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
