"""Ranges, what must be accepted: every documented value of every parameter, at its bounds, as null, and in streams.

Many members go into one request, chosen so that few requests show every boundary class and most pairs of them.  What
refuses such a request is found by making it smaller (`reduce.py`), and then it is the parameter's row that says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial

from .. import narrowed
from ..ask import Ask, Setting
from ..blame import COMBINATION, Blame, Cause, blame, declined, generated, honest, lacking
from ..contract import Contract
from ..exchange import Exchange
from ..generate.kitchen import Kitchen, kitchen, tokens, whole_kitchen
from ..generate.pool import choose
from ..generate.values import Place
from ..model import JSON, Depth, Finding, Kind, Level, NotJudged, Violation
from ..reply import problem
from ..requirement import requirement
from ..scenario import Script, Variant, drawn, scenario
from ..schema import show
from ..strict_json import canonical

MUST = Level.MUST

REQUESTS = {Depth.SMOKE: 0, Depth.STANDARD: 34, Depth.FULL: 300}
"""Combinations that are asked at each depth, those of the one before included."""


@scenario(steps=1, tokens=128)
def combination(ask: Ask, body: dict[str, JSON]) -> Script:
    """Ask with many members at once, each at a bound, inside its range, or left out."""
    yield ask.made(body)
    return None


@cache
def _combinations(setting: Setting) -> tuple[Variant, ...]:
    """The requests of a run: every null, every default, then those that show most."""
    store = kitchen(setting.contract, setting.features)
    bodies = [store.settle(nulls(store)), store.settle(defaults(store))]
    bodies += choose(store, REQUESTS[setting.depth], f"combinations {setting.seed}")
    found: dict[bytes, Variant] = {}
    for body in bodies:
        found.setdefault(canonical(body), Variant(arguments={"body": body}, depth=Depth.STANDARD, tokens=tokens(body)))
    return tuple(found.values())


def nulls(store: Kitchen) -> dict[str, JSON]:
    """Every member that may be null, as null."""
    return {name: None for name in store.chosen if any(each.place is Place.NULL for each in store.values[name])}


def defaults(store: Kitchen) -> dict[str, JSON]:
    """Every member that has a documented default, set to it."""
    given = {name: store.contract.request.annotation(name, "default") for name in store.chosen}
    return {name: value for name, value in given.items() if value is not None}


combinations = drawn(combination, _combinations)


def place_of(contract: Contract, parameter: str, value: JSON) -> Place:
    """Whether a value is null, at a bound or a step from it, or anywhere inside."""
    if value is None:
        return Place.NULL
    return Place.BOUND if canonical(value) in _bounds(contract, parameter) else Place.INSIDE


@cache
def _bounds(contract: Contract, parameter: str) -> frozenset[bytes]:
    values = whole_kitchen(contract).values[parameter]
    return frozenset(canonical(each.value) for each in values if each.place is Place.BOUND)


@cache
def having(place: Place, contract: Contract) -> tuple[str, ...]:
    """The parameters of a contract that have values of this place."""
    store = whole_kitchen(contract)
    return tuple(name for name in store.chosen if any(each.place is place for each in store.values[name]))


of_combinations = partial(
    requirement, level=MUST, source="request", scenario=combinations, kind=Kind.EACH, applies=generated
)
"""A requirement on every generated request that must be accepted."""


def _judged(
    exchange: Exchange, place: Place, contract: Contract, parameter: str, run: tuple[Exchange, ...]
) -> Iterator[Finding]:
    """What a parameter's row says of one request, if the parameter has a value of this place in it."""
    value = exchange.sent.get(parameter)
    if parameter not in exchange.sent or place_of(contract, parameter, value) is not place:
        yield NotJudged(reason=f"no request had {parameter} at such a value")
    elif declined(exchange):
        yield _blamed(exchange, parameter, f"{parameter} = {show(value)}", {parameter}, blame(run, contract))


def _blamed(exchange: Exchange, parameter: str, what: str, members: set[str], known: Blame) -> Finding:
    """That a request was refused for the sake of these members; nothing, where it was refused for that of others."""
    own = next((each for each in known.of.get(exchange.n, ()) if set(each.blamed) == members), None)
    if own is None:
        one = "stream" if len(members) > 1 else "request"
        return NotJudged(reason=f"every {one} with it was refused for another reason")
    if members == {lacking(own.exchange)}:
        return honest(parameter)
    return _violation(exchange, parameter, f"2xx for {what}", own.exchange.n)


