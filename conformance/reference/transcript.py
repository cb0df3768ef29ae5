"""Tokens -> text in pieces: whole characters only, nothing beyond a stop sequence, no log probability lost.

Rule: the pieces are the same whether they are streamed or joined, so a streamed reply cannot differ from a whole one.
Text is held back while it may still turn out to be the beginning of a stop sequence or of a character.
"""

from __future__ import annotations

import codecs
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .speaker import Step
from .vocabulary import TOKENS


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Some text, and the tokens that it completes."""

    text: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Heard:
    """A token and the characters, counted from the beginning, that its bytes are part of."""

    first: int
    end: int
    step: Step


class Transcript:
    """Listens to one reply.  `stopped`: a stop sequence came up, and nothing more is to be said."""

    def __init__(self, stops: Sequence[str] = (), *, include_stop: bool = False) -> None:
        self._stops = tuple(stop for stop in stops if stop)
        self._include_stop = include_stop
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""
        self._heard = 0
        self._waiting: deque[_Heard] = deque()
        self.pieces: list[Piece] = []
        self.stopped = False

    def listen(self, steps: Iterable[Step]) -> None:
        """Take down what is said, until it ends or a stop sequence came up."""
        if self.stopped:
            return
        for step in steps:
            first = self._heard
            text = self._decoder.decode(TOKENS[step.token])
            self._heard += len(text)
            half = 1 if self._decoder.getstate()[0] else 0
            self._waiting.append(_Heard(first=first, end=self._heard + half, step=step))
            self._hold(text)
            if self.stopped:
                return

    def close(self) -> tuple[Piece, ...]:
        """The pieces, now that nothing will be added."""
        if not self.stopped:
            rest = self._decoder.decode(b"", True)  # noqa: FBT003  # the codec's own signature
            self._heard += len(rest)
            self._hold(rest)
        if self._held or self._waiting:
            self._release(self._held, all_tokens=True)
        return tuple(self.pieces)

    def _hold(self, text: str) -> None:
        self._held += text
        found = [(self._held.find(stop), stop) for stop in self._stops]
        ends = [(begin + len(stop), begin) for begin, stop in found if begin >= 0]
        if ends:
            end, begin = min(ends)
            self._stop(end, begin)
        elif safe := self._held[: len(self._held) - self._beginnings()]:
            self._release(safe, all_tokens=False)

    def _stop(self, end: int, begin: int) -> None:
        self.stopped = True
        kept = self._held[: end if self._include_stop else begin]
        beyond = self._heard - len(self._held) + len(kept)
        self._waiting = deque(each for each in self._waiting if each.first < beyond)
        self._held = kept

    def _beginnings(self) -> int:
        """How many characters at the end may be the beginning of a stop sequence."""
        lengths = (
            length
            for stop in self._stops
            for length in range(min(len(stop) - 1, len(self._held)), 0, -1)
            if stop.startswith(self._held[-length:])
        )
        return max(lengths, default=0)

    def _release(self, text: str, *, all_tokens: bool) -> None:
        self._held = self._held[len(text) :]
        said = self._heard - len(self._held)
        steps = []
        while self._waiting and (all_tokens or self._waiting[0].end <= said):
            steps.append(self._waiting.popleft().step)
        self.pieces.append(Piece(text=text, steps=tuple(steps)))
