"""Thoughts: who is to blame for a refusal, and what is no thought told twice or lost."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from conformance.contract import Contract
from conformance.exchange import Exchange
from conformance.model import Verdict
from conformance.mutants import Call, Wire
from conformance.reply import members
from conformance.requirements import registry
from conformance.spoil import refusal

from .desk import Answer, Oddity, clean
from .rehearsal import rehearse

THOUGHTS = "The bat costs 100 more, so both together are 2x + 100 and x is 5."


def _no_tools_beside_forms(answer: Answer, _: Contract) -> Answer:
    def near(call: Call) -> Wire:
        formed = members(call.sent.get("response_format")).get("type") in ("json_object", "json_schema")
        wire = answer(call)
        return refusal(wire, 400, "no tools beside a form") if formed and call.sent.get("tools") else wire

    return near


def test_a_switch_is_not_blamed_for_what_is_beside_it() -> None:
    """Where tools and a form are refused together, no switch of thoughts is to blame for it."""
    oddity = Oddity(name="no tools beside forms", around=_no_tools_beside_forms)
    evidence, judged = rehearse("highwayapi", oddity, selection=["reasoning.*"])
    refused = [each.sent for each in evidence.exchanges if each.refused]
    assert any("enable_thinking" in each for each in refused)
    assert any("separate_reasoning" in each for each in refused)
    assert {each.row.id: each.verdict for each in judged if each.violated} == {}


def _apart(streamed: bool) -> Exchange:
    return next(
        each
        for each in clean("highwayapi").exchanges
        if each.scenario == "apart" and each.asked_stream is streamed and each.sent.get("separate_reasoning")
    )


def _saying(exchange: Exchange, thoughts: str | None, content: str | None) -> Exchange:
    part = {"role": "assistant", "content": content, "reasoning_content": thoughts}
    name = "delta" if exchange.asked_stream else "message"
    body = json.dumps({"choices": [{"index": 0, name: part, "finish_reason": "stop"}]})
    data = f"data: {body}\n\ndata: [DONE]\n\n" if exchange.asked_stream else body
    return replace(exchange, pieces=((0.1, data.encode()),))


@pytest.mark.parametrize(
    ("thoughts", "content", "twice"),
    [
        (THOUGHTS, f"{THOUGHTS}\n\nIt costs 5.", True),
        (THOUGHTS, f" {THOUGHTS}", True),
        (THOUGHTS, "It costs 5.", False),
        (THOUGHTS, f"{THOUGHTS[:40]} or so. It costs 5.", False),
        (THOUGHTS, f"It costs 5. {THOUGHTS}", False),
        ("It costs 5.", "It costs 5.", False),
        ("la " * 40, "la " * 80, False),
        (THOUGHTS, None, False),
    ],
)
@pytest.mark.parametrize("streamed", [False, True])
def test_what_is_told_twice(thoughts: str, content: str | None, twice: bool, streamed: bool) -> None:
    """Thoughts of some length with which the content begins are told twice, and no others are."""
    found = registry()["reasoning.told-once"].find({}, _saying(_apart(streamed), thoughts, content))
    assert any("begins with all" in str(each) for each in found) is twice


@pytest.mark.parametrize(
    ("whole", "stream", "lost"),
    [
        ((THOUGHTS, "5."), (None, "5."), True),
        ((THOUGHTS, "5."), ("\n", "5."), True),
        ((THOUGHTS, "5."), (THOUGHTS[:9], ""), False),
        ((THOUGHTS, "5."), (None, f"<think>{THOUGHTS}</think>5."), False),
        (("Hm.", "5."), (None, "5."), False),
        ((None, "5."), (THOUGHTS, "5."), False),
    ],
)
def test_what_is_lost(whole: tuple[str | None, str], stream: tuple[str | None, str], lost: bool) -> None:
    """Thoughts of some length of a whole reply are lost where its stream has none, wherever."""
    asked = (_saying(_apart(False), *whole), _saying(_apart(True), *stream))
    found = registry()["reasoning.streamed-as-whole"].find({}, asked)
    assert any("absent" in str(each) for each in found) is lost


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_thoughts_beside_tools(seed: int) -> None:
    """That a switch is passed over beside tools is found in any run, and in a request of its own."""
    mutant = next(each for each in registry()["reasoning.switched-off-beside"].mutants if "tools" in each.name)
    _, judged = rehearse("highwayapi", Oddity(name="", mutant=mutant), seed, selection=["reasoning.*"])
    assert {each.row.id for each in judged if each.verdict is Verdict.FAIL} == {"reasoning.switched-off-beside"}
