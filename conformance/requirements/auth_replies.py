"""What is said to those who may not ask: the status, the scheme, and never a crash."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from ..exchange import Exchange
from ..model import Level, Observation, Violation
from ..mutants import Mutant
from ..requirement import requirement
from ..spoil import refusal
from .auth import ATTEMPTS, _credential, replies, who_is_asking

MUST, SHOULD, OBSERVE = Level.MUST, Level.SHOULD, Level.OBSERVE


def _status(status: int) -> Mutant:
    return Mutant(
        name=f"unauthorized-is-{status}",
        about=f"a request without the right credential is answered with {status}",
        wire=lambda _, wire: replace(wire, status=status) if wire.status == 401 else wire,
    )


of_auth = partial(requirement, source="Authorization", scenario=who_is_asking, feature="auth")
"""A requirement on what comes of asking without the right."""


@of_auth(
    "auth.status",
    level=SHOULD,
    mutants=[_status(404), _status(422)],
)
def status_fits(_control: Exchange, asked: tuple[Exchange, ...]) -> Iterator[Violation]:
    """A request without the right credential is refused with 401 or 403; a malformed one may be a 400."""
    for name, exchange in replies(asked).items():
        fitting = (400, 401, 403) if name in ("empty", "no-scheme") else (401, 403)
        is_refusal = exchange.status is not None and 300 <= exchange.status < 500
        if name != "lower-case" and is_refusal and exchange.status not in fitting:
            yield Violation(
                pointer="status",
                observed=f"{exchange.status} for {ATTEMPTS[name].words}",
                expected=" or ".join(map(str, fitting)),
                exchanges=(exchange.n,),
            )


@of_auth(
    "auth.no-crash",
    level=MUST,
    mutants=[
        _status(500),
        Mutant(
            name="crashes-on-empty-credential",
            about="a scheme without credential is answered with 500",
            wire=lambda call, wire: (
                refusal(wire, 500, "list index out of range")
                if call.header("authorization") in ("Bearer", "Basic")
                else wire
            ),
        ),
    ],
)
def no_crash(_control: Exchange, asked: tuple[Exchange, ...]) -> Iterator[Violation]:
    """No credential, however malformed, is answered with a 5xx or with a closed connection."""
    for name, exchange in replies(asked).items():
        if exchange.crashed:
            yield Violation(
                pointer="status",
                observed=f"{exchange.status or exchange.error} for {ATTEMPTS[name].words}",
                expected="4xx",
                exchanges=(exchange.n,),
            )


@of_auth(
    "auth.scheme-case",
    level=OBSERVE,
    mutants=[
        Mutant(
            name="scheme-case-matters",
            about="the scheme's name is compared with its case",
            wire=lambda call, wire: (
                refusal(wire, 401, "unknown scheme") if _credential(call)[0] in ("bearer", "basic") else wire
            ),
        )
    ],
)
def scheme_case(_control: Exchange, asked: tuple[Exchange, ...]) -> Iterator[Observation]:
    """Whether the scheme's name in lower case is accepted, as RFC 9110 has it."""
    exchange = replies(asked).get("lower-case")
    if exchange is not None:
        yield Observation(value="any case" if exchange.ok else f"refused ({exchange.status})", exchanges=(exchange.n,))


@of_auth(
    "auth.www-authenticate",
    level=OBSERVE,
    mutants=[
        Mutant(
            name="no-www-authenticate",
            about="401 comes without WWW-Authenticate",
            wire=lambda _, wire: wire.with_header("www-authenticate", None),
        )
    ],
)
def www_authenticate(_control: Exchange, asked: tuple[Exchange, ...]) -> Iterator[Observation]:
    """Whether a 401 names the scheme in WWW-Authenticate, as RFC 9110 asks."""
    for exchange in replies(asked).values():
        if exchange.status == 401:
            there = exchange.header("www-authenticate") is not None
            yield Observation(value="given" if there else "missing", exchanges=(exchange.n,))
