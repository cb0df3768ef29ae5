"""Recordings of real servers: every known departure is found, nothing else is held against them, and nothing raises.

The table below was made by hand: each violation that a requirement finds in them was looked at and is the server's
fault.  What is recorded here was asked by another program, so only requirements of single exchanges and of whole runs
can be judged.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import jsonschema
import jsonschema_rs
import pytest

from conformance import contract as contracts
from conformance import evidence
from conformance.evidence import Evidence
from conformance.exchange import Exchange
from conformance.hearing import Hearing, hear, setting_of
from conformance.judge import Judged, judge
from conformance.model import JSON, Kind, Verdict, Violation
from conformance.requirement import Row
from conformance.requirements import registry, rows

from .each import EACH

FIXTURES = Path(__file__).parent.parent / "fixtures"
SERVERS = tuple(sorted(path.name.partition(".")[0] for path in FIXTURES.glob("*.ndjson.gz")))
EACH_SERVER = pytest.mark.parametrize("server", SERVERS)

DEPARTURES = {
    "aimock": {
        "choices.count-in-company",
        "limits.max-tokens",
        "logprobs.present",
        "requests.accepted",
        "response_format.json-object",
        "stop.nothing-follows",
    },
    "guidellm-mock": {
        "choices.count-in-company",
        "logprobs.present",
        "response_format.json-object",
        "stop.nothing-follows",
        "streaming.constant",
        "streaming.role",
        "tools.arguments-fit",
        "usage.shape",
    },
    "litellm-vllm": {
        "streaming.finish-once",
        "streaming.role",
        "tools.arguments-fit",
    },
    "litellm-vllm-cooldown": set(),
    "litellm-vllm-tools": {
        "streaming.finish-once",
        "streaming.role",
    },
    "llama-cpp-python": {
        "choices.count-in-company",
        "errors.no-trace",
        "logprobs.present",
        "requests.accepted",
        "response_format.schema-no-crash",
        "streaming.has-events",
        "usage.stream-asked",
    },
    "mlx-lm": {
        "choices.count-in-company",
        "errors.shape",
        "logprobs.exact",
        "logprobs.lists-descending",
        "logprobs.of-the-text",
        "logprobs.present",
        "logprobs.shape",
        "requests.accepted",
        "response_format.beginning",
        "response_format.json-object",
        "streaming.done",
    },
    "mlx-lm-tools": {
        "choices.count-in-company",
        "response_format.beginning",
        "response_format.json-object",
        "tools.no-markup",
    },
    "mock-ai-api": {
        "choices.count-in-company",
        "errors.no-trace",
        "limits.max-tokens",
        "logprobs.present",
        "requests.accepted",
        "response_format.json-object",
        "stop.nothing-follows",
    },
    "mockllm": {
        "choices.count-in-company",
        "choices.indexes",
        "envelope.created",
        "envelope.unique-id",
        "errors.shape",
        "logprobs.present",
        "requests.accepted",
        "response_format.json-object",
        "streaming.created",
        "usage.present",
        "usage.stream-asked",
    },
    "openai-mock-api": {
        "choices.count-in-company",
        "limits.max-tokens",
        "logprobs.present",
        "requests.accepted",
        "response_format.json-object",
        "stop.nothing-follows",
        "streaming.media-type",
        "usage.stream-asked",
    },
}
"""By server, the requirements that it violates at least once."""


def lines(server: str) -> list[bytes]:
    """The lines of a server's recording."""
    return gzip.decompress((FIXTURES / f"{server}.ndjson.gz").read_bytes()).splitlines()


@cache
def recorded(server: str) -> Evidence:
    """A server's recording."""
    return evidence.load(lines(server))


def heard(server: str, name: str = "highwayapi") -> Hearing:
    """A server's recording, to be judged by a contract."""
    return hear(recorded(server), setting_of(recorded(server), contracts.load(name)))


def judgeable(name: str) -> list[Row]:
    """A contract's rows that need no scenario."""
    return [row for row in rows(contracts.load(name)) if row.requirement.kind is not Kind.SCENARIO]


def verdicts(server: str, name: str = "highwayapi") -> dict[str, Judged]:
    """Every row's verdict on a server."""
    return {each.row.id: each for each in judge(heard(server, name), judgeable(name), repeatable=False)}


def violations(server: str, case: str, id_: str) -> list[Violation]:
    """What a requirement finds in one recorded exchange."""
    made = registry()[id_]
    exchange = next(each for each in recorded(server).exchanges if each.case == case)
    found = (
        made.find(
            {"contract": contracts.load("highwayapi"), "run": (exchange,), "parameter": None, "aliases": frozenset()},
            exchange,
        )
        if made.applies(exchange)
        else ()
    )
    return [each for each in found if isinstance(each, Violation)]


@EACH_SERVER
def test_known_departures_and_no_other(server: str) -> None:
    """A server violates what it is known to violate, and nothing else is held against it."""
    assert {id_ for id_, each in verdicts(server).items() if each.violated} == DEPARTURES[server]


@pytest.mark.parametrize("name", EACH)
@EACH_SERVER
def test_nothing_raises(server: str, name: str) -> None:
    """Every contract's rows judge every recording, and find something in most of them to judge."""
    found = verdicts(server, name)
    assert Verdict.ERROR not in {each.verdict for each in found.values()}
    assert sum(each.applicable > 0 for each in found.values()) > 30


