"""What the selfcheck of this release found, packed with it: figures that a report may show beside its verdicts.

Rule: they are shown of the code and the contracts that they were measured on, and of no other.  A checkout has
none until `chat-conformance selfcheck --pack` has been run in it, and none again when a line of it has changed since.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path

from ..contract import schemas_folder
from ..model import JSON, UsageError

PACKED = Path(__file__).parent / "selfcheck.json"
PACKAGE = Path(__file__).parents[1]

CODE = "code"
"""The member that says which code was measured."""


def pack(figures: dict[str, JSON]) -> None:
    """Keep the figures beside the code.  Raises UsageError where it cannot be written to."""
    try:
        PACKED.write_text(json.dumps({**figures, CODE: digest()}, indent=1) + "\n", "utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {PACKED}: {error.strerror}; run --pack in a checkout") from None


def packed() -> dict[str, JSON] | None:
    """The figures of this very code, None where there are none."""
    try:
        found = json.loads(PACKED.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(found, dict) or found.pop(CODE, None) != digest():
        return None
    return found


@cache
def digest() -> str:
    """Over every module of the package and every file of the built-in contracts, with its name."""
    made = hashlib.sha256()
    for folder, kind in ((PACKAGE, "*.py"), (schemas_folder(), "*/*.json"), (schemas_folder(), "*/*.toml")):
        for path in sorted(folder.rglob(kind)):
            made.update(f"{path.relative_to(folder).as_posix()}\0".encode() + path.read_bytes() + b"\0")
    return made.hexdigest()
