"""One reply, token by token: what the sampler draws, and what a format or a tool's call makes the model say.

Rule: a token that is dictated is told with the probability the model gave it, as if it had been drawn; so the sum of a
reply's log probabilities is a true one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from .language_model import LanguageModel, Position
from .sampler import Sampler, likeliest
from .vocabulary import END


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A token that was said; where log probabilities were asked for, its own and those of the likeliest there."""

    token: int
    log_probability: float = 0.0
    likeliest: tuple[tuple[int, float], ...] = ()


class Speaker:
    """Says at most `limit` tokens.

    `alternatives`: of how many likeliest tokens to tell at each place, None: not even of the token itself.  `after`:
    tell of the distribution after the sampler, not of the model's own.
    """

    def __init__(
        self,
        model: LanguageModel,
        start: Position,
        sampler: Sampler,
        *,
        limit: int,
        alternatives: int | None,
        after: bool,
    ) -> None:
        self._model = model
        self._position = start
        self._sampler = sampler
        self._limit = limit
        self._alternatives = alternatives
        self._after = after
        self.said = 0

    @property
    def exhausted(self) -> bool:
        """Whether the limit is reached."""
        return self.said >= self._limit

    def talk(self, about: int | None = None) -> Iterator[Step]:
        """Say what is drawn, to the end of the text or the limit; `about`: or so many tokens and a whole character."""
        begun = self.said
        while not self.exhausted:
            if about is not None and self.said - begun >= about and self._position.between_characters:
                return
            logits = self._model.logits(self._position)
            token = self._sampler.pick(logits)
            if token == END:
                return
            yield self._step(token, logits)

    def recite(self, tokens: Iterable[int]) -> Iterator[Step]:
        """Say these tokens, as far as the limit allows."""
        for token in tokens:
            if self.exhausted:
                return
            yield self._step(token, None)

    def _step(self, token: int, logits: Sequence[float] | None) -> Step:
        step = Step(token=token) if self._alternatives is None else self._told(token, logits, self._alternatives)
        self._position = self._model.after(self._position, token)
        self._sampler.hear(token)
        self.said += 1
        return step

    def _told(self, token: int, logits: Sequence[float] | None, alternatives: int) -> Step:
        if not self._after:
            found = self._model.log_probabilities(self._position)
        elif logits is None:  # it is dictated
            found = {token: 0.0}
        else:
            found = self._sampler.log_probabilities(logits)
        return Step(token=token, log_probability=found[token], likeliest=likeliest(found, alternatives))
