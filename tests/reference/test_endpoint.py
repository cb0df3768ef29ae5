"""Effects of parameters as a client sees them; mutants; and an answer to anything."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance import strict_json
from conformance.reference.vocabulary import IDS
from conformance.spoil import ignores, on_the_wire, streaming

from .client import Client, entries, said
from .test_formats import anything
from .test_options import NAMES

# -- log probabilities and sampling


def test_tokens_join_to_the_text(every: Client) -> None:
    """Entries are the reply's tokens: their bytes are its text, their probabilities are probabilities."""
    for seed in range(20):
        reply = every.ask(logprobs=True, top_logprobs=20, seed=seed, max_tokens=40)
        assert said(reply).decode("utf-8", "replace") == reply.text
        for entry in entries(reply):
            listed = [each["logprob"] for each in entry["top_logprobs"]]
            assert len(listed) == 20
            assert listed == sorted(listed, reverse=True)
            assert all(each <= 0 for each in (*listed, entry["logprob"]))
            same = [each for each in entry["top_logprobs"] if each["bytes"] == entry["bytes"]]
            assert [each["logprob"] for each in same] in ([], [entry["logprob"]])


def test_log_probabilities_come_only_when_asked(every: Client) -> None:
    """Neither without the switch, nor lists without their number."""
    assert every.ask().choices[0].logprobs is None
    assert all(entry["top_logprobs"] == [] for entry in entries(every.ask(logprobs=True)))
    assert len(entries(every.ask(logprobs=True))) == 24


def test_the_models_own_distribution_is_told(client: Client) -> None:
    """Whatever the temperature and the masks, the first position's list is the same."""
    lists = [
        entries(client.ask(logprobs=True, top_logprobs=20, max_tokens=1, **each))[0]["top_logprobs"]
        for each in ({}, {"temperature": 0.3}, {"top_k": 2}, {"top_p": 0.1, "min_p": 0.5}, {"logit_bias": {"50": 100}})
    ]
    assert all(each == lists[0] for each in lists)


def test_or_the_distribution_after_the_sampler() -> None:
    """As some engines do: scaled by the temperature, and without what the masks took away."""
    client = Client.of(logprobs_after=True)

    def first(**members: Any) -> list[dict[str, Any]]:
        return list(entries(client.ask(logprobs=True, top_logprobs=20, max_tokens=1, **members))[0]["top_logprobs"])

    assert len(first(top_k=3)) == 3
    plain, cold = first(), first(temperature=0.5)
    gap = plain[0]["logprob"] - plain[1]["logprob"]
    assert cold[0]["logprob"] - cold[1]["logprob"] == pytest.approx(2 * gap)
    assert first(temperature=0)[0]["logprob"] == plain[0]["logprob"]


def test_masks_act_on_many_draws(client: Client) -> None:
    """32 choices of one token are 32 draws: as many as top_k, only the nucleus, only what is likely enough."""
    listed = entries(client.ask(logprobs=True, top_logprobs=20, max_tokens=1))[0]["top_logprobs"]
    names = [each["token"] for each in listed]

    def drawn(**members: Any) -> set[str]:
        return {choice.text for choice in client.ask(n=64, max_tokens=1, **members).choices}

    assert len(drawn()) > 15
    assert drawn(top_k=2) == set(names[:2])
    assert drawn(top_k=1) == {names[0]}
    assert len(drawn(top_k=-1)) > 15
    assert drawn(top_p=0.01) == {names[0]}
    assert drawn(min_p=1) == {names[0]}
    assert drawn(temperature=0.01) == {names[0]}


@pytest.mark.parametrize("token", [10, 65, 200, 255])
def test_a_bias_forces_one_token(every: Client, token: int) -> None:
    """+100 makes every token that one, even where it is no character; -100 takes back what was said."""
    reply = every.ask(logit_bias={str(token): 100}, logprobs=True, max_tokens=8)
    assert said(reply) == bytes([token]) * 8
    assert reply.text == (bytes([token]) * 8).decode("utf-8", "replace")
    first = every.ask(temperature=0, max_tokens=1).text
    banned = every.ask(temperature=0, max_tokens=1, logit_bias={str(IDS[first.encode()]): -100}).text
    assert banned != first


