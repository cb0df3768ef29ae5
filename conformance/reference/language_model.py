"""A language model small enough to be read, with real logits: the same context gives the same distribution, always.

Rule: nothing is learnt and nothing is drawn here.  Noise from a fixed seed, looked up by the last two tokens, the place
and the prompt, makes texts that differ from prompt to prompt; a prior makes words likely, keeps characters whole and
lets a reply end by itself.
"""

from __future__ import annotations

import math
import random
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from operator import add

from .sampler import log_softmax
from .vocabulary import END, LIKELIHOOD, TOKENS

_SPAN = 4096
"""How many places of the noise a context can point to."""

_KEPT = 256
"""Places whose logits are kept: those of the replies that are made just now."""

_YOUNG = 24
"""Tokens before which no reply ends by itself."""

_RIPE = 95
"""Tokens at which the end is as likely as everything else together."""

_IMPOSSIBLE = -18.0
"""Added to a token that would break a character: out of the question, yet a logit_bias of 100 can force it."""

_REPEATED = 3.0
"""Taken from the two tokens just said: nobody stammers."""

_LEAD = 5.0
"""What a model that is not flat adds to its favourite."""

_DEVIATION = 0.85
"""Of each of the two noises (a logit)."""

# The states inside a character, by what its next byte may be (The Unicode Standard, table 3-7, well-formed UTF-8).
_WHOLE = 0
_NEXT: tuple[tuple[tuple[int, int, int], ...], ...] = (
    (
        (0x00, 0x7F, _WHOLE),
        (0xC2, 0xDF, 1),
        (0xE0, 0xE0, 4),
        (0xE1, 0xEC, 2),
        (0xED, 0xED, 5),
        (0xEE, 0xEF, 2),
        (0xF0, 0xF0, 6),
        (0xF1, 0xF3, 3),
        (0xF4, 0xF4, 7),
    ),
    ((0x80, 0xBF, _WHOLE),),
    ((0x80, 0xBF, 1),),
    ((0x80, 0xBF, 2),),
    ((0xA0, 0xBF, 1),),
    ((0x80, 0x9F, 1),),
    ((0x90, 0xBF, 2),),
    ((0x80, 0x8F, 2),),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """All that the model looks at: a digest of the prompt, the last two tokens, how many were said, the character that
    is half said."""

    prompt: int
    last: int
    before: int
    said: int = 0
    character: int = _WHOLE

    @property
    def between_characters(self) -> bool:
        """Whether no character is half said."""
        return self.character == _WHOLE


class LanguageModel:
    """`flat`: many tokens are possible at every place (four bits and more); otherwise one of them nearly always is it.

    Greedy decoding says the same either way.  What was reckoned for the last places is kept: the choices of a request
    begin at one place, and a question that is asked again passes the same ones.
    """

    def __init__(self, *, flat: bool = True) -> None:
        self.logits = lru_cache(maxsize=_KEPT)(self._logits)
        self.log_probabilities = lru_cache(maxsize=_KEPT)(self._log_probabilities)
        self._flat = flat
        self._by_tokens = _noise("tokens")
        self._by_place = _noise("place")
        self._together = math.log(sum(map(math.exp, _priors()[_WHOLE]))) + _DEVIATION**2

    def begin(self, prompt: Sequence[int]) -> Position:
        """The place after a prompt, where a reply begins."""
        digest = zlib.crc32(struct.pack(f">{len(prompt)}H", *prompt))
        return Position(prompt=digest, last=prompt[-1] if prompt else END, before=prompt[-2] if prompt[1:] else END)

    def after(self, position: Position, token: int) -> Position:
        """The place after one more token."""
        character, _ = _advance(position.character, TOKENS[token])
        return Position(
            prompt=position.prompt, last=token, before=position.last, said=position.said + 1, character=character
        )

    def _log_probabilities(self, position: Position) -> Mapping[int, float]:
        """The distribution, as natural logarithms, by token."""
        return dict(enumerate(log_softmax(self.logits(position))))

    def _logits(self, position: Position) -> Sequence[float]:
        """One finite number for every token."""
        first = _mix(position.prompt, position.last, position.before)
        second = _mix(position.prompt, position.said)
        noise = map(add, self._by_tokens[first : first + len(TOKENS)], self._by_place[second : second + len(TOKENS)])
        logits = list(map(add, _priors()[position.character], noise))
        logits[position.last] -= _REPEATED
        logits[position.before] -= _REPEATED
        logits[END] = self._end(position)
        if not self._flat:
            logits[logits.index(max(logits))] += _LEAD
        return tuple(logits)

    def _end(self, position: Position) -> float:
        """Rises with the length of the reply, in the end faster than any bias or penalty can hold it down."""
        said = position.said
        if said < _YOUNG:
            return self._together - 35.0
        logit = self._together + (said - _RIPE) / 8 + max(0, said - 120) ** 2 / 50
        return logit if position.between_characters else logit + _IMPOSSIBLE


def _mix(*numbers: int) -> int:
    """A place in the noise for these numbers."""
    mixed = 0x9E3779B9
    for number in numbers:
        mixed = ((mixed ^ number) * 0x85EBCA6B + 0xC2B2AE35) & 0xFFFFFFFF
        mixed ^= mixed >> 15
    return mixed % _SPAN


@cache
def _noise(name: str) -> tuple[float, ...]:
    draw = random.Random(f"reference/{name}")  # noqa: S311  # a fixed table, no secret
    return tuple(draw.gauss(0.0, _DEVIATION) for _ in range(_SPAN + len(TOKENS)))


@cache
def _priors() -> tuple[tuple[float, ...], ...]:
    """For every state inside a character, how likely each token is there."""
    likely = {token: logit for group, logit in LIKELIHOOD for token in group}
    words = LIKELIHOOD[0][0]
    likely |= {word: 1.2 - 0.55 * math.log(rank) for rank, word in enumerate(words, 1)}
    likely = {token: likely.get(token, _rare(token)) for token in TOKENS}
    return tuple(
        tuple(
            _IMPOSSIBLE if not _advance(state, token)[1] else likely[token] if state == _WHOLE else 0.0
            for token in TOKENS
        )
        for state in range(len(_NEXT))
    )


def _rare(token: bytes) -> float:
    """How likely a byte is that is none of the pieces: letters and digits before control characters and first bytes."""
    return -8.0 if token.isascii() and token.decode().isprintable() else -13.0


def _advance(state: int, token: bytes) -> tuple[int, bool]:
    """The state after some bytes, and whether every one of them was in its place."""
    clean = True
    for byte in token:
        following = _follow(state, byte)
        if following is None:
            clean = False
            following = _follow(_WHOLE, byte)
        state = _WHOLE if following is None else following
    return state, clean


def _follow(state: int, byte: int) -> int | None:
    return next((after for first, last, after in _NEXT[state] if first <= byte <= last), None)
