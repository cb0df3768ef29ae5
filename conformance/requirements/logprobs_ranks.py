"""Lists of the likeliest tokens and what was said: the ranks that a list proves agree with it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from ..ask import OMIT, Ask
from ..exchange import Exchange
from ..likelihoods import UNTOLD, Place, all_places, entries, joined, lists_asked
from ..model import Finding, Level, NotJudged, Violation
from ..mutants import Object
from ..reply import objects
from ..requirement import requirement
from ..scenario import Script, scenario, takes
from ..schema import show
from ..spoil import drop, every_chunk, ignores, streaming, whole
from .logprobs_asked import entry_by_entry, neutral, tells
from .logprobs_lists import WITHOUT, list_by_list, of_lists, told_lists

SHOULD = Level.SHOULD

NEAR = 0.5
"""By how much two likelihoods may differ, told at different moments, that are one."""

ROUNDED = 0.05
"""By how much the same one may, told twice in one reply."""


def _next_place(told: list[Any]) -> list[Any]:
    lists = [entry["top_logprobs"] for entry in told]
    for entry, listed in zip(told, [*lists[1:], *lists[:1]], strict=True):
        entry["top_logprobs"] = listed
    return told


def _without_said(entry: Object) -> None:
    entry["top_logprobs"] = [each for each in entry["top_logprobs"] if each["token"] != entry["token"]]


def _certain(entry: Object) -> None:
    entry["logprob"] = 0.0


def _last(place: Place) -> float:
    """The least log probability that a list tells."""
    return min((each.logprob for each in place.listed if each.logprob > UNTOLD), default=0.0)


def _listed_otherwise(exchange: Exchange) -> list[Place]:
    """The places whose list has what was said with another log probability."""
    return [
        place
        for place in told_lists(exchange)
        if min(place.logprob, place.said.logprob) > UNTOLD and abs(place.logprob - place.said.logprob) > NEAR
    ]


@of_lists(
    "logprobs.lists-hold-said",
    level=SHOULD,
    applies=lambda exchange: exchange.legible and exchange.sent.get("logprobs") is True and lists_asked(exchange) >= 20,
    mutants=[
        tells("lists-of-the-next-place", "lists are those of the next place", _next_place),
        tells("lists-of-the-next-place-in-streams", "streamed lists are of the next place", _next_place, streaming),
        tells("said-token-not-listed", "lists leave out what was said", entry_by_entry(_without_said)),
        tells("said-token-always-certain", "what was said is told to be certain", entry_by_entry(_certain)),
    ],
)
def lists_hold_what_was_said(exchange: Exchange) -> Iterator[Finding]:
    """A token that was likelier than the last of its list is in the list."""
    judged = [place for place in told_lists(exchange) if place.said.logprob > _last(place) + NEAR]
    lost = [place for place in judged if all(each.key != place.said.key for each in place.listed)]
    if len(judged) < 3:
        yield NotJudged(reason="too little was said that had to be listed")
    elif len(lost) > len(judged) / 4 and len(other := _listed_otherwise(exchange)) > len(told_lists(exchange)) / 4:
        place, said = other[0], other[0].said
        yield Violation(
            pointer="/choices/*/logprobs/content/*/logprob",
            observed=f"{said.logprob:.3g} for {show(said.token)}, which the list beside it gives {place.logprob:.3g},"
            f" and other numbers at {len(other)} places",
            expected="the number that the list has for the same token",
        )
    elif len(lost) > len(judged) / 4:
        yield Violation(
            pointer="/choices/*/logprobs/content/*/top_logprobs",
            observed=f"without the said token {show(lost[0].said.token)} ({lost[0].said.logprob:.3g})",
            expected=f"with it: the last that is listed has {_last(lost[0]):.3g}",
        )


def _apart(place: Place) -> list[float]:
    """The log probabilities of a list; what was said once, though it comes first and again where it ranks, with a log
    probability that was rounded elsewhere."""
    first, *rest = place.listed
    again = [each for each in rest if each.key == first.key and abs(each.logprob - first.logprob) <= ROUNDED]
    told = [first, *rest] if first.key != place.said.key else [first, *(each for each in rest if each not in again)]
    return [logprob for _, logprob in {(each.key, each.logprob) for each in told}]


def _in_tens(listed: list[Any]) -> list[Any]:
    return [{**each, "logprob": each["logprob"] / math.log(10)} for each in listed]


@of_lists(
    "logprobs.lists-sum",
    level=SHOULD,
    applies=lambda exchange: exchange.legible and exchange.sent.get("logprobs") is True and lists_asked(exchange) > 4,
    mutants=[
        tells("logarithms-to-ten", "lists tell logarithms to the base 10", list_by_list(_in_tens), least=20),
        tells("logarithms-to-ten-in-streams", "streamed lists do", list_by_list(_in_tens), streaming, 20),
    ],
)
def lists_are_possible(exchange: Exchange) -> Iterator[Finding]:
    """The tokens of one list are together not likelier than certain."""
    found = told_lists(exchange)
    if not found:
        yield WITHOUT
    for place in found:
        together = math.fsum(math.exp(min(logprob, 0.0)) for logprob in _apart(place))
        if together > 1.02:
            yield Violation(
                pointer="/choices/*/logprobs/content/*/top_logprobs",
                observed=f"of probabilities that come to {together:.3g}",
                expected="at most 1: natural logarithms of probabilities",
            )
            return


@scenario(steps=2, tokens=32)
def both_told(ask: Ask) -> Script:
    """Ask the same coldly for a whole reply and for a stream, with log probabilities."""
    lists = 5 if ask.has("top-logprobs") else OMIT
    cold = neutral(ask, temperature=ask.setting.cold)
    yield [ask(logprobs=True, top_logprobs=lists, also=cold, stream=mode) for mode in (False, True)]
    return None


both = takes(both_told, standard=1, full=2)


def _is_top(place: Place) -> bool:
    return place.gap <= NEAR and any(each.key == place.said.key for each in place.listed)


@requirement(
    "logprobs.greedy-is-top",
    level=SHOULD,
    source="top_logprobs",
    scenario=both,
    feature="top-logprobs",
    beside="logprobs",
    parameter="top_logprobs",
    mutants=[
        tells("lists-of-the-place-after", "lists are those of the place after", _next_place),
        tells("lists-of-the-place-after-in-streams", "streamed lists are of the place after", _next_place, streaming),
        ignores("temperature"),
    ],
)
def greedy_says_the_likeliest(asked: tuple[Exchange, Exchange]) -> Iterator[Finding]:
    """Coldly, what is said is the likeliest token of its list, but for near ties."""
    judged = False
    for exchange in asked:
        found = told_lists(exchange) if exchange.legible else []
        off = [place for place in found if not _is_top(place)]
        judged = judged or len(found) >= 4
        if len(found) >= 4 and len(off) > len(found) / 4:
            yield Violation(
                pointer="/choices/0/logprobs/content",
                observed=f"of tokens that were not the likeliest at {len(off)} of {len(found)} places",
                expected="of the likeliest token of each list",
                exchanges=(exchange.n,),
            )
    if not judged:
        yield WITHOUT


def _form(exchange: Exchange) -> tuple[set[str], bool]:
    """The members of entries, and whether there are lists."""
    told = [entry for choice in exchange.choices for entry in entries(choice)]
    return {name for entry in told for name in entry}, any(any(objects(each.get("top_logprobs"))) for each in told)


@requirement(
    "logprobs.streamed-as-whole",
    level=SHOULD,
    source="logprobs",
    scenario=both,
    feature="logprobs",
    parameter="logprobs",
    mutants=[
        every_chunk(
            "no-bytes-in-streams",
            "streamed entries have no bytes",
            drop("choices", "*", "logprobs", "content", "*", "bytes"),
        ),
        tells("no-lists-in-streams", "streamed entries have no lists", list_by_list(lambda _: []), streaming),
        tells("other-tokens-in-streams", "a stream leaves its first tokens out", lambda told: told[2:], streaming),
        tells("fewer-entries-whole", "a whole reply leaves its last tokens out", lambda told: told[:-3], whole),
    ],
)
def streams_tell_the_same(asked: tuple[Exchange, Exchange]) -> Iterator[Finding]:
    """A stream tells log probabilities as a whole reply does: entries of the same members, of the same text as many."""
    one, other = asked
    if not all(each.legible and any(map(entries, each.choices)) for each in asked):
        yield NotJudged(reason="not both modes told log probabilities")
        return
    if _form(one) != _form(other):
        told = [f"{', '.join(sorted(_form(each)[0]))}{'' if _form(each)[1] else ' without lists'}" for each in asked]
        yield Violation(
            pointer="/choices/0/logprobs/content",
            observed=f"of {told[1]} in the stream",
            expected=f"of {told[0]}, as in the whole reply",
            exchanges=(one.n, other.n),
        )
    elif one.text == other.text:
        said = [all_places(each) for each in asked]
        if abs(len(said[0]) - len(said[1])) > 1 or _joined(said[0]) != _joined(said[1]):
            yield Violation(
                pointer="/choices/0/logprobs/content",
                observed=f"{len(said[1])} entries that say {show(joined(said[1]))} in the stream",
                expected=f"{len(said[0])} that say {show(joined(said[0]))}, as in the whole reply of the same text",
                exchanges=(one.n, other.n),
            )


def _joined(said: tuple[Place, ...]) -> str | None:
    told = joined(said)
    return None if told is None else told.rstrip()
