"""Thoughts: where they go, and whether there are any.

Each of the switches is for a few models only, so its feature is off until a target turns it on; then a refusal that
names the switch is honest, and an effect that fails to come is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from ..ask import OMIT, Ask
from ..exchange import Exchange
from ..model import JSON, Finding, Kind, Level, NotJudged, Violation, Zone
from ..mutants import Object, Sent
from ..reply import Choice, members, objects, text
from ..requirement import requirement
from ..scenario import Scenario, Script, scenario, takes, together
from ..schema import show
from ..spoil import either, ignores, refuses, streaming, whole
from ..spoil import stream as streams_with

MUST, SHOULD = Level.MUST, Level.SHOULD

PUZZLE = "A bat and a ball cost 110 together, the bat 100 more than the ball. What does the ball cost?"

MARKERS = ("<think>", "</think>", "<thinking>", "</thinking>", "<|thinking|>")
"""What models put around thoughts that nobody takes out.  No prompt holds one of them."""


def marker_in(said: str) -> str | None:
    """A thought's mark in a text; a pair with nothing between, as templates leave it where thinking is off, is none."""
    for opens, closes in (MARKERS[:2], MARKERS[2:4]):
        before, _, after = said.lstrip().partition(opens)
        if not before and after.lstrip().startswith(closes):
            said = after.lstrip().removeprefix(closes)
    return next((mark for mark in MARKERS if mark in said), None)


def thinks(exchange: Exchange, choice: Choice) -> str | None:
    """What shows that a choice holds thoughts; None if nothing does."""
    mark = marker_in(choice.text)
    if choice.reasoning.strip():
        return f"reasoning_content {show(choice.reasoning)}"
    if mark:
        return f"a text with {mark}"
    return f"{exchange.thought_tokens} reasoning_tokens" if exchange.thought_tokens else None


def refused(answers: tuple[Exchange, ...], member: str, feature: str) -> str | None:
    """Why nothing can be judged where the switch was refused."""
    status = next((each.status for each in answers if not each.ok), None)
    return None if status is None else f"{member} was refused ({status}); run --without {feature} where it has none"


@scenario(steps=5, tokens=480)
def apart(ask: Ask) -> Script:
    """Set a puzzle, coldly: with the thoughts apart and with the thoughts where they fall, whole and streamed; and with
    no word of where they are to go."""
    asked = partial(
        ask,
        prompt=PUZZLE,
        max_tokens=96,
        greedy=True,
        enable_thinking=True if ask.has("thinking-switch") else OMIT,
        zone=Zone.DISPUTED,
    )
    answers = together(
        (
            yield [
                asked(separate_reasoning=True),
                asked(separate_reasoning=True, stream=True),
                asked(separate_reasoning=False),
                asked(separate_reasoning=False, stream=True),
                asked(),
            ]
        )
    )
    return refused(answers, "separate_reasoning", "reasoning-separation")


of_separation = partial(
    requirement,
    source="separate_reasoning",
    scenario=takes(apart, standard=1, full=3),
    feature="reasoning-separation",
    parameter="separate_reasoning",
)
"""A requirement on where thoughts go."""


def accepted(exchange: Exchange, member: str, run: Iterable[Exchange]) -> Iterator[Finding]:
    """A violation if a request with this member was refused, and not also what was asked beside it without."""
    others = [each for each in run if (each.case, each.round) == (exchange.case, exchange.round)]
    if any(each.refused for each in others if member not in each.sent):
        yield NotJudged(reason=f"the same is refused without {member}")
    elif exchange.refused and not exchange.crashed:
        yield Violation(pointer="status", observed=f"{exchange.status} for {member}", expected="2xx")


def switching(member: str, asks: Scenario) -> Callable[[Exchange], bool]:
    """Requests of the scenario that turns a switch on and off for its own sake."""
    return lambda exchange: exchange.scenario == asks.name and isinstance(exchange.sent.get(member), bool)


@of_separation(
    "reasoning.separation-accepted",
    level=SHOULD,
    kind=Kind.EACH,
    applies=switching("separate_reasoning", apart),
    mutants=[refuses("separate_reasoning"), refuses("separate_reasoning", 422, when=streaming)],
)
def separation_is_accepted(exchange: Exchange, *, run: tuple[Exchange, ...]) -> Iterator[Finding]:
    """A request with separate_reasoning is answered."""
    yield from accepted(exchange, "separate_reasoning", run)


def _spill(body: Object) -> None:
    """The end of the thoughts lands in the text."""
    for choice in body["choices"]:
        part = choice.get("message") or choice.get("delta") or {}
        if part.get("content"):
            part["content"] = f"</think>{part['content']}"


