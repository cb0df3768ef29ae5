"""What a penalty does where no list shows it: at its strongest and at its weakest it pulls a cold reply apart.

Between the two lie four nats for every token that came up before, and in a text of sixty many did.  Only a model that
is sure of every one of its tokens says the same with both; so where they are the same, warm replies show whether it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from ..ask import Ask
from ..exchange import Exchange
from ..model import Finding, NotJudged, Request, Violation
from ..schema import show
from .logprobs_asked import neutral

WARM = 16
"""Warm replies that are asked for at once where n is to be had."""

ALONE = 8
"""Warm replies that are asked for one by one, and the fewest that tell anything."""

LEAST = 40
"""Characters of a text in which surely something came up twice."""

WAVERING = 6
"""No two warm replies of a model that wavers begin alike for one part in so many of the cold one: of a model that says
another token every other time none do, 99 times in 100; of one that keeps to nineteen tokens in twenty two of eight do,
199 times in 200."""


def alike(plus: Exchange, minus: Exchange) -> bool:
    """Whether the text with the one penalty is the text with its opposite."""
    return plus.legible and minus.legible and plus.text == minus.text


def warm(ask: Ask, prompt: str, tokens: int) -> list[Request]:
    """The same prompt with neither penalty nor cold: sixteen choices, or eight requests."""
    if ask.has("n"):
        return [ask(prompt=prompt, max_tokens=tokens, n=WARM, also=neutral(ask))]
    return [ask(prompt=prompt, max_tokens=tokens, also=neutral(ask)) for _ in range(ALONE)]


def pulled(plus: Exchange, minus: Exchange, name: str, warmed: Sequence[Exchange]) -> Iterator[Finding]:
    """What two cold texts say of a penalty and its opposite."""
    if not (plus.legible and minus.legible):
        yield NotJudged(reason="the replies could not be read")
    elif not alike(plus, minus):
        return
    elif len(plus.text) < LEAST:
        yield NotJudged(reason="the replies were too short for an effect to be seen")
    else:
        yield from _unmoved(plus, minus, name, warmed)


def _unmoved(plus: Exchange, minus: Exchange, name: str, warmed: Sequence[Exchange]) -> Iterator[Finding]:
    texts = [choice.text for each in warmed if each.legible for choice in each.choices]
    long = [text for text in texts if len(text) >= len(plus.text) / 2]
    if len(long) < ALONE:
        yield NotJudged(reason="there were too few warm replies to see whether the model is sure of its words")
    elif longest_beginning(long) * WAVERING >= len(plus.text):
        yield NotJudged(reason="the model was too sure of what to say for an effect to be seen")
    else:
        values = [show(each.sent.get(name)) for each in (plus, minus)]
        yield Violation(
            pointer="/choices/0",
            observed=f"{show(plus.text)} with {name} {values[0]}, and the same text with {values[1]}",
            expected="another text, for what was said before is less likely with the one and likelier with the other",
            exchanges=(plus.n, minus.n),
        )


def longest_beginning(texts: Sequence[str]) -> int:
    """The characters that any two of the texts have in common at their beginnings, at most."""
    return max((_shared(one, other) for one, other in combinations(texts, 2)), default=0)


def _shared(one: str, other: str) -> int:
    differ = (at for at, (mine, yours) in enumerate(zip(one, other, strict=False)) if mine != yours)
    return next(differ, min(len(one), len(other)))
