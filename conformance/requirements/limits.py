"""Limits: how long a reply may be, and what an endpoint says when it cut one."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..ask import OMIT, Ask
from ..exchange import Exchange
from ..model import Kind, Level, Violation
from ..mutants import Call, Mutant, Object
from ..reply import is_integer, objects
from ..requirement import requirement
from ..scenario import Scenario, Script, both_modes, for_each, scenario
from ..spoil import either, ignores, streaming, whole

MUST, SHOULD, OBSERVE = Level.MUST, Level.SHOULD, Level.OBSERVE

HUGE = 1_000_000
"""A max_tokens above the context of any model that answers such requests today."""

ACCOUNT = ("quota", "balance", "credit", "billing", "insufficient", "funds")
"""Words by which a refusal speaks of an account and not of the request."""


def more_than_asked(member: str) -> Mutant:
    """One token more than the limit says."""

    def request(call: Call) -> Call:
        limit = call.sent.get(member)
        return call.with_body({**call.sent, member: limit + 1}) if is_integer(limit) else call

    return Mutant(
        name=f"one-token-more-than-{member.replace('_', '-')}",
        about=f"replies may be one token above {member}",
        request=request,
    )


def _none(_: Exchange) -> int:
    return 0


def within(member: str, apart: Callable[[Exchange], int] = _none) -> Callable[[Exchange], Iterator[Violation]]:
    """The check that a reply's usage, without the tokens that are apart, does not exceed a limit."""

    def check(exchange: Exchange) -> Iterator[Violation]:
        limit, used = exchange.sent.get(member), exchange.tokens("completion_tokens")
        most = limit * exchange.asked_choices if is_integer(limit) else 0
        if used is not None and used - apart(exchange) > most:
            yield Violation(
                pointer="/usage/completion_tokens",
                observed=str(used),
                expected=f"at most {most} ({member}{' x n' if exchange.asked_choices > 1 else ''})",
            )

    return check


def thoughts(exchange: Exchange) -> int:
    """The tokens that usage says were thought, of all that it counts; no fewer than none."""
    return max(exchange.thought_tokens, 0)


def limited_by(member: str) -> Callable[[Exchange], bool]:
    """Answered, counted, and this member set to a limit."""

    def applies(exchange: Exchange) -> bool:
        limit, n = exchange.sent.get(member), exchange.sent.get("n")
        proper = is_integer(limit) and limit > 0 and (n is None or (is_integer(n) and n > 0))
        return exchange.ok and proper and exchange.tokens("completion_tokens") is not None

    return applies


@scenario(steps=1, tokens=4)
def limit(ask: Ask, member: str, most: int) -> Script:
    """Set a small limit."""
    yield ask(max_tokens=OMIT, also={member: most})
    return None


def limits(member: str) -> Scenario:
    """Small limits in both modes."""
    return both_modes(for_each("most", lambda _: (1, 4), for_each("member", lambda _: (member,), limit)))


@requirement(
    "limits.max-tokens",
    level=MUST,
    source="max_tokens",
    scenario=limits("max_tokens"),
    kind=Kind.EACH,
    parameter="max_tokens",
    applies=limited_by("max_tokens"),
    mutants=[
        ignores("max_tokens"),
        ignores("max_tokens", when=streaming),
        ignores("max_tokens", when=whole),
        more_than_asked("max_tokens"),
    ],
)
def within_max_tokens(exchange: Exchange) -> Iterator[Violation]:
    """A reply never has more tokens than max_tokens allows each of its choices, by its own count; thoughts that are
    counted apart may be outside of it."""
    yield from within("max_tokens", thoughts)(exchange)


@requirement(
    "limits.max-completion-tokens",
    level=MUST,
    source="max_completion_tokens",
    scenario=limits("max_completion_tokens"),
    kind=Kind.EACH,
    parameter="max_completion_tokens",
    applies=limited_by("max_completion_tokens"),
    mutants=[
        ignores("max_completion_tokens"),
        ignores("max_completion_tokens", when=streaming),
        more_than_asked("max_completion_tokens"),
    ],
)
def within_max_completion_tokens(exchange: Exchange) -> Iterator[Violation]:
    """A reply never has more tokens than max_completion_tokens allows each of its choices, by its own count."""
    yield from within("max_completion_tokens")(exchange)


def _one_too_few(_: Object, body: Object) -> None:
    usage = body.get("usage")
    if isinstance(usage, dict) and usage["completion_tokens"] > 1:
        usage["completion_tokens"] -= 1
        usage["total_tokens"] -= 1


@scenario(steps=2, tokens=262)
def long_leash(ask: Ask) -> Script:
    """Ask for a greeting, once with a limit that cuts it and once with one that it does not reach."""
    yield [ask(max_tokens=most, prompt="Say hello.") for most in (6, 256)]
    return None


@requirement(
    "limits.length-means-cut",
    level=SHOULD,
    source="finish_reason",
    scenario=both_modes(long_leash),
    kind=Kind.EACH,
    parameter="max_tokens",
    applies=lambda exchange: (
        limited_by("max_tokens")(exchange)
        and exchange.asked_choices == 1
        and bool(exchange.choices)
        and exchange.choices[0].finish_reason == "length"
        and not thoughts(exchange)
    ),
    mutants=[
        either("counts-one-token-too-few", "usage counts one completion token too few", _one_too_few),
        either(
            "always-length",
            "every reply ends with the reason length",
            lambda _, body: [
                choice.update(finish_reason="length")
                for choice in objects(body["choices"])
                if choice.get("finish_reason")
            ],
        ),
    ],
)
def length_means_cut(exchange: Exchange) -> Iterator[Violation]:
    """A reply that ends with the reason "length" has as many tokens as max_tokens allows."""
    names = ("max_tokens", "max_completion_tokens")
    most = min((limit for name in names if is_integer(limit := exchange.sent.get(name))), default=None)
    used = exchange.tokens("completion_tokens")
    if most is not None and used is not None and used < most <= 256:
        yield Violation(
            pointer="/usage/completion_tokens",
            observed=f'{used}, and the reason "length"',
            expected=f"{most} (the limit), or another reason",
        )
