"""What a run says while it runs: a bar on a terminal, plain lines in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from .exchange import Exchange
from .model import JSON
from .order import Order
from .plan import Plan
from .reply import members, text
from .report.overview import much_weather, stale

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

EVERY = 10.0
"""Seconds between two lines of a log."""


class Silent:
    """Says nothing."""

    def begun(self, _planned: Plan, _answer: Exchange) -> None:
        """Nothing."""

    def exchanged(self, _exchange: Exchange) -> None:
        """Nothing."""

    def died(self, _case: str) -> None:
        """Nothing."""

    def minimising(self, _cases: int) -> None:
        """Nothing."""

    def repeating(self, _jobs: int) -> None:
        """Nothing."""


class Log(Silent):
    """Says first what is tested and then, now and then, how far it is."""

    def __init__(self, order: Order, stream: IO[str]) -> None:
        self.order = order
        self.stream = stream
        self.done = 0
        self.total = 0
        self._last = time.monotonic()

    def begun(self, planned: Plan, answer: Exchange) -> None:
        """The first line."""
        self.total = planned.requests
        self.say(first_line(self.order, planned, answer))

    def exchanged(self, _exchange: Exchange) -> None:
        """A line, if the last one was long ago."""
        self.done += 1
        if time.monotonic() - self._last > EVERY:
            self._last = time.monotonic()
            planned = f"{self.done} of at most {many(self.total, 'request')}"
            self.say(planned if self.done <= self.total else f"{many(self.done, 'request')}, with what was asked again")

    def died(self, case: str) -> None:
        """A line."""
        self.say(f"the endpoint did not outlive {case}")

    def minimising(self, cases: int) -> None:
        """A line."""
        self.say(f"leaving members out of {cases} refused request{'s' * (cases > 1)}, to find what is to blame")

    def repeating(self, jobs: int) -> None:
        """A line."""
        self.say(f"asking {many(jobs, 'scenario')} again, to confirm what was seen once")

    def say(self, line: str) -> None:
        """One line, without what a terminal would act upon."""
        print(printable(line), file=self.stream, flush=True)  # this is the module that prints


class Bar(Log):
    """The same with a progress bar in the place of the lines between."""

    def __init__(self, order: Order, stream: IO[str], progress: Progress) -> None:
        super().__init__(order, stream)
        self.progress = progress
        self.task: TaskID | None = None

    def begun(self, planned: Plan, answer: Exchange) -> None:
        """The first line, and the bar under it."""
        super().begun(planned, answer)
        self.task = self.progress.add_task("firing", total=planned.requests, completed=self.done)

    def exchanged(self, _exchange: Exchange) -> None:
        """One further."""
        self.done += 1
        if self.task is not None:
            self.progress.update(self.task, completed=self.done, total=max(self.done, self.total))

    def minimising(self, _cases: int) -> None:
        """The bar says so."""
        if self.task is not None:
            self.progress.update(self.task, description="minimising")

    def repeating(self, _jobs: int) -> None:
        """The bar says so."""
        if self.task is not None:
            self.progress.update(self.task, description="confirming")

    def say(self, line: str) -> None:
        """A line above the bar."""
        self.progress.console.print(printable(line), markup=False, highlight=False, soft_wrap=True)


@contextmanager
def watching(order: Order) -> Iterator[Log]:
    """A watcher that suits where we print to."""
    if not sys.stderr.isatty():
        yield Log(order, sys.stderr)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield Bar(order, sys.stderr, progress)


def first_line(order: Order, planned: Plan, answer: Exchange) -> str:
    """What is tested, and what it will cost."""
    what = "the built-in reference endpoint" if order.reference else order.target.redactor.text(order.target.url)
    names = [text(each.get("model")) for each in answer.objects]
    own = (order.target.model, *order.target.aliases)
    by = f", answered by {names[0]}" if names and names[0] and names[0] not in own else ""
    seconds = answer.pieces[-1][0] if answer.pieces else 0.0
    requests = planned.requests
    estimate = max(requests * seconds / order.pace.concurrency, requests / (order.pace.rate or 1e9), 1.0)
    prices = order.prices
    money = f", which cost {prices.cost(*planned.worst(order.context)):.4f}" if prices else ""
    return (
        f"testing {what} (contract {order.contract.name}, model {order.target.model}{by}): "
        f"{many(len(planned.rows), 'requirement')}, at most {many(requests, 'request')} and "
        f"{many(planned.tokens(order.context), 'token')}{money}, "
        f"about {estimate:.0f} s"
    )


def last_line(report: dict[str, JSON], out: Path) -> str:
    """The outcome, and where the report is."""
    counts = {name: n for name, n in members(report["counts"]).items() if n}
    what = "the built-in reference endpoint is " if report["reference"] else ""
    what += "" if report["complete"] else "(run not complete) "
    parts = ", ".join(f"{n} {name}" for name, n in counts.items())
    requests = report["requests"]
    asked = many(requests if isinstance(requests, int) else 0, "request")
    weather = much_weather(report)
    about = f" ({weather[0].lower()}{weather[1:]})" if weather else ""
    return f"{what}{text(report['outcome'])}{about}: {parts}; {asked}; see {out / 'report.html'}"


def summary(report: dict[str, JSON], out: Path) -> None:
    """Print the entries of the baseline that fail the run, and the last line."""
    for line in (*stale(report), last_line(report, out)):
        say(printable(line))


def say(line: str) -> None:
    """Print a line of what a command was asked for."""
    print(line, flush=True)  # noqa: T201  # this is the module that prints


def complain(line: str) -> None:
    """Print a line of what went wrong."""
    print(f"chat-conformance: {printable(line)}", file=sys.stderr, flush=True)  # noqa: T201


def many(count: int, what: str) -> str:
    """So many of something."""
    return f"{count:,} {what}{'s' * (count != 1)}"


def printable(line: str) -> str:
    """The line with control characters made visible: an endpoint's words must not steer a terminal."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in line)
