"""Tools: calls in streams, and beside whole ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from .. import calls
from ..exchange import Exchange
from ..model import JSON, Finding, Kind, Level, NotJudged, Violation
from ..mutants import Object, Sent
from ..reply import Choice, is_integer, members
from ..requirement import requirement
from ..schema import show
from ..spoil import either, every_chunk, streaming
from ..spoil import stream as streams_with
from .tools import of_calls, place
from .tools_asked import asks_by_name, by_name, called, two

MUST, SHOULD = Level.MUST, Level.SHOULD

MARKUP = ("<tool_call>", "</tool_call>", "[TOOL_CALLS]", "<|python_tag|>", "<function=", "<|tool_call", "<｜tool")
"""How models write their calls before a server has read them."""


def streamed_call(exchange: Exchange) -> bool:
    """A stream that calls a tool."""
    return exchange.streamed and called(exchange)


def pieces(exchange: Exchange) -> Iterator[tuple[Choice, str, list[dict[str, JSON]]]]:
    """(choice, index, pieces) of every call of a stream."""
    for choice in exchange.choices:
        for index, given in calls.pieces_of(map(members, choice.tool_calls)).items():
            yield choice, index, given


def _without_heads(chunks: list[Object]) -> list[Object]:
    """The piece that opens a call comes after the others."""
    heads = [chunk for chunk in chunks if any(map(_opens, chunk["choices"]))]
    others = [chunk for chunk in chunks if chunk not in heads]
    ends = next((at for at, chunk in enumerate(others) if any(map(_is_over, chunk["choices"]))), len(others))
    return [*others[:ends], *heads, *others[ends:]]


def _opens(choice: Object) -> bool:
    return any("id" in piece for piece in choice["delta"].get("tool_calls") or [])


def _is_over(choice: Object) -> bool:
    return bool(choice.get("finish_reason"))


def _other_ids(chunks: list[Object]) -> list[Object]:
    for number, chunk in enumerate(chunks):
        for choice in chunk["choices"]:
            for piece in choice["delta"].get("tool_calls") or []:
                piece["id"] = f"call_{number}"
    return chunks


def _no_index(_: Sent, body: Object) -> None:
    for choice in body["choices"]:
        for piece in choice["delta"].get("tool_calls") or []:
            piece.pop("index", None)


@of_calls(
    "tools.streamed-shape",
    scenario=two,
    applies=streamed_call,
    parameter="tools",
    mutants=[
        every_chunk("call-pieces-without-index", "the pieces of streamed calls have no index", _no_index),
        streams_with("call-opened-last", "a streamed call tells its id and name after its arguments", _without_heads),
        streams_with("call-id-per-piece", "every piece of a streamed call has another id", _other_ids),
    ],
)
def pieces_tell_their_call(exchange: Exchange) -> Iterator[Violation]:
    """Every piece of a streamed call has the call's index; the first has its id and its name, and no later one another
    id."""
    for choice, index, given in pieces(exchange):
        first, *later = given
        name = members(first.get("function")).get("name")
        ids = list(dict.fromkeys(show(piece["id"]) for piece in given if piece.get("id")))
        if not is_integer(first.get("index")):
            yield Violation(pointer=f"{place(choice)} index", observed=show(first.get("index")), expected="an integer")
        elif not first.get("id") or not name:
            yield Violation(
                pointer=f"{place(choice)} {index}",
                observed=f"opened with id {show(first.get('id'))} and name {show(name)}",
                expected="opened with both",
            )
        elif later and len(ids) > 1:
            yield Violation(
                pointer=f"{place(choice)} {index} id", observed=" and ".join(ids[:3]), expected="one id for one call"
            )


def _indexes_from(first: Callable[[Object], int]) -> Callable[[Sent, Object], None]:
    """The indexes of a choice's calls begin elsewhere."""

    def change(_: Sent, body: Object) -> None:
        for choice in body["choices"]:
            for piece in choice["delta"].get("tool_calls") or []:
                piece["index"] += first(choice)

    return change


@of_calls(
    "tools.streamed-indexes",
    level=SHOULD,
    scenario=two,
    applies=streamed_call,
    parameter="tools",
    mutants=[
        every_chunk("call-index-from-one", "indexes of streamed calls begin at 1", _indexes_from(lambda _: 1)),
        every_chunk(
            "call-index-runs-over-choices",
            "indexes of streamed calls go on from choice to choice",
            _indexes_from(lambda choice: 2 * choice["index"]),
        ),
    ],
)
def indexes_count_from_0(exchange: Exchange) -> Iterator[Finding]:
    """The indexes of the calls of one choice are 0, 1, 2 and so on: they are places in the message's list of calls."""
    judged = False
    for choice in exchange.choices:
        given = [index for piece in map(members, choice.tool_calls) if is_integer(index := piece.get("index"))]
        if not given or len(given) < len(choice.tool_calls):
            continue
        judged = True
        found = sorted({int(index) for index in given})
        if found != list(range(len(found))):
            yield Violation(
                pointer=f"{place(choice)} index",
                observed=" and ".join(map(str, found[:4])),
                expected=" and ".join(map(str, range(len(found[:4])))),
            )
    if not judged:
        yield NotJudged(reason="the calls have no indexes")


