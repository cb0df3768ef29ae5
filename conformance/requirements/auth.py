"""Who may ask: requests without the right credential are never served.

The documents require the Authorization header and state its scheme; the statuses are those of RFC 9110.  One wrong
key is tried, and at most once again, for endpoints lock out those who guess.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from ..ask import Ask
from ..exchange import Exchange
from ..model import Credential, Depth, Finding, Level, NotJudged, Request, Violation, Zone
from ..mutants import Call, Mutant
from ..requirement import requirement
from ..scenario import Script, Stage, scenario
from ..spoil import refusal
from .errors import crashed

MUST, SHOULD, OBSERVE = Level.MUST, Level.SHOULD, Level.OBSERVE


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One way to ask without the right, in one mode.  `words`: what it shows."""

    credential: Credential
    words: str
    stream: bool = False


ATTEMPTS = {
    "missing": Attempt(credential=Credential.MISSING, words="no Authorization header"),
    "stream": Attempt(credential=Credential.MISSING, words="no Authorization header, for a stream", stream=True),
    "wrong-key": Attempt(credential=Credential.WRONG, words="a key that nobody issued"),
    "wrong-scheme": Attempt(credential=Credential.WRONG_SCHEME, words="the right key under another scheme"),
    "no-scheme": Attempt(credential=Credential.NO_SCHEME, words="the right key without a scheme"),
    "empty": Attempt(credential=Credential.EMPTY, words="the scheme and nothing after it"),
    "lower-case": Attempt(credential=Credential.LOWER_CASE, words="the scheme in lower case"),
}
MALFORMED = {
    "not-base64": Attempt(credential=Credential.NOT_BASE64, words="a credential that is no base64"),
    "no-colon": Attempt(credential=Credential.NO_COLON, words="a credential without a colon"),
}
"""Those of the Basic scheme alone."""


def _asked(ask: Ask, attempts: dict[str, Attempt]) -> list[Request]:
    return [
        ask(
            max_tokens=4,
            credential=each.credential,
            also={"stream": True} if each.stream else {},
            zone=Zone.DISPUTED if each.credential is Credential.LOWER_CASE else Zone.REJECT,
        )
        for each in attempts.values()
    ]


asks = partial(scenario, stage=Stage.REFUSAL, repeats=1, apart=True)
"""A script whose attempts have nothing to do with each other: the weather of one is not that of the others."""


@asks(steps=1 + len(ATTEMPTS), tokens=4 + 4 * len(ATTEMPTS), depth=Depth.SMOKE)
def who_is_asking(ask: Ask) -> Script:
    """Ask with the right key, then the same without it, with wrong ones, and with the scheme in lower case."""
    yield ask(max_tokens=4)
    yield _asked(ask, ATTEMPTS)
    return None


@asks(steps=len(MALFORMED), tokens=4 * len(MALFORMED), depth=Depth.SMOKE)
def malformed_credential(ask: Ask) -> Script:
    """Ask with Basic credentials that are none."""
    yield _asked(ask, MALFORMED)
    return None


def replies(asked: tuple[Exchange, ...], attempts: dict[str, Attempt] = ATTEMPTS) -> dict[str, Exchange]:
    """What came back for each attempt, by its name; nothing for those that met with weather."""
    return {name: exchange for name, exchange in zip(attempts, asked, strict=False) if exchange.says_nothing is None}


def served(exchange: Exchange, attempt: Attempt) -> Iterator[Violation]:
    """A violation if an attempt was served."""
    if exchange.ok:
        yield Violation(
            pointer="status",
            observed=f"{exchange.status} for {attempt.words}",
            expected="401 or 403",
            exchanges=(exchange.n,),
        )


def refused(asked: tuple[Exchange, ...], name: str) -> Iterator[Finding]:
    """A violation if this attempt was served."""
    found = replies(asked)
    if name not in found:
        yield NotJudged(reason=dict(zip(ATTEMPTS, asked, strict=False))[name].says_nothing or "")
    else:
        yield from served(found[name], ATTEMPTS[name])


SCHEMES = ("Basic", "Bearer")


def _is_pair(value: str) -> bool:
    """Whether a credential is user and password in base64."""
    try:
        return b":" in base64.b64decode(value, validate=True)
    except binascii.Error:
        return False


def _credential(call: Call) -> tuple[str, str]:
    scheme, _, value = (call.header("authorization") or "").partition(" ")
    return scheme, value.strip()


