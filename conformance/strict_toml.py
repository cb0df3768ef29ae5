"""TOML tables read key by key: what is missing, of the wrong type or left over is an error with its address."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from .model import UsageError


def lines(path: Path, key: str, values: Sequence[str]) -> list[int]:
    """The numbers, from 1, of the lines that give a key these values, in the order of the file.

    A value that stands on no line of its own as `key = "value"` is said to be on the line of another one.
    """
    pattern = re.compile(rf"""\s*{re.escape(key)}\s*=\s*(["'])(.*)\1\s*(#.*)?""")
    matches = enumerate(map(pattern.fullmatch, path.read_text("utf-8").splitlines()), 1)
    written = [(number, match[2]) for number, match in matches if match]
    found, start = [], 0
    for value in values:
        start = next((n for n in range(start, len(written)) if written[n][1] == value), start)
        found.append(written[start][0] if written else 1)
    return found


class Table:
    """One table of a file.

    Every reader takes its key out and raises UsageError with file, table and key where the value is not as it must be;
    `done` raises it for the first key that nobody took.
    """

    def __init__(self, path: Path, name: str, values: dict[str, Any]) -> None:
        self.path = path
        self.name = name
        self.values = dict(values)

    @classmethod
    def read(cls, path: Path) -> Table:
        """The root table of a file."""
        try:
            return cls.parse(path, path.read_bytes())
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror}") from None

    @classmethod
    def parse(cls, path: Path, data: bytes) -> Table:
        """The root table of a file that has been read."""
        try:
            return cls(path, "", tomllib.loads(data.decode("utf-8")))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
            raise UsageError(f"{path}: not TOML: {error}") from None

    def _address(self, key: str) -> str:
        return f"{self.path}: {self.name + ': ' if self.name else ''}{key}"

    def take(self, key: str, kind: type, default: object = None) -> Any:
        """The value of a key, which must be of this type; without a default the key must be there."""
        if key not in self.values:
            if default is None:
                raise UsageError(f"{self._address(key)} is missing")
            return default
        value = self.values.pop(key)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise UsageError(f"{self._address(key)} is {value!r}, not a {kind.__name__}")
        return value

    def expect(self, key: str, kind: type, wanted: object) -> None:
        """Take a key that can have one value only."""
        value = self.take(key, kind)
        if value != wanted:
            raise UsageError(f"{self._address(key)} is {value!r}, not {wanted!r}")

    def text(
        self, key: str, *, default: str | None = None, pattern: str | None = None, one_of: tuple[str, ...] | None = None
    ) -> str:
        """A string; not empty unless a default says what an absent or empty one means."""
        value = cast(str, self.take(key, str, default))
        if pattern is not None and not re.fullmatch(pattern, value):
            raise UsageError(f"{self._address(key)} is {value!r}, which does not match {pattern}")
        if one_of is not None and value not in one_of:
            raise UsageError(f"{self._address(key)} is {value!r}, not one of {', '.join(one_of)}")
        if not value and default is None:
            raise UsageError(f"{self._address(key)} is empty")
        return value

    def link(self, key: str) -> str | None:
        """An address that a page may link to, or None where there is none."""
        value = self.text(key, default="") or None
        if value is not None and not re.fullmatch(r"https?://[^\s/]\S*", value):
            raise UsageError(f"{self._address(key)} is {value!r}, not an address that begins with https:// or http://")
        return value

    def texts(self, key: str) -> list[str]:
        """An array of strings, empty when absent."""
        values = cast(list[Any], self.take(key, list, []))
        if not all(isinstance(value, str) for value in values):
            raise UsageError(f"{self._address(key)} is not an array of strings")
        return values

    def table(self, key: str) -> Table:
        """A table inside this one."""
        return Table(self.path, self._inside(key), self.take(key, dict))

    def _inside(self, key: str) -> str:
        return f"{self.name}.{key}" if self.name else key

    def tables(self, key: str) -> list[Table]:
        """An array of tables, empty when absent."""
        values = cast(list[Any], self.take(key, list, []))
        for number, value in enumerate(values, 1):
            if not isinstance(value, dict):
                raise UsageError(f"{self._address(f'{key} {number}')} is {value!r}, not a table")
        return [Table(self.path, f"{self._inside(key)} {number}", value) for number, value in enumerate(values, 1)]

    def done(self) -> None:
        """Nothing may be left over."""
        if self.values:
            raise UsageError(f"{self._address(min(self.values))} is unknown")
