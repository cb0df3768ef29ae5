"""Texts that were garbled on their way, and texts that are simply others."""

from __future__ import annotations

import pytest

from conformance.requirements.streaming_garbled import garbled

WHOLE = "Once upon a time there was a traveller"


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ("Once upon time there was a traveller", "a part of it is missing"),
        ("upon a time there was a traveller", "a part of it is missing"),
        ("Once upon upon a time there was a traveller", "a part of it is there twice"),
        ("Once a upon time there was a traveller", "its parts are in another order"),
        ("Onceuponatimetherewasatraveller", "its white space or its signs are others"),
        (
            "Once&nbsp;upon&nbsp;a&nbsp;time&nbsp;there&nbsp;was&nbsp;a&nbsp;traveller",
            "its white space or its signs are others",
        ),
    ],
)
def test_garbled(said: str, what: str) -> None:
    """What a gateway loses, doubles, mixes up or strips is told by its name."""
    assert garbled(WHOLE, said, cut_alike=False) == what


@pytest.mark.parametrize(
    "said",
    [
        "Once upon a time there was a traveller who",
        "Once upon a time there",
        "Once upon a time there was a miller",
        "Once there was a traveller who counted",
        "Well , Once upon a time there was a traveller",
        "",
    ],
)
def test_another_text(said: str) -> None:
    """A model that goes another way, ends early, goes on, or begins with a word more garbles nothing."""
    assert garbled(WHOLE, said, cut_alike=False) is None


LAUGH = "Oh, hahahaha! That is good."


@pytest.mark.parametrize(
    ("whole", "said"), [(LAUGH, "Oh, haha! That is good."), ("Oh, hahahaha!", "Oh, hahahahahaha!")]
)
def test_what_comes_again_and_again(whole: str, said: str) -> None:
    """A model that laughs longer or shorter garbles nothing; who says a word once more that it said once does."""
    assert garbled(whole, said, cut_alike=False) is None
    assert garbled("Oh, ha! That is good.", "Oh, haha! That is good.", cut_alike=False) == "a part of it is there twice"


def test_an_end_is_missing_where_both_were_cut() -> None:
    """Of two replies with equally many tokens, both cut by their limit, none is the beginning of the other."""
    assert garbled(WHOLE, WHOLE[:-4], cut_alike=True) == "its end is missing"
