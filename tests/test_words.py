"""Where a text is stopped, and what a stop did to it."""

from __future__ import annotations

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from conformance.words import (
    REPLACEMENT,
    Stopped,
    before_any_case,
    compare,
    in_other_case,
    middle_of,
    place_of,
    stop_in,
)

BEFORE, STOP, AFTER = " Once upon a time the", "re was", " a fox, and it was very quick."
FREE = BEFORE + STOP + AFTER
KANA = "吾輩は猫である。名前はまだ無い。どこで生れたか"
FAMILY = "👩\u200d👩\u200d👧"

texts = (
    st.text(min_size=18, max_size=80)
    | st.text("ab c\n", min_size=18, max_size=80)
    | st.text(f"ab{REPLACEMENT}", min_size=18, max_size=40)
)


@pytest.mark.parametrize(
    ("text", "stop"),
    [
        pytest.param("abcdefghijklmnopqrstuvwxyz", "mnopqr", id="as near to the middle as the end allows"),
        pytest.param("abcdefghijklmnopqrstuvwxyz0123456789", "stuvwx", id="in the middle"),
        pytest.param("0123456789" * 10, "901234", id="where it first occurs"),
        pytest.param("abcdefghijklmnopqr", "efghij", id="in the shortest text that will do"),
        pytest.param("abcdefghijklmnopq", None, id="in no shorter one"),
        pytest.param("abcdefghijklmn opqrstuvwxyz01", "n opqr", id="not beginning with white space"),
        pytest.param("abcdefghijklmnopqrs\tuvwxyz01", "nopqrs", id="not ending with white space"),
        pytest.param("abcdefgh" + "\ufffd" * 9 + "ijklmnopqrst", None, id="not in half characters"),
        pytest.param(KANA, "前はまだ無い", id="in any script"),
        pytest.param("a" * 100, None, id="not in one letter"),
        pytest.param(" " * 100, None, id="not in white space"),
        pytest.param("", None, id="not in nothing"),
    ],
)
def test_middle_of(text: str, stop: str | None) -> None:
    """The stop is the piece nearest to the middle that can serve, if any can."""
    assert middle_of(text) == stop


@settings(deadline=None)
@given(texts, st.integers(1, 12))
def test_a_stop_can_serve(text: str, length: int) -> None:
    """A stop occurs first at its place, away from both ends, whole, and with nothing that an engine trims."""
    stop = middle_of(text, length)
    assume(stop is not None)
    assert stop is not None
    place = text.index(stop)
    assert len(stop) == length
    assert stop == stop.strip()
    assert REPLACEMENT not in stop
    assert 4 <= place < len(text) - length - 7


@settings(deadline=None)
@given(texts, st.integers(1, 12))
def test_a_stop_is_found(text: str, length: int) -> None:
    """Where there is no stop, no piece away from the ends could serve."""
    if middle_of(text, length) is None:
        pieces = {place: text[place : place + length] for place in range(4, len(text) - length - 7)}
        assert not [
            piece
            for place, piece in pieces.items()
            if text.index(piece) == place and piece == piece.strip() and REPLACEMENT not in piece
        ]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (BEFORE, Stopped.EXCLUDED),
        (BEFORE.strip(), Stopped.EXCLUDED),
        (BEFORE + " \n", Stopped.EXCLUDED),
        (BEFORE + STOP, Stopped.INCLUDED),
        (BEFORE.strip() + STOP, Stopped.INCLUDED),
        (BEFORE + "r", Stopped.PARTLY),
        (BEFORE + "re wa", Stopped.PARTLY),
        ("", Stopped.TOO_EARLY),
        (" ", Stopped.TOO_EARLY),
        (" Once upon a time", Stopped.TOO_EARLY),
        (" Once upon a ", Stopped.TOO_EARLY),
        (BEFORE[:-1], Stopped.TOO_EARLY),
        (FREE, Stopped.RAN_ON),
        (BEFORE + STOP + "h", Stopped.RAN_ON),
        (BEFORE + STOP + " ", Stopped.RAN_ON),
        (BEFORE.strip() + STOP + AFTER, Stopped.RAN_ON),
        ("Another day the" + STOP + " a wolf", Stopped.RAN_ON),
        (BEFORE + STOP + " no one and the" + STOP, Stopped.RAN_ON),
        (BEFORE + STOP + STOP, Stopped.RAN_ON),
        (BEFORE + AFTER, Stopped.CUT_OUT),
        (BEFORE + AFTER[:3], Stopped.CUT_OUT),
        (BEFORE + AFTER[:6] + "lower and no bird", Stopped.CUT_OUT),
        (BEFORE + AFTER[:2], Stopped.DIVERGED),
        (BEFORE + " cat", Stopped.DIVERGED),
        (BEFORE + AFTER[:5] + "in", Stopped.DIVERGED),
        ("Twice upon a time the", Stopped.DIVERGED),
        ("Another day the" + STOP, Stopped.DIVERGED),
        (STOP, Stopped.DIVERGED),
    ],
)
def test_compare(text: str, what: Stopped) -> None:
    """What became of a text is told by where it ends, white space at its ends apart."""
    assert compare(FREE, STOP, text) is what


