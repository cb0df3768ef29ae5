"""TOML read key by key: what is missing, wrong or left over is named with its file, table and key."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conformance.model import UsageError
from conformance.strict_toml import Table, lines

FILE = Path("folder/a.toml")
TEXT = """
title = "A title"
count = 5
names = ["a", "b"]
[part]
kind = "x"
[[row]]
id = "one"
[[row]]
id = "two"
"""


def table(**values: Any) -> Table:
    """A root table."""
    return Table(FILE, "", values)


def test_a_whole_file(tmp_path: Path) -> None:
    """Every key of a file can be taken once, and then nothing is left over."""
    (tmp_path / "a.toml").write_text(TEXT, "utf-8")
    root = Table.read(tmp_path / "a.toml")
    assert root.text("title") == "A title"
    root.expect("count", int, 5)
    assert root.texts("names") == ["a", "b"]
    part = root.table("part")
    assert part.text("kind", one_of=("x", "y")) == "x"
    assert [row.text("id", pattern="[a-z]+") for row in root.tables("row")] == ["one", "two"]
    part.done()
    root.done()
    with pytest.raises(UsageError, match="title is missing"):
        root.text("title")


def test_what_may_be_absent() -> None:
    """A text with a default, an array of strings and an array of tables may be absent; a text then may be empty too."""
    root = table(empty="")
    assert root.text("note", default="") == ""
    assert root.text("empty", default="x") == ""
    assert root.texts("names") == []
    assert root.tables("row") == []
    assert root.take("count", int, 7) == 7
    root.done()


def test_the_values_given_are_kept() -> None:
    """Taking a key out of a table does not take it out of the values it was made of."""
    values = {"a": "b"}
    assert Table(FILE, "", values).text("a") == "b"
    assert values == {"a": "b"}


@pytest.mark.parametrize(
    ("values", "read", "message"),
    [
        ({}, lambda root: root.text("title"), "title is missing"),
        ({"title": ""}, lambda root: root.text("title"), "title is empty"),
        ({"title": 5}, lambda root: root.text("title"), "title is 5, not a str"),
        ({"title": "b"}, lambda root: root.text("title", pattern="a+"), "title is 'b', which does not match a+"),
        ({"title": "aab"}, lambda root: root.text("title", pattern="a+"), "title is 'aab', which does not match"),
        ({"title": "aa\n"}, lambda root: root.text("title", pattern="a+"), "title is 'aa\\n', which does not match"),
        ({"title": "z"}, lambda root: root.text("title", one_of=("x", "y")), "title is 'z', not one of x, y"),
        ({"count": "5"}, lambda root: root.expect("count", int, 5), "count is '5', not a int"),
        ({"count": 4}, lambda root: root.expect("count", int, 5), "count is 4, not 5"),
        ({"count": True}, lambda root: root.expect("count", int, 1), "count is True, not a"),
        ({}, lambda root: root.expect("count", int, 5), "count is missing"),
        ({"names": "a"}, lambda root: root.texts("names"), "names is 'a', not a list"),
        ({"names": ["a", 5]}, lambda root: root.texts("names"), "names is not an array of strings"),
        ({"part": []}, lambda root: root.table("part"), "part is [], not a dict"),
        ({}, lambda root: root.table("part"), "part is missing"),
        ({"part": {"a": 1}}, lambda root: root.table("part").text("a"), "part: a is 1, not a str"),
        ({"part": {"a": 1}}, lambda root: root.table("part").done(), "part: a is unknown"),
        ({"row": {}}, lambda root: root.tables("row"), "row is {}, not a list"),
        ({"row": [{}, 5]}, lambda root: root.tables("row"), "row 2 is 5, not a"),
        ({"row": ["ab"]}, lambda root: root.tables("row"), "row 1 is 'ab', not a"),
        ({"row": [["ab"]]}, lambda root: root.tables("row"), "row 1 is ['ab'], not a"),
        ({"row": [{"a": "b"}, {}]}, lambda root: root.tables("row")[1].text("a"), "row 2: a is missing"),
        ({"b": 1, "a": 2}, lambda root: root.done(), "a is unknown"),
        ({"a": {"b": {}}}, lambda root: root.table("a").table("b").text("c"), "a.b: c is missing"),
        ({"a": {"b": [{}]}}, lambda root: root.table("a").tables("b")[0].text("c"), "a.b 1: c is missing"),
    ],
)
def test_faults(values: dict[str, Any], read: Callable[[Table], object], message: str) -> None:
    """A fault is told as file, table and key, and what is wrong with it."""
    with pytest.raises(UsageError) as refused:
        read(table(**values))
    assert str(refused.value).startswith(f"{FILE}: {message}")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"a = ", "not TOML: "),
        (b"a = 1\na = 2", "not TOML: "),
        (b"a = \xff", "not TOML: "),
        (b"\xef\xbb\xbfa = 1", "not TOML: "),
        (b"a = " + b"[" * 100_000, "not TOML: "),
        (None, "No such file"),
    ],
)
def test_unreadable(tmp_path: Path, data: bytes | None, why: str) -> None:
    """A file that is not there or no TOML is named."""
    if data is not None:
        (tmp_path / "a.toml").write_bytes(data)
    with pytest.raises(UsageError) as refused:
        Table.read(tmp_path / "a.toml")
    assert str(refused.value).startswith(f"{tmp_path / 'a.toml'}: {why}")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (TEXT, [8, 10]),
        (TEXT.replace('id = "two"', "  id='two' # the second"), [8, 10]),
        ('row = [{id = "one"}, {id = "two"}]\n', [1, 1]),
        ('about = "id = one"\n[[row]]\nid = "one"\n[[row]]\n"id" = "two"\n', [3, 3]),
    ],
)
def test_lines_of_values(tmp_path: Path, text: str, found: list[int]) -> None:
    """A value's line is found where it has one of its own, and there is an answer where it has none."""
    (tmp_path / "a.toml").write_text(text, "utf-8")
    assert lines(tmp_path / "a.toml", "id", ["one", "two"]) == found
