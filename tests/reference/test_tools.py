"""When functions are called, and which."""

from __future__ import annotations

import pytest

from conformance.model import JSON
from conformance.reference import tools

LOOK: JSON = {"name": "look", "parameters": {"type": "object", "properties": {}}}
GO_ON: JSON = {"name": "go-on"}
TOOLS: JSON = [{"type": "function", "function": LOOK}, {"type": "function", "function": GO_ON}]


def called(said: str, **members: JSON) -> list[str]:
    sent: dict[str, JSON] = {"messages": [{"role": "user", "content": said}], **members}
    return [each.name for each in tools.plan(sent).functions]


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ("please look", ["look"]),
        ("look, and then go-on", ["look", "go-on"]),
        ("go-on, then look", ["go-on", "look"]),
        ("overlook nothing", []),
        ("go-on-and-on", []),
        ("nothing", []),
    ],
)
def test_a_tool_is_called_by_its_name(said: str, names: list[str]) -> None:
    """As a word of its own, in the order in which they are named."""
    assert called(said, tools=TOOLS) == names


@pytest.mark.parametrize(
    ("choice", "names"),
    [
        ("none", []),
        ("auto", []),
        ("required", ["look"]),
        ({"type": "function", "function": {"name": "go-on"}}, ["go-on"]),
        ({"type": "function", "function": {"name": "stranger"}}, []),
    ],
)
def test_a_choice_is_obeyed(choice: JSON, names: list[str]) -> None:
    """Whatever was said."""
    assert called("nothing", tools=TOOLS, tool_choice=choice) == names


def test_none_forbids_what_was_named() -> None:
    """tool_choice none is stronger than a name."""
    assert called("look", tools=TOOLS, tool_choice="none") == []


def test_one_call_at_a_time() -> None:
    """parallel_tool_calls false leaves the first."""
    assert called("look and go-on", tools=TOOLS, parallel_tool_calls=False) == ["look"]


def test_functions_are_the_older_form() -> None:
    """Named or chosen, one of them is called, in the older form."""
    assert called("look", functions=[LOOK, GO_ON]) == ["look"]
    assert called("look", functions=[LOOK], function_call="none") == []
    assert called("nothing", functions=[LOOK, GO_ON], function_call={"name": "go-on"}) == ["go-on"]
    assert tools.plan({"functions": [LOOK], "function_call": {"name": "look"}}).legacy


def test_after_a_tool_has_answered_there_is_text() -> None:
    """Names in earlier messages call nothing."""
    sent: dict[str, JSON] = {
        "messages": [{"role": "user", "content": "look"}, {"role": "tool", "content": "look"}],
        "tools": TOOLS,
    }
    assert not tools.plan(sent).functions
