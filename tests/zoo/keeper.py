"""The visitor: a process of its own that runs the suite against one animal after the other and measures itself.

Reads a JSON line for each animal from standard input and writes one for each to standard output.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

from conformance import contract as contracts
from conformance import evidence
from conformance.console import Silent
from conformance.evidence import EVIDENCE
from conformance.exchange import Exchange
from conformance.fire import Pace
from conformance.model import Depth, UsageError
from conformance.order import Order
from conformance.report import document, files
from conformance.run import run
from conformance.target import Target

from .cage import CONTRACT

KEY = "sk-the-key-of-the-zoo-0123456789"


class Clock(Silent):
    """Measures the longest time from the end of one exchange to the end of the next, in seconds."""

    def __init__(self) -> None:
        self.longest = 0.0
        self._last = time.monotonic()

    def exchanged(self, _exchange: Exchange) -> None:
        """One has ended."""
        now = time.monotonic()
        self.longest, self._last = max(self.longest, now - self._last), now


def visit(name: str, url: str, select: list[str], timeout: float, out: str, concurrency: int = 1) -> dict[str, Any]:
    """A run against one animal: what came of it, and what it took."""
    contract = contracts.load(CONTRACT)
    order = Order(
        contract=contract,
        target=Target(url=url, model="m", scheme=contract.scheme, key=KEY),
        features=frozenset(contract.features),
        depth=Depth.SMOKE,
        selection=tuple(select),
        pace=Pace(timeout=timeout, retries=0, concurrency=concurrency),
    )
    order.plan()  # here, for it is kept: what is measured is what the animal costs
    folder, clock, started = Path(out) / name, Clock(), time.monotonic()
    told: dict[str, Any] = {"name": name, "refused": None, "verdicts": {}, "errors": [], "same": True}
    try:
        ran = run(order, folder, clock)
        report = document.make(ran, contract)
        files.write(report, folder)
        told["same"] = document.make(evidence.read(folder / EVIDENCE), contract) == report
        rows = document.rows_by_id(report)
        told["verdicts"] = {id_: row["verdict"] for id_, row in rows.items()}
        told["reasons"] = {id_: row["reason"] for id_, row in rows.items()}
        told["errors"] = [each.error for each in ran.exchanges if each.case != "preflight"]
    except UsageError as error:
        told["refused"] = str(error)
    return {**told, "longest": clock.longest, "seconds": time.monotonic() - started, "peak": peak()}


def peak() -> float:
    """The most memory that this process has had, in MB.

    Linux lets a new program inherit the peak that getrusage tells from the process that started it; its own is in /proc.
    """
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().partition("VmHWM:")[2].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "linux" else 1024 * 1024)


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(visit(**json.loads(line))), flush=True)
