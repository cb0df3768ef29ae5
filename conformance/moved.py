"""Mutants made from a contract's schema: bounds that are moved, clamped or ignored, types that are coerced, nulls that
are refused, and endpoints that fall over what they should refuse.

Nobody lists them: for every parameter there is one for every end of its range and for everything that may go wrong with
a value of another type.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import cast

from .contract import Contract
from .generate.departures import Departure, Kind, departures, kind_of
from .generate.kitchen import MODEL, whole_kitchen
from .generate.values import Place, Value
from .model import JSON, Zone
from .mutants import Call, Mutant, Refused, Sent, Wire
from .spoil import refused, streaming
from .strict_json import canonical, dump, parse

REFERENCE = "reference"
"""The model that the reference endpoint serves."""

Test = Callable[[Sent], bool]


def _slug(parameter: str, rest: str) -> str:
    return f"{parameter.replace('_', '-')}-{rest}"


def _refuses(parameter: str, name: str, about: str, test: Test, status: int = 400) -> Mutant:
    """Requests that pass the test are refused."""
    return Mutant(
        name=_slug(parameter, name),
        about=f"{parameter}: {about}",
        refuse=lambda sent: Refused(status=status, parameter=parameter) if parameter in sent and test(sent) else None,
    )


def _heeds(parameter: str, name: str, about: str, change: Callable[[Sent], Sent | None]) -> Mutant:
    """The endpoint takes a request for another one, where `change` makes one of it."""

    def request(call: Call) -> Call:
        changed = change(dict(call.sent)) if parameter in call.sent else None
        return call if changed is None else call.with_body(changed)

    return Mutant(name=_slug(parameter, name), about=f"{parameter}: {about}", request=request)


def _values(contract: Contract, parameter: str, place: Place) -> list[Value]:
    return [each for each in whole_kitchen(contract).values[parameter] if each.place is place]


# -- what must be accepted


def inside(contract: Contract, parameter: str) -> Iterator[Mutant]:
    """Values that are at no bound are refused, or those above the middle."""
    bounds = {canonical(each.value) for each in _values(contract, parameter, Place.BOUND)}
    usual = whole_kitchen(contract).base.get(parameter)  # without which nothing would be answered

    def is_inside(sent: Sent) -> bool:
        return sent[parameter] not in (None, usual) and canonical(sent[parameter]) not in bounds

    yield _refuses(parameter, "refused-inside", "values inside the range are refused", is_inside)
    numbers = [each.value for each in _values(contract, parameter, Place.INSIDE) if _is_number(each.value)]
    if numbers:
        middle = cast(float, numbers[0])
        yield _refuses(
            parameter,
            "refused-from-the-middle-on",
            "values of the upper half of the range are refused",
            lambda sent: _is_number(sent[parameter]) and sent[parameter] >= middle and is_inside(sent),
        )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def at_bounds(contract: Contract, parameter: str) -> Iterator[Mutant]:
    """The values at one end are refused, as if the bound were an open one."""
    sends = whole_kitchen(contract).sends
    values = [each for each in _values(contract, parameter, Place.BOUND) if sends(parameter, each.value)]
    ends = {"first": values[:1], "last": values[-1:]}
    if all(_is_number(each.value) for each in values):
        ordered = sorted(values, key=lambda each: cast(float, each.value))
        ends = {"least": ordered[:1], "greatest": ordered[-1:]}
    keys = {canonical(each.value) for each in values}
    for name, end in ends.items():
        key = canonical(end[0].value)
        yield _refuses(
            parameter,
            f"{name}-refused",
            f"the {name} documented value is refused",
            lambda sent, key=key: canonical(sent[parameter]) == key,  # type: ignore[misc]  # bound early
        )
    yield _refuses(
        parameter,
        "bounds-are-500",
        "values at the bounds are answered with 500",
        lambda sent: canonical(sent[parameter]) in keys,
        500,
    )


def nulls(_: Contract, parameter: str) -> Iterator[Mutant]:
    """Null is refused, or ends in a 500."""
    yield _refuses(parameter, "null-refused", "null is refused", lambda sent: sent[parameter] is None)
    yield _refuses(parameter, "null-is-500", "null is answered with 500", lambda sent: sent[parameter] is None, 500)


def in_streams(_: Contract, parameter: str) -> Iterator[Mutant]:
    """The parameter is refused where a stream is asked for."""
    yield _refuses(
        parameter,
        "refused-in-streams",
        "refused where a stream is asked for",
        lambda sent: streaming(sent) and sent[parameter] is not None,
    )


def _hot_with_few(sent: Sent) -> Refused | None:
    hot = _is_number(sent.get("temperature")) and sent["temperature"] > 1.5
    few = sent.get("top_p", sent.get("top_k")) is not None
    return Refused(status=500, parameter="temperature") if hot and few and streaming(sent) else None


COMBINED = (
    Mutant(
        name="hot-streams-of-few-are-500",
        about="a stream with a temperature above 1.5 and a top_p is answered with 500",
        refuse=_hot_with_few,
    ),
    Mutant(
        name="seed-with-penalty-refused",
        about="a seed and a presence_penalty together are refused",
        refuse=lambda sent: (
            Refused(status=400, parameter="seed")
            if sent.get("seed") is not None and sent.get("presence_penalty") is not None
            else None
        ),
    ),
)
"""Interactions: each member by itself is accepted."""


# -- what must be refused


def _wrong(contract: Contract, parameter: str, kind: Kind) -> list[Departure]:
    found = departures(whole_kitchen(contract), parameter)
    return list(found.of(Zone.REJECT, kind)) if found else []


def _good(contract: Contract, parameter: str) -> JSON:
    if parameter == MODEL:
        return REFERENCE
    found = departures(whole_kitchen(contract), parameter)
    return found.control[parameter] if found else None


def _is_wrong(contract: Contract, parameter: str, kind: Kind) -> Test:
    """Whether a request is wrong, in its value of this parameter and in this way."""
    return lambda sent: (
        parameter in sent
        and kind_of(contract, parameter, sent[parameter]) is kind
        and contract.zone(sent) is Zone.REJECT
    )


def _takes_for_good(contract: Contract, parameter: str, name: str, about: str, test: Test) -> Mutant:
    """Wrong values are accepted, for they are taken for a good one."""
    store, good = whole_kitchen(contract), _good(contract, parameter)
    companions = store.companions(parameter, good) or {}
    return _heeds(parameter, name, about, lambda sent: {**sent, **companions, parameter: good} if test(sent) else None)


def beyond(contract: Contract, parameter: str) -> Iterator[Mutant]:
    """Each bound is a step further out; all values are clamped; the range is not looked at."""
    wrong = _is_wrong(contract, parameter, Kind.RANGE)
    for departure in _wrong(contract, parameter, Kind.RANGE):
        if departure.near and not departure.rough:
            key = canonical(departure.value)
            yield _takes_for_good(
                contract,
                parameter,
                f"accepts-{_word(departure.label)}",
                f"accepts {departure.label}, which is beyond the range",
                lambda sent, key=key: wrong(sent) and canonical(sent[parameter]) == key,  # type: ignore[misc]
            )
    yield _takes_for_good(contract, parameter, "range-ignored", "the range is not looked at", wrong)


def _word(text: str) -> str:
    """A part of a name."""
    spoken = text.replace("-", "minus-").replace(".", "-point-")
    spelt = "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in spoken)
    return "-".join(filter(None, spelt.lower().split("-")))[:40].strip("-") or "that"


def of_another_type(contract: Contract, parameter: str) -> Iterator[Mutant]:
    """Texts are taken for what they spell, or the type is not looked at."""
    wrong = _is_wrong(contract, parameter, Kind.TYPE)
    yield _takes_for_good(contract, parameter, "type-ignored", "the type is not looked at", wrong)
    if any(isinstance(each.value, str) and _spells(each.value) for each in _wrong(contract, parameter, Kind.TYPE)):
        yield _takes_for_good(
            contract,
            parameter,
            "coerced",
            "a text that spells a good value is taken for it",
            lambda sent: wrong(sent) and isinstance(sent[parameter], str) and _spells(sent[parameter]),
        )


def _spells(text: str) -> bool:
    return parse(text.encode("utf-8", "replace")).problem is None


def crashes(contract: Contract, parameter: str) -> Iterator[Mutant]:
    """Wrong values are answered with 500."""
    for kind, name in ((Kind.RANGE, "beyond-the-range-is-500"), (Kind.TYPE, "wrong-type-is-500")):
        if _wrong(contract, parameter, kind):
            about = f"a wrong {'value' if kind is Kind.RANGE else 'type'} is answered with 500"
            yield _refuses(parameter, name, about, _is_wrong(contract, parameter, kind), 500)


def disputed(contract: Contract, parameter: str) -> Iterator[Mutant]:
    """Every disputed value is refused; of the model, which nobody knows by another name, accepted."""
    found = departures(whole_kitchen(contract), parameter)
    departing = found.of(Zone.DISPUTED) if found else ()
    keys = {_typed(each.value) for each in departing if not each.without}

    def is_disputed(sent: Sent) -> bool:
        return parameter in sent and (contract.zone(sent) is Zone.DISPUTED or _typed(sent[parameter]) in keys)

    if parameter == MODEL:
        about = "names that are disputed are accepted"
        yield _takes_for_good(contract, parameter, "disputed-accepted", about, is_disputed)
    else:
        yield _refuses(parameter, "disputed-refused", "values that are disputed are refused", is_disputed)


def _typed(value: JSON) -> str:
    """A value that 4 and 4.0 do not share."""
    return f"{type(value).__name__} {canonical(value)!r}"


def _status(name: str, about: str, status: int) -> Mutant:
    return Mutant(
        name=name,
        about=about,
        wire=lambda _, wire: replace(wire, status=status) if wire.status in (400, 422) else wire,
    )


STATUSES = (
    _status("invalid-is-403", "what is invalid is answered with 403", 403),
    _status("invalid-is-409", "what is invalid is answered with 409", 409),
)


def _in_other_words(wire: Wire) -> Wire:
    return wire.with_body(dump({"error": {"message": "bad request", "type": "invalid"}, "detail": "bad"}))


WORDS = (
    Mutant(
        name="errors-name-no-parameter",
        about="errors do not say which parameter is at fault",
        wire=lambda _, wire: refused(_in_other_words)(wire),
    ),
)
