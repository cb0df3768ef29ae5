"""Thoughts that are told apart: once, and in streams as in whole replies."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..exchange import Exchange
from ..model import Finding, Kind, Level, NotJudged, Violation
from ..mutants import Mutant, Object, Sent
from ..reply import Choice
from ..schema import show
from ..spoil import completion, drop, every_chunk
from .reasoning import marker_in, of_separation

SHOULD = Level.SHOULD

LEAST = 24
"""Characters of thoughts that no answer begins with by chance."""

WORDS = 6
"""Different words of thoughts that are no stammering."""


def _is_long(choice: Choice) -> bool:
    said = choice.reasoning.strip()
    return len(said) >= LEAST and len(set(said.split())) >= WORDS


def _said_again(told: Callable[[int], bool]) -> Callable[[Sent, Object], None]:
    """The thoughts stand before the content too, of the choices that are meant."""

    def act(_: Sent, body: Object) -> None:
        for choice in body["choices"]:
            message = choice["message"]
            if message.get("reasoning_content") and message.get("content") and told(choice["index"]):
                message["content"] = f"{message['reasoning_content']}\n\n{message['content']}"

    return act


def _streams_twice() -> Mutant:
    def events(_: Sent, chunks: list[Object]) -> list[Object]:
        for choice in (choice for chunk in chunks for choice in chunk["choices"]):
            if choice["delta"].get("reasoning_content"):
                choice["delta"]["content"] = choice["delta"]["reasoning_content"]
        return chunks

    return Mutant(name="thoughts-twice-in-streams", about="each thought of a stream is content too", events=events)


@of_separation(
    "reasoning.told-once",
    level=SHOULD,
    kind=Kind.EACH,
    applies=lambda exchange: exchange.legible and any(choice.reasoning for choice in exchange.choices),
    mutants=[
        completion("thoughts-twice", "thoughts are apart, and before the content too", _said_again(lambda _: True)),
        _streams_twice(),
    ],
)
def thoughts_are_told_once(exchange: Exchange) -> Iterator[Finding]:
    """Thoughts that are in reasoning_content are not in the content too: it does not begin with all of them."""
    long = [choice for choice in exchange.choices if _is_long(choice) and choice.text.strip()]
    if not long:
        yield NotJudged(reason="nothing was said after thoughts of some length")
    for choice in long:
        if choice.text.strip().startswith(choice.reasoning.strip()):
            yield Violation(
                pointer=f"/choices/{show(choice.index)} text",
                observed=f"{show(choice.text)}, which begins with all of reasoning_content",
                expected="the answer alone",
            )


def _thought_of(exchange: Exchange) -> bool:
    return any(choice.reasoning.strip() or marker_in(choice.text) for choice in exchange.choices)


@of_separation(
    "reasoning.streamed-as-whole",
    level=SHOULD,
    mutants=[
        every_chunk(
            "thoughts-lost-in-streams",
            "streams leave the thoughts out",
            drop("choices", "*", "delta", "reasoning_content"),
        )
    ],
)
def streams_tell_thoughts(asked: tuple[Exchange, ...]) -> Iterator[Finding]:
    """Where a whole reply tells thoughts apart, the stream of the same request, asked coldly, tells some too."""
    whole, streamed = asked[0], asked[1]
    if not (whole.legible and streamed.legible and any(map(_is_long, whole.choices))):
        yield NotJudged(reason="there were no thoughts of some length in a whole reply, beside a stream")
    elif not _thought_of(streamed):
        yield Violation(
            pointer="/choices/0/delta/reasoning_content",
            observed="absent from the stream",
            expected=f"thoughts, as in the whole reply of the same request: {show(whole.choices[0].reasoning)}",
            exchanges=(whole.n, streamed.n),
        )
