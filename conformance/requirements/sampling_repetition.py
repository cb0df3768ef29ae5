"""repetition_penalty: it divides and multiplies, so what it does depends on logits that no reply tells.

What any logits show is that cold texts at 1.0, 1.99 and 0.01 are not all the same, and which repeats itself more.
Where they are the same a model may be too sure of them, and short texts of tokens that it would not say are compared.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import partial

from ..ask import Ask, Setting
from ..exchange import Exchange
from ..likelihoods import REPLACEMENT, Key, all_places
from ..model import Depth, Finding, Level, NotJudged, Violation
from ..mutants import Call, Mutant
from ..reply import objects, text
from ..requirement import requirement
from ..scenario import Script, both_modes, priced, scenario, together
from ..schema import show
from ..spoil import ignores, streaming
from ..statistics import ALPHA, as_many_of
from .logprobs_asked import neutral
from .sampling import TWICE, held, telling
from .sampling_doubt import SURE, behind, wavers
from .sampling_letters import SEEN, TOKENS, VARIED, again, letters, share_again, spelt
from .sampling_pull import WORD

MUST, SHOULD = Level.MUST, Level.SHOULD

ABOVE, BELOW = 1.99, 0.01
"""Far from 1.0: what has been said and has a logit above 0 has a hundredfold one at 0.01, and is said again."""

LONG = 24
"""Tokens, or words, in which something comes up again."""

APART = 1.5
"""Nats by which the two part a token that was said from one that was not, of five that a model is held to: twice the
logit where that is below 0, a hundredfold one above.  Who says the same cold text with both has no logits near 0."""

COLD, SHORT = 3, 2
"""Requests for cold texts, and for many short ones."""

COLD_TOKENS = 40
"""Tokens of a cold text."""


@scenario(steps=COLD + SHORT, tokens=COLD * COLD_TOKENS + SHORT * TOKENS)
def repeating(ask: Ask) -> Script:
    """Talk coldly with repetition_penalty at 1.0, above it and below; where all three say the same and no list shows
    whether the model is sure of it, ask for many texts of five tokens above it and below."""
    asked = together(
        (
            yield [
                ask(
                    max_tokens=COLD_TOKENS,
                    also={**neutral(ask, temperature=ask.setting.cold, repetition_penalty=value), **telling(ask, 20)},
                )
                for value in (1.0, ABOVE, BELOW)
            ]
        )
    )
    if held(ask.setting) and asked[0].text and len({each.text for each in asked}) == 1:
        yield letters(ask, *(("repetition_penalty", value) for value in (ABOVE, BELOW)))[1:]
    return None


def _costs(setting: Setting) -> tuple[int, int]:
    """The most requests and completion tokens: short texts are asked for where they can be had, and nothing listed."""
    short = SHORT if held(setting) else 0
    return COLD + short, COLD * COLD_TOKENS + short * TOKENS


repeats = priced(both_modes(repeating, streams=Depth.FULL), _costs)


def _tokens(exchange: Exchange) -> list[Key]:
    """What was said, token by token, or where that is not told word by word."""
    return [place.said.key for place in all_places(exchange)] or list(exchange.text.split())


def _length(exchange: Exchange) -> int:
    return len(_tokens(exchange))


def _upside_down(call: Call) -> Call:
    value = call.sent.get("repetition_penalty")
    if not isinstance(value, int | float) or not value:
        return call
    return call.with_body({**call.sent, "repetition_penalty": min(1.99, 1 / value)})


of_repetition = partial(
    requirement,
    source="repetition_penalty",
    scenario=repeats,
    feature="repetition-penalty",
    parameter="repetition_penalty",
)
"""A requirement on what repetition_penalty does."""


@of_repetition(
    "sampling.repetition-penalty-acts",
    level=MUST,
    mutants=[ignores("repetition_penalty"), ignores("repetition_penalty", when=streaming)],
)
def repetition_acts(
    asked: tuple[Exchange, ...], *short: tuple[Exchange, ...], run: tuple[Exchange, ...]
) -> Iterator[Finding]:
    """With repetition_penalty well above 1.0 and well below it cold texts are not all the one it leaves alone; or short
    texts, of tokens that the model would not say, repeat themselves less above it than below."""
    texts = [each.text for each in asked[:3]]
    if not all(each.legible and each.text for each in asked[:3]) or min(map(_length, asked[:3])) < LONG:
        yield NotJudged(reason="too little was said for anything to come up again")
    elif len(set(texts)) > 1:
        return
    elif short and (found := _by_letters(*short)) is not None:
        yield from found
    elif wavers(run) or _moved(asked[0]):
        yield Violation(
            pointer="/choices/0",
            observed=f"{show(texts[0])} whatever repetition_penalty is",
            expected=f"another text at {ABOVE} or at {BELOW}",
            exchanges=tuple(each.n for each in asked[:3]),
        )
    else:
        yield SURE


def _by_letters(asked: tuple[Exchange, ...]) -> list[Finding] | None:
    """What short texts above 1.0 and below it say; None where it is nothing."""
    said = spelt(asked)
    if said is None or min(len(set(texts)) for texts in said) < VARIED:
        return None
    above, below = said
    if as_many_of(again(above, below), math.exp(-APART)) < ALPHA:
        return [
            Violation(
                pointer="/choices/*",
                observed=(
                    f"{share_again(above)} of the tokens said again at {ABOVE}, and {share_again(below)} at {BELOW}; "
                    f"and one and the same cold text"
                ),
                expected="far fewer at the one than at the other, after equal beginnings",
                exchanges=tuple(each.n for each in asked),
            )
        ]
    return [] if as_many_of(again(below, above)) < SEEN else None


def _moved(plain: Exchange) -> bool:
    """Whether at some places of a cold text one that came up before would have been said far below 1.0."""
    told = all_places(plain)
    said = [place.said.key for place in told]
    return sum(behind(place, BELOW, {*said[:at]}) for at, place in enumerate(told)) >= TWICE


def variety(said: Sequence[Key]) -> float:
    """The part of the tokens that are different ones."""
    return len(set(said)) / len(said)


@of_repetition(
    "sampling.repetition-penalty-direction",
    level=SHOULD,
    mutants=[
        Mutant(
            name="repetition-penalty-upside-down",
            about="repetition_penalty above 1.0 favours what has been said",
            request=_upside_down,
        )
    ],
)
def repetition_is_lessened(asked: tuple[Exchange, ...], *_: tuple[Exchange, ...]) -> Iterator[Finding]:
    """Above 1.0 a cold text repeats itself less than below it."""
    above, below = _tokens(asked[1]), _tokens(asked[2])
    if min(len(above), len(below)) < LONG or not all(each.legible for each in asked[:3]):
        yield NotJudged(reason="too little was said for anything to come up again")
    elif variety(below) > variety(above) + 0.2:
        yield Violation(
            pointer="/choices/0",
            observed=f"of {variety(above):.0%} different tokens at {ABOVE} and of {variety(below):.0%} at {BELOW}",
            expected="more different tokens above 1.0 than below",
            exchanges=(asked[1].n, asked[2].n),
        )


WORDY = (
    "Name one thing that floats on water, such as wood, cork, oil, ice, leaves, feathers or a boat.",
    "Which of these is the odd one out: apple, pear, plum, cherry, hammer, grape, melon, lemon?",
)
"""Prompts of many different tokens, the more of them to be favoured."""

AT_LENGTH = "Say of each of them what you know, one by one, and take as many words for it as you like."
"""It makes the first prompt as long as any of those that come after it."""

OWN, LETTERS = 32, 160
"""Tokens of the model's own that are put into the prompt too, for those of ours may all be ones it never says; and how
many letters of them at most."""


def _later(said: str) -> str:
    """The later half of what was said; nothing, if its first letters come up there: they are said first as it is."""
    words = said.strip()
    later = words[len(words) // 2 :][-LETTERS:].strip()
    return f" {later}" if later and words[:3] not in later else ""


@scenario(steps=7, tokens=6 + OWN, depth=Depth.FULL)
def before_a_word(ask: Ask) -> Script:
    """Have the first token said coldly, when nothing but the prompt can come up again, at 1.0, above it and below."""
    cold = neutral(ask, temperature=ask.setting.cold, repetition_penalty=1.0)
    talk = yield ask(prompt=" ".join((*WORDY, AT_LENGTH)), max_tokens=OWN, also=cold)
    yield [
        ask(
            prompt=prompt + _later(talk.text),
            max_tokens=1,
            also={**neutral(ask, temperature=ask.setting.cold, repetition_penalty=value), **telling(ask, 20)},
        )
        for prompt in WORDY
        for value in (1.0, ABOVE, BELOW)
    ]
    return None


def _said(exchange: Exchange) -> list[str]:
    """The words of the prompt, and what stands between them."""
    return [word for each in objects(exchange.sent.get("messages")) for word in WORD.findall(text(each.get("content")))]


def _of_the_prompt(asked: Exchange) -> bool:
    """Whether a token of the prompt would be said far below 1.0 in the place of what was."""
    words = _said(asked)
    places = ((place, {one.key for one in place.listed if one.token.strip() in words}) for place in all_places(asked))
    return any(behind(place, BELOW, came_up) for place, came_up in places)


def _of_the_reply_only() -> Mutant:
    return Mutant(
        name="repetition-penalty-of-the-reply-only",
        about="repetition_penalty does not count the tokens of the prompt, of which alone a first token can be one",
        request=ignores("repetition_penalty").request,
        when=lambda sent: sent.get("max_tokens") == 1,
    )


@requirement(
    "sampling.repetition-penalty-prompt",
    level=MUST,
    source="repetition_penalty",
    scenario=before_a_word,
    feature="repetition-penalty",
    parameter="repetition_penalty",
    mutants=[_of_the_reply_only(), ignores("repetition_penalty")],
)
def prompts_count(_: Exchange, asked: tuple[Exchange, ...], *, run: tuple[Exchange, ...]) -> Iterator[Finding]:
    """Tokens of the prompt have come up too: far below 1.0 one of them, if it has any logit above 0, is said first."""
    texts = [each.text for each in asked]
    if not all(each.legible and each.text.strip() and REPLACEMENT not in each.text for each in asked):
        yield NotJudged(reason="the first tokens could not be told apart")
    elif len(set(texts[:3])) == len(set(texts[3:])) == 1 and all(each.text.strip() in _said(each) for each in asked):
        yield NotJudged(reason="what is said first comes up in the prompt too, and may be ahead of all else there")
    elif len(set(texts[:3])) == len(set(texts[3:])) == 1 and not (wavers(run) or any(map(_of_the_prompt, asked))):
        yield SURE
    elif len(set(texts[:3])) == len(set(texts[3:])) == 1:
        yield Violation(
            pointer="/choices/0",
            observed=f"{show(texts[0])} and {show(texts[3])} whatever repetition_penalty is",
            expected=f"another first token at {ABOVE} or at {BELOW}",
            exchanges=tuple(each.n for each in asked),
        )
