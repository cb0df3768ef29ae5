"""The commands that send something: they run one target or several, and leave a folder for each.

Rule: what is wrong with what a user said is found before anything is sent, to whichever target.
"""

from __future__ import annotations

import os
import secrets
import signal
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from . import asked, console, evidence, options
from .asked import Asked
from .contract import Contract
from .evidence import EVIDENCE, Evidence
from .hearing import case_of
from .model import JSON, SuiteError, UsageError
from .order import Order
from .remark import address_of
from .reply import items, members, objects, text
from .report import compare, comparison, document, files, gate, github
from .run import run
from .scenario import Case
from .target import Target
from .target_file import called

SEVERITY = (0, 3, 1, 2)
"""Exit codes, the worst last."""


@dataclass(frozen=True, kw_only=True)
class Done:
    """A run that has ended: its folder, its report, and the exit code it alone would have."""

    out: Path
    report: dict[str, JSON]
    code: int


def run_command(values: dict[str, Any]) -> int:
    """`run`: the exit code of the worst of its targets."""
    targets = asked.check_all(values)
    if len(targets) == 1:
        return _run(targets[0], targets[0].out()).code
    return _run_all(targets, Path(values["out"] or asked.dated(Path(values["target"]).stem)))


def rerun_command(values: dict[str, Any]) -> int:
    """`rerun`: what a run asked, again; with --failed only what failed, and what showed it."""
    folder = Path(values["run"])
    recorded = evidence.read(folder / EVIDENCE)
    said = _again(recorded, values)
    before = document.make(recorded, said.contract, baseline=said.baseline)
    said = replace(said, earlier=said.earlier or before)
    if values["failed"]:
        failed = [row for row in objects(before["requirements"]) if row["verdict"] == "fail"]
        if not failed:
            raise UsageError(f"nothing failed in {folder}, so there is nothing to ask again")
        rows = [address_of(row).row for row in failed]
        said = replace(said, values={**said.values, "select": rows}, also=_showing(recorded, failed))
    return _run(said, said.out()).code


def _again(recorded: Evidence, values: dict[str, Any]) -> Asked:
    """The order of a run that was recorded, with what is said now over it."""
    header = recorded.header
    target, states = members(header["target"]), members(header["features"])
    below: dict[str, Any] = {name: header[name] for name in ("contract", "depth", "seed")}
    below["with_"] = [name for name, state in states.items() if state == "on"]
    below["without"] = [name for name, state in states.items() if state != "on"]
    if header["selection"]:
        below["select"] = text(header["selection"]).split()
    if not header["reference"]:
        below |= {"url": target["url"], "model": target["model"]}
    given = {option.name: values[option.name] for option in (*options.OPTIONS, options.STRICT)}
    named = called(target.get("name"), asked.check_all(given, below), values["target"])
    return replace(named, aliases=named.aliases or tuple(map(text, items(target.get("aliases")))))


def _showing(recorded: Evidence, failed: Sequence[dict[str, JSON]]) -> tuple[Case, ...]:
    """The cases whose exchanges show these failures, whoever's they are."""
    numbers = {each["exchange"] for row in failed for each in objects(row["violations"])}
    ids = dict.fromkeys(each.case for each in recorded.exchanges if each.n in numbers)
    cases = (case_of(recorded.cases[id_]) for id_ in ids if id_ in recorded.cases)
    return tuple(case for case in cases if case is not None)


def _run_all(targets: Sequence[Asked], base: Path) -> int:
    """Run one after another.  One that cannot be tested at all is said to be so, and the next has its turn."""
    codes, reports = [], []
    for said in targets:
        console.say(f"{said.name}:")
        try:
            done = _run(said, base / str(said.name))
        except UsageError as error:
            console.complain(f"{said.name}: {error}")
            codes.append(2)
            continue
        codes.append(done.code)
        reports.append(done.report)
        if not done.report["complete"]:  # whoever interrupts a run means all of them
            break
    for name, path in _compared(reports, base):
        console.say(f"the targets of contract {name} side by side: {path}")
    return max(codes, key=SEVERITY.index)


def _compared(reports: Sequence[dict[str, JSON]], base: Path) -> Iterator[tuple[str, Path]]:
    """Compare what can be: a page for each contract that several targets have; its name, and the page."""
    by_contract: dict[str, list[dict[str, JSON]]] = {}
    for each in reports:
        by_contract.setdefault(text(members(each["contract"])["name"]), []).append(each)
    for name, of_one in by_contract.items():
        if len(of_one) > 1:
            path = base / ("compare.html" if len(by_contract) == 1 else f"compare-{name}.html")
            compare.write(comparison.compare(of_one), path)
            yield name, path


def _run(said: Asked, out: Path) -> Done:
    """Interrupted or asked to end, it makes the report of what it has, which says that it is incomplete."""
    resume = said.values["resume"] and (said.name is None or (out / EVIDENCE).exists())
    with _ended_by_signals(), ordered(said) as order:
        try:
            with console.watching(order) as watcher:
                recorded = run(order, out, watcher, resume=resume)
        except KeyboardInterrupt:
            if not (out / EVIDENCE).exists():
                raise
            recorded = evidence.read(out / EVIDENCE)
        report = judged(said, recorded, order.contract)
    files.write(report, out)
    github.tell(report, os.environ, console.say)
    console.summary(report, out)
    code = gate.new_only(report) if said.values["fail_on"] == "new" else document.exit_code(report)
    return Done(out=out, report=report, code=code)


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """SIGTERM is taken as Ctrl-C, and Ctrl-C is heeded also where it was to be ignored, as in a script's background."""
    before = signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    if ignored:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
        if ignored:
            signal.signal(signal.SIGINT, signal.SIG_IGN)


def judged(said: Asked, recorded: Evidence, contract: Contract) -> dict[str, JSON]:
    """The report of a run, with all that was said of it."""
    strict = said.values["strict"]
    return document.make(
        recorded, contract, strict=strict, baseline=said.baseline, answers=said.answers, earlier=said.earlier
    )


@contextmanager
def ordered(said: Asked) -> Iterator[Order]:
    """The order, with the reference endpoint running for as long as it is the target.

    What goes wrong while it lasts is told without secrets: UsageError as it is, all else as SuiteError.
    """
    if not said.wants_reference:
        order = said.order()
        with _told_without_secrets(order.target):
            yield order
        return
    from .reference.app import running
    from .reference.endpoint import Endpoint

    key = f"user:{secrets.token_hex(16)}" if said.contract.scheme == "basic" else secrets.token_hex(16)
    with running(Endpoint(said.contract, key=key, model=options.REFERENCE_MODEL)) as base_url:
        yield said.order(url=base_url + said.contract.path, key=key)


@contextmanager
def _told_without_secrets(target: Target) -> Iterator[None]:
    try:
        yield
    except UsageError as error:
        raise UsageError(target.redactor.text(str(error))) from None
    except Exception as error:  # noqa: BLE001  # raised again; its words only, for pytest shows what frames hold
        told = "".join(traceback.format_exception(error))
        raise SuiteError(target.redactor.text(told)) from None
