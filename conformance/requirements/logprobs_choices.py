"""Log probabilities, where they belong: not where nobody asked, and to each choice its own."""

from __future__ import annotations

from collections.abc import Iterator

from ..ask import OMIT, Ask
from ..conversations import talk
from ..exchange import Exchange
from ..likelihoods import entries, joined, told
from ..model import Depth, Finding, Level, NotJudged, Violation
from ..mutants import Object
from ..requirement import requirement
from ..scenario import Script, both_modes, scenario
from ..schema import show
from ..spoil import completion, every_chunk, put, streaming
from .envelope import answered
from .logprobs import of_logprobs
from .logprobs_asked import Told, neutral, tells_of_all

MUST, SHOULD = Level.MUST, Level.SHOULD

TOLD: Object = {"content": [{"token": "a", "logprob": -0.5, "bytes": [97], "top_logprobs": []}]}
"""Log probabilities that nobody asked for."""


@of_logprobs(
    "logprobs.unasked",
    level=SHOULD,
    scenario=talk,
    applies=lambda exchange: (
        answered(exchange)
        and exchange.sent.get("logprobs") in (None, False)
        and exchange.sent.get("top_logprobs") is None
    ),
    mutants=[
        completion("logprobs-unasked", "log probabilities are told unasked", put(TOLD, "choices", "*", "logprobs"))
    ],
)
def are_not_told_unasked(exchange: Exchange) -> Iterator[Violation]:
    """Without logprobs no log probabilities are told."""
    for choice in exchange.choices:
        if choice.logprobs:
            yield Violation(
                pointer=f"/choices/{show(choice.index)}/logprobs",
                observed=f"there, with {len(choice.logprobs)} entries",
                expected="absent or null: it was not asked for",
            )


@scenario(steps=1, tokens=4)
def said_no(ask: Ask) -> Script:
    """Give logprobs as false."""
    yield ask(max_tokens=4, logprobs=False)
    return None


@requirement(
    "logprobs.false-is-none",
    level=SHOULD,
    source="logprobs",
    scenario=both_modes(said_no, streams=Depth.FULL),
    feature="logprobs",
    parameter="logprobs",
    mutants=[
        completion("logprobs-for-false", "logprobs: false has them told", put(TOLD, "choices", "*", "logprobs")),
        every_chunk(
            "logprobs-for-false-in-streams",
            "logprobs: false has them streamed",
            put(TOLD, "choices", "*", "logprobs"),
        ),
    ],
)
def false_is_none(exchange: Exchange) -> Iterator[Violation]:
    """With logprobs false no log probabilities are told, as without it."""
    yield from are_not_told_unasked(exchange)


@scenario(steps=1, tokens=24)
def several_told(ask: Ask) -> Script:
    """Ask for three choices with log probabilities."""
    lists_ = 2 if ask.has("top-logprobs") else OMIT
    yield ask(max_tokens=8, n=3, logprobs=True, top_logprobs=lists_, also=neutral(ask))
    return None


def _only_first(told: Told) -> Told:
    return {index: entries if index == 0 else [] for index, entries in told.items()}


def _all_alike(told: Told) -> Told:
    return dict.fromkeys(told, told.get(0, []))


ALIKE = "every choice tells the first one's log probabilities"


@requirement(
    "logprobs.each-choice",
    level=MUST,
    source="logprobs",
    scenario=both_modes(several_told),
    feature="logprobs",
    beside="n",
    parameter="logprobs",
    mutants=[
        tells_of_all(
            "logprobs-of-the-first-choice-only", "of n choices only the first tells log probabilities", _only_first
        ),
        tells_of_all("logprobs-of-one-choice-in-all", ALIKE, _all_alike),
        tells_of_all("logprobs-of-one-choice-in-all-streams", ALIKE, _all_alike, streaming),
    ],
)
def each_choice_has_its_own(exchange: Exchange) -> Iterator[Finding]:
    """Each of several choices tells the log probabilities of its own tokens."""
    saying = [choice for choice in exchange.choices if choice.text]
    if not exchange.legible or len({choice.text for choice in saying}) < 2 or not any(map(entries, saying)):
        yield NotJudged(reason="there were no different choices with log probabilities")
        return
    for choice in saying:
        if not entries(choice):
            yield Violation(
                pointer=f"/choices/{show(choice.index)}/logprobs", observed="empty", expected="this choice's own"
            )
    said = [joined(there) for choice, there in told(exchange) if choice.text]
    if None not in said and len(saying) > 2 and len(set(said)) == 1:
        yield Violation(
            pointer="/choices/*/logprobs",
            observed=f"of the same tokens in all {len(saying)} choices",
            expected="of each choice's own tokens: their texts differ",
        )
