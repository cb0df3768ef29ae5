"""The messages of a request, held against each other: words that cost tokens in one cost as many in another."""

from __future__ import annotations

from collections.abc import Iterator

from ..exchange import Exchange
from ..model import Depth, Finding, Level, NotJudged, Violation
from ..reply import members, objects, text
from ..requirement import requirement
from ..scenario import both_modes, takes
from ..spoil import either, streaming, whole
from .messages import LEAST, WORDS, hears, of_histories, said_back, without
from .usage import count, counted

FEW = 4
"""Tokens by which the same words may differ in another place: what meets at their ends may be one token or two."""


def _grown_by(base: Exchange, asked: tuple[Exchange, ...], *, last: bool) -> list[tuple[Exchange, int]]:
    """By how much those cost more than the first that have words more in their last message, or in one before it.

    Left out are those with words more for the system: some templates say those twice, or only to some models.
    """
    return [
        (each, count(each, "prompt_tokens") - count(base, "prompt_tokens"))
        for each in asked
        if counted(each) and _longer(each) is last
    ]


def _longer(exchange: Exchange) -> bool | None:
    """Whether it is the last message that has words more; None where it is none, or the system's."""
    said = list(objects(exchange.sent.get("messages")))
    place = next((at for at, each in enumerate(said) if WORDS in text(each.get("content"))), None)
    if place is None or said[place].get("role") == "system":
        return None
    return place == len(said) - 1


@of_histories(
    "messages.same-cost",
    mutants=[
        hears("system-dropped", "system messages are passed over in whole replies", without("system"), whole),
        hears(
            "own-turns-dropped",
            "the assistant's messages are passed over in whole replies",
            without("assistant"),
            whole,
        ),
        hears("last-message-twice", "the last message is heard twice", lambda said: [*said, *said[-1:]]),
        either(
            "system-not-counted-in-streams",
            "streams do not count the system message",
            lambda sent, body: (
                body["usage"].update(
                    prompt_tokens=body["usage"]["prompt_tokens"] - 9, total_tokens=body["usage"]["total_tokens"] - 9
                )
                if body.get("usage") and any(members(each).get("role") == "system" for each in sent["messages"])
                else None
            ),
            when=streaming,
        ),
    ],
)
def words_cost_alike(asked: tuple[Exchange, ...]) -> Iterator[Finding]:
    """The same words cost as many tokens in one message as in another, whole or streamed; in the last not far more."""
    base = asked[0]
    before = _grown_by(base, asked[1:], last=False)
    if not counted(base) or len(before) < 2:
        yield NotJudged(reason="there was no usage to compare")
        return
    (least, less), (most, more) = (choose(before, key=lambda each: each[1]) for choose in (min, max))
    if more - less > FEW:
        yield Violation(
            pointer="/usage/prompt_tokens",
            observed=f"{less} and {more} more for the same words in different messages",
            expected="the same",
            exchanges=(base.n, least.n, most.n),
        )
    for each, last in _grown_by(base, asked[1:], last=True):
        if last > more * 3 / 2 + LEAST:
            yield Violation(
                pointer="/usage/prompt_tokens",
                observed=f"{last} more for words in the last message, {more} for the same words before it",
                expected="about the same",
                exchanges=(base.n, most.n, each.n),
            )


@requirement(
    "messages.whole-history",
    level=Level.SHOULD,
    source="messages",
    scenario=takes(both_modes(said_back, streams=Depth.FULL), standard=1, full=2),
    parameter="messages",
    mutants=[
        hears("only-the-last-ten", "only the last ten messages are heard", lambda said: said[-10:]),
        hears("only-the-last-ten", "only the last ten messages are heard", lambda said: said[-10:], streaming),
        hears("only-the-first-and-last", "only the first and the last are heard", lambda said: [*said[:2], *said[-2:]]),
    ],
)
def histories_are_whole(first: Exchange, asked: tuple[Exchange, ...]) -> Iterator[Finding]:
    """Of forty messages none is passed over: they cost no less than the same words in one of them."""
    one, many = asked
    if not all(map(counted, (first, one, many))):
        yield NotJudged(reason="there was no usage to compare")
        return
    own = count(first, "completion_tokens")  # which is sent back with the one, thoughts perhaps included
    if count(many, "prompt_tokens") < count(one, "prompt_tokens") - own - LEAST:
        yield Violation(
            pointer="/usage/prompt_tokens",
            observed=f"{count(many, 'prompt_tokens')} for forty messages",
            expected=f"no less than the {count(one, 'prompt_tokens')} of the same words in one",
            exchanges=(one.n, many.n),
        )
