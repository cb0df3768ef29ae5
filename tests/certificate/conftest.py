"""A run against an endpoint in another process, as a vendor would have it, and what a forger may do to its bundle."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from conformance import strict_json
from conformance.certificate import edition, statement
from conformance.certificate.certify import certify
from conformance.certificate.opened import Opened
from conformance.certificate.verify import verify
from conformance.cli import main
from conformance.model import Depth
from conformance.redact import Redactor

KEY = "a-key-of-the-bundles"
CONTRACT = "v3-openai"
OFF = "seed"
"""A feature that is switched off in the run."""

PRODUCT = """format = 1
organization = "Example Ltd"
product = "Chat"
version = "5.1"
url = "https://example.com/chat"
contact = "api@example.com"
"""

Files = dict[str, bytes]


@contextmanager
def serving(*options: str) -> Iterator[str]:
    """The URL of a reference endpoint in a process of its own."""
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "conformance",
            "serve",
            "--contract",
            CONTRACT,
            "--port",
            "0",
            "--api-key",
            KEY,
            *options,
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        said = process.stdout.readline()
        assert said.startswith("listening on ")
        yield said.removeprefix("listening on ").strip()
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


def run(
    out: Path, *options: str, code: int = 0, without: Sequence[str] = (OFF,), depth: Depth = Depth.STANDARD
) -> Path:
    """A whole run against an endpoint with these options of `serve`; its folder."""
    with pytest.MonkeyPatch.context() as patch, serving(*options) as url:
        patch.setenv("KEY", KEY)
        target = ["--contract", CONTRACT, "--base-url", url, "--model", "reference", "--api-key-env", "KEY"]
        off = [word for name in without for word in ("--without", name)]
        target += ["--depth", depth.value]
        assert main(["run", *target, *off, "--replay", str(out / "saved"), "--out", str(out)]) == code
    return out


@pytest.fixture(scope="session")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a conformant run."""
    return run(tmp_path_factory.mktemp("honest") / "run")


@pytest.fixture(scope="session")
def spoilt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run against an endpoint that ignores n, of which a few requests tell."""
    return run(tmp_path_factory.mktemp("spoilt") / "run", "--fault", "ignores-n", code=1, depth=Depth.SMOKE)


def packed(folder: Path, tmp_path: Path, product: str = PRODUCT, key: Path | None = None) -> tuple[Files, list[str]]:
    """The files of a bundle of this run, and why it would be refused."""
    path = tmp_path / "product.toml"
    path.write_text(product)
    files, refusals = certify(folder, path, at=datetime.now(UTC), edition_name=None, key=key, redactor=Redactor([KEY]))
    return files, [str(each) for each in refusals]


@pytest.fixture(scope="session")
def bundle(honest: Path, tmp_path_factory: pytest.TempPathFactory) -> Files:
    """The files of an honest bundle."""
    files, refusals = packed(honest, tmp_path_factory.mktemp("bundle"))
    assert refusals == []
    return files


def refused(files: Files, at: datetime | None = None, key: Path | None = None) -> list[str]:
    """Why a bundle is refused."""
    return [str(each) for each in verify(Opened(files), at or datetime.now(UTC), key)]


def has(refusals: list[str], *words: str) -> bool:
    """Whether one refusal has all these words."""
    return any(all(word in each for word in words) for each in refusals)


def restated(files: Files) -> Files:
    """The files with a statement that fits them: what a forger would not forget."""
    opened = Opened(files)
    report, asked = json.loads(files["report.json"]), edition.load(CONTRACT)
    subjects = {name: data for name, data in files.items() if name != statement.FILE}
    return {**subjects, statement.FILE: statement.make(subjects, report, asked, opened.claimed)}


def rewritten(evidence: bytes, change: Callable[[list[dict[str, Any]]], None]) -> bytes:
    """The evidence with its lines changed and its chain forged anew."""
    lines = [strict_json.parse(line).value for line in evidence.splitlines()]
    change(lines)  # type: ignore[arg-type]
    digest, written = "0" * 64, b""
    for line in lines:
        assert isinstance(line, dict)
        data = strict_json.dump({**line, "prev": digest})
        digest = hashlib.sha256(data).hexdigest()
        written += data + b"\n"
    return written


def encoded(data: bytes) -> str:
    """Bytes as the evidence holds them."""
    return base64.b64encode(data).decode()
