"""Messages that some refuse and that must bring nobody down; and who else may speak."""

from __future__ import annotations

from collections.abc import Iterator

from ..ask import Ask
from ..exchange import Exchange
from ..model import JSON, Depth, Level, Observation, Request, Violation, Zone
from ..mutants import Object
from ..reply import text
from ..requirement import requirement
from ..scenario import Script, Stage, both_modes, scenario
from .messages import answered_or, refuses_when

MUST, OBSERVE = Level.MUST, Level.OBSERVE

STRANGE = {
    "half a surrogate pair": "Say \ud83d or \udc00.",
    "control characters": "Say \x00\x01\x08\x1b[31m\x7f\x85\ufeff\ufffe.",
    "an empty text": "",
}
"""What the last message says, by what it is: legal JSON, all of it."""


def last_word(ask: Ask, said: JSON) -> Request:
    """A conversation that ends so."""
    turns: list[JSON] = [
        {"role": "user", "content": f"Hello. ({ask.nonce})"},
        {"role": "assistant", "content": "Welcome."},
        {"role": "user", "content": said},
    ]
    return ask(max_tokens=4, messages=turns, zone=Zone.DISPUTED)


@scenario(steps=1 + len(STRANGE), tokens=16, stage=Stage.ROUGH)
def strange_texts(ask: Ask) -> Script:
    """Ask properly, then with texts that are half a character, no characters to be seen, or nothing."""
    yield ask(max_tokens=4)
    yield [last_word(ask, said) for said in STRANGE.values()]
    return None


strange = both_modes(strange_texts, streams=Depth.FULL)


def _last(said: list[Object]) -> str:
    return text(said[-1].get("content")) if said else "-"


@requirement(
    "messages.no-crash",
    level=MUST,
    source="messages",
    scenario=strange,
    parameter="messages",
    mutants=[
        refuses_when(
            "half-a-character-is-500",
            "half a surrogate pair is answered with 500",
            500,
            lambda said: any("\ud800" <= sign <= "\udfff" for sign in _last(said)),
        ),
        refuses_when(
            "control-characters-are-500", "a NUL is answered with 500", 500, lambda said: "\x00" in _last(said)
        ),
        refuses_when("empty-text-is-500", "an empty text is answered with 500", 500, lambda said: not _last(said)),
    ],
)
def texts_crash_nothing(_: Exchange, asked: tuple[Exchange, ...]) -> Iterator[Violation]:
    """Half characters, control characters and empty texts are answered or refused, not met with a 5xx or a closed
    connection."""
    for exchange, what in zip(asked, STRANGE, strict=False):
        if exchange.crashed:
            yield Violation(
                pointer="status",
                observed=f"{exchange.status or exchange.error} for {what}",
                expected="2xx or 4xx",
                exchanges=(exchange.n,),
            )


@requirement(
    "messages.empty-content",
    level=OBSERVE,
    source="messages",
    scenario=strange,
    parameter="messages",
    mutants=[refuses_when("empty-text-refused", "an empty text is refused", 400, lambda said: not _last(said))],
)
def empty_contents(_: Exchange, asked: tuple[Exchange, ...]) -> Iterator[Observation]:
    """Whether a message with an empty text is answered."""
    yield answered_or(asked[2])


@scenario(steps=1, tokens=4)
def developer(ask: Ask) -> Script:
    """Let a developer speak before the user."""
    turns: list[JSON] = [
        {"role": "developer", "content": f"Be brief. ({ask.nonce})"},
        {"role": "user", "content": "Hello."},
    ]
    yield ask(max_tokens=4, messages=turns, zone=Zone.DISPUTED)
    return None


@requirement(
    "messages.developer",
    level=OBSERVE,
    source="messages",
    scenario=both_modes(developer, streams=Depth.FULL),
    parameter="messages",
    mutants=[
        refuses_when(
            "developer-refused",
            "messages of a developer are refused",
            400,
            lambda said: any(each.get("role") == "developer" for each in said),
        )
    ],
)
def developers(exchange: Exchange) -> Iterator[Observation]:
    """Whether a message of the role developer is answered."""
    yield answered_or(exchange)
