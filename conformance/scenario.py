"""Scenarios: sans-IO scripts that yield requests and are sent back exchanges.

Rule: a script has no clock, no randomness of its own and no I/O.  What it asks is decided by its arguments, the setting
of the run and what came back; so the firer can perform it over the network, the self-proof in process, and the judge
from the evidence alone, with the same result.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field, replace
from enum import IntEnum
from functools import cached_property
from typing import TypeAlias, cast

from . import strict_json
from .ask import PROMPTS, Ask, Setting
from .contract import Contract
from .exchange import Exchange
from .model import JSON, Arguments, Depth, Request, SuiteError, Zone

Reply: TypeAlias = "Exchange | tuple[Exchange, ...]"
Script: TypeAlias = "Generator[Request | list[Request], Exchange, str | None]"
"""Yields one request, or a list to have its members fired at the same time; a list's exchanges come back as a tuple
(see `together`).  Returning a string ends it as inconclusive, with that reason."""


class Stage(IntEnum):
    """When a scenario's cases are fired: behaviour first, the roughest refusals last, for real servers die of them."""

    BEHAVIOUR = 0
    REFUSAL = 1
    ROUGH = 2


@dataclass(frozen=True, kw_only=True)
class Variant:
    """The arguments of one of a scenario's cases, and the least depth that plans it.

    Two names are not the script's: `stream` sets the mode of its requests, `take` the words of their prompts.
    `steps` and `tokens`: the most that this case makes and costs, where it is known to be less than the scenario's.
    """

    arguments: Arguments = field(default_factory=dict)
    depth: Depth
    steps: int | None = None
    tokens: int | None = None


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A script with what the plan must know of it.

    `steps`: the most exchanges one performance makes; `tokens`: the most completion tokens all of them ask for
    together, the sum of max_tokens x n; `huge` of them ask for more than any context holds, and are not in that sum.
    `repeats`: how often at most a performance is repeated to confirm a violation.  `variants`: its cases, by contract.
    `drawn`: the cases of one that depend on more of the setting, as those whose arguments are made by a seed; arguments
    are all that there is to know of a case, so that it can be performed again from the evidence.
    `apart`: weather at one member of a list leaves the others to be judged; the checks pass over it.
    """

    name: str
    script: Callable[..., Script]
    steps: int
    tokens: int
    huge: int = 0
    stage: Stage = Stage.BEHAVIOUR
    repeats: int = 3
    apart: bool = False
    variants: Callable[[Contract], Iterable[Variant]]
    drawn: Callable[[Setting], Iterable[Variant]] | None = None

    @property
    def purpose(self) -> str:
        """What it does, in a sentence: its script's docstring."""
        return " ".join((self.script.__doc__ or "").split())

    def cases(self, setting: Setting) -> tuple[Case, ...]:
        """All its cases for a run, those of every depth."""
        variants = self.drawn(setting) if self.drawn else self.variants(setting.contract)
        return tuple(Case(scenario=self, variant=variant) for variant in variants)

    def least(self, contract: Contract) -> Depth:
        """The least depth that plans one of its cases."""
        return min((variant.depth for variant in self.variants(contract)), key=lambda each: each.rank)


def scenario(
    *,
    steps: int,
    tokens: int,
    huge: int = 0,
    stage: Stage = Stage.BEHAVIOUR,
    depth: Depth = Depth.STANDARD,
    repeats: int = 3,
    apart: bool = False,
) -> Callable[[Callable[..., Script]], Scenario]:
    """Make a script a scenario with one case; `both_modes`, `for_each` and `takes` make more of it."""

    def made(script: Callable[..., Script]) -> Scenario:
        return Scenario(
            name=script.__name__,
            script=script,
            steps=steps,
            tokens=tokens,
            huge=huge,
            stage=stage,
            repeats=repeats,
            apart=apart,
            variants=lambda _: (Variant(depth=depth),),
        )

    return made


def drawn(base: Scenario, variants: Callable[[Setting], Iterable[Variant]]) -> Scenario:
    """The same script with cases that are made from the contract by a seed, from the base's depth on."""
    return replace(base, drawn=variants)


def priced(base: Scenario, cost: Callable[[Setting], tuple[int, int]]) -> Scenario:
    """The same cases, each with the most exchanges and completion tokens that it can come to with what is on."""

    def variants(setting: Setting) -> list[Variant]:
        steps, tokens = cost(setting)
        return [replace(variant, steps=steps, tokens=tokens) for variant in base.variants(setting.contract)]

    return drawn(base, variants)


def _expand(base: Scenario, more: Callable[[Contract, Variant], Iterable[Variant]]) -> Scenario:
    """The same scenario with each of its variants replaced by several."""
    before = base.variants
    return replace(base, variants=lambda contract: [new for old in before(contract) for new in more(contract, old)])


def _with(variant: Variant, name: str, value: JSON, depth: Depth = Depth.SMOKE) -> Variant:
    deeper = max(variant.depth, depth, key=lambda each: each.rank)
    return Variant(arguments={**variant.arguments, name: value}, depth=deeper)


def both_modes(base: Scenario, *, streams: Depth = Depth.SMOKE) -> Scenario:
    """The same script with whole replies and, as another case from depth `streams` on, with streams."""
    return _expand(base, lambda _, variant: (variant, _with(variant, "stream", value=True, depth=streams)))


def streamed(base: Scenario) -> Scenario:
    """The same script with streams only."""
    return _expand(base, lambda _, variant: (_with(variant, "stream", value=True),))


