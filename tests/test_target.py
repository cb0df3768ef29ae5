"""The target: which credentials it sends, and what of them is never shown."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.model import Credential, UsageError
from conformance.redact import LONGEST_WORD, marker
from conformance.spellings import SHORTEST
from conformance.target import Target

PRINTABLE = "".join(map(chr, range(32, 127)))


def target(scheme: str = "bearer", key: str | None = None, **members: Any) -> Target:
    """A target with this scheme and key."""
    return Target(url="http://a/v1", model="m", scheme=scheme, key=key, **members)


def basic(text: str) -> str:
    """A text in base64."""
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("credential", "bearer", "user"),
    [
        (Credential.RIGHT, "Bearer sk-abc", f"Basic {basic('me:sesame')}"),
        (Credential.LOWER_CASE, "bearer sk-abc", f"basic {basic('me:sesame')}"),
        (Credential.WRONG_SCHEME, "Basic sk-abc", f"Bearer {basic('me:sesame')}"),
        (Credential.MISSING, None, None),
        (Credential.NO_SCHEME, "sk-abc", basic("me:sesame")),
        (Credential.EMPTY, "Bearer", "Basic"),
        (Credential.NOT_BASE64, "Bearer %%%", "Basic %%%"),
        (Credential.NO_COLON, f"Bearer {basic('no-colon-in-here')}", f"Basic {basic('no-colon-in-here')}"),
    ],
)
def test_authorization(credential: Credential, bearer: str | None, user: str | None) -> None:
    """Each credential is one Authorization header of the contract's scheme, or none."""
    assert target("bearer", "sk-abc").authorization(credential) == bearer
    assert target("basic", "me:sesame").authorization(credential) == user


def test_every_credential_has_a_header() -> None:
    """No two credentials look the same, under either scheme."""
    for made in (target("bearer", "sk-abc"), target("basic", "me:sesame")):
        assert len({made.authorization(credential) for credential in Credential}) == len(Credential)


def test_without_a_key() -> None:
    """Without a key the right credential is none at all."""
    assert target("bearer").authorization(Credential.RIGHT) is None
    assert target("basic").authorization(Credential.RIGHT) is None


def test_wrong_key() -> None:
    """The wrong key looks like the right one to its middle and is as long, the same every time, and a long one of its
    own where there is none or too little to look like."""
    assert len(target().wrong_key) >= 16
    made = target("bearer", "sk-0123456789abcdefXYZ")
    wrong = made.wrong_key
    assert wrong == target("bearer", made.key).wrong_key != made.key
    assert (wrong[:11], len(wrong)) == ("sk-01234567", 22)
    assert made.authorization(Credential.WRONG) == f"Bearer {wrong}"
    user, _, password = target("basic", "me:sesame").wrong_key.partition(":")
    assert (user, password[:3], len(password)) == ("me", "ses", 6)
    header = target("basic", "me:sesame").authorization(Credential.WRONG) or ""
    assert base64.b64decode(header.removeprefix("Basic ")).decode() == f"me:{password}"
    assert target("basic", "someone:pw").wrong_key == f"someone:{target().wrong_key}"


@pytest.mark.parametrize(
    ("scheme", "key", "headers", "numbered"),
    [
        ("bearer", "sk-abc", {}, ["sk-abc", "wrong"]),
        ("bearer", None, {}, ["wrong"]),
        (
            "bearer",
            "sk-abc",
            {"x-a": "team-secret", "x-b": "other-secret"},
            ["sk-abc", "team-secret", "other-secret", "wrong"],
        ),
        ("bearer", "with:colon", {}, ["with:colon", "wrong"]),
        ("basic", "someone:sesame", {}, ["someone:sesame", "someone", "sesame", "wrong", "its password"]),
        ("basic", "me:sesame:open", {}, ["me:sesame:open", "sesame:open", "wrong", "its password"]),
        (
            "basic",
            "someone:pw",
            {"x-a": "team-secret"},
            ["someone:pw", "someone", "team-secret", "wrong", "its password"],
        ),
    ],
)
def test_redactor(scheme: str, key: str | None, headers: dict[str, str], numbered: list[str]) -> None:
    """The key is secret 1; then come those parts of a Basic key that are long enough, the headers, the wrong key,
    and the password of a wrong pair."""
    made = target(scheme, key, headers=tuple(headers.items()))
    wrong = {"wrong": made.wrong_key, "its password": made.wrong_key.partition(":")[2]}
    secrets = [wrong.get(each, each) for each in numbered]
    assert made.redactor.secrets == tuple(secrets)
    assert [made.redactor.text(secret) for secret in secrets] == [
        marker(number, word=len(secret) < LONGEST_WORD) for number, secret in enumerate(secrets, 1)
    ]


@pytest.mark.parametrize(
    ("scheme", "key", "headers", "why"),
    [
        ("basic", "no-colon-in-here", {}, "user:password"),
        ("bearer", "", {}, "the key has 0 characters"),
        ("bearer", "12345", {}, "the key has 5 characters"),
        ("basic", "me:pw", {}, "the key has 5 characters"),
        ("bearer", "sk-abc", {"x-team": "blue"}, "header x-team has 4 characters"),
        ("bearer", "sk-abc\n", {}, "the key has characters that no header can carry"),
        ("bearer", "sk-\tabc", {}, "the key has characters"),
        ("bearer", "clé-secrète", {}, "the key has characters"),
        ("bearer", "sk-abc\x7f", {}, "the key has characters"),
        ("bearer", "sk-abc", {"x-team": "bl\ud800ue-team"}, "header x-team has characters"),
    ],
)
def test_refused(scheme: str, key: str, headers: dict[str, str], why: str) -> None:
    """A key that could not be sent or be kept out of the report is refused, without being shown."""
    with pytest.raises(UsageError) as refused:
        target(scheme, key, headers=tuple(headers.items()))
    message = str(refused.value)
    assert why in message
    assert not [secret for secret in (key, *headers.values()) if len(secret) >= SHORTEST and secret in message]


@settings(deadline=None)
@given(st.text(PRINTABLE, min_size=SHORTEST, max_size=60))
def test_any_key(key: str) -> None:
    """Any key of printable ASCII is sent as it is, under either scheme, and what is sent is redacted."""
    for made in (target("bearer", key), target("basic", f"{key}:{key}")):
        header = made.authorization(Credential.RIGHT) or ""
        sent = header.partition(" ")[2]
        assert (base64.b64decode(sent).decode() if made.scheme == "basic" else sent) == made.key
        assert made.wrong_key != made.key
        assert made.redactor.text(made.wrong_key) != made.wrong_key
        assert made.redactor.text(sent) == marker(1, word=len(made.key or "") < LONGEST_WORD)


def test_repr_shows_no_secret() -> None:
    """A target that is printed shows neither key nor headers, also after they were used."""
    made = target("basic", "someone:sesame", headers=(("x-team", "team-secret"),))
    assert made.redactor.secrets
    assert made.wrong_key
    shown = repr(made) + repr(made.redactor)
    assert not [secret for secret in ("someone", "sesame", "team-secret", made.wrong_key) if secret in shown]
    assert "http://a/v1" in shown
