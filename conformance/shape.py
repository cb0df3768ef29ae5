"""What departs from the contract's schemas, shared out among the requirements that speak of each member.

Rule: the schema is the contract's and is judged once an object; a requirement takes the faults at its own place, so
that one fault of a server is one finding.  What no other requirement takes is left to `envelope.other-members` and
`streaming.other-members`.
"""

from __future__ import annotations

from collections.abc import Iterator
from weakref import WeakKeyDictionary

from .contract import Contract
from .exchange import Exchange
from .model import Violation
from .schema import Fault, Schema

OWNERS: dict[tuple[str, ...], tuple[str, str]] = {
    ("id",): ("envelope.id", "streaming.id"),
    ("object",): ("envelope.object", "streaming.object"),
    ("created",): ("envelope.created", "streaming.created"),
    ("model",): ("envelope.model", "streaming.model"),
    ("choices",): ("choices.present", "streaming.choices"),
    ("choices", "*"): ("choices.present", "streaming.choices"),
    ("choices", "*", "index"): ("choices.indexes", "streaming.index"),
    ("choices", "*", "message"): ("choices.message", "streaming.other-members"),
    ("choices", "*", "message", "role"): ("choices.role", "streaming.other-members"),
    ("choices", "*", "message", "content"): ("choices.content", "streaming.other-members"),
    ("choices", "*", "finish_reason"): ("choices.finish-reason", "streaming.finish-once"),
    ("choices", "*", "delta"): ("envelope.other-members", "streaming.delta"),
    ("choices", "*", "delta", "role"): ("envelope.other-members", "streaming.delta"),
    ("choices", "*", "delta", "content"): ("envelope.other-members", "streaming.delta"),
    ("choices", "*", "logprobs"): ("logprobs.shape", "logprobs.shape"),
    ("usage",): ("usage.shape", "usage.shape"),
}
"""The requirement that speaks of the member at a path, in a whole reply and in a chunk; "*" is any array index."""

OTHERS = ("envelope.other-members", "streaming.other-members")

_found: WeakKeyDictionary[Exchange, WeakKeyDictionary[Schema, tuple[tuple[str, Violation], ...]]] = WeakKeyDictionary()


def departures(exchange: Exchange, contract: Contract, requirement: str) -> Iterator[Violation]:
    """What departs from the contract's schema in this exchange at the place of a requirement.

    An object that is an error in disguise is passed over: it is the business of `envelope.no-error-in-success`.
    """
    schema = contract.chunk if exchange.asked_stream else contract.completion
    known = _found.setdefault(exchange, WeakKeyDictionary())
    if schema not in known:
        known[schema] = tuple(_departures(exchange, schema))
    return (violation for owner, violation in known[schema] if owner == requirement)


def _departures(exchange: Exchange, schema: Schema) -> Iterator[tuple[str, Violation]]:
    for number, value in enumerate(exchange.objects):
        if "error" in value and "choices" not in value:
            continue
        if exchange.asked_stream and number == 0 and value.get("choices") == [] and not value.get("usage"):
            continue  # a content filter's preamble, which is blank elsewhere too
        for fault in schema.faults(value):
            place = f"event {number}{fault.pointer}" if exchange.asked_stream else fault.pointer or "/"
            violation = Violation(
                pointer=place, observed=fault.observed, expected=fault.expected, exchanges=(exchange.n,)
            )
            yield owner(fault, streamed=exchange.asked_stream), violation


def owner(fault: Fault, *, streamed: bool) -> str:
    """The requirement that a fault belongs to."""
    path = tuple("*" if isinstance(part, int) else part for part in fault.path)
    if path[:1] == ("usage",):
        path = path[:1]
    path = path[:3] if path[:3] == ("choices", "*", "logprobs") else path
    return OWNERS.get(path, OTHERS)[streamed]
