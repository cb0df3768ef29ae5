"""Tools: what a reply that calls them looks like.

Whether a model calls is the model's business: a reply without calls is judged by nobody.  To get a call it is asked for
by name, in words; failing that, tool_choice forces one, which documents 000 to 003 do not describe.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from .. import calls
from ..ask import OMIT, Ask
from ..calls import Call
from ..exchange import Exchange
from ..model import JSON, Finding, Kind, Level, NotJudged, Request, Violation, Zone
from ..mutants import Mutant, Object, Sent, When
from ..reply import Choice, members, objects, text
from ..requirement import requirement
from ..scenario import Script, scenario, takes, together
from ..schema import show
from ..spoil import either, streaming, whole

MUST, SHOULD = Level.MUST, Level.SHOULD


def function(name: str, description: str, parameters: JSON, *, strict: bool) -> dict[str, JSON]:
    """A tool as a client describes it."""
    described: dict[str, JSON] = {"name": name, "description": description, "parameters": parameters}
    return {"type": "function", "function": {**described, "strict": True} if strict else described}


LEDGER = function(
    "enter_in_ledger",
    "Enters an arrival or a departure in the ledger.",
    {
        "type": "object",
        "properties": {
            "kind": {"type": "string", "enum": ["arrival-zq", "departure-zq"]},
            "people": {"type": "integer"},
            "mark": {"type": "string", "const": "§7-жq"},
        },
        "required": ["kind", "people", "mark"],
        "additionalProperties": False,
    },
    strict=True,
)
"""Strict, and its arguments are of a form that no model hits by chance."""

BELL = function(
    "ring_the_bell",
    "Rings the bell.",
    {"type": "object", "properties": {}, "required": [], "additionalProperties": False},
    strict=True,
)
"""Strict, and without arguments."""

WEATHER = function(
    "look_up_weather",
    "Tells the weather in a city.",
    {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    strict=False,
)
"""Not strict: models may err."""

RESULT = "It was done, and the clerk wrote down: " + "one two three four five six " * 10


def turn(ask: Ask, said: list[JSON], **given: JSON) -> Request:
    """A request that goes on with the conversation; disputed unless the contract says that it must be accepted."""
    body: dict[str, JSON] = {"model": "m", "max_tokens": 24, "messages": said, **given}
    zone = Zone.ACCEPT if ask.contract.zone(body) is Zone.ACCEPT else Zone.DISPUTED
    return ask(max_tokens=24, messages=said, zone=zone, also=given)


def answers(made: tuple[Call, ...], result: str) -> list[JSON]:
    """What the tools that were called gave."""
    return [{"role": "tool", "tool_call_id": text(call.id), "content": result} for call in made]


def asks_for(made: tuple[Call, ...]) -> dict[str, JSON]:
    """The assistant's message with these calls, and nothing else in it."""
    listed: list[JSON] = [
        {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
        for call in made
    ]
    return {"role": "assistant", "content": None, "tool_calls": listed}


@scenario(steps=5, tokens=372)
def calling(ask: Ask) -> Script:
    """Ask for the call of a tool by its name, whole and streamed, and the same without tools; then tell what it gave,
    once with the assistant's message as it came.  Where nothing is called, force a call."""
    prompt = "Three people arrived. Call the function enter_in_ledger for it now; do not answer in words."
    tools: list[JSON] = [LEDGER, BELL]
    asked = together(
        (
            yield [
                ask(prompt=prompt, max_tokens=160, tools=tools),
                ask(prompt=prompt, max_tokens=160, tools=tools, stream=True),
                ask(prompt=prompt, max_tokens=4, tools=OMIT),
            ]
        )
    )
    first = next((each for each in asked[:2] if called(each)), None)
    if first is None:
        forced = partial(
            ask, max_tokens=24, tools=[BELL], also={"tool_choice": "required"}, prompt="Ring.", zone=Zone.DISPUTED
        )
        yield [forced(), forced(stream=True)]
        return None
    made = calls.of_choice(first.choices[0], streamed=first.asked_stream)
    raw = members(next(objects(first.members.get("choices")), {}).get("message")) or asks_for(made)
    said: JSON = first.sent.get("messages")
    before = said if isinstance(said, list) else []
    yield [
        turn(ask, [*before, asks_for(made), *answers(made, "Done.")], tools=tools),
        ask(max_tokens=24, messages=[*before, raw, *answers(made, RESULT)], tools=tools, zone=Zone.DISPUTED),
    ]
    return None


by_name = takes(calling, standard=1, full=4)


@scenario(steps=2, tokens=320)
def calling_two(ask: Ask) -> Script:
    """Ask for the calls of two tools at a time by their names, whole and streamed."""
    prompt = "Call the functions look_up_weather for Oslo and ring_the_bell, both at once; do not answer in words."
    asked = partial(ask, prompt=prompt, max_tokens=160, tools=[BELL, WEATHER])
    yield [asked(), asked(stream=True)]
    return None


two = takes(calling_two, standard=1, full=4)


def called(exchange: Exchange) -> bool:
    """A 2xx whose reply calls a tool."""
    return exchange.ok and any(choice.tool_calls for choice in exchange.choices)


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
