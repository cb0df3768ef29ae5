"""The self-proof: it holds, and it would not if a mutant survived or a row failed on the clean endpoint."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from conformance import contract as contracts
from conformance import selfcheck
from conformance.exchange import Exchange
from conformance.model import Finding, NotJudged, Observation, Violation
from conformance.mutants import Mutant
from conformance.requirement import Row
from conformance.requirements import registry, rows
from conformance.selfcheck import Proof, command, matrix, prove
from conformance.spoil import completion
from conformance.workbench import CLEAN

HARMLESS = completion("harmless", "nothing is wrong", lambda _, body: body.update(x_vendor=1))


def proof(got: str, wanted: str, mutant: str = "spoilt", contract: str = "one") -> Proof:
    """A proof of a row."""
    return Proof(contract=contract, row="part.fact", mutant=mutant, wanted=wanted, got=got, reason="why")


SLOW = {"logprobs", "sampling"}
"""Parts that take their time; `chat-conformance selfcheck` has them all."""


@pytest.mark.long
def test_it_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """On the clean endpoint every row of a contract passes or observes, and each of its mutants is killed."""
    known = rows(contracts.load("v3-openai"))
    judged = [
        row for row in known if row.requirement.part not in SLOW and row.parameter not in ("messages", "logit_bias")
    ]
    monkeypatch.setattr("conformance.selfcheck.rows", lambda _: judged)
    proofs = list(prove("v3-openai"))
    assert [each for each in proofs if not each.holds] == []
    assert {each.row for each in proofs} == {row.id for row in judged}
    assert len(proofs) == sum(1 + len(row.mutants(contracts.load("v3-openai"))) for row in judged)
    assert {each.wanted for each in proofs if each.mutant == CLEAN and "observed" not in each.wanted} == {"pass"}


@pytest.mark.parametrize(
    ("got", "wanted", "holds"),
    [
        ("fail", "fail", True),
        ("warn", "fail", False),
        ("pass", "fail", False),
        ("error", "fail", False),
        ("inconclusive", "warn", False),
        ("observed a", "≠observed b", True),
        ("observed a", "≠observed a", False),
        ("inconclusive", "observed another value", False),
    ],
)
def test_what_holds(got: str, wanted: str, holds: bool) -> None:
    """A proof holds when the row said the very thing that it must, or of an observation another thing."""
    assert proof(got, wanted).holds is holds


def raises(_: Exchange) -> Iterator[Finding]:
    """Our own fault."""
    raise KeyError("x")


def violates(_: Exchange) -> Iterator[Finding]:
    """A false alarm."""
    yield Violation(pointer="/", observed="a", expected="b")


def shrugs(_: Exchange) -> Iterator[Finding]:
    """Nothing is ever judged."""
    yield NotJudged(reason="no idea")


def observes(exchange: Exchange) -> Iterator[Finding]:
    """What the endpoint calls its reply."""
    yield Observation(value=str(exchange.members.get("object")))


def prove_only(
    monkeypatch: pytest.MonkeyPatch, id_: str, *mutants: Mutant, **given: Any
) -> tuple[int, dict[tuple[str, str], str], list[str]]:
    """The exit code for one requirement that was changed, what it said of each mutant, and the lines printed."""
    made = replace(registry()[id_], mutants=mutants, **given)
    monkeypatch.setattr(selfcheck, "rows", lambda _: (Row(requirement=made, parameter=None),))
    said: list[str] = []
    code = command(["v3-openai"], as_json=True, say=said.append)
    found = {(each["requirement"], each["mutant"]): each["got"] for each in json.loads(said.pop())}
    lines: list[str] = []
    assert command(["v3-openai"], as_json=False, say=lines.append) == code
    return code, found, lines


def test_contracts_are_proven_side_by_side() -> None:
    """Several contracts give the proofs that each gives alone, in the order in which they were named."""
    names, selection = ["v3-openai", "basic-gateway"], ["choices.count"]
    lines: list[str] = []
    assert command(names, as_json=True, say=lines.append, selection=selection) == 0
    alone = [each for name in names for each in prove(name, selection)]
    assert [(each["contract"], each["mutant"], each["got"]) for each in json.loads(lines[0])] == [
        (each.contract, each.mutant, each.got) for each in alone
    ]
    assert len({each.contract for each in alone}) == 2


def test_a_survivor(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mutant that no violation betrays makes the exit code 1 and is named; without it the code is 0."""
    killed = registry()["envelope.id"].mutants[0]
    code, found, lines = prove_only(monkeypatch, "envelope.id", killed, HARMLESS)
    assert (code, found["envelope.id", killed.name], found["envelope.id", "harmless"]) == (1, "fail", "pass")
    assert "NOT PROVEN v3-openai: envelope.id on harmless: is pass, not fail (None)" in lines
    assert lines[-1].startswith("1 of 2 mutants killed, 1 of 1 rows pass clean; 1 requirements, 2 distinct mutants")
    assert prove_only(monkeypatch, "envelope.id", killed)[0] == 0


@pytest.mark.parametrize(
    ("id_", "check", "clean", "mutated"),
    [
        ("envelope.id", violates, "fail", "fail"),
        ("envelope.id", raises, "error", "error"),
        ("envelope.id", shrugs, "inconclusive", "inconclusive"),
        ("streaming.object-reading", observes, "observed None", "observed None"),
        ("streaming.object-reading", shrugs, "inconclusive", "inconclusive"),
    ],
)
def test_a_check_that_proves_nothing(
    monkeypatch: pytest.MonkeyPatch, id_: str, check: Any, clean: str, mutated: str
) -> None:
    """A check that always violates, raises, judges nothing or observes the same is not proven."""
    spoilt = registry()[id_].mutants[0]
    code, found, _ = prove_only(monkeypatch, id_, spoilt, check=check, wants=())
    assert (code, found[id_, CLEAN], found[id_, spoilt.name]) == (1, clean, mutated)


def test_a_wire_mutant_goes_over_a_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that is cut shows over a socket only, and there it is seen."""
    cut = registry()["http.complete"].mutants[0]
    seen: list[Exchange] = []

    def check(exchange: Exchange) -> Iterator[Finding]:
        seen.append(exchange)
        yield from registry()["http.complete"].check(exchange)

    code, found, _ = prove_only(monkeypatch, "http.complete", cut, check=check)
    assert (code, found["http.complete", cut.name]) == (0, "fail")
    assert {(each.error or "").partition(":")[0] for each in seen} == {"", "closed"}


def test_the_matrix() -> None:
    """A line for each row and mutant with a sign for each contract, then what is not proven, then the sums."""
    proofs = [
        proof("pass", "pass", CLEAN),
        proof("fail", "fail"),
        proof("pass", "pass", CLEAN, "another"),
        proof("pass", "fail", "spoilt", "another"),
        proof("fail", "fail", "worse", "another"),
    ]
    head, *lines = matrix(proofs)
    assert head.split() == ["requirement", "mutant", "one", "another"]
    assert [line.split()[2:] for line in lines[:3]] == [["✓", "✓"], ["✓", "✗"], ["·", "✓"]]
    assert lines[3] == "NOT PROVEN another: part.fact on spoilt: is pass, not fail (why)"
    assert lines[4] == (
        "2 of 3 mutants killed, 2 of 2 rows pass clean; 1 requirements, 2 distinct mutants, 2 contracts"
    )
    assert len(lines) == 5


def test_nothing_is_no_proof() -> None:
    """Without a contract nothing is proven, and the exit code says so."""
    assert command([], as_json=False, say=lambda _: None) == 1
