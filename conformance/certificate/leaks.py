"""Looks for secrets in what is about to be shown to the world.

What a run writes has passed the redaction funnel; this is for what has not, and for what people add.  The funnel's own
marks are looked for where a secret had been, and shapes that only credentials have everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ..evidence import EVIDENCE, Evidence
from ..exchange import Exchange
from ..redact import MARKER, WITHHELD, Redactor, is_kept
from .refusal import Refusal

SHAPES = {
    "a private key": re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "an API key": re.compile(rb"\bsk-[A-Za-z0-9_-]{20,}"),
    "an access key of AWS": re.compile(rb"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a token of GitHub": re.compile(rb"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{40,})"),
    "a token of GitLab": re.compile(rb"\bglpat-[A-Za-z0-9_-]{20,}"),
    "a token of Slack": re.compile(rb"\bxox[abprs]-[A-Za-z0-9-]{20,}"),
    "a token (JWT)": re.compile(rb"\beyJ[A-Za-z0-9_-]{16,}\.eyJ[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),
    "a password in a URL": re.compile(rb"https?://[^\s/:@\"'<>]+:[^\s/:@\"'<>]+@"),
}
"""What only a credential looks like."""

PLAIN = frozenset({"accept", "accept-encoding", "content-length", "content-type", "host", "user-agent"})
"""Request headers that hold no secret."""

NO_CREDENTIAL = re.compile(r"(?i:bearer|basic)?\s*(?:%%%|bm8tY29sb24taW4taGVyZQ==)?")
"""What may be left of an Authorization header without the marks of its secrets: "no-colon-in-here" is one of ours."""


def leaks(files: Mapping[str, bytes], evidence: Evidence | None, redactor: Redactor) -> Iterator[Refusal]:
    """Every place that shows a secret, of these files and inside the evidence; `redactor` knows secrets by value."""
    for name, data in files.items():
        yield from _shown(name, "its text", data, redactor)
    for each in evidence.exchanges if evidence else ():
        at = f"exchange {each.n}"
        yield from _shown(EVIDENCE, at, each.request.body, redactor)
        yield from _shown(EVIDENCE, at, each.body, redactor)
        yield from _headers(each)


def _shown(file: str, at: str, data: bytes, redactor: Redactor) -> Iterator[Refusal]:
    for what, shape in SHAPES.items():
        if shape.search(data):
            yield _refusal(file, at, f"showing what looks like {what}")
    if redactor.data(data) != data:
        yield _refusal(file, at, "showing the key")


def _headers(exchange: Exchange) -> Iterator[Refusal]:
    at = f"exchange {exchange.n}"
    for name, value in exchange.request.headers:
        rest = MARKER.sub("", value).strip()
        if name.lower() == "authorization":
            hidden = NO_CREDENTIAL.fullmatch(rest) is not None
        else:
            hidden = name.lower() in PLAIN or not rest
        if not hidden:
            yield _refusal(EVIDENCE, at, f"showing the value of the header {name} that was sent")
    for name, value in exchange.headers:
        if value != WITHHELD and not is_kept(name.lower()):
            yield _refusal(EVIDENCE, at, f"showing the value of the header {name} that came back")


def _refusal(file: str, at: str, found: str) -> Refusal:
    return Refusal(file=file, id=at, found=found, expected="free of secrets")
