"""What an exchange says of another try: whether it needs one, and when.

Rule: pure but for the clock that a date in Retry-After is held against.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections import Counter
from collections.abc import Sequence
from email.utils import parsedate_to_datetime

from .exchange import Exchange

LONGEST_WAIT = 60.0
"""Seconds for which a Retry-After is honoured."""


def answered(exchanges: Sequence[Exchange]) -> dict[tuple[str, int, tuple[int, int]], Exchange]:
    """What a run has and need not ask again: not what ended in weather, nor what was to be tried once more."""
    latest = {(each.case, each.round, each.step): each for each in exchanges}
    fell = Counter((each.case, each.round, each.step) for each in exchanges if each.may_pass)
    return {
        key: each
        for key, each in latest.items()
        if each.left or not (each.says_nothing or (each.may_pass and fell[key] == 1))
    }


def pause(exchange: Exchange, attempt: int) -> float:
    """Seconds to wait before the next try: what Retry-After says, else a little longer each time."""
    told = exchange.header("retry-after")
    if told is None:
        return 0.125 * 2.0**attempt
    with contextlib.suppress(ValueError):
        return min(max(float(told), 0.0), LONGEST_WAIT) if math.isfinite(float(told)) else 1.0
    with contextlib.suppress(ValueError, TypeError):
        return min(max(parsedate_to_datetime(told).timestamp() - time.time(), 0.0), LONGEST_WAIT)
    return 1.0
