"""Thoughts, more or less of them: enable_thinking in documents 000 to 003, reasoning_effort in 004."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from ..ask import Ask
from ..blame import generated
from ..exchange import Exchange
from ..model import JSON, Finding, Kind, Level, NotJudged, Observation, Violation, Zone
from ..mutants import Call, Mutant, Object, Sent, When
from ..requirement import requirement
from ..scenario import Script, scenario, takes, together
from ..schema import show
from ..spoil import either, ignores, refuses, streaming, whole
from .ranges import combinations
from .reasoning import PUZZLE, accepted, refused, switching, thinks

MUST, SHOULD = Level.MUST, Level.SHOULD

# -- enable_thinking


@scenario(steps=5, tokens=480)
def switched(ask: Ask) -> Script:
    """Set a puzzle with thinking switched off and switched on, whole and streamed, and with the switch left alone."""
    asked = partial(ask, prompt=PUZZLE, max_tokens=96, zone=Zone.DISPUTED)
    answers = together(
        (
            yield [
                asked(enable_thinking=False),
                asked(enable_thinking=False, stream=True),
                asked(enable_thinking=True),
                asked(enable_thinking=True, stream=True),
                asked(),
            ]
        )
    )
    return refused(answers, "enable_thinking", "thinking-switch")


of_switch = partial(
    requirement,
    source="enable_thinking",
    scenario=takes(switched, standard=1, full=3),
    feature="thinking-switch",
    parameter="enable_thinking",
)
"""A requirement on whether it is thought."""


def _thinks_anyway(member: str, value: JSON, when: Callable[[Sent], bool]) -> Mutant:
    def act(sent: Sent, body: Object) -> None:
        for choice in body["choices"]:
            if member in sent and sent[member] == value:
                (choice.get("message") or choice.get("delta")).update(reasoning_content="Let me think.")

    name = f"thinks-with-{member.replace('_', '-')}-off{'-in-streams' if when is streaming else ''}"
    mode = "streams" if when is streaming else "whole replies"
    return either(name, f"{mode} hold thoughts though {member} forbids them", act, when=when)


@of_switch(
    "reasoning.switched-off",
    level=MUST,
    mutants=[
        Mutant(
            name="thinking-cannot-be-switched-off",
            about="enable_thinking false is taken for true",
            request=lambda call: (
                call.with_body({**call.sent, "enable_thinking": True}) if "enable_thinking" in call.sent else call
            ),
        ),
        _thinks_anyway("enable_thinking", False, streaming),  # noqa: FBT003  # a value of JSON
        _thinks_anyway("enable_thinking", False, whole),  # noqa: FBT003  # likewise
    ],
)
def switched_off_is_off(asked: tuple[Exchange, ...]) -> Iterator[Finding]:
    """With enable_thinking false nothing is thought: no reasoning_content, no marks of thoughts, no tokens for them."""
    for exchange in asked[:2]:
        for choice in exchange.choices:
            shown = thinks(exchange, choice)
            if shown:
                yield Violation(
                    pointer=f"/choices/{show(choice.index)}",
                    observed=shown,
                    expected="an answer without thoughts",
                    exchanges=(exchange.n,),
                )


@of_switch(
    "reasoning.switched-on",
    level=SHOULD,
    mutants=[ignores("enable_thinking"), ignores("enable_thinking", when=streaming)],
)
def switched_on_is_on(asked: tuple[Exchange, ...]) -> Iterator[Finding]:
    """With enable_thinking true there are thoughts, whole and streamed: a puzzle gives reason for some."""
    for exchange in asked[2:4]:
        if _thoughtless(exchange):
            yield Violation(
                pointer="/choices", observed="an answer without thoughts", expected="thoughts", exchanges=(exchange.n,)
            )


def _thoughtless(exchange: Exchange) -> bool:
    return exchange.legible and not any(thinks(exchange, choice) for choice in exchange.choices)


@of_switch(
    "reasoning.by-default",
    level=Level.OBSERVE,
    mutants=[
        Mutant(
            name="thinking-on-by-default",
            about="without enable_thinking it is thought",
            request=lambda call: (
                call if "enable_thinking" in call.sent else call.with_body({**call.sent, "enable_thinking": True})
            ),
        )
    ],
)
def thinks_by_default(asked: tuple[Exchange, ...]) -> Iterator[Finding]:
    """Whether it is thought where enable_thinking is left out: by the document yes, by most models no."""
    if _thoughtless(asked[2]):
        yield NotJudged(reason="with enable_thinking true there are no thoughts either")
    else:
        yield Observation(value="off" if _thoughtless(asked[4]) else "on")


@of_switch(
    "reasoning.switch-accepted",
    level=SHOULD,
    kind=Kind.EACH,
    applies=switching("enable_thinking", switched),
    mutants=[refuses("enable_thinking"), refuses("enable_thinking", 422, when=streaming)],
)
def switch_is_accepted(exchange: Exchange, *, run: tuple[Exchange, ...]) -> Iterator[Finding]:
    """A request with enable_thinking is answered."""
    yield from accepted(exchange, "enable_thinking", run)


def _thinks_beside(name: str, members: str, test: When) -> Mutant:
    """The switch is taken for on where something else is asked for too, and the thoughts are told apart."""

    def request(call: Call) -> Call:
        off = call.sent.get("enable_thinking") is False
        thinking = {**call.sent, "enable_thinking": True, "separate_reasoning": True}
        return call.with_body(thinking) if off and test(call.sent) else call

    about = f"enable_thinking false has no effect beside {members}"
    return Mutant(name=f"thinks-beside-{name}", about=about, request=request)


SEEN = 8
"""Tokens of thoughts that are no mere marks."""


@of_switch(
    "reasoning.switched-off-beside",
    level=MUST,
    scenario=combinations,
    kind=Kind.EACH,
    applies=lambda exchange: generated(exchange) and exchange.legible and exchange.sent.get("enable_thinking") is False,
    mutants=[
        _thinks_beside("tools", "tools", lambda sent: bool(sent.get("tools"))),
        _thinks_beside("stop", "stop", lambda sent: bool(sent.get("stop"))),
        _thinks_beside("log-probabilities", "logprobs", lambda sent: sent.get("logprobs") is True),
        _thinks_beside("streams", "stream", streaming),
    ],
)
def switched_off_is_off_beside_others(exchange: Exchange) -> Iterator[Violation]:
    """With enable_thinking false nothing is thought, whatever else is asked for: no reasoning_content, no tokens for
    it."""
    counted = exchange.thought_tokens
    said = next((choice.reasoning for choice in exchange.choices if choice.reasoning.strip()), None)
    if said is not None or counted > SEEN:
        yield Violation(
            pointer="/choices",
            observed=f"{counted} reasoning_tokens" if said is None else f"reasoning_content {show(said)}",
            expected="answers without thoughts",
        )


# -- reasoning_effort

EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh")
"""Its six values."""


@scenario(steps=len(EFFORTS), tokens=16 * len(EFFORTS))
def efforts(ask: Ask) -> Script:
    """Set a puzzle with each of the six efforts."""
    yield [ask(prompt=PUZZLE, max_tokens=16, reasoning_effort=effort, zone=Zone.DISPUTED) for effort in EFFORTS]
    return None


of_efforts = partial(
    requirement,
    source="reasoning_effort",
    scenario=takes(efforts, standard=1, full=2),
    feature="reasoning-effort",
    parameter="reasoning_effort",
)
"""A requirement on how long to think."""


def _effort(value: str) -> Mutant:
    refusing = refuses("reasoning_effort", when=lambda sent: sent.get("reasoning_effort") == value)
    return Mutant(
        name=f"no-effort-of-{value}", about=f"{value} effort is refused", wire=refusing.wire, when=refusing.when
    )


@of_efforts("reasoning.effort-values", level=MUST, mutants=[refuses("reasoning_effort"), *map(_effort, EFFORTS)])
def efforts_are_accepted(asked: tuple[Exchange, ...]) -> Iterator[Violation]:
    """Each of the six efforts that the document names is accepted."""
    for exchange, effort in zip(asked, EFFORTS, strict=False):
        if exchange.refused:
            yield Violation(
                pointer="status", observed=f"{exchange.status} for {effort}", expected="2xx", exchanges=(exchange.n,)
            )


@of_efforts(
    "reasoning.effort-none",
    level=SHOULD,
    mutants=[_thinks_anyway("reasoning_effort", "none", whole)],
)
def no_effort_no_thoughts(asked: tuple[Exchange, ...]) -> Iterator[Finding]:
    """With reasoning_effort none there are no thoughts."""
    for choice in asked[0].choices:
        shown = thinks(asked[0], choice)
        if shown:
            yield Violation(
                pointer=f"/choices/{show(choice.index)}",
                observed=shown,
                expected="an answer without thoughts",
                exchanges=(asked[0].n,),
            )
