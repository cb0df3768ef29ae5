"""What a stop saves and what is said of it: evidence made by hand, where a careless check would accuse the honest."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conformance.exchange import Exchange, Sent
from conformance.model import NotJudged, Purpose, Violation
from conformance.requirements import registry
from conformance.words import Cut, stop_in

FREE = " a cat went up the hill and saw that nobody was there to open the gate for it"
STOP = "saw th"
BEFORE, _, _ = FREE.partition(STOP)


def exchange(
    texts: list[tuple[str, str]], used: int | None, *, case: str = "", usage: dict[str, Any] | None = None, **sent: Any
) -> Exchange:
    """A whole reply with these texts and reasons."""
    choices = [
        {"index": index, "message": {"role": "assistant", "content": said}, "finish_reason": reason}
        for index, (said, reason) in enumerate(texts)
    ]
    counts = {} if used is None else {"usage": {"completion_tokens": used, **(usage or {})}}
    return Exchange(
        n=1,
        case=case,
        step=(0, 0),
        purpose=Purpose.PLAN,
        request=Sent(method="POST", url="", headers=(), body=json.dumps(sent).encode()),
        status=200,
        pieces=((0.1, json.dumps({"choices": choices, **counts}).encode()),),
    )


def found(id_: str, *exchanges: Any) -> str:
    """What a requirement finds, in a word."""
    made = registry()[id_]
    findings = list(made.check(*exchanges, **{name: () for name in made.wants if name == "run"}))
    if any(isinstance(each, Violation) for each in findings):
        return "violated"
    return "not judged" if any(isinstance(each, NotJudged) for each in findings) else "fine"


THOUGHTS = {"completion_tokens_details": {"reasoning_tokens": 9}}


@pytest.mark.parametrize(
    ("used", "said", "more", "verdict"),
    [
        pytest.param(26, BEFORE, {}, "fine", id="counted to where it ended"),
        pytest.param(40, BEFORE + STOP, {}, "fine", id="made a few beyond it before it was seen"),
        pytest.param(48, BEFORE, {}, "violated", id="counted to the limit"),
        pytest.param(64, BEFORE + STOP, {}, "violated", id="counted beyond the free reply"),
        pytest.param(48, BEFORE, THOUGHTS, "not judged", id="thoughts took the rest"),
        pytest.param(None, BEFORE, {}, "not judged", id="not counted"),
        pytest.param(48, " something else", {}, "not judged", id="another text"),
    ],
)
def test_what_a_stop_saves(used: int | None, said: str, more: dict[str, Any], verdict: str) -> None:
    """Tokens that would have followed the stop are not counted, but for a few."""
    free = exchange([(FREE, "length")], 48)
    stopped = exchange([(said, "stop")], used, usage=more, stop=STOP)
    assert found("stop.ends-generation", free, (stopped,)) == verdict


def test_little_was_left_to_save() -> None:
    """Where the free reply had but a few tokens after the stop, an engine may have made them at one step."""
    free = exchange([(FREE, "stop")], 12)
    assert found("stop.ends-generation", free, (exchange([(BEFORE, "stop")], 12, stop=STOP),)) == "not judged"


@pytest.mark.parametrize(
    ("reasons", "used", "full", "verdict"),
    [
        pytest.param(["stop", "stop"], 6, 24, "fine", id="both say stop"),
        pytest.param(["stop", "length"], 6, 24, "violated", id="the second says length for a few tokens"),
        pytest.param(["stop", "length"], 27, 24, "fine", id="the second never said the stop"),
        pytest.param(["length", "length"], 46, 24, "fine", id="hidden ends are not counted"),
        pytest.param(["length", "length"], 30, 24, "violated", id="one of two is too short"),
        pytest.param(["stop", "length"], 6, 9, "not judged", id="a free reply counts too few as well"),
        pytest.param(["stop", "length"], None, 24, "not judged", id="not counted"),
    ],
)
def test_the_reason_of_every_choice(reasons: list[str], used: int | None, full: int, verdict: str) -> None:
    """A choice that says length has used its limit, which the count of them all shows."""
    free = exchange([(FREE, "length")], full)
    several = exchange([(" a c", reason) for reason in reasons], used, n=2, stop="t")
    assert found("stop.finish-reason-of-every-choice", free, several) == verdict


PROMPT = "Tell me what the sea is like now."
ASKED = [{"role": "user", "content": PROMPT}]


@pytest.mark.parametrize(
    ("said", "stop", "verdict"),
    [
        pytest.param("a cat", "cat", "fine", id="it is in the text"),
        pytest.param("a ", "cat", "fine", id="it is not"),
        pytest.param("a cats", "cat", "violated", id="the rest of a token follows"),
        pytest.param("a cat", ["cat"], "fine", id="an array of one"),
        pytest.param("a cat b dog", ["dog", "cat"], "fine", id="two at one step"),
        pytest.param(f"a cat {'b' * 40} dog", ["dog", "cat"], "violated", id="two at more than one step"),
        pytest.param(f"<think>{'cat ' * 9}</think>a", "cat", "fine", id="in thoughts"),
        pytest.param(f"<think>{'cat ' * 9}", "cat", "fine", id="in thoughts without an end"),
        pytest.param(f"{PROMPT} It is calm.", "sea", "fine", id="in a prompt that is echoed"),
        pytest.param("a cat \n b", " \n ", "unasked", id="white space, which engines trim"),
        pytest.param("abcdef", [*"abcde"], "unasked", id="more than may be given"),
        pytest.param("a cat", None, "unasked", id="none"),
    ],
)
def test_nothing_follows(said: str, stop: Any, verdict: str) -> None:
    """What follows a stop is a fault where no honest engine could have missed it."""
    stopped = exchange([(said, "stop")], 3, stop=stop, messages=ASKED)
    applies = registry()["stop.nothing-follows"].applies(stopped)
    assert (found("stop.nothing-follows", stopped) if applies else "unasked") == verdict


@pytest.mark.parametrize(
    ("text", "cut", "stop"),
    [
        (FREE, None, "nobody"),
        (FREE, Cut.LONG, "obody was th"),
        (FREE, Cut.LONGER, "obody was there to o"),
        (FREE, Cut.SPACED, "body w"),
        (FREE, Cut.FOREIGN, "nobody"),
        ("abcdefgh un café noir ijklmnop", Cut.FOREIGN, "é noir"),
        ("abcdefghijklmno pqrst uvwxyz", Cut.SPACED, "o pqrs"),
        ("abcdefghijklmnopqrs", Cut.LONGER, "fghijk"),
        ("too short", Cut.LONG, None),
    ],
)
def test_how_a_stop_is_cut(text: str, cut: Cut | None, stop: str | None) -> None:
    """A stop is of the kind that is asked for where the text has one, and else a short one."""
    assert stop_in(text, cut) == stop


CUT = '{"city": "Ro'
JSON_FORM = {"type": "json_object"}


@pytest.mark.parametrize(("used", "told"), [(8, True), (5, False), (None, False)])
def test_cut_json_that_says_stop(used: int | None, told: bool) -> None:
    """A text that is no JSON since a limit cut it is told from one that is none for itself."""
    cut = exchange([(CUT, "stop")], used, max_tokens=8, response_format=JSON_FORM)
    (violation,) = registry()["response_format.json-object"].check(cut)
    assert isinstance(violation, Violation)
    assert ("it was cut" in violation.observed) is told


@pytest.mark.parametrize(
    ("said", "more", "verdict"),
    [
        (CUT, {"stop": "x"}, "fine"),
        ("Here is", {"stop": "x"}, "violated"),
        ("<tool_call> ", {}, "violated"),
        ("<tool_call> ", {"tools": [{"type": "function"}]}, "not judged"),
        ("Here is", {"tools": [{"type": "function"}]}, "violated"),
    ],
)
def test_what_begins_json(said: str, more: dict[str, Any], verdict: str) -> None:
    """What a limit cut begins JSON whatever else was asked; a call that it cut may be left in the text as it is."""
    assert (
        found("response_format.beginning", exchange([(said, "length")], 3, response_format=JSON_FORM, **more))
        == verdict
    )


@pytest.mark.parametrize(
    ("case", "applies"), [("by_schema[schema=keys]", True), ("another", True), ("combination[ab12]", False)]
)
def test_whose_crash_it_is(case: str, applies: bool) -> None:
    """A crash is laid to a schema where nothing odd was asked beside it."""
    form = {"type": "json_schema", "json_schema": {}}
    assert (
        registry()["response_format.schema-no-crash"].applies(exchange([], None, case=case, response_format=form))
        is applies
    )
