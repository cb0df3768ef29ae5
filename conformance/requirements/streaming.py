"""Streams, the chunks: a state machine for every choice.

Each choice begins with its role, goes on with content, ends with exactly one reason, and says nothing after it; all
chunks of a stream are of one reply.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from ..contract import Contract
from ..conversations import stream
from ..exchange import Exchange
from ..model import JSON, Kind, Level, Observation, Violation
from ..mutants import Object
from ..reply import text
from ..requirement import Checked, requirement
from ..schema import show
from ..shape import departures
from ..spoil import drop, every_chunk, put
from ..spoil import stream as streams_with
from .envelope import unbroken

MUST, SHOULD, OBSERVE = Level.MUST, Level.SHOULD, Level.OBSERVE


def chunked(exchange: Exchange) -> bool:
    """A stream that holds at least one chunk."""
    return exchange.streamed and bool(exchange.chunks)


def complete(exchange: Exchange) -> bool:
    """A stream with chunks that came to its end."""
    return chunked(exchange) and unbroken(exchange)


def constant(exchange: Exchange, member: str) -> Iterator[Violation]:
    """A violation if a member has several values among the chunks, a content filter's preamble apart."""
    chunks = [each for each in exchange.chunks if each.get("choices") or "prompt_filter_results" not in each]
    values = {show(chunk.get(member)): None for chunk in chunks if chunk.get(member)}
    if len(values) > 1:
        yield Violation(
            pointer=f"event */{member}", observed=" and ".join(list(values)[:3]), expected="the same in every chunk"
        )


def _numbered(member: str, value: Callable[[int, JSON], JSON]) -> Callable[[list[Object]], list[Object]]:
    return lambda chunks: [{**chunk, member: value(number, chunk[member])} for number, chunk in enumerate(chunks)]


def _shape(
    id_: str, source: str, mutants: list[tuple[str, str, Callable[[Object, Object], object]]]
) -> Callable[[Checked], Checked]:
    """Register a requirement on a member of every chunk."""
    return requirement(
        id_,
        level=MUST,
        source=source,
        scenario=stream,
        kind=Kind.EACH,
        applies=chunked,
        mutants=[every_chunk(name, about, change) for name, about, change in mutants],
    )


@_shape(
    "streaming.id",
    "id",
    [
        ("no-id-in-chunks", "chunks have no id", drop("id")),
        ("null-id-in-chunks", "chunks have a null id", put(None, "id")),
    ],
)
def chunks_have_ids(exchange: Exchange, *, contract: Contract) -> Iterator[Violation]:
    """Every chunk has an id, a string that is not empty."""
    yield from departures(exchange, contract, "streaming.id")


of_chunks = partial(requirement, scenario=stream, kind=Kind.EACH, applies=chunked)
"""A requirement on every stream that holds chunks."""


@of_chunks(
    "streaming.one-id",
    level=MUST,
    source="id",
    mutants=[
        streams_with(
            "id-per-chunk", "every chunk has another id", _numbered("id", lambda number, id_: f"{id_}.{number}")
        ),
        streams_with(
            "last-chunk-of-another-id",
            "the last chunk, which holds the usage, has another id",
            lambda chunks: [*chunks[:-1], {**chunks[-1], "id": "chatcmpl-usage"}],
        ),
    ],
)
def chunks_share_an_id(exchange: Exchange) -> Iterator[Violation]:
    """All chunks of a stream have the id of the one reply they are parts of."""
    yield from constant(exchange, "id")


@_shape(
    "streaming.object",
    "object",
    [
        ("object-of-another-kind", "chunks say text_completion", put("text_completion", "object")),
        ("no-object-in-chunks", "chunks have no object member", drop("object")),
    ],
)
def chunks_say_what_they_are(exchange: Exchange, *, contract: Contract) -> Iterator[Violation]:
    """The object member of a chunk is chat.completion.chunk, or chat.completion as documents 000 to 003 have it."""
    yield from departures(exchange, contract, "streaming.object")


