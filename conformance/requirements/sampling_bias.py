"""logit_bias: a token that is raised by 100 is said always, and one that is lowered by 100 never.

Which text an id stands for is the tokenizer's secret, so nothing is expected of the text but that it is one thing over
and over; and as some ids of some vocabularies have no text, an endpoint is only held to one of three.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from ..ask import Ask
from ..exchange import Exchange
from ..likelihoods import UNTOLD, all_places, of_its_text
from ..model import Depth, Finding, Level, NotJudged, Violation
from ..mutants import Call, Mutant, Object, When
from ..reply import members
from ..requirement import requirement
from ..scenario import Script, both_modes, scenario, together
from ..schema import show
from ..spoil import ignores, streaming
from .logprobs_asked import neutral
from .sampling import telling

MUST = Level.MUST

IDS = (64, 100, 220)
"""Ids that every vocabulary has."""

FAR = 40.0
"""Nats within which the eight likeliest tokens of language models lie, by a wide margin."""

WIDE = NotJudged(reason="likelihoods lie so far apart that a bias of 100 may not bridge what is between two of them")


@scenario(steps=5, tokens=30)
def biased(ask: Ask) -> Script:
    """Raise three tokens by 100, each alone, then lower one by 100 that was then said, and raise it once more by 100
    between two that are raised by 1."""
    also = {**neutral(ask), **telling(ask)}
    raised = together((yield [ask(max_tokens=6, logit_bias={str(each): 100}, also=also) for each in IDS]))
    loud = _loud(raised)
    if loud is not None:
        first, last = (str(each) for each in IDS if each != loud)
        yield [
            ask(max_tokens=6, logit_bias={str(loud): -100}, also=also),
            ask(max_tokens=6, logit_bias={first: 1, str(loud): 100, last: 1}, also=also),
        ]
    return None


biases = both_modes(biased, streams=Depth.FULL)


def _loud(raised: Sequence[Exchange]) -> int | None:
    """The first of the ids that makes the text one thing over and over."""
    return next((IDS[at] for at, each in enumerate(raised) if each.text.strip() and one_thing(each)), None)


def one_thing(exchange: Exchange) -> bool:
    """Whether a reply is one token over and over, or of tokens that have no text: by what is told of its tokens, which
    may be more than the text has, or by the text."""
    said = [place.said.key for place in all_places(exchange)]
    if len(said) > 1 and len(set(said)) == 1 and of_its_text(exchange):
        return True
    text = exchange.text.strip()
    lengths = range(1, len(text) // 2 + 1)
    return not text or any(text == text[:length] * (len(text) // length) for length in lengths)


def _wide(exchange: Exchange) -> bool:
    """Whether some token that was said, or is one of the likeliest few, was told to be far behind the likeliest."""
    places = ([place.said, *place.listed] for place in all_places(exchange))
    told = ([each.logprob for each in candidates if each.logprob > UNTOLD] for candidates in places)
    return any(max(each) - min(each) > FAR for each in told if each)


def _with_biases(name: str, about: str, change: Callable[[Object], Object], when: When | None = None) -> Mutant:
    """The biases count as others."""

    def act(call: Call) -> Call:
        biases = members(call.sent.get("logit_bias"))
        return call.with_body({**call.sent, "logit_bias": change(biases)}) if biases else call

    return Mutant(name=name, about=about, request=act, when=when)


def _changed(name: str, about: str, change: Callable[[Any], Any], when: When | None = None) -> Mutant:
    """Every bias counts as another."""
    return _with_biases(name, about, lambda biases: {key: change(value) for key, value in biases.items()}, when)


on_biases = partial(
    requirement, level=MUST, source="logit_bias", scenario=biases, feature="logit-bias", parameter="logit_bias"
)
"""A requirement on what biases do."""


@on_biases(
    "sampling.logit-bias-forces",
    mutants=[
        ignores("logit_bias"),
        ignores("logit_bias", when=streaming),
        _changed("biases-of-one-at-most", "no bias is above 1", lambda value: min(value, 1)),
        _changed("biases-upside-down", "what a bias is to raise it lowers", lambda value: -value),
    ],
)
def bias_forces(raised: tuple[Exchange, ...], *_: tuple[Exchange, ...]) -> Iterator[Finding]:
    """A token raised by 100 is said at every place: at least one of three makes the text one thing over and over."""
    if not all(each.legible for each in raised):
        yield NotJudged(reason="the replies could not be read")
    elif any(map(one_thing, raised)):
        return
    elif any(map(_wide, raised)):
        yield WIDE
    else:
        yield Violation(
            pointer="/choices/0",
            observed=", ".join(show(each.text, 40) for each in raised),
            expected=f"one token over and over for one of the ids {', '.join(map(str, IDS))} at least",
            exchanges=tuple(each.n for each in raised),
        )


@on_biases(
    "sampling.logit-bias-bans",
    mutants=[
        _changed("biases-without-sign", "a bias below 0 counts as one above it", abs),
        _changed("biases-without-sign-in-streams", "in streams a bias below 0 counts as one above it", abs, streaming),
    ],
)
def bias_bans(raised: tuple[Exchange, ...], lowered: tuple[Exchange, ...] = ()) -> Iterator[Finding]:
    """A token lowered by 100 is not said: not the one that is said at every place when it is raised."""
    loud = _loud(raised) if all(each.legible for each in raised) else None
    if loud is None or not lowered or not lowered[0].legible:
        yield NotJudged(reason="no bias had an effect that could be seen")
    elif one_thing(lowered[0]) and raised[IDS.index(loud)].text.strip() == lowered[0].text.strip():
        yield Violation(
            pointer="/choices/0",
            observed=show(lowered[0].text),
            expected=f"without what a bias of 100 makes of it, {show(raised[IDS.index(loud)].text)}",
            exchanges=(raised[IDS.index(loud)].n, lowered[0].n),
        )


def _of_several(which: int) -> Callable[[Object], Object]:
    """Of several biases one alone is heeded: the first or the last."""

    def act(biases: Object) -> Object:
        return dict([list(biases.items())[which]])

    return act


@on_biases(
    "sampling.logit-bias-several",
    mutants=[
        _with_biases("heeds-the-first-bias", "of several biases only the first one counts", _of_several(0)),
        _with_biases("heeds-the-last-bias", "of several biases only the last one counts", _of_several(-1)),
    ],
)
def several_count(raised: tuple[Exchange, ...], lowered: tuple[Exchange, ...] = ()) -> Iterator[Finding]:
    """Of several biases each counts: the token with the highest by far is said, though it stands between others."""
    loud = _loud(raised) if all(each.legible for each in raised) else None
    if loud is None or not lowered or not lowered[1].legible:
        yield NotJudged(reason="no bias had an effect that could be seen")
        return
    alone = raised[IDS.index(loud)]
    if all(_same(alone, each) for each in raised):
        yield NotJudged(reason="the tokens that are raised look the same")
    elif one_thing(lowered[1]) and _same(alone, lowered[1]):
        return
    elif _wide(lowered[1]):
        yield WIDE
    else:
        yield Violation(
            pointer="/choices/0",
            observed=show(lowered[1].text),
            expected=f"{show(alone.text)}, of the token that is raised by 100 between two that are raised by 1",
            exchanges=(alone.n, lowered[1].n),
        )


def _same(one: Exchange, other: Exchange) -> bool:
    return bool(other.text.strip()) and one.text.strip()[0] == other.text.strip()[0]
