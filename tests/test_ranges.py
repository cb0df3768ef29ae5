"""Generated requests against endpoints that honour their document, each in its own way, and against one that does not."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from conformance import contract as contracts
from conformance import plan
from conformance.ask import Setting
from conformance.catalogue import covered, faults
from conformance.generate.kitchen import whole_kitchen
from conformance.hearing import hear
from conformance.judge import Judged, judge
from conformance.model import Depth, Verdict, Zone
from conformance.mutants import Call, Mutant, Refused, Sent, Wire
from conformance.scenario import Case
from conformance.shrink import reductions

from .desk import Desk, OddEndpoint, Oddity
from .each import EACH

GENERATED = ("ranges", "requests", "envelope.no-error-in-success")


@cache
def planned(name: str, seed: int) -> plan.Plan:
    """What is generated for a contract with its default features."""
    contract = contracts.load(name)
    on = frozenset(feature for feature, is_on in contract.features.items() if is_on)
    return plan.make(Setting(contract=contract, model="reference", features=on, seed=seed), Depth.STANDARD, GENERATED)


def said(name: str, oddity: Oddity, seed: int = 1) -> dict[str, Judged]:
    """Each row's verdict on an odd endpoint, by id."""
    made = planned(name, seed)
    desk = Desk(made.setting.contract, OddEndpoint(made.setting.contract, oddity).answer)
    desk.setting = made.setting
    done: set[str] = set()
    for step in made.steps:
        desk.perform(step.case)
    for _ in range(4):
        cases: list[Case] = [case for case in reductions(hear(desk.evidence, desk.setting)) if case.id not in done]
        for case in cases:
            done.add(case.id)
            desk.perform(case)
    return {each.row.id: each for each in judge(hear(desk.evidence, desk.setting), made.rows)}


def bad(judged: dict[str, Judged]) -> dict[str, Verdict]:
    """The verdicts that a reader has to look at."""
    return {id_: each.verdict for id_, each in judged.items() if each.verdict not in (Verdict.PASS, Verdict.OBSERVED)}


ALSO = {"requests.accepted"}
"""The row that every refusal of a valid request is held against, whatever it has."""

CONTRACTS = pytest.mark.parametrize("name", EACH)
ASKED = pytest.mark.parametrize(
    "name", [pytest.param(each, marks=pytest.mark.long) if each == "v3-openai" else each for each in EACH]
)
"""Of those that are asked all they have, the smallest is for the long tests."""


@ASKED
@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.long)])
def test_no_false_alarm(name: str, seed: int) -> None:
    """An endpoint that honours its document passes, whatever the seed."""
    assert bad(said(name, Oddity(name="plain"), seed)) == {}


def refuses_disputed(name: str) -> Mutant:
    """An endpoint that takes the narrow reading of everything."""
    contract = contracts.load(name)
    store = whole_kitchen(contract)

    whole = [each for each, found in store.parameters.items() if "number" not in found.types]

    def refuse(sent: Sent) -> Refused | None:
        disputed = contract.zone(sent) is Zone.DISPUTED or any(isinstance(sent.get(each), float) for each in whole)
        return Refused(status=400, parameter=next(iter(sent), "")) if disputed else None

    return Mutant(name="narrow", about="takes the narrow reading", refuse=refuse)


@ASKED
def test_narrow_reading(name: str) -> None:
    """An endpoint that refuses every disputed value passes, and its readings say so."""
    judged = said(name, Oddity(name="narrow", mutant=refuses_disputed(name)))
    allowed = {"ranges.names-parameter": Verdict.WARN}  # it names any member
    assert {id_: verdict for id_, verdict in bad(judged).items() if id_ not in allowed} == {}
    values = [each.value or "" for id_, each in judged.items() if id_.startswith("ranges.disputed:")]
    assert all("accepted" not in value for value in values)
    assert any("refused" in value for value in values)


