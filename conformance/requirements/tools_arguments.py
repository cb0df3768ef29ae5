"""Tools: what a call says, held against what the request offers.

It binds where strict or a forced call takes the choice from the model; elsewhere a departure is a warning, for models
err.
"""

from __future__ import annotations

from collections.abc import Iterator

from .. import calls, strict_json
from ..exchange import Exchange
from ..model import Finding, Kind, Level, NotJudged, Violation
from ..mutants import Mutant, Object
from ..reply import members, text
from ..requirement import requirement
from ..schema import show
from ..spoil import either, every_chunk, streaming, whole
from .tools import ended, every_call, of_calls, place
from .tools_asked import by_name, called, two

MUST, SHOULD = Level.MUST, Level.SHOULD


def _unfit(exchange: Exchange, *, strictly: bool) -> Iterator[Finding]:
    """A violation for each call whose arguments do not fit, of functions that are strict or of those that are not."""
    known = calls.offered(exchange)
    judged = 0
    for choice, call in ended(exchange):
        offer = known.get(text(call.name))
        if offer is None or (offer.strict or calls.forced(exchange)) != strictly:
            continue
        judged += 1
        wrong = calls.unfit(call.arguments, offer.parameters)
        if wrong is not None:
            yield Violation(
                pointer=f"{place(choice)} arguments",
                observed=f"{show(call.arguments)} ({wrong})",
                expected=f"JSON that satisfies the parameters of {offer.name}",
            )
    if not judged:
        yield NotJudged(reason=f"no call came to its end of a tool that is {'' if strictly else 'not '}strict")


def _rewritten(call: Object, **changes: object) -> None:
    value = members(strict_json.parse(text(call["function"].get("arguments"))).value)
    call["function"]["arguments"] = strict_json.dump({**value, **changes}).decode()  # type: ignore[dict-item]  # JSON


def _last_piece_lost(chunks: list[Object]) -> list[Object]:
    """Without the last piece of every call."""
    last = {}
    for number, chunk in enumerate(chunks):
        for choice in chunk["choices"]:
            for piece in choice["delta"].get("tool_calls") or []:
                last[choice["index"], piece["index"]] = number
    return [chunk for number, chunk in enumerate(chunks) if number not in last.values()]


def _under_one_index(_: object, body: Object) -> None:
    for choice in body["choices"]:
        for piece in choice["delta"].get("tool_calls") or []:
            piece["index"] = 0


def _second_misses(_: object, body: Object) -> None:
    for choice in body["choices"]:
        for piece in choice["delta"].get("tool_calls") or []:
            if choice["index"] == 1 and piece["function"].get("arguments") == '"}':
                piece["function"]["arguments"] = ""


LOST = Mutant(
    name="last-piece-of-a-call-lost",
    about="the last piece of every streamed call is lost",
    events=lambda _, chunks: _last_piece_lost(chunks),
)


@of_calls(
    "tools.arguments-fit",
    scenario=by_name,
    parameter="tools",
    mutants=[
        every_call(
            "arguments-cut-short",
            "the arguments of whole calls lack their end",
            lambda call: call["function"].update(arguments=call["function"]["arguments"][:-1]),
            whole,
        ),
        LOST,
        every_call(
            "constant-not-kept",
            "an argument that strict prescribes is another in whole calls",
            lambda call: _rewritten(call, mark="§"),
            whole,
        ),
        every_call("argument-too-many", "a call has an argument nobody described", lambda call: _rewritten(call, x=1)),
        every_call(
            "arguments-in-fences",
            "the arguments of whole calls are a block of code",
            lambda call: call["function"].update(arguments=f"```json\n{call['function']['arguments']}\n```"),
            whole,
        ),
    ],
)
def strict_arguments_fit(exchange: Exchange) -> Iterator[Finding]:
    """The arguments of a call that is strict or forced join to a JSON object that satisfies the tool's parameters."""
    yield from _unfit(exchange, strictly=True)


