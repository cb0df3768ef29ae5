"""Lists of the likeliest tokens: there, not too long, in order, of their own place.

One more than asked for is everywhere legal (the token that was said, when it is none of the likeliest), fewer where a
mask took tokens away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from typing import Any

from ..exchange import Exchange
from ..likelihoods import Place, all_places, asked, entries, lists_asked, told
from ..model import Finding, Kind, Level, NotJudged, Violation
from ..mutants import Mutant, Object
from ..reply import is_integer, items, objects
from ..requirement import requirement
from ..schema import show
from ..spoil import ignores, streaming
from .logprobs_asked import entry_by_entry, lists, tells

MUST, SHOULD = Level.MUST, Level.SHOULD

APART = 0.5
"""Nats by which two log probabilities that are told of one place are two."""

WITHOUT = NotJudged(reason="no lists of likeliest tokens were told")


def with_lists(exchange: Exchange) -> bool:
    """Answered with log probabilities, and asked for a list at each place."""
    return asked(exchange) and lists_asked(exchange) > 0


def told_lists(exchange: Exchange) -> list[Place]:
    """The places that have a list."""
    return [place for place in all_places(exchange) if place.listed]


def list_by_list(change: Callable[[list[Any]], list[Any]]) -> Callable[[list[Any]], list[Any]]:
    """A change of every list of likeliest tokens."""
    return entry_by_entry(lambda entry: entry.update(top_logprobs=change(entry["top_logprobs"])))


of_lists = partial(
    requirement,
    source="top_logprobs",
    scenario=lists,
    kind=Kind.EACH,
    applies=with_lists,
    feature="top-logprobs",
    beside="logprobs",
    parameter="top_logprobs",
)
"""A requirement on the lists of likeliest tokens of every reply that was to have them."""


@of_lists(
    "logprobs.lists-there",
    level=MUST,
    mutants=[
        ignores("top_logprobs"),
        ignores("top_logprobs", when=streaming),
        Mutant(
            name="no-lists-above-five",
            about="no list is told where more than five tokens are asked for",
            request=ignores("top_logprobs").request,
            when=lambda sent: (sent.get("top_logprobs") or 0) > 5,
        ),
        tells(
            "null-lists",
            "lists of likeliest tokens are null",
            entry_by_entry(lambda entry: entry.update(top_logprobs=None)),
        ),
    ],
)
def lists_are_there(exchange: Exchange) -> Iterator[Finding]:
    """Where top_logprobs is above 0, the places have lists of likeliest tokens."""
    telling = [choice for choice in exchange.choices if entries(choice)]
    if not telling:
        yield NotJudged(reason="no log probabilities were told")
    for choice in telling:
        if not any(items(entry.get("top_logprobs")) for entry in entries(choice)):
            yield Violation(
                pointer=f"/choices/{show(choice.index)}/logprobs/content/*/top_logprobs",
                observed="empty everywhere",
                expected=f"{lists_asked(exchange)} likeliest tokens at each place",
            )


def _two_more(listed: list[Any]) -> list[Any]:
    return [*listed, *({"token": f" more{n}", "logprob": -30.0 - n, "bytes": None} for n in range(2))]


def _one_asked(sent: Object) -> bool:
    return sent.get("top_logprobs") == 1


@of_lists(
    "logprobs.lists-not-longer",
    level=MUST,
    applies=lambda exchange: asked(exchange) and is_integer(exchange.sent.get("top_logprobs")),
    mutants=[
        tells("two-tokens-too-many", "lists are two tokens longer than asked", list_by_list(_two_more)),
        tells("two-too-many-in-streams", "streamed lists are two tokens too long", list_by_list(_two_more), streaming),
        tells(
            "lists-for-zero",
            "lists are told where none were asked for",
            list_by_list(_two_more),
            when=lambda sent: sent.get("top_logprobs") == 0,
        ),
        tells(
            "three-for-one", "three tokens are told where one was asked for", list_by_list(_two_more), when=_one_asked
        ),
    ],
)
def lists_are_not_longer(exchange: Exchange) -> Iterator[Finding]:
    """No list is longer than top_logprobs says, but for one token: the one that was said, if it is none of them."""
    asked_for = lists_asked(exchange)
    lengths = [
        len(list(objects(entry.get("top_logprobs")))) for choice in exchange.choices for entry in entries(choice)
    ]
    if not lengths:
        yield NotJudged(reason="no log probabilities were told")
    elif max(lengths) > asked_for + 1:
        yield Violation(
            pointer="/choices/*/logprobs/content/*/top_logprobs",
            observed=f"{max(lengths)} tokens long",
            expected=f"{asked_for}, or one more with the token that was said",
        )


def _unmasked(exchange: Exchange) -> bool:
    """Nothing that was sent takes tokens away before twenty of them."""
    sent = exchange.sent
    return with_lists(exchange) and (sent.get("temperature"), sent.get("top_p"), sent.get("min_p", 0)) == (1, 1, 0)


ALL_TOLD = 0.99
"""How likely a list's tokens are together that may be all there are behind a mask."""


