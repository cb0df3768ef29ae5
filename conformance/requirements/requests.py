"""Requests: what the document allows is accepted."""

from __future__ import annotations

from collections.abc import Iterator

from ..blame import generated, honest, lacking
from ..contract import Contract
from ..conversations import choices
from ..exchange import Exchange
from ..model import Finding, Kind, Level, NotJudged, Violation, Zone
from ..reply import problem
from ..requirement import requirement
from ..schema import show
from ..spoil import refuses, streaming

HINTS = {
    "tools": "; run --without tools where none are offered",
    "response_format": "; run --without json-object where no form is offered",
}
"""What to do where it is known that an endpoint lacks what a member asks for."""


@requirement(
    "requests.accepted",
    level=Level.MUST,
    source="request",
    scenario=choices,
    kind=Kind.EACH,
    applies=lambda exchange: exchange.zone is Zone.ACCEPT and not generated(exchange) and exchange.scenario != "canary",
    mutants=[
        refuses("n"),
        refuses("n", 500),
        refuses("stream"),
        refuses("max_tokens", 422, when=streaming),
    ],
)
def valid_is_accepted(exchange: Exchange, *, contract: Contract) -> Iterator[Finding]:
    """A request of documented members with documented values is answered with a 2xx."""
    if contract.zone(exchange.sent) is not Zone.ACCEPT:
        yield NotJudged(reason="the documents contradict each other on every request that was sent")
    elif not exchange.ok and (member := lacking(exchange)):
        yield honest(member)
    elif not exchange.ok:
        said = problem(exchange.members)
        members = ", ".join(name for name in exchange.sent if name not in ("model", "messages"))
        hint = next((hint for name, hint in HINTS.items() if name in exchange.sent), "")
        yield Violation(
            pointer="status",
            observed=f"{exchange.status}{f' ({show(said)})' if said else ''}",
            expected=f"2xx for a request with {members or 'model and messages'}{hint}",
        )
