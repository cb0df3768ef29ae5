"""Whether a bundle is what it says it is: every check that can be made offline, each naming what it refuses.

Rule: nothing in a bundle is believed that can be recomputed.  What remains to be believed is that the evidence was
recorded at the product's endpoint, which is for a signature, or for who repeats the run, to say.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import hypothesis

from .. import __version__, plan
from ..ask import Setting
from ..evidence import EVIDENCE
from ..hearing import setting_of
from ..model import JSON, Depth
from ..redact import Redactor
from ..remark import by_row
from ..reply import members, text
from ..report import files
from ..report.changes import verdicts
from . import certificate, product, signature, statement
from .edition import Edition, is_older
from .leaks import leaks
from .opened import CERTIFICATE, Opened
from .refusal import Refusal

MOST = 20
"""Refusals of one kind that are spelt out."""

GOOD = ("pass", "warn")
"""Verdicts with which a required row is met: a MUST that warns was violated once and, asked again, was not."""


def verify(opened: Opened, at: datetime, key: Path | None = None, redactor: Redactor | None = None) -> list[Refusal]:
    """Every reason to refuse a bundle at a moment; none if it is whole and what it claims holds.

    `key` is the public key that it must be signed with.  Raises UsageError where that cannot be used.
    """
    found = [*opened.refusals, *_identity(opened), *_age(opened, at), *_baseline(opened)]
    found += [*_whole(opened), *_recomputed(opened), *_required(opened), *_views(opened)]
    found += leaks(opened.files, opened.evidence, redactor or Redactor())
    signed = signature.check(opened.files.get(signature.FILE), opened.files.get(statement.FILE, b""), key)
    return [*found, *([signed] if signed else [])]


def _identity(opened: Opened) -> Iterator[Refusal]:
    """Which suite, contract and edition, and that it is a product at all."""
    if opened.evidence is None:
        return
    header = opened.evidence.header
    suite, contract, edition = text(header["suite"]), opened.contract, opened.edition
    if contract is None:
        yield _refusal("contract", header["contract"], "one of the built-in contracts")
    elif edition is None:
        named = statement.edition_of(opened.statement)
        yield _refusal("edition", named, f"an edition of {contract.name}", file=statement.FILE)
    elif is_older(suite, edition.oldest_suite):
        yield _refusal("suite", suite, f"{edition.oldest_suite} or later", "run the suite again, in a newer version")
    if is_older(__version__, suite):
        yield _refusal("suite", suite, f"{__version__} or earlier", "verify with that version")
    elif contract is not None and header["contract_digest"] != contract.digest:
        yield _refusal("contract_digest", header["contract_digest"], f"{contract.digest}, which this version has")
    if header["reference"] is not False:
        yield _refusal("reference", "true", "false: the built-in reference endpoint is no product")
    if header["selection"] is not None:
        yield _refusal("selection", header["selection"], "null: all of the suite must have run")


def _age(opened: Opened, at: datetime) -> Iterator[Refusal]:
    if opened.evidence is None or opened.edition is None:
        return
    started = datetime.fromisoformat(text(opened.evidence.header["started"]))
    until = started + timedelta(days=opened.edition.days)
    if at > until:
        limit = f"at most {opened.edition.days} days before {at:%Y-%m-%d}"
        yield _refusal("started", f"{started:%Y-%m-%d}", limit, "run the suite again")
    if started > at + timedelta(days=1):
        yield _refusal("started", f"{started:%Y-%m-%d}", f"before {at:%Y-%m-%d}")


def _baseline(opened: Opened) -> Iterator[Refusal]:
    report = opened.report
    if report is None:
        return
    known = [row for row, verdict in verdicts(report).items() if verdict == "known"]
    if report.get("baseline") is not None or report["stale"] or known:
        yield Refusal(
            file=files.REPORT,
            id="baseline",
            found=f"{report.get('baseline')} entries" + (f", which accept {', '.join(known[:MOST])}" if known else ""),
            expected="null: a certificate accepts no deviation",
            hint="judge the run again without --baseline",
        )


def _whole(opened: Opened) -> Iterator[Refusal]:
    """That the run reached its end, that no exchange is missing, and that all that was planned was asked."""
    evidence = opened.evidence
    if evidence is None:
        return
    if not evidence.complete:
        yield _refusal("the run", "incomplete", "at its end", "go on with it: run --resume")
    numbers = [each.n for each in evidence.exchanges]
    if numbers != list(range(1, len(numbers) + 1)):
        missing = sorted(set(range(1, max(numbers, default=0) + 1)) - set(numbers))
        what = f"without {', '.join(map(str, missing[:MOST]))}" if missing else "out of order"
        yield _refusal("the exchanges", what, "numbered from 1 without a gap")
    if evidence.footer and members(evidence.footer.get("counts")) != evidence.counts:
        yield _refusal("footer/counts", evidence.footer.get("counts"), f"{evidence.counts}, as there are exchanges")
    yield from _planned(opened)


def _planned(opened: Opened) -> Iterator[Refusal]:
    """That it is the whole plan of this seed.  Another version of Hypothesis draws others, so then nothing is said."""
    evidence, contract = opened.evidence, opened.contract
    if evidence is None or contract is None or evidence.header["hypothesis"] != hypothesis.__version__:
        return
    setting: Setting = setting_of(evidence, contract)
    planned = plan.make(setting, Depth(text(evidence.header["depth"])), text(evidence.header["selection"]).split())
    if planned.digest != evidence.header["plan_digest"]:
        yield _refusal("plan_digest", evidence.header["plan_digest"], f"{planned.digest}, the plan of this seed")
    left_out = [step.case.id for step in planned.steps if step.case.id not in evidence.cases]
    if left_out:
        yield _refusal("the plan", f"without {', '.join(left_out[:MOST])}", "asked to its end")


def _recomputed(opened: Opened) -> Iterator[Refusal]:
    """That the report is what the evidence says: first every verdict, then all the rest."""
    report, recomputed = opened.report, opened.recomputed
    if report is None or recomputed is None:
        return
    said, found = verdicts(report), verdicts(recomputed)
    for row in dict.fromkeys([*found, *said]):
        if said.get(row) != found.get(row):
            expected = f"{found.get(row, 'absent')}, which the evidence says"
            yield Refusal(file=files.REPORT, id=row, found=said.get(row, "absent"), expected=expected)
    if said == found:
        same_suite = report.get("judged_by") == recomputed["judged_by"]
        for key in dict.fromkeys([*recomputed, *report]) if same_suite else ():
            if report.get(key) != recomputed.get(key):
                yield Refusal(file=files.REPORT, id=key, found="changed", expected="as the evidence makes it")


def _required(opened: Opened) -> Iterator[Refusal]:
    """That every row which the edition requires of this product was asked and is met."""
    edition, recomputed = opened.edition, opened.recomputed
    if edition is None or recomputed is None:
        return
    if Depth(text(recomputed["depth"])).rank < edition.depth.rank:
        yield _refusal("depth", recomputed["depth"], f"{edition.depth} at least")
    features = members(recomputed["features"])
    off = sorted(name for name in opened.claimed if features.get(name) != "on")
    for name in off:
        state = text(features.get(name)) or "unknown to the contract"
        yield Refusal(
            file=product.FILE,
            id=f"feature {name}",
            found=f"claimed, but {state} in the run",
            expected="claimed unless it was on",
            hint=f"run it --with {name}, or claim it no more",
        )
    rows = by_row(recomputed)
    for row, feature in edition.rows(opened.claimed - set(off)).items():
        verdict = text(rows[row]["verdict"]) if row in rows else "not executed"
        if verdict not in GOOD:
            yield _unmet(row, verdict, feature, text(rows[row]["reason"]) if row in rows else "", edition)


def _unmet(row: str, verdict: str, feature: str | None, reason: str, edition: Edition) -> Refusal:
    hint = f"the feature {feature} can be left out: run it --without {feature}" if feature else ""
    return Refusal(
        file=EVIDENCE,
        id=row,
        found=verdict + (f" ({reason})" if reason else ""),
        expected=f"pass, which edition {edition.name} requires",
        hint=hint if verdict in ("inconclusive", "not executed") else "",
    )


def _views(opened: Opened) -> Iterator[Refusal]:
    """That what people read says what the evidence says."""
    report = opened.recomputed
    if report is None or opened.report is None or report["judged_by"] != opened.report["judged_by"]:
        return
    views = {name: data for name, data in files.contents(report).items() if name != files.REPORT}
    if opened.edition is not None and opened.product is not None:
        views[CERTIFICATE] = certificate.render(opened.product, opened.edition, report, opened.claimed)
        subjects = {name: data for name, data in opened.files.items() if name not in (statement.FILE, signature.FILE)}
        views[statement.FILE] = statement.make(subjects, report, opened.edition, opened.claimed)
    for name, data in views.items():
        if opened.files.get(name) != data and not (name == statement.FILE and opened.refusals):
            found = "changed" if name in opened.files else "missing"
            yield Refusal(file=name, id="the file", found=found, expected="as the evidence makes it")


def _refusal(id_: str, found: JSON, expected: str, hint: str = "", file: str = EVIDENCE) -> Refusal:
    return Refusal(file=file, id=id_, found=str(found), expected=expected, hint=hint)


def warnings(opened: Opened) -> list[str]:
    """What a verifier should know of a bundle that verifies."""
    said = []
    evidence = opened.evidence
    if evidence is not None and evidence.header["hypothesis"] != hypothesis.__version__:
        said.append(
            f"the plan was made with Hypothesis {evidence.header['hypothesis']}, here is {hypothesis.__version__}: "
            "whether all of it was asked was not looked at"
        )
    if opened.report is not None and opened.report["judged_by"] != __version__:
        said.append(f"judged by {opened.report['judged_by']}, here is {__version__}: only verdicts were compared")
    if signature.FILE in opened.files:
        said.append(f"signed with key {', '.join(signature.signers(opened.files[signature.FILE]))}")
    return said