def test_penalties_act_on_what_was_said(client: Client) -> None:
    """A token that a bias favours comes again and again, until a penalty is stronger."""
    favour = {str(IDS[b" lamp"]): 8}

    def times(**members: Any) -> int:
        return client.ask(temperature=0, max_tokens=20, logit_bias=favour, **members).text.count("lamp")

    assert times() > 8
    assert times(presence_penalty=2) < times()
    assert times(frequency_penalty=1) < times()
    assert times(frequency_penalty=-1) >= times()
    assert client.ask(temperature=0, repetition_penalty=1.9).text != client.ask(temperature=0).text


# -- mutants


def test_a_mutant_shows_only_when_it_says_so() -> None:
    """One that is about streams leaves whole replies alone, and its request is judged as it was sent."""
    client = Client.of(mutant=ignores("stop", when=streaming))
    free = client.ask(temperature=0)
    stop = free.text[10:14]
    assert client.ask(temperature=0, stop=stop).text != free.text
    assert client.ask(temperature=0, stop=stop, stream=True).text == free.text


def test_a_mutant_of_the_wire_changes_what_goes_out() -> None:
    """Refusals and replies alike."""
    mutant = on_the_wire(
        "wrong-type", "the media type is wrong", lambda wire: wire.with_header("content-type", "text/plain")
    )
    client = Client.of(mutant=mutant)
    assert [client.ask(n=n).media_type for n in (1, 0)] == ["text/plain"] * 2


# -- anything at all


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_any_bytes_get_an_answer(every: Client, body: bytes) -> None:
    """Never a 5xx, never an exception."""
    assert every.send(body).status in (400, 422)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(NAMES), anything))
def test_any_members_get_an_answer(every: Client, changes: dict[str, Any]) -> None:
    """200 with a conforming body, or a refusal in the contract's own shape."""
    reply = every.ask(**changes)
    if reply.status == 200:
        schema = every.contract.chunk if reply.asked_stream else every.contract.completion
        assert all(not schema.faults(each) for each in reply.objects)
    else:
        assert reply.status in (400, 404, 422)
        assert every.contract.error.allows(reply.document.value)


DEEP = [b'{"a":' * 490 + b"1" + b"}" * 490, b'{"messages":' + b"[" * 490 + b"]" * 490 + b"}"]
DEEP += [
    b'{"model":"reference","messages":[],"max_tokens":3,"%s":' % name + b'{"type":' * 480 + b'"object"' + b"}" * 481
    for name in (b"tools", b"response_format", b"logit_bias", b"other")
]


@pytest.mark.parametrize("body", DEEP, ids=lambda body: body[:70].decode())
def test_deep_nesting_gets_an_answer(every: Client, body: bytes) -> None:
    """As deep as JSON may be."""
    assert every.send(body).status in (200, 400, 404, 422)


@pytest.mark.parametrize("character", ["\\ud800", "\\u0000", "\\uffff"])
def test_strange_characters_get_an_answer(every: Client, character: str) -> None:
    """Lone surrogates, null and noncharacters, wherever a text may be."""
    parameters = '{"type":"object","properties":{"%s":{}},"required":["%s"]}'
    tool = '{"type":"function","function":{"name":"x%s","parameters":' + parameters + "}}"
    for extra in (
        '"stop":"%s"',
        '"%s":1',
        '"logit_bias":{"%s":1}',
        f'"tools":[{tool}],"tool_choice":"required"',
        '"response_format":{"type":"json_schema","json_schema":{"name":"%s","schema":{"const":"%s"}}}',
    ):
        body = '{"model":"reference","max_tokens":40,"messages":[{"role":"user","content":"%s"}],' + extra + "}"
        body = body.replace("%s", character)
        reply = every.send(body.encode())
        assert reply.status in (200, 400, 422)
        assert strict_json.parse(reply.body).problem is None
