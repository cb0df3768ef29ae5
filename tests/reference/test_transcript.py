"""Tokens to text in pieces."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.reference.speaker import Step
from conformance.reference.transcript import Piece, Transcript
from conformance.reference.vocabulary import END, TOKENS, encode

tokens = st.lists(st.integers(0, END - 1), max_size=30)
stops = st.lists(st.text(alphabet="abt e.\ufffd", min_size=1, max_size=4), max_size=4)


def taken_down(
    ids: list[int], stops: list[str] | None = None, *, include: bool = False
) -> tuple[tuple[Piece, ...], bool]:
    script = Transcript(stops or [], include_stop=include)
    script.listen(Step(token=each) for each in ids)
    return script.close(), script.stopped


def joined(pieces: tuple[Piece, ...]) -> str:
    return "".join(piece.text for piece in pieces)


def text_of(ids: list[int]) -> str:
    return b"".join(TOKENS[each] for each in ids).decode("utf-8", "replace")


@settings(deadline=None)
@given(tokens)
def test_pieces_join_to_the_text(ids: list[int]) -> None:
    """Every byte is read once, and what is no character is U+FFFD, as if all had been read at once."""
    pieces, stopped = taken_down(ids)
    assert joined(pieces) == text_of(ids)
    assert not stopped


@settings(deadline=None)
@given(tokens, stops, st.booleans())
def test_no_token_is_lost(ids: list[int], stops: list[str], include: bool) -> None:
    """Every token of the text is told once and in order, with stops or without."""
    pieces, stopped = taken_down(ids, stops, include=include)
    told = [step.token for piece in pieces for step in piece.steps]
    assert told == ids[: len(told)]
    if not stopped:
        assert told == ids


@settings(deadline=None)
@given(tokens, stops, st.booleans())
def test_nothing_follows_the_first_stop(ids: list[int], stops: list[str], include: bool) -> None:
    """The text ends with the stop that was complete first, or just before it; without one, nothing is missing."""
    pieces, stopped = taken_down(ids, stops, include=include)
    whole = text_of(ids)
    ends = sorted((whole.find(stop) + len(stop), whole.find(stop)) for stop in stops if stop in whole)
    assert stopped == bool(ends)
    if not ends:
        assert joined(pieces) == whole
    elif include:
        assert any(joined(pieces).endswith(stop) for stop in stops)
        assert whole.startswith(joined(pieces))
    else:
        assert not any(stop in joined(pieces) for stop in stops)
        assert whole.startswith(joined(pieces))


@pytest.mark.parametrize("include", [True, False])
def test_a_stop_across_tokens_is_seen(include: bool) -> None:
    """A stop that begins in one token and ends in another ends the text."""
    pieces, stopped = taken_down(encode(" the river of stone and more"), ["er of st"], include=include)
    assert stopped
    assert joined(pieces) == (" the river of st" if include else " the riv")


@pytest.mark.parametrize("stops", [[" river", " riv"], [" riv", " river"]])
def test_the_stop_that_is_complete_first_counts(stops: list[str]) -> None:
    """Also when one token completes several."""
    assert joined(taken_down(encode(" the river of"), stops, include=True)[0]) == " the riv"


def test_a_token_beyond_the_stop_is_left_out() -> None:
    """Where the stop is not in the text, no token of it is told but the one that has text before it."""
    pieces, _ = taken_down(encode(" the river of stone"), ["er of"])
    assert [TOKENS[step.token] for piece in pieces for step in piece.steps] == [b" the", b" river"]
    pieces, _ = taken_down(encode(" the river of stone"), [" of"])
    assert [TOKENS[step.token] for piece in pieces for step in piece.steps] == [b" the", b" river"]


def test_a_stop_of_many_bytes_is_seen_across_tokens() -> None:
    """Characters said in several tokens make a stop like others."""
    ids = encode(" 你好🙂 the")
    assert len(ids) > 4
    assert joined(taken_down(ids, ["好🙂"])[0]) == " 你"


def test_what_may_become_a_stop_is_held_back() -> None:
    """Only text that no longer can begin a stop goes out, and a beginning that came to nothing is not lost."""
    script = Transcript(["river song"])
    script.listen([Step(token=each) for each in encode(" the river")])
    assert joined(tuple(script.pieces)) == " the "
    script.listen([Step(token=each) for each in encode(" of")])
    assert joined(tuple(script.pieces)) == " the river of"


def test_half_a_character_is_held_back() -> None:
    """It goes out when it is whole, with all its tokens; cut by the end it is one U+FFFD."""
    halves = [TOKENS.index(b" \xf0\x9f"), TOKENS.index(b"\x99\x82")]
    pieces, _ = taken_down(halves)
    assert [(piece.text, len(piece.steps)) for piece in pieces] == [(" ", 0), ("🙂", 2)]
    assert joined(taken_down(halves[:1])[0]) == " \ufffd"


def test_tokens_after_the_stop_are_not_heard() -> None:
    """Listening ends with the stop, so that nobody draws or counts what comes after."""
    steps = iter([Step(token=each) for each in encode(" the river of stone")])
    script = Transcript(["river"])
    script.listen(steps)
    assert [TOKENS[step.token] for step in steps] == [b" of", b" stone"]
