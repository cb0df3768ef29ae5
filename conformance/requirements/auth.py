"""Who may ask: requests without the right credential are never served.

The documents require the Authorization header and state its scheme; the statuses are those of RFC 9110.  One wrong
key is tried, and at most once again, for endpoints lock out those who guess.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from ..ask import Ask
from ..contract import Contract
from ..exchange import Exchange
from ..model import Credential, Depth, Level, Violation, Zone
from ..mutants import Call, Mutant
from ..requirement import requirement
from ..scenario import Script, Stage, scenario

MUST, SHOULD, OBSERVE = Level.MUST, Level.SHOULD, Level.OBSERVE


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One way to ask without the right, in one mode.  `words`: what it shows; `only`: the scheme it exists in."""

    credential: Credential
    words: str
    stream: bool = False
    only: str | None = None


ATTEMPTS = {
    "missing": Attempt(credential=Credential.MISSING, words="no Authorization header"),
    "stream": Attempt(credential=Credential.MISSING, words="no Authorization header, for a stream", stream=True),
    "wrong-key": Attempt(credential=Credential.WRONG, words="a key that nobody issued"),
    "wrong-scheme": Attempt(credential=Credential.WRONG_SCHEME, words="the right key under another scheme"),
    "empty": Attempt(credential=Credential.EMPTY, words="the scheme and nothing after it"),
    "not-base64": Attempt(credential=Credential.NOT_BASE64, words="a credential that is no base64", only="basic"),
    "no-colon": Attempt(credential=Credential.NO_COLON, words="a credential without a colon", only="basic"),
    "lower-case": Attempt(credential=Credential.LOWER_CASE, words="the scheme in lower case"),
}


def attempts(contract: Contract) -> dict[str, Attempt]:
    """Those that the contract's scheme has, by name."""
    return {name: each for name, each in ATTEMPTS.items() if each.only in (None, contract.scheme)}


@scenario(steps=1 + len(ATTEMPTS), tokens=4 + 4 * len(ATTEMPTS), stage=Stage.REFUSAL, depth=Depth.SMOKE, repeats=1)
def who_is_asking(ask: Ask) -> Script:
    """Ask with the right key, then the same without it, with wrong ones, and with the scheme in lower case."""
    yield ask(max_tokens=4)
    yield [
        ask(
            max_tokens=4,
            credential=each.credential,
            also={"stream": True} if each.stream else {},
            zone=Zone.DISPUTED if each.credential is Credential.LOWER_CASE else Zone.REJECT,
        )
        for each in attempts(ask.contract).values()
    ]
    return None


def replies(contract: Contract, asked: tuple[Exchange, ...]) -> dict[str, Exchange]:
    """What came back for each attempt, by its name."""
    return dict(zip(attempts(contract), asked, strict=False))


def refused(contract: Contract, asked: tuple[Exchange, ...], *names: str) -> Iterator[Violation]:
    """A violation for each of these attempts that was served."""
    for name, exchange in replies(contract, asked).items():
        if name in names and exchange.ok:
            yield Violation(
                pointer="status",
                observed=f"{exchange.status} for {ATTEMPTS[name].words}",
                expected="401 or 403",
                exchanges=(exchange.n,),
            )


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
def missing(_control: Exchange, asked: tuple[Exchange, ...], *, contract: Contract) -> Iterator[Violation]:
    """A request without Authorization header is not served."""
    yield from refused(contract, asked, "missing")


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
def missing_for_a_stream(_control: Exchange, asked: tuple[Exchange, ...], *, contract: Contract) -> Iterator[Violation]:
    """A request for a stream without Authorization header is refused by its status, before any event."""
    yield from refused(contract, asked, "stream")


@of_auth(
    "auth.wrong-key",
    mutants=[serves("serves-any-key", "any key will do", lambda scheme, value: bool(scheme and value))],
)
def wrong_key(_control: Exchange, asked: tuple[Exchange, ...], *, contract: Contract) -> Iterator[Violation]:
    """A request with a key that nobody issued is not served."""
    yield from refused(contract, asked, "wrong-key")


@of_auth(
    "auth.wrong-scheme",
    mutants=[
        serves(
            "scheme-not-looked-at",
            "the key is accepted under another scheme",
            lambda scheme, value: bool(value) and not value.startswith("wrong") and scheme in ("Basic", "Bearer"),
        )
    ],
)
def wrong_scheme(_control: Exchange, asked: tuple[Exchange, ...], *, contract: Contract) -> Iterator[Violation]:
    """A request with the right key under another scheme is not served."""
    yield from refused(contract, asked, "wrong-scheme")


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
def empty(_control: Exchange, asked: tuple[Exchange, ...], *, contract: Contract) -> Iterator[Violation]:
    """A request whose Authorization header holds the scheme alone is not served."""
    yield from refused(contract, asked, "empty")


@of_auth(
    "auth.malformed",
    mutants=[
        serves("serves-bad-base64", "a credential that is no base64 is served", lambda _, value: "%" in value),
        serves(
            "serves-without-colon",
            "a credential without a colon is served",
            lambda _, value: value.startswith("bm8tY29sb24"),
        ),
    ],
)
def malformed(_control: Exchange, asked: tuple[Exchange, ...], *, contract: Contract) -> Iterator[Violation]:
    """A Basic credential that is no base64, or that has no colon in it, is not served."""
    yield from refused(contract, asked, "not-base64", "no-colon")
