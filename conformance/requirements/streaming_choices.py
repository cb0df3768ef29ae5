"""Streams, the choices: each begins with its role, goes on with content, ends with one reason, and is silent then."""

from __future__ import annotations

from collections.abc import Iterator

from ..contract import Contract
from ..conversations import choices, stream, talks
from ..exchange import Exchange
from ..model import JSON, Finding, Kind, Level, NotJudged, Observation, Violation
from ..mutants import Object
from ..reply import is_integer, members, objects
from ..requirement import requirement
from ..schema import show
from ..shape import departures
from ..spoil import drop, every_chunk, put, says, streaming
from ..spoil import stream as streams_with
from .choices_text import silent_ones
from .streaming import chunked, complete

MUST, SHOULD, OBSERVE = Level.MUST, Level.SHOULD, Level.OBSERVE


def each_choice(exchange: Exchange) -> Iterator[tuple[int, JSON, Object]]:
    """(event, index, choice) of every choice object of every chunk."""
    for number, chunk in enumerate(exchange.chunks):
        for choice in objects(chunk.get("choices")):
            yield number, choice.get("index"), choice


@requirement(
    "streaming.index",
    level=MUST,
    source="index",
    scenario=choices,
    kind=Kind.EACH,
    applies=chunked,
    mutants=[
        every_chunk("no-index-in-chunks", "choices of chunks have no index", drop("choices", "*", "index")),
        streams_with(
            "index-counts-chunks",
            "the index of a choice counts chunks",
            lambda chunks: [
                {**chunk, "choices": [{**choice, "index": number} for choice in chunk["choices"]]}
                for number, chunk in enumerate(chunks)
            ],
        ),
    ],
)
def indexes_are_in_range(exchange: Exchange, *, contract: Contract) -> Iterator[Violation]:
    """Every choice of a chunk has an index, from 0 to n-1."""
    yield from departures(exchange, contract, "streaming.index")
    for number, index, _ in each_choice(exchange):
        if is_integer(index) and not 0 <= index < max(exchange.asked_choices, 1):
            yield Violation(
                pointer=f"event {number}/choices/*/index",
                observed=show(index),
                expected=f"at most {max(exchange.asked_choices, 1) - 1}",
            )
            return


@requirement(
    "streaming.every-choice",
    level=MUST,
    source="n",
    scenario=choices,
    feature="n",
    parameter="n",
    mutants=[
        says(
            "only-the-first-choice-speaks",
            "of n choices only the first has any text",
            lambda _, said, index: said if index == 0 else "",
            when=streaming,
        )
    ],
)
def every_choice_speaks(asked: tuple[Exchange, Exchange], *, run: tuple[Exchange, ...]) -> Iterator[Finding]:
    """In a stream of n choices each of them says something."""
    three = asked[0]
    if three.streamed:
        yield from silent_ones(three, run)
    else:
        yield NotJudged(reason="no stream of several choices")


def _changes_role(_: Object, chunk: Object) -> None:
    for choice in chunk["choices"]:
        if "role" not in choice["delta"] and choice["delta"].get("content"):
            choice["delta"]["role"] = "user"


def _without_roles(_: Object, chunk: Object) -> None:
    for choice in chunk["choices"]:
        choice["delta"].pop("role", None)


@requirement(
    "streaming.role",
    level=SHOULD,
    source="role",
    scenario=choices,
    kind=Kind.EACH,
    applies=lambda exchange: chunked(exchange) and any(True for _ in each_choice(exchange)),
    mutants=[
        every_chunk("no-role-in-streams", "no delta has a role", _without_roles),
        streams_with("first-delta-lost", "the opening chunk of a stream is lost", lambda chunks: chunks[1:]),
        every_chunk("role-changes", "deltas after the first have the role user", _changes_role),
    ],
)
def first_delta_has_role(exchange: Exchange) -> Iterator[Violation]:
    """The first delta of each choice has the role assistant, and no later one has another."""
    seen: set[str] = set()
    for number, index, choice in each_choice(exchange):
        role, which = members(choice.get("delta")).get("role"), show(index)
        later = which in seen
        seen.add(which)
        if role != "assistant" and (role or not later):
            yield Violation(pointer=f"event {number}/choices/*/delta/role", observed=show(role), expected='"assistant"')


