"""Recordings of real servers, as a recorder left them -> the evidence files of fixtures/.

    python tests/convert_recordings.py FOLDER

FOLDER holds NAME.ndjson.gz, one JSON line an exchange: server, case, request {method, path, headers, body or raw_body},
response {status, headers, body or body_base64, chunks_ms_len, read_error} or {error}.  Rule: bodies are kept as they
were recorded, headers and the key as the funnel of every run has them.  Left out is what was asked at another path, and
what would be the third exchange of its kind: the same members with values of the same types, the same model, zone and
status.
"""

from __future__ import annotations

import base64
import gzip
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

from conformance import __version__, contract, strict_json
from conformance.evidence import FORMAT, GENESIS
from conformance.exchange import Exchange, Sent
from conformance.model import JSON, Purpose, Zone
from conformance.redact import Redactor
from conformance.writer import Writer

Record: TypeAlias = "dict[str, Any]"

FIXTURES = Path(__file__).parent.parent / "fixtures"
CONTRACT = "highwayapi"
PATH = "/v1/chat/completions"
URL = f"http://127.0.0.1{PATH}"
KEY = "sk-local"
RECORDED = "2026-11-20T08:00:00Z"
OF_A_KIND = 2
"""A verdict needs two."""

SERVERS = {
    "aimock": "@copilotkit/aimock 1.43.0",
    "guidellm-mock": "guidellm 0.8.1 mock-server",
    "litellm-vllm": "LiteLLM 1.106.2 in front of vLLM",
    "litellm-vllm-cooldown": "LiteLLM 1.106.2 in front of vLLM, cooling down after one upstream failure",
    "litellm-vllm-tools": "LiteLLM 1.106.2 in front of vLLM, a model that calls tools",
    "llama-cpp-python": "llama-cpp-python 0.3.36",
    "mlx-lm": "mlx-lm 0.32.2 on Linux CPU",
    "mlx-lm-tools": "mlx-lm 0.32.2 on Linux CPU, a model that calls tools",
    "mock-ai-api": "mock-ai-api 0.1.1",
    "mockllm": "@dwmkerr/mock-llm 0.1.29",
    "openai-mock-api": "openai-mock-api 0.4.0",
}
"""What was recorded, by the recording's name."""

DISPUTED = frozenset({"model-unknown", "stream-unknown-model", "prompt-over-context", "message-lone-surrogate"})
"""Cases that may be refused though no schema says so: nobody knows the model, or the size of the context, and half a
surrogate pair is no Unicode."""

LATIN_1 = frozenset({"json-latin1"})
"""Cases whose body was sent in Latin-1; the recorder kept a replacement character for the one byte that is no UTF-8."""


def main(folder: Path) -> None:
    """Convert every recording that is known."""
    for name, server in SERVERS.items():
        with gzip.open(folder / f"{name}.ndjson.gz") as lines:
            records = [json.loads(line) for line in lines]
        here = (record for record in records if record["request"]["path"] == PATH)
        exchanges = list(_of_each_kind(_exchange(number, record) for number, record in enumerate(here, 1)))
        (FIXTURES / f"{name}.ndjson.gz").write_bytes(gzip.compress(_evidence(server, exchanges), mtime=0))


def _of_each_kind(exchanges: Iterable[Exchange]) -> Iterator[Exchange]:
    seen: Counter[object] = Counter()
    for exchange in exchanges:
        types = frozenset((name, _type(value)) for name, value in exchange.sent.items()) or exchange.case
        model = str(exchange.sent.get("model"))
        kind = (exchange.request.method, exchange.request.headers, exchange.zone, exchange.status, model, types)
        seen[kind] += 1
        if seen[kind] <= OF_A_KIND:
            yield exchange


def _type(value: JSON) -> str:
    if isinstance(value, dict):
        return f"{{{','.join(sorted(value))}}}"
    return f"[{','.join(map(_type, value))}]" if isinstance(value, list) else type(value).__name__


def _evidence(server: str, exchanges: list[Exchange]) -> bytes:
    header: dict[str, JSON] = {
        "format": FORMAT,
        "suite": __version__,
        "hypothesis": "",
        "recorded": server,
        "contract": CONTRACT,
        "contract_digest": GENESIS,
        "plan_digest": GENESIS,
        "seed": 1,
        "depth": "full",
        "features": dict.fromkeys(sorted(contract.load(CONTRACT).features), "on"),
        "selection": None,
        "reference": False,
        "target": {"url": URL, "model": exchanges[0].sent["model"]},
        "started": RECORDED,
    }
    with TemporaryDirectory() as folder:
        writer = Writer.create(Path(folder) / "evidence.ndjson", header)
        for exchange in exchanges:
            writer.exchange(exchange)
        writer.end("done", RECORDED, {"plan": len(exchanges)})
        return (Path(folder) / "evidence.ndjson").read_bytes()


def _exchange(number: int, record: Record) -> Exchange:
    redactor = Redactor([KEY])
    request, response = record["request"], record["response"]
    body = base64.b64decode(response.get("body_base64") or "") or (response.get("body") or "").encode()
    closed = "closed: the connection was closed without a reply"
    return Exchange(
        n=number,
        case=record["case"],
        step=(0, 0),
        purpose=Purpose.PLAN,
        request=Sent(
            method=request["method"],
            url=URL,
            headers=redactor.sent_headers((name.lower(), value) for name, value in request["headers"].items()),
            body=_sent(record),
            zone=_zone(record),
        ),
        status=response.get("status"),
        headers=redactor.headers((name, value) for name, value in response.get("headers", ())),
        pieces=redactor.pieces(list(_pieces(body, response.get("chunks_ms_len", ())))),
        received=len(body),
        error=closed if "error" in response else response["read_error"],
    )


def _sent(record: Record) -> bytes:
    request = record["request"]
    if request["body"] is not None:
        return strict_json.dump(request["body"])
    text: str = request["raw_body"] or ""
    return text.replace("\ufffd", "\xe9").encode("latin-1") if record["case"] in LATIN_1 else text.encode()


def _pieces(body: bytes, arrived: Iterable[tuple[float, int]]) -> Iterator[tuple[float, bytes]]:
    """The body cut where it was when it arrived; what the recorder shortened ends earlier."""
    start = 0
    for milliseconds, length in arrived:
        if piece := body[start : start + length]:
            yield milliseconds / 1000, piece
        start += length


def _zone(record: Record) -> Zone:
    headers = {name.lower(): value for name, value in record["request"]["headers"].items()}
    proper = headers.get("content-type") == "application/json" and headers.get("authorization") == f"Bearer {KEY}"
    if record["request"]["method"] != "POST" or not proper:
        return Zone.REJECT
    zone = contract.load(CONTRACT).zone(strict_json.parse(_sent(record)).value)
    return Zone.DISPUTED if zone is Zone.ACCEPT and record["case"] in DISPUTED else zone


if __name__ == "__main__":
    main(Path(sys.argv[1]))
