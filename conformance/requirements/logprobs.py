"""Log probabilities: told where they are asked for, nowhere else, of OpenAI's shape, and possible.

The documents say what is returned and not where it lies; OpenAI's place is taken for it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from typing import Any

from ..contract import Contract
from ..exchange import Exchange
from ..likelihoods import asked, entries
from ..model import Finding, Kind, Level, NotJudged, Violation
from ..mutants import Mutant, Object, Sent
from ..reply import objects
from ..requirement import requirement
from ..schema import show
from ..shape import departures
from ..spoil import either, ignores, streaming, whole
from .envelope import answered
from .logprobs_asked import entry_by_entry, first_entry, lists, tells

MUST, SHOULD, OBSERVE = Level.MUST, Level.SHOULD, Level.OBSERVE

ROUNDING = 1e-3
"""By how much a log probability may be above 0, as sums of short floats are."""


def _legacy(_: Sent, body: Object) -> None:
    for choice in objects(body["choices"]):
        told: Any = choice.get("logprobs")
        if told:
            tokens = [entry["token"] for entry in told["content"]]
            numbers = [entry["logprob"] for entry in told["content"]]
            choice["logprobs"] = {"tokens": tokens, "token_logprobs": numbers, "text_offset": [0] * len(tokens)}


of_logprobs = partial(
    requirement, source="logprobs", scenario=lists, kind=Kind.EACH, feature="logprobs", parameter="logprobs"
)
"""A requirement on every reply for which log probabilities were asked."""


@of_logprobs(
    "logprobs.present",
    level=MUST,
    applies=asked,
    mutants=[
        ignores("logprobs"),
        ignores("logprobs", when=streaming),
        ignores("logprobs", when=whole),
        either("legacy-logprobs", "log probabilities have the shape of the older completions API", _legacy),
        tells("empty-logprobs", "the list of log probabilities is empty", lambda _: []),
        Mutant(
            name="no-logprobs-without-lists",
            about="logprobs without top_logprobs has no effect",
            request=ignores("logprobs").request,
            when=lambda sent: not sent.get("top_logprobs"),
        ),
    ],
)
def are_told(exchange: Exchange) -> Iterator[Finding]:
    """Where logprobs is true, every choice that says something tells log probabilities of its tokens."""
    saying = [choice for choice in exchange.choices if choice.text]
    if not saying:
        yield NotJudged(reason="the model said nothing")
    for choice in saying:
        if not entries(choice):
            yield Violation(
                pointer=f"/choices/{show(choice.index)}/logprobs/content",
                observed="missing" if choice.logprobs is None else "empty",
                expected="an entry for each token of the text",
            )


@of_logprobs(
    "logprobs.shape",
    level=MUST,
    applies=answered,
    mutants=[
        first_entry("token-as-number", "tokens are told by number", lambda entry: entry.update(token=5)),
        first_entry("null-logprob", "the first log probability is null", lambda entry: entry.update(logprob=None)),
        first_entry("no-logprob-in-streams", "entries have none", lambda entry: entry.pop("logprob"), streaming),
        tells(
            "lists-as-objects",
            "lists of likeliest tokens are objects by token",
            entry_by_entry(lambda entry: entry.update(top_logprobs={})),
        ),
        either(
            "logprobs-as-list",
            "log probabilities are a bare list",
            lambda _, body: [
                choice.update(logprobs=choice["logprobs"]["content"])
                for choice in body["choices"]
                if choice.get("logprobs")
            ],
        ),
    ],
)
def have_the_shape(exchange: Exchange, *, contract: Contract) -> Iterator[Finding]:
    """Log probabilities have OpenAI's shape: entries with a token, its logprob, and where told bytes and lists."""
    found = tuple(departures(exchange, contract, "logprobs.shape"))
    yield from found
    if not found and all(choice.logprobs is None for choice in exchange.choices):
        yield NotJudged(reason="no log probabilities were told")


def _as_probability(entry: Object) -> None:
    for each in (entry, *entry["top_logprobs"]):
        each["logprob"] = math.exp(each["logprob"])


@of_logprobs(
    "logprobs.range",
    level=MUST,
    applies=asked,
    mutants=[
        tells("probabilities", "probabilities are told for their logarithms", entry_by_entry(_as_probability)),
        first_entry("first-is-positive", "the first log probability is 0.9", lambda entry: entry.update(logprob=0.9)),
        first_entry(
            "positive-in-streams", "a streamed log probability is 2", lambda entry: entry.update(logprob=2), streaming
        ),
        tells(
            "positive-in-lists",
            "the likeliest tokens have their probabilities",
            lambda told: [_listed(entry, 0.5) for entry in told],
        ),
        first_entry("infinite-logprob", "a log probability overflows", lambda entry: entry.update(logprob=-(10**400))),
    ],
)
def are_possible(exchange: Exchange) -> Iterator[Finding]:
    """A log probability is a finite number and not above 0."""
    told = [
        (choice, at, each)
        for choice in exchange.choices
        for at, entry in enumerate(entries(choice))
        for each in (entry, *objects(entry.get("top_logprobs")))
    ]
    if not told:
        yield NotJudged(reason="no log probabilities were told")
    for choice, at, each in told:
        value = each.get("logprob")
        if isinstance(value, int | float) and not _possible(value):
            yield Violation(
                pointer=f"/choices/{show(choice.index)}/logprobs/content/{at}",
                observed=show(value, 20),
                expected="a finite number, at most 0",
            )
            return


def _possible(value: float) -> bool:
    try:
        return math.isfinite(float(value)) and value <= ROUNDING
    except OverflowError:
        return False


def _listed(entry: Object, logprob: float) -> Object:
    entry["top_logprobs"] = [{**each, "logprob": logprob} for each in entry["top_logprobs"]]
    return entry