@requirement(
    "streaming.role-repeated",
    level=OBSERVE,
    source="role",
    scenario=stream,
    kind=Kind.EACH,
    applies=lambda exchange: chunked(exchange) and len(exchange.chunks) > 2,
    mutants=[
        every_chunk(
            "role-in-every-delta", "every delta has the role", put("assistant", "choices", "*", "delta", "role")
        )
    ],
)
def role_in_later_deltas(exchange: Exchange) -> Iterator[Observation]:
    """Whether deltas after the first one repeat the role."""
    having = sum(bool(members(choice.get("delta")).get("role")) for _, _, choice in each_choice(exchange))
    yield Observation(value="repeated" if having > len(exchange.choices) else "once")


def _never_ends(_: Object, chunk: Object) -> None:
    for choice in chunk["choices"]:
        choice["finish_reason"] = None


def _only_first_ends(_: Object, chunk: Object) -> None:
    for choice in chunk["choices"]:
        if choice["index"] > 0:
            choice["finish_reason"] = None


def _ends_always(_: Object, chunk: Object) -> None:
    for choice in chunk["choices"]:
        choice["finish_reason"] = "stop"


@requirement(
    "streaming.finish-once",
    level=MUST,
    source="finish_reason",
    scenario=choices,
    kind=Kind.EACH,
    applies=lambda exchange: complete(exchange) and bool(exchange.choices),
    mutants=[
        every_chunk("no-finish-in-streams", "streams end without a reason", _never_ends),
        every_chunk("only-the-first-choice-finishes", "of n choices only the first has a reason", _only_first_ends),
        every_chunk("finish-in-every-chunk", "every chunk has a reason", _ends_always),
        streams_with(
            "finishing-chunk-lost",
            "the chunk with the reason is lost",
            lambda chunks: [
                chunk for chunk in chunks if not any(choice.get("finish_reason") for choice in chunk["choices"])
            ],
        ),
    ],
)
def finishes_once(exchange: Exchange, *, contract: Contract) -> Iterator[Violation]:
    """Every choice of a stream ends with exactly one reason, a string; before it there is null or nothing."""
    yield from departures(exchange, contract, "streaming.finish-once")
    for choice in exchange.choices:
        reasons = [reason for reason in choice.finish_reasons if reason]
        if len(reasons) != 1:
            yield Violation(
                pointer=f"/choices/{show(choice.index)}/finish_reason",
                observed=f"given {len(reasons)} times" if reasons else "null or missing to the end",
                expected="given once",
            )


def _talks_on(chunks: list[Object]) -> list[Object]:
    last = next(chunk for chunk in reversed(chunks) if any(choice.get("finish_reason") for choice in chunk["choices"]))
    at = chunks.index(last) + 1
    more = {
        **last,
        "choices": [{**choice, "delta": {"content": " and more"}, "finish_reason": None} for choice in last["choices"]],
    }
    return [*chunks[:at], more, *chunks[at:]]


@requirement(
    "streaming.nothing-after-finish",
    level=MUST,
    source="finish_reason",
    scenario=talks,
    kind=Kind.EACH,
    applies=chunked,
    mutants=[streams_with("content-after-finish", "a choice talks on after its reason", _talks_on)],
)
def silent_after_finish(exchange: Exchange) -> Iterator[Violation]:
    """After its reason a choice says nothing more; the chunk with the reason itself may hold the last words."""
    over: set[str] = set()
    for number, index, choice in each_choice(exchange):
        delta = members(choice.get("delta"))
        if (
            over
            and show(index) in over
            and any(delta.get(name) for name in ("content", "tool_calls", "refusal", "reasoning_content", "reasoning"))
        ):
            yield Violation(
                pointer=f"event {number}/choices/*/delta", observed=show(delta), expected="empty: the choice had ended"
            )
            return
        if choice.get("finish_reason"):
            over.add(show(index))


@requirement(
    "streaming.empty-finish-reason",
    level=SHOULD,
    source="finish_reason",
    scenario=stream,
    kind=Kind.EACH,
    applies=chunked,
    mutants=[
        every_chunk(
            "empty-finish-reason-in-chunks",
            "finish_reason is an empty string until the end",
            lambda _, chunk: [
                choice.update(finish_reason=choice.get("finish_reason") or "") for choice in chunk["choices"]
            ],
        )
    ],
)
def no_empty_reason(exchange: Exchange) -> Iterator[Violation]:
    """Before its end a choice has null or no reason, not an empty string, which some clients take for one."""
    empty = [number for number, _, choice in each_choice(exchange) if choice.get("finish_reason") == ""]
    if empty:
        yield Violation(
            pointer=f"event {empty[0]}/choices/*/finish_reason", observed='""', expected="null until the end"
        )
