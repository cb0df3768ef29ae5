"""Tokens and texts."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.reference.vocabulary import END, LIKELIHOOD, TOKENS, UNUSUAL_WORDS, WORDS, encode, name


@settings(deadline=None)
@given(st.text())
def test_tokens_join_to_their_text(text: str) -> None:
    """Whatever was encoded is what the tokens' bytes say."""
    assert b"".join(TOKENS[token] for token in encode(text)) == text.encode("utf-8", "replace")


def test_the_bytes_come_first() -> None:
    """The ids 0 to 255 are the bytes, so that a logit_bias of any of 10 to 255 means a token."""
    assert TOKENS[:256] == tuple(bytes([byte]) for byte in range(256))


def test_no_two_tokens_are_the_same() -> None:
    """Every token has bytes of its own, and only the end has none."""
    assert len(set(TOKENS)) == len(TOKENS)
    assert TOKENS[END] == b""
    assert 500 <= len(TOKENS) <= 520


def test_words_are_tokens() -> None:
    """Every word with a space before it is one token; an unusual one may take several."""
    assert all(len(encode(" " + word)) == 1 for word in WORDS)
    assert any(len(encode(word)) > 1 for word in UNUSUAL_WORDS)


def test_some_tokens_are_half_a_character() -> None:
    """Several likely pieces end inside a character, as those of real models do."""
    halves = [
        piece for group, logit in LIKELIHOOD for piece in group if logit > -2 and "\ufffd" in name(TOKENS.index(piece))
    ]
    assert len(halves) >= 5


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb"])
def test_a_lone_surrogate_has_tokens(text: str) -> None:
    """Text that no UTF-8 can say is still encoded, for JSON can say it."""
    assert encode(text)
