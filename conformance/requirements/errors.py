"""Errors: bad requests are refused, with a status that fits, and in JSON that names the problem.

A rejection is attributed: every script asks first for what must be accepted, and goes on only when it was.  Accepting
bad input in silence is a warning; answering it with a 5xx is a failure: two requirements, for an id has one level.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from ..ask import OMIT, Ask
from ..contract import Contract
from ..exchange import Exchange
from ..model import Depth, Finding, Level, Violation, Zone
from ..mutants import Call, Mutant, Wire
from ..reply import text
from ..requirement import requirement
from ..scenario import Script, Stage, both_modes, for_each, scenario
from ..schema import show
from ..spoil import refusal
from .envelope import disguise

MUST, SHOULD = Level.MUST, Level.SHOULD

REFUSALS = (400, 422)
"""The statuses that refuse what a request says."""

PROXIES = (403, 411, 413)
"""The statuses with which a proxy before the endpoint refuses a body that it cannot make out."""


def refused(exchanges: tuple[Exchange, ...], what: str, statuses: tuple[int, ...] = REFUSALS) -> Iterator[Violation]:
    """A violation for each of these that was served, or refused with a status that says something else."""
    for exchange in exchanges:
        if exchange.ok or (
            exchange.status is not None and 300 <= exchange.status < 500 and exchange.status not in statuses
        ):
            yield Violation(
                pointer="status",
                observed=f"{exchange.status}{disguise(exchange)} for {what}",
                expected=" or ".join(map(str, statuses)),
                exchanges=(exchange.n,),
            )


def crashed(exchanges: tuple[Exchange, ...], what: str) -> Iterator[Violation]:
    """A violation for each of these that was answered with a 5xx, or with a closed connection."""
    for exchange in exchanges:
        if exchange.crashed:
            yield Violation(
                pointer="status",
                observed=f"{exchange.status or exchange.error} for {what}",
                expected="4xx",
                exchanges=(exchange.n,),
            )


def instead(name: str, about: str, status: int, bad: Callable[[Call], bool]) -> Mutant:
    """Bad calls are answered with this status; with 200 they are taken for a good one."""

    def request(call: Call) -> Call:
        return call.with_body(_mended(call)) if bad(call) else call

    def wire(call: Call, reply: Wire) -> Wire:
        return refusal(reply, status, "internal error") if bad(call) and reply.status >= 400 else reply

    if status == 200:
        return Mutant(name=name, about=about, request=request)
    return Mutant(name=name, about=about, wire=wire)


def _mended(call: Call) -> dict[str, object]:
    return {"model": "reference", "messages": [{"role": "user", "content": "hello"}], "max_tokens": 4, **call.sent}


# -- malformed JSON

MALFORMED = {
    "JSON that is cut short": b'{"model": "x", "messages": [{"role": "user", "content": "hello"',
    "an empty body": b"",
    "a form": b"model=x&prompt=hello",
    "a JSON array": b'["model", "messages"]',
}
"""Bodies that are no JSON object, by what they are."""


@scenario(steps=1 + len(MALFORMED), tokens=4, stage=Stage.ROUGH, depth=Depth.SMOKE)
def malformed_json(ask: Ask) -> Script:
    """Ask properly, then send bodies that are no JSON object: cut short, empty, a form, an array."""
    yield ask(max_tokens=4)
    yield [ask.raw(body) for body in MALFORMED.values()]
    return None


def _no_object(call: Call) -> bool:
    return call.method == "POST" and not call.sent


@requirement(
    "errors.malformed-json-refused",
    level=SHOULD,
    source="json",
    scenario=malformed_json,
    mutants=[
        instead("serves-malformed-json", "a body that is no JSON object is taken for a request", 200, _no_object),
        instead("malformed-json-is-401", "a body that is no JSON object is answered with 401", 401, _no_object),
    ],
)
def malformed_is_refused(_control: Exchange, asked: tuple[Exchange, ...]) -> Iterator[Violation]:
    """A body that is no JSON object is refused, with 400, 415 or 422, or as proxies do with 403, 411 or 413."""
    for exchange, what in zip(asked, MALFORMED, strict=False):
        yield from refused((exchange,), what, (*REFUSALS, 415, *PROXIES))


@requirement(
    "errors.malformed-json-no-crash",
    level=MUST,
    source="json",
    scenario=malformed_json,
    mutants=[
        instead("malformed-json-is-500", "a body that is no JSON object is answered with 500", 500, _no_object),
        Mutant(
            name="empty-body-is-500",
            about="an empty body is answered with 500",
            wire=lambda call, reply: refusal(reply, 500, "oops") if not call.body and call.method == "POST" else reply,
        ),
    ],
)
def malformed_crashes_nothing(_control: Exchange, asked: tuple[Exchange, ...]) -> Iterator[Violation]:
    """A body that is no JSON object is not answered with a 5xx or a closed connection."""
    for exchange, what in zip(asked, MALFORMED, strict=False):
        yield from crashed((exchange,), what)


# -- missing members


def required(_: Contract) -> tuple[str, ...]:
    """The members without which there is nothing to do, in every document."""
    return ("model", "messages")


@scenario(steps=2, tokens=8, stage=Stage.REFUSAL, depth=Depth.SMOKE)
def missing_member(ask: Ask, parameter: str) -> Script:
    """Ask properly, then the same without one required member."""
    yield ask(max_tokens=4)
    yield ask(max_tokens=4, also={parameter: OMIT}, zone=Zone.REJECT)
    return None


missing = both_modes(for_each("parameter", required, missing_member), streams=Depth.STANDARD)


def _incomplete(call: Call) -> bool:
    return bool(call.sent) and not {"model", "messages"} <= set(call.sent)


@requirement(
    "errors.missing-member-refused",
    level=SHOULD,
    source="messages",
    scenario=missing,
    parameter=required,
    mutants=[
        instead("serves-incomplete-requests", "a request without model or messages is served", 200, _incomplete),
        instead("incomplete-is-403", "a request without model or messages is answered with 403", 403, _incomplete),
    ],
)
def missing_is_refused(control: Exchange, asked: Exchange) -> Iterator[Violation]:
    """A request without a required member is refused, with 400 or 422; without a model 404 will do."""
    lost = sorted(set(control.sent) - set(asked.sent))
    yield from refused((asked,), f"a request without {' and '.join(lost)}", (*REFUSALS, *[404] * ("model" in lost)))


@requirement(
    "errors.missing-member-no-crash",
    level=MUST,
    source="messages",
    scenario=missing,
    parameter=required,
    mutants=[
        instead("incomplete-is-500", "a request without model or messages is answered with 500", 500, _incomplete)
    ],
)
def missing_crashes_nothing(control: Exchange, asked: Exchange) -> Iterator[Violation]:
    """A request without a required member is not answered with a 5xx or a closed connection."""
    lost = sorted(set(control.sent) - set(asked.sent))
    yield from crashed((asked,), f"a request without {' and '.join(lost)}")


# -- an unknown model

UNKNOWN = "no-such-model-7f3a"


@scenario(steps=2, tokens=8, stage=Stage.REFUSAL, depth=Depth.SMOKE)
def unknown_model(ask: Ask) -> Script:
    """Ask properly, then the same of a model that nobody has."""
    yield ask(max_tokens=4)
    yield ask(max_tokens=4, model=UNKNOWN, zone=Zone.DISPUTED)
    return None


unknown = both_modes(unknown_model, streams=Depth.STANDARD)


def _is_unknown(call: Call) -> bool:
    return call.sent.get("model") == UNKNOWN


def _takes_any_model(call: Call) -> Call:
    return call.with_body({**call.sent, "model": "reference"}) if _is_unknown(call) else call


of_unknown = partial(requirement, source="model", scenario=unknown, parameter="model")
"""A requirement on what comes of an unknown model."""


@of_unknown(
    "errors.unknown-model-refused",
    level=SHOULD,
    mutants=[
        Mutant(name="serves-any-model", about="another model answers for an unknown one", request=_takes_any_model),
        instead("unknown-model-is-409", "an unknown model is answered with 409", 409, _is_unknown),
    ],
)
def unknown_is_refused(_control: Exchange, asked: Exchange) -> Iterator[Violation]:
    """A model that does not exist is refused, with 400, 401, 403, 404, 410 or 422, not replaced in silence."""
    yield from refused((asked,), f"model {show(UNKNOWN)}", (404, *REFUSALS, 401, 403, 410))


@of_unknown(
    "errors.unknown-model-claimed",
    level=SHOULD,
    mutants=[
        Mutant(
            name="claims-to-be-any-model",
            about="a reply names as its model whatever was asked for",
            request=_takes_any_model,
            reply=lambda sent, body: {**body, "model": sent["model"]},
            events=lambda sent, chunks: [{**chunk, "model": sent["model"]} for chunk in chunks],
        )
    ],
)
def unknown_is_not_claimed(_control: Exchange, asked: Exchange) -> Iterator[Finding]:
    """No reply names as its model one that does not exist."""
    if not asked.ok:
        return
    if any(text(each.get("model")) == UNKNOWN for each in asked.objects):
        yield Violation(
            pointer="/model", observed=show(UNKNOWN), expected="the model that answered", exchanges=(asked.n,)
        )


@of_unknown(
    "errors.unknown-model-no-crash",
    level=MUST,
    mutants=[instead("unknown-model-is-500", "an unknown model is answered with 500", 500, _is_unknown)],
)
def unknown_crashes_nothing(_control: Exchange, asked: Exchange) -> Iterator[Violation]:
    """A model that does not exist is not answered with a 5xx or a closed connection."""
    yield from crashed((asked,), f"model {show(UNKNOWN)}")
