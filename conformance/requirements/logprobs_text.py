"""Log probabilities beside the text: they are of its tokens, of all of them, and tell their bytes.

What stands between tokens and text in honest endpoints (a stop, a format, thoughts, white space at the ends, a
character that the limit cut) is never held against one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Any

from ..exchange import Exchange
from ..likelihoods import REPLACEMENT, Candidate, Place, all_places, entries, joined, known_bytes, plain, spelled, told
from ..model import Finding, Level, NotJudged, Violation
from ..mutants import Object
from ..reply import Choice, is_integer, members
from ..schema import show
from ..spoil import streaming
from .logprobs import of_logprobs
from .logprobs_asked import entry_by_entry, tells

MUST, SHOULD = Level.MUST, Level.SHOULD

MARKERS = str.maketrans({"Ġ": " ", "▁": " ", "Ċ": "\n"})
"""How tokenizers write white space in the pieces of their vocabularies."""

SPECIAL = re.compile(r"<.*>|token_id:\d+", re.DOTALL)
"""Tokens that are told by a name."""

NUMBERED = re.compile(r"<0x[0-9A-Fa-f]{2}>|token_id:\d+")
"""Tokens that are told by the number of a byte, or by their own."""

LAST_SIGN = "\u0143"
"""Vocabularies with a sign for each byte have none beyond it."""


def cut_by_length(choice: Choice) -> bool:
    """A text that its limit ended, without thoughts, refusal or calls: what its tokens say it says."""
    return (
        choice.finish_reason == "length"
        and bool(choice.text)
        and not (choice.reasoning or choice.refusal or choice.tool_calls)
    )


def _words(candidate: Candidate) -> str | None:
    """What must be found in the text if the token is of it; None where that cannot be said."""
    data = known_bytes(candidate)
    said = (candidate.token if data is None else data.decode("utf-8", "replace")).translate(MARKERS).strip()
    if SPECIAL.fullmatch(said) or (data is None and not said.isascii()):
        return None
    return said if said and REPLACEMENT not in said else None


def _headless(there: tuple[Place, ...]) -> tuple[Place, ...]:
    """The places after what some formats begin a reply with: a special token, and all up to the last one."""
    special = [at for at, place in enumerate(there) if SPECIAL.fullmatch(place.said.token)]
    return there[special[-1] + 1 :] if special[:1] == [0] else there


def _runner_up(entry: Object) -> None:
    """The token that was not said: the last of the list, or where there is none a word of its own."""
    other = entry["top_logprobs"][-1] if entry["top_logprobs"] else {"token": " zebra", "bytes": list(b" zebra")}
    entry.update(token=other["token"], bytes=other["bytes"])


def _as_raw_pieces(entry: Object) -> None:
    entry["token"] = f"Ġx{entry['token'].strip()}x"
    entry["bytes"] = None


of_text = partial(of_logprobs, applies=plain)
"""A requirement on the log probabilities of plain texts."""

NOTHING = NotJudged(reason="no text that its limit cut was there with log probabilities of four tokens")


@of_text(
    "logprobs.of-the-text",
    level=MUST,
    mutants=[
        tells(
            "logprobs-of-other-tokens",
            "log probabilities are told of tokens that were not said",
            entry_by_entry(_runner_up),
        ),
        tells(
            "logprobs-of-other-tokens-in-streams",
            "streams tell log probabilities of tokens that were not said",
            entry_by_entry(_runner_up),
            streaming,
        ),
        tells(
            "logprobs-of-raw-pieces",
            "tokens are told as pieces that are not in the text",
            entry_by_entry(_as_raw_pieces),
        ),
    ],
)
def are_of_the_text(exchange: Exchange) -> Iterator[Finding]:
    """The tokens whose log probabilities are told are those of the text: at least half of them are found in it."""
    judged = False
    for choice, there in told(exchange):
        if not cut_by_length(choice) or exchange.thought:
            continue
        said = [words for place in _headless(there) if (words := _words(place.said)) is not None]
        found = sum(words in choice.text for words in said)
        judged = judged or len(said) >= 4
        if len(said) >= 4 and found < len(said) / 2:
            strange = next(words for words in said if words not in choice.text)
            missing = f"{len(said) - found} in {len(said)}"
            how = ", by their bytes" if any(place.said.bytes is not None for place in there) else ""
            yield Violation(
                pointer=f"/choices/{show(choice.index)}/logprobs/content",
                observed=f"of tokens of which {missing} are not in the text{how}: {show(strange)}",
                expected=f"of the tokens of {show(choice.text)}",
            )
    if not judged:
        yield NOTHING


def _alike(says: str, text: str) -> bool:
    """The same text, but for white space at the ends and a character that the limit cut."""
    says, text = says.strip(), text.strip()
    if says == text:
        return True
    whole_says, whole_text = says.rstrip(REPLACEMENT).rstrip(), text.rstrip(REPLACEMENT).rstrip()
    if whole_text != text:
        return says.startswith(whole_text)
    return whole_says != says and text.startswith(whole_says)


def _readings(said: tuple[Place, ...]) -> Iterator[str]:
    """What the tokens may say, joined: where no bytes are told they may be of the text or of a vocabulary."""
    says = joined(said)
    if says is not None:
        yield says
        if all(place.said.bytes is None for place in said):
            yield "".join(place.said.token for place in said)
            yield says.translate(MARKERS)


def _say(said: tuple[Place, ...], text: str) -> bool:
    """Whether the tokens joined are the text, or are it without what comes before it in some formats."""
    return any(_alike(says, text) for there in (said, _headless(said)) for says in _readings(there))


def _in_a_code(candidate: Candidate) -> bool:
    """Whether a token may be told by a number alone, or by signs that stand for its bytes."""
    if candidate.bytes is not None:
        return bool(NUMBERED.fullmatch(candidate.token)) and candidate.bytes == candidate.token.encode()
    piece = candidate.token.translate(MARKERS)
    return bool(NUMBERED.fullmatch(piece)) or (not piece.isascii() and max(piece) <= LAST_SIGN)


def _untold(said: tuple[Place, ...], text: str) -> bool:
    """Whether tokens that do not say the text are told in a form that says nothing of it."""
    return _half_lost(said, text) or any(_in_a_code(place.said) for place in said)


def _half_lost(said: tuple[Place, ...], text: str) -> bool:
    """Whether bytes that are told are of the sign for half a character where the text has the character."""
    signs = sum((place.said.bytes or b"").count(REPLACEMENT.encode()) for place in said)
    return signs > text.count(REPLACEMENT)


def _swapped(there: list[Any]) -> list[Any]:
    return [*there[1::-1], *there[2:]] if there[1:] and there[0]["token"] != there[1]["token"] else there[:-2]


@of_text(
    "logprobs.exact",
    level=SHOULD,
    mutants=[
        tells("first-entry-lost", "the first token has no log probability", lambda told: told[1:]),
        tells("last-entry-lost-in-streams", "a stream's last tokens have none", lambda told: told[:-2], streaming),
        tells("entries-swapped", "two places are told in the wrong order", _swapped),
        tells("entries-twice", "every place is told twice", lambda told: [each for each in told for _ in "12"]),
    ],
)
def give_the_text(exchange: Exchange) -> Iterator[Finding]:
    """The tokens of a text that its limit cut, joined, are the text."""
    judged = False
    for choice, said in told(exchange):
        if not cut_by_length(choice) or exchange.thought:
            continue
        says = joined(said) if said and len(said) == len(entries(choice)) else None
        alike = says is not None and _say(said, choice.text)
        if says is None or (not alike and _untold(said, choice.text)):
            continue
        judged = True
        if not alike:
            yield Violation(
                pointer=f"/choices/{show(choice.index)}/logprobs/content",
                observed=f"of tokens that say {show(says, 80)}",
                expected=f"of those of the text {show(choice.text, 80)}",
            )
    if not judged:
        yield NotJudged(reason="no text that its limit cut had tokens that could be joined")


def _names_its_bytes(candidate: Candidate) -> bool:
    if candidate.bytes is None or REPLACEMENT in candidate.token or SPECIAL.fullmatch(candidate.token):
        return True
    token, spaced = candidate.token, candidate.token.translate(MARKERS)
    return candidate.bytes in (token.encode("utf-8", "replace"), spaced.encode("utf-8", "replace"), spelled(token))


def _other_bytes(entry: Object) -> None:
    entry["bytes"] = [each + 1 if each < 127 else each for each in entry["bytes"]]


def _code_points(entry: Object) -> None:
    entry["bytes"] = list(f"{entry['token']}é".encode("latin-1", "replace"))


@of_text(
    "logprobs.bytes",
    level=SHOULD,
    mutants=[
        tells("bytes-of-another-token", "a token's bytes are of another token", entry_by_entry(_other_bytes)),
        tells("bytes-in-latin-1", "a token's bytes are not UTF-8", entry_by_entry(_code_points), streaming),
    ],
)
def bytes_are_the_tokens(exchange: Exchange) -> Iterator[Finding]:
    """Where a token's bytes are told, they are the UTF-8 of the token that stands beside them."""
    candidates = [each for place in all_places(exchange) for each in (place.said, *place.listed)]
    if not any(each.bytes is not None for each in candidates):
        yield NotJudged(reason="no bytes were told")
    wrong = next((each for each in candidates if not _names_its_bytes(each)), None)
    if wrong is not None:
        yield Violation(
            pointer="/choices/*/logprobs/content/*/bytes",
            observed=f"{show(list(wrong.bytes or b''))} for the token {show(wrong.token)}",
            expected=show(list(wrong.token.encode("utf-8", "replace"))),
        )


