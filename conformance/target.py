"""The endpoint under test: where it is, who we are to it, and what must never be written down of that."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from .model import Credential, UsageError
from .redact import LONGEST_WORD, SHORTEST, Redactor


@dataclass(frozen=True, kw_only=True)
class Target:
    """URL, model and credentials.  `scheme` is the contract's: "bearer" or "basic", whose key is user:password."""

    url: str
    model: str
    scheme: str
    key: str | None = field(default=None, repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    ca_file: str | None = None
    client_cert: str | None = None

    def __post_init__(self) -> None:
        """Refuse what could not be kept secret or be sent."""
        if self.key is not None and self.scheme == "basic" and ":" not in self.key:
            raise UsageError("the key of a Basic contract is user:password; the one given has no colon")
        for what, secret in [("the key", self.key), *((f"header {name}", value) for name, value in self.headers)]:
            if secret is not None and len(secret) < SHORTEST:
                raise UsageError(
                    f"{what} has {len(secret)} characters: fewer than {SHORTEST} cannot be told from honest text when "
                    "they are kept out of the report"
                )
            if secret is not None and not (secret.isascii() and secret.isprintable()):
                raise UsageError(f"{what} has characters that no header can carry; is it the right variable or file?")

    @cached_property
    def wrong_key(self) -> str:
        """A key that nobody issued, the same in every request of every run: it tries no two keys."""
        made = "wrong-" + hashlib.sha256(b"chat-conformance: a key that nobody issued").hexdigest()[:26]
        return f"{(self.key or '').partition(':')[0]}:{made}" if self.scheme == "basic" else made

    @cached_property
    def redactor(self) -> Redactor:
        """The funnel for this target's secrets; the key is number 1, the wrong key the last."""
        parts = (self.key or "").split(":", 1) if self.scheme == "basic" else []
        secrets = [self.key or "", *parts, *(value for _, value in self.headers), self.wrong_key]
        return Redactor((secret for secret in secrets if len(secret) >= SHORTEST), words=LONGEST_WORD)

    def tries_wrong_key(self, headers: Iterable[tuple[str, str]]) -> bool:
        """Whether recorded request headers show that the wrong key was tried."""
        wrong = self.redactor.text(self.wrong_key)
        return any(wrong in value for _, value in headers)

    def authorization(self, credential: Credential) -> str | None:
        """The Authorization header's value for a credential, or None for no header."""
        if credential is Credential.MISSING or (self.key is None and credential is Credential.RIGHT):
            return None
        key, name, other = self.key or "", "Bearer", "Basic"
        if self.scheme == "basic":
            name, other, key = other, name, _base64(key)
        return {
            Credential.RIGHT: f"{name} {key}",
            Credential.LOWER_CASE: f"{name.lower()} {key}",
            Credential.WRONG: f"{name} {_base64(self.wrong_key) if self.scheme == 'basic' else self.wrong_key}",
            Credential.WRONG_SCHEME: f"{other} {key}",
            Credential.EMPTY: name,
            Credential.NOT_BASE64: f"{name} %%%",
            Credential.NO_COLON: f"{name} {_base64('no-colon-in-here')}",
        }[credential]


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")
