"""Choices of whole and streamed replies in one shape, and access to JSON that never raises."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.model import JSON
from conformance.reply import (
    Choice,
    assembled,
    has_text,
    is_integer,
    items,
    members,
    objects,
    problem,
    text,
    whole_choices,
)

NAMES = (
    "choices",
    "index",
    "message",
    "delta",
    "role",
    "content",
    "reasoning_content",
    "refusal",
    "finish_reason",
    "logprobs",
    "tool_calls",
)
values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=5), inner, max_size=4)
        | st.fixed_dictionaries({}, optional=dict.fromkeys(NAMES, inner))
    ),
    max_leaves=30,
)


def chunk(index: JSON, finish_reason: JSON = None, logprobs: JSON = None, **delta: JSON) -> dict[str, JSON]:
    """A chunk with one choice."""
    return {"choices": [{"index": index, "delta": delta, "finish_reason": finish_reason, "logprobs": logprobs}]}


@pytest.mark.parametrize(
    ("value", "is_int", "as_items", "as_objects", "as_members", "as_text"),
    [
        (None, False, [], [], {}, ""),
        (True, False, [], [], {}, ""),
        (0, True, [], [], {}, ""),
        (-5, True, [], [], {}, ""),
        (1.0, True, [], [], {}, ""),
        (1.5, False, [], [], {}, ""),
        (float("nan"), False, [], [], {}, ""),
        (float("inf"), False, [], [], {}, ""),
        ("1", False, [], [], {}, "1"),
        ([1, {"a": 1}, [{}], {}], False, [1, {"a": 1}, [{}], {}], [{"a": 1}, {}], {}, ""),
        ({"a": 1}, False, [], [], {"a": 1}, ""),
    ],
)
def test_access(value: JSON, is_int: bool, as_items: JSON, as_objects: JSON, as_members: JSON, as_text: str) -> None:
    """A value of another type than the one asked for is empty, and never raises."""
    assert is_integer(value) is is_int
    assert items(value) == as_items
    assert list(objects(value)) == as_objects
    assert members(value) == as_members
    assert text(value) == as_text


@pytest.mark.parametrize(
    ("value", "has"),
    [
        ({"choices": []}, True),
        ({"choices": [{"message": {"content": "a"}}]}, True),
        ({"choices": [{"message": {"content": None}}, {"delta": {}}]}, True),
        ({"choices": [{"delta": {"content": "a"}}]}, True),
        ({"choices": [{"message": {"content": "a"}}, {"delta": {"content": 5}}]}, False),
        ({"choices": [{"message": {"content": ["a"]}}]}, False),
        ({"choices": [{"message": None, "delta": {}}]}, False),
        ({"choices": [{"delta": "a"}]}, False),
        ({"choices": [{}]}, False),
        ({"choices": ["a"]}, False),
        ({"choices": {}}, False),
        ({"choices": None}, False),
        ({}, False),
        ([], False),
        (None, False),
    ],
)
def test_has_text(value: JSON, has: bool) -> None:
    """An object has text if each of its choices has a message or delta whose content is text or nothing."""
    assert has_text(value) is has


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"error": "a"}, "a"),
        ({"error": {"message": "a", "type": "b"}, "message": "c"}, "a"),
        ({"detail": "a"}, "a"),
        ({"detail": {"error": {"message": "a"}}}, "a"),
        ({"detail": {"message": "a"}}, "a"),
        ({"message": "a", "error": {"message": " "}}, "a"),
        ({"detail": [{"loc": ["b"]}, 5, {"msg": ""}, {"msg": "a"}, {"msg": "c"}]}, "a"),
        ({"error": {"message": {"detail": "b"}}, "detail": [[]], "message": 5}, ""),
        ({}, ""),
        ({"errors": [{"code": 5006, "message": "no"}]}, "no"),
        ({"error": [{"message": "no"}]}, "no"),
        ({"error": {"detail": "no"}}, "no"),
        ({"code": 20015, "msg": "no"}, "no"),
        ({"title": "no", "status": 400}, "no"),
        ({"error_message": "no"}, "no"),
        ({"errors": [{"code": 5006}], "error": {"code": "no"}}, ""),
    ],
)
def test_problem(body: dict[str, JSON], words: str) -> None:
    """An error's words are found wherever servers put them."""
    assert problem(body) == words


