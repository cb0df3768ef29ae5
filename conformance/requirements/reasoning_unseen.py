"""Thoughts that are neither shown nor counted apart: a reply that spends its limit on nothing that can be seen tells of
them, for they are spent from the same limit as the text, and no two times the same.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..exchange import Exchange
from .envelope import answered

SPENT = 5
"""Tokens that are more than the bytes of one character, which is held back until it is whole."""

TAKING = ("stop", "logit_bias", "tools", "functions")
"""Members that may leave a reply without text, though it was made."""


def spent_unseen(exchange: Exchange) -> bool:
    """Whether a reply counts tokens up to a limit that ended it, and shows nothing for them."""
    cut = answered(exchange) and all(choice.finish_reason == "length" for choice in exchange.choices)
    shown = (choice.text or choice.reasoning or choice.refusal or choice.tool_calls for choice in exchange.choices)
    return cut and not any(shown) and (exchange.tokens("completion_tokens") or 0) >= SPENT


def thinks_unseen(run: Sequence[Exchange], like: Exchange) -> bool:
    """Whether some reply of one choice was spent so, with nothing asked that takes its text away, though another one of
    the same mode has a text."""
    alike = [each for each in run if each.asked_stream is like.asked_stream and len(each.choices) == 1]
    spent = (each for each in alike if not any(each.sent.get(name) for name in TAKING))
    return any(map(spent_unseen, spent)) and any(each.text for each in alike)
