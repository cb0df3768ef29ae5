"""Log probabilities, asked for: the requests that all requirements on them share, and the usual ways to spoil them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from ..ask import OMIT, Ask
from ..model import JSON
from ..mutants import Mutant, Object, Sent, When
from ..scenario import Script, both_modes, for_each, scenario

NEUTRAL = {
    "temperature": None,
    "top_p": None,
    "min_p": "min-p",
    "frequency_penalty": "penalties",
    "presence_penalty": "penalties",
    "repetition_penalty": "repetition-penalty",
    "top_k": "top-k",
}
"""What bends the distribution, each with its feature."""

VALUES: dict[str, JSON] = {"temperature": 1, "top_p": 1, "repetition_penalty": 1.0, "top_k": 127}


def neutral(ask: Ask, **but: JSON) -> dict[str, JSON]:
    """Everything that bends the distribution at the value that changes nothing (top_k: the greatest that must be
    accepted), for engines load defaults of their own; `but` are those that a script wants otherwise."""
    values = {name: VALUES.get(name, 0) for name, feature in NEUTRAL.items() if feature is None or ask.has(feature)}
    return {**values, **but}


@scenario(steps=1, tokens=12)
def listed(ask: Ask, count: int | None) -> Script:
    """Ask for log probabilities, and for so many likeliest tokens at each place."""
    given = ask.has("top-logprobs") and count is not None
    yield ask(max_tokens=12, logprobs=True, top_logprobs=count if given else OMIT, also=neutral(ask))
    return None


lists = both_modes(for_each("count", lambda _: (5, None, 0, 1, 20), listed))
"""Log probabilities with lists of every length that matters, whole and streamed."""


Told: TypeAlias = "dict[int, list[Any]]"
"""The entries of each choice, by its index."""


def tells_of_all(
    name: str, about: str, change: Callable[[Told], Told], when: When | None = None, least: int = 0
) -> Mutant:
    """Both modes: `change` makes other entries of those of all choices; a stream tells all of a choice's with its first
    words.  `least`: only where so many likeliest tokens were asked for."""

    def act(sent: Sent, choices: list[Object]) -> None:
        parts: dict[int, list[Object]] = {}
        for choice in choices:
            if choice.get("logprobs") and (sent.get("top_logprobs") or 0) >= least:
                parts.setdefault(choice["index"], []).append(choice["logprobs"])
        told = {index: [entry for part in each for entry in part["content"]] for index, each in parts.items()}
        for index, entries in change(told).items():
            for part in parts[index]:
                part["content"] = []
            parts[index][0]["content"] = entries

    def reply(sent: Sent, body: Object) -> Object:
        act(sent, body["choices"])
        return body

    def events(sent: Sent, chunks: list[Object]) -> list[Object]:
        act(sent, [choice for chunk in chunks for choice in chunk["choices"]])
        return chunks

    return Mutant(name=name, about=about, reply=reply, events=events, when=when)


def tells(
    name: str, about: str, change: Callable[[list[Any]], list[Any]], when: When | None = None, least: int = 0
) -> Mutant:
    """The same, choice by choice."""
    return tells_of_all(name, about, lambda told: {index: change(each) for index, each in told.items()}, when, least)


def entry_by_entry(change: Callable[[Object], object]) -> Callable[[list[Any]], list[Any]]:
    """A change of every entry in place."""

    def act(told: list[Any]) -> list[Any]:
        for entry in told:
            change(entry)
        return told

    return act


def first_entry(name: str, about: str, change: Callable[[Object], object], when: When | None = None) -> Mutant:
    """The first entry of every choice is changed in place."""

    def act(told: list[Any]) -> list[Any]:
        for entry in told[:1]:
            change(entry)
        return told

    return tells(name, about, act, when)
