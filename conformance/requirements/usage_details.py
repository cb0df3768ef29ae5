"""Usage, the details: parts of a count are not more than it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..conversations import talks
from ..exchange import Exchange
from ..model import Kind, Level, Violation
from ..mutants import Object, Sent
from ..reply import is_integer, members
from ..requirement import requirement
from ..schema import show
from ..spoil import either, streaming
from .usage import COUNTS, _usage, count, counted

SHOULD = Level.SHOULD

DETAILS = {"prompt_tokens": "prompt_tokens_details", "completion_tokens": "completion_tokens_details"}
"""The member that says what a count is made of, by the count."""


PARTS = frozenset(
    {
        "accepted_prediction_tokens",
        "audio_tokens",
        "cached_tokens",
        "image_tokens",
        "reasoning_tokens",
        "rejected_prediction_tokens",
        "text_tokens",
    }
)
"""Details that are known to be parts of the count; others may be of drafts that nobody bills, or no tokens at all."""


def _far_too_many(whole: str, part: str) -> Callable[[Sent, Object], None]:
    return _usage(lambda _, usage: usage.update({DETAILS[whole]: {part: usage[whole] + 50}}))


@requirement(
    "usage.details",
    level=SHOULD,
    source="usage",
    scenario=talks,
    kind=Kind.EACH,
    applies=counted,
    mutants=[
        either("more-cached-than-asked", "cached_tokens is above it", _far_too_many("prompt_tokens", "cached_tokens")),
        either(
            "more-thoughts-than-tokens-in-streams",
            "streamed reasoning_tokens is above completion_tokens, which the total counts alone",
            _far_too_many("completion_tokens", "reasoning_tokens"),
            when=streaming,
        ),
    ],
)
def parts_are_not_more_than_the_whole(exchange: Exchange) -> Iterator[Violation]:
    """What a count is said to be made of is not more than that count; thoughts may be counted outside of it."""
    prompt, completed, total = (count(exchange, name) for name in COUNTS)
    for whole, details in DETAILS.items():
        most = prompt if whole == "prompt_tokens" else completed
        for name, part in members((exchange.usage or {}).get(details)).items():
            outside = is_integer(part) and name == "reasoning_tokens" and total == prompt + completed + part
            if name in PARTS and is_integer(part) and part > most and not outside:
                yield Violation(
                    pointer=f"/usage/{details}/{name}", observed=show(part), expected=f"at most the {most} of {whole}"
                )
