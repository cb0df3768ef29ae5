"""Ranges, what must be refused: a step beyond every bound, other types, strangers; and what the documents dispute."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial
from random import Random
from typing import cast

from .. import moved
from ..ask import Ask, Setting
from ..blame import deadly, departs
from ..contract import Contract
from ..exchange import Exchange
from ..generate.departures import Departure, departures, kind_of
from ..generate.departures import Kind as Wrong
from ..generate.kitchen import MODEL, Kitchen, kitchen, tokens, whole_kitchen
from ..generate.values import label
from ..model import JSON, Depth, Finding, Kind, Level, NotJudged, Observation, Violation, Zone
from ..requirement import requirement
from ..scenario import Script, Stage, Variant, drawn, scenario
from ..schema import show
from .envelope import disguise

MUST, SHOULD, OBSERVE = Level.MUST, Level.SHOULD, Level.OBSERVE

SWAPS = 2
"""Other types that are tried at depth standard, for a number its own digits as text among them: one less where more
features are on than a contract has by default, for those are tried too and the plan may not grow."""

OTHERS = 1
"""Other departures of a zone at depth standard, where none is next to a bound."""

REFUSALS = frozenset({400, 413, 422})
"""Statuses that say a request's content is at fault."""

NAMING = REFUSALS - {413}
"""Refusals that name the member; that something is too large is said by proxies too, which know of no members."""


@scenario(steps=90, tokens=0, stage=Stage.REFUSAL)
def bounds(
    ask: Ask,
    parameter: str,
    control: dict[str, JSON],
    changes: list[dict[str, JSON]],
    part: int = 0,  # noqa: ARG001  # it tells one case of a parameter from another
) -> Script:
    """Ask with a good value, then the same with values that are disputed and with values that are wrong."""
    yield ask.made(control)
    for zone in (Zone.DISPUTED, Zone.REJECT):
        asked = [
            ask.made(_changed(control, parameter, change), zone=zone)
            for change in changes
            if change["zone"] == zone.value
        ]
        if asked:
            yield asked
    return None


def _changed(control: dict[str, JSON], parameter: str, change: dict[str, JSON]) -> dict[str, JSON]:
    without = cast("list[str]", change.get("without", []))
    return {**{name: value for name, value in control.items() if name not in without}, parameter: change["value"]}


@cache
def _cases(setting: Setting) -> tuple[Variant, ...]:
    store = kitchen(setting.contract, setting.features)
    return tuple(variant for name in store.parameters for variant in _of_parameter(store, name, setting))


def _of_parameter(store: Kitchen, name: str, setting: Setting) -> Iterator[Variant]:
    """A case for depth standard, and from depth full on one for all the rest and one for what is rough."""
    found = departures(store, name)
    if found is None:
        return
    swaps = SWAPS - any(not setting.contract.features[each] for each in setting.features)
    first = _first(found.all, swaps, Random(f"{setting.seed} {name}"))  # noqa: S311
    others = [each for each in found.all if each not in first]
    parts = (
        (Depth.STANDARD, first),
        (Depth.FULL, [each for each in others if not each.rough]),
        (Depth.FULL, [each for each in others if each.rough]),
    )
    for number, (depth, chosen) in enumerate(parts):
        if chosen:
            changes = [_to_json(each) for each in chosen]
            control = {key: value for key, value in found.control.items() if key != MODEL}
            arguments: dict[str, JSON] = {"parameter": name, "control": control, "changes": cast(JSON, changes)}
            yield Variant(
                arguments=arguments | ({"part": number} if number else {}),
                depth=depth,
                steps=1 + len(chosen),
                tokens=tokens(control) + sum(tokens(_changed(control, name, each)) for each in changes),
            )


def _first(all_: tuple[Departure, ...], swaps: int, chance: Random) -> list[Departure]:
    """What depth standard asks: what is next to every bound, or else one of each zone; and so many other types.

    What is chosen among many differs with the seed.
    """
    near = [each for each in all_ if each.near and not each.rough]
    types = [each for each in all_ if each.kind is Wrong.TYPE and each.zone is Zone.REJECT]
    digits, rest = types[:1], types[1:]
    chosen = [*near, *digits, *chance.sample(rest, min(swaps - 1, len(rest)))]
    for zone in (Zone.REJECT, Zone.DISPUTED):
        if not any(each.zone is zone for each in near):
            more = [each for each in all_ if each.zone is zone and not each.rough and each not in types]
            chosen += chance.sample(more, min(OTHERS, len(more)))
    return chosen


def _to_json(departure: Departure) -> dict[str, JSON]:
    change: dict[str, JSON] = {"value": departure.value, "zone": departure.zone.value}
    return change | ({"without": list(departure.without)} if departure.without else {})


departing = drawn(bounds, _cases)


@cache
def having(zone: Zone, kind: Wrong | None, contract: Contract) -> tuple[str, ...]:
    """The parameters of a contract that have departures of a zone and kind."""
    store = whole_kitchen(contract)
    found = {name: departures(store, name) for name in store.parameters}
    return tuple(name for name, each in found.items() if each is not None and each.of(zone, kind))