@of_lists(
    "logprobs.lists-full",
    level=SHOULD,
    applies=lambda exchange: _unmasked(exchange) and exchange.sent.get("top_k", 127) == 127,
    mutants=[
        tells(
            "one-token-too-few", "lists are one token shorter than asked", list_by_list(lambda each: each[:-1]), least=2
        ),
        tells(
            "one-too-few-in-streams", "streamed lists are one short", list_by_list(lambda each: each[:-1]), streaming, 2
        ),
        tells("never-above-five", "no list is longer than five", list_by_list(lambda each: each[:5])),
    ],
)
def lists_are_full(exchange: Exchange) -> Iterator[Finding]:
    """Where nothing takes tokens away, most lists are as long as top_logprobs says."""
    judged = [place for place in told_lists(exchange) if place.mass_above(-1e9) < ALL_TOLD]
    short = [place for place in judged if len(place.listed) < lists_asked(exchange)]
    if not judged:
        yield WITHOUT
    elif len(short) > len(judged) / 2:
        yield Violation(
            pointer="/choices/*/logprobs/content/*/top_logprobs",
            observed=f"{len(short[0].listed)} tokens long, and too short at {len(short)} of {len(judged)} places",
            expected=f"{lists_asked(exchange)}, as asked",
        )


def descends(place: Place) -> bool:
    """Whether a list goes down, the token that was said apart, which may stand first or last."""
    others = [each.logprob for each in place.listed if each.key != place.said.key]
    return all(a >= b - 1e-4 for a, b in pairwise(others))


def _upwards(told: list[Any]) -> list[Any]:
    return sorted(told, key=lambda each: float(each["logprob"]))


@of_lists(
    "logprobs.lists-descending",
    level=SHOULD,
    applies=lambda exchange: asked(exchange) and lists_asked(exchange) > 3,
    mutants=[
        tells("lists-ascending", "lists begin with the least likely", list_by_list(_upwards), least=4),
        tells("streamed-lists-ascending", "streamed lists do", list_by_list(_upwards), streaming, 4),
        tells(
            "long-lists-unordered",
            "of long lists the rest is unordered",
            list_by_list(lambda each: [*each[:5], *_upwards(each[5:])]),
            least=7,
        ),
        tells(
            "lists-by-name",
            "lists go by the alphabet",
            list_by_list(lambda each: sorted(each, key=lambda one: str(one["token"]))),
        ),
    ],
)
def lists_descend(exchange: Exchange) -> Iterator[Finding]:
    """Lists begin with the likeliest token and go down from there, the token that was said apart."""
    found = told_lists(exchange)
    wrong = next((place for place in found if not descends(place)), None)
    if not found:
        yield WITHOUT
    elif wrong is not None:
        yield Violation(
            pointer="/choices/*/logprobs/content/*/top_logprobs",
            observed=f"in the order {', '.join(f'{each.logprob:.3g}' for each in wrong.listed[:6])}",
            expected="descending",
        )


def _not_its_own(place: Place) -> bool:
    """Whether a list tells another log probability of what was said, or leaves out what was likelier than its last: a
    model that heeds no context has the same list everywhere, and it is right everywhere."""
    there = [each.logprob for each in place.listed if each.key == place.said.key]
    if there:
        return all(abs(each - place.said.logprob) > APART for each in there)
    return place.said.logprob > min(each.logprob for each in place.listed) + APART


def _first_everywhere(told: list[Any]) -> list[Any]:
    for entry in told:
        entry["top_logprobs"] = told[0]["top_logprobs"]
    return told


@of_lists(
    "logprobs.lists-differ",
    level=MUST,
    applies=lambda exchange: asked(exchange) and lists_asked(exchange) > 1,
    mutants=[
        tells("first-list-everywhere", "every place has the first one's list", _first_everywhere, least=2),
        tells(
            "first-list-in-streams", "every streamed place has the first one's list", _first_everywhere, streaming, 2
        ),
    ],
)
def lists_are_of_their_place(exchange: Exchange) -> Iterator[Finding]:
    """Places with different tokens have different lists: each is of its own place."""
    judged = False
    for choice, said in told(exchange):
        full = [place for place in said if len(place.listed) > 1]
        if len({place.said.key for place in full}) < 4:
            continue
        judged = True
        same = len({tuple((each.key, each.logprob) for each in place.listed) for place in full}) == 1
        if same and any(map(_not_its_own, full)):
            yield Violation(
                pointer=f"/choices/{show(choice.index)}/logprobs/content/*/top_logprobs",
                observed=f"the same list at all {len(full)} places",
                expected="a list of each place's own",
            )
    if not judged:
        yield NotJudged(reason="no text had four different tokens with lists")
