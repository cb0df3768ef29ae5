"""A run's folder and a product's identity -> a bundle, or why there can be none."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from ..evidence import EVIDENCE
from ..model import JSON, UsageError
from ..redact import Redactor
from ..reply import members, text
from ..report import files
from . import certificate, edition, product, signature, statement
from .opened import CERTIFICATE, Opened
from .refusal import Refusal
from .verify import verify


def certify(
    run: Path, product_file: Path, *, at: datetime, edition_name: str | None, key: Path | None, redactor: Redactor
) -> tuple[dict[str, bytes], list[Refusal]]:
    """The bundle's files, and every reason why it would not verify.

    `key` signs it.  Raises UsageError where the folder is that of no run, the product's file is not as it must be, or
    there is no such edition.
    """
    report: dict[str, JSON] = files.read(run / files.REPORT) | {"since": None}  # that run is not in the bundle
    found = {
        EVIDENCE: _read(run / EVIDENCE),
        product.FILE: _read(product_file),
        **files.contents(report),
    }
    about = product.parse(found[product.FILE], product_file)
    asked = edition.load(text(members(report["contract"])["name"]), edition_name)
    features = members(report["features"])
    on = (name for name, state in features.items() if state == "on")
    claimed = frozenset(on if about.features is None else about.features)
    unknown = sorted(claimed - set(features))
    if unknown:
        raise UsageError(f"{product_file}: features: contract {asked.contract} has no feature {unknown[0]!r}")
    found[CERTIFICATE] = certificate.render(about, asked, report, claimed)
    found[statement.FILE] = statement.make(found, report, asked, claimed)
    if key is not None:
        found[signature.FILE] = signature.sign(found[statement.FILE], key)
    return found, verify(Opened(found), at, redactor=redactor)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None
