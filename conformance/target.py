"""The endpoint under test: where it is, who we are to it, and what must never be written down of that."""

from __future__ import annotations

import base64
import hashlib
import string
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from .model import JSON, Credential, UsageError
from .redact import LONGEST_WORD, Redactor
from .spellings import SHORTEST

_KINDS = (string.digits, string.ascii_lowercase, string.ascii_uppercase)
_LONGEST_TAIL = 24


@dataclass(frozen=True, kw_only=True)
class Target:
    """URL, model and credentials.  `scheme` is the contract's: "bearer" or "basic", whose key is user:password.

    `name` is what its owner calls it, `aliases` are the names that its model answers by.
    """

    url: str
    model: str
    scheme: str
    name: str | None = None
    aliases: tuple[str, ...] = ()
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
                    "they are kept out of the report; have a longer one issued for the test"
                )
            if secret is not None and not (secret.isascii() and secret.isprintable()):
                raise UsageError(f"{what} has characters that no header can carry; is it the right variable or file?")

    @cached_property
    def wrong_key(self) -> str:
        """A key that nobody issued, the same in every request of every run: it tries no two keys.

        It is as long as the right one and begins as that does, for some look no further than at a key's form.
        """
        user, colon, password = (self.key or "").partition(":") if self.scheme == "basic" else ("", "", self.key or "")
        return f"{user}{colon or ':' * (self.scheme == 'basic')}{_another(password)}"

    @cached_property
    def redactor(self) -> Redactor:
        """The funnel for this target's secrets; the key is number 1, the wrong key (and its password) the last."""
        parts = (self.key or "").split(":", 1) if self.scheme == "basic" else []
        wrong = [self.wrong_key, *self.wrong_key.split(":", 1)[1:]] if self.scheme == "basic" else [self.wrong_key]
        secrets = [self.key or "", *parts, *(value for _, value in self.headers), *wrong]
        return Redactor((secret for secret in secrets if len(secret) >= SHORTEST), words=LONGEST_WORD)

    def to_json(self) -> dict[str, JSON]:
        """What may be written of it."""
        written: dict[str, JSON] = {"url": self.redactor.text(self.url), "model": self.model}
        if self.name is not None:
            written["name"] = self.name
        if self.aliases:
            written["aliases"] = [*self.aliases]
        return written

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
            Credential.NO_SCHEME: key,
            Credential.EMPTY: name,
            Credential.NOT_BASE64: f"{name} %%%",
            Credential.NO_COLON: f"{name} {_base64('no-colon-in-here')}",
        }[credential]


def _another(key: str) -> str:
    """A key like this one with another second half, made of the same kinds of characters; a long one for none."""
    if len(key) < SHORTEST:
        return "wrong-" + hashlib.sha256(b"chat-conformance: a key that nobody issued").hexdigest()[:26]
    kept = len(key) - min(len(key) // 2, _LONGEST_TAIL)
    drawn = hashlib.sha256(b"chat-conformance: another key than " + key.encode()).digest()
    made = key[:kept] + "".join(_other(each, number) for each, number in zip(key[kept:], drawn, strict=False))
    return made if made != key else f"{key[:-1]}x"  # a tail of punctuation alone


def _other(character: str, number: int) -> str:
    """Another character of the same kind; of no kind, the same."""
    kind = next((kind for kind in _KINDS if character in kind), "")
    return kind[(kind.index(character) + 1 + number % (len(kind) - 1)) % len(kind)] if kind else character


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")
