"""What came over the wire -> an `Exchange`, content coding undone and secrets out.

Rule: every exchange is made here, whoever fired it, so that nothing reaches a judge or a file by another way.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from . import strict_json
from .exchange import Exchange, Sent
from .model import Credential, Purpose, Request
from .redact import Redactor
from .reply import Choice, assembled, members, objects, text
from .target import Target

LEFT = "left: the client hung up at the first piece, as the scenario has it"
"""The error of an exchange that was not to be heard to its end."""

LONGEST = 16 * 1024 * 1024
"""The most bytes of a body that are kept."""


@dataclass(frozen=True, kw_only=True)
class Address:
    """Which exchange of a run this is: its case, (step, member), purpose and round."""

    case: str
    step: tuple[int, int]
    purpose: Purpose
    round: int = 0


@dataclass(kw_only=True)
class Heard:
    """What the wire said, as far as it went."""

    status: int | None = None
    headers: Sequence[tuple[str, str]] = ()
    pieces: Sequence[tuple[float, bytes]] = ()
    received: int = 0
    error: str | None = None


def outgoing(request: Request, target: Target) -> tuple[tuple[str, str], ...]:
    """The headers to send: the request's own, the credential, the user's.

    The user's may be a credential too, so a request that shows a wrong one or none goes without them.
    """
    authorization = target.authorization(request.credential)
    credential = (("authorization", authorization),) if authorization is not None else ()
    extra = target.headers if request.credential in (Credential.RIGHT, Credential.LOWER_CASE) else ()
    return (*request.headers, *credential, *extra)


def exchange(number: int, address: Address, request: Request, target: Target, heard: Heard) -> Exchange:
    """The exchange as it is judged and written."""
    redactor = target.redactor
    pieces, undone = _decoded(heard)
    made = Exchange(
        n=number,
        case=address.case,
        step=address.step,
        purpose=address.purpose,
        round=address.round,
        request=Sent(
            method=request.method,
            url=redactor.text(target.url),
            headers=redactor.sent_headers(outgoing(request, target)),
            body=redactor.data(request.body),
            zone=request.zone,
        ),
        status=heard.status,
        headers=redactor.headers(heard.headers),
        pieces=redactor.pieces([(round(when, 6), data) for when, data in pieces]),
        received=heard.received,
        error=None if (heard.error or undone) is None else redactor.text(heard.error or undone or ""),
    )
    return _without_joined_secrets(made, redactor)


def _decoded(heard: Heard) -> tuple[Sequence[tuple[float, bytes]], str | None]:
    """The pieces without the content coding that some send unasked, and what went wrong there."""
    coding = next((value.strip().lower() for name, value in heard.headers if name.lower() == "content-encoding"), "")
    if coding not in ("gzip", "x-gzip", "deflate") or not heard.pieces:
        return heard.pieces, None
    decoder = zlib.decompressobj(zlib.MAX_WBITS | 32)
    pieces: list[tuple[float, bytes]] = []
    left = LONGEST + 1
    for when, data in heard.pieces:
        try:
            plain = decoder.decompress(data, left)
        except zlib.error as error:
            return [*pieces, (when, b"")], f"coding: the body is not {coding} ({error})"
        left -= len(plain)
        if left <= 0:
            return [*pieces, (when, plain[:-1])], f"long: more than {LONGEST} bytes when its {coding} is undone"
        pieces.append((when, plain))
    if decoder.unused_data or not decoder.eof:
        return pieces, f"coding: the body {'goes on after' if decoder.eof else 'ends before'} the end of its {coding}"
    return pieces, None


def _without_joined_secrets(made: Exchange, redactor: Redactor) -> Exchange:
    """Blank the deltas of a stream whose joined text holds a secret that no single piece of it shows."""
    if not made.asked_stream or not redactor.secrets:
        return made
    texts = [said for choice in assembled(made.chunks) for said in _said(choice)]
    if not any(redactor.text(said) != said for said in texts):
        return made
    found = strict_json.dump({"error": {"message": f"withheld: its deltas join to {_markers(redactor, texts)}"}})
    return replace(made, pieces=((made.pieces[0][0], b"data: " + found + b"\n\n"),))


def _said(choice: Choice) -> tuple[str, ...]:
    arguments = (text(members(each.get("function")).get("arguments")) for each in objects([*choice.tool_calls]))
    return choice.text, choice.reasoning, choice.refusal, "".join(arguments)


def _markers(redactor: Redactor, texts: Iterable[str]) -> str:
    return next(changed for said in texts if (changed := redactor.text(said)) != said)[:200]
