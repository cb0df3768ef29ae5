"""Tools: the choice among them, where a document leaves it to the client (document 004).

With none no tool is called, with required one is, by whatever model: the endpoint sees to it.  An object that names one
is described nowhere, and its effect a recommendation.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from .. import calls
from ..ask import Ask
from ..exchange import Exchange
from ..model import JSON, Depth, Finding, Level, NotJudged, Violation, Zone
from ..mutants import Sent
from ..requirement import requirement
from ..scenario import Script, both_modes, scenario, takes
from ..schema import show
from ..spoil import ignores, streaming, whole
from .tools import place
from .tools_asked import BELL, WEATHER, called

MUST, SHOULD = Level.MUST, Level.SHOULD


@scenario(steps=6, tokens=672)
def choosing(ask: Ask) -> Script:
    """Beg for a call and forbid it, speak of something else and force one, whole and streamed; name the tool to be
    called, and ask for two calls where one at a time is allowed, both in the mode of the case."""
    begs = partial(
        ask,
        prompt="Call the function ring_the_bell now; do not answer in words.",
        max_tokens=16,
        tools=[WEATHER, BELL],
        tool_choice="none",
    )
    forced = partial(
        ask, prompt="Tell a long joke about cats.", max_tokens=160, tools=[WEATHER, BELL], tool_choice="required"
    )
    named: JSON = {"type": "function", "function": {"name": "ring_the_bell"}}
    yield [
        begs(stream=False),
        begs(stream=True),
        forced(stream=False),
        forced(stream=True),
        forced(tool_choice=named, zone=Zone.DISPUTED),
        ask(
            prompt="Call the functions look_up_weather for Oslo and ring_the_bell, both at once.",
            max_tokens=160,
            tools=[WEATHER, BELL],
            parallel_tool_calls=False,
        ),
    ]
    return None


choices = both_modes(takes(choosing, standard=1, full=3), streams=Depth.FULL)

of_choices = partial(
    requirement,
    level=MUST,
    source="tool_choice",
    scenario=choices,
    feature="tool-choice",
    beside="tools",
    parameter="tool_choice",
)
"""A requirement on a choice among tools."""


def none(sent: Sent) -> bool:
    """A call is forbidden."""
    return sent.get("tool_choice") == "none"


def none_streamed(sent: Sent) -> bool:
    """A call is forbidden in a stream."""
    return none(sent) and streaming(sent)


def required(sent: Sent) -> bool:
    """A call is forced."""
    return sent.get("tool_choice") == "required"


def required_streamed(sent: Sent) -> bool:
    """A call is forced in a stream."""
    return required(sent) and streaming(sent)


def required_whole(sent: Sent) -> bool:
    """A call is forced in a whole reply."""
    return required(sent) and whole(sent)


@of_choices(
    "tools.choice-none",
    mutants=[ignores("tool_choice", when=none), ignores("tool_choice", when=none_streamed)],
)
def none_forbids(asked: tuple[Exchange, ...]) -> Iterator[Violation]:
    """With tool_choice none no tool is called, though the words ask for a call."""
    for exchange in asked[:2]:
        if called(exchange):
            yield Violation(
                pointer="/choices tool_calls", observed="a call", expected="absent", exchanges=(exchange.n,)
            )


@of_choices(
    "tools.choice-required",
    mutants=[
        ignores("tools", when=required),
        ignores("tools", when=required_streamed),
        ignores("tool_choice", when=required_whole),
    ],
)
def required_forces(asked: tuple[Exchange, ...]) -> Iterator[Finding]:
    """With tool_choice required at least one tool is called, though the words ask for none."""
    judged = [each for each in asked[2:4] if not any(map(calls.cut, each.choices)) and each.legible]
    if not judged:
        yield NotJudged(reason="every forced reply was cut by its limit")
    for exchange in judged:
        if not called(exchange):
            yield Violation(
                pointer="/choices tool_calls", observed="absent", expected="a call", exchanges=(exchange.n,)
            )


def with_a_name(sent: Sent) -> bool:
    """A call of one tool is forced."""
    return isinstance(sent.get("tool_choice"), dict)


def with_a_name_streamed(sent: Sent) -> bool:
    """A call of one tool is forced in a stream."""
    return with_a_name(sent) and streaming(sent)


@of_choices(
    "tools.choice-named",
    level=SHOULD,
    mutants=[
        ignores("tool_choice", when=with_a_name),
        ignores("tools", when=with_a_name),
        ignores("tool_choice", when=with_a_name_streamed),
    ],
)
def named_is_called(asked: tuple[Exchange, ...]) -> Iterator[Finding]:
    """Where a tool_choice that names a tool is accepted, that tool is called and no other."""
    named = asked[4]
    if not named.ok or not named.legible or any(map(calls.cut, named.choices)):
        yield NotJudged(reason=f"a tool_choice that names a tool was not answered with a whole reply ({named.status})")
        return
    names = list(dict.fromkeys(show(call.name) for _, call in calls.of(named)))
    if names != ['"ring_the_bell"']:
        yield Violation(
            pointer="/choices tool_calls",
            observed=f"{' and '.join(names) or 'absent'}",
            expected='a call of "ring_the_bell"',
            exchanges=(named.n,),
        )


@requirement(
    "tools.one-at-a-time",
    level=MUST,
    source="parallel_tool_calls",
    scenario=choices,
    feature="tools",
    beside="tool-choice",
    parameter="parallel_tool_calls",
    mutants=[
        ignores("parallel_tool_calls"),
        ignores("parallel_tool_calls", when=whole),
        ignores("parallel_tool_calls", when=streaming),
    ],
)
def one_at_a_time(asked: tuple[Exchange, ...]) -> Iterator[Finding]:
    """With parallel_tool_calls false a reply calls at most one tool."""
    one = asked[5]
    if not called(one):
        yield NotJudged(reason="the model called no tool")
    for choice in one.choices:
        made = calls.of_choice(choice, streamed=one.asked_stream)
        if len(made) > 1:
            yield Violation(
                pointer=place(choice), observed=f"{len(made)} calls", expected="at most one", exchanges=(one.n,)
            )