def test_whole() -> None:
    """A whole reply's choices have all that its messages say."""
    message: JSON = {
        "role": "assistant",
        "content": "Yes.",
        "reasoning_content": "Hm.",
        "refusal": "No.",
        "tool_calls": [{"id": "1"}],
    }
    logprobs: JSON = {"content": [{"token": "Yes"}]}
    completion: dict[str, JSON] = {
        "choices": [{"index": 0, "message": message, "finish_reason": "stop", "logprobs": logprobs}, {"index": 1}]
    }
    assert list(whole_choices(completion)) == [
        Choice(
            index=0,
            role="assistant",
            text="Yes.",
            reasoning="Hm.",
            refusal="No.",
            finish_reasons=("stop",),
            logprobs=({"token": "Yes"},),
            tool_calls=({"id": "1"},),
        ),
        Choice(index=1),
    ]


@pytest.mark.parametrize(
    ("chunks", "choice"),
    [
        ([chunk(0, role="assistant", content=""), chunk(0, content="a"), chunk(0, content="b")], {"text": "ab"}),
        ([chunk(0, content="a"), chunk(0, content=None), chunk(0, content=5), chunk(0)], {"text": "a"}),
        ([chunk(0, reasoning_content="a"), chunk(0, reasoning_content="b", content="c")], {"reasoning": "ab"}),
        ([chunk(0, refusal="a"), chunk(0, refusal="b")], {"refusal": "ab"}),
        ([chunk(0, role="a"), chunk(0, role="b")], {"role": "a"}),
        ([chunk(0), chunk(0, role="b")], {"role": "b"}),
        ([chunk(0, "stop"), chunk(0), chunk(0, "length")], {"finish_reasons": ("stop", "length")}),
        ([chunk(0, "stop", content="a")], {"finish_reasons": ("stop",), "text": "a"}),
        ([chunk(0, {"a": []}), chunk(0, 0)], {"finish_reasons": ({"a": []}, 0)}),
        (
            [chunk(0, logprobs={"content": [1]}), chunk(0), chunk(0, logprobs={"content": [2, 3]})],
            {"logprobs": (1, 2, 3)},
        ),
        ([chunk(0, logprobs={"content": []})], {"logprobs": ()}),
        ([chunk(0, logprobs={"content": None}), chunk(0, logprobs=5)], {"logprobs": None}),
        ([chunk(0, tool_calls=[1, 2]), chunk(0, tool_calls={}), chunk(0, tool_calls=[3])], {"tool_calls": (1, 2, 3)}),
        ([{"choices": [{"index": 0, "delta": "a"}, 5, None]}, {"choices": {}}, {}], {"text": "", "role": None}),
    ],
)
def test_assembled(chunks: list[dict[str, JSON]], choice: dict[str, Any]) -> None:
    """What a choice's deltas say is joined in order, and what is of another type says nothing."""
    (found,) = assembled(chunks)
    assert found.index == 0
    assert {name: getattr(found, name) for name in choice} == choice


def test_indexes_are_exact() -> None:
    """Deltas belong together if their indexes are the same JSON, where 1.0 is 1; choices keep the order of their first
    appearance."""
    indexes: list[JSON] = ["0", 1, 0, None, False, [0], {"a": 0}, -1]
    chunks = [chunk(index, content="a") for index in indexes]
    chunks += [chunk(1.0 if index == 1 else index, content="b") for index in indexes]
    found = assembled(chunks)
    assert [repr(each.index) for each in found] == list(map(repr, indexes))
    assert {each.text for each in found} == {"ab"}