def _violation(exchange: Exchange, parameter: str, expected: str, shown: int) -> Violation:
    said = problem(exchange.members)
    return Violation(
        pointer=f"status of a request with {parameter}",
        observed=f"{exchange.answer}{f' ({show(said)})' if said else ''}",
        expected=expected,
        exchanges=(exchange.n,) if exchange.n == shown else (exchange.n, shown),
    )


@of_combinations("ranges.accepts-valid", parameter=partial(having, Place.INSIDE), mutants=narrowed.inside)
def valid_is_accepted(
    exchange: Exchange, *, contract: Contract, parameter: str, run: tuple[Exchange, ...]
) -> Iterator[Finding]:
    """A value inside the documented range, or a documented one, is accepted."""
    yield from _judged(exchange, Place.INSIDE, contract, parameter, run)


@of_combinations("ranges.accepts-boundary", parameter=partial(having, Place.BOUND), mutants=narrowed.at_bounds)
def bound_is_accepted(
    exchange: Exchange, *, contract: Contract, parameter: str, run: tuple[Exchange, ...]
) -> Iterator[Finding]:
    """The least and the greatest documented value, and those a step inside of them, are accepted."""
    yield from _judged(exchange, Place.BOUND, contract, parameter, run)


@of_combinations("ranges.null-accepted", parameter=partial(having, Place.NULL), mutants=narrowed.nulls)
def null_is_accepted(
    exchange: Exchange, *, contract: Contract, parameter: str, run: tuple[Exchange, ...]
) -> Iterator[Finding]:
    """Null, where it is documented, is accepted as if the parameter were left out."""
    yield from _judged(exchange, Place.NULL, contract, parameter, run)


@cache
def apart_from_streams(contract: Contract) -> tuple[str, ...]:
    """The parameters that do not speak of streams, and are not in every request."""
    store = whole_kitchen(contract)
    speaks = {
        name
        for name in store.chosen
        for each in store.values[name]
        if "stream" in (store.companions(name, each.value) or {})
    }
    return tuple(name for name in store.chosen if name not in {"stream", *speaks, *store.base})


@of_combinations("ranges.works-in-stream", parameter=apart_from_streams, mutants=narrowed.in_streams)
def works_in_stream(
    exchange: Exchange, *, contract: Contract, parameter: str, run: tuple[Exchange, ...]
) -> Iterator[Finding]:
    """A parameter that a whole reply may be asked with may be asked with for a stream."""
    if exchange.sent.get(parameter) is None or not exchange.asked_stream:
        yield NotJudged(reason=f"no stream was asked for with {parameter}")
    elif declined(exchange):
        what = f"a stream with {parameter}"
        yield _blamed(exchange, parameter, what, {parameter, "stream"}, blame(run, contract))


def _in_streams_only(cause: Cause) -> bool:
    """Whether a single parameter is to blame, where a stream is asked for."""
    return len(cause.blamed) == 2 and "stream" in cause.blamed


@of_combinations("ranges.combination", mutants=narrowed.COMBINED)
def combination_is_accepted(exchange: Exchange, *, contract: Contract, run: tuple[Exchange, ...]) -> Iterator[Finding]:
    """Parameters that are accepted one by one are accepted together."""
    if not declined(exchange):
        return
    known = blame(run, contract)
    causes = known.of.get(exchange.n, ())
    cause = next((each for each in causes if len(each.blamed) > 1 and not _in_streams_only(each)), None)
    if not causes and exchange.scenario == COMBINATION and exchange in known.unexplained:
        members = ", ".join(name for name in exchange.sent if name not in ("model", "messages"))
        yield _violation(exchange, members, f"2xx for a request with {members}", exchange.n)
    elif cause is not None:
        together = ", ".join(f"{name} = {show(cause.members[name])}" for name in cause.blamed)
        yield _violation(exchange, " and ".join(cause.blamed), f"2xx for {together}", cause.exchange.n)
    else:
        yield NotJudged(reason="every refused request was refused for the sake of a single parameter")