EXEMPLARS = [
    ("litellm-vllm", "n2-stream", "streaming.finish-once", "null or missing to the end"),
    ("litellm-vllm", "n2-stream", "streaming.role", "null"),
    ("llama-cpp-python", "stream-missing-messages", "streaming.has-events", "a stream without an event"),
    ("llama-cpp-python", "stream-null", "requests.accepted", '500 ("1 validation error'),
    ("llama-cpp-python", "stream-usage", "usage.stream-asked", "missing"),
    ("llama-cpp-python", "n1.5", "errors.no-trace", 'a stack trace (File "'),
    ("mlx-lm", "stream-null", "errors.shape", '"stream must be of type bool"'),
    ("mlx-lm", "unknown-nested", "streaming.done", "as the last event"),
    ("mlx-lm", "logprobs-only", "logprobs.shape", "missing"),
    ("mlx-lm", "logprobs-top20", "requests.accepted", '400 ("top_logprobs must be at most 11")'),
    ("mockllm", "basic-t0", "envelope.created", "missing"),
    ("mockllm", "basic-t0", "choices.indexes", "missing"),
    ("mockllm", "basic-t0", "usage.present", "missing"),
    ("openai-mock-api", "stream", "streaming.media-type", "text/plain"),
    ("guidellm-mock", "max-tokens-neg", "usage.shape", "-1"),
    ("aimock", "basic-t0", "limits.max-tokens", "34"),
]


@pytest.mark.parametrize(("server", "case", "id_", "observed"), EXEMPLARS)
def test_what_is_said_of_a_departure(server: str, case: str, id_: str, observed: str) -> None:
    """A known fault is found where it is, and told in terms of what is there."""
    found = violations(server, case, id_)
    assert found
    assert observed in found[0].observed


NO_FAULTS = [
    ("mlx-lm", "n0", "limits.max-tokens"),  # n: 0 was served as one choice of 16 tokens, as max_tokens allows it
    ("mlx-lm", "n-1", "limits.max-tokens"),
    ("litellm-vllm", "n-str", "limits.max-tokens"),  # n: "2" was served as two choices
    ("mlx-lm", "max-both-mct-smaller", "limits.length-means-cut"),  # max_completion_tokens cut it
    ("litellm-vllm", "max-both-mct-smaller", "limits.length-means-cut"),
    ("mlx-lm", "method-OPTIONS", "envelope.json"),  # a preflight of browsers is no reply
    ("openai-mock-api", "method-OPTIONS", "envelope.media-type"),
    ("llama-cpp-python", "stream-string", "envelope.json"),  # stream: "true" was served as a stream
    ("llama-cpp-python", "stream-string", "envelope.media-type"),
    ("llama-cpp-python", "model-empty", "envelope.model"),  # the name that was asked for comes back, as it often does
    ("aimock", "model-missing", "envelope.model"),
    ("guidellm-mock", "messages-empty", "usage.counts-prompt"),  # a prompt without a word
    ("mlx-lm", "stream", "streaming.done-last"),  # comments come first
    ("mlx-lm", "stream-usage", "streaming.object"),  # its last chunk calls itself chat.completion
    ("mlx-lm", "logit_bias-eos", "choices.content"),  # null: its first token ended the text
    ("litellm-vllm", "stream-usage", "usage.stream-last-chunk"),  # beside a blank choice
    ("litellm-vllm", "basic-t0", "envelope.other-members"),  # provider_specific_fields
    ("mock-ai-api", "stream-usage", "usage.stream-last-chunk"),  # beside the last words
]


@pytest.mark.parametrize(("server", "case", "id_"), NO_FAULTS)
def test_no_false_alarm(server: str, case: str, id_: str) -> None:
    """What a server may do, or does in answer to what nobody should ask, is not held against it by this requirement."""
    assert violations(server, case, id_) == []


@EACH_SERVER
def test_a_recording_is_evidence(server: str) -> None:
    """A recording is evidence to its last line, names its server, holds no key, and is told from weather."""
    known = recorded(server)
    schema = jsonschema_rs.validator_for(json.loads((contracts.schemas_folder() / "evidence.schema.json").read_text()))
    assert all(schema.is_valid(json.loads(line)) for line in lines(server))
    assert known.complete
    assert {each.request.url for each in known.exchanges} == {"http://127.0.0.1/v1/chat/completions"}
    assert str(known.header["recorded"]).split()[0].strip("@") in (FIXTURES / "README.md").read_text()
    assert not any(b"sk-local" in str(each.request.headers).encode() + each.body for each in known.exchanges)
    cooling = server == "litellm-vllm-cooldown"
    assert (heard(server).weather > 150) == cooling


def test_recordings_are_small() -> None:
    """All recordings together take at most 400 kB."""
    assert 200_000 < sum(path.stat().st_size for path in FIXTURES.glob("*.gz")) <= 400_000


# -- two readers of one schema


def replies(exchange: Exchange) -> Iterator[tuple[str, JSON]]:
    """The JSON values of a reply, and which schema speaks of them."""
    if exchange.refused:
        yield "error", exchange.document.value
    for each in exchange.objects if exchange.ok else ():
        yield ("chunk" if exchange.asked_stream else "completion"), each


@pytest.mark.parametrize("kind", ["completion", "chunk", "error"])
@pytest.mark.parametrize("name", EACH)
def test_both_validators_agree(name: str, kind: str) -> None:
    """jsonschema-rs, which decides, and jsonschema, which explains, agree on every reply that was recorded."""
    schema = getattr(contracts.load(name), kind)
    exchanges = [exchange for server in SERVERS for exchange in recorded(server).exchanges]
    values = [value for exchange in exchanges for of, value in replies(exchange) if of == kind]
    quick = jsonschema_rs.Draft202012Validator(schema.wide)
    slow = jsonschema.Draft202012Validator(schema.wide)
    judged = [(quick.is_valid(value), slow.is_valid(value)) for value in values]
    assert all(one == other for one, other in judged)
    assert {one for one, _ in judged} == {True, False}
    assert len(judged) > 400
