"""The envelope, over a whole run and in both modes: ids, times, duplicate members, errors in disguise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from email.utils import parsedate_to_datetime

from .. import spoil, strict_json
from ..contract import Contract
from ..conversations import talk, talks
from ..exchange import Exchange
from ..model import JSON, Kind, Level, Observation, Violation
from ..mutants import Mutant, When, Wire
from ..reply import is_integer
from ..requirement import requirement
from ..schema import show
from ..spoil import either, on_the_wire, put, streaming, whole
from .envelope import answered, error_in, told_objects
from .errors import missing

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


def _meant(exchange: Exchange, contract: Contract) -> bytes:
    """What a request asks, without what makes no difference: order and spelling, 1 and 1.0, members that are null, that
    have their default or that nobody knows."""
    known = contract.request.properties
    return strict_json.canonical(
        {
            name: _plainly(value)
            for name, value in exchange.sent.items()
            if name in known and value is not None and value != contract.request.annotation(name, "default")
        }
    )


def _plainly(value: JSON) -> JSON:
    """The same value, in which whole numbers are integers."""
    if isinstance(value, dict):
        return {name: _plainly(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plainly(each) for each in value]
    return int(value) if is_integer(value) else value


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
def ids_are_unique(exchanges: Sequence[Exchange], *, contract: Contract) -> Iterator[Violation]:
    """No two replies have the same id, unless the requests asked the same, however it was written (a cache may
    answer)."""
    first: dict[str, Exchange] = {}
    for exchange in exchanges:
        id_ = exchange.objects[0].get("id")
        if not isinstance(id_, str) or not id_:
            continue
        other = first.pop(id_, None)
        if other is None or _meant(other, contract) == _meant(exchange, contract):
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


def _with_200(name: str, about: str, when: When) -> Mutant:
    return on_the_wire(name, about, spoil.refused(lambda wire: replace(wire, status=200)), when=when)


def _as_event(wire: Wire) -> Wire:
    if wire.status < 300:
        return wire
    told = replace(wire, status=200, headers=(("content-type", "text/event-stream"),))
    return told.with_body(b"data: " + wire.body + b"\n\n", b"data: [DONE]\n\n")


@requirement(
    "envelope.no-error-in-success",
    level=MUST,
    source="error",
    scenario=missing,
    kind=Kind.EACH,
    applies=lambda exchange: exchange.ok and bool(told_objects(exchange)),
    always=True,
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
        _with_200("refusals-are-200", "what is refused is told so with status 200", whole),
        _with_200("refusals-of-streams-are-200", "where a stream was asked for, refusals have status 200", streaming),
        on_the_wire("refusals-are-events", "a refusal of a stream is its first event", _as_event, when=streaming),
    ],
)
def success_has_no_error(exchange: Exchange) -> Iterator[Violation]:
    """A reply with a 2xx status carries no error, neither in its body nor as an event of its stream, whatever was
    asked."""
    found = error_in(exchange)
    if found is not None:
        number, name, said = found
        yield Violation(
            pointer=f"event {number}/{name}" if exchange.asked_stream else f"/{name}",
            observed=show(said),
            expected="absent: a failure has a status of its own",
        )
