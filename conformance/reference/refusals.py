"""Why a request is refused, and the reply that says so in the contract's dialect.

Rule: a refusal names what is wrong and where, and repeats nothing of a credential.  `openai` is the convention that
most clients read; `detail` is what FastAPI makes: a list of faults, or one sentence where the body is not at fault.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias, cast

from .. import strict_json
from ..model import JSON
from ..mutants import Wire
from ..schema import Fault

Headers: TypeAlias = "tuple[tuple[str, str], ...]"

JSON_TYPE = ("content-type", "application/json")

_MOST_FAULTS = 20


@dataclass(frozen=True, kw_only=True)
class Blame:
    """A place in the request, and what is wrong with it there."""

    place: tuple[str | int, ...]
    message: str
    kind: str
    input: JSON = None


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """`blames` are the parts of the request at fault; none where the request as a whole is not served."""

    status: int
    message: str
    kind: str = "invalid_request_error"
    code: str | None = None
    param: str | None = None
    headers: Headers = ()
    blames: tuple[Blame, ...] = ()

    def wire(self, dialect: str) -> Wire:
        """The reply."""
        body, status = _DIALECTS[dialect](self)
        return Wire(status=status, headers=(JSON_TYPE, *self.headers), pieces=(strict_json.dump(body),))


def _openai(refusal: Refusal) -> tuple[JSON, int]:
    error: JSON = {
        "message": refusal.message,
        "type": refusal.kind,
        "param": refusal.param,
        "code": refusal.code,
    }
    return {"error": error}, refusal.status


def _detail(refusal: Refusal) -> tuple[JSON, int]:
    if not refusal.blames:
        return {"detail": refusal.message}, refusal.status
    faults: list[JSON] = [
        {"type": blame.kind, "loc": list(blame.place), "msg": blame.message, "input": blame.input}
        for blame in refusal.blames
    ]
    return {"detail": faults}, 422 if refusal.status == 400 else refusal.status


_DIALECTS = {"openai": _openai, "detail": _detail}


def _dotted(place: Sequence[str | int]) -> str:
    """A place as OpenAI writes it: messages[0].role."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).removeprefix(".")


def method() -> Refusal:
    """Another method than POST."""
    return Refusal(status=405, message="Method not allowed: use POST.", headers=(("allow", "POST"),))


def path(path: str) -> Refusal:
    """Nothing is there."""
    return Refusal(status=404, message=f"There is nothing at {path[:200]}.", code="unknown_url")


def credential(scheme: str) -> Refusal:
    """Nobody we know; the challenge is RFC 9110's, section 11.6.1."""
    challenge = {"bearer": "Bearer", "basic": 'Basic realm="chat", charset="UTF-8"'}[scheme]
    return Refusal(
        status=401,
        message=f"The credential is missing or wrong: send a valid one under the scheme {scheme.title()}.",
        kind="authentication_error",
        code="invalid_api_key",
        headers=(("www-authenticate", challenge),),
    )


def media_type() -> Refusal:
    """A body that does not say it is JSON."""
    message = "Content-Type must be application/json."
    blame = Blame(place=("header", "content-type"), message=message, kind="media_type")
    return Refusal(status=415, message=message, code="unsupported_media_type", blames=(blame,))


def not_json(problem: str) -> Refusal:
    """A body that is not JSON."""
    blame = Blame(place=("body",), message=f"The body is not JSON: {problem}", kind="json_invalid")
    return Refusal(status=400, message=f"The body is not JSON: {problem}.", code="invalid_json", blames=(blame,))


def invalid(body: JSON, faults: Sequence[Fault]) -> Refusal:
    """A body that the contract's schema refuses, or that asks for the impossible."""
    blames = tuple(_blame(body, fault) for fault in faults[:_MOST_FAULTS])
    first = faults[0]
    param = _dotted(first.path) or None
    message = f"{param or 'The body'} is {first.observed}, not {first.expected}."
    return Refusal(status=400, message=message, code="invalid_value", param=param, blames=blames)


def _blame(body: JSON, fault: Fault) -> Blame:
    missing = fault.observed == "missing"
    return Blame(
        place=("body", *fault.path),
        message="Field required" if missing else f"is {fault.observed}, not {fault.expected}",
        kind="missing" if missing else "value_error",
        input=_at(body, fault.path[:-1] if missing else fault.path),
    )


def _at(value: JSON, place: Sequence[str | int]) -> JSON:
    for part in place:
        if isinstance(value, dict):
            value = value.get(cast(str, part))
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return None
    return value


def unwanted(status: int, parameter: str) -> Refusal:
    """A fault: nothing is wrong with the member, or the endpoint fell over it."""
    message = f"{parameter} is not supported" if status < 500 else "internal error"
    blame = Blame(place=("body", parameter), message=message, kind="value_error")
    blames = (blame,) if status < 500 else ()
    return Refusal(status=status, message=message, code="invalid_value", param=parameter, blames=blames)


def model(asked: JSON) -> Refusal:
    """A model nobody serves here."""
    known = asked[:200] if isinstance(asked, str) else "of that name"
    return Refusal(status=404, message=f"The model {known} does not exist.", code="model_not_found", param="model")


def too_long(tokens: int, context: int) -> Refusal:
    """A prompt that leaves no room for a reply."""
    message = f"messages have {tokens} tokens, and the context window has {context}"
    blame = Blame(place=("body", "messages"), message=message, kind="too_long")
    return Refusal(status=400, message=f"{message}.", code="context_length_exceeded", param="messages", blames=(blame,))
