"""The envelope: what surrounds the choices of a reply.

Documents 000, 001 and 003 mark id, object, created, model and choices of the reply as required; a client of the fifth
needs the same five.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from .. import spoil
from ..contract import Contract
from ..conversations import talk
from ..exchange import Exchange
from ..model import JSON, Kind, Level, Violation
from ..reply import problem, text
from ..requirement import requirement
from ..schema import show
from ..shape import departures
from ..spoil import completion, drop, on_the_wire, put

MUST, SHOULD = Level.MUST, Level.SHOULD


def plain(exchange: Exchange) -> bool:
    """A 2xx reply to a POST that asked for no stream, nor for anything that may be taken for one ("true", 1)."""
    return exchange.whole and exchange.request.method == "POST" and not exchange.sent.get("stream")


def whole(exchange: Exchange) -> bool:
    """Such a reply that is one JSON object."""
    return plain(exchange) and bool(exchange.members)


def answered(exchange: Exchange) -> bool:
    """A 2xx reply that holds at least one JSON object."""
    return exchange.ok and exchange.request.method == "POST" and bool(exchange.objects)


def told_objects(exchange: Exchange) -> tuple[dict[str, JSON], ...]:
    """The JSON objects of a reply to a POST; also the one that came where a stream was asked for."""
    if exchange.request.method != "POST":
        return ()
    return exchange.objects or ((exchange.members,) if exchange.members else ())


def error_in(exchange: Exchange) -> tuple[int, str, JSON] | None:
    """The first error that a 2xx reply carries: the number of the object, the member and what it holds.

    That is an error member with something in it, were it in one of its members where there are choices beside it; and
    where no object has choices, the words that explain a refusal.
    """
    told = told_objects(exchange) if exchange.ok else ()
    for number, each in enumerate(told):
        error = each.get("error")
        if error and not ("choices" in each and isinstance(error, dict) and not any(error.values())):
            return number, "error", error
    if any("choices" in each for each in told):
        return None
    return next(
        (
            (number, name, each[name])
            for number, each in enumerate(told)
            for name in WORDS
            if problem({name: each.get(name)})
        ),
        None,
    )


def unbroken(exchange: Exchange) -> bool:
    """Neither cut short nor broken off by an error: what that took away is no second finding."""
    return exchange.error is None and error_in(exchange) is None


def disguise(exchange: Exchange) -> str:
    """What a refusal comes with that has a status of success; empty of any other reply."""
    return " with an error in its body" if error_in(exchange) else ""


WORDS = ("detail", "message")
"""Members in which servers explain a refusal, beside error."""


@requirement(
    "envelope.json",
    level=MUST,
    source="json",
    scenario=talk,
    kind=Kind.EACH,
    applies=plain,
    mutants=[
        on_the_wire(
            "done-after-json",
            "a whole reply has data: [DONE] glued to its end",
            spoil.answered(lambda wire: wire.with_body(wire.body + b"\n\ndata: [DONE]\n\n")),
            when=spoil.whole,
        ),
        on_the_wire(
            "byte-order-mark",
            "a whole reply begins with a byte order mark",
            spoil.answered(lambda wire: wire.with_body(b"\xef\xbb\xbf" + wire.body)),
            when=spoil.whole,
        ),
        on_the_wire(
            "not-a-number",
            "a whole reply holds NaN",
            spoil.answered(lambda wire: wire.with_body(wire.body[:-1] + b',"score":NaN}')),
            when=spoil.whole,
        ),
        on_the_wire(
            "empty-body",
            "a whole reply is 200 with nothing in it",
            spoil.answered(lambda wire: wire.with_body(b"")),
            when=spoil.whole,
        ),
    ],
)
def is_json(exchange: Exchange) -> Iterator[Violation]:
    """The body of a whole reply is one JSON object: UTF-8, no byte order mark, nothing after it."""
    if exchange.document.problem is not None:
        yield Violation(pointer="/", observed=f"no JSON ({exchange.document.problem})", expected="one JSON object")
    elif not isinstance(exchange.document.value, dict):
        yield Violation(pointer="/", observed=show(exchange.document.value), expected="a JSON object")


@requirement(
    "envelope.media-type",
    level=SHOULD,
    source="reply",
    scenario=talk,
    kind=Kind.EACH,
    applies=plain,
    mutants=[
        on_the_wire(
            "whole-replies-as-text",
            "a whole reply is labelled text/plain",
            spoil.answered(lambda wire: wire.with_header("content-type", "text/plain; charset=utf-8")),
            when=spoil.whole,
        ),
        on_the_wire(
            "whole-replies-as-streams",
            "a whole reply is labelled text/event-stream",
            spoil.answered(lambda wire: wire.with_header("content-type", "text/event-stream")),
            when=spoil.whole,
        ),
    ],
)
def is_labelled_json(exchange: Exchange) -> Iterator[Violation]:
    """A whole reply is labelled application/json; parameters and case are free."""
    media_type = exchange.media_type or ""
    if media_type != "application/json" and not media_type.endswith("+json"):
        yield Violation(pointer="header content-type", observed=media_type or "missing", expected="application/json")


of_whole = partial(requirement, level=MUST, scenario=talk, kind=Kind.EACH, applies=whole)
"""A requirement on every whole reply that is one JSON object."""


@of_whole(
    "envelope.id",
    source="id",
    mutants=[
        completion("no-id", "whole replies have no id", drop("id")),
        completion("empty-id", "whole replies have an empty id", put("", "id")),
        completion("numeric-id", "whole replies have a number as id", put(7, "id")),
    ],
)
def has_id(exchange: Exchange, *, contract: Contract) -> Iterator[Violation]:
    """A reply has an id, a string that is not empty."""
    yield from departures(exchange, contract, "envelope.id")


@of_whole(
    "envelope.object",
    source="object",
    mutants=[
        completion("text-completion", "whole replies say text_completion", put("text_completion", "object")),
        completion("no-object", "whole replies have no object member", drop("object")),
    ],
)
def has_object(exchange: Exchange, *, contract: Contract) -> Iterator[Violation]:
    """The object member of a whole reply is chat.completion."""
    yield from departures(exchange, contract, "envelope.object")


@of_whole(
    "envelope.created",
    source="created",
    mutants=[
        completion("fractional-created", "created has a fraction", put(1_700_000_000.25, "created")),
        completion("created-as-text", "created is a string", put("1700000000", "created")),
        completion("no-created", "whole replies have no created member", drop("created")),
    ],
)
def has_created(exchange: Exchange, *, contract: Contract) -> Iterator[Violation]:
    """A reply says when it was created, as an integer."""
    yield from departures(exchange, contract, "envelope.created")


@of_whole(
    "envelope.model",
    source="model",
    applies=lambda exchange: whole(exchange) and bool(text(exchange.sent.get("model"))),
    mutants=[
        completion("null-model", "model is null in whole replies", put(None, "model")),
        completion("no-model", "whole replies have no model member", drop("model")),
    ],
)
def has_model(exchange: Exchange, *, contract: Contract) -> Iterator[Violation]:
    """A reply names the model that made it; another name than was asked for is no fault, for names are resolved."""
    yield from departures(exchange, contract, "envelope.model")


@of_whole(
    "envelope.other-members",
    source="reply",
    mutants=[
        completion(
            "tool-calls-as-object", "message.tool_calls is an object", put({}, "choices", "*", "message", "tool_calls")
        ),
        completion("fingerprint-as-number", "system_fingerprint is a number", put(5, "system_fingerprint")),
    ],
)
def other_members_fit(exchange: Exchange, *, contract: Contract) -> Iterator[Violation]:
    """Members of a whole reply that may be absent have the contract's types where they are there; more are welcome."""
    yield from departures(exchange, contract, "envelope.other-members")
