"""frequency_penalty and presence_penalty, as strong and as weak as they may be, in cold replies."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain

from ..ask import Ask, Setting
from ..exchange import Exchange
from ..likelihoods import same_as_long_as_alike, same_start
from ..model import Depth, Finding, Level, NotJudged
from ..mutants import Call, Mutant
from ..requirement import requirement
from ..scenario import Script, both_modes, priced, scenario, together
from ..spoil import ignores, streaming
from .logprobs_asked import neutral
from .sampling import is_open, telling
from .sampling_letters import REQUESTS, TOKENS, by_letters, letters, possible, spelt
from .sampling_pull import ALONE, WARM, alike, pulled, warm
from .sampling_tolls import heeded

MUST = Level.MUST

STRONG = 1.99
"""The strongest penalty that must be accepted."""

STORY = "Tell a very long story."
LONG = 60

ASKED = (
    ("frequency_penalty", STRONG),
    ("frequency_penalty", -STRONG),
    ("presence_penalty", STRONG),
    ("presence_penalty", -STRONG),
)


@scenario(steps=5 + ALONE, tokens=(5 + WARM) * LONG + REQUESTS * TOKENS)
def penalised(ask: Ask) -> Script:
    """Talk coldly with each penalty at its strongest and at its weakest, and say one token at temperature 0.5; where no
    list decides ask for many texts of five tokens, and where those tell nothing talk coldly again, and warmly."""
    listed, cold = _lists(ask), ask.setting.cold
    lists = telling(ask, 20) if listed else {}
    bodies = [neutral(ask, temperature=cold, **{name: value}) for name, value in ASKED]
    asked = together(
        (
            yield [
                *(ask(prompt=STORY, max_tokens=LONG, also={**body, **lists}) for body in bodies),
                ask(prompt=STORY, max_tokens=1, also={**neutral(ask, temperature=0.5), **lists})
                if listed
                else ask(prompt=STORY, max_tokens=LONG, also=bodies[0]),
            ]
        )
    )
    if _decided(asked):
        return None
    if possible(ask.setting) and spelt(together((yield letters(ask, *ASKED)))) is not None:
        return None
    if not _by_lists(asked) and alike(*asked[:2]) and (ask.has("n") or not listed):
        yield warm(ask, STORY, LONG)
    return None


def _decided(asked: Sequence[Exchange]) -> bool:
    """Whether lists tell all there is to know."""
    judged = chain.from_iterable(heeded(each, name) for each, (name, _) in zip(asked, ASKED, strict=False))
    return _by_lists(asked) and not is_open(judged)


def _lists(ask: Ask) -> bool:
    return ask.has("logprobs") and ask.has("top-logprobs")


def _by_lists(asked: Sequence[Exchange]) -> bool:
    """Whether lists tell what the model had before the sampler, and before a penalty took its toll."""
    pairs = ((asked[0], asked[1]), (asked[2], asked[3]))
    before = all(same_as_long_as_alike(plus, minus) for plus, minus in pairs)
    return before and bool(same_start(asked[0], asked[4]))


def _costs(setting: Setting) -> tuple[int, int]:
    """The most requests and completion tokens: short texts are asked for where they can be had, and all warm replies in
    one request where there is n; where there is not, one by one, and only if lists are off."""
    has_n, listed = "n" in setting.features, {"logprobs", "top-logprobs"} <= setting.features
    more = (1, WARM) if has_n else (0, 0) if listed else (ALONE, ALONE)
    short = REQUESTS if possible(setting) else 0
    cold = (4 if listed else 5) * LONG + listed
    return 5 + short + more[0], cold + short * TOKENS + more[1] * LONG


penalties = priced(both_modes(penalised, streams=Depth.FULL), _costs)

of_penalties = partial(requirement, level=MUST, scenario=penalties, feature="penalties")
"""A requirement on what a penalty does."""


def _judged(asked: tuple[Exchange, ...], more: Sequence[tuple[Exchange, ...]], at: int) -> Iterator[Finding]:
    """What the replies say of a penalty: by lists where they show it, by many short texts, otherwise by the cold text
    with its opposite."""
    short = next((each for each in more if "logit_bias" in each[0].sent), ())
    warmed = next((each for each in more if each is not short), ())
    by_lists = list(heeded(asked[at], ASKED[at][0])) if _by_lists(asked) else None
    if by_lists is not None and not is_open(by_lists):
        yield from by_lists
    elif spelt(short) is not None:
        yield from by_letters(short, ASKED[at][0], at)
    elif by_lists is not None:
        yield from by_lists
    else:
        yield from _by_texts(asked, warmed, at)


def _by_texts(asked: tuple[Exchange, ...], warmed: tuple[Exchange, ...], at: int) -> Iterator[Finding]:
    told = asked[4].sent.get("logprobs") is True
    if not told and asked[0].text != asked[4].text:
        yield NotJudged(reason="cold replies differ between calls, so that another text shows no effect")
    else:
        plus = at // 2 * 2
        yield from pulled(asked[plus], asked[plus + 1], ASKED[at][0], warmed)


def _rewritten(name: str, about: str, change: Callable[[float], float], member: str) -> Mutant:
    def act(call: Call) -> Call:
        value = call.sent.get(member)
        if not isinstance(value, int | float) or not value:
            return call
        return call.with_body({**call.sent, member: change(value)})

    return Mutant(name=f"{member.replace('_', '-')}-{name}", about=f"{member} {about}", request=act)


def _as_the_other(member: str, other: str) -> Mutant:
    def act(call: Call) -> Call:
        sent = {**call.sent, other: call.sent.get(member), member: call.sent.get(other)}
        return call.with_body(sent) if call.sent.get(member) and not call.sent.get(other) else call

    return Mutant(
        name=f"{member.replace('_', '-')}-as-the-other",
        about=f"{member} acts as {other}",
        request=act,
    )


def _ways(member: str) -> list[Mutant]:
    return [
        ignores(member),
        ignores(member, when=streaming),
        _rewritten("upside-down", "acts the other way round", lambda value: -value, member),
        _rewritten("at-most-a-tenth", "above 0.1 counts as 0.1", lambda value: min(value, 0.1), member),
    ]


def _below_zero(member: str) -> list[Mutant]:
    return [
        ignores(member),
        _rewritten("never-below-zero", "below 0 counts as 0", lambda value: max(value, 0), member),
        _rewritten("without-sign", "below 0 counts as above it", abs, member),
    ]


@of_penalties(
    "sampling.frequency-penalty-acts",
    source="frequency_penalty",
    parameter="frequency_penalty",
    mutants=_ways("frequency_penalty"),
)
def frequency_acts(asked: tuple[Exchange, ...], *more: tuple[Exchange, ...]) -> Iterator[Finding]:
    """A frequency_penalty above 0 takes its toll of a token for every time it has been said."""
    yield from _judged(asked, more, 0)


@of_penalties(
    "sampling.frequency-penalty-negative",
    source="frequency_penalty",
    parameter="frequency_penalty",
    mutants=[*_below_zero("frequency_penalty"), _as_the_other("frequency_penalty", "presence_penalty")],
)
def frequency_favours(asked: tuple[Exchange, ...], *more: tuple[Exchange, ...]) -> Iterator[Finding]:
    """A frequency_penalty below 0 favours a token for every time it has been said."""
    yield from _judged(asked, more, 1)


@of_penalties(
    "sampling.presence-penalty-acts",
    source="presence_penalty",
    parameter="presence_penalty",
    mutants=_ways("presence_penalty"),
)
def presence_acts(asked: tuple[Exchange, ...], *more: tuple[Exchange, ...]) -> Iterator[Finding]:
    """A presence_penalty above 0 takes its toll of a token once it has been said."""
    yield from _judged(asked, more, 2)


@of_penalties(
    "sampling.presence-penalty-negative",
    source="presence_penalty",
    parameter="presence_penalty",
    mutants=[*_below_zero("presence_penalty"), _as_the_other("presence_penalty", "frequency_penalty")],
)
def presence_favours(asked: tuple[Exchange, ...], *more: tuple[Exchange, ...]) -> Iterator[Finding]:
    """A presence_penalty below 0 favours a token that has been said, as much the first time as the fifth."""
    yield from _judged(asked, more, 3)
