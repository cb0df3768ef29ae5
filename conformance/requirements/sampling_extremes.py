"""Temperature, top_p, top_k and min_p where neither choices nor log probabilities are to be had: at its extreme each of
them leaves one token, so that replies begin alike which otherwise do not.

Four replies of which no two begin alike speak against an endpoint whose cold replies do: ties and the noise of batches
part them now and then, never at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from ..ask import Ask
from ..exchange import Exchange
from ..model import JSON, Finding, NotJudged, Request, Violation, Zone
from ..schema import show
from .logprobs_asked import neutral
from .sampling import PROMPT
from .sampling_doubt import SURE
from .sampling_pull import longest_beginning

EXTREMES: dict[str, JSON] = {"temperature": 0.01, "top_p": 1e-6, "top_k": 1, "min_p": 1}
"""What leaves one token, but for such as are equally likely.  A temperature may leave several of a model whose logits
lie close together, so that nothing is held against one."""

COLD, SAME, WARM = 2, 4, 2
"""Replies as cold as can be, replies at the extreme, and replies with everything at its neutral value."""

MORE = 2
"""Further replies of the last kind, if two of them and a cold one begin alike, by chance or for lack of other words."""

REPLIES, TOKENS = COLD + SAME + WARM + MORE, 24

ALIKE = 8
"""Texts begin alike that have more than one part in so many of the shorter one in common: three tokens of 24."""

LEAST = 16
"""Characters of a text of which that can be said."""

BY_CHANCE = 1
"""Pairs of warm replies that may begin alike, of the ten that there are with the further ones and a cold one."""


def extreme(ask: Ask, name: str) -> list[Request]:
    """Talk coldly, with the parameter at its extreme, and warmly."""
    cold, same = neutral(ask, temperature=ask.setting.cold), neutral(ask, **{name: EXTREMES[name]})
    return _talk(ask, [cold] * COLD + [same] * SAME + [neutral(ask)] * WARM)


def warmer(ask: Ask) -> list[Request]:
    """Talk warmly once more."""
    return _talk(ask, [neutral(ask)] * MORE)


def _talk(ask: Ask, bodies: Sequence[dict[str, JSON]]) -> list[Request]:
    return [ask(prompt=PROMPT, max_tokens=TOKENS, zone=_zone(ask, body), also=body) for body in bodies]


def _zone(ask: Ask, body: dict[str, JSON]) -> Zone:
    """Not every document has every extreme within the range."""
    sent: dict[str, JSON] = {"model": "m", "messages": [{"role": "user", "content": PROMPT}], **body}
    return Zone.ACCEPT if ask.contract.zone(sent) is Zone.ACCEPT else Zone.DISPUTED


def alone(name: str, asked: Sequence[Exchange], more: Sequence[Exchange] = ()) -> Iterator[Finding]:
    """What these replies say of a parameter; `more`: further warm ones."""
    texts = [each.text for each in (*asked, *more)]
    cold, same, warm = texts[:COLD], texts[COLD : COLD + SAME], texts[COLD + SAME :]
    if any(each.refused for each in asked):
        yield NotJudged(reason=f"{name} {show(EXTREMES[name])} is refused, as its document allows")
    elif not all(each.legible for each in (*asked, *more)):
        yield NotJudged(reason="the replies could not be read")
    elif any(each.thought for each in asked):
        yield NotJudged(reason="thoughts come before the text, and are not the same each time")
    elif min(map(len, texts)) < LEAST:
        yield NotJudged(reason="the replies were too short to be compared")
    elif not begin_alike(cold):
        yield NotJudged(reason="cold replies differ between calls, from their first words on")
    elif not begin_alike(same) and name == "temperature":
        yield NotJudged(reason="even so cold the model may have several tokens to choose from")
    elif not begin_alike(same):
        yield Violation(
            pointer="/choices/0/message/content",
            observed=", ".join(show(text, 40) for text in same),
            expected=f"replies that begin alike, for {name} {show(EXTREMES[name])} leaves one token",
            exchanges=tuple(each.n for each in asked[COLD : COLD + SAME]),
        )
    elif _alike([cold[0], *warm]) > (BY_CHANCE if more else 0):
        yield SURE


def begin_alike(texts: Sequence[str]) -> bool:
    """Whether any two of them begin alike."""
    return _alike(texts) > 0


def _alike(texts: Sequence[str]) -> int:
    """How many pairs of them begin alike."""
    return sum(longest_beginning(pair) * ALIKE > min(map(len, pair)) for pair in combinations(texts, 2))
