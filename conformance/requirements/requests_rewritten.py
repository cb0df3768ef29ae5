"""Requests: the same request, written in another way, is the same request."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from ..ask import JSON_TYPE, Ask
from ..exchange import Exchange
from ..generate.kitchen import kitchen
from ..model import JSON, Depth, Finding, Kind, Level, Observation, Request, Violation, Zone
from ..mutants import Call, Mutant, Refused, Wire
from ..requirement import requirement
from ..scenario import Script, scenario
from ..spoil import refusal

MUST, OBSERVE = Level.MUST, Level.OBSERVE


def _members(ask: Ask) -> dict[str, JSON]:
    """A request with a few members beyond the smallest, in the order in which documents list them."""
    store = kitchen(ask.contract, ask.setting.features)
    return store.settle({"stream": False, "temperature": 0.7, "top_p": 0.9})


def _rewritten(request: Request, spell: Callable[[JSON], str]) -> Request:
    return replace(request, body=spell(json.loads(request.body)).encode(), zone=Zone.DISPUTED)


def _backwards(value: JSON) -> str:
    """Every object's members in the other order."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(name)}:{_backwards(value[name])}" for name in reversed(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_backwards, value)) + "]"
    return json.dumps(value)


def _spread(value: JSON) -> str:
    """Every kind of white space that JSON has, wherever it may stand."""
    return "\r\n\t " + json.dumps(value, indent="\t", separators=(" ,\r", " :\n")) + " \n"


def _escaped(value: JSON) -> str:
    """Every letter of every text as an escape."""
    if isinstance(value, str):
        return '"' + "".join(f"\\u{ord(letter):04x}" if ord(letter) < 0x10000 else letter for letter in value) + '"'
    if isinstance(value, dict):
        return "{" + ",".join(f"{_escaped(name)}:{_escaped(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_escaped, value)) + "]"
    return json.dumps(value)


@scenario(steps=7, tokens=56, depth=Depth.STANDARD)
def rewritten(ask: Ask) -> Script:
    """Ask, and ask the same in other spellings, with members twice, and with a member that nobody knows."""
    plain = ask.made(_members(ask))
    text = plain.body.decode()
    yield plain
    yield [
        _rewritten(plain, _backwards),
        _rewritten(plain, _spread),
        _rewritten(plain, _escaped),
        replace(plain, headers=tuple((name.title(), value) for name, value in JSON_TYPE), zone=Zone.DISPUTED),
        replace(plain, body=f'{{"temperature":0.7,{text[1:]}'.encode(), zone=Zone.DISPUTED),
        replace(plain, body=f'{{"x_unknown_member":1,{text[1:]}'.encode(), zone=Zone.DISPUTED),
    ]
    return None


BACKWARDS, SPREAD, ESCAPED, HEADER, TWICE, UNKNOWN = range(6)


def _is(member: int) -> Callable[[Exchange], bool]:
    return lambda exchange: exchange.scenario == rewritten.name and exchange.step == (1, member)


def _refused_if(test: Callable[[Call], bool], name: str, about: str) -> Mutant:
    def wire(call: Call, reply: Wire) -> Wire:
        return refusal(reply, 400, "cannot be read") if test(call) else reply

    return Mutant(name=name, about=about, wire=wire)


of_spellings = partial(requirement, level=MUST, source="request", scenario=rewritten, kind=Kind.EACH)
"""A requirement on the same request in another spelling."""


def _accepted(exchange: Exchange, how: str) -> Iterator[Finding]:
    if not exchange.ok:
        yield Violation(pointer="status", observed=exchange.answer, expected=f"2xx, as for the same request {how}")


@of_spellings(
    "requests.key-order",
    applies=_is(BACKWARDS),
    mutants=[
        _refused_if(
            lambda call: (
                bool(call.sent) and next(iter(call.sent)) != "model" and '"model":' in call.body.decode()[-60:]
            ),
            "model-must-be-first",
            "a request whose model comes last is refused",
        )
    ],
)
def order_is_free(exchange: Exchange) -> Iterator[Finding]:
    """The order of an object's members does not matter."""
    yield from _accepted(exchange, "in the usual order")


@of_spellings(
    "requests.white-space",
    applies=_is(SPREAD),
    mutants=[
        _refused_if(
            lambda call: call.body[:1] in b"\r\n", "leading-space-refused", "white space before a body is refused"
        )
    ],
)
def white_space_is_free(exchange: Exchange) -> Iterator[Finding]:
    """White space between the parts of a JSON text does not matter."""
    yield from _accepted(exchange, "without white space")


@of_spellings(
    "requests.escapes",
    applies=_is(ESCAPED),
    mutants=[
        _refused_if(
            lambda call: b"\\u0" in call.body[:20], "escapes-refused", "names that are written in escapes are not known"
        )
    ],
)
def escapes_are_free(exchange: Exchange) -> Iterator[Finding]:
    """A text written in escapes is the same text."""
    yield from _accepted(exchange, "without escapes")


@of_spellings(
    "requests.header-case",
    applies=_is(HEADER),
    mutants=[
        Mutant(
            name="header-names-in-lower-case-only",
            about="header names are read in lower case only",
            request=lambda call: call.with_body({}) if any(name.istitle() for name, _ in call.headers) else call,
        )
    ],
)
def header_case_is_free(exchange: Exchange) -> Iterator[Finding]:
    """The case of header names does not matter."""
    yield from _accepted(exchange, "with header names in lower case")


def _taken(exchange: Exchange) -> Observation:
    return Observation(value="accepted" if exchange.ok else f"answered with {exchange.status}")


@of_spellings(
    "requests.duplicate-member",
    level=OBSERVE,
    applies=_is(TWICE),
    mutants=[
        _refused_if(
            lambda call: call.body.count(b'"temperature":') > 1,
            "duplicates-refused",
            "a member that is there twice is refused",
        )
    ],
)
def member_twice(exchange: Exchange) -> Iterator[Observation]:
    """What is done with a request that has a member twice."""
    yield _taken(exchange)


@of_spellings(
    "requests.unknown-member",
    level=OBSERVE,
    applies=_is(UNKNOWN),
    mutants=[
        Mutant(
            name="unknown-members-refused",
            about="a member that nobody knows is refused",
            refuse=lambda sent: (
                Refused(status=400, parameter="x_unknown_member") if "x_unknown_member" in sent else None
            ),
        )
    ],
)
def unknown_member(exchange: Exchange) -> Iterator[Observation]:
    """What is done with a request that has a member nobody knows."""
    yield _taken(exchange)
