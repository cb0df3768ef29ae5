"""One request over the wire.  The only module that knows httpx.

Rule: bytes are taken as they come (`aiter_raw`, no content coding asked for, redirects not followed, cookies not kept),
in bounded time and number; whatever goes wrong is told in `Heard.error`, whose first word is its kind: connect,
timeout, closed, protocol, long; and left, where nothing went wrong and the request was to be left.
"""

from __future__ import annotations

import asyncio
import logging
import re
import ssl
import time
from collections.abc import AsyncIterator
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TypeAlias
from urllib.request import getproxies

import httpx

from . import __version__, record
from .model import Request, UsageError
from .record import Heard
from .target import Target

Client: TypeAlias = httpx.AsyncClient

OVER = re.compile(rb"(?:^|[\r\n])data: ?\[DONE\]")
"""The message that ends an event stream; inside JSON a line break would be escaped."""

DONE = b"[DONE]"
LONGEST_END = 16
"""Bytes of the pieces before that may begin that message."""

AFTER_DONE = 2.0
"""Seconds that a connection may stay open after it; some servers leave it so for ever."""

CONNECT = 10.0
"""Seconds that a connection may take to stand; one that takes longer never will."""

NO_COOKIES = DefaultCookiePolicy(allowed_domains=())
"""What an endpoint sets is not sent back: a request is what the evidence says it was."""

for _name in ("httpx", "httpcore"):  # what they say of a reply at these levels has not gone through the redactor
    logging.getLogger(_name).setLevel(logging.WARNING)

ASKED_BY_US = (("accept", "*/*"), ("accept-encoding", "identity"), ("user-agent", f"chat-conformance/{__version__}"))


def clients(target: Target, count: int) -> list[Client]:
    """So many clients over one TLS context: a client each, for one with a pool costs four times the CPU.

    Proxies are those of the environment.  Raises UsageError for an unusable certificate file or proxy.
    """
    context = _tls(target)
    limits = httpx.Timeout(None, connect=CONNECT)  # `hear` bounds the rest
    headers = dict(ASKED_BY_US)
    try:
        return [
            Client(verify=context, timeout=limits, headers=headers, cookies=CookieJar(NO_COOKIES)) for _ in range(count)
        ]
    except (ValueError, ImportError, httpx.InvalidURL) as error:
        raise UsageError(f"a proxy of the environment (HTTP_PROXY, ALL_PROXY ...) cannot be used: {error}") from None


async def hear(client: httpx.AsyncClient, request: Request, target: Target, timeout: float) -> Heard:
    """Send one request and take whatever comes, for at most `timeout` seconds, `record.LONGEST` bytes and
    `record.MOST_PIECES` pieces.

    After [DONE] the exchange is complete, and what may still come is waited for but a little.
    """
    heard = Heard()
    pieces: list[tuple[float, bytes]] = []
    heard.pieces = pieces
    end, over = b"", False
    started = time.perf_counter()
    try:
        async with asyncio.timeout(timeout) as limit:
            outgoing = client.build_request(
                request.method, target.url, content=request.body, headers=list(record.outgoing(request, target))
            )
            response = await client.send(outgoing, stream=True)
            try:
                heard.status = response.status_code
                heard.headers = [
                    (name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw
                ]
                async for piece in _bounded(response.aiter_raw(), heard):
                    pieces.append((time.perf_counter() - started, piece))
                    if request.leaves:
                        heard.error = record.LEFT
                        break
                    end = end[-LONGEST_END:] + piece
                    if not over and DONE in end and OVER.search(end):
                        over = True
                        latest = asyncio.get_running_loop().time() + AFTER_DONE
                        limit.reschedule(min(latest, limit.when() or latest))
            finally:
                await response.aclose()
    except TimeoutError:
        heard.error = None if over else _late(timeout, time.perf_counter() - started, heard)
    except httpx.ConnectTimeout:
        heard.error = f"timeout: no connection after {CONNECT:g} s"
    except httpx.TransportError as error:
        heard.error = f"{_kind(error, heard)}: {str(error) or type(error).__name__}"
    except (httpx.InvalidURL, httpx.HTTPError, UnicodeError, ValueError) as error:
        heard.error = f"protocol: {error}"
    return heard


def _late(timeout: float, passed: float, heard: Heard) -> str:
    """What was waited for when the time was over: the first byte, the next one, or an end that never came."""
    if heard.status is None:
        return f"timeout: no reply after {timeout:g} s"
    silent = passed - (heard.pieces[-1][0] if heard.pieces else 0.0)
    stalled = f", and nothing more came in the last {silent:.1f} s" if silent > timeout / 2 else ""
    return f"timeout: not finished after {timeout:g} s{stalled}"


async def _bounded(pieces: AsyncIterator[bytes], heard: Heard) -> AsyncIterator[bytes]:
    count = 0
    async for piece in pieces:
        heard.received += len(piece)
        count += 1
        if heard.received > record.LONGEST or count > record.MOST_PIECES:
            what = f"{record.LONGEST} bytes" if heard.received > record.LONGEST else f"{record.MOST_PIECES} pieces"
            heard.error = f"long: more than {what}"
            return
        yield piece


def _kind(error: httpx.TransportError, heard: Heard) -> str:
    """The first word of an exchange's error: "connect", "timeout", "closed" or "protocol"."""
    if isinstance(error, httpx.ConnectError | httpx.ProxyError | httpx.UnsupportedProtocol):
        return "connect"
    if isinstance(error, httpx.TimeoutException):
        return "timeout"
    text = str(error)
    if isinstance(error, httpx.RemoteProtocolError) and heard.status is None and "disconnected" not in text:
        return "protocol"
    return "closed"


def _tls(target: Target) -> ssl.SSLContext | bool:
    """One context for all clients; none where nothing needs it, for loading the certificates takes a while."""
    if not target.url.startswith("https:") and not getproxies() and not target.ca_file and not target.client_cert:
        return False
    try:
        if target.ca_file:
            context = ssl.create_default_context(cafile=target.ca_file)
        else:
            context = httpx.create_ssl_context()  # SSL_CERT_FILE, SSL_CERT_DIR or certifi
            context.load_default_certs()
        if target.client_cert:
            context.load_cert_chain(target.client_cert)
    except (OSError, ssl.SSLError) as error:
        raise UsageError(f"the certificate file cannot be used: {error}") from None
    return context
