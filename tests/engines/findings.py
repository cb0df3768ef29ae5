"""What a run of the command finds in an engine, as a user would see it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from .servers import Served

KEY = "ENGINE_KEY"
"""The variable that holds the key, where there is one."""


def findings(engine: Served, out: Path, *more: str, key: str | None = None) -> set[str]:
    """The requirements that a complete run says are violated; those on members that must be there, by member."""
    given = ["--url", engine.completions, "--model", "default_model", "--restart", engine.restart, *more]
    given += ["--api-key-env", KEY] if key else []
    run = subprocess.run(
        [sys.executable, "-m", "conformance", "run", *given, "--out", str(out), "--replay", str(out / "replay")],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
        env=os.environ | ({KEY: key} if key else {}),
    )
    assert run.returncode == 1, run.stderr
    report: dict[str, Any] = json.loads((out / "report.json").read_text())
    assert report["complete"]
    return {
        f"{row['id']}:{row['parameter']}" if row["id"].startswith("errors.missing-member") else row["id"]
        for row in report["requirements"]
        if row["verdict"] in ("fail", "warn", "error")
    }
