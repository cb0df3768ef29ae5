"""Scenarios that many parts of the API share: one exchange serves every requirement that applies to it."""

from __future__ import annotations

from .ask import OMIT, Ask
from .model import Depth
from .scenario import Script, both_modes, scenario, streamed, takes, together


@scenario(steps=1, tokens=24, depth=Depth.SMOKE)
def talk(ask: Ask) -> Script:
    """Let the model talk a little."""
    yield ask(max_tokens=24)
    return None


talks = takes(both_modes(talk), standard=4, full=60)
"""A short talk in both modes."""

stream = streamed(talk)
"""A short talk as a stream: the same cases as those of `talks`."""


@scenario(steps=2, tokens=32, depth=Depth.SMOKE)
def several(ask: Ask) -> Script:
    """Ask one thing for three choices and for one; where n is off, for one twice."""
    yield [ask(max_tokens=8, n=3 if ask.has("n") else OMIT), ask(max_tokens=8)]
    return None


choices = takes(both_modes(several), standard=4, full=15)
"""The same as a whole reply and as a stream."""


@scenario(steps=3, tokens=66, depth=Depth.SMOKE)
def cut_short(ask: Ask) -> Script:
    """Let the model talk freely, then ask again with limits that must cut it."""
    free = yield ask(max_tokens=48, greedy=True)
    if len(free.text) < 40:
        return "the model said too little to be cut"
    yield [ask(max_tokens=limit, greedy=True) for limit in (6, 12)]
    return None


cuts = takes(both_modes(cut_short, streams=Depth.STANDARD), standard=3, full=10)
"""Replies cut by their limit, whole and streamed."""


@scenario(steps=3, tokens=48, depth=Depth.SMOKE)
def both_ways(ask: Ask) -> Script:
    """Ask the same for a whole reply and for a stream, coldly; where they differ, for a whole reply once more."""
    whole, streamed = together((yield [ask(greedy=True), ask(greedy=True, stream=True)]))
    if whole.text.strip() != streamed.text.strip():
        yield ask(greedy=True)
    return None


whole_and_stream = takes(both_ways, standard=6, full=15)
"""The same question in both modes."""


@scenario(steps=2, tokens=16, depth=Depth.SMOKE)
def plain_stream(ask: Ask) -> Script:
    """Ask for a stream without any option, and where the option exists with include_usage too."""
    bare = ask(max_tokens=8, stream=True, stream_options=OMIT)
    yield [bare, ask(max_tokens=8, stream=True)] if ask.has("stream-usage") else [bare]
    return None
