"""The NDJSON log of a run: the source of truth from which every verdict can be recomputed.

Rule: each line holds the sha256 of the line before (`prev`), and reading is strict: a line that was changed, removed or
added is named.  What is in the file has passed the redaction funnel.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar, cast

from . import strict_json
from .exchange import Exchange, Sent
from .model import JSON, Purpose, UsageError, Zone

T = TypeVar("T")

EVIDENCE = "evidence.ndjson"
"""The file's name in the folder of a run, and in a bundle."""

FORMAT = 1
GENESIS = "0" * 64
"""`prev` of the first line."""


@dataclass(frozen=True, kw_only=True)
class CaseRecord:
    """A `case` line: what was performed, so that judging needs nothing but the evidence."""

    id: str
    scenario: str
    arguments: Mapping[str, JSON]
    requirements: tuple[str, ...]


@dataclass(kw_only=True)
class Evidence:
    """Everything a run left behind, in the order it was written.

    `header`, `footer`: those lines' members, the footer None while a run has not ended.  `digest`: sha256 of the last
    line, which stands for the whole chain.
    """

    header: dict[str, JSON]
    cases: dict[str, CaseRecord] = field(default_factory=dict)
    exchanges: list[Exchange] = field(default_factory=list)
    footer: dict[str, JSON] | None = None
    digest: str = GENESIS
    resumed: int = 0

    @property
    def recording(self) -> bool:
        """Whether it is other people's traffic: then it has no plan, and nothing in it can be asked again."""
        return not self.header.get("plan_digest")

    @property
    def counts(self) -> dict[str, JSON]:
        """Exchanges by purpose."""
        return dict(Counter(each.purpose.value for each in self.exchanges))

    @property
    def complete(self) -> bool:
        """Whether the run said that it reached its end."""
        return self.footer is not None and self.footer.get("why") == "done"


def read(path: Path) -> Evidence:
    """Read an evidence file.  Raises UsageError naming the file and the line that is not as it was written."""
    try:
        return parse(path, path.read_bytes())
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None


def parse(path: Path, data: bytes) -> Evidence:
    """Read what a file holds.  Raises UsageError naming the file and the line that is not as it was written."""
    try:
        return load(data.splitlines(), cut=not data.endswith(b"\n"))
    except _Broken as broken:
        raise UsageError(f"{path} line {broken.line}: {broken}") from None


class _Broken(ValueError):
    def __init__(self, line: int, why: str) -> None:
        super().__init__(why)
        self.line = line


def load(lines: Iterable[bytes], *, cut: bool = False) -> Evidence:
    """Read evidence from its lines; half a last line, `cut` by a kill, is passed over."""
    evidence: Evidence | None = None
    digest = GENESIS
    every = list(lines)
    for number, line in enumerate(every, 1):
        document = strict_json.parse(line)
        if not isinstance(document.value, dict):
            if cut and number == len(every) and evidence is not None:
                break
            raise _Broken(number, "it is not a JSON object; is this an evidence file?")
        record = document.value
        if record.get("prev") != digest:
            why = "the line before it was changed, removed or added (its digest does not match)"
            raise _Broken(number, why if evidence else "it is no header; is this an evidence file?")
        digest = hashlib.sha256(line).hexdigest()
        try:
            evidence = _take(record, evidence)
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
            raise _Broken(number, f"it is no evidence line of format {FORMAT} ({error!r})") from None
    if evidence is None:
        raise _Broken(1, "it is empty")
    evidence.digest = digest
    return evidence


def _take(record: dict[str, JSON], evidence: Evidence | None) -> Evidence:
    kind = record["kind"]
    body = {name: value for name, value in record.items() if name not in ("kind", "prev")}
    if evidence is None:
        if kind != "header" or body["format"] != FORMAT:
            raise ValueError(f"the first line is no header of format {FORMAT}")
        return Evidence(header=body)
    if kind == "case":
        case = CaseRecord(
            id=_of(str, body["id"]),
            scenario=_of(str, body["scenario"]),
            arguments=_of(dict, body["arguments"]),
            requirements=tuple(_of(str, each) for each in _of(list, body["requirements"])),
        )
        evidence.cases[case.id] = case
    elif kind == "exchange":
        evidence.exchanges.append(from_json(body))
    elif kind == "footer":
        evidence.footer = body
    elif kind == "resumed":
        evidence.resumed += 1
        evidence.footer = None
    else:
        raise ValueError(f"unknown kind {kind!r}")
    return evidence


def to_json(exchange: Exchange) -> dict[str, JSON]:
    """An `exchange` line's members."""
    return {
        "n": exchange.n,
        "case": exchange.case,
        "step": list(exchange.step),
        "purpose": exchange.purpose.value,
        "round": exchange.round,
        "request": {
            "method": exchange.request.method,
            "url": exchange.request.url,
            "headers": [list(pair) for pair in exchange.request.headers],
            "body": _encode(exchange.request.body),
            "zone": exchange.request.zone.value,
        },
        "status": exchange.status,
        "headers": [list(pair) for pair in exchange.headers],
        "pieces": [[round(seconds, 6), _encode(data)] for seconds, data in exchange.pieces],
        "received": exchange.received,
        "error": exchange.error,
    }


def from_json(line: Mapping[str, JSON]) -> Exchange:
    """The exchange of an `exchange` line.  Raises KeyError, TypeError or ValueError where it is none."""
    request = _of(dict, line["request"])
    step, member = _of(list, line["step"])
    return Exchange(
        n=_of(int, line["n"]),
        case=_of(str, line["case"]),
        step=(_of(int, step), _of(int, member)),
        purpose=Purpose(_of(str, line["purpose"])),
        round=_of(int, line.get("round", 0)),
        request=Sent(
            method=_of(str, request["method"]),
            url=_of(str, request["url"]),
            headers=_pairs(request["headers"]),
            body=_decode(request["body"]),
            zone=Zone(_of(str, request.get("zone", "accept"))),
        ),
        status=None if line["status"] is None else _of(int, line["status"]),
        headers=_pairs(line["headers"]),
        pieces=tuple((float(_of(float, when, int)), _decode(data)) for when, data in _of(list, line["pieces"])),
        received=_of(int, line["received"]),
        error=None if line["error"] is None else _of(str, line["error"]),
    )


def _pairs(value: JSON) -> tuple[tuple[str, str], ...]:
    return tuple((_of(str, name), _of(str, content)) for name, content in _of(list, value))


def _of(kind: type[T], value: object, *kinds: type) -> T:
    """The value if it is of this type (a bool is no int).  Raises TypeError."""
    if not isinstance(value, (kind, *kinds)) or isinstance(value, bool):
        raise TypeError(f"{value!r:.60} is no {kind.__name__}")
    return cast(T, value)


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _decode(value: JSON) -> bytes:
    return base64.b64decode(_of(str, value), validate=True)