@pytest.mark.parametrize(
    ("reason", "streamed", "whole"),
    [
        (None, (), ()),
        ("", (), ("",)),
        *((reason, (reason,), (reason,)) for reason in list[JSON](["stop", 0, False, [], {}])),
    ],
)
def test_what_counts_as_a_reason(reason: JSON, streamed: tuple[JSON, ...], whole: tuple[JSON, ...]) -> None:
    """Every reason but null counts; in a stream the empty string, which some send before the end, does not either."""
    assert assembled([chunk(0), chunk(0, reason)])[0].finish_reasons == streamed
    assert next(whole_choices({"choices": [{"index": 0, "finish_reason": reason}]})).finish_reasons == whole


def test_last_reason() -> None:
    """The finish reason is the last one given, or None."""
    assert Choice(index=0).finish_reason is None
    assert Choice(index=0, finish_reasons=("length", "stop")).finish_reason == "stop"


@st.composite
def replies(draw: st.DrawFn) -> tuple[dict[str, JSON], list[dict[str, JSON]]]:
    """A whole reply, and a stream that says the same in deltas of any length, its choices interleaved."""
    choices: list[JSON] = []
    streams: list[list[dict[str, JSON]]] = []
    for index in draw(st.lists(st.integers(0, 9), unique=True, max_size=4)):
        parts = draw(st.lists(st.tuples(*[st.none() | st.text(max_size=3)] * 3), max_size=6))
        said = ["".join(each or "" for each in column) for column in zip(*parts, strict=True)] or ["", "", ""]
        reason = draw(st.sampled_from([None, "stop", "length"]))
        entries = draw(st.none() | st.lists(st.integers(), max_size=4))
        calls = draw(st.lists(st.integers(), max_size=3))
        deltas: list[dict[str, JSON]] = [
            chunk(index, role="assistant"),
            *(chunk(index, content=a, reasoning_content=b, refusal=c) for a, b, c in parts),
            *(chunk(index, tool_calls=[call]) for call in calls),
            *([] if entries is None else [chunk(index, logprobs={"content": [*entries[:1]]})]),
            *([] if entries is None else [chunk(index, logprobs={"content": [*entries[1:]]})]),
            chunk(index, reason),
        ]
        streams.append(deltas)
        message: JSON = {
            "role": "assistant",
            "content": said[0],
            "reasoning_content": said[1],
            "refusal": said[2],
            "tool_calls": [*calls],
        }
        logprobs: JSON = None if entries is None else {"content": [*entries]}
        choices.append({"index": index, "message": message, "finish_reason": reason, "logprobs": logprobs})
    order = draw(st.permutations([number for number, deltas in enumerate(streams) for _ in deltas]))
    waiting = [iter(deltas) for deltas in streams]
    return {"choices": choices}, [next(waiting[number]) for number in order]


@settings(deadline=None)
@given(replies())
def test_streamed_as_whole(reply: tuple[dict[str, JSON], list[dict[str, JSON]]]) -> None:
    """A stream with interleaved choices is put together to the choices of its whole reply."""
    completion, chunks = reply
    found = {str(each.index): each for each in assembled(chunks)}
    assert found == {str(each.index): each for each in whole_choices(completion)}
    assert list(found) == list(dict.fromkeys(str(each["choices"][0]["index"]) for each in list[Any](chunks)))


@settings(deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(NAMES), values, max_size=5), max_size=4))
def test_total(chunks: list[dict[str, JSON]]) -> None:
    """Whatever JSON comes in the place of a reply or a chunk, there are choices and nothing is raised."""
    for choice in (*assembled(chunks), *(each for whole in chunks for each in whole_choices(whole))):
        assert isinstance(choice.text + choice.reasoning + choice.refusal, str)
        assert choice.finish_reason is None or choice.finish_reason in choice.finish_reasons