def _thought(exchange: Exchange) -> bool:
    details = members((exchange.usage or {}).get("completion_tokens_details"))
    return bool(details.get("reasoning_tokens")) or any(choice.reasoning for choice in exchange.choices)


def _before_the_texts(exchange: Exchange) -> int:
    """How many tokens are told that come before the texts of the choices."""
    return sum(len(there) - len(_headless(there)) for _, there in told(exchange))


def _of_all_the_text(exchange: Exchange) -> bool:
    """Whether all tokens of the texts are told: what is counted beyond them are tokens that have no text."""
    return all(_say(there, choice.text) for choice, there in told(exchange))


@of_text(
    "logprobs.counted",
    level=SHOULD,
    mutants=[
        tells("half-the-entries", "every second token has no log probability", lambda told: told[::2]),
        tells("two-entries-lost-in-streams", "a stream's last two tokens have none", lambda told: told[:-2], streaming),
        tells("one-entry-too-many", "one place is told twice", lambda told: [*told, *told[-1:]]),
    ],
)
def are_as_many_as_tokens(exchange: Exchange) -> Iterator[Finding]:
    """There are as many entries as completion_tokens, or one less a choice: the end of a text may be counted untold.
    Fewer there may be if they are all of the text, and more by those of a format that comes before it."""
    count, lengths = exchange.tokens("completion_tokens"), [len(entries(choice)) for choice in exchange.choices]
    if not is_integer(count) or not any(lengths) or _thought(exchange):
        yield NotJudged(reason="there was no usage beside log probabilities, or tokens of thoughts were counted")
    elif sum(lengths) > count + _before_the_texts(exchange) or (
        sum(lengths) < count - len(lengths) and not _of_all_the_text(exchange)
    ):
        yield Violation(
            pointer="/choices/*/logprobs/content",
            observed=f"{sum(lengths)} entries",
            expected=f"{count}, the completion_tokens, or one less a choice",
        )
