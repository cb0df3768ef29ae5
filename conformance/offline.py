"""The commands that send nothing: they read what runs left, and say or write what follows from it."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import asked, baseline, console, options
from . import contract as contracts
from .contract import Contract
from .evidence import EVIDENCE, Evidence
from .model import UsageError, Verdict
from .online import SEVERITY
from .redact import Redactor
from .remark import Answers, address_of
from .reply import members, objects, text
from .target_file import Said, called, said

if TYPE_CHECKING:
    from .certificate.refusal import Refusal

Adder = Callable[..., argparse.ArgumentParser]
"""Adds a command: its name, what does it, its help, and options that it shares with others."""


def add(command: Adder) -> None:
    """Add these commands to the parser."""
    judged = command(
        "judge",
        judge_command,
        "Recompute the verdicts of recorded evidence, offline.",
        options.TARGET,
        options.STRICT,
        options.BASELINE,
    )
    judged.add_argument("evidence", nargs="+", metavar="EVIDENCE", help="an evidence.ndjson, or the folder of a run")
    judged.add_argument("--contract", metavar="NAME|DIR", help="the contract to judge by; default: the one of the run")
    judged.add_argument("--out", metavar="DIR", help="write the reports there; default: only say the outcome")
    accepted = command(
        "baseline", baseline_command, "Write what fails in a run into a baseline, and take out what passes."
    )
    accepted.add_argument("run", metavar="RUN", help="the folder of a run, or its report.json")
    accepted.add_argument("--update", metavar="FILE", required=True, help="the baseline; made where there is none")
    accepted.add_argument("--contract", metavar="NAME|DIR", help="the run's contract, where it is a folder of your own")
    accepted.add_argument(
        "--reason", metavar="TEXT", help="why the new entries are accepted; default: a line to replace"
    )
    accepted.add_argument(
        "--expires", metavar="DATE", type=_day, help="the last day of new entries, and of expired ones"
    )

    compared = command("compare", compare_command, "Put runs side by side: many endpoints, or one over time.")
    compared.add_argument("runs", nargs="+", metavar="RUN", help="the folder of a run, or its report.json")
    compared.add_argument("--out", metavar="FILE", required=True, help="what to write: FILE.html, .md, .csv or .json")
    _add_certificates(command)


def _add_certificates(command: Adder) -> None:
    made = command("certify", certify_command, "Pack a run into a bundle that anybody can verify.")
    made.add_argument("run", metavar="RUN", help="the folder of a run against a product's endpoint")
    made.add_argument("--product", metavar="FILE", required=True, help="whose endpoint it is: a TOML file")
    made.add_argument("--out", metavar="BUNDLE", required=True, help="the zip file to write")
    made.add_argument("--edition", metavar="NAME", help="of the contract's required sets; default: the newest")
    made.add_argument("--sign", metavar="KEY", help="sign it with this private Ed25519 key (PEM)")
    made.add_argument("--api-key-env", metavar="VAR", help="variable with the run's key, to look for it in the bundle")
    checked = command("verify", verify_command, "Verify a bundle, offline: exit 0 if all that it claims holds, else 1.")
    checked.add_argument("bundle", metavar="BUNDLE", help="the zip file that certify wrote")
    checked.add_argument("--key", metavar="KEY", help="the public Ed25519 key (PEM) that it must be signed with")
    checked.add_argument("--at", metavar="DATE", type=_day, help="verify as of this day; default: today")


def _day(given: str) -> date:
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{given} is no date like 2027-01-31") from None


def judge_command(values: dict[str, Any]) -> int:
    """`judge`: the worst exit code of all the evidence given."""
    from .report import document, files, github

    worst = 0
    for given in values["evidence"]:
        path = Path(given) / EVIDENCE if Path(given).is_dir() else Path(given)
        recorded, contract = _recorded(path, values["contract"])
        mine = _said(values, recorded)
        known, strict = mine.values["baseline"], mine.values["strict"]
        accepted = baseline.load(Path(known), contract) if known else None
        answers = Answers.read([*mine.answers], contract)
        report = document.make(recorded, contract, strict=strict, baseline=accepted, answers=answers)
        out = Path(values["out"]) if values["out"] else path.parent
        if values["out"]:
            files.write(report, out if len(values["evidence"]) == 1 else out / path.parent.name)
        github.tell(report, os.environ, console.say)
        console.summary(report, out)
        worst = max(worst, document.exit_code(report), key=SEVERITY.index)
    return worst


def _said(values: dict[str, Any], recorded: Evidence) -> Said:
    """What the command line and the target file say of the endpoint of some evidence."""
    every = said({name: values[name] for name in ("target", "baseline", "strict")})
    return called(members(recorded.header["target"]).get("name"), every, values["target"])


def _recorded(path: Path, name: str | None) -> tuple[Evidence, Contract]:
    """Evidence of a run, or of a HAR file, and the contract to judge it by."""
    from . import evidence, har

    if har.is_har(path):
        if name is None:
            raise UsageError(f"{path} is a HAR file: give the --contract to judge it by")
        contract = contracts.load(name)
        return har.load(path, contract), contract
    recorded = evidence.read(path)
    return recorded, contracts.load(name or str(recorded.header.get("contract")))


def certify_command(values: dict[str, Any]) -> int:
    """`certify`: 1 where the bundle would not verify, and then nothing is written."""
    from .certificate import bundle
    from .certificate.certify import certify

    secret = [asked.from_variable(values["api_key_env"], "--api-key-env")] if values["api_key_env"] else []
    files, refusals = certify(
        Path(values["run"]),
        Path(values["product"]),
        at=datetime.now(UTC),
        edition_name=values["edition"],
        key=Path(values["sign"]) if values["sign"] else None,
        redactor=Redactor(secret),
    )
    if refusals:
        return _refused(values["run"], refusals)
    path = Path(values["out"])
    try:
        path.write_bytes(bundle.pack(files))
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}; give another --out") from None
    console.say(f"certified: {path}; `chat-conformance verify {path}` recomputes all of it")
    return 0


def verify_command(values: dict[str, Any]) -> int:
    """`verify`: 1 where the bundle is refused."""
    from .certificate import bundle
    from .certificate.opened import CERTIFICATE, Opened
    from .certificate.verify import verify, warnings

    at = datetime.combine(values["at"], time(12), UTC) if values["at"] else datetime.now(UTC)
    opened = Opened(bundle.unpack(Path(values["bundle"])))
    refusals = verify(opened, at, Path(values["key"]) if values["key"] else None)
    if refusals:
        return _refused(values["bundle"], refusals)
    for line in opened.files[CERTIFICATE].decode().partition("\n## ")[0].splitlines():
        console.say(console.printable(line))
    for line in warnings(opened):
        console.say(f"note: {line}")
    signed = ", signed with that key" if values["key"] else ""
    console.say(f"verified: {values['bundle']} is whole{signed}, and every verdict follows from its evidence")
    return 0


def _refused(what: str, refusals: Sequence[Refusal]) -> int:
    for each in refusals:
        console.say(console.printable(f"refused: {each}"))
    console.say(f"{what}: {console.many(len(refusals), 'reason')} to refuse it")
    return 1


def compare_command(values: dict[str, Any]) -> int:
    """`compare`."""
    from .report import compare, files
    from .report.comparison import compare as compared

    found = compared([files.read(Path(each)) for each in values["runs"]])
    compare.write(found, Path(values["out"]))
    for note in found.notes:
        console.say(f"note: {note}")
    differing = sum(line.differs for line in found.lines)
    console.say(f"{console.many(len(found.labels), 'run')} compared, {differing} rows differ; see {values['out']}")
    return 0


def baseline_command(values: dict[str, Any]) -> int:
    """`baseline`: what the file has now."""
    from .report import files

    report = files.read(Path(values["run"]))
    contract = contracts.load(values["contract"] or text(members(report["contract"])["name"]))
    verdicts = {address_of(row): Verdict(text(row["verdict"])) for row in objects(report["requirements"])}
    reason = values["reason"] or f"failed on {text(report['started'])[:10]}; say here why that is accepted"
    path = Path(values["update"])
    done = baseline.update(path, contract, verdicts, reason=reason, expires=values["expires"])
    for what, rows in (("added", done.added), ("removed, for it passes:", done.removed)):
        for row in rows:
            console.say(f"{what} {row}")
    console.say(f"{path}: {len(done.added)} added, {len(done.removed)} removed, {len(done.kept)} kept")
    return 0
