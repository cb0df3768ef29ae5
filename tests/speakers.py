"""Models that say what they are told to: words one token each, the same every time or by chance, and thoughts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, TypeAlias

from conformance.reference.endpoint import Endpoint
from conformance.reference.generation import Spoken
from conformance.reference.transcript import Piece

Said: TypeAlias = "Callable[[Random], Sequence[str]]"
"""What is said, token by token, given chance."""

_STORY = (
    "Once upon a time there was a traveller who counted every stone , every bird and every lamp on the long grey road "
    "between two cities , and wrote the numbers into a small red book that nobody ever read . One morning the book was "
    "gone and so he began again with the first stone beside the gate of the old town , quietly and without any anger ."
)
STORY = tuple(f"{' ' * bool(n)}{word}" for n, word in enumerate(_STORY.split()))
LONG = (
    "Geschwindigkeitsbegrenzung",
    " Donaudampfschifffahrt",
    " Rechtsschutzversicherung",
    " Kraftfahrzeughaftpflicht",
    " Arbeiterunfallversicherung",
    " Betriebswirtschaftslehre",
)


@dataclass(frozen=True, kw_only=True)
class Speaker:
    """A model.  Its thoughts come before its text, in the reply or `hidden`, and are spent from the one limit."""

    text: Said
    thoughts: Said = lambda _: ()
    hidden: bool = False

    def speak(self, limit: int, stops: Sequence[str], chance: Random, *, include_stop: bool) -> Spoken:
        """One choice."""
        thoughts = list(self.thoughts(chance))
        tokens = list(self.text(chance))
        left = max(limit - len(thoughts), 0)
        text, count, stopped = "", 0, False
        for token in tokens[:left]:
            text, count = text + token, count + 1
            met = [(text.find(stop), stop) for stop in stops if stop in text]
            if met:
                at, stop = min(met)
                text, stopped = text[: at + len(stop) * include_stop], True
                break
        pieces = (text,) if stopped else tokens[:left]
        return Spoken(
            thoughts=() if self.hidden else tuple(thoughts[:limit]),
            content=tuple(Piece(text=piece, steps=()) for piece in pieces),
            finish_reason="stop" if stopped or len(thoughts) + len(tokens) <= limit else "length",
            tokens=len(thoughts[:limit]) + count,
            thought_tokens=len(thoughts[:limit]),
        )


class SpeakingEndpoint(Endpoint):
    """The reference endpoint with another model."""

    speaker: Speaker | None = None

    def _choices(self, asked: Any, prompt: Any, room: int, number: int) -> list[Spoken]:
        if self.speaker is None:
            return super()._choices(asked, prompt, room, number)
        include = self.contract.dialect["stop_text"] == "included"
        return [
            self.speaker.speak(min(asked.limit, room), asked.stops, Random(f"{number}/{index}"), include_stop=include)
            for index in range(asked.n)
        ]


def always(*tokens: str) -> Said:
    """The same every time."""
    return lambda _: tokens


def ending_at_random(tokens: Sequence[str], chance_to_end: float) -> Said:
    """The same, which ends after any token with this chance."""

    def said(chance: Random) -> Sequence[str]:
        count = 1
        while count < len(tokens) and chance.random() >= chance_to_end:
            count += 1
        return tokens[:count]

    return said


def at_random(tokens: Sequence[str], most: int, chance_to_end: float = 0.0) -> Said:
    """Any of these tokens, up to so many, ending after any of them with this chance."""

    def said(chance: Random) -> Sequence[str]:
        words = [chance.choice(tokens) for _ in range(most)]
        return ending_at_random(words, chance_to_end)(chance)

    return said


def thinking(least: int, most: int) -> Said:
    """So many tokens of thought."""
    return lambda chance: ["hm "] * chance.randint(least, most)
