"""Isolation: a client that hangs up in the middle of a stream harms nobody.

Servers that cancel what nobody waits for have been seen to cancel others with it, and to lose a place for each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from ..ask import Ask
from ..exchange import Exchange
from ..model import Depth, Finding, Level, NotJudged, Violation
from ..mutants import Call, Mutant, Sent, Wire
from ..requirement import requirement
from ..scenario import Script, scenario
from ..spoil import refusal, streaming
from .isolation import first_words

LEAVES = "Count to a hundred, slowly."
STAYS = "Count to five with me."
COMES = "Count to five, though some have left."

LEAVING = 4
"""Clients that hang up at a time."""


@scenario(steps=LEAVING + 5, tokens=(LEAVING + 1) * 64 + 4 * 8, depth=Depth.FULL, apart=True)
def deserted(ask: Ask) -> Script:
    """Hang up on some streams at their first piece while others are answered, then on another while others begin."""
    leaving = ask(prompt=LEAVES, max_tokens=64, stream=True, leaves=True)
    yield [leaving] * LEAVING + [ask(prompt=STAYS, max_tokens=8, stream=stream) for stream in (False, True)]
    yield [leaving, *(ask(prompt=COMES, max_tokens=8, stream=stream) for stream in (False, True))]
    return None


def _says(prompt: str) -> Callable[[Sent], bool]:
    return lambda sent: first_words(sent).startswith(prompt)


def _taken_down(who: str, prompt: str) -> Mutant:
    return Mutant(
        name=f"who-{who}-is-taken-down",
        about=f"whoever {who} when a client hangs up is answered with 500",
        wire=lambda _, reply: refusal(reply, 500, "the engine has stopped"),
        when=_says(prompt),
    )


def _ended_too(_: Call, reply: Wire) -> Wire:
    return replace(reply, pieces=reply.pieces[:1], cut=True)


@requirement(
    "isolation.others-stay",
    level=Level.MUST,
    source="request",
    scenario=deserted,
    feature="isolation",
    mutants=[
        _taken_down("stays", STAYS),
        _taken_down("comes", COMES),
        Mutant(
            name="streams-of-others-end-too",
            about="when a client hangs up, the streams of others end too",
            wire=_ended_too,
            when=lambda sent: streaming(sent) and _says(STAYS)(sent),
        ),
    ],
)
def others_are_answered(during: tuple[Exchange, ...], after: tuple[Exchange, ...]) -> Iterator[Finding]:
    """While clients hang up and after it others are answered to the end."""
    others = [each for each in (*during[LEAVING:], *after[1:]) if not each.says_nothing]
    if not any(each.left for each in during):
        yield NotJudged(reason="every stream ended before it could be left")
    for exchange in others:
        if not exchange.ok or exchange.error:
            yield Violation(
                pointer="reply" if exchange.ok else "status",
                observed=f"cut ({exchange.error})" if exchange.ok else str(exchange.status),
                expected="a complete reply, whoever hangs up",
                exchanges=(exchange.n,),
            )
