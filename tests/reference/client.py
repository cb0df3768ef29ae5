"""A client of the reference endpoint in process: members in, an exchange out."""

from __future__ import annotations

import base64
import itertools
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from conformance import contract, strict_json
from conformance.contract import Contract
from conformance.exchange import Exchange, Sent
from conformance.model import JSON, Purpose
from conformance.mutants import Call, Wire
from conformance.reference.endpoint import Endpoint
from conformance.reply import objects

KEY = "traveller:lantern-77"
STORY = "Tell a long story about a traveller who counts everything."


class _Omit:
    """One value, with a name that is the same in every process."""

    def __repr__(self) -> str:
        return "OMIT"


OMIT = _Omit()
USAGE = {"include_usage": True}
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "strict": True,
        "parameters": {
            "type": "object",
            "properties": {
                "städte": {"type": "array", "items": {"type": "string"}, "minItems": 1},
                "unit": {"enum": ["°C", "°F"]},
                "days": {"type": "integer", "minimum": 1, "maximum": 5},
            },
            "required": ["städte", "unit", "days"],
            "additionalProperties": False,
        },
    },
}
CALL_IT = "Please call get_weather now."


def credential(scheme: str, key: str = KEY) -> str:
    """The Authorization header of a client that has the key."""
    return f"Bearer {key}" if scheme == "bearer" else f"Basic {base64.b64encode(key.encode()).decode()}"


def exchange(call: Call, wire: Wire) -> Exchange:
    """A call and its answer as a check sees them."""
    return Exchange(
        n=1,
        case="",
        step=(0, 0),
        purpose=Purpose.PLAN,
        request=Sent(method=call.method, url=call.path, headers=call.headers, body=call.body),
        status=wire.status,
        headers=wire.headers,
        pieces=tuple((0.0, piece) for piece in wire.pieces),
        received=len(wire.body),
    )


@dataclass(frozen=True, kw_only=True)
class Client:
    """Asks one endpoint; every request has a model, a message, a limit and the right credential."""

    endpoint: Endpoint

    @classmethod
    def of(cls, name: str = "highwayapi", **options: Any) -> Client:
        """A client of a contract's endpoint whose chance is the same in every test."""
        chosen: dict[str, Any] = {"key": KEY, "entropy": itertools.count(1).__next__, "clock": lambda: 1_700_000_000.0}
        return cls(endpoint=Endpoint(contract.load(name), **(chosen | options)))

    @cached_property
    def contract(self) -> Contract:
        """What the endpoint speaks."""
        return self.endpoint.contract

    def members(self, prompt: str = STORY, **members: Any) -> dict[str, JSON]:
        """The body of a request; OMIT leaves a member out."""
        body = {"model": "reference", "messages": [{"role": "user", "content": prompt}], "max_tokens": 24, **members}
        return {name: value for name, value in body.items() if value is not OMIT}

    def ask(self, prompt: str = STORY, **members: Any) -> Exchange:
        """One request, answered."""
        return self.send(strict_json.dump(self.members(prompt, **members)))

    def send(self, body: bytes, **changes: Any) -> Exchange:
        """One request with this very body; `changes` are to the call: method, path, or a header by its name."""
        headers = {"content-type": "application/json", "authorization": credential(self.contract.scheme)}
        headers |= changes.pop("headers", {})
        call = Call(
            **{"path": self.contract.path, **changes},
            headers=tuple((name, value) for name, value in headers.items() if value is not None),
            body=body,
        )
        return exchange(call, self.endpoint.answer(call))


def entries(exchange: Exchange, choice: int = 0) -> list[dict[str, Any]]:
    """The log probabilities of a choice."""
    return list(objects(list(exchange.choices[choice].logprobs or ())))


def said(exchange: Exchange, choice: int = 0) -> bytes:
    """The bytes of a choice's tokens."""
    return b"".join(bytes(entry["bytes"]) for entry in entries(exchange, choice))