@of_chunks(
    "streaming.object-reading",
    level=OBSERVE,
    source="object",
    mutants=[every_chunk("chunks-are-completions", "chunks say chat.completion", put("chat.completion", "object"))],
)
def what_chunks_say(exchange: Exchange) -> Iterator[Observation]:
    """Whether chunks call themselves chat.completion or chat.completion.chunk."""
    for value in dict.fromkeys(text(chunk.get("object")) for chunk in exchange.chunks if chunk.get("object")):
        yield Observation(value=value)


@_shape(
    "streaming.created",
    "created",
    [
        ("no-created-in-chunks", "chunks have no created member", drop("created")),
        ("fractional-created-in-chunks", "created has a fraction in chunks", put(1_700_000_000.5, "created")),
    ],
)
def chunks_are_dated(exchange: Exchange, *, contract: Contract) -> Iterator[Violation]:
    """Every chunk says when its reply was created, as an integer."""
    yield from departures(exchange, contract, "streaming.created")


@_shape(
    "streaming.model",
    "model",
    [
        ("null-model-in-chunks", "chunks have a null model", put(None, "model")),
        ("no-model-in-chunks", "chunks have no model member", drop("model")),
    ],
)
def chunks_name_the_model(exchange: Exchange, *, contract: Contract) -> Iterator[Violation]:
    """Every chunk names the model."""
    yield from departures(exchange, contract, "streaming.model")


@of_chunks(
    "streaming.constant",
    level=SHOULD,
    source="created",
    mutants=[
        streams_with(
            "created-per-chunk",
            "created goes on from chunk to chunk",
            _numbered("created", lambda number, _: 1_700_000_000 + number),
        ),
        streams_with(
            "model-per-chunk",
            "the model changes within a stream",
            _numbered("model", lambda number, model: f"{model}-{number % 2}"),
        ),
        streams_with(
            "last-chunk-of-another-model",
            "the last chunk, which holds the usage, names another model",
            lambda chunks: [*chunks[:-1], {**chunks[-1], "model": "gpt"}],
        ),
    ],
)
def chunks_agree(exchange: Exchange) -> Iterator[Violation]:
    """Created and model are the same in all chunks of a stream."""
    yield from constant(exchange, "created")
    yield from constant(exchange, "model")


@_shape(
    "streaming.choices",
    "choices",
    [
        ("no-choices-in-chunks", "chunks have no choices", drop("choices")),
        ("null-choices-in-chunks", "chunks have null for choices", put(None, "choices")),
    ],
)
def chunks_have_choices(exchange: Exchange, *, contract: Contract) -> Iterator[Violation]:
    """Every chunk has a list of choices, empty where it speaks of none."""
    yield from departures(exchange, contract, "streaming.choices")


@_shape(
    "streaming.delta",
    "delta",
    [
        ("no-delta", "choices of chunks have no delta", drop("choices", "*", "delta")),
        (
            "message-in-chunks",
            "choices of chunks have a message in the place of a delta",
            lambda _, chunk: [choice.update(message=choice.pop("delta")) for choice in chunk["choices"]],
        ),
        ("content-as-number", "the content of a delta is a number", put(5, "choices", "*", "delta", "content")),
    ],
)
def chunks_have_deltas(exchange: Exchange, *, contract: Contract) -> Iterator[Violation]:
    """Every choice of a chunk has a delta, an object whose role and content are strings or null."""
    yield from departures(exchange, contract, "streaming.delta")


@_shape(
    "streaming.other-members",
    "reply",
    [
        (
            "tool-calls-as-object-in-chunks",
            "delta.tool_calls is an object",
            put({}, "choices", "*", "delta", "tool_calls"),
        ),
        ("fingerprint-as-number-in-chunks", "system_fingerprint is a number in chunks", put(5, "system_fingerprint")),
    ],
)
def other_chunk_members_fit(exchange: Exchange, *, contract: Contract) -> Iterator[Violation]:
    """Members of a chunk that may be absent have the contract's types where they are there; more are welcome."""
    yield from departures(exchange, contract, "streaming.other-members")
