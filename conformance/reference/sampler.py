"""From logits to a token: penalties, bias, temperature, masks, and a draw.  Every parameter has its true effect.

The order is that of the engines: penalties by what was said, the bias, the temperature, then of what is left the k
likeliest (top_k), of those the nucleus (top_p), of those the ones likely enough beside the likeliest (min_p).
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from math import exp
from random import Random


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """What a request says of sampling; the defaults change nothing.  `temperature` 0 is greedy, `top_k` 0 is off."""

    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    min_p: float = 0.0
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0
    repetition_penalty: float = 1.0
    logit_bias: Mapping[int, float] = field(default_factory=dict)

    @property
    def greedy(self) -> bool:
        """Whether nothing is left to chance."""
        return self.temperature == 0


class Sampler:
    """Draws the tokens of one reply, and remembers them for the penalties."""

    def __init__(self, sampling: Sampling, prompt: Sequence[int], chance: Random) -> None:
        self.sampling = sampling
        self.chance = chance
        self._seen = set(prompt) if sampling.repetition_penalty != 1 else set()
        self._said: Counter[int] = Counter()

    def hear(self, token: int) -> None:
        """Take note of a token that was said."""
        self._said[token] += 1
        if self.sampling.repetition_penalty != 1:
            self._seen.add(token)

    def pick(self, logits: Sequence[float]) -> int:
        """The next token."""
        adjusted = self._adjusted(logits)
        if self.sampling.greedy:
            return adjusted.index(max(adjusted))
        cumulative = list(accumulate(self._weights(adjusted)))
        return bisect_right(cumulative, self.chance.random() * cumulative[-1], hi=len(cumulative) - 1)

    def log_probabilities(self, logits: Sequence[float]) -> dict[int, float]:
        """The distribution that is drawn from, as natural logarithms; what a mask took away is left out.

        Greedy decoding has no distribution of its own: for it this is the one at temperature 1.
        """
        weights = self._weights(self._adjusted(logits))
        total = math.fsum(weights)
        return {token: math.log(weight / total) for token, weight in enumerate(weights) if weight / total > 0}

    def _adjusted(self, logits: Sequence[float]) -> list[float]:
        sampling = self.sampling
        adjusted = list(logits)
        for token in self._seen:
            logit = adjusted[token]
            adjusted[token] = logit / sampling.repetition_penalty if logit > 0 else logit * sampling.repetition_penalty
        if sampling.frequency_penalty or sampling.presence_penalty:
            for token, count in self._said.items():
                adjusted[token] -= sampling.frequency_penalty * count + sampling.presence_penalty
        for token, bias in sampling.logit_bias.items():
            adjusted[token] += bias
        return adjusted

    def _weights(self, adjusted: Sequence[float]) -> list[float]:
        """Of every token, its probability times a constant; 0 where a mask took it away."""
        sampling = self.sampling
        temperature = sampling.temperature or 1.0
        highest = max(adjusted)
        if not sampling.top_k and sampling.top_p >= 1 and not sampling.min_p:
            return [exp((logit - highest) / temperature) for logit in adjusted]
        kept = sorted(range(len(adjusted)), key=adjusted.__getitem__, reverse=True)[: sampling.top_k or None]
        weights = [exp((adjusted[token] - highest) / temperature) for token in kept]
        if sampling.top_p < 1:
            cumulative = list(accumulate(weights))
            kept = kept[: 1 + next(at for at, sum_ in enumerate(cumulative) if sum_ >= sampling.top_p * cumulative[-1])]
        floor = sampling.min_p * weights[0]
        masked = [0.0] * len(adjusted)
        for token, weight in zip(kept, weights, strict=False):  # the nucleus may have cut what is kept
            masked[token] = weight if weight >= floor else 0.0
        return masked


def log_softmax(logits: Sequence[float]) -> list[float]:
    """The model's own distribution, as natural logarithms."""
    highest = max(logits)
    norm = highest + math.log(math.fsum(map(exp, [logit - highest for logit in logits])))
    return [logit - norm for logit in logits]


def likeliest(log_probabilities: Mapping[int, float], count: int) -> tuple[tuple[int, float], ...]:
    """The so many likeliest tokens with their log probabilities, in descending order."""
    best = sorted(log_probabilities, key=log_probabilities.__getitem__, reverse=True)[:count]
    return tuple((token, log_probabilities[token]) for token in best)
