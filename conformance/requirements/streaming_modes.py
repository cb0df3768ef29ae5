"""Streams, when: only where the request asks for one."""

from __future__ import annotations

from collections.abc import Iterator

from ..ask import OMIT, Ask
from ..exchange import Exchange
from ..model import Level, Violation
from ..mutants import Call, Mutant
from ..requirement import requirement
from ..scenario import Script, scenario
from ..schema import show

MUST, SHOULD = Level.MUST, Level.SHOULD


@scenario(steps=2, tokens=16)
def not_streamed(ask: Ask) -> Script:
    """Leave stream out, and set it to false."""
    yield [ask(max_tokens=8, stream=OMIT), ask(max_tokens=8, stream=False)]
    return None


@scenario(steps=1, tokens=8)
def null_stream(ask: Ask) -> Script:
    """Give stream as null."""
    yield ask(max_tokens=8, stream=None)
    return None


def _streams(call: Call) -> Call:
    return call.with_body({**call.sent, "stream": True})


def is_whole(exchange: Exchange) -> Iterator[Violation]:
    """A violation if a reply came as an event stream."""
    if exchange.media_type == "text/event-stream" or exchange.body.lstrip().startswith((b"data:", b": ", b"event:")):
        given = show(exchange.sent["stream"]) if "stream" in exchange.sent else "left out"
        yield Violation(
            pointer="/",
            observed=f"an event stream, stream being {given}",
            expected="one JSON object",
            exchanges=(exchange.n,),
        )


@requirement(
    "streaming.false-is-whole",
    level=MUST,
    source="stream",
    scenario=not_streamed,
    parameter="stream",
    mutants=[
        Mutant(
            name="streams-unless-told",
            about="a request without stream is answered with a stream",
            request=_streams,
            when=lambda sent: "stream" not in sent,
        ),
        Mutant(
            name="streams-when-false",
            about="stream: false is answered with a stream",
            request=_streams,
            when=lambda sent: sent.get("stream") is False,
        ),
    ],
)
def whole_by_default(asked: tuple[Exchange, Exchange]) -> Iterator[Violation]:
    """Without stream, and with stream false, the reply is whole."""
    for exchange in asked:
        yield from is_whole(exchange)


@requirement(
    "streaming.null-is-whole",
    level=SHOULD,
    source="stream",
    scenario=null_stream,
    parameter="stream",
    mutants=[
        Mutant(
            name="streams-when-null",
            about="stream: null is answered with a stream",
            request=_streams,
            when=lambda sent: "stream" in sent and sent["stream"] is None,
        )
    ],
)
def null_is_whole(exchange: Exchange) -> Iterator[Violation]:
    """Stream given as null is stream omitted: the reply is whole."""
    yield from is_whole(exchange)
