"""What is left out acts as the value that the document gives for it.

Of penalties cold texts tell it.  Engines load a temperature of their own with a model, so its default is only observed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ..ask import OMIT, Ask, Given
from ..contract import Contract
from ..exchange import Exchange
from ..likelihoods import same_start
from ..model import JSON, Depth, Finding, Level, NotJudged, Observation, Violation
from ..mutants import Call, Mutant
from ..requirement import requirement
from ..scenario import Script, for_each, scenario
from ..schema import show
from ..statistics import ALPHA, Fourfold, as_many_of
from .logprobs_asked import neutral
from .sampling import ENOUGH, MANY, first_texts, first_tokens

PENALTIES = ("frequency_penalty", "presence_penalty", "repetition_penalty")


def penalties(contract: Contract) -> tuple[str, ...]:
    """Those that a contract has."""
    return tuple(name for name in PENALTIES if name in contract.parameters)


@scenario(steps=4, tokens=160, depth=Depth.FULL)
def left_out(ask: Ask, parameter: str) -> Script:
    """Talk coldly with a penalty that changes nothing and without it, each twice."""
    given: dict[str, Given] = {**neutral(ask, temperature=ask.setting.cold)}
    without: dict[str, Given] = {**given, parameter: OMIT}
    yield [ask(max_tokens=40, also=members) for members in (given, given, without, without)]
    return None


def defaults_to(member: str, value: JSON) -> Mutant:
    """Where it is left out it counts as something that changes a lot."""

    def act(call: Call) -> Call:
        return call if member in call.sent else call.with_body({**call.sent, member: value})

    name = f"{member.replace('_', '-')}-defaults-to-{show(value).replace('.', '-')}"
    return Mutant(name=name, about=f"without {member} a reply is as with {show(value)}", request=act)


@requirement(
    "sampling.penalty-left-out",
    level=Level.SHOULD,
    source="frequency_penalty, presence_penalty, repetition_penalty",
    scenario=for_each("parameter", penalties, left_out),
    parameter=penalties,
    mutants=lambda _, parameter: (defaults_to(parameter, 1.99),),
)
def penalties_are_neutral(asked: tuple[Exchange, ...], *, parameter: str) -> Iterator[Finding]:
    """A penalty that is left out changes a cold text no more than one at its neutral value."""
    given, twin, *without = (each.text for each in asked)
    if not all(each.legible and each.text and not each.thought for each in asked):
        yield NotJudged(reason="too little was said for a penalty to be seen")
    elif given != twin:
        yield NotJudged(reason="the same cold request gives another text each time")
    elif given not in without:
        yield Violation(
            pointer="/choices/0",
            observed=f"{show(without[0])} without {parameter}",
            expected=f"{show(given)}, as with the value that changes nothing",
            exchanges=tuple(each.n for each in asked),
        )


@scenario(steps=2, tokens=2 * MANY, depth=Depth.FULL)
def lukewarm(ask: Ask) -> Script:
    """First tokens at temperature 1 and without a temperature."""
    if not ask.has("n"):
        return "without n there are not enough first tokens to compare"
    yield [first_tokens(ask), first_tokens(ask, {"temperature": OMIT})]
    return None


@requirement(
    "sampling.temperature-left-out",
    level=Level.OBSERVE,
    source="temperature",
    scenario=lukewarm,
    parameter="temperature",
    mutants=[defaults_to("temperature", 0), defaults_to("temperature", 0.02)],
)
def temperature_by_default(asked: tuple[Exchange, ...]) -> Iterator[Finding]:
    """Which temperature a reply has that was asked for without one: 1, a lower or a higher one."""
    one, other = asked
    given, without = first_texts(one), first_texts(other)
    if min(len(given), len(without)) < ENOUGH:
        yield NotJudged(reason="too few first tokens could be told apart")
        return
    commonest = Counter([*given, *without]).most_common(1)[0][0]
    hits = [said.count(commonest) for said in (without, given)]
    misses = [len(said) - count for said, count in zip((without, given), hits, strict=True)]
    table = Fourfold(hits=hits[0], misses=misses[0], other_hits=hits[1], other_misses=misses[1])
    if as_many_of([table]) < ALPHA:
        yield Observation(value="below 1")
    elif as_many_of([table.exchanged]) < ALPHA:
        yield Observation(value="above 1")
    elif same_start(one, other) is False:
        yield Observation(value="another than 1")
    else:
        yield Observation(value="1, as far as it shows")
