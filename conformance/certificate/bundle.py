"""Files <-> a zip file, the same bytes for the same files."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from ..model import UsageError

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The first moment that a zip file can hold: a bundle does not depend on when it was made."""

LARGEST = 1 << 30
"""Bytes of all files together."""

READABLE = 0o100644 << 16


def pack(files: Mapping[str, bytes]) -> bytes:
    """The bundle's bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = READABLE
            entry.create_system = 3  # else it depends on where it is made
            archive.writestr(entry, files[name], compresslevel=9)
    return packed.getvalue()


def unpack(path: Path) -> dict[str, bytes]:
    """The bundle's files.  Raises UsageError where it is no zip file, or not one that can be taken for a bundle."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            if len({each.filename for each in entries}) < len(entries):
                raise UsageError(f"{path} is no bundle: it has two files of one name")
            if sum(each.file_size for each in entries) > LARGEST:
                raise UsageError(f"{path} is no bundle: its files have more than {LARGEST:,} bytes")
            return {each.filename: archive.read(each) for each in entries}
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}") from None
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError) as error:
        raise UsageError(f"{path} is no bundle: {error}") from None
