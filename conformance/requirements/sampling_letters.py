"""What a penalty does to texts of a few tokens: a token that was said is said again the less often for it.

logit_bias leaves the model five tokens, of which short texts are made, a hundred at once.  After equal beginnings the
odds that a token follows which has been said are with a penalty of 2 at most e^-4 times what they are with one of -2,
whatever the model thinks of each: so no list is needed to see that a penalty acts, or that none does.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TypeAlias

from ..ask import Ask, Setting
from ..exchange import Exchange
from ..likelihoods import REPLACEMENT
from ..model import JSON, Finding, NotJudged, Request, Violation, Zone
from ..schema import show
from ..statistics import ALPHA, Fourfold, as_many_of
from .logprobs_asked import neutral
from .sampling_tolls import prompt

PROMPT = "Say a word, as it comes to you, and then another one, as they come."

IDS = (70, 75, 80, 85, 89)
"""Ids that every vocabulary has, letters in most of them; and none that comes up in the prompt, for some endpoints
penalise what does."""

CHOICES = 100
"""Texts that are asked for at once."""

LENGTH = 5
"""Tokens of a text."""

REQUESTS = 5
"""One without a penalty, and four with one."""

TOKENS = CHOICES * LENGTH
"""Completion tokens of a request."""

ENOUGH = 60
"""Texts that make a sample."""

VARIED = 12
"""Different texts that a sample must have: choices that are copies of a few are no hundred draws."""

APART = 2.0
"""Nats by which, at least, a penalty of 1.99 and one of -1.99 part what was said from what was not: half of what they
have to."""

SEEN = 0.01
"""How often an endpoint that ignores a penalty seems to heed it."""

Said: TypeAlias = "tuple[str, ...]"
"""A text, token by token."""


def possible(setting: Setting) -> bool:
    """Whether such texts can be had."""
    return {"n", "logit-bias"} <= setting.features


def letters(ask: Ask, *but: tuple[str, JSON], behind: Sequence[int] = (0,) * len(IDS)) -> list[Request]:
    """Texts of five kinds of tokens that are five tokens long: with everything at its neutral value, and with each of
    these otherwise.  `behind`: by how many nats less than 100 each kind is raised.

    They are valid; but who refuses so many choices is to be judged by other replies.
    """
    bias: dict[str, JSON] = {str(each): 100 - less for each, less in zip(IDS, behind, strict=True)}
    bodies = [neutral(ask), *(neutral(ask, **{name: value}) for name, value in but)]
    return [
        ask(prompt=PROMPT, max_tokens=LENGTH, n=CHOICES, zone=Zone.DISPUTED, also={**body, "logit_bias": bias})
        for body in bodies
    ]


def spelt(exchanges: Sequence[Exchange]) -> list[list[Said]] | None:
    """The texts of each, token by token; None where that cannot be told.

    Where tokens are of one length, as single letters are, and of few kinds, the places of a text show them.
    """
    texts = [[choice.text for choice in each.choices] for each in exchanges]
    lengths = {len(one) for one in chain.from_iterable(texts)}
    width, rest = divmod(max(lengths, default=0), LENGTH)
    if len(lengths) != 1 or not width or rest or not all(ENOUGH <= len(each) <= CHOICES for each in texts):
        return None
    said = [[tuple(one[at : at + width] for at in range(0, len(one), width)) for one in each] for each in texts]
    kinds = set(chain.from_iterable(chain.from_iterable(said)))
    legible = all(each.legible and not each.thought for each in exchanges) and all(map(_clear, kinds))
    apart = not any(kind in prompt(exchanges[0]) for kind in kinds)
    return said if legible and apart and 2 <= len(kinds) <= len(IDS) else None


def _clear(kind: str) -> bool:
    return kind == "".join(kind.split()) and REPLACEMENT not in kind


def again(first: Sequence[Said], second: Sequence[Said]) -> list[Fourfold]:
    """After each beginning how often, in the one and in the other, a token follows that has been said; and one that has
    not."""
    counts: defaultdict[Said, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for sample, texts in enumerate((first, second)):
        for said in texts:
            for at in range(1, len(said)):
                counts[said[:at]][2 * sample + (said[at] not in said[:at])] += 1
    return [Fourfold(hits=a, misses=b, other_hits=c, other_misses=d) for a, b, c, d in counts.values()]


def by_letters(asked: Sequence[Exchange], name: str, at: int) -> Iterator[Finding]:
    """What the texts say of the `at`-th penalty, of this name: of every two that were asked for the first is above 0,
    and the other its opposite."""
    said = spelt(asked)
    if said is None:
        yield NotJudged(reason="which tokens were said cannot be told from the texts")
        return
    plus = 1 + at // 2 * 2
    plain, strong, weak = said[0], said[plus], said[plus + 1]
    if min(len(set(strong)), len(set(weak))) < VARIED:
        yield NotJudged(reason="many choices were the same text, so that they are too few")
    elif as_many_of(again(strong, weak), math.exp(-APART)) < ALPHA:
        yield Violation(
            pointer="/choices/*",
            observed=(
                f"{share_again(strong)} of the tokens said again with {name} {show(asked[plus].sent.get(name))}, "
                f"and {share_again(weak)} with {show(asked[plus + 1].sent.get(name))}"
            ),
            expected="far fewer with the one than with the other, after equal beginnings",
            exchanges=(asked[plus].n, asked[plus + 1].n),
        )
    elif as_many_of(again(weak, plain) if at % 2 else again(plain, strong)) >= SEEN:
        yield NotJudged(reason="too little was said again for an effect to be seen")


def share_again(texts: Sequence[Said]) -> str:
    """Which part of the tokens, first ones aside, had been said before in their text."""
    repeated = sum(said[at] in said[:at] for said in texts for at in range(1, len(said)))
    return f"{repeated / (len(texts) * (LENGTH - 1)):.0%}"
