"""Limits that nobody meets: more tokens than a context holds, and no limit at all."""

from __future__ import annotations

from collections.abc import Iterator

from ..ask import OMIT, Ask
from ..exchange import Exchange
from ..model import Level, Observation, Violation, Zone
from ..mutants import Call, Mutant, Wire
from ..reply import is_integer
from ..requirement import requirement
from ..scenario import Script, scenario, takes
from ..spoil import refusal
from ..words import Stopped, compare, stop_in
from .limits import ACCOUNT, HUGE

MUST, OBSERVE = Level.MUST, Level.OBSERVE


@scenario(steps=4, tokens=608, huge=1)
def beyond_the_window(ask: Ask) -> Script:
    """Find a stop that works, then ask with that stop for more tokens than fit, and with no limit at all."""
    if not ask.has("stop"):
        return "without stop sequences a huge max_tokens might run away"
    free = yield ask(max_tokens=48, greedy=True)
    cut = stop_in(free.text)
    if cut is None:
        return "the model said nothing that could serve as a stop"
    stopped = yield ask(max_tokens=48, greedy=True, stop=cut)
    if compare(free.text, cut, stopped.text) not in (Stopped.EXCLUDED, Stopped.INCLUDED):
        return "its stop does not stop, so that a huge max_tokens might run away"
    huge = yield ask(max_tokens=HUGE, greedy=True, stop=cut, zone=Zone.DISPUTED)
    if huge.refused and any(word in huge.body.decode("utf-8", "replace").lower() for word in ACCOUNT):
        return "the account, not the context, refused a huge max_tokens"
    yield ask(max_tokens=OMIT, greedy=True, stop=cut, zone=Zone.DISPUTED)
    return None


def _limit_above(status: int, most: int) -> Mutant:
    def wire(call: Call, reply: Wire) -> Wire:
        asked = call.sent.get("max_tokens")
        return refusal(reply, status, "max_tokens is too large") if is_integer(asked) and asked > most else reply

    return Mutant(
        name=f"{status}-for-a-huge-max-tokens", about=f"a max_tokens above {most} is answered with {status}", wire=wire
    )


@requirement(
    "limits.context-lowering",
    level=MUST,
    source="max_tokens",
    scenario=takes(beyond_the_window, standard=2, full=4),
    feature="context-lowering",
    parameter="max_tokens",
    mutants=[_limit_above(400, 8192), _limit_above(500, 100_000)],
)
def lowered_to_fit(_free: Exchange, _stopped: Exchange, huge: Exchange, _bare: Exchange) -> Iterator[Violation]:
    """A max_tokens far beyond the context is lowered to what fits, not refused."""
    if not huge.ok:
        yield Violation(
            pointer="status", observed=str(huge.status), expected="2xx with max_tokens lowered", exchanges=(huge.n,)
        )


@requirement(
    "limits.default-max-tokens",
    level=OBSERVE,
    source="max_tokens",
    scenario=takes(beyond_the_window, standard=2, full=4),
    parameter="max_tokens",
    mutants=[
        Mutant(
            name="max-tokens-required",
            about="a request without max_tokens is refused",
            wire=lambda call, reply: (
                reply if "max_tokens" in call.sent else refusal(reply, 400, "max_tokens is required")
            ),
        )
    ],
)
def default_max_tokens(_free: Exchange, _stopped: Exchange, _huge: Exchange, bare: Exchange) -> Iterator[Observation]:
    """Whether a request without max_tokens is answered, though the document calls it required."""
    value = "has a default" if bare.ok else f"required ({bare.status})"
    yield Observation(value=value, exchanges=(bare.n,))
