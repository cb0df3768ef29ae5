"""What the zoo's animals are, and the one server process that holds them all."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from conformance import contract as contracts
from conformance.mutants import Call, Wire
from conformance.reference.endpoint import Endpoint

CONTRACT = "highwayapi"


@dataclass(kw_only=True)
class Visit:
    """One request at an animal: what was asked, what an honest endpoint says to it, and the way back."""

    call: Call
    honest: Wire
    inward: asyncio.StreamReader
    out: asyncio.StreamWriter
    elsewhere: str

    @property
    def streamed(self) -> bool:
        """Whether an event stream was asked for."""
        return self.call.sent.get("stream") is True

    @property
    def body(self) -> bytes:
        """The honest body."""
        return self.honest.body

    @property
    def media_type(self) -> str:
        """The honest media type."""
        return dict(self.honest.headers).get("content-type", "application/json")

    async def send(self, *parts: bytes) -> None:
        """Write, and wait until it is under way."""
        for part in parts:
            self.out.write(part)
        await self.out.drain()

    async def head(self, *headers: str, status: str = "200 OK") -> None:
        """A status line, the honest media type, and these headers."""
        lines = (f"HTTP/1.1 {status}", f"content-type: {self.media_type}", "connection: close", *headers, "", "")
        await self.send("\r\n".join(lines).encode("latin-1"))

    async def whole(self, body: bytes, *headers: str, status: str = "200 OK") -> None:
        """A whole reply with its right length."""
        await self.head(f"content-length: {len(body)}", *headers, status=status)
        await self.send(body)

    async def politely(self) -> None:
        """The honest reply."""
        await self.whole(self.body, status=f"{self.honest.status} X")


Serve: TypeAlias = Callable[[Visit], Awaitable[None]]
Visited: TypeAlias = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

WHOLE = ("envelope.json", "http.complete")
STREAMED = ("streaming.has-events", "streaming.json", "streaming.done")
ROWS = (*WHOLE, *STREAMED)
"""The requirements that the animals are judged by where they name no others."""


NAMES = {
    "json": "envelope.json",
    "complete": "http.complete",
    "some": "streaming.has-events",
    "events": "streaming.json",
    "done": "streaming.done",
}
"""What animals call them."""

UNJUDGED = {"events": "inconclusive", "done": "inconclusive"}
"""The verdicts of an animal of whose streams nothing can be judged; the preflight, which is whole, went well."""

FINE = dict.fromkeys(NAMES, "pass")
"""The verdicts of an animal that is odd but right."""


@dataclass(frozen=True, kw_only=True)
class Animal:
    """One endpoint.  Its first request, the preflight, is answered politely unless the run is to end there.

    `verdicts`: what rows must say of it; `kinds`: how the errors of its exchanges may begin, "" for none; `select`: the
    rows asked for; `timeout`: seconds an exchange may take.  `early`: it is let loose before the request is read.
    `refused`: the run ends with the preflight, and this is in what it says.
    """

    name: str
    about: str
    serve: Serve
    verdicts: Mapping[str, str]
    kinds: frozenset[str]
    select: tuple[str, ...] = ROWS
    timeout: float
    early: bool = False
    scheme: str = "http"
    refused: str = ""


SHORT, LONG = 1.0, 10.0
"""Seconds that are enough where nothing is to come, and where what comes must not be too late on a busy machine."""

ANIMALS: dict[str, Animal] = {}


def animal(
    *kinds: str,
    says: Mapping[str, str] = MappingProxyType({}),
    select: tuple[str, ...] = ROWS,
    timeout: float | None = None,
    early: bool = False,
    scheme: str = "http",
    refused: str = "",
) -> Callable[[Serve], Serve]:
    """Take an animal into the zoo, under the name of the function that serves it; `says` are its verdicts."""

    least = SHORT if "timeout" in (*kinds, refused) else LONG

    def take(serve: Serve) -> Serve:
        name = serve.__name__.replace("_", "-")
        ANIMALS[name] = Animal(
            name=name,
            about=" ".join((serve.__doc__ or "").split()),
            serve=serve,
            verdicts={NAMES.get(row, row): verdict for row, verdict in says.items()},
            kinds=frozenset(kinds or ("",)),
            select=select,
            timeout=least if timeout is None else timeout,
            early=early,
            scheme=scheme,
            refused=refused,
        )
        return serve

    return take


@dataclass
class Cage:
    """Where an animal is: its URL, how often it was visited, and how often with a cookie, which must be never."""

    animal: Animal
    url: str = ""
    visits: int = 0
    cookies: int = 0


class Zoo:
    """All cages.  `strays`: what was heard by the server that redirects point to."""

    def __init__(self) -> None:
        self.cages: dict[str, Cage] = {}
        self.strays: list[bytes] = []
        self.elsewhere = ""
        self._servers: list[asyncio.Server] = []
        self._endpoint = Endpoint(contracts.load(CONTRACT), model="m")

    async def open(self) -> None:
        """Let each animal listen on a port of its own."""

        async def stray(inward: asyncio.StreamReader, out: asyncio.StreamWriter) -> None:
            self.strays.append(await inward.read(4096))
            out.close()

        port = await self._listen(stray)
        self.elsewhere = f"http://localhost:{port}"  # another host than 127.0.0.1
        for each in ANIMALS.values():
            cage = Cage(each)
            cage.url = f"{each.scheme}://127.0.0.1:{await self._listen(self._keeper(cage))}/openai/v1/chat/completions"
            self.cages[each.name] = cage

    async def close(self) -> None:
        """Let nobody in any more, and end what is going on."""
        for server in self._servers:
            server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _listen(self, handler: Visited) -> int:
        self._servers.append(await asyncio.start_server(handler, "127.0.0.1", 0))
        return int(self._servers[-1].sockets[0].getsockname()[1])

    def _keeper(self, cage: Cage) -> Visited:
        async def visited(inward: asyncio.StreamReader, out: asyncio.StreamWriter) -> None:
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                cage.visits += 1
                polite = cage.visits == 1 and not cage.animal.refused
                call = Call() if cage.animal.early and not polite else await _request(inward)
                cage.cookies += call.header("cookie") is not None
                honest = self._endpoint.answer(call)
                visit = Visit(call=call, honest=honest, inward=inward, out=out, elsewhere=self.elsewhere)
                await (visit.politely() if polite else cage.animal.serve(visit))
            out.close()

        return visited


async def _request(inward: asyncio.StreamReader) -> Call:
    lines = (await inward.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _ = lines[0].split(" ")
    headers = tuple(
        (name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines[1:] if line)
    )
    length = int(dict(headers).get("content-length", "0"))
    return Call(method=method, path=path, headers=headers, body=await inward.readexactly(length), trusted=True)


@contextmanager
def opened() -> Iterator[Zoo]:
    """The zoo, open for as long as the block runs; in a thread of its own."""
    from . import bodies, framing, streams  # noqa: F401  # each takes its animals in

    zoo, loop = Zoo(), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(zoo.open(), loop).result(10)
        yield zoo
    finally:
        asyncio.run_coroutine_threadsafe(zoo.close(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def chunk(data: bytes) -> bytes:
    """One chunk of the chunked coding."""
    return b"%x\r\n%s\r\n" % (len(data), data)
