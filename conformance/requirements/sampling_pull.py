"""What a penalty does where no list shows it: at its strongest and at its weakest it pulls a cold reply apart.

Between the two lie four nats for a token that came up before, and with frequency_penalty four more for every further
time.  So who says a word the fourth time with both, and wavers at a low temperature, does not heed it, if words are
tokens: if no fewer tokens are counted than there are words.  What presence_penalty adds once, a model may well be ahead
of at every place: the same text shows nothing of it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations

from ..ask import Ask
from ..exchange import Exchange
from ..model import Finding, NotJudged, Request, Violation
from ..schema import show
from .logprobs_asked import neutral
from .sampling_doubt import SURE

WARM = 16
"""Replies at a low temperature that are asked for at once where n is to be had."""

ALONE = 8
"""Such replies that are asked for one by one, and the fewest that tell anything."""

LUKEWARM = 0.3
"""A temperature at which a token that is six nats ahead is said, however many others there are, and one that is a
fraction of a nat ahead is not always."""

OFTEN = 4
"""Times that a word has to come up: then its token was six nats and more behind with the one penalty."""

WAVERING = 2
"""No two such replies of a model that wavers begin alike for one part in so many of the cold one."""

WORD = re.compile(r"\w+|[^\w\s]")


def alike(plus: Exchange, minus: Exchange) -> bool:
    """Whether the text with the one penalty is the text with its opposite."""
    return plus.legible and minus.legible and plus.text == minus.text


def warm(ask: Ask, prompt: str, tokens: int) -> list[Request]:
    """The same prompt with neither penalty, at a low temperature: sixteen choices, or eight requests."""
    also = neutral(ask, temperature=LUKEWARM)
    if ask.has("n"):
        return [ask(prompt=prompt, max_tokens=tokens, n=WARM, also=also)]
    return [ask(prompt=prompt, max_tokens=tokens, also=also) for _ in range(ALONE)]


def pulled(plus: Exchange, minus: Exchange, name: str, warmed: Sequence[Exchange]) -> Iterator[Finding]:
    """What two cold texts say of a penalty and its opposite."""
    if not (plus.legible and minus.legible):
        yield NotJudged(reason="the replies could not be read")
    elif not alike(plus, minus):
        return
    elif any(each.thought for each in (plus, minus)):
        yield NotJudged(reason="thoughts come before the text, and are not the same each time")
    elif name != "frequency_penalty":
        yield NotJudged(reason="the model may be surer of each word than the penalty takes, and no list shows it")
    elif (plus.tokens("completion_tokens") or 0) < len(WORD.findall(plus.text)):
        yield NotJudged(reason="tokens may be of several words, of which each comes up again in others")
    elif max(Counter(WORD.findall(plus.text)).values(), default=0) < OFTEN:
        yield NotJudged(reason="too little came up again and again for an effect to be seen")
    else:
        yield from _unmoved(plus, minus, name, warmed)


def _unmoved(plus: Exchange, minus: Exchange, name: str, warmed: Sequence[Exchange]) -> Iterator[Finding]:
    texts = [choice.text for each in warmed if each.legible for choice in each.choices]
    long = [text for text in texts if len(text) >= len(plus.text) / 2]
    if len(long) < ALONE:
        yield NotJudged(reason="there were too few warm replies to see whether the model is sure of its words")
    elif longest_beginning(long) * WAVERING >= len(plus.text):
        yield SURE
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
