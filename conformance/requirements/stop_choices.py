"""Stop sequences and several choices: each of them ends at its stop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ..ask import Ask
from ..exchange import Exchange
from ..model import Finding, Level, NotJudged, Violation
from ..mutants import Mutant, Object, Sent
from ..reply import objects, text
from ..requirement import requirement
from ..scenario import Script, both_modes, scenario
from ..schema import show
from ..spoil import either, ignores, says, streaming

MUST, SHOULD = Level.MUST, Level.SHOULD

LIMIT = 24


@scenario(steps=2, tokens=72)
def stop_for_several(ask: Ask) -> Script:
    """Let the model talk, then ask for two choices with the letter it said most often as the stop, at no temperature:
    whatever they say, they hardly do without it."""
    free = yield ask(max_tokens=LIMIT)
    letters = Counter(filter(str.isalnum, free.text))
    if not letters:
        return "the model said nothing that could serve as a stop"
    yield ask(max_tokens=LIMIT, n=2, stop=letters.most_common(1)[0][0])
    return None


def _first_alone(sent: Sent, said: str, index: int) -> str:
    stop = text(sent.get("stop"))
    return said.partition(stop)[0] if stop and not index else said


_CUT = says("", "", _first_alone)


@requirement(
    "stop.every-choice",
    level=MUST,
    source="stop",
    scenario=both_modes(stop_for_several),
    feature="stop",
    beside="n",
    parameter="stop",
    mutants=[
        Mutant(
            name="stop-acts-on-the-first-choice",
            about="of several choices only the first ends at the stop sequence",
            request=ignores("stop").request,
            reply=_CUT.reply,
            events=_CUT.events,
        )
    ],
)
def every_choice_stops(_free: Exchange, several: Exchange) -> Iterator[Finding]:
    """Of several choices each ends at the stop sequence: nothing follows it in any of them."""
    stop = text(several.sent.get("stop"))
    if not several.legible or len(several.choices) < 2 or not stop:
        yield NotJudged(reason="no several choices that could be read")
        return
    for choice in several.choices:
        if 0 <= choice.text.find(stop) < len(choice.text) - len(stop):
            yield Violation(
                pointer=f"/choices/{show(choice.index)} text",
                observed=f"{show(choice.text)}: something follows the stop {show(stop)}",
                expected="the text up to the stop",
                exchanges=(several.n,),
            )


def _later_say_length(sent: Sent, body: Object) -> None:
    for choice in objects(body["choices"]):
        if sent.get("stop") and choice.get("index") and choice.get("finish_reason") == "stop":
            choice["finish_reason"] = "length"


@requirement(
    "stop.finish-reason-of-every-choice",
    level=SHOULD,
    source="stop",
    scenario=both_modes(stop_for_several),
    feature="stop",
    beside="n",
    parameter="stop",
    mutants=[
        either("later-stops-say-length", "choices after the first that a stop ended say length", _later_say_length),
        either(
            "later-stops-say-length-in-streams",
            "streamed choices after the first that a stop ended say length",
            _later_say_length,
            when=streaming,
        ),
    ],
)
def every_choice_says_stop(free: Exchange, several: Exchange) -> Iterator[Finding]:
    """Of several choices none that the stop sequence ended says "length": as many tokens as the limit were not used."""
    full, used = free.tokens("completion_tokens"), several.tokens("completion_tokens")
    cut = [choice for choice in several.choices if choice.finish_reason == "length"]
    others = [choice for choice in several.choices if choice not in cut and choice.text]
    counted = full is not None and full >= LIMIT - 1 and all(each.finish_reason == "length" for each in free.choices)
    if not (free.legible and several.legible and counted) or len(several.choices) < 2 or used is None:
        yield NotJudged(reason="no count of a reply that its limit cut, or no several choices that could be read")
    elif free.thought or several.thought:
        yield NotJudged(reason="thoughts are spent from the same limit")
    elif used < len(cut) * (LIMIT - 1) + len(others):
        yield Violation(
            pointer=" and ".join(f"/choices/{show(each.index)}/finish_reason" for each in cut),
            observed=f'"length", with {used} completion tokens for all {len(several.choices)} choices',
            expected=f'"stop", or {LIMIT} tokens for each that says "length"',
            exchanges=(several.n,),
        )
