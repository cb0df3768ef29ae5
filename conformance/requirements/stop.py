"""Stop sequences: the text ends there, whole and streamed.

Documents 000 to 003 say that the returned text contains the stop sequence, OpenAI's does not: which is taken is a
reading, and no fault.  What every reading forbids is anything after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from ..contract import Contract
from ..exchange import Exchange
from ..model import Finding, Level, NotJudged, Violation
from ..mutants import Call, Mutant, Sent
from ..reply import items, text
from ..requirement import requirement
from ..schema import show
from ..spoil import ignores, says, streaming, whole
from ..words import Stopped, before_any_case, place_of
from .reasoning_unseen import thinks_unseen
from .stop_asked import BESIDE, around, arrays, is_short, other_case_of, stop_of, what_became

MUST, SHOULD, OBSERVE = Level.MUST, Level.SHOULD, Level.OBSERVE


def _faults(
    free: Exchange,
    stopped: tuple[Exchange, ...],
    again: tuple[Exchange, ...],
    run: tuple[Exchange, ...],
    faults: dict[Stopped, str],
) -> Iterator[Finding]:
    """A violation for each reply of one of these kinds; nothing to judge where all of them went another way.

    `again` is the free talk once more: where it is not the same, nobody knows where the text would have ended.
    """
    became = {each: what_became(free, each) for each in stopped}
    for each in filter(partial(is_short, free), stopped):
        if not again or any(other.text != free.text for other in again) or thinks_unseen(run, each):
            became[each] = Stopped.DIVERGED
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


def _deaf_beside(member: str) -> Mutant:
    return Mutant(
        name=f"stop-ignored-beside-{member.replace('_', '-')}",
        about=f"a stop has no effect beside {member}",
        request=ignores("stop").request,
        when=lambda sent: bool(sent.get(member)),
    )


def _rest_of_the_token(sent: Sent, said: str, _: object) -> str:
    stop = sent.get("stop")
    return f"{said.removesuffix(stop)}{stop}led" if isinstance(stop, str) and said else said


def _run_on(contract: Contract, _: str) -> Iterator[Mutant]:
    yield from (ignores("stop"), ignores("stop", when=streaming), ignores("stop", when=whole))
    yield _deaf_to("long-stops-ignored", "a stop of more than eight characters", lambda stop: len(stop) > 8)
    yield _deaf_to("stops-beyond-ascii-ignored", "a stop that is not ASCII", lambda stop: not stop.isascii())
    yield _deaf_to("stops-with-spaces-ignored", "a stop with white space in it", lambda stop: " " in stop)
    for feature, asked in BESIDE.values():
        if feature in contract.features:
            yield from map(_deaf_beside, asked)
    yield cuts_out()
    yield says("text-after-the-stop", "the rest of the token follows the stop", _rest_of_the_token)


of_stops = partial(requirement, level=MUST, source="stop", scenario=around, feature="stop", parameter="stop")
"""A requirement on what a stop sequence does to a text."""

of_arrays = partial(of_stops, scenario=arrays)
"""A requirement on what several of them do."""


@of_stops(
    "stop.ends-output",
    mutants=_run_on,
)
def ends_at_the_stop(
    free: Exchange, stopped: tuple[Exchange, ...], *again: Exchange, run: tuple[Exchange, ...]
) -> Iterator[Finding]:
    """Nothing follows the stop sequence, and text that would have followed does not come without it."""
    yield from _faults(
        free,
        stopped,
        again,
        run,
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
def stop_is_whole(
    free: Exchange, stopped: tuple[Exchange, ...], *again: Exchange, run: tuple[Exchange, ...]
) -> Iterator[Finding]:
    """The text holds all of the stop sequence or nothing of it: no beginning of it leaks."""
    yield from _faults(free, stopped, again, run, {Stopped.PARTLY: "a part of it leaked"})


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
def nothing_is_lost(
    free: Exchange, stopped: tuple[Exchange, ...], *again: Exchange, run: tuple[Exchange, ...]
) -> Iterator[Finding]:
    """What was said before the stop sequence is there to its last character, white space apart."""
    yield from _faults(free, stopped, again, run, {Stopped.TOO_EARLY: "text before it is missing"})


def _only(kept: slice) -> Callable[[Call], Call]:
    """Of an array of stops only these are heeded."""

    def change(call: Call) -> Call:
        stop = call.sent.get("stop")
        return call.with_body({**call.sent, "stop": stop[kept]}) if isinstance(stop, list) and stop else call

    return change


def _no_arrays(call: Call) -> Call:
    kept = {name: value for name, value in call.sent.items() if name != "stop" or isinstance(value, str)}
    return call.with_body(kept)


@of_arrays(
    "stop.array-acts",
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
def every_stop_acts(free: Exchange, listed: Exchange, *, run: tuple[Exchange, ...]) -> Iterator[Finding]:
    """Where an array of stop sequences is accepted, each of them ends the text, not only the first."""
    yield from _faults(
        free,
        (listed,),
        (),
        run,
        {Stopped.RAN_ON: "one of them does not stop", Stopped.CUT_OUT: "it is cut out and the text goes on"},
    )


def _whatever_their_case(sent: Sent, said: str, _: object) -> str:
    stops = [text(each) for each in items(sent.get("stop"))]
    return min(filter(None, (before_any_case(stop, said) for stop in stops)), key=len, default=said)


@of_arrays(
    "stop.case-sensitive",
    mutants=[
        says("stops-whatever-their-case", "a text ends where it has a stop in capital letters", _whatever_their_case),
        says(
            "stops-whatever-their-case-in-streams",
            "a streamed text ends where it has a stop in capital letters",
            _whatever_their_case,
            when=streaming,
        ),
    ],
)
def case_matters(free: Exchange, listed: Exchange) -> Iterator[Finding]:
    """A text goes on where it has a stop sequence in small letters for capital ones, or the other way round: that is
    another sequence."""
    other = other_case_of(listed)
    if other is None or not (free.legible and listed.legible):
        yield NotJudged(reason="the model said no word that has another case")
        return
    before = before_any_case(other, free.text)
    with_other = free.text[: len(before) + len(other)]
    if listed.text.rstrip() in (before.rstrip(), with_other):
        yield Violation(
            pointer="/choices/0 text",
            observed=f"ended by the stop {show(other)} at {show(with_other[max(len(before) - 30, 0) :])}",
            expected=f"the text up to the stop {show(stop_of(listed))}, for {show(other)} is not in it",
            exchanges=(listed.n,),
        )
    elif not listed.text.startswith(with_other):
        yield NotJudged(reason="cold replies differ between calls, before there is a word in another case")