@of_calls(
    "tools.arguments-empty",
    scenario=two,
    parameter="tools",
    mutants=[
        every_call(
            "no-arguments-as-nothing",
            "a call without arguments has an empty text in their place",
            lambda call: call["function"]["arguments"] == "{}" and call["function"].update(arguments=""),
            whole,
        ),
        every_call(
            "streamed-no-arguments-as-nothing",
            "a streamed call without arguments has no text in their place",
            lambda call: (
                call["function"].get("arguments") in ("{}", "{", "}") and call["function"].update(arguments="")
            ),
            streaming,
            first=False,
        ),
    ],
)
def no_arguments_are_an_object(exchange: Exchange) -> Iterator[Finding]:
    """The arguments of a strict or forced call without any are an object without members, not an empty text."""
    known = calls.offered(exchange)
    judged = 0
    for choice, call in ended(exchange):
        offer = known.get(text(call.name))
        if offer is None or not (offer.strict or calls.forced(exchange)) or members(offer.parameters).get("properties"):
            continue
        judged += 1
        if not isinstance(call.arguments, str) or not call.arguments.strip():
            yield Violation(pointer=f"{place(choice)} arguments", observed=show(call.arguments), expected='"{}"')
    if not judged:
        yield NotJudged(reason="no tool without arguments was called")


@of_calls(
    "tools.arguments-fit-loosely",
    level=SHOULD,
    scenario=two,
    parameter="tools",
    mutants=[
        every_call(
            "loose-arguments-cut-short",
            "the arguments of whole calls lack their last two signs",
            lambda call: call["function"].update(arguments=call["function"]["arguments"][:-2]),
            whole,
        ),
        LOST,
        every_chunk("second-choice-misses-arguments", "the calls of the second choice miss pieces", _second_misses),
        every_chunk("calls-under-one-index", "all calls of a stream have the index 0", _under_one_index),
    ],
)
def loose_arguments_fit(exchange: Exchange) -> Iterator[Finding]:
    """The arguments of another call join to a JSON object that satisfies the tool's parameters too."""
    yield from _unfit(exchange, strictly=False)


def _strangers(exchange: Exchange, *, strictly: bool) -> Iterator[Finding]:
    known = calls.offered(exchange)
    bound = calls.forced(exchange) or all(offer.strict for offer in known.values())
    if bound != strictly:
        yield NotJudged(reason=f"no call was made where {'all tools are' if strictly else 'some tool is not'} strict")
        return
    for choice, call in calls.of(exchange):
        if isinstance(call.name, str) and call.name not in known:
            yield Violation(
                pointer=f"{place(choice)} name", observed=show(call.name), expected=f"one of {', '.join(known)}"
            )


def _renamed(call: Object) -> None:
    call["function"]["name"] = f"functions.{call['function']['name']}"


STRANGERS = [
    every_call("call-of-another-name", "calls name a function with a prefix", _renamed),
    every_call("streamed-call-of-another-name", "streamed calls name a function with a prefix", _renamed, streaming),
]


@of_calls("tools.name-offered", scenario=by_name, parameter="tools", mutants=STRANGERS)
def strict_names_are_offered(exchange: Exchange) -> Iterator[Finding]:
    """A call that is forced, or made where all tools are strict, is of one of the tools that were offered."""
    yield from _strangers(exchange, strictly=True)


@of_calls("tools.name-offered-loosely", level=SHOULD, scenario=two, parameter="tools", mutants=STRANGERS)
def loose_names_are_offered(exchange: Exchange) -> Iterator[Finding]:
    """Another call is of one of the tools that were offered too."""
    yield from _strangers(exchange, strictly=False)


@requirement(
    "tools.only-where-offered",
    level=SHOULD,
    source="tools",
    scenario=by_name,
    kind=Kind.EACH,
    feature="tools",
    parameter="tools",
    applies=lambda exchange: exchange.ok and bool(exchange.choices) and not exchange.sent.get("tools"),
    mutants=[
        either(
            "calls-unoffered",
            "a reply calls a tool though none was offered",
            lambda sent, body: [
                (choice.get("message") or choice.get("delta")).update(
                    tool_calls=[
                        {"index": 0, "id": "c", "type": "function", "function": {"name": "search", "arguments": "{}"}}
                    ]
                )
                for choice in body["choices"]
                if "tools" not in sent
            ],
        )
    ],
)
def called_only_where_offered(exchange: Exchange) -> Iterator[Violation]:
    """Where no tools are offered, none is called."""
    if called(exchange):
        yield Violation(pointer="/choices tool_calls", observed="a call", expected="absent, no tools being offered")