@pytest.mark.parametrize(
    ("before", "stop", "after"),
    [
        ("吾輩は猫である。", "名前はまだ無い", "。どこで生れたか"),
        (f"Voici {FAMILY} et ", f"{FAMILY}{FAMILY}", " encore"),
        ("cafe\u0301 noir, cafe\u0301 ", "cre\u0300me", ", the\u0301 vert"),
        ("\u2028\u3000wide ", "sto\u00a0p", "\u3000space"),
        ("a\nb\nc\n", "d\ne", "\nf\ng"),
        ("", "at once", " and on"),
        ("tidbits and ", "tidy", " tidings"),
    ],
)
def test_any_script(before: str, stop: str, after: str) -> None:
    """Letters of any script, of several code points or none to be seen, are compared like others."""
    free = before + stop + after
    assert compare(free, stop, before) is Stopped.EXCLUDED
    assert compare(free, stop, before + stop) is Stopped.INCLUDED
    assert compare(free, stop, before + stop[:-1]) is Stopped.PARTLY
    assert compare(free, stop, free) is Stopped.RAN_ON
    assert compare(free, stop, before + after) is Stopped.CUT_OUT
    assert compare(free, stop, f"Nothing of the kind: {before}") is Stopped.DIVERGED


@settings(deadline=None)
@given(texts, st.text(max_size=10))
@example("0123456789" * 3 + "01234", "")
def test_what_a_chosen_stop_did(free: str, more: str) -> None:
    """For a stop that was chosen, every ending is told for what it is, also where the text ends as the stop does."""
    stop = middle_of(free)
    assume(stop is not None)
    assert stop is not None
    before, _, after = free.partition(stop)
    assert compare(free, stop, before) is Stopped.EXCLUDED
    assert compare(free, stop, before + stop) is Stopped.INCLUDED
    assert compare(free, stop, free) is Stopped.RAN_ON
    assert compare(free, stop, before + stop + more) is (Stopped.RAN_ON if more else Stopped.INCLUDED)
    for end in range(1, len(stop)):
        assert compare(free, stop, before + stop[:end]) is Stopped.PARTLY
    for end in range(len(before)):
        shorter = before[:end]
        same = shorter.strip() == before.strip()
        assert compare(free, stop, shorter) is (Stopped.EXCLUDED if same else Stopped.TOO_EARLY)
    without = before + after
    if stop not in without and without.strip() != before.strip() and not stop.startswith(after):
        assert compare(free, stop, without) is Stopped.CUT_OUT


@settings(deadline=None)
@given(st.text(max_size=20), st.text(min_size=1, max_size=5), st.text(max_size=20))
def test_any_three_texts(free: str, stop: str, text: str) -> None:
    """Whatever is compared, there is an answer and a place, and the same text is never said to have diverged."""
    assert compare(free, stop, text) in Stopped
    assert place_of(free, stop, text).strip("…") in text
    assert compare(free, stop, free) is not Stopped.DIVERGED or stop not in free


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (FREE, " Once upon a time there was a fox, and it was very quick."),
        (BEFORE, BEFORE),
        ("", ""),
        ("x" * 100, "x" * 36 + "…"),
        (" Once upon a mountain " + "y" * 100, " Once upon a mountain " + "y" * 27 + "…"),
        (BEFORE + "z" * 100, BEFORE + "z" * 36 + "…"),
    ],
)
def test_place_of(text: str, place: str) -> None:
    """A reader is shown what stands around the first difference, and that there is more."""
    assert place_of(FREE, STOP, text) == place


def test_place_of_a_late_stop() -> None:
    """Of a long text only the part around the place of the stop is shown, with the stop in it."""
    free = "a" * 500 + STOP + "b" * 500
    assert place_of(free, STOP, free) == "…" + "a" * 30 + STOP + "b" * 30 + "…"


@pytest.mark.parametrize(
    ("text", "stop"),
    [
        ("a day in the old market and so on", middle_of("a day in the old market and so on")),
        ("Gr\ufffd\ufffd\ufffdday\ufffd\ufffd t\ufffd" + "S\ufffd-" * 9, "day"),
        ("la la la la la la la la la la", None),
    ],
)
def test_a_shorter_stop_where_no_longer_one_serves(text: str, stop: str | None) -> None:
    """A text of half characters that comes round again still gives a stop, if any piece of it can be one."""
    assert stop_in(text) == stop


@pytest.mark.parametrize(
    ("text", "stop", "expected"),
    [
        ("A word and Another one, then the stop.", "stop", "THEN"),
        ("It says WORD and word, then 12 the stop.", "12", "AND"),
        ("Only word WORD, stop", "stop", None),
        ("and so he asked it all", "ed", None),
        ("and so, he asked it all", "asked", None),
        ("so it is", "is", None),
        ("Слово и Дело: конец", "конец", "дЕЛО"),
        ("Straße 1 2 3 stop", "stop", None),
        ("很久很久以前 stop", "stop", None),
        ("", "stop", None),
    ],
    ids=[
        "last but one",
        "said in both",
        "nothing else",
        "cut by the stop",
        "before the stop",
        "short",
        "beyond ASCII",
        "longer",
        "no case",
        "nothing",
    ],
)
def test_words_in_another_case(text: str, stop: str, expected: str | None) -> None:
    """A word before a stop is taken that the text has in one case only, neither as its first nor as its last."""
    assert in_other_case(text, stop) == expected


def test_what_comes_before_a_word_in_any_case() -> None:
    """It is found as it is said; what is not there has nothing before it."""
    assert before_any_case("wOrD", "one WORD two word") == "one "
    assert before_any_case("three", "one word") == ""
