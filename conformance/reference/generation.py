"""One choice of a reply: thoughts, then a text, a text of a given form, or calls of functions.

Rule: whatever it is, it is said token by token under the one limit, so that every token is counted once, and what the
limit cuts is the beginning of what would have been said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

from .. import strict_json
from ..model import JSON
from .formats import any_object, value_of
from .options import Options, Thoughts
from .speaker import Speaker, Step
from .transcript import Piece, Transcript
from .vocabulary import encode

_THINKING = 12
"""About so many tokens are thought."""


@dataclass(frozen=True, kw_only=True)
class FunctionCall:
    """A function's name and the pieces of its arguments."""

    name: str
    arguments: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Spoken:
    """One choice.  `tokens` are all that were said, `thought_tokens` those of them that were thought."""

    thoughts: tuple[str, ...] = ()
    content: tuple[Piece, ...] = ()
    calls: tuple[FunctionCall, ...] = ()
    legacy: bool = False
    finish_reason: str
    tokens: int
    thought_tokens: int = 0

    @property
    def text(self) -> str:
        """The whole content."""
        return "".join(piece.text for piece in self.content)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The tokens of the content."""
        return tuple(step for piece in self.content for step in piece.steps)


def speak(speaker: Speaker, options: Options, chance: Random, *, include_stop: bool) -> Spoken:
    """Make one choice.  `chance` decides what a form leaves open."""
    thoughts = _think_apart(speaker) if options.thoughts is Thoughts.APART else ()
    thought = speaker.said
    if options.calls.functions:
        return _call(speaker, options, chance, thoughts, thought)
    script = Transcript(options.stops, include_stop=include_stop)
    if options.form is not None:
        script.listen(speaker.recite(_in_form(options.form, chance)))
    else:
        if options.thoughts is Thoughts.IN_CONTENT:
            script.listen(_think_aloud(speaker))
            thought = speaker.said
        script.listen(speaker.talk())
    content = script.close()
    return Spoken(
        thoughts=thoughts,
        content=content,
        finish_reason="length" if speaker.exhausted and not script.stopped else "stop",
        tokens=speaker.said,
        thought_tokens=thought,
    )


def _think_apart(speaker: Speaker) -> tuple[str, ...]:
    script = Transcript()
    script.listen(speaker.talk(_THINKING))
    return tuple(piece.text for piece in script.close())


def _think_aloud(speaker: Speaker) -> Iterator[Step]:
    yield from speaker.recite(encode("<think>"))
    yield from speaker.talk(_THINKING)
    yield from speaker.recite(encode("</think>\n\n"))


def _in_form(form: dict[str, JSON], chance: Random) -> list[int]:
    value = value_of(form, chance) if form else any_object(chance)
    return encode(strict_json.dump(value).decode())


def _call(speaker: Speaker, options: Options, chance: Random, thoughts: tuple[str, ...], thought: int) -> Spoken:
    """Call the functions that the plan names, as many as the limit lets be named."""
    calls = []
    complete = True
    for function in options.calls.functions:
        complete = _recited(speaker, encode(function.name))
        if not complete:
            break
        arguments = encode(strict_json.dump(value_of(function.parameters, chance)).decode())
        script = Transcript()
        before = speaker.said
        script.listen(speaker.recite(arguments))
        complete = speaker.said - before == len(arguments)
        calls.append(FunctionCall(name=function.name, arguments=tuple(piece.text for piece in script.close())))
    reason = "function_call" if options.calls.legacy else "tool_calls"
    return Spoken(
        thoughts=thoughts,
        calls=tuple(calls),
        legacy=options.calls.legacy,
        finish_reason=reason if complete else "length",
        tokens=speaker.said,
        thought_tokens=thought,
    )


def _recited(speaker: Speaker, tokens: Sequence[int]) -> bool:
    """Say these tokens; whether the limit let all of them be said."""
    return len(list(speaker.recite(tokens))) == len(tokens)


def choices(options: Options, key: str, make: Callable[[Random], Speaker], *, include_stop: bool) -> list[Spoken]:
    """All choices of a reply, each drawn independently.

    `key` is what chance hangs on: the seed, or something that never comes again.  Greedy decoding leaves nothing to
    chance, so every choice has the same.
    """
    spoken = []
    for index in range(options.n):
        chance = Random(key if options.sampling.greedy else f"{key}/{index}")  # noqa: S311  # sampling, no secret
        spoken.append(speak(make(chance), options, chance, include_stop=include_stop))
    return spoken
