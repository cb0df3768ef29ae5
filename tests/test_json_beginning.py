"""Beginnings of JSON: every one of them is taken for one, and nothing else is."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.json_beginning import begins_json
from conformance.model import JSON
from conformance.strict_json import parse

from .test_strict_json import values

STRANGERS = [
    "Here", "```json\n{", "{'a'", "{a", "[1,]", "{\"a\":1,}", "{\"a\" 1", "{1", "{\"a\",", "[1 2", "01", "1.e", "-a", "+1",
    "truth", "nul1", "{} {", "1 2", "\"a\"b", "}", "]", "[}", "{]", ",", ":", "[,", "{,", "\"\n", "\"\\x", "\"\\u12g", "<think>",
    "{\"a\":{}}}", "{\"a\":nul}", "NaN", "Infinity", "\u00a0{",
]  # fmt: skip


@given(values, st.booleans(), st.data())
def test_every_beginning(value: JSON, pretty: bool, data: st.DataObject) -> None:
    """Cut anywhere, a JSON text is the beginning of one, and what is none does not become one by being continued."""
    text = json.dumps(value, ensure_ascii=False, indent=2 if pretty else None)
    cut = data.draw(st.integers(0, len(text)))
    assert begins_json(text[:cut])


@pytest.mark.parametrize("text", STRANGERS)
def test_no_beginning(text: str) -> None:
    """Prose, fences, other quotes and whatever the grammar forbids are no beginning."""
    assert not begins_json(text)


@pytest.mark.parametrize(
    "text", ["", " \n", "-", "1.", "1.5e", "1E+", "0", "tr", '"\\', '"\\u00', '{"a": [1, {"b"', "[" * 5000]
)
def test_cut_tokens(text: str) -> None:
    """A token without its end is one, and so are nothing and white space."""
    assert begins_json(text)


@given(st.text(st.sampled_from('{}[]:,"\\u0a1-.eE+ tnrulfs')))
def test_whole_texts_begin(text: str) -> None:
    """Whatever parses begins; and what does not begin does not parse."""
    assert begins_json(text) or parse(text).problem is not None
