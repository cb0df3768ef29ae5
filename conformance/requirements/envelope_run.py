"""The envelope, over a whole run and in both modes: ids, times, duplicate members, errors in disguise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from email.utils import parsedate_to_datetime

from .. import spoil
from ..conversations import talk, talks
from ..exchange import Exchange
from ..model import Kind, Level, Observation, Violation
from ..reply import is_integer
from ..requirement import requirement
from ..schema import show
from ..spoil import either, on_the_wire, put, streaming
from .envelope import answered

MUST, SHOULD, OBSERVE = Level.MUST, Level.SHOULD, Level.OBSERVE


A_DAY = 24 * 60 * 60
EARLIEST, LATEST = 1_500_000_000, 100_000_000_000
"""Seconds: before any endpoint of this kind existed, and the year 5138; milliseconds of today are above it."""


@requirement(
    "envelope.created-in-seconds",
    level=MUST,
    source="created",
    scenario=talks,
    kind=Kind.EACH,
    applies=lambda exchange: any(is_integer(each.get("created")) for each in exchange.objects) and exchange.ok,
    mutants=[
        either("created-in-milliseconds", "created counts milliseconds", put(1_700_000_000_000, "created")),
        either(
            "stream-created-in-milliseconds",
            "created counts milliseconds in streams",
            put(1_700_000_000_000, "created"),
            when=streaming,
        ),
        either("created-zero", "created is always 0", put(0, "created")),
    ],
)
def created_in_seconds(exchange: Exchange) -> Iterator[Violation]:
    """The time of creation is Unix time in seconds, whole and streamed."""
    for value in {each.get("created") for each in exchange.objects if is_integer(each.get("created"))}:
        if not is_integer(value) or EARLIEST <= value <= LATEST:
            continue
        zero = [each for each in exchange.objects if each.get("created") == 0]
        blank = value == 0 and not any(each.get("choices") or each.get("usage") for each in zero)
        if not blank:  # a first chunk without choices may be blank: a content filter's preamble
            yield Violation(pointer="/created", observed=show(value), expected="Unix time in seconds")


@requirement(
    "envelope.created-date",
    level=OBSERVE,
    source="created",
    scenario=talk,
    kind=Kind.EACH,
    applies=lambda exchange: answered(exchange) and is_integer(exchange.objects[-1].get("created")),
    mutants=[
        replace(
            either("created-long-ago", "created is a time in 2020", put(1_600_000_000, "created")),
            wire=lambda _, wire: wire,  # goes over a socket, where there is a Date
        )
    ],
)
def created_by_the_date(exchange: Exchange) -> Iterator[Observation]:
    """Whether the time of creation is the day of the reply's Date header."""
    created = exchange.objects[-1].get("created")
    with suppress(TypeError, ValueError, OverflowError):
        date = parsedate_to_datetime(exchange.header("date") or "").timestamp()
        near = is_integer(created) and abs(created - date) < A_DAY
        yield Observation(value="by the Date header" if near else "a day or more from the Date header")
        return
    yield Observation(value="no Date header to compare it with")


@requirement(
    "envelope.unique-id",
    level=MUST,
    source="id",
    scenario=talks,
    kind=Kind.RUN,
    applies=answered,
    mutants=[
        either("constant-id", "every reply has the same id", put("chatcmpl-1", "id")),
        either("constant-id-in-streams", "every stream has the same id", put("chatcmpl-1", "id"), when=streaming),
    ],
)
def ids_are_unique(exchanges: Sequence[Exchange]) -> Iterator[Violation]:
    """No two replies have the same id, unless the requests were the same to the byte (a cache may answer)."""
    first: dict[str, Exchange] = {}
    for exchange in exchanges:
        id_ = exchange.objects[0].get("id")
        if not isinstance(id_, str) or not id_:
            continue
        other = first.pop(id_, None)
        if other is None or other.request.body == exchange.request.body:
            first[id_] = exchange
            continue
        yield Violation(
            pointer="/id",
            observed=f"{show(id_)} in two replies",
            expected="unique",
            exchanges=(other.n, exchange.n),
        )


@requirement(
    "envelope.duplicate-keys",
    level=SHOULD,
    source="json",
    scenario=talks,
    kind=Kind.EACH,
    applies=answered,
    mutants=[
        on_the_wire(
            "duplicate-keys",
            "replies give a member twice",
            spoil.answered(
                lambda wire: wire.with_body(
                    *(piece.replace(b'"id":', b'"object":"chat.completion","id":', 1) for piece in wire.pieces)
                )
            ),
        ),
        on_the_wire(
            "duplicate-keys-in-streams",
            "chunks give a member twice",
            spoil.answered(
                lambda wire: wire.with_body(*(piece.replace(b'"id":', b'"id":"x","id":', 1) for piece in wire.pieces))
            ),
            when=streaming,
        ),
    ],
)
def no_duplicate_keys(exchange: Exchange) -> Iterator[Violation]:
    """No JSON object of a reply gives a member twice: which of the two counts is up to each parser."""
    documents = exchange.payloads if exchange.asked_stream else (exchange.document,)
    for name in dict.fromkeys(name for document in documents for name in document.duplicates):
        yield Violation(pointer=f"member {show(name)}", observed="there twice", expected="there once")


@requirement(
    "envelope.no-error-in-success",
    level=MUST,
    source="error",
    scenario=talks,
    kind=Kind.EACH,
    applies=answered,
    mutants=[
        either(
            "error-beside-choices",
            "replies with status 200 carry an error member",
            put({"message": "upstream failed", "type": "server_error"}, "error"),
        ),
        spoil.stream(
            "error-event",
            "a stream ends in an error event",
            lambda chunks: [*chunks[:2], {"error": {"message": "upstream failed", "type": "server_error"}}],
        ),
        spoil.completion(
            "error-with-200",
            "whole replies are an error with status 200",
            lambda _, body: (
                [body.pop(name) for name in list(body)] and body.update(error={"message": "upstream failed"})
            ),
        ),
    ],
)
def success_has_no_error(exchange: Exchange) -> Iterator[Violation]:
    """A reply with a 2xx status carries no error, neither in its body nor as an event of its stream."""
    for number, each in enumerate(exchange.objects):
        if each.get("error") is not None:
            place = f"event {number}/error" if exchange.asked_stream else "/error"
            yield Violation(
                pointer=place, observed=show(each["error"]), expected="absent: a failure has a status of its own"
            )
