"""Mutants made from a contract's schema that refuse what must be accepted: values at a bound or inside, nulls, streams.

Nobody lists them: for every parameter there is one for every end of its range.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import cast

from .blame import OF_SOME_MODELS
from .contract import Contract
from .generate.kitchen import whole_kitchen
from .generate.values import Place, Value
from .mutants import Mutant, Refused, Sent
from .spoil import streaming
from .strict_json import canonical

Test = Callable[[Sent], bool]
"""Whether a request is one of those that a mutant meets."""


def slug(parameter: str, rest: str) -> str:
    """The name of a mutant of a parameter."""
    return f"{parameter.replace('_', '-')}-{rest}"


def refused_where(parameter: str, name: str, about: str, test: Test, status: int = 400) -> Mutant:
    """Requests that pass the test are refused."""
    return Mutant(
        name=slug(parameter, name),
        about=f"{parameter}: {about}",
        refuse=lambda sent: Refused(status=status, parameter=parameter) if parameter in sent and test(sent) else None,
    )


def _values(contract: Contract, parameter: str, place: Place) -> list[Value]:
    return [each for each in whole_kitchen(contract).values[parameter] if each.place is place]


def inside(contract: Contract, parameter: str) -> Iterator[Mutant]:
    """Values that are at no bound are refused, or those above the middle."""
    bounds = {canonical(each.value) for each in _values(contract, parameter, Place.BOUND)}
    usual = whole_kitchen(contract).base.get(parameter)  # without which nothing would be answered

    def is_inside(sent: Sent) -> bool:
        return sent[parameter] not in (None, usual) and canonical(sent[parameter]) not in bounds

    if parameter in OF_SOME_MODELS:
        yield refused_where(parameter, "inside-is-500", "values inside the range end in a 500", is_inside, 500)
        return
    yield refused_where(parameter, "refused-inside", "values inside the range are refused", is_inside)
    numbers = [each.value for each in _values(contract, parameter, Place.INSIDE) if _is_number(each.value)]
    if numbers:
        middle = cast(float, numbers[0])
        yield refused_where(
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
        yield refused_where(
            parameter,
            f"{name}-refused",
            f"the {name} documented value is refused",
            lambda sent, key=key: canonical(sent[parameter]) == key,  # type: ignore[misc]  # bound early
        )
    yield refused_where(
        parameter,
        "bounds-are-500",
        "values at the bounds are answered with 500",
        lambda sent: canonical(sent[parameter]) in keys,
        500,
    )


def nulls(_: Contract, parameter: str) -> Iterator[Mutant]:
    """Null is refused, or ends in a 500."""
    if parameter not in OF_SOME_MODELS:
        yield refused_where(parameter, "null-refused", "null is refused", lambda sent: sent[parameter] is None)
    yield refused_where(
        parameter, "null-is-500", "null is answered with 500", lambda sent: sent[parameter] is None, 500
    )


def in_streams(_: Contract, parameter: str) -> Iterator[Mutant]:
    """The parameter is refused where a stream is asked for."""
    yield refused_where(
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
