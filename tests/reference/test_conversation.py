"""Messages as the model sees them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.model import JSON
from conformance.reference import conversation

from .test_formats import anything


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("plain", "plain"),
        ([{"type": "text", "text": "in "}, {"type": "text", "text": "parts"}], "in parts"),
        ({"type": "text", "text": "one part"}, "one part"),
        ([{"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}], "<other>"),
        (None, ""),
        (5, ""),
    ],
)
def test_content_means_its_text(content: JSON, text: str) -> None:
    """In every form that some document shows."""
    assert conversation.content(content) == text


def test_every_message_is_in_the_prompt() -> None:
    """With who said it, under what name, and what was called."""
    prompt = conversation.prompt(
        {
            "messages": [
                {"role": "system", "content": "Be kind."},
                {"role": "user", "name": "anna", "content": "Hello"},
                {"role": "assistant", "content": None, "tool_calls": [{"id": "call_1"}]},
            ],
            "tools": [{"type": "function", "function": {"name": "look"}}],
        }
    )
    for said in ("system: Be kind.", "user anna: Hello", "call_1", '"look"'):
        assert said in prompt
    assert prompt.endswith("assistant:")


def test_only_the_user_has_last_words() -> None:
    """The last message counts, and only when a user says it."""
    user: JSON = {"role": "user", "content": "look"}
    tool: JSON = {"role": "tool", "content": "seen"}
    assert conversation.last_words({"messages": [user]}) == "look"
    assert conversation.last_words({"messages": [user, tool]}) == ""
    assert conversation.last_words({"messages": []}) == ""


@settings(deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(["role", "content", "name", "tool_calls"]), anything), max_size=3))
def test_messages_of_any_shape_make_a_prompt(messages: list[JSON]) -> None:
    """Nothing raises."""
    assert conversation.prompt({"messages": messages}).endswith("assistant:")
    conversation.last_words({"messages": messages})
