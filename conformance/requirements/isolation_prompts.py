"""Isolation: the prompts of many who ask at a time, told from one another by what they cost.

They repeat the same words, so that what each has to cost follows from what the shortest do.  Whoever is given the reply
to another has the count of another; a count that nobody else has is that of a prompt which was not read to its end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median

from ..exchange import Exchange
from ..model import Finding, Level, NotJudged, Violation
from ..mutants import Call, Mutant, Object, Sent, When
from ..reply import objects, text
from ..spoil import streaming, suffix, whole
from .isolation import SEATS, first_words, mixed_up, of_crowds, prompt_of, seat_of
from .usage import TOLERANCE, count, counted

APART = 20
"""Tokens by which two dozen words differ from none, whatever the vocabulary."""

NEAR = 4
"""Tokens by which a count may differ from what follows from the others."""

NO_USAGE = NotJudged(reason="there was no usage to compare")


def _counts(asked: Sequence[Exchange]) -> list[int]:
    return [count(each, "prompt_tokens") for each in asked]


def _out_of_order(counts: Sequence[int]) -> list[int]:
    """The places whose counts do not fit into the longest row of counts that grow as the prompts do."""
    rows: list[list[int]] = []
    for place, here in enumerate(counts):
        before = [row for row in rows if counts[row[-1]] + APART <= here]
        rows.append([*max(before, key=len, default=[]), place])
    longest = max(rows, key=len, default=[])
    return [place for place in range(len(counts)) if place not in longest]


def _level_from(counts: Sequence[int]) -> int | None:
    """The place from which on all prompts cost the same, where they grow up to there; None if there is none."""
    level = next((at for at in range(len(counts)) if max(counts[at:]) - min(counts[at:]) <= TOLERANCE), 0)
    grows = (
        not _out_of_order(counts[:level])
        and max(counts[:level], default=0) <= max(counts[level:], default=0) + TOLERANCE
    )
    return level if 0 < level < len(counts) - 1 and grows else None


def _is_of_another(place: int, counts: Sequence[int]) -> bool:
    """Whether a count is that of another one's prompt, by what those in order cost."""
    wrong = _out_of_order(counts)
    right = [each for each in range(len(counts)) if each not in wrong]
    dozens = [seat.dozens for seat in SEATS]
    steps = [(counts[b] - counts[a]) / (dozens[b] - dozens[a]) for a, b in pairwise(right)]
    if not steps:
        return False
    due = [counts[right[0]] + median(steps) * (each - dozens[right[0]]) for each in dozens]
    return any(abs(counts[place] - each) <= NEAR for other, each in enumerate(due) if other != place)


def _another_prompt(sent: Sent) -> Sent:
    at = seat_of(sent) or 0
    told = first_words(sent).removeprefix(prompt_of(SEATS[at]))
    return {"messages": [{"role": "user", "content": f"{prompt_of(SEATS[at - 1])}{told}"}]}


@of_crowds(
    "isolation.own-prompt",
    mutants=[
        mixed_up("another-prompt-in-a-crowd", "one of a crowd is given the reply to another", _another_prompt, 3),
        mixed_up("another-prompt-streamed", "a stream of a crowd is the reply to another", _another_prompt, 4),
        mixed_up("two-prompts-lost", "two of a crowd are given the replies to others", _another_prompt, 2, 5),
    ],
)
def prompts_are_their_own(asked: tuple[Exchange, ...]) -> Iterator[Finding]:
    """Each of many who ask at a time is given the reply to its own prompt: a longer one costs more tokens."""
    counts = _counts(asked)
    wrong = _out_of_order(counts)
    strange = [place for place in wrong if not _is_of_another(place, counts)]
    if not all(map(counted, asked)):
        yield NO_USAGE
    elif _level_from(counts) is not None or strange:
        yield NotJudged(reason="a prompt costs what none of the crowd does: it may not have been read to its end")
    elif len(wrong) * 2 < len(counts):
        for place in wrong:
            yield Violation(
                pointer="/usage/prompt_tokens",
                observed=f"{counts[place]} in the place {place + 1} of {', '.join(map(str, counts))}",
                expected="in the order of the prompts' lengths",
                exchanges=(asked[place].n,),
            )


def _cut(letters: int, when: When | None = None) -> Mutant:
    """Of every message only the beginning is read."""

    def heard(said: list[Object]) -> list[Object]:
        return [{**each, "content": text(each.get("content"))[:letters]} for each in said]

    def request(call: Call) -> Call:
        return call.with_body({**call.sent, "messages": heard(list(objects(call.sent.get("messages"))))})

    mode = "" if when is None else f" where {'a stream is' if when is streaming else 'no stream is'} asked for"
    return Mutant(
        name=f"prompts-cut-at-{letters}{suffix(when)}",
        about=f"of messages only the first {letters} characters are read{mode}",
        request=request,
        when=when,
    )


@of_crowds(
    "isolation.whole-prompt",
    level=Level.SHOULD,
    source="messages",
    mutants=[_cut(200), _cut(600), _cut(1000), _cut(1500), _cut(600, streaming), _cut(600, whole)],
)
def prompts_are_read_to_their_end(asked: tuple[Exchange, ...]) -> Iterator[Finding]:
    """However long a prompt is, all of it is read, and costs tokens: one that is too long is refused, not cut."""
    counts = _counts(asked)
    level = _level_from(counts)
    if not all(map(counted, asked)):
        yield NO_USAGE
        return
    cut = range(level, len(counts)) if level is not None else _out_of_order(counts)
    if level is None and (len(cut) * 2 > len(counts) or any(_is_of_another(place, counts) for place in cut)):
        yield NotJudged(reason="the counts are in no order that tells whether a prompt was cut")
    elif cut:
        places = f"the place{'s' * (len(cut) > 1)} {', '.join(str(place + 1) for place in cut)}"
        which = "each of these places" if len(cut) > 1 else "that place"
        yield Violation(
            pointer="/usage/prompt_tokens",
            observed=f"{counts[cut[0]]} in {places} of {', '.join(map(str, counts))}",
            expected=f"more at {which}: the prompts are ever longer",
            exchanges=tuple(asked[place].n for place in cut),
        )
