"""Strict JSON: RFC 8259, with every departure told and none repaired."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from conformance.model import JSON
from conformance.strict_json import MAX_DEPTH, Document, canonical, dump, parse

leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
values: st.SearchStrategy[Any] = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner, max_size=5)
)
strange = st.text(st.characters(categories=["Cs", "Ll", "Cc"]), max_size=5).map(
    lambda text: json.loads(json.dumps(text))
)

NOT_JSON: list[tuple[str, bytes, str]] = [
    ("NaN", b'{"a": NaN}', "NaN"),
    ("Infinity", b"[Infinity]", "Infinity"),
    ("-Infinity", b"-Infinity", "-Infinity"),
    ("too large", b"[1e999]", "1e999"),
    ("too small", b"-1.5E+999", "-1.5E+999"),
    ("byte order mark", b"\xef\xbb\xbf{}", "byte order mark"),
    ("another encoding", '{"a": 1}'.encode("utf-16"), "not UTF-8"),
    ("half a character", b'["\xe2\x82"]', "byte 2 is not UTF-8"),
    ("encoded surrogate", b'"\xed\xa0\x80"', "not UTF-8"),
    ("nothing", b"", "empty"),
    ("white space", b" \t\r\n", "empty"),
    ("trailing comma", b"[1,]", "character 3"),
    ("two texts", b"{} {}", "character 3"),
    ("single quotes", b"{'a': 1}", "character 1"),
    ("leading zero", b"01", "character 1"),
    ("plus sign", b"+1", "character 0"),
    ("no digit first", b".5", "character 0"),
    ("no digit after", b"1.", "character 1"),
    ("hexadecimal", b"0x10", "character 1"),
    ("Arabic digit", "\u0661".encode(), "character 0"),
    ("tab in a string", b'"\t"', "character 1"),
    ("unknown escape", b'"\\x41"', "character 1"),
    ("half an escape", b'"\\u12"', "character"),
    ("comment", b"1 // one", "character 2"),
    ("other white space", b"\x0c{}", "character 0"),
    ("no-break space", "\u00a0{}".encode(), "character 0"),
    ("Python's", b"True", "character 0"),
    ("cut short", b'{"a": [1', "character 8"),
    ("one bracket too many", b"[" * MAX_DEPTH + b"[]" + b"]" * MAX_DEPTH, f"more than {MAX_DEPTH} deep"),
    ("100,000 brackets", b"[" * 100_000, "deep"),
    ("100,000 brackets, closed", b"[" * 100_000 + b"]" * 100_000, "deep"),
    ("100,000 objects", b'{"a":' * 100_000, "deep"),
    ("100,000 closing brackets", b"]" * 100_000 + b"[" * 100_000, "character 0"),
    ("brackets after many that were closed", b"[" + b"[]," * 1000 + b"[" * 600, "deep"),
    ("brackets after a string", b'["\\"",' + b"[" * 100_000, "deep"),
    ("brackets in strings that never end", b'"' + b'\\"' * 200_000 + b"[" * 501, "Unterminated"),
    ("integer of 10,000 digits", b"9" * 10_000, "10000 digits"),
]


def nested(depth: int, value: Any) -> Any:
    """A value inside so many arrays."""
    for _ in range(depth):
        value = [value]
    return value


JSON_TEXTS: list[tuple[str, bytes, Any]] = [
    ("white space around", b' \t\r\n{"a" : 1 } \n', {"a": 1}),
    ("scalar", b"null", None),
    ("exponents", b"[1E5, 1e-2, -0.0]", [1e5, 0.01, -0.0]),
    ("too near zero", b"1e-999", 0.0),
    ("integer of 4,000 digits", b"9" * 4000, 10**4000 - 1),
    ("float of 10,000 digits", b"0." + b"9" * 10_000, 1.0),
    ("lone surrogate, escaped", b'"\\ud800"', "\ud800"),
    ("escaped pair", b'"\\ud83d\\ude00"', "\U0001f600"),
    ("line separator in a string", '"\u2028\x7f"'.encode(), "\u2028\x7f"),
    ("1,000 brackets in strings", b'["' + b"[{" * 500 + b'"]', ["[{" * 500]),
    ("quote before brackets in a string", b'["\\"' + b"[" * 1000 + b'"]', ['"' + "[" * 1000]),
    ("as deep as can be, twice", b"[" * 499 + b"[],[]" + b"]" * 499, nested(498, [[], []])),
    ("1,000 objects side by side", b"[" + b"{}," * 999 + b"{}]", [{}] * 1000),
]


@pytest.mark.parametrize(("data", "why"), [pytest.param(*each[1:], id=each[0]) for each in NOT_JSON])
def test_not_json(data: bytes, why: str) -> None:
    """What is not JSON has no value, and one line that says why."""
    document = parse(data)
    assert document.value is None
    assert document.duplicates == ()
    assert document.problem is not None
    assert why in document.problem
    assert "\n" not in document.problem
    assert len(document.problem) < 200


@pytest.mark.parametrize(("data", "value"), [pytest.param(*each[1:], id=each[0]) for each in JSON_TEXTS])
def test_json(data: bytes, value: Any) -> None:
    """What RFC 8259 allows is read, unusual or not."""
    assert parse(data) == Document(value=value)


def test_as_deep_as_promised() -> None:
    """A text may be nested as deep as the limit, in arrays and in objects."""
    half = MAX_DEPTH // 2
    document = parse(b'[{"a":' * half + b"1" + b"}]" * half)
    assert document.problem is None
    value = document.value
    for _ in range(half):
        assert isinstance(value, list)
        assert isinstance(value[0], dict)
        value = value[0]["a"]
    assert value == 1


@pytest.mark.parametrize(
    ("text", "value", "duplicates"),
    [
        ('{"a": 1, "a": 2}', {"a": 2}, ("a",)),
        ('{"a": 1, "b": 1, "a": 2, "a": 3}', {"a": 3, "b": 1}, ("a", "a")),
        ('{"a": 1, "\\u0061": 2}', {"a": 2}, ("a",)),
        ('[{"a": 1}, {"a": 2}]', [{"a": 1}, {"a": 2}], ()),
        ('{"a": {"a": 1}}', {"a": {"a": 1}}, ()),
        ('{"a": 1, "A": 2, "a ": 3}', {"a": 1, "A": 2, "a ": 3}, ()),
        ('{"": 1, "": 1}', {"": 1}, ("",)),
        ('{"a": 1, "a": 1, "b": {"c": 1, "c": 1}}', {"a": 1, "b": {"c": 1}}, ("c", "a")),
    ],
)
def test_duplicates(text: str, value: JSON, duplicates: tuple[str, ...]) -> None:
    """A member name given twice in one object is told, those of inner objects first, and the last value is kept."""
    assert parse(text) == Document(value=value, duplicates=duplicates)


@settings(deadline=None)
@given(values, st.sampled_from([None, 0, 1, "\t"]), st.booleans())
def test_agrees_with_json(value: Any, indent: int | str | None, ensure_ascii: bool) -> None:
    """Every valid document has the value that json.loads gives it, whatever way it is written."""
    text = json.dumps(value, indent=indent, ensure_ascii=ensure_ascii)
    for data in (text, text.encode()):
        document = parse(data)
        assert document.problem is None
        assert document.duplicates == ()
        assert repr(document.value) == repr(json.loads(text))


@settings(deadline=None)
@given(st.binary() | st.text() | values.map(json.dumps).flatmap(lambda text: st.sampled_from([text[:-1], text * 2])))
@example(b"\xef\xbb\xbf")
@example("\ufeff{}")
@example("\udc80")
@example("-")
@example('{"a"')
def test_any_text(data: bytes | str) -> None:
    """Whatever the text is, nothing is raised, and never is a value given where json.loads has none."""
    document = parse(data)
    try:
        value = json.loads(data)
    except ValueError:
        assert document.problem is not None
    else:
        assert document.problem is not None or repr(document.value) == repr(value)


@settings(deadline=None)
@given(values | strange)
def test_dump(value: Any) -> None:
    """A written value is read back as it was, surrogates included."""
    document = parse(dump(value))
    assert document.problem is None
    assert repr(document.value) == repr(value)


def test_dump_is_short() -> None:
    """A written text has no white space, keeps the order of members, and escapes only what is no Unicode."""
    assert dump({"b": [1, None], "a": "\u00e9"}) == b'{"b":[1,null],"a":"\xc3\xa9"}'
    assert dump({"b": "\u00e9\ud800", "a": 1}) == b'{"b":"\\u00e9\\ud800","a":1}'


@settings(deadline=None)
@given(st.dictionaries(st.text(max_size=5), values), st.randoms(use_true_random=False))
def test_canonical(value: dict[str, Any], random: Any) -> None:
    """The order of members does not change a value's canonical text, which is ASCII and says all of the value."""
    items = list(value.items())
    random.shuffle(items)
    assert canonical(dict(items)) == canonical(value)
    assert canonical(value).isascii()
    assert parse(canonical(value)).value == value
