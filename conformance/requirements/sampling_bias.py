"""logit_bias: a token that is raised by 100 is said always, and one that is lowered by 100 never.

Which text an id stands for is the tokenizer's secret, so nothing is expected of the text but that it is one thing over
and over; and as some ids of some vocabularies have no text, an endpoint is only held to one of three.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..ask import Ask
from ..exchange import Exchange
from ..likelihoods import all_places, of_its_text
from ..model import Depth, Finding, Level, NotJudged, Violation
from ..mutants import Call, Mutant
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


@scenario(steps=4, tokens=24)
def biased(ask: Ask) -> Script:
    """Raise three tokens by 100, each alone, then lower one by 100 that was then said."""
    also = {**neutral(ask), **telling(ask)}
    raised = together((yield [ask(max_tokens=6, logit_bias={str(each): 100}, also=also) for each in IDS]))
    loud = next((number for number, exchange in zip(IDS, raised, strict=True) if one_thing(exchange)), None)
    if loud is not None:
        yield ask(max_tokens=6, logit_bias={str(loud): -100}, also=also)
    return None


biases = both_modes(biased, streams=Depth.FULL)


def one_thing(exchange: Exchange) -> bool:
    """Whether a reply is one token over and over, or of tokens that have no text."""
    said = [place.said.key for place in all_places(exchange)]
    if len(said) > 1 and of_its_text(exchange):
        return len(set(said)) == 1
    text = exchange.text.strip()
    lengths = range(1, len(text) // 2 + 1)
    return not text or any(text == text[:length] * (len(text) // length) for length in lengths)


def _changed(name: str, about: str, change: object) -> Mutant:
    """Every bias counts as another."""

    def act(call: Call) -> Call:
        biases = members(call.sent.get("logit_bias"))
        if not biases or not callable(change):
            return call
        return call.with_body({**call.sent, "logit_bias": {key: change(value) for key, value in biases.items()}})

    return Mutant(name=name, about=about, request=act)


@requirement(
    "sampling.logit-bias-forces",
    level=MUST,
    source="logit_bias",
    scenario=biases,
    feature="logit-bias",
    parameter="logit_bias",
    mutants=[
        ignores("logit_bias"),
        ignores("logit_bias", when=streaming),
        _changed("biases-of-one-at-most", "no bias is above 1", lambda value: min(value, 1)),
        _changed("biases-upside-down", "what a bias is to raise it lowers", lambda value: -value),
    ],
)
def bias_forces(raised: tuple[Exchange, ...], *_: Exchange) -> Iterator[Finding]:
    """A token raised by 100 is said at every place: at least one of three makes the text one thing over and over."""
    if not all(each.legible for each in raised):
        yield NotJudged(reason="the replies could not be read")
    elif not any(map(one_thing, raised)):
        yield Violation(
            pointer="/choices/0",
            observed=", ".join(show(each.text, 40) for each in raised),
            expected=f"one token over and over for one of the ids {', '.join(map(str, IDS))} at least",
            exchanges=tuple(each.n for each in raised),
        )


@requirement(
    "sampling.logit-bias-bans",
    level=MUST,
    source="logit_bias",
    scenario=biases,
    feature="logit-bias",
    parameter="logit_bias",
    mutants=[
        _changed("biases-without-sign", "a bias below 0 counts as one above it", abs),
        Mutant(
            name="biases-without-sign-in-streams",
            about="in streams a bias below 0 counts as one above it",
            request=_changed("", "", abs).request,
            when=streaming,
        ),
    ],
)
def bias_bans(raised: tuple[Exchange, ...], *lowered: Exchange) -> Iterator[Finding]:
    """A token lowered by 100 is not said: not the one that is said at every place when it is raised."""
    loud = next((each for each in raised if each.legible and one_thing(each) and each.text.strip()), None)
    if loud is None or not lowered or not lowered[0].legible:
        yield NotJudged(reason="no bias had an effect that could be seen")
    elif one_thing(lowered[0]) and _same(loud, lowered[0]):
        yield Violation(
            pointer="/choices/0",
            observed=show(lowered[0].text),
            expected=f"without what a bias of 100 makes of it, {show(loud.text)}",
            exchanges=(loud.n, lowered[0].n),
        )


def _same(one: Exchange, other: Exchange) -> bool:
    return bool(other.text.strip()) and one.text.strip()[0] == other.text.strip()[0]
