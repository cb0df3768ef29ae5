"""Stop sequences: the text ends there, whole and streamed.

Documents 000 to 003 say that the returned text contains the stop sequence, OpenAI's does not: which is taken is a
reading, and no fault.  What every reading forbids is anything after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from ..ask import PROMPTS, Ask
from ..exchange import Exchange
from ..model import JSON, Depth, Finding, Level, NotJudged, Violation, Zone
from ..mutants import Call, Mutant, Sent
from ..reply import items, text
from ..requirement import requirement
from ..scenario import Script, besides, both_modes, scenario, takes, together
from ..schema import show
from ..spoil import ignores, says, streaming, whole
from ..words import Cut, Stopped, compare, place_of, stop_in

MUST, SHOULD, OBSERVE = Level.MUST, Level.SHOULD, Level.OBSERVE

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


@scenario(steps=4, tokens=192, depth=Depth.SMOKE)
def around_a_stop(ask: Ask, cut: str | None = None) -> Script:
    """Let the model talk freely, then ask again, whole and streamed, with a stop from the middle of what it said: a
    short one, a long one, one with white space, one beyond ASCII.

    Where text seems to be missing it is let talk freely once more, for it may end its text now here and now there.
    """
    like = Cut(cut) if cut else None
    asked = partial(ask, max_tokens=48, greedy=True, prompt=ASKED.get(like) if like else None)
    free = yield asked()
    stop = stop_in(free.text, like)
    if stop is None:
        return NOTHING_SERVES
    stopped = together((yield [asked(stop=stop), asked(stop=stop, stream=True)]))
    if any(what_became(free, each) in SHORT for each in stopped):
        yield asked()
    return None


around = besides("cut", [each.value for each in Cut], takes(around_a_stop, standard=2, full=11))


@scenario(steps=2, tokens=96)
def around_an_array(ask: Ask) -> Script:
    """The same with an array of stops: whole with the last of two that is said, streamed with the third of four."""
    free = yield ask(max_tokens=48, greedy=True)
    stop = stop_in(free.text)
    if stop is None:
        return NOTHING_SERVES
    stops: list[JSON] = [NEVER, OTHERS[0], stop, OTHERS[1]] if ask.stream else [NEVER, stop]
    listed = yield ask(max_tokens=48, greedy=True, stop=stops, zone=Zone.DISPUTED)
    return None if listed.ok else f"an array of stops was refused (status {listed.status})"


arrays = takes(both_modes(around_an_array, streams=Depth.STANDARD), standard=1, full=2)


def stop_of(stopped: Exchange) -> str:
    """The stop that the text was to meet: of an array the one that a model may say."""
    stop = stopped.sent.get("stop")
    said = (each for each in items(stop) if each not in (NEVER, *OTHERS))
    return text(next(said, None) if isinstance(stop, list) else stop)


def what_became(free: Exchange, stopped: Exchange) -> Stopped:
    """What the stop did to the text."""
    stop = stop_of(stopped)
    if not (stop and free.legible and stopped.legible):
        return Stopped.DIVERGED
    became = compare(free.text, stop, stopped.text)
    at_limit = bool(stopped.choices) and stopped.choices[0].finish_reason == "length"
    if became in (Stopped.PARTLY, Stopped.TOO_EARLY) and at_limit and (free.thought or stopped.thought):
        return Stopped.DIVERGED  # more thoughts left less of the limit for the text
    if became is Stopped.PARTLY and at_limit:
        return Stopped.CUT_OUT  # it says that it ran into its limit: what is left of a text that came round again
    lost = len(free.text.partition(stop)[0].rstrip()) - len(stopped.text.rstrip())
    return Stopped.DIVERGED if became is Stopped.TOO_EARLY and lost > MOST_LOST else became


def _faults(
    free: Exchange, stopped: tuple[Exchange, ...], again: tuple[Exchange, ...], faults: dict[Stopped, str]
) -> Iterator[Finding]:
    """A violation for each reply of one of these kinds; nothing to judge where all of them went another way.

    `again` is the free talk once more: where it is not the same, nobody knows where the text would have ended.
    """
    became = {each: what_became(free, each) for each in stopped}
    if any(each.text != free.text for each in again):
        became = {each: Stopped.DIVERGED if what in SHORT else what for each, what in became.items()}
    if all(what is Stopped.DIVERGED for what in became.values()):
        yield NotJudged(reason="cold replies differ between calls, so that a stop taken from one is not met in another")
    for each, what in became.items():
        if what in faults:
            yield Violation(
                pointer="/choices/0 text",
                observed=f"{show(place_of(free.text, stop_of(each), each.text), 100)}: {faults[what]}",
                expected=f"the text up to the stop {show(stop_of(each))}, with it or without it, and nothing else",
                exchanges=(each.n,),
            )


def _goes_on_without(sent: Sent, said: str, _: object) -> str:
    stop = sent.get("stop")
    return said.replace(stop, "") if isinstance(stop, str) else said


def cuts_out() -> Mutant:
    """The stop is cut out of the text and generation goes on, as a real engine does."""
    silent = says("", "", _goes_on_without)
    return Mutant(
        name="stop-cut-out",
        about="the stop sequence is cut out of the text, and the model talks on",
        request=ignores("stop").request,
        reply=silent.reply,
        events=silent.events,
    )


def _deaf_to(name: str, what: str, test: Callable[[str], bool]) -> Mutant:
    return Mutant(
        name=name,
        about=f"{what} is accepted and has no effect",
        request=ignores("stop").request,
        when=lambda sent: test(text(sent.get("stop"))),
    )


def _rest_of_the_token(sent: Sent, said: str, _: object) -> str:
    stop = sent.get("stop")
    return f"{said.removesuffix(stop)}{stop}led" if isinstance(stop, str) and said else said


of_stops = partial(requirement, level=MUST, source="stop", scenario=around, feature="stop", parameter="stop")
"""A requirement on what a stop sequence does to a text."""


@of_stops(
    "stop.ends-output",
    mutants=[
        ignores("stop"),
        ignores("stop", when=streaming),
        ignores("stop", when=whole),
        _deaf_to("long-stops-ignored", "a stop of more than eight characters", lambda stop: len(stop) > 8),
        _deaf_to("stops-beyond-ascii-ignored", "a stop that is not ASCII", lambda stop: not stop.isascii()),
        _deaf_to("stops-with-spaces-ignored", "a stop with white space in it", lambda stop: " " in stop),
        cuts_out(),
        says("text-after-the-stop", "the rest of the token follows the stop", _rest_of_the_token),
    ],
)
def ends_at_the_stop(free: Exchange, stopped: tuple[Exchange, ...], *again: Exchange) -> Iterator[Finding]:
    """Nothing follows the stop sequence, and text that would have followed does not come without it."""
    yield from _faults(
        free,
        stopped,
        again,
        {Stopped.RAN_ON: "something follows it", Stopped.CUT_OUT: "it is cut out and the text goes on"},
    )


def _half(sent: Sent, said: str, _: object) -> str:
    stop = sent.get("stop")
    return said.removesuffix(stop) + stop[: len(stop) // 2] if isinstance(stop, str) and said else said


@of_stops(
    "stop.whole-or-nothing",
    mutants=[
        says("half-a-stop", "the text ends with half of the stop sequence", _half),
        says("half-a-stop-in-streams", "a streamed text ends with half of the stop sequence", _half, when=streaming),
    ],
)
def stop_is_whole(free: Exchange, stopped: tuple[Exchange, ...], *again: Exchange) -> Iterator[Finding]:
    """The text holds all of the stop sequence or nothing of it: no beginning of it leaks."""
    yield from _faults(free, stopped, again, {Stopped.PARTLY: "a part of it leaked"})


def _shortened(sent: Sent, said: str, _: object) -> str:
    stop = sent.get("stop")
    return said.removesuffix(stop).rstrip()[:-3] if isinstance(stop, str) and len(said) > 8 else said


@of_stops(
    "stop.nothing-lost",
    mutants=[
        says("text-lost-before-the-stop", "the last characters before the stop are lost", _shortened),
        says(
            "text-lost-in-streams",
            "the last characters before the stop are lost in streams",
            _shortened,
            when=streaming,
        ),
    ],
)
def nothing_is_lost(free: Exchange, stopped: tuple[Exchange, ...], *again: Exchange) -> Iterator[Finding]:
    """What was said before the stop sequence is there to its last character, white space apart."""
    yield from _faults(free, stopped, again, {Stopped.TOO_EARLY: "text before it is missing"})


def _only(kept: slice) -> Callable[[Call], Call]:
    """Of an array of stops only these are heeded."""

    def change(call: Call) -> Call:
        stop = call.sent.get("stop")
        return call.with_body({**call.sent, "stop": stop[kept]}) if isinstance(stop, list) and stop else call

    return change


def _no_arrays(call: Call) -> Call:
    kept = {name: value for name, value in call.sent.items() if name != "stop" or isinstance(value, str)}
    return call.with_body(kept)


@requirement(
    "stop.array-acts",
    level=MUST,
    source="stop",
    scenario=arrays,
    feature="stop",
    parameter="stop",
    mutants=[
        Mutant(name="only-the-first-stop", about="of an array of stops only the first acts", request=_only(slice(1))),
        Mutant(
            name="only-the-last-stop", about="of an array of stops only the last acts", request=_only(slice(-1, None))
        ),
        Mutant(name="only-two-stops", about="of an array of stops only two act", request=_only(slice(2))),
        Mutant(name="stop-arrays-ignored", about="an array of stops is accepted and has no effect", request=_no_arrays),
        Mutant(
            name="stop-arrays-ignored-in-streams",
            about="an array of stops has no effect in streams",
            request=_no_arrays,
            when=streaming,
        ),
    ],
)
def every_stop_acts(free: Exchange, listed: Exchange) -> Iterator[Finding]:
    """Where an array of stop sequences is accepted, each of them ends the text, not only the first."""
    yield from _faults(
        free,
        (listed,),
        (),
        {Stopped.RAN_ON: "one of them does not stop", Stopped.CUT_OUT: "it is cut out and the text goes on"},
    )
