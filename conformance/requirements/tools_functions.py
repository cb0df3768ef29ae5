"""Functions, as they were called before there were tools (document 004)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from .. import calls
from ..ask import Ask
from ..exchange import Exchange
from ..model import Finding, Level, NotJudged, Violation
from ..mutants import Object
from ..reply import members
from ..requirement import requirement
from ..scenario import Script, scenario, takes
from ..schema import show
from ..spoil import either, ignores, streaming, whole
from .tools_asked import WEATHER

MUST, SHOULD = Level.MUST, Level.SHOULD


@scenario(steps=3, tokens=336)
def calling_a_function(ask: Ask) -> Script:
    """Ask for the call of a function by its name, whole and streamed; and beg for it where function_call forbids it."""
    described = members(WEATHER.get("function"))
    asked = partial(
        ask,
        prompt="Call the function look_up_weather for Oslo; do not answer in words.",
        max_tokens=160,
        functions=[described],
    )
    yield [
        asked(function_call="auto"),
        asked(function_call="auto", stream=True),
        asked(function_call="none", max_tokens=16),
    ]
    return None


of_functions = partial(
    requirement,
    level=MUST,
    scenario=takes(calling_a_function, standard=1, full=2),
    feature="functions",
)
"""A requirement on functions in their older form."""


def _change(body: Object, **changes: object) -> None:
    for choice in body["choices"]:
        call = (choice.get("message") or choice.get("delta") or {}).get("function_call")
        if call is not None:
            call.update(changes)


@of_functions(
    "tools.function-call",
    source="functions",
    parameter="functions",
    mutants=[
        either("function-call-of-nothing", "a function call names none", lambda _, body: _change(body, name="")),
        either(
            "function-arguments-as-object",
            "the arguments of a streamed function call are an object",
            lambda _, body: _change(body, arguments={}),
            when=streaming,
        ),
        either(
            "function-arguments-cut-short",
            "the arguments of a whole function call lack their end",
            lambda _, body: _change(body, arguments='{"city": "Oslo'),
            when=whole,
        ),
    ],
)
def functions_are_called(asked: tuple[Exchange, ...]) -> Iterator[Finding]:
    """A function_call names one of the functions, and its arguments join to a text that holds a JSON object."""
    made = [(each, call) for each in asked[:2] if each.ok and (call := calls.of_function(each))]
    if not made:
        yield NotJudged(reason="the model called no function")
    for exchange, call in made:
        known = calls.offered(exchange, "functions")
        wrong = None if any(map(calls.cut, exchange.choices)) else calls.unfit(call.arguments, {})
        if call.name not in known:
            yield Violation(
                pointer="function_call name",
                observed=show(call.name),
                expected=f"one of {', '.join(known)}",
                exchanges=(exchange.n,),
            )
        elif wrong:
            yield Violation(
                pointer="function_call arguments",
                observed=f"{show(call.arguments)} ({wrong})",
                expected="a text that holds a JSON object",
                exchanges=(exchange.n,),
            )


@of_functions(
    "tools.function-call-none",
    source="function_call",
    parameter="function_call",
    mutants=[ignores("function_call")],
)
def none_forbids_functions(asked: tuple[Exchange, ...]) -> Iterator[Violation]:
    """With function_call none no function is called, though the words ask for a call."""
    if asked[2].ok and calls.of_function(asked[2]):
        yield Violation(pointer="function_call", observed="a call", expected="absent", exchanges=(asked[2].n,))
