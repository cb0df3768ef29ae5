"""Streams, the way: when their parts arrive, whether characters come whole, and what decides that there is a stream.

Only the member stream does; and only before the first byte can a status tell of an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from ..ask import JSON_TYPE, OMIT, Ask
from ..conversations import stream
from ..exchange import Exchange
from ..model import Finding, Kind, Level, NotJudged, Observation, Violation, Zone
from ..mutants import Call, Mutant, Sent, Wire
from ..requirement import requirement
from ..scenario import Script, scenario, takes
from ..schema import show
from ..spoil import answered, on_the_wire, says, streaming
from ..words import REPLACEMENT
from .errors import missing
from .streaming import complete
from .streaming_modes import is_whole

MUST, SHOULD, OBSERVE = Level.MUST, Level.SHOULD, Level.OBSERVE

# -- arrival

ENOUGH = 8
"""Chunks of which it can be said how they arrived."""

LATE = 0.05
"""The last part of the time a reply took: what arrives in it arrives at its end."""


def _many(exchange: Exchange) -> bool:
    return complete(exchange) and len(exchange.chunks) >= ENOUGH


@requirement(
    "streaming.arrival",
    level=OBSERVE,
    source="stream",
    scenario=stream,
    kind=Kind.EACH,
    applies=_many,
    parameter="stream",
    mutants=[
        on_the_wire(
            "streams-held-back",
            "a stream is held back until it is complete",
            answered(lambda wire: wire.with_body(wire.body)),
            when=streaming,
        )
    ],
)
def arrival(exchange: Exchange) -> Iterator[Finding]:
    """Whether the parts of a stream arrive one by one, or all of them at its end."""
    pieces = [(when, len(data)) for when, data in exchange.pieces if data]
    if not pieces:
        yield NotJudged(reason="no byte arrived")
        return
    ends = pieces[-1][0]
    late = sum(size for when, size in pieces if when >= ends * (1 - LATE))
    if len(pieces) == 1:
        value = "in one piece"
    elif late >= 0.9 * len(exchange.body):
        value = "in pieces, all at the end"
    else:
        value = "spread over the reply"
    yield Observation(value=value)


# -- characters


@scenario(steps=2, tokens=288)
def many_scripts(ask: Ask) -> Script:
    """Ask for several choices in words that invite characters of several bytes, whole and streamed with one seed."""
    asked = partial(
        ask,
        prompt="用中文写一个关于茶馆的小故事，加上表情符号 🙂🍵. Und ein Satz über Zürich, Köln und das Café.",
        max_tokens=24,
        n=6 if ask.has("n") and ask.has("seed") else OMIT,
        seed=71 if ask.has("seed") else OMIT,
        greedy=not ask.has("seed"),
    )
    yield [asked(), asked(stream=True)]
    return None


def _broken(sent: Sent, said: str, _: object) -> str:  # noqa: ARG001  # it is called as all such changes are
    return "".join(sign if sign < "\x80" else REPLACEMENT * len(sign.encode()) for sign in said)


def _first_broken(_: Sent, said: str, __: object) -> str:
    at = next((at for at, sign in enumerate(said[:-1]) if sign >= "\x80" and sign != REPLACEMENT), None)
    return said if at is None else said[:at] + REPLACEMENT * 2 + said[at + 1 :]


_RUN = re.compile(r"[\x00-\x7f]+|[^\x00-\x7f]+")


def same_but_broken(whole: str, streamed: str) -> bool:
    """Whether a text is another one in which whole characters have become U+FFFD, but for one that the limit cut."""
    pairs = [_RUN.findall(each.rstrip(REPLACEMENT)) for each in (whole, streamed)]
    if len(pairs[0]) != len(pairs[1]) or not all(map(_may_come_of, *pairs)):
        return False
    return any(REPLACEMENT in after and REPLACEMENT not in before for before, after in zip(*pairs, strict=True))


def _may_come_of(before: str, after: str) -> bool:
    """Whether `after` is `before` with some of its characters broken: what is left stands there in the same order."""
    if before == after:
        return True
    if after.isascii() or len(before) > after.count(REPLACEMENT) + len(after.replace(REPLACEMENT, "")):
        return False
    pieces = after.split(REPLACEMENT)
    place = 0
    for piece in filter(None, pieces):
        place = before.find(piece, place)
        if place < 0:
            return False
        place += len(piece)
    return REPLACEMENT in after and before.startswith(pieces[0]) and before.endswith(pieces[-1])


@requirement(
    "streaming.characters-whole",
    level=SHOULD,
    source="stream",
    scenario=takes(many_scripts, standard=1, full=3),
    parameter="stream",
    mutants=[
        says("characters-broken-in-streams", "streams break every character of several bytes", _broken, streaming),
        says("first-character-broken", "streams break the first character of several bytes", _first_broken, streaming),
    ],
)
def characters_come_whole(asked: tuple[Exchange, ...]) -> Iterator[Finding]:
    """No character that is whole in a whole reply is broken to U+FFFD in a stream of the same text."""
    whole, streamed = asked
    others = {show(choice.index): choice.text for choice in streamed.choices if streamed.legible}
    pairs = [(choice.text, others.get(show(choice.index), "")) for choice in whole.choices if whole.legible]
    broken = [pair for pair in pairs if same_but_broken(*pair)]
    if not broken and not any(one == other and not one.isascii() for one, other in pairs):
        yield NotJudged(reason="no text with characters of several bytes came both ways")
    for one, other in broken[:1]:
        yield Violation(
            pointer="/choices/* text",
            observed=show(other),
            expected=f"{show(one)}, as in the whole reply",
            exchanges=(whole.n, streamed.n),
        )


# -- what decides

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
