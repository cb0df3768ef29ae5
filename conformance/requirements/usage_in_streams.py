"""Usage in streams: when it comes, and where.

The documents differ: 001 gives it in the last chunk unasked, 000 and 003 name include_usage in their samples only, 002
names no member at all.  Each has its own requirement, and the contract says which one it claims.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from ..conversations import plain_stream, stream
from ..exchange import Exchange
from ..model import Kind, Level, Observation, Violation
from ..mutants import Mutant, Object
from ..reply import members, objects
from ..requirement import requirement
from ..spoil import either
from ..spoil import stream as streams_with
from .streaming import complete

MUST, SHOULD, OBSERVE = Level.MUST, Level.SHOULD, Level.OBSERVE


def included(exchange: Exchange) -> bool:
    """Some chunk of a stream has a usage object."""
    return exchange.usage is not None


def asked_for(exchange: Exchange) -> bool:
    """The request set include_usage."""
    return members(exchange.sent.get("stream_options")).get("include_usage") is True


def never(name: str, when: Callable[[Object], bool] | None = None) -> Mutant:
    """Streams without usage."""
    return streams_with(
        name, "streams have no usage", lambda chunks: [_bare(chunk) for chunk in chunks if chunk["choices"]], when=when
    )


def _bare(chunk: Object) -> Object:
    return {name: value for name, value in chunk.items() if name != "usage"}


def _unasked(sent: Object) -> bool:
    return not (sent.get("stream_options") or {}).get("include_usage")


def _missing(exchange: Exchange, why: str) -> Iterator[Violation]:
    if not included(exchange):
        yield Violation(
            pointer=f"event {max(len(exchange.payloads) - 1, 0)}/usage",
            observed="missing",
            expected=f"present: {why}",
            exchanges=(exchange.n,),
        )


@requirement(
    "usage.stream-asked",
    level=MUST,
    source="usage",
    scenario=stream,
    kind=Kind.EACH,
    feature="stream-usage",
    parameter="stream_options",
    applies=lambda exchange: complete(exchange) and asked_for(exchange),
    mutants=[
        never("no-usage-in-streams"),
        streams_with(
            "usage-null-in-streams",
            "the usage of streams is null",
            lambda chunks: [{**chunk, "usage": None} for chunk in chunks],
        ),
    ],
)
def usage_when_asked(exchange: Exchange) -> Iterator[Violation]:
    """A stream asked to include usage has it."""
    yield from _missing(exchange, "include_usage asks for it")


@requirement(
    "usage.stream-unasked",
    level=MUST,
    source="usage",
    scenario=stream,
    kind=Kind.EACH,
    applies=complete,
    mutants=[never("no-usage-in-streams")],
)
def usage_unasked(exchange: Exchange) -> Iterator[Violation]:
    """Every stream has usage: the document names no option that asks for it."""
    yield from _missing(exchange, "the document gives it without an option")


@requirement(
    "usage.stream-either",
    level=MUST,
    source="usage",
    scenario=plain_stream,
    mutants=[never("no-usage-in-streams")],
)
def usage_one_way_or_the_other(asked: tuple[Exchange, ...]) -> Iterator[Violation]:
    """A stream has usage with include_usage or without it; the document leaves open which."""
    if not any(included(exchange) for exchange in asked):
        yield from _missing(asked[-1], "with include_usage or without it")


def _only_asked(sent: Object, body: Object) -> None:
    if _unasked(sent):
        body["usage"] = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}


@requirement(
    "usage.stream-reading",
    level=OBSERVE,
    source="usage",
    scenario=plain_stream,
    parameter="stream_options",
    mutants=[either("usage-unasked", "streams have usage that nobody asked for", _only_asked)],
)
def usage_without_option(asked: tuple[Exchange, ...]) -> Iterator[Observation]:
    """Whether a stream has usage when nothing asked for it."""
    bare = asked[0]
    yield Observation(value="included unasked" if included(bare) else "only when asked", exchanges=(bare.n,))


def _first(chunks: list[Object]) -> list[Object]:
    used = next((chunk.get("usage") for chunk in chunks if chunk.get("usage")), None)
    bare = [_bare(chunk) for chunk in chunks if chunk["choices"]]
    return [{**bare[0], "usage": used}, *bare[1:]]


of_usage = partial(
    requirement,
    source="usage",
    scenario=stream,
    kind=Kind.EACH,
    applies=lambda exchange: complete(exchange) and included(exchange),
)
"""A requirement on every stream with usage."""


@of_usage(
    "usage.stream-last-chunk",
    level=MUST,
    mutants=[streams_with("usage-in-first-chunk", "the usage of a stream is in its first chunk", _first)],
)
def usage_in_last_chunk(exchange: Exchange) -> Iterator[Violation]:
    """The usage of a stream is in its last chunk."""
    last = exchange.chunks[-1]
    if not isinstance(last.get("usage"), dict):
        yield Violation(
            pointer=f"event {len(exchange.payloads) - 1}/usage",
            observed="missing from the last chunk",
            expected="present: the last chunk is its place",
        )


def _everywhere(chunks: list[Object]) -> list[Object]:
    used = next((chunk.get("usage") for chunk in chunks if chunk.get("usage")), None)
    return [{**chunk, "usage": used} for chunk in chunks]


@of_usage(
    "usage.stream-once",
    level=SHOULD,
    mutants=[streams_with("usage-in-every-chunk", "every chunk of a stream has the usage", _everywhere)],
)
def usage_once(exchange: Exchange) -> Iterator[Violation]:
    """One chunk of a stream has the usage; in the others it is null or absent."""
    having = sum(isinstance(chunk.get("usage"), dict) for chunk in exchange.chunks)
    if having > 1:
        yield Violation(pointer="event */usage", observed=f"in {having} chunks", expected="in one")


def _moved(chunks: list[Object], *choices: Object) -> list[Object]:
    """The usage in a chunk of its own, beside these choices."""
    used = next((chunk.get("usage") for chunk in chunks if chunk.get("usage")), None)
    bare = [_bare(chunk) for chunk in chunks if chunk["choices"]]
    return [*bare, {**bare[-1], "choices": [*choices], "usage": used}]


def _beside_silence(chunks: list[Object]) -> list[Object]:
    return _moved(chunks, {"index": 0, "delta": {}})


def _elsewhere(chunks: list[Object]) -> list[Object]:
    *others, last = _moved(chunks)
    apart = any(chunk.get("usage") and not chunk["choices"] for chunk in chunks)
    return [*others[:-1], {**others[-1], "usage": last["usage"]}] if apart else [*others, last]


@of_usage(
    "usage.stream-beside",
    level=OBSERVE,
    mutants=[
        streams_with("usage-beside-silence", "the usage comes beside a choice that says nothing", _beside_silence),
        streams_with("usage-elsewhere", "the usage comes with the end of a choice, or apart from it", _elsewhere),
    ],
)
def usage_beside(exchange: Exchange) -> Iterator[Observation]:
    """What the chunk with the usage holds besides: no choice, one that says something or nothing, or the end of one."""
    chunk = next(chunk for chunk in reversed(exchange.chunks) if isinstance(chunk.get("usage"), dict))
    choices = list(objects(chunk.get("choices")))
    if any(choice.get("finish_reason") for choice in choices):
        value = "the end of a choice"
    elif any(value for choice in choices for name, value in members(choice.get("delta")).items() if name != "role"):
        value = "a choice that says something"
    else:
        value = "a choice that says nothing" if choices else "no choice"
    yield Observation(value=value, exchanges=(exchange.n,))
