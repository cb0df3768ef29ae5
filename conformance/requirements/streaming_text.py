"""Streams, the text: its deltas add up to what a whole reply says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from itertools import pairwise

from ..conversations import stream, whole_and_stream
from ..exchange import Exchange
from ..model import Finding, Kind, Level, NotJudged, Violation
from ..mutants import Mutant, Object
from ..reply import members, text
from ..requirement import requirement
from ..schema import show
from ..spoil import every_chunk, streaming
from ..spoil import stream as streams_with
from ..words import REPLACEMENT
from .envelope import answered
from .streaming import complete
from .streaming_choices import each_choice
from .streaming_garbled import alike, garbled, unit

MUST, SHOULD = Level.MUST, Level.SHOULD

SHORTEST = 12
"""Characters of a text below which a repetition may be chance."""

FIRST = 3
"""Deltas at the beginning of a stream that show whether what it says is lost, doubled or moved."""

MANY = 5
"""Deltas of a stream in which something can be lost, doubled and moved."""


def _deltas(exchange: Exchange) -> dict[str, list[str]]:
    """The texts of the deltas that have any, by the index of their choice."""
    found: dict[str, list[str]] = {}
    for _, index, choice in each_choice(exchange):
        if said := text(members(choice.get("delta")).get("content")):
            found.setdefault(show(index), []).append(said)
    return found


def _said(chunks: list[Object]) -> list[Object]:
    """The deltas of the first choice that have a text."""
    choices = (choice for chunk in chunks for choice in chunk["choices"])
    return [choice["delta"] for choice in choices if choice["index"] == 0 and choice["delta"].get("content")]


def _deltas_changed(name: str, about: str, change: Callable[[list[str]], list[str]]) -> Mutant:
    """Streams whose texts, delta by delta, are others."""

    def other(chunks: list[Object]) -> list[Object]:
        deltas = _said(chunks)
        if len(deltas) >= MANY:
            for delta, content in zip(deltas, change([each["content"] for each in deltas]), strict=True):
                delta["content"] = content
        return chunks

    return streams_with(name, about, other)


def _cumulative(texts: list[str]) -> list[str]:
    return ["".join(texts[: number + 1]) for number in range(len(texts))]


@requirement(
    "streaming.deltas-add-up",
    level=MUST,
    source="stream",
    scenario=stream,
    kind=Kind.EACH,
    applies=complete,
    mutants=[
        _deltas_changed("cumulative-deltas", "every delta holds all the text so far", _cumulative),
        _deltas_changed(
            "last-delta-repeats-all",
            "the last delta holds the whole text once more",
            lambda texts: [*texts[:-2], texts[-2] + texts[-1], "".join(texts)],
        ),
    ],
)
def deltas_add_up(exchange: Exchange) -> Iterator[Violation]:
    """Each delta holds what is new, neither all the text so far nor, at the end, the whole text once more."""
    for index, said in _deltas(exchange).items():
        before = "".join(said[:-1])
        grows = all(len(now) > len(old) and now.startswith(old) for old, now in pairwise(said))
        if len(said) > 3 and grows and len(said[-1]) >= SHORTEST and len(set(said[-1])) > 1:
            yield Violation(
                pointer=f"/choices/{index} deltas",
                observed=f"{show(said[-2])} and then {show(said[-1])}",
                expected="only what is new",
            )
        elif len(said) > 3 and said[-1] == before and len(before) >= SHORTEST and unit(before) == before:
            yield Violation(
                pointer=f"/choices/{index} deltas",
                observed=f"{show(before)} once more at the end",
                expected="only what is new",
            )


@requirement(
    "streaming.same-text",
    level=MUST,
    source="stream",
    scenario=whole_and_stream,
    mutants=[
        _deltas_changed("chunk-lost", "a chunk is lost", lambda texts: [*texts[:1], "", *texts[2:]]),
        _deltas_changed("first-text-lost", "the first text of a stream is lost", lambda texts: ["", *texts[1:]]),
        _deltas_changed("last-text-lost", "the last text of a stream is lost", lambda texts: [*texts[:-1], ""]),
        _deltas_changed("chunk-twice", "a chunk comes twice", lambda texts: [texts[0], texts[1] * 2, *texts[2:]]),
        _deltas_changed(
            "chunks-reordered",
            "two chunks come in the wrong order",
            lambda texts: [texts[0], texts[2], texts[1], *texts[3:]],
        ),
        _deltas_changed(
            "spaces-stripped-from-deltas",
            "the white space around every delta is lost",
            lambda texts: [each.strip() for each in texts],
        ),
        every_chunk(
            "html-escaped-deltas",
            "deltas have &nbsp; for every space",
            lambda _, chunk: [
                choice["delta"].update(content=choice["delta"]["content"].replace(" ", "&nbsp;"))
                for choice in chunk["choices"]
                if choice["delta"].get("content")
            ],
        ),
    ],
)
def stream_says_the_same(
    asked: tuple[Exchange, Exchange], *again: Exchange, run: tuple[Exchange, ...]
) -> Iterator[Finding]:
    """As far as a question asked coldly gets the same reply every time, the stream's text is not that text garbled."""
    whole, streamed = asked
    one, other = map(_readable, asked)
    if not (whole.legible and streamed.legible and one) or REPLACEMENT in one + other:
        yield NotJudged(reason="no whole reply and stream whose texts can be compared")
    elif one == other or (_begins(one, other) and not _cut_alike(*asked)):
        return
    elif len(one) < SHORTEST:
        yield NotJudged(reason="the replies say too little, so that chance may tell them apart")
    elif not again or _readable(again[0]) != one:
        if not any(_same_so_far(each, streamed) for each in (whole, *again)):
            yield NotJudged(reason="cold replies differ between calls, from their first words on")
    elif _alike_elsewhere(whole, run):
        yield NotJudged(reason="another stream said what the whole reply did to the letter: cold replies may differ")
    elif (what := garbled(one, other, cut_alike=_cut_alike(*asked))) is None:
        yield NotJudged(reason="the stream says another thing than two whole replies did: cold replies may differ")
    else:
        yield Violation(
            pointer="/choices/0 text",
            observed=f"{show(_around(one, other), 100)}: {what}",
            expected=show(one, 100),
            exchanges=(streamed.n,),
        )


