"""One exchange as a reader sees it: the request, what came back, and a line that does it again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .. import strict_json
from ..contract import Contract
from ..exchange import Exchange
from ..model import JSON
from ..reply import items, text
from .curl import credential, curl, variables
from .excerpt import LONGEST, Excerpt, excerpt
from .place import members_at, place
from .python import python
from .shown import clip

MOST_HEADERS = 60
LONGEST_VALUE = 200
"""Characters of a header's or a member's value."""

MOST_CHOICES = 4
MOST_ARRIVALS = 60

COMPARED = 800
"""Bytes that are shown of a control's request and of its reply."""


def exemplar(exchange: Exchange, contract: Contract, control: Exchange | None, pointer: str = "") -> dict[str, JSON]:
    """The exchange with its request, status, excerpt and curl line, and how its request differs from its control's.

    `pointer` is the violation's: the excerpt shows that place, and `spot` is where in the excerpt it is.
    """
    shown = excerpt(exchange.body, place(exchange, pointer))
    differing = difference(exchange, control) if control else []
    names = [text(items(each)[0]) for each in differing]
    return {
        "method": exchange.request.method,
        "url": exchange.request.url,
        **_request(exchange, names),
        "status": exchange.status,
        "headers": _headers(exchange.headers),
        "error": None if exchange.error is None else clip(exchange.error),
        "excerpt": shown.text,
        "spot": None if shown.spot is None else list(shown.spot),
        "received": exchange.received,
        "pieces": len(exchange.pieces),
        "first": exchange.pieces[0][0] if exchange.pieces else None,
        "last": exchange.pieces[-1][0] if exchange.pieces else None,
        "said": _said(exchange),
        "arrivals": _arrivals(exchange, shown),
        "curl": curl(exchange, contract),
        "python": python(exchange, contract),
        "variables": list(variables(exchange, contract)),
        "difference": differing,
        "control": _control(control, contract, names) if control else None,
    }


def _control(control: Exchange, contract: Contract, names: Sequence[str]) -> dict[str, JSON]:
    """What an exchange is compared with, in short."""
    return {
        "exchange": control.n,
        **_request(control, names, COMPARED),
        "status": control.status,
        "excerpt": excerpt(control.body, longest=COMPARED).text,
        "said": _said(control),
        "curl": curl(control, contract),
    }


def _request(exchange: Exchange, names: Iterable[str], longest: int = LONGEST) -> dict[str, JSON]:
    """A request's body, and where in it the members of these names are."""
    shown = excerpt(exchange.request.body, longest=longest)
    places = members_at(exchange.request.body, names) if exchange.sent else []
    return {"request": shown.text, "changed": [list(span) for span in map(shown.span, places) if span is not None]}


def _arrivals(exchange: Exchange, shown: Excerpt) -> list[JSON]:
    """Where in the excerpt each piece begins whose beginning it shows, of many some: [seconds, character]."""
    found: list[JSON] = []
    start = 0
    for when, data in exchange.pieces:
        at = shown.character(start) if data else None
        if at is not None:
            found.append([when, at])
        start += len(data)
    return found[:: -(-len(found) // MOST_ARRIVALS) or 1]


def _said(exchange: Exchange) -> list[JSON]:
    """What the choices of a stream say, put together from its pieces; of a whole reply nothing, for there it stands."""
    return [clip(choice.text) for choice in exchange.choices[:MOST_CHOICES]] if exchange.streamed else []


def _headers(headers: Sequence[tuple[str, str]]) -> list[JSON]:
    return [[clip(name, LONGEST_VALUE), clip(value, LONGEST_VALUE)] for name, value in headers[:MOST_HEADERS]]


def difference(exchange: Exchange, control: Exchange) -> list[JSON]:
    """In what two requests differ: [name, value, the control's value], null where one has none.

    Names are members of the body, "body" where one of the two is no JSON object, "header NAME" and "method".
    """
    objects = bool(exchange.sent) and bool(control.sent)
    mine, other = _told(exchange, objects=objects), _told(control, objects=objects)
    return [
        [name, *_clipped(mine.get(name), other.get(name))]
        for name in dict.fromkeys([*mine, *other])
        if mine.get(name) != other.get(name)
    ]


def _told(exchange: Exchange, *, objects: bool) -> dict[str, str]:
    """What a request says, by the names of `difference`."""
    request = exchange.request
    told = {name: strict_json.dump(value).decode() for name, value in exchange.sent.items()} if objects else {}
    if not objects:
        told["body"] = request.body.decode("utf-8", "backslashreplace")
    told |= {f"header {name.lower()}": credential(name, value) or value for name, value in request.headers}
    return told | {"method": request.method}


def _clipped(mine: str | None, other: str | None) -> tuple[str | None, str | None]:
    """Both values cut to a length that can be read, from shortly before the first character in which they differ."""
    if mine is None or other is None:
        return mine and clip(mine, LONGEST_VALUE), other and clip(other, LONGEST_VALUE)
    same = next((n for n, (a, b) in enumerate(zip(mine, other, strict=False)) if a != b), min(len(mine), len(other)))
    start = max(same - LONGEST_VALUE // 2, 0) if max(len(mine), len(other)) > LONGEST_VALUE else 0
    before = "…" if start else ""
    return clip(before + mine[start:], LONGEST_VALUE), clip(before + other[start:], LONGEST_VALUE)
