"""Tools: what a reply that calls them looks like."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from .. import calls, strict_json
from ..calls import Call
from ..exchange import Exchange
from ..model import JSON, Finding, Kind, Level, NotJudged, Observation, Violation
from ..mutants import Mutant, Object, Sent, When
from ..reply import Choice, text
from ..requirement import requirement
from ..schema import show
from ..spoil import either, streaming, whole
from .tools_asked import by_name, called, two

MUST, SHOULD, OBSERVE = Level.MUST, Level.SHOULD, Level.OBSERVE


def ended(exchange: Exchange) -> Iterator[tuple[Choice, Call]]:
    """The calls that came to their end: all of a choice that nothing cut, all but the last of one that was cut."""
    for choice in exchange.choices:
        found = calls.of_choice(choice, streamed=exchange.asked_stream)
        for call in found[:-1] if calls.cut(choice) or exchange.error is not None else found:
            yield choice, call


def place(choice: Choice) -> str:
    """Where a choice's calls are."""
    return f"/choices/{show(choice.index)} tool_calls"


def every_call(
    name: str, about: str, change: Callable[[Object], object], when: When | None = None, *, first: bool = True
) -> Mutant:
    """Both modes: `change` spoils every call in place; of a stream the piece that opens it, or all if not `first`."""

    def spoil(_: Sent, body: Object) -> None:
        for choice in body["choices"]:
            for call in (choice.get("message") or choice.get("delta") or {}).get("tool_calls") or []:
                if not first or "name" in call.get("function", {}):
                    change(call)

    return either(name, about, spoil, when)


of_calls = partial(requirement, level=MUST, source="tools", kind=Kind.EACH, applies=called, feature="tools")
"""A requirement on every reply that calls a tool."""


@of_calls(
    "tools.call-shape",
    scenario=by_name,
    parameter="tools",
    mutants=[
        every_call("call-without-id", "calls have an empty id", lambda call: call.update(id="")),
        every_call("streamed-call-without-id", "streamed calls have no id", lambda call: call.pop("id"), streaming),
        every_call("call-of-no-type", "whole calls have an empty type", lambda call: call.update(type=""), whole),
        every_call("call-of-nothing", "calls name no function", lambda call: call["function"].update(name="")),
        every_call(
            "arguments-as-object",
            "whole calls have an object for their arguments",
            lambda call: call["function"].update(arguments={"kind": "arrival-zq"}),
            whole,
        ),
    ],
)
def calls_have_their_shape(exchange: Exchange) -> Iterator[Violation]:
    """A call has an id, the type function, and a function with a name and with arguments that are text."""
    for choice, call in calls.of(exchange):
        wrong: list[tuple[str, JSON, str]] = []
        if not (isinstance(call.id, str) and call.id):
            wrong.append(("id", call.id, "a string that is not empty"))
        if call.kind != "function" and not (call.kind is None and exchange.asked_stream):
            wrong.append(("type", call.kind, '"function"'))
        if not (isinstance(call.name, str) and call.name):
            wrong.append(("name", call.name, "the name of a function"))
        if not isinstance(call.arguments, str):
            wrong.append(("arguments", call.arguments, "a string that holds JSON"))
        for member, observed, expected in wrong:
            yield Violation(pointer=f"{place(choice)} {member}", observed=show(observed), expected=expected)


def _same_ids(body: Object) -> None:
    for choice in body["choices"]:
        for call in (choice.get("message") or choice.get("delta") or {}).get("tool_calls") or []:
            if "id" in call:
                call["id"] = "call_0"


@of_calls(
    "tools.ids-unique",
    scenario=two,
    parameter="tools",
    mutants=[
        either("calls-of-one-id", "the calls of one reply have the same id", lambda _, body: _same_ids(body)),
        either(
            "streamed-calls-of-one-id",
            "the calls of one stream have the same id",
            lambda _, body: _same_ids(body),
            when=streaming,
        ),
    ],
)
def ids_are_unique(exchange: Exchange) -> Iterator[Finding]:
    """The calls of one message have different ids, for by these their results are told apart."""
    several = 0
    for choice in exchange.choices:
        made = calls.of_choice(choice, streamed=exchange.asked_stream)
        several += len(made) > 1
        ids = [call.id for call in made if call.id]
        twice = next((each for at, each in enumerate(ids) if each in ids[:at]), None)
        if twice is not None:
            yield Violation(pointer=f"{place(choice)} id", observed=f"{show(twice)} twice", expected="unique")
    if not several:
        yield NotJudged(reason="no reply called two tools")