def for_each(name: str, values: Callable[[Contract], Iterable[JSON]], base: Scenario) -> Scenario:
    """The same script, a case for each value of one argument."""
    return _expand(base, lambda contract, variant: [_with(variant, name, value) for value in values(contract)])


def takes(base: Scenario, *, standard: int, full: int) -> Scenario:
    """The same cases several times with other prompts: so many from depth standard, so many from depth full on."""

    def more(_: Contract, variant: Variant) -> Iterable[Variant]:
        yield variant
        for take in range(2, full + 1):
            yield _with(variant, "take", take, Depth.STANDARD if take <= standard else Depth.FULL)

    return _expand(base, more)


def besides(name: str, values: Iterable[JSON], base: Scenario) -> Scenario:
    """The same cases, and from depth standard on those that are the first take also with each value of one argument."""
    given = tuple(values)

    def more(_: Contract, variant: Variant) -> Iterable[Variant]:
        yield variant
        if "take" not in variant.arguments:
            yield from (_with(variant, name, value, Depth.STANDARD) for value in given)

    return _expand(base, more)


@dataclass(frozen=True, kw_only=True)
class Case:
    """A scenario with all its choices made."""

    scenario: Scenario
    variant: Variant

    @property
    def arguments(self) -> Arguments:
        """The choices made."""
        return self.variant.arguments

    @cached_property
    def id(self) -> str:
        """The scenario's name and its arguments, of lists and objects a digest: the same arguments, the same id."""
        parts = [name if value is True else f"{name}={_plain(value)}" for name, value in self._simple.items()]
        made = {name: value for name, value in self.arguments.items() if name not in self._simple}
        parts += [hashlib.sha256(strict_json.canonical(cast(JSON, made))).hexdigest()[:8]] if made else []
        return f"{self.scenario.name}[{','.join(parts)}]" if parts else self.scenario.name

    @property
    def _simple(self) -> Arguments:
        return {name: value for name, value in self.arguments.items() if not isinstance(value, dict | list)}

    @property
    def steps(self) -> int:
        """The most exchanges one performance makes."""
        return self.scenario.steps if self.variant.steps is None else self.variant.steps

    @property
    def tokens(self) -> int:
        """The most completion tokens one performance asks for, those that are `huge` apart."""
        return self.scenario.tokens if self.variant.tokens is None else self.variant.tokens

    def perform(self, setting: Setting, round_: int = 0) -> Performance:
        """Begin performance number `round_`: 0 is the plan's, 1, 2, 3 are its repeats."""
        digest = hashlib.sha256(f"{setting.seed}/{self.id}/{round_}".encode()).hexdigest()
        arguments = {name: value for name, value in self.arguments.items() if name not in ("stream", "take")}
        take = self.arguments.get("take", 1)
        ask = Ask(
            setting=setting,
            nonce=digest[:8],
            stream=self.arguments.get("stream") is True,
            prompt=PROMPTS[cast(int, take) % len(PROMPTS) - 1],
        )
        return Performance(self, self.scenario.script(ask, **arguments))


def _plain(value: JSON) -> str:
    return value if isinstance(value, str) else strict_json.canonical(value).decode()


class Performance:
    """One performance of a script: what to ask next (`pending`), and how it ended.

    While `pending` is not empty, its requests are to be fired together and their exchanges given to `answer`.  Then
    `reason` says why it came to nothing, or is None and `exchanges` are what the check is to be given.
    """

    def __init__(self, case: Case, script: Script) -> None:
        self.case = case
        self.exchanges: list[Reply] = []
        self.pending: tuple[Request, ...] = ()
        self.reason: str | None = None
        self._script = script
        self._many = False
        self._asked = 0
        self._advance(None)

    @property
    def step(self) -> int:
        """How many steps have been answered."""
        return len(self.exchanges)

    def answer(self, exchanges: tuple[Exchange, ...]) -> None:
        """Take the exchanges of `pending`, in its order, and go on to the next step or the end."""
        reply: Reply = exchanges if self._many else exchanges[0]
        self.exchanges.append(reply)
        reasons = [_hindrance(*each) for each in zip(self.pending, exchanges, strict=True)]
        reason = next(filter(None, reasons), None)
        if reason is not None and (all(reasons) or not self.case.scenario.apart):
            self.end(reason)
        else:
            self._advance(reply)

    def end(self, reason: str) -> None:
        """Stop here: nothing can be concluded from it, for this reason."""
        self._script.close()
        self.pending = ()
        self.reason = reason

    def _advance(self, reply: Reply | None) -> None:
        try:
            asked = next(self._script) if reply is None else self._script.send(cast(Exchange, reply))
        except StopIteration as stop:
            self.pending = ()
            self.reason = stop.value
            return
        self._many = isinstance(asked, list)
        self.pending = tuple(asked) if isinstance(asked, list) else (asked,)
        self._asked += len(self.pending)
        if self._asked > self.case.steps:
            raise SuiteError(f"{self.case.id} asks more than the {self.case.steps} times it declares")


def together(reply: Exchange) -> tuple[Exchange, ...]:
    """What came back for a yielded list.  (A generator has one type for what is sent to it: this is its other half.)"""
    return cast("tuple[Exchange, ...]", reply)


def _hindrance(request: Request, exchange: Exchange) -> str | None:
    """Why a script cannot go on after this exchange: weather, or a refusal of what had to be answered."""
    if request.zone is Zone.ACCEPT:
        if exchange.weather is not None:
            return exchange.weather
        if not exchange.ok:
            return f"a valid request was refused (status {exchange.status})"
    elif exchange.weather is not None and not exchange.dropped:
        return exchange.weather
    return None
