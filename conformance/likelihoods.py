"""The log probabilities of a reply, place by place, in one shape; and what a list of the likeliest tokens proves.

Rule: total, and nothing is repaired.  An entry that is not of OpenAI's shape is left out: what is wrong with it is the
business of `logprobs.shape`.  Only ranks that a list proves count: what it does not name may be anything less likely
than its last.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias
from weakref import WeakKeyDictionary

from .exchange import Exchange
from .model import JSON
from .reply import Choice, is_integer, items, members, objects

UNTOLD = -1000.0
"""Below it a log probability is no number but a sign for "too small to tell" (OpenAI's is -9999.0)."""

REPLACEMENT = "\ufffd"

ESCAPE = re.compile(r"\\x([0-9a-fA-F]{2})")
"""A byte as OpenAI writes it in the name of a token that is half a character."""

Key: TypeAlias = "bytes | str"
"""What tells one token from another: its bytes, or where they are not told its text."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A token with its log probability; `bytes` is None where they are not told."""

    token: str
    bytes: bytes | None
    logprob: float

    @property
    def key(self) -> Key:
        """What tells it from others."""
        return self.token if self.bytes is None else self.bytes


def spelled(token: str) -> bytes | None:
    r"""The bytes of a token that is named by some of them, such as `\xe6\x9c` or `bytes:\xe6\x9c`; None for others."""
    text_and_digits = ESCAPE.split(token.removeprefix("bytes:"))
    if not text_and_digits[1:]:
        return None
    return b"".join(
        bytes.fromhex(part) if at % 2 else part.encode("utf-8", "replace") for at, part in enumerate(text_and_digits)
    )


def known_bytes(candidate: Candidate) -> bytes | None:
    """The bytes of a token as they are told, or else as its name spells them."""
    return spelled(candidate.token) if candidate.bytes is None else candidate.bytes


@dataclass(frozen=True, kw_only=True)
class Place:
    """One place of a text: the token that was said there, and the likeliest ones as they were told, in that order."""

    said: Candidate
    listed: tuple[Candidate, ...]

    @cached_property
    def logprob(self) -> float:
        """The log probability of what was said, as the list has it, for there it can be compared; or as it stands."""
        found = [each.logprob for each in self.listed if each.key == self.said.key]
        return min(found, key=lambda each: abs(each - self.said.logprob)) if found else self.said.logprob

    @property
    def gap(self) -> float:
        """By how much the likeliest token that is told was likelier than what was said: 0 for the likeliest."""
        return max([self.logprob, *(each.logprob for each in self.listed)]) - self.logprob

    def likelier(self, margin: float) -> list[Candidate]:
        """The listed tokens that were likelier than what was said by more than a margin."""
        return [each for each in self.listed if each.logprob > self.logprob + margin]

    def mass_above(self, margin: float) -> float:
        """How likely all those were together."""
        return math.fsum(math.exp(min(each.logprob, 0.0)) for each in self.likelier(margin))


def asked(exchange: Exchange) -> bool:
    """An answered request for log probabilities whose text can be relied on."""
    return exchange.legible and exchange.sent.get("logprobs") is True


def lists_asked(exchange: Exchange) -> int:
    """How many likeliest tokens the request asked for at each place."""
    count = exchange.sent.get("top_logprobs")
    return count if is_integer(count) else 0


def plain(exchange: Exchange) -> bool:
    """Asked for log probabilities of a plain text: no format, tool, stop or thought stands between tokens and text."""
    between = ("tools", "functions", "response_format", "stop", "enable_thinking", "separate_reasoning")
    return asked(exchange) and not any(exchange.sent.get(name) for name in between)


def entries(choice: Choice) -> list[dict[str, JSON]]:
    """The entries of a choice that are objects."""
    return list(objects(list(choice.logprobs or ())))


_found: WeakKeyDictionary[Exchange, tuple[tuple[Choice, tuple[Place, ...]], ...]] = WeakKeyDictionary()


def told(exchange: Exchange) -> tuple[tuple[Choice, tuple[Place, ...]], ...]:
    """Each choice with the places of its text that are told in OpenAI's shape.

    It is made once an exchange, for many checks ask for it.
    """
    if exchange not in _found:
        _found[exchange] = tuple((choice, tuple(_places(choice))) for choice in exchange.choices)
    return _found[exchange]


def _places(choice: Choice) -> Iterator[Place]:
    for entry in entries(choice):
        said = _candidate(entry)
        if said is not None:
            listed = map(_candidate, objects(entry.get("top_logprobs")))
            yield Place(said=said, listed=tuple(each for each in listed if each is not None))


def all_places(exchange: Exchange) -> tuple[Place, ...]:
    """The places of all choices."""
    return tuple(place for _, said in told(exchange) for place in said)


def _candidate(given: JSON) -> Candidate | None:
    shown = members(given)
    token, logprob = shown.get("token"), shown.get("logprob")
    if not isinstance(token, str) or isinstance(logprob, bool) or not isinstance(logprob, int | float):
        return None
    try:
        value = float(logprob)
    except OverflowError:
        return None
    return Candidate(token=token, bytes=_bytes(shown.get("bytes")), logprob=value) if math.isfinite(value) else None


def _bytes(value: JSON) -> bytes | None:
    numbers = [each for each in items(value) if is_integer(each) and 0 <= each <= 255]
    return bytes(numbers) if isinstance(value, list) and len(numbers) == len(value) else None


def joined(said: Sequence[Place]) -> str | None:
    """The text of these tokens; None where some are told as text only and one of those has no text of its own."""
    parts = [(each.said.token, known_bytes(each.said)) for each in said]
    if any(data is None and REPLACEMENT in token for token, data in parts):
        return None
    if all(data is None for _, data in parts):
        return "".join(token for token, _ in parts)
    found = [token.encode("utf-8", "replace") if data is None else data for token, data in parts]
    return b"".join(found).decode("utf-8", "replace")


SPACES = str.maketrans("", "", " \u0120\u2581\t\n\u010a")
"""Spaces and line ends, and what vocabularies write in their place."""


def of_its_text(exchange: Exchange) -> bool:
    """Whether the tokens that are told can be those of the text: not of another one, as some servers have it."""
    for choice, said in told(exchange):
        tokens = joined(said)
        if tokens is None or REPLACEMENT in choice.text or not said:
            continue
        one, other = tokens.translate(SPACES), choice.text.translate(SPACES)
        if one not in other and other not in one:
            return False
    return True


def same_start(one: Exchange, other: Exchange, tolerance: float = 0.2) -> bool | None:
    """Whether two replies to one prompt tell the same of their first token; None where that cannot be compared.

    Where they do although a parameter differs, log probabilities are told before the sampler, or the parameter has no
    effect: either way what was said can be judged by them.
    """
    mine, yours = (next(map(_listed, _first_said(each)), {}) for each in (one, other))
    return _agree(mine, yours, tolerance) if mine and yours else None


def same_as_long_as_alike(one: Exchange, other: Exchange, tolerance: float = 0.2) -> bool:
    """Whether two replies to one prompt tell the same of every token up to the first that differs, and of that one.

    Where they do although a penalty differs, the lists are of what the model had before the penalty took its toll.
    """
    for mine, yours in zip(_first_said(one), _first_said(other), strict=False):
        if not _agree(_listed(mine), _listed(yours), tolerance):
            return False
        if mine.said.key != yours.said.key:
            break
    return True


def _first_said(exchange: Exchange) -> tuple[Place, ...]:
    """The places of the first choice."""
    return next((said for _, said in told(exchange)), ())


def _listed(place: Place) -> dict[Key, float]:
    """A list without what it does not tell."""
    return {each.key: each.logprob for each in place.listed if each.logprob > UNTOLD}


def _agree(one: dict[Key, float], other: dict[Key, float], tolerance: float) -> bool:
    shared = [key for key in one if key in other]
    if len(shared) < 2 or abs(len(one) - len(other)) > 1:
        return False
    gaps = [[listed[key] - max(listed.values()) for key in shared] for listed in (one, other)]
    return all(abs(a - b) <= tolerance for a, b in zip(*gaps, strict=True))
