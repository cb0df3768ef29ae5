"""HTTP: the method, the media type, and replies that are sent to their end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..ask import Ask
from ..conversations import talks
from ..exchange import Exchange
from ..model import Kind, Level, Observation, Violation, Zone
from ..mutants import Call, Mutant
from ..requirement import requirement
from ..scenario import Script, Stage, scenario
from ..spoil import on_the_wire, refusal, streaming
from .errors import crashed

MUST, SHOULD, OBSERVE = Level.MUST, Level.SHOULD, Level.OBSERVE


@requirement(
    "http.complete",
    level=MUST,
    source="http",
    scenario=talks,
    kind=Kind.EACH,
    applies=lambda exchange: exchange.status is not None,
    mutants=[
        on_the_wire(
            "streams-cut",
            "the connection is closed in the middle of a stream",
            lambda wire: replace(wire.with_body(*wire.pieces[: len(wire.pieces) // 2]), cut=True),
            when=streaming,
        ),
        on_the_wire(
            "replies-cut",
            "the connection is closed before the end of every reply",
            lambda wire: replace(wire, cut=True),
        ),
    ],
)
def is_sent_to_its_end(exchange: Exchange) -> Iterator[Violation]:
    """A reply that has begun is sent to the end that its framing announces."""
    if exchange.error is not None:
        after = f"after {exchange.received} bytes" if exchange.received else "before its first byte"
        yield Violation(
            pointer="body",
            observed=f"cut {after} ({exchange.error})",
            expected="sent to the end that its framing announces",
        )


@scenario(steps=2, tokens=4, stage=Stage.REFUSAL)
def get(ask: Ask) -> Script:
    """Ask properly, then with GET and no body."""
    yield ask(max_tokens=4)
    yield replace(ask.raw(b""), method="GET", headers=())
    return None


def _as_post(call: Call) -> Call:
    body = {"model": "reference", "messages": [{"role": "user", "content": "hello"}], "max_tokens": 4}
    json_type = ("content-type", "application/json")
    return (
        replace(call, method="POST", headers=(*call.headers, json_type)).with_body(body)
        if call.method == "GET"
        else call
    )


@requirement(
    "http.get-refused",
    level=SHOULD,
    source="http",
    scenario=get,
    mutants=[Mutant(name="completes-a-get", about="GET is answered with a completion", request=_as_post)],
)
def get_completes_nothing(_control: Exchange, asked: Exchange) -> Iterator[Violation]:
    """GET is not answered with a completion; a page for people is fine."""
    if asked.ok and (asked.members.get("choices") or asked.chunks):
        yield Violation(
            pointer="status", observed=f"{asked.status} with choices", expected="405 or 404", exchanges=(asked.n,)
        )


@scenario(steps=3, tokens=12, stage=Stage.REFUSAL)
def other_media_types(ask: Ask) -> Script:
    """Ask properly, then with the body labelled as plain text, and not labelled at all."""
    yield ask(max_tokens=4)
    yield [
        ask(max_tokens=4, headers=(("content-type", "text/plain"),), zone=Zone.REJECT),
        ask(max_tokens=4, headers=(), zone=Zone.REJECT),
    ]
    return None


def _labelled(call: Call) -> Call:
    kept = tuple(pair for pair in call.headers if pair[0].lower() != "content-type")
    return replace(call, headers=(*kept, ("content-type", "application/json")))


@requirement(
    "http.content-type-refused",
    level=SHOULD,
    source="Content-Type",
    scenario=other_media_types,
    mutants=[Mutant(name="any-media-type", about="the media type of requests is not looked at", request=_labelled)],
)
def other_types_are_refused(_control: Exchange, asked: tuple[Exchange, ...]) -> Iterator[Violation]:
    """A body that is not labelled application/json is refused with a 4xx."""
    for exchange in asked:
        if exchange.ok:
            label = next((value for name, value in exchange.request.headers if name == "content-type"), "no label")
            yield Violation(
                pointer="status", observed=f"{exchange.status} for {label}", expected="4xx", exchanges=(exchange.n,)
            )


@requirement(
    "http.content-type-no-crash",
    level=MUST,
    source="Content-Type",
    scenario=other_media_types,
    mutants=[
        Mutant(
            name="media-type-is-500",
            about="a body that is not labelled application/json is answered with 500",
            wire=lambda _, wire: refusal(wire, 500, "oops") if wire.status == 415 else wire,
        )
    ],
)
def other_types_crash_nothing(_control: Exchange, asked: tuple[Exchange, ...]) -> Iterator[Violation]:
    """A body that is not labelled application/json is not answered with a 5xx or a closed connection."""
    yield from crashed(asked, "a body that is not labelled application/json")


@scenario(steps=1, tokens=4)
def charset(ask: Ask) -> Script:
    """Ask with a charset parameter on the media type."""
    yield ask(max_tokens=4, headers=(("content-type", "application/json; charset=utf-8"),), zone=Zone.DISPUTED)
    return None


@requirement(
    "http.charset",
    level=OBSERVE,
    source="Content-Type",
    scenario=charset,
    mutants=[
        Mutant(
            name="charset-refused",
            about="a charset parameter on the media type is refused",
            wire=lambda call, wire: (
                refusal(wire, 415, "no") if "charset" in (call.header("content-type") or "") else wire
            ),
        )
    ],
)
def charset_parameter(exchange: Exchange) -> Iterator[Observation]:
    """Whether a charset parameter on the request's media type is accepted."""
    yield Observation(value="accepted" if exchange.ok else f"refused ({exchange.status})")
