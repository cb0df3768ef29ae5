"""Isolation: many ask at a time, and each is given its own reply.

What a model says tells nothing of whom it says it to; what was asked does: the mode, the number of choices, the limit
and the length of the prompt.  An endpoint that gets one of these wrong always is the business of the requirement on
that member, so a thing counts here only where most of the crowd was served rightly.  The crowd shares few connections,
one after the other on each, so that a reply left over on one of them is seen too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from ..ask import OMIT, Ask
from ..exchange import Exchange
from ..model import Finding, Level, NotJudged, Violation
from ..mutants import Call, Mutant, Sent
from ..reply import is_integer, objects, text
from ..requirement import requirement
from ..scenario import Script, scenario, takes

MUST = Level.MUST


@dataclass(frozen=True, kw_only=True)
class Seat:
    """What one of the crowd asks: so many dozen words, for so many choices of so many tokens, streamed or whole."""

    dozens: int
    choices: int
    tokens: int
    stream: bool


SEATS = (
    Seat(dozens=1, choices=1, tokens=9, stream=False),
    Seat(dozens=4, choices=3, tokens=2, stream=True),
    Seat(dozens=7, choices=1, tokens=2, stream=True),
    Seat(dozens=24, choices=2, tokens=9, stream=False),
    Seat(dozens=26, choices=3, tokens=5, stream=True),
    Seat(dozens=28, choices=2, tokens=2, stream=False),
)
"""Whoever asks for several choices has a neighbour who asks for as many in the same mode.  The last three have more
than 1500 characters, and less than 500 tokens of any vocabulary that has the words."""

DOZEN = " one two three four five six seven eight nine ten eleven twelve"


def prompt_of(seat: Seat) -> str:
    """What it says."""
    return f"Count with me, from seat {SEATS.index(seat)}:{DOZEN * seat.dozens}"


@scenario(steps=len(SEATS), tokens=sum(seat.choices * seat.tokens for seat in SEATS))
def crowd(ask: Ask) -> Script:
    """Ask many different things at a time."""
    yield [
        ask(
            prompt=prompt_of(seat),
            max_tokens=seat.tokens,
            n=seat.choices if ask.has("n") and seat.choices > 1 else OMIT,
            stream=seat.stream,
        )
        for seat in SEATS
    ]
    return None


def first_words(sent: Sent) -> str:
    """The text of a request's first message."""
    return text(next(objects(sent.get("messages")), {}).get("content"))


def seat_of(sent: Sent) -> int | None:
    """Which seat a request comes from."""
    said = first_words(sent)
    return next((at for at, seat in enumerate(SEATS) if said.startswith(f"{prompt_of(seat)} (")), None)


def _told(*seats: int) -> Callable[[Sent], bool]:
    return lambda sent: seat_of(sent) in seats


def mixed_up(name: str, about: str, changes: Callable[[Sent], Sent], *seats: int) -> Mutant:
    """Some of the crowd are given what others asked for."""
    return Mutant(
        name=name,
        about=about,
        request=lambda call: call.with_body({**call.sent, **changes(call.sent)}),
        when=_told(*seats),
    )


def _without_mode(call: Call) -> Call:
    sent = {name: value for name, value in call.sent.items() if name != "stream_options"}
    return call.with_body({**sent, "stream": not sent.get("stream")})


def _as_asked(exchange: Exchange) -> bool:
    """Streamed where a stream was asked for, whole where none was."""
    return exchange.asked_stream == (exchange.media_type == "text/event-stream")


def _as_many(exchange: Exchange) -> bool:
    """As many choices as were asked for."""
    return len(exchange.choices) == exchange.asked_choices


def _as_short(exchange: Exchange) -> bool:
    """No more tokens than were allowed."""
    most, used = exchange.sent.get("max_tokens"), exchange.tokens("completion_tokens")
    return used is None or not is_integer(most) or used <= most * exchange.asked_choices


TRAITS: tuple[tuple[str, str, Callable[[Exchange], bool]], ...] = (
    ("mode", "in the mode that was asked for", _as_asked),
    ("choices", "as many as were asked for", _as_many),
    ("tokens", "no more than were asked for", _as_short),
)
"""What tells whom a reply is for: its name, what it has to be, and whether it is so."""


def _strays(asked: Sequence[Exchange]) -> Iterator[tuple[Exchange, str, str]]:
    """(reply, trait, expected) of each that is not as asked for, where most are and one with as many choices is."""
    for name, expected, holds in TRAITS:
        right = [each for each in asked if holds(each)]
        served = {each.asked_choices for each in right}
        if len(right) * 2 > len(asked):
            yield from ((each, name, expected) for each in asked if each not in right and each.asked_choices in served)


of_crowds = partial(
    requirement, level=MUST, source="request", scenario=takes(crowd, standard=1, full=4), feature="isolation"
)
"""A requirement on the replies to many who ask at a time."""


@of_crowds(
    "isolation.own-reply",
    mutants=[
        Mutant(
            name="another-mode-in-a-crowd",
            about="one of a crowd is given another's mode",
            request=_without_mode,
            when=_told(2),
        ),
        Mutant(
            name="a-stream-for-the-whole-in-a-crowd",
            about="one of a crowd that asked for a whole reply is given a stream",
            request=_without_mode,
            when=_told(3),
        ),
        mixed_up("fewer-choices-in-a-crowd", "one of a crowd is given one choice", lambda _: {"n": None}, 5),
        mixed_up("more-choices-in-a-crowd", "a stream of a crowd is given another's choices", lambda _: {"n": 2}, 2),
        mixed_up("another-limit-in-a-crowd", "one of a crowd has another's limit", lambda _: {"max_tokens": 9}, 5),
    ],
)
def replies_are_their_own(asked: tuple[Exchange, ...]) -> Iterator[Finding]:
    """Each of many who ask at a time is given the mode, the choices and no more than the tokens that it asked for."""
    if not all(each.ok for each in asked):
        yield NotJudged(reason="not all of the crowd were answered")
        return
    for exchange, trait, expected in _strays(asked):
        yield Violation(pointer=trait, observed="another's", expected=expected, exchanges=(exchange.n,))
