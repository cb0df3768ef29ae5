"""Departures from a schema: each is the business of exactly one requirement, and none is lost."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance import contract as contracts
from conformance.contract import Contract
from conformance.exchange import Exchange
from conformance.model import Kind, Violation
from conformance.requirements import registry
from conformance.schema import Fault, Schema
from conformance.shape import OTHERS, OWNERS, departures, owner

from .desk import clean
from .test_requirements_total import examples, in_json

OWNING = {*OTHERS, *(id_ for pair in OWNERS.values() for id_ in pair)}
CONTRACT = contracts.load("highwayapi")


def fault(*path: str | int) -> Fault:
    """A fault at a path."""
    return Fault(path=path, observed="a", expected="b")


@pytest.mark.parametrize(
    ("path", "whole", "streamed"),
    [
        (("id",), "envelope.id", "streaming.id"),
        (("created",), "envelope.created", "streaming.created"),
        (("choices",), "choices.present", "streaming.choices"),
        (("choices", 3), "choices.present", "streaming.choices"),
        (("choices", 0, "index"), "choices.indexes", "streaming.index"),
        (("choices", 12, "finish_reason"), "choices.finish-reason", "streaming.finish-once"),
        (("choices", 0, "message", "content"), "choices.content", "streaming.other-members"),
        (("choices", 1, "message"), "choices.message", "streaming.other-members"),
        (("choices", 1, "message", "role"), "choices.role", "streaming.other-members"),
        (("choices", 0, "delta"), "envelope.other-members", "streaming.delta"),
        (("choices", 0, "delta", "role"), "envelope.other-members", "streaming.delta"),
        (("choices", 0, "delta", "content"), "envelope.other-members", "streaming.delta"),
        (("choices", 0, "logprobs"), "logprobs.shape", "logprobs.shape"),
        (("choices", 0, "logprobs", "content", 4, "token"), "logprobs.shape", "logprobs.shape"),
        (("usage",), "usage.shape", "usage.shape"),
        (("usage", "total_tokens"), "usage.shape", "usage.shape"),
        (("usage", "completion_tokens_details", "reasoning_tokens"), "usage.shape", "usage.shape"),
        ((), "envelope.other-members", "streaming.other-members"),
        (("system_fingerprint",), "envelope.other-members", "streaming.other-members"),
    ],
)
def test_owners(path: tuple[str | int, ...], whole: str, streamed: str) -> None:
    """A fault belongs to the requirement that speaks of its place, or else to the one for all other members."""
    assert owner(fault(*path), streamed=False) == whole
    assert owner(fault(*path), streamed=True) == streamed


@pytest.mark.parametrize("name", contracts.names())
def test_every_owner_is_claimed(name: str) -> None:
    """Whatever may own a fault is a requirement of single exchanges that every contract claims, or it would be lost."""
    for id_ in OWNING:
        assert registry()[id_].kind is Kind.EACH
        assert contracts.load(name).claiming(id_), id_


def found(exchange: Exchange, contract: Contract = CONTRACT) -> list[Violation]:
    """What all requirements that own faults say of an exchange."""
    return [
        each
        for id_ in sorted(OWNING)
        if registry()[id_].applies(exchange)
        for each in registry()[id_].find({"contract": contract}, exchange)
        if isinstance(each, Violation)
    ]


@pytest.mark.long
@examples(300)
@given(st.data())
def test_no_fault_is_lost(data: st.DataObject) -> None:
    """However a reply was spoilt, both validators agree on it, and each departure is told by one requirement alone."""
    exchange = data.draw(st.sampled_from([each for each in clean("highwayapi").exchanges if each.ok]))
    spoilt = in_json(data.draw, exchange)  # type: ignore[arg-type]  # it draws as a DrawFn does
    schema = CONTRACT.chunk if spoilt.asked_stream else CONTRACT.completion
    values = [each for each in spoilt.objects if "error" not in each or "choices" in each]
    first = spoilt.objects[0] if spoilt.objects and spoilt.asked_stream else {}
    if first.get("choices") == [] and not first.get("usage"):
        values = values[1:]  # a content filter's preamble, which may be blank
    slow = jsonschema.Draft202012Validator(schema.wide)
    assert [schema.allows(value) for value in values] == [slow.is_valid(value) for value in values]
    faults = [each for value in values for each in schema.faults(value)]
    told = [each for id_ in OWNING for each in departures(spoilt, CONTRACT, id_)]
    assert len(told) == len(faults)
    assert {(each.observed, each.expected) for each in told} == {(each.observed, each.expected) for each in faults}
    assert bool(found(spoilt)) or not faults


def test_errors_and_preambles_are_passed_over() -> None:
    """An error in the place of a reply, and a content filter's blank first chunk, are not judged as replies."""
    whole, stream = (
        next(each for each in clean("highwayapi").exchanges if each.ok and each.asked_stream is mode)
        for mode in (False, True)
    )
    error = replace(whole, pieces=((0.0, b'{"error": {"message": "no"}}'),))
    blank = replace(stream, pieces=((0.0, b'data: {"choices": [], "id": ""}\n\n'), *stream.pieces))
    assert (found(error), found(blank)) == ([], [])
    late = replace(
        stream, pieces=(*stream.pieces[:1], (0.0, b'data: {"choices": [], "id": ""}\n\n'), *stream.pieces[1:])
    )
    assert {each.pointer for each in found(late)} >= {"event 1/id", "event 1/created", "event 1/model"}


def test_each_contract_judges_by_its_own_schema() -> None:
    """The same exchange departs from one contract and not from another, in whichever order they are asked."""
    exchange = replace(next(each for each in clean("highwayapi").exchanges if each.whole and each.ok))
    strict: dict[str, Any] = {"type": "object", "required": ["signature"]}
    other = replace(CONTRACT, completion=Schema(strict, strict))
    assert list(departures(exchange, CONTRACT, "envelope.other-members")) == []
    assert [each.pointer for each in departures(exchange, other, "envelope.other-members")] == ["/signature"]
