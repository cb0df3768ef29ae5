"""What an error says: its body, in the shape the contract gives it, and what must never be in it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from ..contract import Contract
from ..exchange import Exchange
from ..model import JSON, Kind, Level, Violation, Zone
from ..mutants import Call, Mutant, Object, Wire
from ..redact import ECHO
from ..reply import members, problem, text
from ..requirement import requirement
from ..schema import show
from ..spoil import refused
from .auth import who_is_asking
from .errors import malformed_json, missing

MUST, SHOULD = Level.MUST, Level.SHOULD

EXPLAINED = frozenset({400, 401, 404, 422})
"""Refusals that an endpoint itself makes; others may come from a proxy before it, and are not held to its manners."""

VALIDATION = frozenset({400, 422})

TRACES = re.compile(
    rb"Traceback \(most recent call last\)|File \"[^\"]+\", line \d+|"
    rb"^[ \t]{1,40}at [\w.$<>]{1,300} ?\([^)\n]{0,300}:\d+|goroutine \d+ \[|panicked at |node:internal/|\.java:\d+\)",
    re.MULTILINE,
)
"""What stack traces of the languages that servers are written in look like."""


def explained(exchange: Exchange) -> bool:
    """A refusal that an endpoint explains itself."""
    return exchange.status in EXPLAINED and exchange.request.method == "POST"


def as_json(exchange: Exchange) -> bool:
    """Such a refusal, as a JSON object."""
    return explained(exchange) and bool(exchange.members)


def _with_body(name: str, about: str, body: bytes, media_type: str) -> Mutant:
    def wire(_: Call, reply: Wire) -> Wire:
        if reply.status < 400:
            return reply
        return replace(reply, headers=(("content-type", media_type),)).with_body(body)

    return Mutant(name=name, about=about, wire=wire)


def _error(name: str, about: str, change: Callable[[Object], JSON]) -> Mutant:
    """Errors whose JSON body is another one."""

    def wire(_: Call, reply: Wire) -> Wire:
        if reply.status < 400:
            return reply
        return reply.with_body(json.dumps(change(json.loads(reply.body))).encode())

    return Mutant(name=name, about=about, wire=wire)


@requirement(
    "errors.json",
    level=SHOULD,
    source="error",
    scenario=missing,
    kind=Kind.EACH,
    applies=explained,
    mutants=[
        _with_body("errors-as-html", "errors are HTML pages", b"<html><h1>Bad Request</h1></html>", "text/html"),
        _with_body("errors-as-text", "errors are plain text", b"Bad Request", "text/plain"),
        _with_body("errors-empty", "errors have no body", b"", "application/json"),
    ],
)
def error_is_json(exchange: Exchange) -> Iterator[Violation]:
    """A refusal is explained in a JSON object."""
    if not exchange.members:
        begins = exchange.body[:60].decode("utf-8", "replace")
        yield Violation(
            pointer="/", observed=f"a body that begins {show(begins)}" if begins else "empty", expected="a JSON object"
        )


of_errors = partial(requirement, level=SHOULD, source="error", scenario=missing, kind=Kind.EACH, applies=as_json)
"""A requirement on every refusal that is a JSON object."""


@of_errors(
    "errors.problem-named",
    mutants=[
        _error("errors-without-message", "errors say nothing", lambda _: {"status": "failure"}),
        _error(
            "errors-with-empty-message",
            "the message of errors is empty",
            lambda _: {"error": {"message": ""}, "detail": []},
        ),
    ],
)
def error_names_problem(exchange: Exchange) -> Iterator[Violation]:
    """An error says in words what is wrong."""
    if not problem(exchange.members):
        yield Violation(
            pointer="/", observed=show(exchange.members), expected="an error that names the problem in words"
        )


@of_errors(
    "errors.shape",
    mutants=[
        _error(
            "errors-as-string", "error is a string", lambda body: {"error": text(members(body["error"]).get("message"))}
        ),
        _error("errors-flat", "errors have no error member", lambda body: body["error"]),
        _error(
            "errors-with-object-message",
            "the message of errors is an object",
            lambda body: {"error": {**body["error"], "message": {"detail": []}}},
        ),
    ],
)
def error_has_shape(exchange: Exchange, *, contract: Contract) -> Iterator[Violation]:
    """An error has the shape that OpenAI's clients read: an error object with a message."""
    for fault in contract.error.faults(exchange.members):
        yield Violation(pointer=fault.pointer or "/", observed=fault.observed, expected=fault.expected)


