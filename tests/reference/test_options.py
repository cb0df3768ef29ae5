"""What the members of a request are taken to mean."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance import contract
from conformance.model import JSON
from conformance.reference import options
from conformance.reference.options import Thoughts

from .test_formats import anything

NAMES = sorted({name for each in contract.names() for name in contract.load(each).parameters})


def test_null_is_the_same_as_nothing() -> None:
    """For every member."""
    highway = contract.load("highwayapi")
    assert options.read(options.known(dict.fromkeys(NAMES), highway)) == options.read({})


def test_only_what_the_contract_knows_counts() -> None:
    """top_k is nothing to a contract without it; tool_choice is understood wherever tools are."""
    sent: dict[str, JSON] = {"top_k": 1, "tool_choice": "required", "tools": []}
    assert options.known(sent, contract.load("basic-gateway")) == {"tool_choice": "required", "tools": []}
    assert options.known(sent, contract.load("v3-openai")) == {"top_k": 1}
    assert "tool_choice" in options.known(sent, contract.load("highwayapi"))


@pytest.mark.parametrize(("top_k", "kept"), [(-1, 0), (0, 0), (1, 1), (2, 2), (128, 128)])
def test_top_k_is_off_below_one(top_k: int, kept: int) -> None:
    """0 and -1 mean: from all."""
    assert options.read({"top_k": top_k}).sampling.top_k == kept


@pytest.mark.parametrize(
    ("sent", "limit"),
    [
        ({}, options.DEFAULT_LIMIT),
        ({"max_tokens": 5}, 5),
        ({"max_tokens": 5.0}, 5),
        ({"max_completion_tokens": 7}, 7),
        ({"max_tokens": 5, "max_completion_tokens": 7}, 5),
    ],
)
def test_the_smaller_limit_counts(sent: dict[str, JSON], limit: int) -> None:
    """A missing one has a default."""
    assert options.read(sent).limit == limit


@pytest.mark.parametrize(
    ("sent", "thoughts"),
    [
        ({}, Thoughts.NONE),
        ({"enable_thinking": False}, Thoughts.NONE),
        ({"enable_thinking": True}, Thoughts.IN_CONTENT),
        ({"separate_reasoning": True}, Thoughts.APART),
        ({"separate_reasoning": True, "enable_thinking": True}, Thoughts.APART),
        ({"separate_reasoning": True, "enable_thinking": False}, Thoughts.NONE),
    ],
)
def test_thoughts_come_when_asked_for(sent: dict[str, JSON], thoughts: Thoughts) -> None:
    """And go where the request wants them."""
    assert options.read(sent).thoughts is thoughts


@pytest.mark.parametrize("name", ["n", "max_tokens", "max_completion_tokens"])
@pytest.mark.parametrize("value", [0, -1, -(10**30)])
def test_the_impossible_is_named(name: str, value: int) -> None:
    """No choice, and no token, cannot be asked for, though a schema may not say so."""
    assert [fault.path for fault in options.impossible({name: value})] == [(name,)]


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(NAMES), anything))
def test_anything_can_be_read(sent: dict[str, JSON]) -> None:
    """A member of a wrong type is as good as missing, and a number too large is the largest."""
    read = options.read({name: value for name, value in sent.items() if value is not None})
    assert 0 <= read.sampling.temperature <= 2
    assert 0 <= read.sampling.top_p <= 1