def wrong(exchange: Exchange) -> bool:
    """A request with a wrong value."""
    return departs(exchange) and exchange.zone is Zone.REJECT


of_departures = partial(requirement, source="request", scenario=departing, kind=Kind.EACH)
"""A requirement on requests that depart from good ones in one member."""


def shown(exchange: Exchange, parameter: str) -> str:
    """The member as it was sent."""
    return f"{parameter} = {label(exchange.sent.get(parameter))}"


def _refused(exchange: Exchange, parameter: str, contract: Contract, kind: Wrong) -> Iterator[Finding]:
    if kind_of(contract, parameter, exchange.sent.get(parameter)) is not kind:
        yield NotJudged(reason=f"no {parameter} was sent that is wrong in this way")
    elif exchange.crashed:
        yield NotJudged(reason="the endpoint fell over every one")
    elif exchange.ok:
        told = disguise(exchange)
        status = " with a status that says so" if told else ""
        yield Violation(
            pointer="status",
            observed=f"{exchange.status}{told}",
            expected=f"a refusal of {shown(exchange, parameter)}{status}",
        )


@of_departures(
    "ranges.rejects-out-of-range",
    level=SHOULD,
    applies=wrong,
    parameter=partial(having, Zone.REJECT, Wrong.RANGE),
    mutants=moved.beyond,
)
def out_of_range_is_refused(exchange: Exchange, *, contract: Contract, parameter: str) -> Iterator[Finding]:
    """A value beyond the documented range, or not among the documented ones, is refused."""
    yield from _refused(exchange, parameter, contract, Wrong.RANGE)


@of_departures(
    "ranges.rejects-wrong-type",
    level=SHOULD,
    applies=wrong,
    parameter=partial(having, Zone.REJECT, Wrong.TYPE),
    mutants=moved.of_another_type,
)
def wrong_type_is_refused(exchange: Exchange, *, contract: Contract, parameter: str) -> Iterator[Finding]:
    """A value of a type that the parameter does not have is refused, a number written as text included."""
    yield from _refused(exchange, parameter, contract, Wrong.TYPE)


@of_departures(
    "ranges.no-crash",
    level=MUST,
    applies=departs,
    parameter=lambda contract: tuple(whole_kitchen(contract).parameters),
    mutants=moved.crashes,
)
def nothing_crashes(exchange: Exchange, *, parameter: str, run: tuple[Exchange, ...]) -> Iterator[Finding]:
    """Whatever value a parameter has, the endpoint does not fall over it: no 5xx, no closed connection, and no strange
    status after which it refuses what is valid too."""
    named = shown(exchange, parameter)
    if exchange.crashed:
        yield Violation(pointer="status", observed=exchange.answer, expected=f"below 500 for {named}")
    elif exchange.refused and exchange.status not in REFUSALS and exchange.case in deadly(run):
        observed = f"{exchange.answer}, and so are plain requests from then on"
        expected = f"an answer that the endpoint outlives, for {named} or what was asked beside it"
        yield Violation(pointer="status", observed=observed, expected=expected)


@of_departures(
    "ranges.refusal-status",
    level=SHOULD,
    applies=lambda exchange: (
        departs(exchange) and not exchange.crashed and (exchange.refused or bool(disguise(exchange)))
    ),
    mutants=moved.STATUSES,
)
def refused_with_400(exchange: Exchange) -> Iterator[Finding]:
    """A value that cannot be is refused with 400 or 422."""
    apt = REFUSALS | ({403, 404} if exchange.parameter == "model" else frozenset())
    if exchange.status not in apt:
        named = shown(exchange, exchange.parameter or "")
        told = f"{exchange.status}{disguise(exchange)}"
        yield Violation(pointer="status", observed=told, expected=f"400 or 422 for {named}")


@of_departures(
    "ranges.names-parameter",
    level=SHOULD,
    applies=lambda exchange: departs(exchange) and exchange.status in NAMING,
    mutants=moved.WORDS,
)
def error_names_parameter(exchange: Exchange, *, contract: Contract) -> Iterator[Finding]:
    """The refusal of a parameter's value names the parameter, or the one that has to go with it."""
    parameter = exchange.parameter or ""
    if parameter.encode() in exchange.body:
        return
    companions = whole_kitchen(contract).companions(parameter, exchange.sent.get(parameter)) or {}
    if not any(name.encode() in exchange.body for name in companions):
        observed = show(exchange.body[:120].decode("utf-8", "replace"))
        yield Violation(pointer="/", observed=observed, expected=f"an error that names {parameter}")


@of_departures(
    "ranges.disputed",
    level=OBSERVE,
    applies=lambda exchange: departs(exchange) and exchange.zone is Zone.DISPUTED,
    parameter=partial(having, Zone.DISPUTED, None),
    mutants=moved.disputed,
)
def disputed_values(exchange: Exchange, *, parameter: str) -> Iterator[Finding]:
    """Values that one reading of the document allows and another does not are accepted or refused: this says which."""
    status = f" with {exchange.status}" if disguise(exchange) else ""
    word = "crashed" if exchange.crashed else "accepted" if exchange.ok and not status else "refused"
    yield Observation(value=f"{label(exchange.sent.get(parameter))} {word}{status}")
