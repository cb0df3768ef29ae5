"""What a requirement is, and how one is registered.

Everything about one requirement is in one place: source, level, statement (the docstring), scenario, check, mutants.
Registration is by import of the package `conformance.requirements`; there is no hand-kept list.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from .contract import Contract
from .exchange import Exchange
from .model import Finding, Kind, Level, SuiteError
from .mutants import Mutant
from .scenario import Case, Scenario

Check: TypeAlias = "Callable[..., Iterable[Finding]]"
Checked = TypeVar("Checked", bound="Callable[..., Iterable[Finding]]")
Applies: TypeAlias = "Callable[[Exchange], bool]"
Parameters: TypeAlias = "Callable[[Contract], tuple[str, ...]]"


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """One rule.

    `source` is the document's field, or the standard or convention, that it follows from.  `scenario` makes the
    exchanges: those it is judged on (SCENARIO), or some to which it surely applies (EACH, RUN).  `parameter` is a
    member of the request, or makes a row for each of several.  `check` is pure and total: it yields what it found, and
    never raises, whatever the bytes were.
    """

    id: str
    level: Level
    kind: Kind
    source: str
    statement: str
    scenario: Scenario
    check: Check
    applies: Applies
    mutants: tuple[Mutant, ...]
    feature: str | None
    parameter: str | Parameters | None
    wants_contract: bool

    @property
    def part(self) -> str:
        """The part of the API it speaks of: what its id begins with, and its module's name."""
        return self.id.partition(".")[0]

    def find(self, contract: Contract, *exchanges: Any) -> tuple[Finding, ...]:
        """What its check finds in these exchanges."""
        if self.wants_contract:
            return tuple(self.check(*exchanges, contract=contract))
        return tuple(self.check(*exchanges))

    def rows(self, contract: Contract) -> tuple[Row, ...]:
        """Its rows for a contract: one, or one for each parameter; none if no statement of the contract claims it."""
        if not contract.claiming(self.id):
            return ()
        parameters = self.parameter(contract) if callable(self.parameter) else (self.parameter,)
        return tuple(Row(requirement=self, parameter=parameter) for parameter in parameters)


@dataclass(frozen=True, kw_only=True)
class Row:
    """A requirement x parameter: what gets a verdict, a line in the report and an item of pytest's."""

    requirement: Requirement
    parameter: str | None

    @property
    def id(self) -> str:
        """Its name: "part.fact", or "part.fact:parameter" where the requirement has a row for each of several."""
        return (
            f"{self.requirement.id}:{self.parameter}" if callable(self.requirement.parameter) else self.requirement.id
        )

    def cases(self, contract: Contract) -> tuple[Case, ...]:
        """The cases of its scenario that belong to this row, those of every depth."""
        return tuple(case for case in self.requirement.scenario.cases(contract) if self.owns(case))

    def owns(self, case: Case) -> bool:
        """Whether a case of its scenario belongs to this row and not to that of another parameter."""
        return not callable(self.requirement.parameter) or case.arguments.get("parameter") == self.parameter


REGISTERED: dict[str, Requirement] = {}
"""What has been registered so far, by id; `conformance.requirements` has all of it."""


def requirement(
    id: str,  # noqa: A002  # it is the word of the vocabulary
    *,
    level: Level,
    source: str,
    scenario: Scenario,
    mutants: Iterable[Mutant],
    kind: Kind = Kind.SCENARIO,
    applies: Applies | None = None,
    feature: str | None = None,
    parameter: str | Parameters | None = None,
) -> Callable[[Checked], Checked]:
    """Register the decorated check as a requirement; its docstring is the statement.

    `mutants` has no default: a check that nobody has seen fail cannot be written.
    """

    def register(check: Checked) -> Checked:
        made = Requirement(
            id=id,
            level=level,
            kind=kind,
            source=source,
            statement=" ".join((check.__doc__ or "").split()),
            scenario=scenario,
            check=check,
            applies=applies or (lambda _: True),
            mutants=tuple(mutants),
            feature=feature,
            parameter=parameter,
            wants_contract="contract" in inspect.signature(check).parameters,
        )
        _validate(made, has_applies=applies is not None)
        REGISTERED[id] = made
        return check

    return register


def _validate(made: Requirement, *, has_applies: bool) -> None:
    problem = None
    if made.id in REGISTERED:
        problem = "is registered twice"
    elif not made.statement:
        problem = "has no docstring: it is the statement"
    elif not made.mutants:
        problem = "has no mutant: nobody has seen it fail"
    elif has_applies == (made.kind is Kind.SCENARIO):
        problem = "of kind each or run needs `applies`, of kind scenario has none"
    if problem:
        raise SuiteError(f"requirement {made.id} {problem}")
