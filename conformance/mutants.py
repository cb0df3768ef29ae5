"""Mutants: pure changes of an otherwise conforming endpoint, each one thing that a requirement must catch.

Rule: a mutant is a value.  It changes what the endpoint is told (`request`), the completion it gives (`reply`), the
chunks of its stream (`events`), or what goes over the wire (`wire`), and has no state.  `serve --fault NAME` applies
one by name; the self-proof applies it in process.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeAlias

from . import strict_json
from .model import SuiteError

Object: TypeAlias = "dict[str, Any]"
"""A JSON object that a mutant takes apart; `Any`, for taking apart is all that happens to it."""

Sent: TypeAlias = Object


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request as the endpoint receives it.  `trusted` waves it through without looking at the credential."""

    method: str = "POST"
    path: str = "/"
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    trusted: bool = False

    @cached_property
    def sent(self) -> Sent:
        """The members of the body; empty when it is no JSON object."""
        value = strict_json.parse(self.body).value
        return value if isinstance(value, dict) else {}

    def header(self, name: str) -> str | None:
        """The first header of this name."""
        return next((value for key, value in self.headers if key.lower() == name), None)

    def with_body(self, sent: Sent) -> Call:
        """The same call with another body."""
        return replace(self, body=strict_json.dump(sent))


@dataclass(frozen=True, kw_only=True)
class Wire:
    """A reply as it goes out: the body's pieces, and whether the connection is cut after the last of them."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    pieces: tuple[bytes, ...] = ()
    cut: bool = False

    @property
    def body(self) -> bytes:
        """All pieces, joined."""
        return b"".join(self.pieces)

    def with_body(self, *pieces: bytes) -> Wire:
        """The same reply with another body."""
        return replace(self, pieces=pieces)

    def with_header(self, name: str, value: str | None) -> Wire:
        """The same reply with one header set, or with None left out."""
        kept = tuple(pair for pair in self.headers if pair[0] != name)
        return replace(self, headers=kept if value is None else (*kept, (name, value)))


@dataclass(frozen=True, kw_only=True)
class Refused:
    """How a request is refused: the status, and the member that is named as being at fault."""

    status: int
    parameter: str


When: TypeAlias = "Callable[[Sent], bool]"


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """One fault.  Every change gets its own copy and may spoil it; `refuse` says which requests are refused that should
    not be; `when` says, of a request's members, whether the fault shows at all.  `about` is for `list faults`.
    """

    name: str
    about: str
    request: Callable[[Call], Call] | None = None
    reply: Callable[[Sent, Object], Object] | None = None
    events: Callable[[Sent, list[Object]], list[Object]] | None = None
    wire: Callable[[Call, Wire], Wire] | None = None
    refuse: Callable[[Sent], Refused | None] | None = None
    when: When | None = field(default=None)

    def __post_init__(self) -> None:
        """A mutant that changes nothing would prove nothing."""
        if not (self.request or self.reply or self.events or self.wire or self.refuse):
            raise SuiteError(f"mutant {self.name} changes nothing")

    def shows(self, call: Call) -> bool:
        """Whether this call meets the fault."""
        return self.when is None or self.when(call.sent)

    def on_request(self, call: Call) -> Call:
        """What the endpoint believes it was asked."""
        return self.request(call) if self.request else call

    def on_reply(self, call: Call, completion: Object) -> Object:
        """The completion it gives."""
        return self.reply(call.sent, copy.deepcopy(completion)) if self.reply else completion

    def on_events(self, call: Call, chunks: list[Object]) -> list[Object]:
        """The chunks it streams, [DONE] apart."""
        return self.events(call.sent, copy.deepcopy(chunks)) if self.events else chunks

    def on_wire(self, call: Call, wire: Wire) -> Wire:
        """What goes out."""
        return self.wire(call, wire) if self.wire else wire
