"""What a requirement is, and how one is registered.

Everything about one requirement is in one place: source, level, statement (the docstring), scenario, check, mutants.
Registration is by import of the package `conformance.requirements`; there is no hand-kept list.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from .ask import Setting
from .blame import departs
from .contract import Contract, Statement
from .exchange import Exchange
from .model import Depth, Finding, Kind, Level, SuiteError
from .mutants import Mutant
from .scenario import Case, Scenario

Check: TypeAlias = "Callable[..., Iterable[Finding]]"
Checked = TypeVar("Checked", bound="Callable[..., Iterable[Finding]]")
Applies: TypeAlias = "Callable[[Exchange], bool]"
Parameters: TypeAlias = "Callable[[Contract], tuple[str, ...]]"
Mutants: TypeAlias = "Callable[[Contract, str], Iterable[Mutant]]"

CONTEXT = ("contract", "parameter", "run", "aliases")
"""What a check may ask for by keyword: the contract, the row's parameter, all live exchanges of the run, and the other
names that the model answers by."""


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """One rule.

    `source` is the document's field, or the standard or convention, that it follows from.  `scenario` makes the
    exchanges: those it is judged on (SCENARIO), or some to which it surely applies (EACH, RUN).  `parameter` is a
    member of the request, or makes a row for each of several.  `check` is pure and total: it yields what it found, and
    never raises, whatever the bytes were.  `mutants` are the same for every row; `made` makes more of them from the
    contract for the row of a parameter.  It is of a `feature`, and cannot be asked for without another one `beside`.
    `always`: it holds for every reply, also to a request that need not have been accepted.
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
    made: Mutants | None
    feature: str | None
    beside: str | None
    always: bool
    parameter: str | Parameters | None
    wants: tuple[str, ...]

    @property
    def part(self) -> str:
        """The part of the API it speaks of: what its id begins with, and its module's name."""
        return self.id.partition(".")[0]

    def find(self, context: Mapping[str, Any], *exchanges: Any) -> tuple[Finding, ...]:
        """What its check finds in these exchanges; `context` has all that a check may ask for."""
        return tuple(self.check(*exchanges, **{name: context[name] for name in self.wants}))

    def rows(self, contract: Contract) -> tuple[Row, ...]:
        """Its rows for a contract: one, or one for each parameter; none if no statement of the contract claims it."""
        if not contract.claiming(self.id):
            return ()
        parameters = self.parameter(contract) if callable(self.parameter) else (self.parameter,)
        return tuple(
            Row(requirement=self, parameter=each, feature=self.feature or self._feature_of(each, contract))
            for each in parameters
        )

    def _feature_of(self, parameter: str | None, contract: Contract) -> str | None:
        """The feature to which a parameter belongs that has a row of its own."""
        return contract.feature_of(parameter) if callable(self.parameter) and parameter else None


@dataclass(frozen=True, kw_only=True)
class Row:
    """A requirement x parameter: what gets a verdict, a line in the report and an item of pytest's."""

    requirement: Requirement
    parameter: str | None
    feature: str | None = None

    @property
    def id(self) -> str:
        """Its name: "part.fact", or "part.fact:parameter" where the requirement has a row for each of several."""
        return (
            f"{self.requirement.id}:{self.parameter}" if callable(self.requirement.parameter) else self.requirement.id
        )

    def lacks(self, features: Collection[str]) -> str | None:
        """A feature without which it is not asked for, and that is not among these."""
        return next((name for name in (self.feature, self.requirement.beside) if name and name not in features), None)

    def cases(self, setting: Setting) -> tuple[Case, ...]:
        """The cases of its scenario that belong to this row, those of every depth."""
        return tuple(case for case in self.requirement.scenario.cases(setting) if self.owns(case))

    def least(self, contract: Contract) -> Depth:
        """The least depth at which it is judged."""
        return self.requirement.scenario.least(contract)

    def owns(self, case: Case) -> bool:
        """Whether a case of its scenario belongs to this row and not to that of another parameter."""
        if not callable(self.requirement.parameter):
            return True
        body = case.arguments.get("body")
        if isinstance(body, dict):
            return self.parameter in body
        return case.arguments.get("parameter") == self.parameter

    def concerns(self, exchange: Exchange) -> bool:
        """Whether an exchange can be this row's business.

        It is not where it was made for another parameter; and what a reply looks like whose request need not have been
        accepted is nobody's but theirs that always hold.
        """
        own = self.requirement.always or self.requirement.scenario.name == exchange.scenario
        if exchange.ok and departs(exchange) and not own:
            return False
        return not callable(self.requirement.parameter) or exchange.parameter in (None, self.parameter)

    def claims(self, contract: Contract) -> tuple[Statement, ...]:
        """The statements that claim it: of a row for a parameter, those of its field if there are any."""
        all_ = contract.claiming(self.requirement.id)
        own = tuple(each for each in all_ if callable(self.requirement.parameter) and each.field == self.parameter)
        return own or all_

    def mutants(self, contract: Contract) -> tuple[Mutant, ...]:
        """What it must catch."""
        made = self.requirement.made
        return (*self.requirement.mutants, *(made(contract, self.parameter or "") if made else ()))


REGISTERED: dict[str, Requirement] = {}
"""What has been registered so far, by id; `conformance.requirements` has all of it."""


def requirement(
    id: str,  # noqa: A002  # it is the word of the vocabulary
    *,
    level: Level,
    source: str,
    scenario: Scenario,
    mutants: Iterable[Mutant] | Mutants,
    kind: Kind = Kind.SCENARIO,
    applies: Applies | None = None,
    feature: str | None = None,
    beside: str | None = None,
    always: bool = False,
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
            mutants=() if callable(mutants) else tuple(mutants),
            made=mutants if callable(mutants) else None,
            feature=feature,
            beside=beside,
            always=always,
            parameter=parameter,
            wants=tuple(name for name in CONTEXT if name in inspect.signature(check).parameters),
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
    elif not (made.mutants or made.made):
        problem = "has no mutant: nobody has seen it fail"
    elif has_applies == (made.kind is Kind.SCENARIO):
        problem = "of kind each or run needs `applies`, of kind scenario has none"
    if problem:
        raise SuiteError(f"requirement {made.id} {problem}")
