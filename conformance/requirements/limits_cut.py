"""Limits, where they cut: the text is shorter, and the reason says why it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..conversations import choices, cuts
from ..exchange import Exchange
from ..model import Finding, Level, NotJudged, Violation
from ..mutants import Call, Mutant, Object, Sent
from ..reply import is_integer, objects
from ..requirement import requirement
from ..schema import show
from ..spoil import either, ignores, says, streaming, suffix

MUST, SHOULD = Level.MUST, Level.SHOULD


def _uncut(free: Exchange, short: Exchange) -> bool:
    """Whether a reply shows that its smaller limit did not act.

    Tokens are compared where they are counted, for few long ones may have more characters than many short ones, and a
    model may end its text by itself, now early and now late.
    """
    limit, all_, used = (
        short.sent.get("max_tokens"),
        free.tokens("completion_tokens"),
        short.tokens("completion_tokens"),
    )
    if len(short.text) < len(free.text) or free.thought or short.thought or not is_integer(limit):
        return False
    if all_ is not None and all_ <= limit:
        return False
    if used is not None and used > limit:
        return True
    ran_on = used is None and bool(free.choices) and free.choices[0].finish_reason == "length"
    return ran_on or short.text.startswith(free.text)


def _uncounted(call: Call) -> Call:
    return call.with_body({**call.sent, "max_tokens": 48}) if call.sent.get("max_tokens") else call


@requirement(
    "limits.max-tokens-acts",
    level=MUST,
    source="max_tokens",
    scenario=cuts,
    parameter="max_tokens",
    mutants=[
        ignores("max_tokens"),
        Mutant(name="at-least-48-tokens", about="a max_tokens below 48 is taken as 48", request=_uncounted),
        Mutant(
            name="at-least-48-tokens-in-streams",
            about="a max_tokens below 48 is taken as 48 in streams",
            request=_uncounted,
            when=streaming,
        ),
    ],
)
def limit_acts(free: Exchange, cut: tuple[Exchange, ...]) -> Iterator[Violation]:
    """A much smaller max_tokens gives a shorter text: the same question, asked coldly."""
    for short in cut:
        if _uncut(free, short):
            yield Violation(
                pointer="/choices/0",
                observed=f"{len(short.text)} characters long with max_tokens {show(short.sent.get('max_tokens'))}",
                expected=f"shorter than the {len(free.text)} characters that {show(free.sent.get('max_tokens'))} gave",
                exchanges=(short.n,),
            )


def _reason(reason: str, when: Callable[[Object], bool] | None = None) -> Mutant:
    def change(_: Object, body: Object) -> None:
        for choice in objects(body["choices"]):
            if choice.get("finish_reason") == "length":
                choice["finish_reason"] = reason

    return either(
        f"cut-says-{reason}{suffix(when)}", f"a reply cut by its limit ends with the reason {reason}", change, when
    )


def _ended_before(short: Exchange) -> bool:
    """Whether a reply has fewer tokens than its limit allows, by its own count: the limit did not cut it."""
    limit, used = short.sent.get("max_tokens"), short.tokens("completion_tokens")
    return is_integer(limit) and used is not None and used < limit


def cut_says_length(free: Exchange, cut: tuple[Exchange, ...]) -> Iterator[Violation | NotJudged]:
    """The replies that are proper beginnings of the free one and used up their limit, so that it cut them, all say
    otherwise.  Where one of them says "length", the others may have ended by themselves just there."""
    said = [short for short in cut if short.legible and short.choices and short.choices[0].finish_reason]
    said = [short for short in said if not _ended_before(short)]
    begun = [short for short in said if short.text and free.text.startswith(short.text) and short.text != free.text]
    wrong = [short for short in begun if short.choices[0].finish_reason != "length"]
    if len(begun) < 2 and not any(short.choices[0].finish_reason == "length" for short in said):
        yield NotJudged(reason="no two replies were readable beginnings of the free one: cold replies may differ")
    if len(wrong) < max(len(begun), 2):
        return
    for short in wrong:
        yield Violation(
            pointer="/choices/0/finish_reason",
            observed=show(short.choices[0].finish_reason),
            expected=f'"length": max_tokens {show(short.sent.get("max_tokens"))} cut it',
            exchanges=(short.n,),
        )


@requirement(
    "limits.cut-means-length",
    level=MUST,
    source="response_format",
    scenario=cuts,
    parameter="max_tokens",
    mutants=[_reason("stop"), _reason("stop", when=streaming)],
)
def cut_means_length(free: Exchange, cut: tuple[Exchange, ...]) -> Iterator[Violation | NotJudged]:
    """A reply cut by max_tokens ends with the reason "length", where the document defines that reason."""
    yield from cut_says_length(free, cut)


@requirement(
    "limits.cut-says-length",
    level=SHOULD,
    source="finish_reason",
    scenario=cuts,
    parameter="max_tokens",
    mutants=[_reason("stop"), _reason("stop", when=streaming)],
)
def cut_says_length_by_convention(free: Exchange, cut: tuple[Exchange, ...]) -> Iterator[Violation | NotJudged]:
    """A reply cut by max_tokens ends with the reason "length", as OpenAI's do."""
    yield from cut_says_length(free, cut)


MANY_TIMES = 8
"""How many times as long one reply may be as another of equally many tokens, for tokens are not equally long: a long
word of one language has eight times the bytes of a character of another."""


def _runs_on(_: Sent, said: str, index: int) -> str:
    return said * 32 if index else said


def _size(said: str) -> int:
    """Bytes, for vocabularies are made of them: what has few characters has large ones."""
    return len(said.encode("utf-8", "replace"))


@requirement(
    "limits.every-choice",
    level=SHOULD,
    source="max_tokens",
    scenario=choices,
    feature="n",
    parameter="max_tokens",
    mutants=[
        says("limit-of-the-first-choice", "max_tokens limits the first choice alone", _runs_on),
        says(
            "limit-of-the-first-streamed-choice",
            "max_tokens limits the first choice of a stream alone",
            _runs_on,
            when=streaming,
        ),
    ],
)
def every_choice_is_limited(asked: tuple[Exchange, Exchange]) -> Iterator[Finding]:
    """Of several choices that max_tokens cut none is many times as long as the first, and as a reply of one choice."""
    three, one = asked
    cut = [choice for choice in (*three.choices, *one.choices) if choice.finish_reason == "length" and choice.text]
    readable = all(each.legible and not each.thought for each in asked) and len(three.choices) > 1
    if not readable or len(cut) < len(three.choices) + 1:
        yield NotJudged(reason="not all choices were cut by their limit")
        return
    least = max(map(_size, (three.choices[0].text, one.text)))
    for choice in three.choices[1:]:
        if _size(choice.text) > MANY_TIMES * least:
            yield Violation(
                pointer=f"/choices/{show(choice.index)}",
                observed=f"{_size(choice.text)} bytes long",
                expected=f"about as long as the {least} bytes that the same max_tokens gave elsewhere",
                exchanges=(three.n,),
            )
