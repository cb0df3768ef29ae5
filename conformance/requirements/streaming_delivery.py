"""Streams, on their way: when their parts arrive, and whether characters come whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from ..ask import OMIT, Ask
from ..conversations import stream
from ..exchange import Exchange
from ..model import Finding, Kind, Level, NotJudged, Observation, Violation
from ..mutants import Sent
from ..requirement import requirement
from ..scenario import Script, scenario, takes
from ..schema import show
from ..spoil import answered, on_the_wire, says, streaming
from ..words import REPLACEMENT
from .streaming import complete

SHOULD, OBSERVE = Level.SHOULD, Level.OBSERVE

# -- arrival

ENOUGH = 8
"""Chunks of which it can be said how they arrived."""

LATE = 0.05
"""The last part of the time a reply took: what arrives in it arrives at its end."""


QUICK = 0.2
"""Seconds: of a reply that took less, nobody sees how it was spread."""


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
    elif ends < QUICK:
        value = "in pieces"
    elif late >= 0.9 * len(exchange.body):
        value = "in pieces, all at the end"
    else:
        value = "in pieces, spread over the reply"
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
