"""Unusual and conforming endpoints: the whole plan says nothing against any of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance import contract as contracts
from conformance.console import Silent
from conformance.contract import Contract
from conformance.evidence import Evidence
from conformance.fire import Pace
from conformance.judge import Judged, hear, judge, setting_of
from conformance.model import Credential, Depth, Verdict
from conformance.mutants import Call, Mutant, Object, When, Wire
from conformance.reference.app import running
from conformance.requirements import registry
from conformance.run import Order, run
from conformance.spoil import completion, on_the_wire, refused
from conformance.target import Target

from .desk import KEYS, Answer, OddEndpoint, Oddity, clean, conduct, plain
from .legal import COLD, LIKELIHOODS, REFUSED, REPLIES, UNLIMITED, WIRE
from .legal_forms import FORMS

# -- what is said


def _texts(name: str, change: Callable[[str, Object], Object], when: When | None = None, **given: Any) -> Oddity:
    """Both modes: `change` makes other members of what a choice says (its text, its choice); a stream says them in one
    delta."""

    def reply(_: Object, body: Object) -> Object:
        for choice in body["choices"]:
            choice["message"].update(change(choice["message"]["content"] or "", choice))
        return body

    def events(_: Object, chunks: list[Object]) -> list[Object]:
        lasts = {choice["index"]: choice for chunk in chunks for choice in chunk["choices"]}
        said = dict.fromkeys(lasts, "")
        for choice in (choice for chunk in chunks for choice in chunk["choices"]):
            said[choice["index"]] += choice["delta"].pop("content", None) or ""
        for index, last in lasts.items():
            last["delta"].update(change(said[index], last))
        return chunks

    mutant = Mutant(name=name, about=name, reply=reply, events=events, when=when)
    return Oddity(name=name, mutant=mutant, **given)


def _free_to_think(sent: Object) -> bool:
    """The request leaves it to the model whether and where to think."""
    return not {"separate_reasoning", "enable_thinking", "reasoning_effort"} & {*sent}


def _half_a_character(text: str, choice: Object) -> Object:
    return {"content": f"{text[:-1]}\ufffd" if choice["finish_reason"] == "length" and text else text}


def _nothing(_: str, choice: Object) -> Object:
    if choice["finish_reason"] == "length":
        choice["finish_reason"] = "stop"
    return {"content": None}


def _thinking_first(text: str, _: Object) -> Object:
    if text.startswith("{"):
        return {"reasoning_content": "That is easy.", "content": text}
    return {"reasoning_content": text[:12] or None, "content": text[12:] or None}


def _usage(name: str, change: Callable[[Object, int], object], when: When | None = None, **given: Any) -> Oddity:
    """`change` makes other counts of a usage object, given how many choices ended by themselves."""

    def reply(_: Object, body: Object) -> Object:
        change(body["usage"], sum(choice["finish_reason"] == "stop" for choice in body["choices"]))
        return body

    def events(_: Object, chunks: list[Object]) -> list[Object]:
        ended = sum(choice.get("finish_reason") == "stop" for chunk in chunks for choice in chunk["choices"])
        for chunk in chunks:
            if chunk.get("usage"):
                change(chunk["usage"], ended)
        return chunks

    mutant = Mutant(name=name, about=name, reply=reply, events=events, when=when)
    return Oddity(name=name, mutant=mutant, **given)


def _hidden_end(usage: Object, ended: int) -> None:
    usage["completion_tokens"] += ended
    usage["total_tokens"] += ended


def _thoughts_outside(usage: Object, _: int) -> None:
    usage["completion_tokens_details"] = {"reasoning_tokens": 7}
    usage["total_tokens"] += 7


def _asked_as(name: str, change: Callable[[Object], Object], every: int = 1, **given: Any) -> Oddity:
    """Every so many cold requests are answered as if they were others."""

    def around(answer: Answer, _: Contract) -> Answer:
        count = 0

        def changed(call: Call) -> Wire:
            nonlocal count
            count += call.sent.get("temperature") in COLD
            meant = call.sent.get("temperature") in COLD and count % every == 0
            return answer(call.with_body({**call.sent, **change(call.sent)}) if meant else call)

        return changed

    return Oddity(name=name, around=around, **given)


def _ends_early(answer: Answer, _: Contract) -> Answer:
    """Every fourth cold reply ends after a third of what it may say, as if its model had ended the text there."""
    count = 0

    def early(call: Call) -> Wire:
        nonlocal count
        count += call.sent.get("temperature") in COLD
        if call.sent.get("temperature") not in COLD or count % 4:
            return answer(call)
        wire = answer(call.with_body({**call.sent, "max_tokens": max(1, call.sent.get("max_tokens", 48) // 3)}))
        return wire.with_body(*(piece.replace(b'"length"', b'"stop"') for piece in wire.pieces))

    return early


STOPS = frozenset(
    {
        "stop.array-acts",
        "stop.ends-output",
        "stop.finish-reason",
        "stop.nothing-lost",
        "stop.same-in-both-modes",
        "stop.text-reading",
        "stop.whole-or-nothing",
    }
)
NOTHING_TO_CUT = STOPS | UNLIMITED | {"limits.cut-says-length"}
WITHOUT_TEXT = frozenset({"logprobs.exact", "logprobs.of-the-text"})
PENALTIES = frozenset(
    {
        "sampling.frequency-penalty-acts",
        "sampling.frequency-penalty-negative",
        "sampling.presence-penalty-acts",
        "sampling.presence-penalty-negative",
    }
)
NEVER_THE_SAME = (
    NOTHING_TO_CUT
    | PENALTIES
    | {"sampling.seed-repeats", "usage.stream-agrees", "response_format.text-is-default", "streaming.same-text"}
)
SILENCE = (
    NOTHING_TO_CUT
    | WITHOUT_TEXT
    | {
        "logprobs.each-choice",
        "logprobs.present",
        "limits.length-means-cut",
        "limits.max-tokens-acts",
        "streaming.every-choice",
        "sampling.logit-bias-bans",
        "sampling.repetition-penalty-acts",
        "usage.counts-reply",
        "response_format.beginning",
        "response_format.is-object",
        "response_format.json-object",
        "response_format.schema",
        "streaming.characters-whole",
        "streaming.same-text",
    }
)

FOUR_IN_A_ROW = frozenset({"response_format.text-is-default"})
"""The rows that compare four cold replies, of which one is then another."""

SAID = [
    _texts(
        "half a character at the cut",
        _half_a_character,
        inconclusive=frozenset({"limits.cut-says-length", "streaming.same-text"}),
    ),
    _texts(
        "thoughts before the text, apart",
        _thinking_first,
        _free_to_think,
        inconclusive=WITHOUT_TEXT
        | {"logprobs.counted", "sampling.logit-bias-bans", "limits.every-choice", "choices.differ"},
    ),
    Oddity(
        name="whole replies without the white space around them",
        mutant=completion(
            "",
            "",
            lambda _, body: [
                each["message"].update(content=each["message"]["content"].strip())
                for each in body["choices"]
                if each["message"]["content"]
            ],
        ),
        inconclusive=frozenset({"stop.same-in-both-modes", "usage.stream-agrees"}),
    ),
    _usage("a hidden end of text is counted", _hidden_end),
    _usage(
        "thoughts are counted outside",
        _thoughts_outside,
        _free_to_think,
        inconclusive=frozenset({"limits.length-means-cut", "logprobs.counted", "limits.every-choice"}),
    ),
    _asked_as(
        "cold replies are never the same",
        lambda _: {"temperature": 1},
        inconclusive=NEVER_THE_SAME,
        warned=frozenset({"logprobs.greedy-is-top"}),
        takes=4,
    ),
    _asked_as(
        "every fourth cold reply is another one",
        lambda _: {"temperature": 1},
        4,
        inconclusive=FOUR_IN_A_ROW | {"sampling.frequency-penalty-acts"},
        takes=4,
    ),
    Oddity(
        name="every fourth cold reply ends early",
        around=_ends_early,
        inconclusive=FOUR_IN_A_ROW,
        takes=4,
    ),
    _texts(
        "a model that says nothing",
        _nothing,
        inconclusive=SILENCE | {"choices.differ", "choices.echo", "limits.every-choice", "stop.every-choice"},
        warned=frozenset({"choices.something-said"}),
    ),
    Oddity(
        name="streams have usage that nobody asked for",
        mutant=Mutant(
            name="",
            about="",
            request=lambda call: call.with_body({**call.sent, "stream_options": {"include_usage": True}}),
            when=lambda sent: sent.get("stream") is True and "messages" in sent,
        ),
        contracts=("highwayapi",),
    ),
    Oddity(name="usage in the last chunk, always", dialect={"stream_usage": "always"}),
    Oddity(name="the stop is not in the text", dialect={"stop_text": "excluded"}, contracts=("highwayapi",)),
    Oddity(name="the stop is in the text", dialect={"stop_text": "included"}, contracts=("basic-gateway",)),
]

# -- what errors look like: recommendations only, by the shapes seen in the field

SHAPE, NAMED, IS_JSON = "errors.shape", "errors.problem-named", "errors.json"
ERRORS: list[tuple[str, Callable[[str], Any], set[str]]] = [
    ("without param", lambda said: {"error": {"message": said, "type": "x"}}, set()),
    ("a number as code", lambda said: {"error": {"message": said, "type": "x", "param": None, "code": 400}}, set()),
    ("a string as code", lambda said: {"error": {"message": said, "code": "400", "param": "None"}}, set()),
    ("more members", lambda said: {"error": {"message": said, "innererror": {"a": []}}, "request_id": "r"}, set()),
    ("a string", lambda said: {"error": said}, {SHAPE}),
    ("a string, a message and a status", lambda said: {"error": "Bad", "message": said, "status": 400}, {SHAPE}),
    ("an object called error", lambda said: {"object": "error", "message": said, "code": 400}, {SHAPE}),
    ("a list of details", lambda said: {"detail": [{"loc": ["body", 0], "msg": said, "type": "x"}]}, {SHAPE}),
    ("a sentence as detail", lambda said: {"detail": said}, {SHAPE}),
    ("an error in a detail", lambda said: {"detail": {"error": {"message": said}}}, {SHAPE}),
    ("a status of failure", lambda said: {"status": "failure", "message": said}, {SHAPE}),
    ("plain text", lambda said: said, {IS_JSON}),
    ("HTML", lambda said: f"<html>{said}</html>", {IS_JSON}),
    ("nothing", lambda _: "", {IS_JSON}),
]


def _shaped(name: str, shape: Callable[[str], Any], warned: Iterable[str]) -> Oddity:
    def respell(wire: Wire) -> Wire:
        body = shape("max_tokens is too small")
        return wire.with_body(body.encode() if isinstance(body, str) else json.dumps(body).encode())

    silent = {IS_JSON: {SHAPE, NAMED}}
    return Oddity(
        name=f"errors: {name}",
        mutant=on_the_wire("", "", refused(respell)),
        warned=frozenset(warned),
        inconclusive=frozenset().union(*(silent.get(each, set()) for each in warned)),
        contracts=("highwayapi",),
    )


SHAPES = [_shaped(*each) for each in ERRORS]

# -- the tests

AFTERWARDS = Oddity(name="log probabilities after the sampler", logprobs_after=True, inconclusive=PENALTIES)
SURE = Oddity(
    name="a model that is sure of what it says",
    flat=False,
    inconclusive=PENALTIES - {"sampling.frequency-penalty-negative"},
)

ELSEWHERE = frozenset({"sampling"})
"""Parts that have nothing to do with how a reply is sent or shaped, and take their time."""


def _once(oddity: Oddity) -> Oddity:
    """Where nothing at all is to be expected of it, asked of one contract."""
    plainly = not (oddity.inconclusive or oddity.warned or oddity.dialect)
    return replace(oddity, contracts=oddity.contracts[:1]) if plainly else oddity


ODDITIES = [
    *(replace(_once(each), lacks=ELSEWHERE) for each in (*WIRE, *SHAPES, *FORMS)),
    *map(_once, REPLIES),
    *map(_once, LIKELIHOODS),
    AFTERWARDS,
    SURE,
    *SAID,
    *REFUSED,
]
NEVER_MET = frozenset({"nothing odd at all", "no n above 1 at temperature 0"})
"""What no request of a plan meets, the second of them because no script combines the two."""


def said_against(judged: Iterable[Judged]) -> dict[str, str]:
    """The rows that hold something against an endpoint, confirmed or not, with the first of it."""
    return {
        each.row.id: each.reason or each.exemplars[0].violations[0].message
        for each in judged
        if each.violated or each.verdict in (Verdict.FAIL, Verdict.WARN, Verdict.ERROR)
    }


def said(evidence: Evidence) -> list[object]:
    """What came back, in order."""
    return [(each.status, each.headers, each.pieces) for each in evidence.exchanges]


@pytest.mark.parametrize("oddity", ODDITIES, ids=lambda oddity: oddity.name)
def test_an_oddity_is_no_fault(oddity: Oddity) -> None:
    """Nothing is said against an odd endpoint but the recommendations that it departs from, and only what the oddity
    explains stays undecided."""
    undecided: set[str] = set()
    warned: set[str] = set()
    for name in oddity.contracts:
        evidence, judged = conduct(name, oddity)
        against = said_against(judged)
        assert set(against) <= oddity.warned, against
        warned |= set(against)
        undecided |= {each.row.id for each in judged if each.verdict is Verdict.INCONCLUSIVE}
        assert (said(evidence) == said(plain(name, oddity))) == (oddity.name in NEVER_MET)
    assert undecided == {id_ for id_ in oddity.inconclusive if id_.partition(".")[0] not in oddity.lacks}
    assert warned == oddity.warned


def _weather(answer: Answer, _: Contract) -> Answer:
    """Every fifth request meets a 429 or a 503 the first time it is made."""
    met: set[tuple[object, bytes]] = set()

    def sometimes(call: Call) -> Wire:
        new = (call.headers, call.body) not in met
        met.add((call.headers, call.body))
        if not new or len(met) % 5:
            return answer(call)
        return Wire(status=429 if len(met) % 2 else 503, headers=(("retry-after", "0"),), pieces=(b"later",))

    return sometimes


@pytest.mark.parametrize("name", ["highwayapi", "basic-gateway"])
def test_weather_passes(name: str, tmp_path: Path) -> None:
    """With a 429 or a 503 now and then, tried again as Retry-After says, a run over a socket decides every row, and
    says nothing against the endpoint."""
    contract = contracts.load(name)
    endpoint = OddEndpoint(contract, Oddity(name="weather", around=_weather))
    with running(endpoint) as url:
        target = Target(url=url + contract.path, model="reference", scheme=contract.scheme, key=KEYS[contract.scheme])
        order = Order(
            contract=contract,
            target=target,
            features=frozenset(contract.features),
            depth=Depth.SMOKE,
            pace=Pace(retries=1),
        )
        evidence = run(order, tmp_path / "run", Silent())
    hearing = hear(evidence, setting_of(evidence, contract))
    judged = judge(hearing, order.plan().rows)
    assert hearing.weather > 5
    assert said_against(judged) == {}
    assert {each.verdict for each in judged} <= {Verdict.PASS, Verdict.OBSERVED}


@pytest.mark.parametrize("bad", [lambda count: count % 3 == 0, lambda count: count > 20], ids=["gusts", "for good"])
@pytest.mark.parametrize("status", [402, 429, 502, 503, 504, 520, 524, 529])
def test_weather_is_no_finding(bad: Callable[[int], bool], status: int) -> None:
    """What an endpoint says of the road or of an account says nothing against it, however often it says so, and no row
    is decided by it."""

    def around(answer: Answer, _: Contract) -> Answer:
        count = 0

        def cloudy(call: Call) -> Wire:
            nonlocal count
            count += 1
            return Wire(status=status, pieces=(b'{"error": "not now"}',)) if bad(count) else answer(call)

        return cloudy

    _, judged = conduct("v3-openai", Oddity(name="weather", around=around))
    assert said_against(judged) == {}
    assert Verdict.INCONCLUSIVE in {each.verdict for each in judged}


@pytest.mark.parametrize(
    ("key", "said", "echoed"),
    [
        ("ollama", "fp_ollama", False),
        ("ollama", "ollama", False),
        ("the-key-of-the-tests", "no such key: the-key-of-the-tests", True),
        ("the-key-of-the-tests", "fp_the-key-of-the-tests2", False),
    ],
)
def test_an_echo_is_no_word(key: str, said: str, echoed: bool) -> None:
    """A key that is an ordinary word, or part of a larger one, did not come back where the reply has that word."""
    redactor = Target(url="http://a/v1", model="m", scheme="bearer", key=key).redactor
    one = next(each for each in clean("highwayapi").exchanges if each.whole)
    body = redactor.data(json.dumps({"system_fingerprint": said}).encode())
    assert key.encode() not in body
    found = registry()["errors.no-credential"].find(
        {"contract": contracts.load("highwayapi")}, replace(one, pieces=((0.1, body),), n=99)
    )
    assert bool(found) is echoed


def _serves_all_but_wrong_keys(answer: Answer, contract: Contract) -> Answer:
    """Whoever has no key is served, and whoever has a wrong one is told to slow down."""
    wrong = Target(url="", model="", scheme=contract.scheme, key=KEYS[contract.scheme]).authorization(Credential.WRONG)

    def near(call: Call) -> Wire:
        if call.header("authorization") == wrong:
            return Wire(status=429, pieces=(b"slow down",))
        return answer(replace(call, trusted=call.header("authorization") is None))

    return near


@pytest.mark.parametrize("name", ["highwayapi", "basic-gateway"])
def test_weather_hides_no_fault(name: str) -> None:
    """That one way to ask without the right met with weather says nothing of the others."""
    _, judged = conduct(name, Oddity(name="weather for wrong keys", around=_serves_all_but_wrong_keys))
    verdicts = {each.row.id: each.violated or each.verdict.value for each in judged if each.row.id.startswith("auth.")}
    assert verdicts["auth.missing"] == verdicts["auth.stream"] == 1
    assert verdicts["auth.wrong-key"] == "inconclusive"
    assert verdicts["auth.wrong-scheme"] == verdicts["auth.empty"] == verdicts["auth.status"] == "pass"


def test_a_cache_may_repeat_an_id() -> None:
    """The same id in the replies to two equal requests is a cache's, and in those to different ones a fault."""
    requirement = registry()["envelope.unique-id"]
    one, two = [each for each in clean("highwayapi").exchanges if each.whole][:2]
    same = replace(two, pieces=one.pieces, n=99)
    contract = contracts.load("highwayapi")
    assert list(requirement.find({"contract": contract}, [one, replace(same, request=one.request)])) == []
    assert len(requirement.find({"contract": contract}, [one, same])) == 1
