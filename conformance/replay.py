"""Requests that once were refused and should not be: kept as files, asked first by the next run.

Each file holds one request in its smallest form.  A fixed endpoint answers it and shows green; the file stays until
somebody deletes it, for what broke once breaks again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from . import strict_json
from .blame import Cause, plain
from .contract import Contract
from .generate.forms import Object
from .generate.kitchen import MESSAGES, MODEL
from .model import UsageError
from .reply import members

FORMAT = 1


def load(folder: Path, contract: Contract) -> list[Object]:
    """The members of every saved request, without `model`; none where there is no such folder.

    Raises UsageError naming the file that is no saved request of this contract.
    """
    return [_read(path, contract) for path in sorted(folder.glob("*.json"))] if folder.is_dir() else []


def _read(path: Path, contract: Contract) -> Object:
    try:
        document = strict_json.parse(path.read_bytes())
    except OSError as error:
        raise UsageError(f"--replay: cannot read {path}: {error.strerror}") from None
    saved = members(document.value) if document.problem is None else {}
    asked = saved.get("members")
    if saved.get("format") != FORMAT or not isinstance(asked, dict):
        raise UsageError(f"--replay: {path} is no saved request of format {FORMAT}: delete it, or give another folder")
    if saved.get("contract") != contract.name:
        raise UsageError(f"--replay: {path} is of contract {saved.get('contract')!r}, not {contract.name!r}")
    return asked


def save(folder: Path, contract: Contract, causes: Iterable[Cause]) -> list[Path]:
    """Write a file for each cause; one that is there already is written again.  Raises UsageError where that fails."""
    written = []
    for cause in causes:
        sent = {name: plain(value) for name, value in cause.exchange.sent.items() if name != MODEL}
        key = {name: value for name, value in sent.items() if name != MESSAGES or MESSAGES in cause.blamed}
        path = folder / f"{hashlib.sha256(strict_json.canonical(key)).hexdigest()[:12]}.json"
        saved = {
            "format": FORMAT,
            "contract": contract.name,
            "blamed": list(cause.blamed),
            "status": cause.exchange.status,
            "members": sent,
        }
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(saved, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        except OSError as error:
            raise UsageError(f"--replay: cannot write {path}: {error.strerror}; give another folder") from None
        written.append(path)
    return written