@of_separation(
    "reasoning.apart",
    level=MUST,
    mutants=[
        ignores("separate_reasoning"),
        ignores("separate_reasoning", when=streaming),
        either(
            "end-of-thoughts-in-content",
            "whole texts begin with the mark of a thought's end",
            lambda _, body: _spill(body),
            when=whole,
        ),
    ],
)
def thoughts_are_apart(asked: tuple[Exchange, ...]) -> Iterator[Finding]:
    """With separate_reasoning true no thought is in the content: it holds none of their marks, whole or streamed."""
    judged = [(each, choice) for each in asked[:2] if each.legible for choice in each.choices]
    marked = [(each, choice, mark) for each, choice in judged if (mark := marker_in(choice.text))]
    if not marked and not any(choice.reasoning for _, choice in judged):
        yield NotJudged(reason="the model thought of nothing")
    for exchange, choice, mark in marked:
        yield Violation(
            pointer=f"/choices/{show(choice.index)} text",
            observed=f"{show(choice.text)}, with {mark}",
            expected="the answer alone, its thoughts in reasoning_content",
            exchanges=(exchange.n,),
        )


def _to_reasoning(sent: Sent, body: Object) -> None:
    if sent.get("separate_reasoning") is not True:
        for choice in body["choices"]:
            (choice.get("message") or choice.get("delta")).update(reasoning_content="Let me think.")


@of_separation(
    "reasoning.not-apart",
    level=SHOULD,
    mutants=[
        either("always-apart", "thoughts are apart though separate_reasoning is false", _to_reasoning),
        either("always-apart-in-streams", "thoughts of streams are always apart", _to_reasoning, when=streaming),
    ],
)
def thoughts_are_not_apart(asked: tuple[Exchange, ...]) -> Iterator[Violation]:
    """With separate_reasoning false there is no reasoning_content."""
    yield from _with_thoughts_inside(asked[2:4])


@of_separation(
    "reasoning.not-apart-by-default",
    level=SHOULD,
    mutants=[
        either(
            "apart-unasked",
            "thoughts are apart where nobody says where they are to go",
            _to_reasoning,
            when=lambda sent: "separate_reasoning" not in sent,
        )
    ],
)
def thoughts_are_not_apart_by_default(asked: tuple[Exchange, ...]) -> Iterator[Violation]:
    """Without separate_reasoning there is no reasoning_content, as with false."""
    yield from _with_thoughts_inside(asked[4:])


def _with_thoughts_inside(exchanges: Iterable[Exchange]) -> Iterator[Violation]:
    for exchange in exchanges:
        for choice in exchange.choices:
            if choice.reasoning.strip():
                yield Violation(
                    pointer=f"/choices/{show(choice.index)} reasoning_content",
                    observed=show(choice.reasoning),
                    expected="absent, or null",
                    exchanges=(exchange.n,),
                )


def _order(exchange: Exchange) -> Iterator[tuple[JSON, str]]:
    """(index, what it says) of every delta that says something."""
    for chunk in exchange.chunks:
        for choice in objects(chunk.get("choices")):
            delta = members(choice.get("delta"))
            for name in ("reasoning_content", "content"):
                if text(delta.get(name)):
                    yield choice.get("index"), name


def _thoughts_last(chunks: list[Object]) -> list[Object]:
    """The chunks with thoughts behind those with words."""

    def rank(chunk: Object) -> int:
        deltas = [choice.get("delta", {}) for choice in chunk["choices"]]
        if any(choice.get("finish_reason") for choice in chunk["choices"]) or not deltas:
            return 3
        return 2 if any(delta.get("reasoning_content") for delta in deltas) else 1

    return sorted(chunks, key=rank)


@requirement(
    "reasoning.streamed-first",
    level=SHOULD,
    source="separate_reasoning",
    scenario=takes(apart, standard=1, full=3),
    kind=Kind.EACH,
    feature="reasoning-separation",
    parameter="separate_reasoning",
    applies=lambda exchange: exchange.streamed and any(choice.reasoning for choice in exchange.choices),
    mutants=[streams_with("thoughts-streamed-last", "a stream tells the thoughts after the answer", _thoughts_last)],
)
def thoughts_come_first(exchange: Exchange) -> Iterator[Violation]:
    """In a stream the thoughts of a choice come before its words, not after them or between."""
    begun: set[str] = set()
    for index, name in _order(exchange):
        if name == "content":
            begun.add(show(index))
        elif show(index) in begun:
            yield Violation(
                pointer=f"/choices/{show(index)} reasoning_content", observed="after content", expected="before it"
            )
            return