def _first_alone(_: Sent, body: Object) -> None:
    for choice in body["choices"]:
        part = choice.get("message") or choice.get("delta") or {}
        if part.get("tool_calls"):
            first = [each for each in part["tool_calls"] if not each.get("index")]
            part["tool_calls"] = first if "delta" in choice else first[:1]


@requirement(
    "tools.several-at-once",
    level=OBSERVE,
    source="tools",
    scenario=two,
    feature="tools",
    parameter="tools",
    mutants=[
        either("one-call-in-streams", "streams tell one call of several", _first_alone, streaming),
        either("one-call-when-whole", "whole replies tell one call of several", _first_alone, whole),
    ],
)
def several_are_called(asked: tuple[Exchange, ...], *_: Exchange) -> Iterator[Finding]:
    """How many tools a reply calls that is asked for two at once, whole and streamed."""
    if not all(map(called, asked)) or any(calls.cut(choice) for each in asked for choice in each.choices):
        yield NotJudged(reason="not both modes called a tool to the end")
        return
    most = [max(len(calls.of_choice(choice, streamed=each.asked_stream)) for choice in each.choices) for each in asked]
    said = ["several" if number > 1 else "one" for number in most]
    yield Observation(
        value=f"{said[0]} in both modes" if said[0] == said[1] else f"{said[0]} whole, {said[1]} streamed",
        exchanges=tuple(each.n for each in asked),
    )


def _reason(exchange: Exchange) -> tuple[str, ...]:
    return ("tool_calls", "length", "content_filter", *(("stop",) if calls.forced(exchange) else ()))


def _ends_with(reason: str) -> Callable[[Sent, Object], None]:
    def change(_: Sent, body: Object) -> None:
        for choice in body["choices"]:
            if choice.get("finish_reason") == "tool_calls":
                choice["finish_reason"] = reason

    return change


@of_calls(
    "tools.finish-reason",
    level=SHOULD,
    scenario=by_name,
    parameter="tools",
    mutants=[
        either("calls-end-with-stop", "a reply that calls ends with stop", _ends_with("stop")),
        either("streamed-calls-end-with-stop", "a stream that calls ends with stop", _ends_with("stop"), streaming),
    ],
)
def calls_say_why_they_end(exchange: Exchange) -> Iterator[Violation]:
    """A reply that calls tools ends with the reason tool_calls; where the call was forced, stop will do too."""
    for choice in exchange.choices:
        if choice.tool_calls and choice.finish_reason not in _reason(exchange):
            yield Violation(
                pointer=f"/choices/{show(choice.index)}/finish_reason",
                observed=show(choice.finish_reason),
                expected='"tool_calls"',
            )


def _said_again(_: Sent, body: Object) -> None:
    for choice in body["choices"]:
        part = choice.get("message") or choice.get("delta") or {}
        named = [call["function"] for call in part.get("tool_calls") or [] if call["function"].get("name")]
        if named:
            part["content"] = strict_json.dump([{**each, "arguments": "{}"} for each in named]).decode()


@of_calls(
    "tools.not-said-again",
    level=SHOULD,
    scenario=by_name,
    parameter="tools",
    mutants=[
        either("calls-in-the-text-too", "calls stand in the text as JSON too", _said_again),
        either("calls-in-the-text-too-in-streams", "streamed calls do", _said_again, streaming),
        either("calls-in-the-text-too-when-whole", "whole calls do", _said_again, whole),
    ],
)
def calls_are_said_once(exchange: Exchange) -> Iterator[Violation]:
    """A reply that calls tools does not say its calls once more in its text, as JSON that names all of them."""
    for choice in exchange.choices:
        names = {text(call.name) for call in calls.of_choice(choice, streamed=exchange.asked_stream)}
        said = strict_json.parse(choice.text)
        if names - {""} and isinstance(said.value, dict | list) and names <= set(_strings(said.value)):
            yield Violation(
                pointer=f"/choices/{show(choice.index)} text",
                observed=show(choice.text),
                expected="nothing of what stands in tool_calls",
            )


def _strings(value: JSON) -> Iterator[str]:
    """The strings in a JSON value, those that name members too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _strings(each)
    elif isinstance(value, dict):
        yield from value
        for each in value.values():
            yield from _strings(each)