def serves(name: str, about: str, condition: Callable[[str, str], bool], *, streams: bool | None = None) -> Mutant:
    """An endpoint that serves those of whom a condition on (scheme, credential) holds."""

    def request(call: Call) -> Call:
        mode = streams is None or (call.sent.get("stream") is True) == streams
        return replace(call, trusted=True) if mode and condition(*_credential(call)) else call

    return Mutant(name=name, about=about, request=request)


of_auth = partial(requirement, level=MUST, source="Authorization", scenario=who_is_asking, feature="auth")
"""A requirement on what comes of asking without the right."""


@of_auth(
    "auth.missing",
    mutants=[
        serves("serves-anybody", "no credential is asked for", lambda *_: True),
        serves("serves-without-credential", "a request without credential is served", lambda scheme, _: not scheme),
    ],
)
def missing(_control: Exchange, asked: tuple[Exchange, ...]) -> Iterator[Finding]:
    """A request without Authorization header is not served."""
    yield from refused(asked, "missing")


@of_auth(
    "auth.stream",
    mutants=[
        serves("serves-anybody-a-stream", "streams are served without credential", lambda *_: True, streams=True),
        Mutant(
            name="unauthorized-as-event",
            about="a stream without credential is 200 with an error event",
            wire=lambda call, wire: (
                replace(wire, status=200, headers=(("content-type", "text/event-stream"),)).with_body(
                    b"data: " + wire.body + b"\n\n"
                )
                if wire.status == 401 and call.sent.get("stream")
                else wire
            ),
        ),
    ],
)
def missing_for_a_stream(_control: Exchange, asked: tuple[Exchange, ...]) -> Iterator[Finding]:
    """A request for a stream without Authorization header is refused by its status, before any event."""
    yield from refused(asked, "stream")


@of_auth(
    "auth.wrong-key",
    mutants=[serves("serves-any-key", "any key will do", lambda scheme, value: bool(scheme and value))],
)
def wrong_key(_control: Exchange, asked: tuple[Exchange, ...]) -> Iterator[Finding]:
    """A request with a key that nobody issued is not served."""
    yield from refused(asked, "wrong-key")


@of_auth(
    "auth.wrong-scheme",
    mutants=[
        serves(
            "scheme-not-looked-at",
            "the key is accepted under another scheme",
            lambda scheme, value: bool(value) and (scheme == "Basic") is not _is_pair(value) and scheme in SCHEMES,
        )
    ],
)
def wrong_scheme(_control: Exchange, asked: tuple[Exchange, ...]) -> Iterator[Finding]:
    """A request with the right key under another scheme is not served."""
    yield from refused(asked, "wrong-scheme")


@of_auth(
    "auth.no-scheme",
    level=SHOULD,  # whoever shows the right key has it, and gateways that many run take it so
    mutants=[
        serves(
            "scheme-not-needed",
            "a key without a scheme before it is served",
            lambda scheme, value: bool(scheme) and not value and scheme not in SCHEMES,
        )
    ],
)
def no_scheme(_control: Exchange, asked: tuple[Exchange, ...]) -> Iterator[Finding]:
    """A request whose Authorization header holds the right key without a scheme is not served."""
    yield from refused(asked, "no-scheme")


@of_auth(
    "auth.empty",
    mutants=[
        serves(
            "serves-empty-credential",
            "a scheme without credential is served",
            lambda scheme, value: bool(scheme) and not value,
        )
    ],
)
def empty(_control: Exchange, asked: tuple[Exchange, ...]) -> Iterator[Finding]:
    """A request whose Authorization header holds the scheme alone is not served."""
    yield from refused(asked, "empty")


@of_auth(
    "auth.malformed",
    mutants=[
        serves("serves-bad-base64", "a credential that is no base64 is served", lambda _, value: "%" in value),
        serves(
            "serves-without-colon",
            "a credential without a colon is served",
            lambda _, value: value.startswith("bm8tY29sb24"),
        ),
        Mutant(
            name="crashes-on-bad-base64",
            about="a credential that is no base64 is answered with 500",
            wire=lambda call, wire: refusal(wire, 500, "Incorrect padding") if _credential(call)[1] == "%%%" else wire,
        ),
    ],
    scenario=malformed_credential,
)
def malformed(asked: tuple[Exchange, ...]) -> Iterator[Violation]:
    """A Basic credential that is no base64, or that has no colon in it, is not served, and crashes nothing."""
    for name, exchange in replies(asked, MALFORMED).items():
        yield from served(exchange, MALFORMED[name])
        yield from crashed((exchange,), MALFORMED[name].words)