@pytest.mark.parametrize(
    ("oddity", "warned"),
    [
        (
            Mutant(name="strict-422", about="", wire=lambda _, wire: _with_status(wire, 400, 422)),
            set(),
        ),
        (
            Mutant(
                name="unknown-refused",
                about="",
                refuse=lambda sent: Refused(status=400, parameter="x") if "x_unknown_member" in sent else None,
            ),
            set(),
        ),
        (
            Mutant(
                name="ignores-what-it-does-not-know",
                about="",
                request=lambda call: _without(call, "min_p"),
            ),
            {"ranges.rejects-out-of-range:min_p", "ranges.rejects-wrong-type:min_p"},
        ),
    ],
    ids=lambda given: given.name if isinstance(given, Mutant) else "",
)
def test_other_manners(oddity: Mutant, warned: set[str]) -> None:
    """Other manners of refusing are fine; what is not looked at is warned of, and nothing else is."""
    assert set(bad(said("highwayapi", Oddity(name=oddity.name, mutant=oddity)))) == warned


def _with_status(wire, old: int, new: int):  # type: ignore[no-untyped-def]
    return replace(wire, status=new) if wire.status == old else wire


def _without(call: Call, member: str) -> Call:
    sent = dict(call.sent)
    return call.with_body(sent) if sent.pop(member, call) is not call else call


@pytest.mark.parametrize(
    ("fault", "row", "verdict"),
    [
        ("top-k-greatest-refused", "ranges.accepts-boundary:top_k", Verdict.FAIL),
        ("temperature-refused-inside", "ranges.accepts-valid:temperature", Verdict.FAIL),
        ("seed-null-refused", "ranges.null-accepted:seed", Verdict.FAIL),
        ("n-accepts-129", "ranges.rejects-out-of-range:n", Verdict.WARN),
        ("top-p-coerced", "ranges.rejects-wrong-type:top_p", Verdict.WARN),
        ("stop-wrong-type-is-500", "ranges.no-crash:stop", Verdict.FAIL),
        ("min-p-refused-in-streams", "ranges.works-in-stream:min_p", Verdict.FAIL),
        ("hot-streams-of-few-are-500", "ranges.combination", Verdict.FAIL),
    ],
)
def test_the_right_parameter_is_named(fault: str, row: str, verdict: Verdict) -> None:
    """A fault of one parameter is found in its row, and no other row finds anything; some have nothing left to judge."""
    judged = said("highwayapi", Oddity(name=fault, mutant=faults()[fault]))
    found = bad(judged)
    once = Verdict.WARN if verdict is Verdict.FAIL else Verdict.PASS  # seen once; a run asks again
    assert found.get(row, Verdict.PASS) in (verdict, once)
    assert row in found or judged[row].again
    assert {id_ for id_, each in found.items() if each is not Verdict.INCONCLUSIVE} <= {row, *ALSO}


def test_a_refusal_with_200_is_no_acceptance() -> None:
    """Where only wrong values are refused with 200 and an error, that is the fault; no value counts as accepted, and
    whoever warns of one says how it was answered."""
    contract = contracts.load("highwayapi")

    def wire(call: Call, reply: Wire) -> Wire:
        wrong = "messages" in call.sent and "model" in call.sent
        return replace(reply, status=200) if wrong and reply.status == 400 else reply

    mutant = Mutant(name="refusals-of-values-are-200", about="", wire=wire)
    judged = said(contract.name, Oddity(name=mutant.name, mutant=mutant))
    assert judged["envelope.no-error-in-success"].verdict is Verdict.FAIL
    assert judged["ranges.refusal-status"].verdict is Verdict.WARN
    warned = [each for id_, each in judged.items() if id_.startswith("ranges.rejects-") and each.exemplars]
    assert warned
    assert all("200 with an error in its body" in each.exemplars[0].violations[0].observed for each in warned)
    values = [each.value or "" for id_, each in judged.items() if id_.startswith("ranges.disputed:")]
    plainly = said(contract.name, Oddity(name="plain"))
    assert [each.replace(" with 200", "") for each in values] == [
        each.value for id_, each in plainly.items() if id_.startswith("ranges.disputed:")
    ]
    assert any("refused with 200" in each for each in values)


@CONTRACTS
def test_coverage_is_told(name: str) -> None:
    """A plan says how many boundary classes its combinations reach, and it is all of them."""
    line = next(iter(covered(planned(name, 1))))
    reached = line.split()
    assert reached[3] == reached[5]
    assert "pairs" in line
