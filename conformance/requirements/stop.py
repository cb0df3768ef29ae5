"""Stop sequences: the text ends there, whole and streamed.

Documents 000 to 003 say that the returned text contains the stop sequence, OpenAI's does not: which is taken is a
reading, and no fault.  What every reading forbids is anything after it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from ..ask import Ask
from ..exchange import Exchange
from ..model import Depth, Finding, Level, NotJudged, Violation, Zone
from ..mutants import Call, Mutant, Sent
from ..reply import text
from ..requirement import requirement
from ..scenario import Script, scenario, takes, together
from ..schema import show
from ..spoil import ignores, says, streaming, whole
from ..words import Stopped, compare, place_of, stop_in

MUST, SHOULD, OBSERVE = Level.MUST, Level.SHOULD, Level.OBSERVE

MOST_LOST = 16
"""Characters before a stop that a fault loses; where more are missing, the model ended its text by itself."""

SHORT = (Stopped.PARTLY, Stopped.TOO_EARLY)
"""What a model that ends its text now here and now there looks like too."""

NEVER = "\u2e2e\u2e2e\u2e2e"
"""A stop that no model says."""


@scenario(steps=4, tokens=192, depth=Depth.SMOKE)
def around_a_stop(ask: Ask) -> Script:
    """Let the model talk freely, then ask again, whole and streamed, with a stop from the middle of what it said.

    Where text seems to be missing it is let talk freely once more, for it may end its text now here and now there.
    """
    free = yield ask(max_tokens=48, greedy=True)
    cut = stop_in(free.text)
    if cut is None:
        return "the model said nothing that could serve as a stop"
    both = [ask(max_tokens=48, greedy=True, stop=cut), ask(max_tokens=48, greedy=True, stop=cut, stream=True)]
    stopped = together((yield both))
    if any(what_became(free, each) in SHORT for each in stopped):
        yield ask(max_tokens=48, greedy=True)
    return None


around = takes(around_a_stop, standard=6, full=15)


@scenario(steps=2, tokens=96)
def around_an_array(ask: Ask) -> Script:
    """The same with an array of stops, of which the last one is said."""
    free = yield ask(max_tokens=48, greedy=True)
    cut = stop_in(free.text)
    if cut is None:
        return "the model said nothing that could serve as a stop"
    listed = yield ask(max_tokens=48, greedy=True, stop=[NEVER, cut], zone=Zone.DISPUTED)
    return None if listed.ok else f"an array of stops was refused (status {listed.status})"


def stop_of(stopped: Exchange) -> str:
    """The stop that the text was to meet: of an array the last."""
    stop = stopped.sent.get("stop")
    return text(stop[-1] if isinstance(stop, list) and stop else stop)


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


def _first_only(call: Call) -> Call:
    stop = call.sent.get("stop")
    return call.with_body({**call.sent, "stop": stop[0]}) if isinstance(stop, list) and stop else call


def _no_arrays(call: Call) -> Call:
    kept = {name: value for name, value in call.sent.items() if name != "stop" or isinstance(value, str)}
    return call.with_body(kept)


@requirement(
    "stop.array-acts",
    level=MUST,
    source="stop",
    scenario=takes(around_an_array, standard=2, full=4),
    feature="stop",
    parameter="stop",
    mutants=[
        Mutant(name="only-the-first-stop", about="of an array of stops only the first acts", request=_first_only),
        Mutant(name="stop-arrays-ignored", about="an array of stops is accepted and has no effect", request=_no_arrays),
    ],
)
def every_stop_acts(free: Exchange, listed: Exchange) -> Iterator[Finding]:
    """Where an array of stop sequences is accepted, each of them ends the text, not only the first."""
    yield from _faults(
        free,
        (listed,),
        (),
        {Stopped.RAN_ON: "the last of them does not stop", Stopped.CUT_OUT: "it is cut out and the text goes on"},
    )
