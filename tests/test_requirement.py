"""Requirements: how one is registered, and what holds for all that are."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from itertools import combinations
from typing import Any

import pytest

from conformance import contract as contracts
from conformance import requirements
from conformance.contract import Contract, Statement
from conformance.conversations import stream, talk
from conformance.model import Kind, Level, SuiteError, UsageError, Violation
from conformance.mutants import Call, Mutant
from conformance.record import outgoing
from conformance.requirement import REGISTERED, Requirement, requirement
from conformance.requirements import registry, rows, scenarios
from conformance.scenario import Scenario, Script, scenario
from conformance.spoil import ignores

from .desk import Desk, OddEndpoint, Oddity, setting_for

EVERY = pytest.mark.parametrize("made", list(registry().values()), ids=list(registry()))
CONTRACTS = pytest.mark.parametrize("contract", [*map(contracts.load, contracts.names())], ids=contracts.names())
SLUG = "[a-z0-9]+(-[a-z0-9]+)*"

# -- registration


def documented(*_: object) -> Iterator[Violation]:
    """Nothing
    is ever wrong."""
    yield from ()


def undocumented(*_: object) -> Iterator[Violation]:
    yield from ()


PROPER: dict[str, Any] = {"level": Level.MUST, "source": "tests", "scenario": talk, "mutants": [ignores("n")]}


@pytest.mark.parametrize(
    ("id_", "check", "given", "problem"),
    [
        ("envelope.id", documented, {}, "requirement envelope.id is registered twice"),
        ("tests.made", undocumented, {}, "has no docstring: it is the statement"),
        ("tests.made", documented, {"mutants": []}, "has no mutant: nobody has seen it fail"),
        ("tests.made", documented, {"applies": bool}, "of kind each or run needs `applies`, of kind scenario has none"),
        ("tests.made", documented, {"kind": Kind.EACH}, "needs `applies`"),
        ("tests.made", documented, {"kind": Kind.RUN}, "needs `applies`"),
    ],
)
def test_what_cannot_be_registered(
    id_: str, check: Callable[..., Iterator[Violation]], given: dict[str, Any], problem: str
) -> None:
    """A requirement that lacks something is an error of ours that says what, and leaves the registry as it was."""
    before = dict(REGISTERED)
    with pytest.raises(SuiteError, match=problem):
        requirement(id_, **{**PROPER, **given})(check)
    assert before == REGISTERED


def test_mutants_have_no_default() -> None:
    """A check that nobody has seen fail cannot be written."""
    with pytest.raises(TypeError, match="mutants"):
        requirement("tests.made", level=Level.MUST, source="tests", scenario=talk)  # type: ignore[call-arg]


def test_a_registered_requirement(monkeypatch: pytest.MonkeyPatch) -> None:
    """Registering gives the check back as it was, and makes a value of all that was said, the docstring on one line."""
    kept: dict[str, Requirement] = {}
    monkeypatch.setattr("conformance.requirement.REGISTERED", kept)

    def with_contract(_: object, *, contract: Contract) -> Iterator[Violation]:
        """It sees the contract."""
        yield Violation(pointer="/", observed=contract.name, expected="")

    mutants = (ignores(each) for each in ("n", "stop"))
    assert requirement("tests.made", **{**PROPER, "mutants": mutants})(documented) is documented
    requirement("tests.other", **PROPER, kind=Kind.EACH, applies=bool, feature="n", parameter="n")(with_contract)
    made, other = kept.values()
    assert (made.statement, made.part, made.kind) == ("Nothing is ever wrong.", "tests", Kind.SCENARIO)
    assert [each.name for each in made.mutants] == ["ignores-n", "ignores-stop"]
    assert (made.feature, made.parameter, made.wants) == (None, None, ())
    assert (other.feature, other.parameter, other.wants) == ("n", "n", ("contract",))
    contract = contracts.load("v3-openai")
    assert made.find({"contract": contract}, "anything") == ()
    assert other.find({"contract": contract}, "anything") == (
        Violation(pointer="/", observed="v3-openai", expected=""),
    )


# -- all of them


@EVERY
def test_names(made: Requirement) -> None:
    """An id is part.fact-in-kebab, and its module is named after its part."""
    assert re.fullmatch(rf"[a-z_]+\.{SLUG}", made.id)
    module = made.check.__module__.removeprefix("conformance.requirements.")
    assert module == made.part or module.startswith(f"{made.part}_")


@EVERY
def test_words(made: Requirement) -> None:
    """A statement is a sentence, and a source is named."""
    assert re.fullmatch(r"[A-Z`\[\w].{15,}\.", made.statement)
    assert made.source


@EVERY
def test_claims(made: Requirement) -> None:
    """Some contract claims every requirement; where one claims a MUST, a statement that says MUST is behind it, and
    none is behind what is only observed."""
    claims = {
        name: {statement.level for statement in contracts.load(name).claiming(made.id)} for name in contracts.names()
    }
    assert any(claims.values())
    for levels in filter(None, claims.values()):
        assert made.level is not Level.MUST or Level.MUST in levels


@CONTRACTS
def test_rows(contract: Contract) -> None:
    """Every row has cases of its own at some depth, an id of its own, and a feature that the contract knows."""
    found = rows(contract)
    assert len({row.id for row in found}) == len(found) > 90
    for row in found:
        assert row.cases(setting_for(contract)), row.id
        assert row.requirement.feature is None or row.requirement.feature in contract.features
        assert row.requirement.parameter is None or row.parameter in {*contract.parameters, "stream_options"}


def test_a_row_for_each_parameter() -> None:
    """A requirement with several parameters has a row for each, which owns the cases of that one alone."""
    contract = contracts.load("highwayapi")
    found = {row.id: row for row in registry()["errors.missing-member-refused"].rows(contract)}
    assert set(found) == {"errors.missing-member-refused:model", "errors.missing-member-refused:messages"}
    ids = {case.id for case in found["errors.missing-member-refused:model"].cases(setting_for(contract))}
    assert ids == {"missing_member[parameter=model]", "missing_member[parameter=model,stream]"}
    assert registry()["choices.count"].rows(contract)[0].id == "choices.count"


def statement(*claims: str) -> Statement:
    """A statement that claims these."""
    return Statement(
        id="tests.claim",
        field="n",
        level=Level.MUST,
        text="x",
        requirements=claims,
        excluded=None,
        basis=None,
        resolved=None,
        file="tests/statements.toml",
        line=1,
    )


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"statements": (statement("no.such"),)}, "v3-openai: statement tests.claim: no requirement 'no.such'"),
        (
            {"statements": (statement("choices.count"),), "features": {}},
            r"v3-openai: statement tests.claim: choices.count is of feature 'n', which \[features\] does not name",
        ),
    ],
)
def test_rows_of_a_broken_contract(change: dict[str, Any], problem: str) -> None:
    """A claim of what does not exist, or of a feature that the contract does not name, is an error that says where."""
    with pytest.raises(UsageError, match=problem):
        rows(replace(contracts.load("v3-openai"), **change))


def test_unclaimed_is_no_row() -> None:
    """A contract has no row of what none of its statements claims."""
    contract = replace(contracts.load("v3-openai"), statements=(statement("envelope.id", "choices.count"),))
    assert {row.id for row in rows(contract)} == {"choices.count", "envelope.id"}


# -- scenarios


@scenario(steps=1, tokens=1)
def another(_: object) -> Script:
    """Another script."""
    yield from ()
    return None


def test_scenarios_have_names_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """One name is one script, whatever cases requirements make of it; two scripts of one name are an error of ours."""
    assert all(name == each.name for name, each in scenarios().items())
    some = registry()["envelope.id"]

    def registered(*used: Scenario) -> None:
        known = {str(n): replace(some, scenario=each) for n, each in enumerate(used)}
        monkeypatch.setattr(requirements, "REGISTERED", known)

    registered(talk, stream)
    assert set(scenarios()) == {"talk"}
    registered(talk, replace(another, name="talk"))
    with pytest.raises(SuiteError, match="two scenarios are called talk"):
        scenarios()


# -- mutants


def same_name() -> dict[str, list[Mutant]]:
    """All mutants by name."""
    found: dict[str, list[Mutant]] = defaultdict(list)
    for made in registry().values():
        for each in made.mutants:
            found[each.name].append(each)
    return found


@EVERY
def test_mutants_of_one_requirement(made: Requirement) -> None:
    """No two mutants of a requirement have the same name, for the second would never be tried."""
    names = [each.name for each in made.mutants]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(SLUG, name) for name in names)
    assert all(re.fullmatch(r"\S.{8,}[^.]", each.about) for each in made.mutants)


def changes(mutant: Mutant) -> set[str]:
    """What kind of change it is."""
    return {each.name for each in fields(mutant) if getattr(mutant, each.name) is not None}


CALLS = (
    "talk",
    "talk[stream]",
    "several",
    "several[stream]",
    "plain_stream",
    "missing_member[parameter=model]",
    "limit[member=max_tokens,most=4]",
    "null_n",
    "who_is_asking",
    "malformed_json",
)


@pytest.fixture(scope="module")
def calls() -> list[Call]:
    """What a few cases ask of the reference endpoint."""
    contract = contracts.load("highwayapi")
    desk = Desk(contract, OddEndpoint(contract, Oddity(name="plain")).answer)
    cases = {case.id: case for row in rows(contract) for case in row.cases(setting_for(contract))}
    for name in CALLS:
        desk.perform(cases[name])
    return [
        Call(method=each.method, path=contract.path, headers=outgoing(each, desk.target), body=each.body)
        for each in desk.asked
    ]


def test_one_name_is_one_fault(calls: list[Call]) -> None:
    """Mutants of one name are one fault: they say the same of themselves, change the same kind of thing, and answer
    alike."""
    contract = contracts.load("highwayapi")
    shared = {name: mutants for name, mutants in same_name().items() if len(mutants) > 1}
    assert len(shared) > 2
    for name, mutants in shared.items():
        for one, other in combinations(mutants, 2):
            assert one.about == other.about, name
            assert changes(one) == changes(other), name
        answers = [
            [OddEndpoint(contract, Oddity(name="", mutant=each)).answer(call) for call in calls] for each in mutants
        ]
        assert all(answer == answers[0] for answer in answers), name
