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
from conformance.exchange import Exchange
from conformance.fire import Pace
from conformance.hearing import hear, setting_of
from conformance.judge import Judged, judge
from conformance.model import JSON, Credential, Depth, Purpose, Verdict, Zone
from conformance.mutants import Call, Wire
from conformance.order import Order
from conformance.reference.app import running
from conformance.requirements import registry
from conformance.requirements.envelope import error_in
from conformance.run import run
from conformance.spoil import on_the_wire, refused
from conformance.target import Target

from .desk import KEYS, Answer, OddEndpoint, Oddity, conduct, plain
from .legal import CACHED, CACHED_AS_ASKED, LIKELIHOODS, REFUSED, REPLIES, WEATHER, WIRE
from .legal_forms import FORMS
from .legal_said import AFTERWARDS, NEVER_STEADY, NO_SEED, OWN_DEFAULTS, SAID, SURE, UNSTEADY
from .legal_variants import VARIANTS
from .rehearsal import rehearse

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
    *map(_once, (CACHED, CACHED_AS_ASKED, OWN_DEFAULTS, NO_SEED, UNSTEADY, NEVER_STEADY)),
    *SAID,
    *REFUSED,
]
NAMED_VARIANTS = frozenset(each.name for each in VARIANTS.values())
SOONER_OR_LATER = [
    pytest.param(each, id=each.name, marks=[] if each.name in NAMED_VARIANTS else pytest.mark.long) for each in ODDITIES
]
"""What a release is tried against, and in the long tests all others."""

PLAIN = Oddity(name="nothing odd at all")

NEVER_MET = frozenset({"nothing odd at all", "no n above 1 at temperature 0", "everything disputed is taken"})
"""What no request of these plans meets: no script combines the two, and what is disputed and impossible is generated."""


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


@pytest.mark.parametrize("oddity", SOONER_OR_LATER)
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
    assert undecided - oddity.perhaps == {
        id_ for id_ in oddity.inconclusive if id_.partition(".")[0] not in oddity.lacks
    }
    assert warned == oddity.warned


def test_variants_stay_in_the_tests() -> None:
    """Whatever a release is tried against is tried here too, but for the weather, which has a test of its own."""
    assert len(VARIANTS) >= 20
    assert NAMED_VARIANTS - {each.name for each in ODDITIES} == {WEATHER.name}


@pytest.mark.parametrize(("variant", "statuses"), [("accepts", {200}), ("refuses", {400})])
def test_disputed_values_are_disputed(variant: str, statuses: set[int]) -> None:
    """One endpoint takes every value that any reading of a document allows, and one refuses every value that any
    forbids."""
    evidence, _ = conduct("highwayapi", VARIANTS[f"{variant} every disputed value"], generated=True)
    contract = contracts.load("highwayapi")
    sent = [each for each in evidence.exchanges if contract.zone(each.sent) is Zone.DISPUTED]
    plain = [each for each in sent if b'"content":[' not in each.request.body]  # parts are a feature, and it is on
    assert len(plain) > 20
    assert {each.status for each in plain} == statuses


@pytest.mark.long
@pytest.mark.parametrize("oddity", [WEATHER, PLAIN], ids=lambda oddity: oddity.name)
def test_a_run_in_process_is_a_run(oddity: Oddity) -> None:
    """A whole run in process asks again where there was weather, decides every row and says nothing against anybody."""
    evidence, judged = rehearse("v3-openai", oddity, seed=11)
    again = [each for each in evidence.exchanges if each.purpose is Purpose.RETRY]
    assert bool(again) == (oddity is WEATHER)
    assert said_against(judged) == {}
    assert {each.verdict for each in judged} <= {Verdict.PASS, Verdict.OBSERVED}


@pytest.mark.parametrize("name", ["highwayapi", "basic-gateway"])
def test_weather_passes(name: str, tmp_path: Path) -> None:
    """With a 429 or a 503 now and then, tried again as Retry-After says, a run over a socket decides every row, and
    says nothing against the endpoint."""
    contract = contracts.load(name)
    endpoint = OddEndpoint(contract, WEATHER)
    with running(endpoint, latency=0.01) as url:
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
@pytest.mark.parametrize(
    "status", [402, 429, 503, 529, *(pytest.param(each, marks=pytest.mark.long) for each in (502, 504, 520, 524))]
)
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
    one = next(each for each in plain("highwayapi", PLAIN).exchanges if each.whole)
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
    """The same id in the replies to two requests that ask the same is a cache's, however they are written, and in those
    to different ones a fault."""
    requirement = registry()["envelope.unique-id"]
    one, two = [each for each in plain("highwayapi", PLAIN).exchanges if each.whole][:2]
    same = replace(two, pieces=one.pieces, n=99)
    contract = contracts.load("highwayapi")

    def asked(**more: object) -> Exchange:
        sent = {**dict(reversed(one.sent.items())), **more}
        return replace(same, request=replace(one.request, body=json.dumps(sent, indent=1).encode()))

    for alike in (
        asked(),
        asked(n=1, stop=None),
        asked(max_tokens=json.loads(f"{one.sent['max_tokens']}.0")),
        asked(x_unknown=1),
    ):
        assert list(requirement.find({"contract": contract}, [one, alike])) == []
    for other in (same, asked(n=2), asked(max_tokens=3), asked(temperature=0.5)):
        assert len(requirement.find({"contract": contract}, [one, other])) == 1


@pytest.mark.parametrize(
    ("body", "carries"),
    [
        ({"error": {"message": "bad"}}, True),
        ({"error": "bad", "choices": []}, True),
        ({"detail": [{"loc": ["body"], "msg": "bad", "type": "x"}]}, True),
        ({"message": "bad", "code": 400}, True),
        ({"error": None, "choices": []}, False),
        ({"error": "", "message": "success", "choices": []}, False),
        ({"error": {}, "detail": []}, False),
        ({"choices": [{"message": {"content": "error: bad"}}]}, False),
    ],
)
def test_what_is_an_error(body: JSON, carries: bool) -> None:
    """A reply carries an error where the member holds something, or words stand in the place of choices."""
    whole, streamed = (
        next(each for each in plain("highwayapi", PLAIN).exchanges if each.ok and each.asked_stream is mode)
        for mode in (False, True)
    )
    data = json.dumps(body).encode()
    for one, said in ((whole, data), (streamed, data), (streamed, b"data: " + data + b"\n\n")):
        assert bool(error_in(replace(one, pieces=((0.1, said),), n=99))) is carries
