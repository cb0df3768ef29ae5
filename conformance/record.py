"""What came over the wire -> an `Exchange`, content coding undone and secrets out.

Rule: every exchange is made here, whoever fired it, so that nothing reaches a judge or a file by another way.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from . import sse, strict_json
from .exchange import Exchange, Sent
from .model import JSON, Credential, Purpose, Request
from .redact import Redactor
from .reply import Choice, items, members, objects, text
from .spellings import SHORTEST
from .target import Target

LEFT = "left: the client hung up at the first piece, as the scenario has it"
"""The error of an exchange that was not to be heard to its end."""

LONGEST = 8 * 1024 * 1024
"""The most bytes of a body that are waited for; the longest honest one is a sixth of that."""

MOST_PIECES = 65_536
"""The most pieces of a body that are waited for."""

BEGINNING = 64 * 1024
"""Bytes of a body that are always kept.  One without an end has no more to say than them."""

MOST_BEGINNING = 1024
"""Pieces of a beginning."""

ROOM = 48 * 1024 * 1024
ROOM_PER_EXCHANGE = 512 * 1024
"""Bytes of memory that the longer bodies of a run may take, taken apart: once, and for each exchange."""


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


@dataclass(kw_only=True)
class Room:
    """What the bodies of a run take, taken apart, that are longer than a beginning: in bytes of memory, estimated.

    Without it a hundred endless replies, each in bounds, would be more than any machine can hold.
    """

    taken: int = 0
    exchanges: int = 0

    def take(self, pieces: Sequence[tuple[float, bytes]]) -> bool:
        """Whether there is room for one more body; if so, it is taken."""
        self.exchanges += 1
        if sum(len(data) for _, data in pieces) <= BEGINNING:
            return True
        weight = _weight(pieces)
        if self.taken + weight > ROOM + self.exchanges * ROOM_PER_EXCHANGE:
            return False
        self.taken += weight
        return True


def _weight(pieces: Sequence[tuple[float, bytes]]) -> int:
    """Bytes of memory: each byte three times, and what there is for each piece, line and JSON value."""
    lines = sum(data.count(b"\n") for _, data in pieces)
    values = sum(data.count(sign) for _, data in pieces for sign in (b",", b"{", b"["))
    return 100 * lines + 80 * values + sum(150 + 3 * len(data) for _, data in pieces)


def outgoing(request: Request, target: Target) -> tuple[tuple[str, str], ...]:
    """The headers to send: the request's own, the credential, the user's.

    The user's may be a credential too, so a request that shows a wrong one or none goes without them.
    """
    authorization = target.authorization(request.credential)
    credential = (("authorization", authorization),) if authorization is not None else ()
    extra = target.headers if request.credential in (Credential.RIGHT, Credential.LOWER_CASE) else ()
    return (*request.headers, *credential, *extra)


def exchange(
    number: int, address: Address, request: Request, target: Target, heard: Heard, *, room: Room | None = None
) -> Exchange:
    """The exchange as it is judged and written; `room` is what there is for the bodies of its run."""
    redactor = target.redactor
    pieces, error = _kept(*_decoded(heard), room or Room())
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
        error=None if error is None else redactor.text(error),
    )
    return _without_hidden_secrets(made, redactor)


def _decoded(heard: Heard) -> tuple[Sequence[tuple[float, bytes]], str | None]:
    """The pieces without the content coding that some send unasked, and what went wrong on the wire or there."""
    coding = next((value.strip().lower() for name, value in heard.headers if name.lower() == "content-encoding"), "")
    if coding not in ("gzip", "x-gzip", "deflate") or not heard.pieces:
        return heard.pieces, heard.error
    decoder = zlib.decompressobj(zlib.MAX_WBITS | 32)
    pieces: list[tuple[float, bytes]] = []
    left = LONGEST + 1
    for when, data in heard.pieces:
        try:
            plain = decoder.decompress(data, left)
        except zlib.error as error:
            return [*pieces, (when, b"")], heard.error or f"coding: the body is not {coding} ({error})"
        left -= len(plain)
        pieces.append((when, plain))
        if left <= 0:
            return pieces, heard.error or f"long: more than {LONGEST} bytes when its {coding} is undone"
    if heard.error is None and (decoder.unused_data or not decoder.eof):
        ends = "goes on after" if decoder.eof else "ends before"
        return pieces, f"coding: the body {ends} the end of its {coding}"
    return pieces, heard.error


def _kept(
    pieces: Sequence[tuple[float, bytes]], error: str | None, room: Room
) -> tuple[Sequence[tuple[float, bytes]], str | None]:
    """The pieces that are kept, and the error: of a body without an end, or without room for it, the beginning."""
    if error is not None and error.startswith("long"):
        return _beginning(pieces), error
    if room.take(pieces):
        return pieces, error
    return _beginning(pieces), error or "budget: the replies of the run so far are too long for more to be kept"


def _beginning(pieces: Sequence[tuple[float, bytes]]) -> Sequence[tuple[float, bytes]]:
    kept: list[tuple[float, bytes]] = []
    left = BEGINNING
    for when, data in pieces:
        if left <= 0 or len(kept) == MOST_BEGINNING:
            break
        kept.append((when, data[:left]))
        left -= len(data)
    return kept


def _without_hidden_secrets(made: Exchange, redactor: Redactor) -> Exchange:
    """Blank a reply that holds a secret which its bytes do not show: in deltas that join to it, in tokens or their
    numbered bytes."""
    if not redactor.secrets:
        return made
    texts = list(filter(None, (said for choice in made.choices for said in _said(choice))))
    together = "\n".join(texts)  # no escape goes on over the end of a line, so that what one of them holds shows here
    if redactor.text(together) == together or not any(redactor.text(said) != said for said in texts):
        return made
    found = strict_json.dump({"error": {"message": f"withheld: parts of it join to {_markers(redactor, texts)}"}})
    return replace(made, pieces=((made.pieces[0][0], sse.event(found) if made.asked_stream else found),))


def _said(choice: Choice) -> Iterator[str]:
    """What the parts of a choice join to."""
    yield from (choice.text, choice.reasoning, choice.refusal)
    functions = [members(each.get("function")) for each in objects([*choice.tool_calls])]
    yield from ("".join(text(each.get(name)) for each in functions) for name in ("name", "arguments"))
    entries = list(objects([*(choice.logprobs or ())]))
    yield "".join(text(each.get("token")) for each in entries)
    yield _characters(number for each in entries for number in items(each.get("bytes")))
    others = (other for each in entries for other in objects(each.get("top_logprobs")))
    yield from (_characters(told) for other in others if len(told := items(other.get("bytes"))) >= SHORTEST)


def _characters(numbers: Iterable[JSON]) -> str:
    return "".join(chr(each) for each in numbers if isinstance(each, int) and 32 <= each < 127)


def _markers(redactor: Redactor, texts: Iterable[str]) -> str:
    return next(changed for said in texts if (changed := redactor.text(said)) != said)[:200]