@requirement(
    "errors.detail",
    level=MUST,
    source="detail",
    scenario=missing,
    kind=Kind.EACH,
    applies=lambda exchange: explained(exchange) and exchange.status in VALIDATION and exchange.zone is Zone.REJECT,
    mutants=[
        _error(
            "validation-errors-as-openai",
            "validation errors have OpenAI's shape",
            lambda _: {"error": {"message": "bad"}},
        ),
        _error("validation-errors-as-text", "the detail of validation errors is a string", lambda _: {"detail": "bad"}),
        _error(
            "validation-errors-without-loc",
            "validation errors have no loc",
            lambda _: {"detail": [{"msg": "bad", "type": "x"}]},
        ),
    ],
)
def validation_has_detail(exchange: Exchange, *, contract: Contract) -> Iterator[Violation]:
    """A validation error has a detail list that says where (loc), what (msg) and of which kind (type)."""
    faults = contract.error.faults(exchange.document.value)
    for fault in faults:
        yield Violation(pointer=fault.pointer or "/", observed=fault.observed, expected=fault.expected)
    if not faults and not isinstance(exchange.members.get("detail"), list):
        yield Violation(
            pointer="/detail", observed=show(exchange.members.get("detail")), expected="a list of what is wrong"
        )


@requirement(
    "errors.detail-status",
    level=SHOULD,
    source="detail",
    scenario=missing,
    kind=Kind.EACH,
    applies=lambda exchange: explained(exchange) and isinstance(exchange.members.get("detail"), list),
    mutants=[
        Mutant(
            name="validation-errors-are-400",
            about="validation errors have the status 400",
            wire=lambda _, reply: replace(reply, status=400) if reply.status == 422 else reply,
        )
    ],
)
def detail_is_422(exchange: Exchange) -> Iterator[Violation]:
    """An error with a detail list has the status 422."""
    if exchange.status != 422:
        yield Violation(pointer="status", observed=str(exchange.status), expected="422")


def _trace(wire: Wire) -> Wire:
    trace = 'Traceback (most recent call last):\n  File "/srv/app.py", line 7, in chat\nKeyError: 1'
    return wire.with_body(json.dumps({"error": {"message": trace}, "detail": trace}).encode())


@requirement(
    "errors.no-trace",
    level=MUST,
    source="error",
    scenario=malformed_json,
    kind=Kind.EACH,
    applies=lambda exchange: exchange.status is not None and exchange.status >= 400,
    mutants=[
        Mutant(name="errors-with-trace", about="errors hold a stack trace", wire=lambda _, wire: refused(_trace)(wire))
    ],
)
def error_has_no_trace(exchange: Exchange) -> Iterator[Violation]:
    """No error shows a stack trace of the server."""
    plain = exchange.body.replace(b"\\n", b"\n").replace(b'\\"', b'"')
    match = TRACES.search(plain)
    if match:
        yield Violation(
            pointer="body", observed=f"a stack trace ({match.group().decode('utf-8', 'replace')[:60]})", expected="none"
        )


def _echo(call: Call, wire: Wire) -> Wire:
    given = call.header("authorization") or ""
    return wire.with_body(
        wire.body.replace(b'"message":"', b'"message":"' + given.encode() + b" ").replace(
            b'"detail":"', b'"detail":"' + given.encode() + b" "
        )
    )


@requirement(
    "errors.no-credential",
    level=MUST,
    source="error",
    scenario=who_is_asking,
    feature="auth",
    kind=Kind.EACH,
    applies=lambda exchange: exchange.status is not None,
    mutants=[
        Mutant(
            name="errors-echo-the-credential",
            about="errors repeat the Authorization header",
            wire=lambda call, wire: _echo(call, wire) if wire.status >= 400 else wire,
        ),
        Mutant(
            name="header-echoes-the-credential",
            about="a reply header repeats the Authorization header",
            wire=lambda call, wire: wire.with_header(
                "x-request-id", (call.header("authorization") or "none").partition(" ")[2] or "none"
            ),
        ),
    ],
)
def no_credential_comes_back(exchange: Exchange) -> Iterator[Violation]:
    """No reply holds a credential, neither the right one nor a wrong one that was tried.

    A short key, and one inside a larger word, may be an ordinary word of the reply.
    """
    places = {
        "body": exchange.body.decode("utf-8", "replace"),
        **{f"header {name}": value for name, value in exchange.headers},
    }
    for place, words in places.items():
        if ECHO.search(words):
            yield Violation(pointer=place, observed="an echo of the credential", expected="without it")
