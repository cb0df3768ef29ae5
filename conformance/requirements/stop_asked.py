"""Stop sequences, how they are asked for: each is taken from what the model has just said."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from ..ask import PROMPTS, Ask
from ..exchange import Exchange
from ..model import JSON, Depth, Zone
from ..reply import items, text
from ..scenario import Script, besides, both_modes, scenario, takes, together
from ..words import Cut, Stopped, compare, in_other_case, stop_in
from .tools_asked import BELL

MOST_LOST = 16
"""Characters before a stop that a fault loses; where more are missing, the model ended its text by itself."""

NOTHING_SERVES = "the model said nothing that could serve as a stop"

SHORT = (Stopped.PARTLY, Stopped.TOO_EARLY)
"""What a model that ends its text now here and now there looks like too."""

NEVER, *OTHERS = (3 * sign for sign in "\u2e2e\u2e2f\u2e30")
"""Stops that no model says."""

ASKED = {
    Cut.LONG: PROMPTS[2],
    Cut.LONGER: PROMPTS[3],
    Cut.SPACED: PROMPTS[4],
    Cut.FOREIGN: "Запиши, что ночной сторож слышит в старом доме.",
}
"""What is asked where the stop is to be of some kind; a stop beyond ASCII needs a text that is."""

BESIDE: dict[Cut, tuple[str, dict[str, JSON]]] = {
    Cut.LONG: ("logprobs", {"logprobs": True}),
    Cut.LONGER: ("tools", {"tools": [BELL]}),
}
"""The feature, if it is on, beside which the stop must act too, and what is asked then: not JSON, which some write anew
after it was made."""


@scenario(steps=4, tokens=192, depth=Depth.SMOKE)
def around_a_stop(ask: Ask, cut: str | None = None) -> Script:
    """Let the model talk freely, then ask again, whole and streamed, with a stop from the middle of what it said: a
    short one, a long one beside log probabilities or tools, one with white space, one beyond ASCII.

    Where text seems to be missing it is let talk freely once more, for it may end its text now here and now there.
    """
    like = Cut(cut) if cut else None
    feature, beside = BESIDE.get(like, ("", {})) if like else ("", {})
    asked = partial(
        ask,
        prompt=ASKED[like] if like else None,
        max_tokens=48,
        greedy=True,
        also=beside if ask.has(feature) else {},
    )
    free = yield asked()
    stop = stop_in(free.text, like)
    if stop is None:
        return NOTHING_SERVES
    stopped = together((yield [asked(stop=stop), asked(stop=stop, stream=True)]))
    if any(is_short(free, each) for each in stopped):
        yield asked()
    return None


around = besides("cut", [each.value for each in Cut], takes(around_a_stop, standard=2, full=11))


@scenario(steps=2, tokens=96)
def around_an_array(ask: Ask) -> Script:
    """The same with an array of stops: whole with the last of two that is said, streamed with the third of four; the
    one before it is a word that is said before it, but for its case."""
    free = yield ask(max_tokens=48, greedy=True)
    stop = stop_in(free.text)
    if stop is None:
        return NOTHING_SERVES
    other = in_other_case(free.text, stop) or OTHERS[0]
    stops: list[JSON] = [NEVER, other, stop, OTHERS[1]] if ask.stream else [other, stop]
    listed = yield ask(max_tokens=48, greedy=True, stop=stops, zone=Zone.DISPUTED)
    return None if listed.ok else f"an array of stops was refused (status {listed.status})"


arrays = takes(both_modes(around_an_array, streams=Depth.STANDARD), standard=1, full=2)


def stop_of(stopped: Exchange) -> str:
    """The stop that the text was to meet: of an array the last that a model may say."""
    stop = stopped.sent.get("stop")
    return text(next(_sayable(stop), None) if isinstance(stop, list) else stop)


def other_case_of(stopped: Exchange) -> str | None:
    """The stop that the text was to pass, as it has it in another case only."""
    sayable = list(_sayable(stopped.sent.get("stop")))
    return text(sayable[1]) if len(sayable) > 1 else None


def _sayable(stops: JSON) -> Iterator[JSON]:
    """Those that a model may say, the last first."""
    return (each for each in reversed(items(stops)) if each not in (NEVER, *OTHERS))


def is_short(free: Exchange, stopped: Exchange) -> bool:
    """Whether the text ends before the stop is whole, as that of a model does which ends it now here and now there."""
    stop = stop_of(stopped)
    return bool(stop) and free.legible and stopped.legible and compare(free.text, stop, stopped.text) in SHORT


def what_became(free: Exchange, stopped: Exchange) -> Stopped:
    """What the stop did to the text."""
    stop = stop_of(stopped)
    if not (stop and free.legible and stopped.legible):
        return Stopped.DIVERGED
    became = compare(free.text, stop, stopped.text)
    at_limit = bool(stopped.choices) and stopped.choices[0].finish_reason == "length"
    if became in SHORT and at_limit:
        thought = free.thought or stopped.thought or became is Stopped.TOO_EARLY
        # more thoughts left less of the limit for the text; or it is what is left of a text that came round again
        return Stopped.DIVERGED if thought else Stopped.CUT_OUT
    lost = len(free.text.partition(stop)[0].rstrip()) - len(stopped.text.rstrip())
    return Stopped.DIVERGED if became is Stopped.TOO_EARLY and lost > MOST_LOST else became
