"""A form -> a Hypothesis strategy that draws only what the form allows.

Rule: by construction.  The closed set of keywords is `forms.KEYWORDS`; each is heeded where its type is drawn.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import cache
from string import ascii_lowercase
from typing import cast

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from .. import strict_json
from ..model import JSON
from .chance import draws
from .forms import PATTERNS, Form, Object, described, required, type_of, unnamed

ALPHABET = "".join(
    (
        " aAbeEiknorstTuXyz0123456789.,;:!?'\"-_/\\\n\t",
        "äßéñ",  # Latin-1
        "αЖשعहกあ中한",  # other scripts of the basic plane
        "e\u0301\u200d\ufe0f\u202e\ufffd",  # combining, joining, direction, replacement
        "\U0001f600\U0001f469\U0001d54f",  # plane 1
        "\U00020000\U00030000",  # planes 2 and 3
        "\U000e0100\U000f0000\U0010fffd",  # planes 14, 15, 16
    )
)
"""What texts are made of: every plane that has characters, and no lone surrogate, which is no text.

It is spelt out because Python releases know different versions of Unicode, and a plan must not depend on them.
"""

PATTERN_ALPHABET = "".join(dict.fromkeys((*map(chr, range(0x20, 0x7F)), "°", *ALPHABET)))
"""What texts of a given pattern are made of: a pattern can ask for any printable character."""

SPELT = 24
"""Texts that are drawn of a pattern."""

MOST_ITEMS = 3
"""Items, or members nobody named, beyond the least that a form asks for."""

STEP = 0.01
"""A step of a number, and what drawn numbers are rounded to."""


def strategy(form: Form) -> SearchStrategy[JSON]:
    """Values that a form allows.  Raises UsageError for a keyword that generation does not understand."""
    made = [_TYPES[type_of(flat)](form, flat) if not is_given(flat) else _given(flat) for flat in form.alternatives]
    return made[0] if len(made) == 1 else st.one_of(made)


def is_given(flat: Object) -> bool:
    """Whether a flat schema lists its values."""
    return "const" in flat or "enum" in flat


def _given(flat: Object) -> SearchStrategy[JSON]:
    return st.sampled_from(given(flat))


def given(flat: Object) -> list[JSON]:
    """The values of a const or an enum."""
    return [flat["const"]] if "const" in flat else cast("list[JSON]", flat["enum"])


def integer_bounds(flat: Object) -> tuple[int | None, int | None]:
    """The least and the greatest integer that a flat schema allows; None where it is open."""
    low, high = flat.get("minimum"), flat.get("maximum")
    least = math.ceil(cast(float, low)) if low is not None else None
    most = math.floor(cast(float, high)) if high is not None else None
    if "exclusiveMinimum" in flat:
        least = math.floor(cast(float, flat["exclusiveMinimum"])) + 1
    if "exclusiveMaximum" in flat:
        most = math.ceil(cast(float, flat["exclusiveMaximum"])) - 1
    return least, most


def number_bounds(flat: Object) -> tuple[float | None, float | None]:
    """The least and the greatest number that is taken from a flat schema: a step inside a bound that is open."""
    low, high = cast("float | None", flat.get("minimum")), cast("float | None", flat.get("maximum"))
    if "exclusiveMinimum" in flat:
        low = round(cast(float, flat["exclusiveMinimum"]) + STEP, 6)
    if "exclusiveMaximum" in flat:
        high = round(cast(float, flat["exclusiveMaximum"]) - STEP, 6)
    return low, high


def sizes(flat: Object, of: str) -> tuple[int, int | None]:
    """Least and most of Length, Items or Properties; None: no end is stated."""
    most = flat.get(f"max{of}")
    return cast(int, flat.get(f"min{of}", 0)), cast("int | None", most)


def _integers(_: Form, flat: Object) -> SearchStrategy[JSON]:
    least, most = integer_bounds(flat)
    step = cast(int, flat.get("multipleOf", 1))
    if step == 1:
        return st.integers(least, most)
    low = math.ceil(least / step) if least is not None else None
    high = math.floor(most / step) if most is not None else None
    return st.integers(low, high).map(lambda count: count * step)


def _numbers(_: Form, flat: Object) -> SearchStrategy[JSON]:
    low, high = number_bounds(flat)

    def rounded(value: float) -> float:
        near = round(value, 2)
        return near if (low is None or near >= low) and (high is None or near <= high) else value

    return st.floats(low, high, allow_nan=False, allow_infinity=False).map(rounded)


def _strings(_: Form, flat: Object) -> SearchStrategy[JSON]:
    least, most = sizes(flat, "Length")
    pattern = flat.get("pattern")
    alphabet = st.characters(categories=(), include_characters=ALPHABET)
    if not isinstance(pattern, str):
        return st.text(alphabet, min_size=least, max_size=most)
    if pattern == r"\S":
        return st.text(alphabet, min_size=max(least, 1), max_size=most).map(_visible)
    return st.sampled_from(spelt(pattern, tuple(cast("list[str]", flat.get(PATTERNS, []))), least, most))


@cache
def spelt(pattern: str, others: tuple[str, ...], least: int, most: int | None) -> tuple[str, ...]:
    """Some texts of a pattern, the shortest first.  They are drawn once: patterns are slow to draw from."""
    alphabet = st.characters(categories=(), include_characters=PATTERN_ALPHABET)
    every = [re.compile(python_pattern(each)) for each in others]
    drawn = draws(
        st.from_regex(python_pattern(pattern), alphabet=alphabet).filter(
            lambda text: (
                least <= len(text) and (most is None or len(text) <= most) and all(each.search(text) for each in every)
            )
        ),
        SPELT,
        "pattern",
    )
    return tuple(sorted(set(drawn), key=lambda text: (len(text), text)))


def _visible(text: str) -> str:
    """The text with something to see in it."""
    return text if text.strip() else "x" + text[1:]


def python_pattern(pattern: str) -> str:
    """The same pattern for Python, whose "$" also matches before a line end."""
    ends = pattern.endswith("$") and not pattern.endswith("\\$")
    return pattern[:-1] + r"\Z" if ends else pattern


def _arrays(form: Form, flat: Object) -> SearchStrategy[JSON]:
    least, most = sizes(flat, "Items")
    prefix = [strategy(form.at(each)) for each in cast("list[JSON]", flat.get("prefixItems", []))]
    if prefix and most is not None and most <= len(prefix):
        return st.tuples(*prefix[: max(least, 1)]).map(list)
    high = min(least + MOST_ITEMS, most) if most is not None else least + MOST_ITEMS
    if "items" not in flat and not prefix:
        high = least  # nobody says what may be in it
    items = strategy(form.at(flat.get("items", {})))
    unique: Callable[[JSON], bytes] | None = strict_json.canonical if flat.get("uniqueItems") else None
    rest = st.lists(items, min_size=max(least - len(prefix), 0), max_size=high - len(prefix), unique_by=unique)
    return st.tuples(*prefix, rest).map(lambda drawn: [*drawn[:-1], *cast("list[JSON]", drawn[-1])])


def _objects(form: Form, flat: Object) -> SearchStrategy[JSON]:
    made = {name: strategy(each) for name, each in described(form, flat).items()}
    must = {name: each for name, each in made.items() if name in required(flat)}
    may = {name: each for name, each in made.items() if name not in must}
    least, most = sizes(flat, "Properties")
    fixed = st.fixed_dictionaries(must, optional=may)
    others = unnamed(form, flat)
    if others is not None:
        high = min(least + MOST_ITEMS, most) if most is not None else least + MOST_ITEMS
        more = st.dictionaries(names(form, flat), strategy(others), min_size=max(least - len(must), 0), max_size=high)
        return st.tuples(more, fixed).map(lambda drawn: {**drawn[0], **drawn[1]})
    if least > len(must) and may:
        wanted = st.lists(st.sampled_from(sorted(may)), min_size=least - len(must), unique=True)
        return wanted.flatmap(
            lambda chosen: st.fixed_dictionaries(
                must | {name: may[name] for name in chosen},
                optional={name: each for name, each in may.items() if name not in chosen},
            )
        )
    return cast("SearchStrategy[JSON]", fixed)


def names(form: Form, flat: Object) -> SearchStrategy[str]:
    """Names of members that nobody named."""
    schema = flat.get("propertyNames")
    if schema is None:
        return st.text(st.characters(categories=(), include_characters=ascii_lowercase), min_size=1, max_size=12)
    return cast("SearchStrategy[str]", strategy(form.at({"type": "string", **cast(Object, schema)})))


_TYPES: dict[str, Callable[[Form, Object], SearchStrategy[JSON]]] = {
    "null": lambda *_: st.none(),
    "boolean": lambda *_: st.booleans(),
    "integer": _integers,
    "number": _numbers,
    "string": _strings,
    "array": _arrays,
    "object": _objects,
}
