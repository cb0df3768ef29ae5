"""Tools: what is offered, and how a call is asked for.

Whether a model calls is the model's business: a reply without calls is judged by nobody.  To get a call it is asked for
by name, in words; failing that, tool_choice forces one, which documents 000 to 003 do not describe.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from .. import calls, strict_json
from ..ask import OMIT, Ask
from ..calls import Call
from ..exchange import Exchange
from ..model import JSON, Request, Zone
from ..reply import items, members, objects, text
from ..scenario import Script, scenario, takes, together


def called(exchange: Exchange) -> bool:
    """A 2xx whose reply calls a tool."""
    return exchange.ok and any(choice.tool_calls for choice in exchange.choices)


def asks_by_name(exchange: Exchange) -> bool:
    """Whether it asks for a call in words, and not by tool_choice; and was answered to the end."""
    sent = exchange.sent
    asked = exchange.scenario in (by_name.name, two.name) and len(items(sent.get("messages"))) == 1
    whole = exchange.legible and not any(map(calls.cut, exchange.choices))
    return asked and bool(sent.get("tools")) and "tool_choice" not in sent and whole


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
    "Tells the weather in a city: how warm and how windy it is, whether rain, snow or fog are near, when the sun sets.",
    {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    strict=False,
)
"""Not strict: models may err."""

WORDS = "one two three four five six " * 10

RESULT = f"It was done, and the clerk wrote down: {WORDS * 2}"
"""Twice the words that are added to a call."""


def turn(ask: Ask, said: list[JSON], **given: JSON) -> Request:
    """A request that goes on with the conversation; disputed unless the contract says that it must be accepted."""
    body: dict[str, JSON] = {"model": "m", "max_tokens": 24, "messages": said, **given}
    zone = Zone.ACCEPT if ask.contract.zone(body) is Zone.ACCEPT else Zone.DISPUTED
    return ask(max_tokens=24, messages=said, zone=zone, also=given)


def answers(made: tuple[Call, ...], result: str) -> list[JSON]:
    """What the tools that were called gave: the first one this."""
    return [
        {"role": "tool", "tool_call_id": text(call.id), "content": "Done." if number else result}
        for number, call in enumerate(made)
    ]


def with_words(call: Call) -> Call:
    """The same call with sixty words more in its arguments, which are otherwise what they were to the letter."""
    said = text(call.arguments)
    beginning, _, rest = said.rpartition("}")
    note = f'"note": "{WORDS}"'
    had = members(strict_json.parse(said).value)
    return replace(call, arguments=f"{beginning}, {note}}}{rest}" if had else f"{{{note}}}")


def asks_for(made: tuple[Call, ...], words: JSON = None) -> dict[str, JSON]:
    """The assistant's message with these calls and words, and nothing else in it."""
    listed: list[JSON] = [
        {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
        for call in made
    ]
    return {"role": "assistant", "content": text(words) or None, "tool_calls": listed}


@scenario(steps=5, tokens=372)
def calling(ask: Ask) -> Script:
    """Ask for the call of a tool by its name, whole and streamed, and the same without tools; then tell what it gave,
    with the assistant's message as it came, and with more words in its call.  Where nothing is called, force a call."""
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
    before = items(first.sent.get("messages"))
    longer = asks_for((with_words(made[0]), *made[1:]), raw.get("content"))
    yield [
        turn(ask, [*before, longer, *answers(made, "Done.")], tools=tools),
        ask(max_tokens=24, messages=[*before, raw, *answers(made, RESULT)], tools=tools, zone=Zone.DISPUTED),
    ]
    return None


by_name = takes(calling, standard=1, full=4)


MORE = 4
"""Choices that show whether a model calls now and then in the mode in which it did not."""


@scenario(steps=3, tokens=480 + MORE * 160)
def calling_two(ask: Ask) -> Script:
    """Ask for the calls of two tools at a time by their names: whole, and streamed in two choices with the tools in the
    other order; where they are called in one mode only, in the other once more, in several choices."""
    prompt = "Call the functions look_up_weather for Oslo and ring_the_bell, both at once; do not answer in words."
    asked = partial(ask, prompt=prompt, max_tokens=160)
    first = together(
        (
            yield [
                asked(tools=[BELL, WEATHER]),
                asked(tools=[WEATHER, BELL], stream=True, n=2 if ask.has("n") else OMIT),
            ]
        )
    )
    if len(set(map(called, first))) == 2:
        yield asked(tools=[BELL, WEATHER], n=MORE if ask.has("n") else OMIT, stream=called(first[0]))
    return None


two = takes(calling_two, standard=1, full=4)
