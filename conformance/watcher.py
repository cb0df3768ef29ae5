"""Who is told how a run gets on: a progress bar, a log, or nobody."""

from __future__ import annotations

from typing import Protocol

from .exchange import Exchange
from .plan import Plan


class Watcher(Protocol):
    """Who is told how a run gets on."""

    def begun(self, planned: Plan, answer: Exchange) -> None:
        """The preflight was answered; the plan is about to be fired."""

    def exchanged(self, exchange: Exchange) -> None:
        """An exchange has ended."""

    def died(self, case: str) -> None:
        """The endpoint did not outlive this case."""

    def minimising(self, cases: int) -> None:
        """So many refused requests are about to be made smaller."""

    def repeating(self, jobs: int) -> None:
        """So many performances are about to be repeated, to confirm violations."""
