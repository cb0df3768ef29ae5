"""Hypothesis strategies -> values, by a seed and nothing else.

Hypothesis' own backend mixes constants of the modules around it into what it draws, so that a plan made in a checkout
would differ from one made by an installed wheel.  This is a backend (its documented interface) that draws from
`random.Random` alone, whose sequences Python keeps the same between versions.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random
from typing import Any, ClassVar, TypeVar

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.internal.conjecture.providers import AVAILABLE_PROVIDERS, PrimitiveProvider
from hypothesis.strategies import SearchStrategy

Drawn = TypeVar("Drawn")

BACKEND = "chat-conformance"

_FAR = 10**6
_LONG = 40


class SeededProvider(PrimitiveProvider):
    """Even draws between a strategy's bounds; open ones end a million away, sizes forty above the least."""

    lifetime = "test_function"
    chance: ClassVar[Random] = Random()  # noqa: S311  # nothing secret is drawn

    def draw_boolean(self, p: float = 0.5) -> bool:
        """True with probability p."""
        return p >= 1 or (p > 0 and self.chance.random() < p)

    def draw_integer(
        self,
        min_value: int | None = None,
        max_value: int | None = None,
        *,
        weights: dict[int, float] | None = None,
        shrink_towards: int = 0,  # noqa: ARG002  # nothing is shrunk
    ) -> int:
        """Any integer between the bounds; one that has a weight, with that probability."""
        if weights:
            point = self.chance.random()
            for value, weight in weights.items():
                point -= weight
                if point < 0:
                    return value
        low = min_value if min_value is not None else min(-_FAR, (max_value or 0) - _FAR)
        high = max_value if max_value is not None else max(_FAR, low + _FAR)
        return self.chance.randint(low, high)

    def draw_float(
        self,
        *,
        min_value: float = -math.inf,
        max_value: float = math.inf,
        allow_nan: bool = True,  # noqa: ARG002  # none is drawn: it is not JSON
        smallest_nonzero_magnitude: float,
    ) -> float:
        """Any float between the bounds."""
        low = min_value if math.isfinite(min_value) else -_FAR
        high = max_value if math.isfinite(max_value) else max(_FAR, low + _FAR)
        drawn = low + (high - low) * self.chance.random()
        return 0.0 if abs(drawn) < smallest_nonzero_magnitude else drawn

    def draw_string(self, intervals: Any, *, min_size: int = 0, max_size: int = _LONG) -> str:
        """Characters of the alphabet, each as likely."""
        size = self.chance.randint(min_size, min(max_size, min_size + _LONG))
        return "".join(chr(intervals[self.chance.randrange(len(intervals))]) for _ in range(size))

    def draw_bytes(self, min_size: int = 0, max_size: int = _LONG) -> bytes:
        """Any bytes."""
        return self.chance.randbytes(self.chance.randint(min_size, min(max_size, min_size + _LONG)))


AVAILABLE_PROVIDERS[BACKEND] = f"{__name__}.{SeededProvider.__name__}"


def draws(strategy: SearchStrategy[Drawn], count: int, seed: str) -> list[Drawn]:
    """So many values of a strategy; the same ones for the same seed."""
    drawn: list[Drawn] = []

    @settings(
        max_examples=count,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        backend=BACKEND,
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def collect(value: Drawn) -> None:
        drawn.append(value)

    SeededProvider.chance = Random(seed)  # noqa: S311
    run: Callable[[], None] = collect
    run()
    return drawn[:count]
