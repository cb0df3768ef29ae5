"""What a script asks: a plain request, and what it changes of that."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from conformance import contract as contracts
from conformance import strict_json
from conformance.ask import JSON_TYPE, OMIT, PROMPTS, Ask, Setting
from conformance.model import Credential, Request, Zone
from conformance.reply import members

CONTRACT = contracts.load("highwayapi")
SETTING = Setting(contract=CONTRACT, model="m", features=frozenset({"n", "stream-usage"}))


def body(request: Request) -> dict[str, Any]:
    """A request's members."""
    return members(strict_json.parse(request.body).value)


def ask(**given: Any) -> Ask:
    """An ask with a nonce."""
    return Ask(setting=SETTING, nonce="0123abcd", **given)


PLAIN = {"model": "m", "messages": [{"role": "user", "content": f"{PROMPTS[0]} (0123abcd)"}], "max_tokens": 16}
USAGE = {"stream_options": {"include_usage": True}}


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (ask()(), PLAIN),
        (ask()(max_tokens=3, seed=None), {**PLAIN, "max_tokens": 3, "seed": None}),
        (ask()(greedy=True), {**PLAIN, "temperature": 0}),
        (ask()(greedy=True, temperature=2), {**PLAIN, "temperature": 2}),
        (ask()(also={"model": "x"}), {**PLAIN, "model": "x"}),
        (ask()(stream=True), {**PLAIN, "stream": True, **USAGE}),
        (ask(stream=True)(), {**PLAIN, "stream": True, **USAGE}),
        (ask(stream=True)(stream=False), {**PLAIN, "stream": False}),
        (ask(stream=True)(stream_options=OMIT), {**PLAIN, "stream": True}),
        (ask(stream=True)(stream_options={}), {**PLAIN, "stream": True, "stream_options": {}}),
        (ask()(max_tokens=OMIT, also={"model": OMIT}), {"messages": PLAIN["messages"]}),
        (ask(prompt="Hi.")(), {**PLAIN, "messages": [{"role": "user", "content": "Hi. (0123abcd)"}]}),
        (ask(prompt="Hi.")(prompt="Ho."), {**PLAIN, "messages": [{"role": "user", "content": "Ho. (0123abcd)"}]}),
    ],
)
def test_ask(made: Request, expected: dict[str, Any]) -> None:
    """A request holds model, one message and a small limit, but for what the script changes, adds and leaves out."""
    assert body(made) == expected
    assert (made.zone, made.method, made.headers, made.credential) == (Zone.ACCEPT, "POST", JSON_TYPE, Credential.RIGHT)


def test_ask_goes_by_its_setting() -> None:
    """Without the feature no usage is asked for, the run's cold temperature is greedy, and raw bodies stay raw."""
    bare = Ask(setting=replace(SETTING, features=frozenset(), cold=0.01), nonce="n", stream=True)
    assert "stream_options" not in body(bare())
    assert body(bare(greedy=True))["temperature"] == 0.01
    assert (bare.has("n"), ask().has("n"), bare.contract) == (False, True, CONTRACT)
    assert bare.raw(b"{").body == b"{"
    assert (bare.raw(b"{").zone, bare.raw(b"", zone=Zone.DISPUTED).zone) == (Zone.REJECT, Zone.DISPUTED)
