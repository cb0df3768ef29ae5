"""Streams, what decides that there is one: the member stream alone, and before its first byte a status of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..ask import JSON_TYPE, OMIT, Ask
from ..exchange import Exchange
from ..model import Kind, Level, Violation, Zone
from ..mutants import Call, Mutant, Wire
from ..requirement import requirement
from ..scenario import Script, scenario, takes
from ..spoil import streaming
from .errors import missing
from .streaming_modes import is_whole

MUST, SHOULD = Level.MUST, Level.SHOULD

ACCEPTS = "accept"


@scenario(steps=2, tokens=16)
def other_accepts(ask: Ask) -> Script:
    """Say in Accept the contrary of what stream says."""
    yield [
        ask(max_tokens=8, stream=OMIT, headers=(*JSON_TYPE, (ACCEPTS, "text/event-stream")), zone=Zone.DISPUTED),
        ask(max_tokens=8, stream=True, headers=(*JSON_TYPE, (ACCEPTS, "application/json")), zone=Zone.DISPUTED),
    ]
    return None


def _obeys(call: Call) -> Call:
    wants = call.header(ACCEPTS)
    if wants in ("text/event-stream", "application/json"):
        return call.with_body({**call.sent, "stream": wants == "text/event-stream"})
    return call


def _obeys_whole(call: Call) -> Call:
    return _obeys(call) if call.header(ACCEPTS) == "text/event-stream" else call


def _unacceptable(call: Call, reply: Wire) -> Wire:
    return Wire(status=406) if call.header(ACCEPTS) == "application/json" and streaming(call.sent) else reply


def _wire_obeys(call: Call, reply: Wire) -> Wire:
    """The whole reply that Accept asks for in the place of the stream that was made."""
    if call.header(ACCEPTS) != "application/json" or not streaming(call.sent):
        return reply
    return Wire(headers=(("content-type", "application/json"),), pieces=(b'{"object": "chat.completion"}',))


@requirement(
    "streaming.accept-is-powerless",
    level=SHOULD,
    source="stream",
    scenario=takes(other_accepts, standard=1, full=2),
    parameter="stream",
    mutants=[
        Mutant(name="accept-makes-streams", about="Accept: text/event-stream makes a stream", request=_obeys_whole),
        Mutant(name="accept-unmakes-streams", about="Accept: application/json unmakes a stream", wire=_wire_obeys),
        Mutant(
            name="accept-is-406", about="a stream is not acceptable to Accept: application/json", wire=_unacceptable
        ),
    ],
)
def accept_is_powerless(asked: tuple[Exchange, ...]) -> Iterator[Violation]:
    """Whether a reply is streamed depends on stream alone, whatever Accept says."""
    bare, streamed = asked
    if bare.ok:
        yield from is_whole(bare)
    if streamed.ok and not streamed.chunks:
        yield Violation(
            pointer="/",
            observed="no event stream, Accept being application/json",
            expected="an event stream",
            exchanges=(streamed.n,),
        )
    for exchange in asked:
        if exchange.refused:
            yield Violation(pointer="status", observed=str(exchange.status), expected="2xx", exchanges=(exchange.n,))


# -- errors

refused_streams = replace(
    missing, variants=lambda contract: [each for each in missing.variants(contract) if each.arguments.get("stream")]
)
"""What must be refused and was to be streamed."""


def _late(call: Call, reply: Wire) -> Wire:
    """A refusal of what was to be streamed, as an event of a stream."""
    if reply.status < 400 or not streaming(call.sent):
        return reply
    events = (b"data: " + reply.body + b"\n\n", b"data: [DONE]\n\n")
    return Wire(headers=(("content-type", "text/event-stream"),), pieces=events)


def _labelled(call: Call, reply: Wire) -> Wire:
    return (
        reply.with_header("content-type", "text/event-stream")
        if reply.status >= 400 and streaming(call.sent)
        else reply
    )


def _begun(exchange: Exchange) -> bool:
    return exchange.asked_stream and exchange.status is not None and exchange.zone is Zone.REJECT


@requirement(
    "streaming.error-has-status",
    level=MUST,
    source="stream",
    scenario=refused_streams,
    kind=Kind.EACH,
    applies=_begun,
    parameter="stream",
    mutants=[Mutant(name="refusals-as-events", about="a refused stream is an event with status 200", wire=_late)],
)
def errors_have_a_status(exchange: Exchange) -> Iterator[Violation]:
    """What keeps a stream from beginning is told by a status of its own, not by an event after a 200."""
    first = exchange.objects[0] if exchange.objects else {}
    if exchange.ok and (first.get("error") or first.get("detail")) and not first.get("choices"):
        yield Violation(pointer="status", observed=f"{exchange.status} before an error", expected="4xx")


@requirement(
    "streaming.refusal-is-no-stream",
    level=SHOULD,
    source="stream",
    scenario=refused_streams,
    kind=Kind.EACH,
    applies=lambda exchange: exchange.asked_stream and exchange.refused,
    parameter="stream",
    mutants=[Mutant(name="refusals-labelled-as-streams", about="a refused stream is labelled as one", wire=_labelled)],
)
def refusals_are_no_streams(exchange: Exchange) -> Iterator[Violation]:
    """A refusal is not labelled as an event stream, whatever the request asked for: its body is one text."""
    if exchange.media_type == "text/event-stream":
        yield Violation(pointer="header content-type", observed="text/event-stream", expected="a type for one text")
