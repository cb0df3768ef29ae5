"""Appending to the log of a run.

Rule: one writer appends whole lines and flushes each, so that a kill loses at most what was in flight.  A line that was
half written is cut off: at once where the disk is full, at the end where a signal came in between, else at the resume.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from . import strict_json
from .evidence import CaseRecord, Evidence, read, to_json
from .exchange import Exchange
from .model import JSON, UsageError


def new_file(path: Path) -> IO[bytes]:
    """A new file.  Raises UsageError where one exists already or none can be made."""
    try:
        return path.open("xb", buffering=0)
    except FileExistsError:
        raise UsageError(f"{path} exists already: give another --out, or --resume to go on with it") from None
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}; give another --out") from None


def remove(path: Path) -> None:
    """Take back a new file, and its folder if nothing else is in it."""
    path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        path.parent.rmdir()


class Writer:
    """Appends to an evidence file and keeps the same evidence in memory; `create` and `resume` make one."""

    def __init__(self, file: IO[bytes], evidence: Evidence, path: Path | None = None) -> None:
        self.evidence = evidence
        self._file = file
        self._path = path
        self._size = file.seek(0, 2)
        self._coming = (self._size, evidence.digest)

    @classmethod
    def begin(cls, file: IO[bytes], header: Mapping[str, JSON], path: Path | None = None) -> Writer:
        """Write the header into an empty file."""
        writer = cls(file, Evidence(header=dict(header)), path)
        writer._append("header", header)  # its own
        return writer

    @classmethod
    def create(cls, path: Path, header: Mapping[str, JSON]) -> Writer:
        """Begin a new file.  Raises UsageError where one exists already or none can be made."""
        file = new_file(path)
        try:
            return cls.begin(file, header, path)
        except UsageError:
            path.unlink(missing_ok=True)
            raise

    @classmethod
    def resume(cls, path: Path, plan_digest: str) -> Writer:
        """Go on with the file that a run left; of one that ended nothing is written any more.

        Raises UsageError where there is none, where it is not as it was written, or where another plan made it.
        """
        evidence = read(path)
        if evidence.header.get("plan_digest") != plan_digest:
            raise UsageError(f"--resume: another plan made {path}: its options, its seed or its versions differ")
        try:
            file = path.open("r+b", buffering=0)
        except OSError as error:
            raise UsageError(f"cannot write {path}: {error.strerror}") from None
        file.truncate(path.read_bytes().rfind(b"\n") + 1)
        writer = cls(file, evidence)
        if evidence.complete:
            file.close()
        else:
            evidence.footer = None
            evidence.resumed += 1
            writer._append("resumed", {"exchanges": len(evidence.exchanges)})  # its own
        return writer

    def case(self, record: CaseRecord) -> None:
        """Say that a case begins; a case already known is not written again."""
        if record.id in self.evidence.cases:
            return
        self.evidence.cases[record.id] = record
        self._append(
            "case",
            {
                "id": record.id,
                "scenario": record.scenario,
                "arguments": dict(record.arguments),
                "requirements": list(record.requirements),
            },
        )

    def exchange(self, exchange: Exchange) -> None:
        """Append one exchange."""
        self.evidence.exchanges.append(exchange)
        self._append("exchange", to_json(exchange))

    def end(
        self, why: str, ended: str, counts: Mapping[str, JSON], died_of: Sequence[str] = (), starved: str | None = None
    ) -> None:
        """Append the footer and close the file; `why` is "done", or what ended the run early.

        `died_of`: the cases that the endpoint did not outlive.  `starved`: why something was not sent.
        """
        if self._file.closed:
            return
        self._mend()
        footer: dict[str, JSON] = {"ended": ended, "why": why, "counts": dict(counts)}
        if died_of:
            footer["died_of"] = list(died_of)
        if starved:
            footer["starved"] = starved
        self.evidence.footer = footer
        self._append("footer", footer)
        self._file.close()

    def discard(self) -> None:
        """Leave nothing behind: for a run that could not begin.  What a resumed run has is kept."""
        self._file.close()
        if self._path is not None:
            remove(self._path)

    def _append(self, kind: str, members: Mapping[str, JSON]) -> None:
        """Write a line.  Raises UsageError where there is no room for it; what was there before stays whole."""
        line = strict_json.dump({"kind": kind, **members, "prev": self.evidence.digest})
        self._coming = (self._size + len(line) + 1, hashlib.sha256(line).hexdigest())
        try:
            self._write(line + b"\n")
        except OSError as error:
            with self._file, contextlib.suppress(OSError):
                self._mend()
            what = f"cannot write {self._path or 'the evidence'}: {error.strerror}"
            raise UsageError(f"{what}; what is there is whole: make room and go on with --resume") from None
        self._size, self.evidence.digest = self._coming

    def _write(self, data: bytes) -> None:
        left = memoryview(data)
        while left:  # a file without a buffer takes what there is room for
            left = left[self._file.write(left) :]
        self._file.flush()

    def _mend(self) -> None:
        """Where a line's writing was broken off, see whether it is there; cut off what is there of half a line."""
        if self._file.seek(0, 2) == self._coming[0]:
            self._size, self.evidence.digest = self._coming
        else:
            self._file.seek(self._size)
            self._file.truncate()
