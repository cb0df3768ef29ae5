"""The vocabulary of the suite, as frozen values.

Rule: nothing here does I/O, parses bytes or knows a contract.  Every other module speaks in these words,
and the words are the ones the reports print.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

JSON: TypeAlias = "bool | int | float | str | list[JSON] | dict[str, JSON] | None"
"""Any JSON value, as Python's `json` module makes it."""

Arguments: TypeAlias = Mapping[str, JSON]
"""The choices made for one case of a scenario: JSON values by name."""


class Level(StrEnum):
    """How much a requirement binds; it follows the source's keyword, never our taste."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    OBSERVE = "OBSERVE"


class Kind(StrEnum):
    """What a requirement's check is given."""

    SCENARIO = "scenario"
    """The exchanges of one performance of its scenario."""
    EACH = "each"
    """One exchange; called for every applicable exchange of the run, whoever asked for it."""
    RUN = "run"
    """All applicable exchanges of the run at once."""


class Verdict(StrEnum):
    """A requirement's outcome over all applicable evidence."""

    PASS = "pass"  # noqa: S105  # no password
    FAIL = "fail"
    WARN = "warn"
    OBSERVED = "observed"
    UNSUPPORTED = "unsupported"
    INCONCLUSIVE = "inconclusive"
    KNOWN = "known"
    ERROR = "error"


class Outcome(StrEnum):
    """What a whole run amounts to."""

    CONFORMANT = "conformant"
    NONCONFORMANT = "nonconformant"
    UNDECIDED = "undecided"


class Zone(StrEnum):
    """What the document lets a client expect of one request."""

    ACCEPT = "accept"
    """Valid under the narrowest reading: it must be answered."""
    DISPUTED = "disputed"
    """Valid under one reading and not under another: either will do."""
    REJECT = "reject"
    """Invalid under the widest reading: it must be refused."""


class Purpose(StrEnum):
    """Why an exchange was made."""

    PREFLIGHT = "preflight"
    PLAN = "plan"
    CONTROL = "control"
    AGAIN = "again"
    MINIMISE = "minimise"
    RETRY = "retry"
    CANARY = "canary"
    OFFER = "offer"


class Depth(StrEnum):
    """How much of the plan is fired; each depth contains the one before it."""

    SMOKE = "smoke"
    STANDARD = "standard"
    FULL = "full"

    @property
    def rank(self) -> int:
        """0, 1, 2: smoke, standard, full."""
        return _RANKS[self]

    @property
    def limit(self) -> int:
        """The most requests a plan of this depth may hold, every step its scenarios may take included."""
        return {Depth.SMOKE: 40, Depth.STANDARD: 400, Depth.FULL: 2000}[self]


_RANKS = {depth: rank for rank, depth in enumerate(Depth)}


class Credential(StrEnum):
    """What a request says of who is asking."""

    RIGHT = "right"
    MISSING = "missing"
    WRONG = "wrong"
    """The right scheme with a key nobody issued: the right one with another end."""
    WRONG_SCHEME = "wrong-scheme"
    """The right key under the other scheme."""
    NO_SCHEME = "no-scheme"
    """The right key with no scheme before it."""
    EMPTY = "empty"
    """The scheme alone."""
    NOT_BASE64 = "not-base64"
    NO_COLON = "no-colon"
    LOWER_CASE = "lower-case"
    """The right key, with the scheme's name in lower case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a scenario asks for.  The firer adds the URL and turns `credential` into a header.

    `leaves`: the client hangs up at the first piece of the reply.
    """

    body: bytes
    zone: Zone = Zone.ACCEPT
    method: str = "POST"
    headers: tuple[tuple[str, str], ...] = (("content-type", "application/json"),)
    credential: Credential = Credential.RIGHT
    leaves: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One departure from a requirement: where, what it is, what it should be.

    `pointer` is a JSON Pointer into the reply (RFC 6901), or a word for what has none: "status", "header
    content-type", "event 3/choices/0".  `exchanges` are the numbers of the exchanges that show it; empty
    means the last one the check was given.
    """

    pointer: str
    observed: str
    expected: str
    exchanges: tuple[int, ...] = ()

    @property
    def message(self) -> str:
        """The words "is X, not Y"."""
        return f"is {self.observed}, not {self.expected}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What an OBSERVE requirement found: a short value that can be counted and compared between endpoints."""

    value: str
    exchanges: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NotJudged:
    """What a check yields when these exchanges give it nothing to judge, and why."""

    reason: str


Finding: TypeAlias = Violation | Observation | NotJudged


class UsageError(Exception):
    """The user asked for something that cannot be done; the message is one line that says what to do."""


class SuiteError(Exception):
    """Our own fault, never the endpoint's."""
