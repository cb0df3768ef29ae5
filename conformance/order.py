"""All that decides what a run is, before its first request."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import hypothesis

from . import __version__, plan
from .ask import Setting
from .budget import Budget, Prices
from .contract import Contract
from .evidence import FORMAT
from .fire import Pace
from .model import JSON, Depth
from .plan import Plan
from .scenario import Case
from .target import Target


@dataclass(frozen=True, kw_only=True)
class Order:
    """Everything a user asked of a run.  `features`: those that are on, by name."""

    contract: Contract
    target: Target
    features: frozenset[str]
    depth: Depth = Depth.STANDARD
    seed: int = 1
    selection: tuple[str, ...] = ()
    pace: Pace = field(default_factory=Pace)
    max_requests: int | None = None
    max_tokens: int | None = None
    max_cost: Decimal | None = None
    prices: Prices | None = None
    context: int = 8192
    reference: bool = False
    replay: Path | None = None
    restart: str | None = None
    also: tuple[Case, ...] = ()

    @property
    def setting(self) -> Setting:
        """What every script of the run may know."""
        return Setting(
            contract=self.contract,
            model=self.target.model,
            features=self.features,
            aliases=frozenset(self.target.aliases),
            seed=self.seed,
            depth=self.depth,
        )

    def check(self) -> None:
        """Raise UsageError for a selection that matches nothing, without making the plan."""
        if self.selection:
            plan.chosen(self.setting, self.depth, self.selection)

    def plan(self) -> Plan:
        """What it will fire.  Raises UsageError for a selection that matches nothing."""
        return plan.make(self.setting, self.depth, self.selection)

    def budget(self) -> Budget:
        """What it may cost, with nothing spent yet."""
        return Budget(
            max_requests=self.max_requests,
            max_tokens=self.max_tokens,
            max_cost=self.max_cost,
            prices=self.prices,
            context=self.context,
        )

    def header(self, planned: Plan, started: str | None = None) -> dict[str, JSON]:
        """The evidence's first line; `started`: when the first request was sent, if that was not now."""
        states: dict[str, JSON] = {
            name: "on" if name in self.features else "off" for name in sorted(self.contract.features)
        }
        prices = self.prices
        return {
            "format": FORMAT,
            "suite": __version__,
            "hypothesis": hypothesis.__version__,
            "contract": self.contract.name,
            "contract_digest": self.contract.digest,
            "plan_digest": planned.digest,
            "seed": self.seed,
            "depth": self.depth.value,
            "features": states,
            "selection": " ".join(self.selection) or None,
            "reference": self.reference,
            "target": self.target.to_json(),
            "prices": None if prices is None else {"in": str(prices.prompt), "out": str(prices.completion)},
            "started": started or now(),
        }


def now() -> str:
    """The time in UTC, to the second, as RFC 3339 writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