def _named_again(_: Sent, body: Object) -> None:
    for choice in body["choices"]:
        for piece in choice["delta"].get("tool_calls") or []:
            piece["function"].setdefault("name", "look_up_weather")


@of_calls(
    "tools.streamed-once",
    level=SHOULD,
    scenario=two,
    applies=streamed_call,
    parameter="tools",
    mutants=[
        every_chunk("name-in-every-piece", "every piece of a streamed call has a name", _named_again),
        streams_with(
            "call-opened-twice",
            "the piece that opens a call comes twice",
            lambda chunks: [each for chunk in chunks for each in [chunk] * (1 + any(map(_opens, chunk["choices"])))],
        ),
    ],
)
def names_come_once(exchange: Exchange) -> Iterator[Violation]:
    """Only the first piece of a streamed call tells its name: clients put together what they are told."""
    for choice, index, given in pieces(exchange):
        names = [name for piece in given if (name := members(piece.get("function")).get("name"))]
        if len(names) > 1:
            yield Violation(
                pointer=f"{place(choice)} {index} name", observed=f"told {len(names)} times", expected="told once"
            )


def _without_calls(_: Sent, body: Object) -> None:
    for choice in body["choices"]:
        part = choice.get("message") or choice.get("delta") or {}
        if part.pop("tool_calls", None):
            part["content"] = "It is done."


@requirement(
    "tools.same-in-both-modes",
    level=SHOULD,
    source="tools",
    scenario=two,
    feature="tools",
    parameter="tools",
    mutants=[
        either("no-calls-in-streams", "streams call no tools", _without_calls, when=streaming),
        either(
            "calls-in-streams-only", "only streams call tools", _without_calls, when=lambda sent: not streaming(sent)
        ),
    ],
)
def both_modes_call(asked: tuple[Exchange, ...], *_: Exchange, run: tuple[Exchange, ...]) -> Iterator[Finding]:
    """Where a whole reply calls the tools that it was asked for, a stream does so too, and the other way round."""
    whole, stream = asked
    if not any(map(called, asked)) or any(calls.cut(choice) for each in asked for choice in each.choices):
        yield NotJudged(reason="the model called no tool")
    elif called(whole) != called(stream):
        silent = stream if called(whole) else whole
        spoke = any(called(each) for each in run if each.asked_stream == silent.asked_stream)
        asked_alike = (each for each in run if asks_by_name(each) and each.asked_stream != silent.asked_stream)
        if spoke or not all(map(called, asked_alike)):
            yield NotJudged(reason="the model calls now and then")
            return
        yield Violation(
            pointer="/choices tool_calls",
            observed=f"absent from the {'stream' if silent is stream else 'whole reply'}",
            expected="there in both modes",
            exchanges=(whole.n, stream.n),
        )


def _as_text(_: Sent, body: Object) -> None:
    for choice in body["choices"]:
        part = choice.get("message") or choice.get("delta") or {}
        if part.pop("tool_calls", None):
            part["content"] = '<tool_call>{"name": "ring_the_bell"}</tool_call>'


@requirement(
    "tools.no-markup",
    level=SHOULD,
    source="tools",
    scenario=by_name,
    kind=Kind.EACH,
    applies=lambda exchange: (
        exchange.legible and bool(exchange.sent.get("tools")) and exchange.sent.get("tool_choice") != "none"
    ),
    feature="tools",
    parameter="tools",
    mutants=[
        either("call-as-text", "calls stand in the text", _as_text),
        either("streamed-call-as-text", "streamed calls stand in the text", _as_text, when=streaming),
    ],
)
def no_markup_in_texts(exchange: Exchange) -> Iterator[Violation]:
    """Where tools may be called, no text that is complete holds the marks by which models write their calls."""
    for choice in exchange.choices:
        if calls.cut(choice):
            continue  # what was cut cannot be read as a call
        found = next((mark for mark in MARKUP if mark in choice.text), None)
        if found is not None:
            yield Violation(
                pointer=f"/choices/{show(choice.index)} text", observed=f"{show(choice.text)}", expected=f"no {found}"
            )
