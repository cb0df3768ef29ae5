"""Why a bundle does not verify."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """One reason: the file, what in it, what it is and what it must be; `hint` says what to do."""

    file: str
    id: str
    found: str
    expected: str
    hint: str = ""

    def __str__(self) -> str:
        """One line."""
        return f"{self.file}: {self.id} is {self.found}, not {self.expected}" + (f"; {self.hint}" if self.hint else "")