def _alike_elsewhere(whole: Exchange, run: Sequence[Exchange]) -> bool:
    """Whether another stream of the run, of many deltas, said to the letter what the whole reply beside it did: what
    garbles one does so to all, and a model that wavers between two texts says the same one now and then."""
    first = [each for each in run if each.scenario == whole.scenario and each.step[0] == 0 and each.legible]
    wholes = {(each.case, each.round): each for each in first if not each.asked_stream}
    return any(
        each.asked_stream and (each.case, each.round) in wholes and _the_same(wholes[each.case, each.round], each)
        for each in first
    )


def _the_same(whole: Exchange, streamed: Exchange) -> bool:
    said = next(iter(_deltas(streamed).values()), [])
    return len(said) >= MANY and len(whole.text) >= SHORTEST and whole.text.strip() == streamed.text.strip()


def _readable(exchange: Exchange) -> str:
    """A reply's text without the white space around it and without the half of a character that a limit leaves."""
    return exchange.text.rstrip().rstrip(REPLACEMENT).strip()


def _around(one: str, other: str) -> str:
    """The part of the second text around where it departs from the first, for a reader."""
    start = max(alike(one, other) - 30, 0)
    return f"{'…' * (start > 0)}{other[start : start + 70]}"


def _begins(one: str, other: str) -> bool:
    """Whether one text is the beginning of the other: a model ended it earlier, or thought longer before it."""
    return min(len(one), len(other)) >= SHORTEST and (one.startswith(other) or other.startswith(one))


def _same_so_far(whole: Exchange, streamed: Exchange) -> bool:
    """Whether a stream's first deltas, before two texts part, are the beginning of a whole reply."""
    said = next(iter(_deltas(streamed).values()), [])[:FIRST]
    begin = "".join(said).lstrip()
    return len(said) == FIRST and len(begin) >= SHORTEST and whole.text.lstrip().startswith(begin)


def _cut_alike(whole: Exchange, streamed: Exchange) -> bool:
    """Whether both were cut by their limit after equally many tokens, none of them thought."""
    ends = [each.choices[0].finish_reason if each.choices else None for each in (whole, streamed)]
    counts = [each.tokens("completion_tokens") for each in (whole, streamed)]
    thought = whole.thought or streamed.thought
    return ends == ["length", "length"] and counts[0] == counts[1] is not None and not thought


def _named(exchange: Exchange) -> set[str]:
    return {name for each in exchange.objects if (name := text(each.get("model")))}


@requirement(
    "streaming.same-model",
    level=SHOULD,
    source="model",
    scenario=whole_and_stream,
    kind=Kind.RUN,
    applies=answered,
    mutants=[
        every_chunk(
            "streams-name-another-model",
            "streams name another model than whole replies do",
            lambda _, chunk: chunk.update(model=f"{chunk['model']}-stream"),
            when=streaming,
        )
    ],
)
def streams_name_the_same_model(exchanges: Sequence[Exchange], *, aliases: AbstractSet[str]) -> Iterator[Violation]:
    """Streams and whole replies of the model that was asked for name the same one."""
    for asked in dict.fromkeys(show(each.sent.get("model")) for each in exchanges):
        wholes, streams = (
            [each for each in exchanges if show(each.sent.get("model")) == asked and each.asked_stream is mode]
            for mode in (False, True)
        )
        names = [set[str]().union(*map(_named, each)) for each in (wholes, streams)]
        if aliases and all(each & {*aliases, *(text(one.sent.get("model")) for one in wholes)} for each in names):
            continue
        if all(names) and not names[0] & names[1]:
            for whole, streamed in zip(wholes, streams, strict=False):
                yield Violation(
                    pointer="/model",
                    observed=f"{' or '.join(map(show, sorted(names[1])))} in streams",
                    expected=f"{' or '.join(map(show, sorted(names[0])))}, as in whole replies",
                    exchanges=(whole.n, streamed.n),
                )
