"""Mutants made from a contract's schema, of what need not be accepted: bounds that are moved or ignored, types that are
coerced, disputed values that are read otherwise, and endpoints that fall over what is wrong.

Nobody lists them: for every parameter there is one for every end of its range and for everything that may go wrong with
a value of another type.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from .contract import Contract
from .generate.departures import Departure, Kind, departures, kind_of
from .generate.kitchen import MODEL, whole_kitchen
from .model import JSON, Zone
from .mutants import Call, Mutant, Sent, Wire
from .narrowed import Test, refused_where, slug
from .spoil import refused
from .strict_json import canonical, dump, parse

REFERENCE = "reference"
"""The model that the reference endpoint serves."""


def _heeds(parameter: str, name: str, about: str, change: Callable[[Sent], Sent | None]) -> Mutant:
    """The endpoint takes a request for another one, where `change` makes one of it."""

    def request(call: Call) -> Call:
        changed = change(dict(call.sent)) if parameter in call.sent else None
        return call if changed is None else call.with_body(changed)

    return Mutant(name=slug(parameter, name), about=f"{parameter}: {about}", request=request)


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
            yield refused_where(parameter, name, about, _is_wrong(contract, parameter, kind), 500)


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
        yield refused_where(parameter, "disputed-refused", "values that are disputed are refused", is_disputed)


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
    _status("invalid-is-200", "what is invalid is answered with 200 and an error in the body", 200),
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
