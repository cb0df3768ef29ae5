"""What the selfcheck of this release found, packed with it: figures that a report may show beside its verdicts.

Rule: they are shown of the version that they were measured on, and of no other.  A checkout has none until
`chat-conformance selfcheck --pack` has been run in it.
"""

from __future__ import annotations

import json
from pathlib import Path

from ..model import JSON

PACKED = Path(__file__).parent / "selfcheck.json"


def packed(version: str, path: Path = PACKED) -> dict[str, JSON] | None:
    """The figures of this version of the suite, None where there are none."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and found.get("suite_version") == version else None
