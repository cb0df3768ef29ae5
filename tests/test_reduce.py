"""A refused request is made smaller until nothing can be left out, and the members that remain are to blame."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from conformance import contract as contracts
from conformance.blame import Blame, added, blame
from conformance.exchange import Exchange
from conformance.generate.kitchen import whole_kitchen
from conformance.hearing import hear
from conformance.model import JSON, Depth
from conformance.mutants import Mutant, Refused, Sent
from conformance.reduce import MOST, MOST_SUSPECTS
from conformance.requirements import scenarios
from conformance.scenario import Case, Variant
from conformance.shrink import reductions

from .desk import Desk, OddEndpoint, Oddity

CONTRACT = contracts.load("highwayapi")
STORE = whole_kitchen(CONTRACT)

BIG: dict[str, JSON] = {
    "stream": True,
    "n": 2,
    "seed": 7,
    "frequency_penalty": 0.5,
    "presence_penalty": 1.99,
    "temperature": 1.73,
    "top_p": 0.4,
    "top_k": 20,
    "logprobs": True,
    "top_logprobs": 3,
    "stop": "zebra",
}


def found(refuses: Callable[[Sent], bool], *bodies: dict[str, JSON], status: int = 400) -> tuple[Blame, list[Exchange]]:
    """What is known of the refusals after combinations were asked of an endpoint that refuses some, and reduced."""
    mutant = Mutant(
        name="some",
        about="some are refused",
        refuse=lambda sent: Refused(status=status, parameter="it") if refuses(sent) else None,
    )
    desk = Desk(CONTRACT, OddEndpoint(CONTRACT, Oddity(name="some", mutant=mutant)).answer)
    for body in bodies or (BIG,):
        variant = Variant(arguments={"body": STORE.settle(body)}, depth=Depth.STANDARD)
        desk.perform(Case(scenario=scenarios()["combination"], variant=variant))
    for _ in range(8):
        cases = reductions(hear(desk.evidence, desk.setting))
        if not cases:
            break
        for case in cases:
            desk.perform(case)
    hearing = hear(desk.evidence, desk.setting)
    return blame(hearing.exchanges, CONTRACT), desk.evidence.exchanges


@pytest.mark.parametrize(
    ("refuses", "blamed"),
    [
        (lambda sent: sent.get("temperature", 0) > 1.5, {"temperature"}),
        (lambda sent: sent.get("top_logprobs") is not None, {"top_logprobs"}),
        (lambda sent: sent.get("logprobs") is True, {"logprobs"}),
        (lambda sent: bool(sent.get("stream") and sent.get("top_k")), {"stream", "top_k"}),
        (
            lambda sent: bool(sent.get("temperature", 0) > 1.5 and sent.get("top_k") and sent.get("stream")),
            {"temperature", "top_k", "stream"},
        ),
        (lambda sent: len({"seed", "stop", "n", "top_p"} & sent.keys()) == 4, {"seed", "stop", "n", "top_p"}),
    ],
    ids=["one", "one that needs another", "the other", "two", "three", "four"],
)
def test_the_smallest(refuses: Callable[[Sent], bool], blamed: set[str]) -> None:
    """Whatever number of members is to blame, they are found, and nothing that could be left out is among them."""
    known, _ = found(refuses)
    assert [set(cause.blamed) for cause in known.causes] == [blamed]
    assert known.unexplained == ()
    smallest = known.causes[0].exchange
    assert refuses(smallest.sent)
    assert CONTRACT.request.demands(smallest.sent)


def test_two_causes() -> None:
    """Two members that are each refused are both found, from one request or from two."""
    calm = {name: value for name, value in BIG.items() if name != "stop"}
    known, _ = found(lambda sent: sent.get("seed") == 7 or sent.get("stop") == "zebra", calm, {"stop": "zebra", "n": 3})
    assert {cause.blamed for cause in known.causes} == {("seed",), ("stop",)}
    assert known.unexplained == ()


def test_a_limit_that_was_lowered() -> None:
    """A limit that is small for the sake of many choices is to blame where it is, and the choices are not."""
    known, _ = found(lambda sent: sent["max_tokens"] < 3, {"n": 120, "seed": 1})
    assert [cause.blamed for cause in known.causes] == [("max_tokens",)]
    known, _ = found(lambda sent: sent.get("n", 1) > 100, {"n": 120, "seed": 1})
    assert [cause.blamed for cause in known.causes] == [("n",)]


def test_nulls() -> None:
    """Of a request with every null, each null that is refused is found."""
    nulls: dict[str, JSON] = dict.fromkeys(("n", "seed", "stop", "top_p", "tools", "stream"))
    known, _ = found(lambda sent: any(name in sent and sent[name] is None for name in ("seed", "tools")), nulls)
    assert {cause.blamed for cause in known.causes} == {("seed",), ("tools",)}


def test_what_does_not_come_back() -> None:
    """A request that is accepted when it is asked again has no cause, and is not reduced for ever."""
    asked: list[Sent] = []

    def once(sent: Sent) -> bool:
        asked.append(sent)
        return len(asked) == 1

    known, exchanges = found(once)
    assert known.causes == ()
    assert len(known.unexplained) == 1
    assert len(exchanges) == 2


def test_one_cause_is_reduced_once() -> None:
    """Many requests of one cause are explained by the smallest of one."""
    bodies = [{**BIG, "seed": seed} for seed in range(6)]
    known, exchanges = found(lambda sent: sent.get("temperature", 0) > 1.5, *bodies)
    assert len(known.causes) == 1
    assert set(known.of) >= {exchange.n for exchange in exchanges if exchange.scenario == "combination"}
    assert sum(exchange.scenario == "reduction" for exchange in exchanges) < 16


def test_bounded() -> None:
    """However intricate a refusal is, a reduction ends, within the requests it may make."""
    _, exchanges = found(lambda sent: len(added(sent, CONTRACT)) % 2 == 1 or len(sent) > 9)
    cases = {exchange.case for exchange in exchanges if exchange.scenario == "reduction"}
    most = max(sum(exchange.case == case for exchange in exchanges) for case in cases)
    assert most <= MOST + MOST_SUSPECTS


def test_crashes_are_causes_too() -> None:
    """An endpoint that falls over a valid request is treated as one that refuses it."""
    known, _ = found(lambda sent: sent.get("top_k") == 20, status=500)
    assert [cause.blamed for cause in known.causes] == [("top_k",)]
    assert known.causes[0].exchange.status == 500
