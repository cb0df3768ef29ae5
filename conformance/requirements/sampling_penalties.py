"""frequency_penalty and presence_penalty, as strong and as weak as they may be, in cold replies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from ..ask import Ask
from ..exchange import Exchange
from ..model import Depth, Finding, Level
from ..mutants import Call, Mutant
from ..requirement import requirement
from ..scenario import Script, both_modes, scenario
from ..spoil import ignores, streaming
from .logprobs_asked import neutral
from .sampling import telling
from .sampling_tolls import heeded

MUST = Level.MUST

STRONG = 1.99
"""The strongest penalty that must be accepted."""

ASKED = (
    ("frequency_penalty", STRONG),
    ("frequency_penalty", -STRONG),
    ("presence_penalty", STRONG),
    ("presence_penalty", -STRONG),
)


@scenario(steps=5, tokens=161)
def penalised(ask: Ask) -> Script:
    """Talk coldly with each penalty at its strongest and at its weakest; and say one token at temperature 0.5."""
    if not (ask.has("logprobs") and ask.has("top-logprobs")):
        return "penalties are judged by log probabilities, which are off"
    story, lists, cold = "Tell a very long story.", telling(ask, 20), ask.setting.cold
    yield [
        *(
            ask(
                prompt=story,
                max_tokens=40,
                also={**neutral(ask, temperature=cold, **{name: value}), **lists},
            )
            for name, value in ASKED
        ),
        ask(prompt=story, max_tokens=1, also={**neutral(ask, temperature=0.5), **lists}),
    ]
    return None


penalties = both_modes(penalised, streams=Depth.FULL)

of_penalties = partial(requirement, level=MUST, scenario=penalties, feature="penalties")
"""A requirement on what a penalty does."""


def _rewritten(name: str, about: str, change: Callable[[float], float], member: str) -> Mutant:
    def act(call: Call) -> Call:
        value = call.sent.get(member)
        if not isinstance(value, int | float) or not value:
            return call
        return call.with_body({**call.sent, member: change(value)})

    return Mutant(name=f"{member.replace('_', '-')}-{name}", about=f"{member} {about}", request=act)


def _as_the_other(member: str, other: str) -> Mutant:
    def act(call: Call) -> Call:
        sent = {**call.sent, other: call.sent.get(member), member: call.sent.get(other)}
        return call.with_body(sent) if call.sent.get(member) and not call.sent.get(other) else call

    return Mutant(
        name=f"{member.replace('_', '-')}-as-the-other",
        about=f"{member} acts as {other}",
        request=act,
    )


def _ways(member: str) -> list[Mutant]:
    return [
        ignores(member),
        ignores(member, when=streaming),
        _rewritten("upside-down", "acts the other way round", lambda value: -value, member),
        _rewritten("at-most-a-tenth", "above 0.1 counts as 0.1", lambda value: min(value, 0.1), member),
    ]


def _below_zero(member: str) -> list[Mutant]:
    return [
        ignores(member),
        _rewritten("never-below-zero", "below 0 counts as 0", lambda value: max(value, 0), member),
        _rewritten("without-sign", "below 0 counts as above it", abs, member),
    ]


@of_penalties(
    "sampling.frequency-penalty-acts",
    source="frequency_penalty",
    parameter="frequency_penalty",
    mutants=_ways("frequency_penalty"),
)
def frequency_acts(asked: tuple[Exchange, ...]) -> Iterator[Finding]:
    """A frequency_penalty above 0 takes its toll of a token for every time it has been said."""
    yield from heeded(asked[0], asked[4], "frequency_penalty")


@of_penalties(
    "sampling.frequency-penalty-negative",
    source="frequency_penalty",
    parameter="frequency_penalty",
    mutants=[*_below_zero("frequency_penalty"), _as_the_other("frequency_penalty", "presence_penalty")],
)
def frequency_favours(asked: tuple[Exchange, ...]) -> Iterator[Finding]:
    """A frequency_penalty below 0 favours a token for every time it has been said."""
    yield from heeded(asked[1], asked[4], "frequency_penalty")


@of_penalties(
    "sampling.presence-penalty-acts",
    source="presence_penalty",
    parameter="presence_penalty",
    mutants=_ways("presence_penalty"),
)
def presence_acts(asked: tuple[Exchange, ...]) -> Iterator[Finding]:
    """A presence_penalty above 0 takes its toll of a token once it has been said."""
    yield from heeded(asked[2], asked[4], "presence_penalty")


@of_penalties(
    "sampling.presence-penalty-negative",
    source="presence_penalty",
    parameter="presence_penalty",
    mutants=[*_below_zero("presence_penalty"), _as_the_other("presence_penalty", "frequency_penalty")],
)
def presence_favours(asked: tuple[Exchange, ...]) -> Iterator[Finding]:
    """A presence_penalty below 0 favours a token that has been said, as much the first time as the fifth."""
    yield from heeded(asked[3], asked[4], "presence_penalty")
