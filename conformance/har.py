"""HAR -> evidence: what a browser or a proxy recorded of other people's traffic, to be judged like a run.

Rule: a recording has no scripts, so only requirements on each exchange and on the whole can be judged, and nothing in
it can be asked again.  Credentials that it holds are secrets here too.  Format: the HAR 1.2 specification (W3C draft).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from pathlib import Path

from . import record, strict_json
from .contract import Contract
from .evidence import FORMAT, Evidence
from .exchange import Exchange
from .model import JSON, Credential, Depth, Purpose, Request, UsageError
from .record import Address, Heard
from .reply import is_integer, items, members, objects, text
from .spellings import SHORTEST
from .target import Target

SECRET_HEADERS = frozenset({"authorization", "api-key", "x-api-key", "cookie", "proxy-authorization"})


def is_har(path: Path) -> bool:
    """Whether a file can be read and holds a HAR log."""
    try:
        return _log(path) is not None
    except OSError:
        return False


def _log(path: Path) -> dict[str, JSON] | None:
    """The member `log` of a HAR file."""
    with path.open("rb") as file:
        first = members(strict_json.parse(file.readline()).value)
    if first and "log" not in first:  # the first of many lines of evidence: the others need not be read
        return None
    log = members(strict_json.parse(path.read_bytes()).value).get("log")
    return log if isinstance(log, dict) else None


def load(path: Path, contract: Contract) -> Evidence:
    """The chat completions of a HAR file as evidence.

    Raises UsageError where it holds no request to the contract's path.
    """
    found = list(objects((_log(path) or {}).get("entries")))
    entries = [each for each in found if _is_completion(members(each.get("request")), contract)]
    if not entries:
        raise UsageError(f"{path}: no POST to a URL that ends in {contract.path}")
    exchanges = [_exchange(number, entry, contract) for number, entry in enumerate(entries, 1)]
    evidence = Evidence(header=_header(contract, exchanges[0], entries[0]), exchanges=exchanges)
    evidence.footer = {"ended": text(entries[-1].get("startedDateTime")), "why": "done", "counts": {}}
    return evidence


def _is_completion(request: Mapping[str, JSON], contract: Contract) -> bool:
    path = text(request.get("url")).partition("?")[0].rstrip("/")
    return request.get("method") == "POST" and path.endswith(contract.path)


def _header(contract: Contract, first: Exchange, entry: Mapping[str, JSON]) -> dict[str, JSON]:
    return {
        "format": FORMAT,
        "suite": "",
        "hypothesis": "",
        "contract": contract.name,
        "contract_digest": contract.digest,
        "plan_digest": "",
        "seed": 0,
        "depth": Depth.FULL.value,
        "features": {name: "on" if on else "off" for name, on in contract.features.items()},
        "selection": None,
        "reference": False,
        "target": {"url": first.request.url, "model": text(first.sent.get("model"))},
        "started": text(entry.get("startedDateTime")),
    }


def _exchange(number: int, entry: Mapping[str, JSON], contract: Contract) -> Exchange:
    request, response = members(entry.get("request")), members(entry.get("response"))
    headers = _pairs(request.get("headers"))
    body = text(members(request.get("postData")).get("text")).encode("utf-8", "surrogatepass")
    secrets = tuple((name, value) for name, value in headers if name in SECRET_HEADERS and len(value) >= SHORTEST)
    target = Target(url=text(request.get("url")), model="", scheme=contract.scheme, headers=_printable(secrets))
    asked = Request(
        body=body,
        zone=contract.zone(strict_json.parse(body).value),
        headers=tuple((name, value) for name, value in headers if name == "content-type"),
        credential=Credential.RIGHT,
    )
    status = response.get("status")
    content = _content(members(response.get("content")))
    seconds = entry.get("time")
    heard = Heard(
        status=status if is_integer(status) and status > 0 else None,
        headers=[pair for pair in _pairs(response.get("headers")) if pair[0] != "content-encoding"],
        pieces=[(seconds / 1000 if isinstance(seconds, int | float) else 0.0, content)] if content else [],
        received=len(content),
        error=None if is_integer(status) and status > 0 else "closed: the recording has no reply",
    )
    address = Address(case=f"recording {number}", step=(0, 0), purpose=Purpose.PLAN)
    return record.exchange(number, address, asked, target, heard)


def _printable(secrets: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in secrets if value.isascii() and value.isprintable())


def _pairs(headers: JSON) -> list[tuple[str, str]]:
    return [(text(each.get("name")).lower(), text(each.get("value"))) for each in map(members, items(headers))]


def _content(content: Mapping[str, JSON]) -> bytes:
    words = text(content.get("text"))
    if content.get("encoding") == "base64":
        try:
            return base64.b64decode(words, validate=True)
        except binascii.Error:
            return b""
    return words.encode("utf-8", "surrogatepass")
