"""All requirements: one module per part of the API, its scenarios, its requirements and their mutants together.

Rule: importing this package imports every module in it, and that registers what they hold; there is no list to keep.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from ..contract import Contract
from ..model import SuiteError, UsageError
from ..requirement import REGISTERED, Requirement, Row
from ..scenario import Scenario

for _module in sorted(each.name for each in iter_modules(__path__)):
    import_module(f"{__name__}.{_module}")


def registry() -> Mapping[str, Requirement]:
    """All requirements by id, in the order in which their modules define them."""
    return REGISTERED


@cache
def rows(contract: Contract) -> tuple[Row, ...]:
    """All rows of a contract.  Raises UsageError for a claim whose requirement, or whose feature, does not exist."""
    known = registry()
    for statement in contract.statements:
        for claimed in statement.requirements:
            if claimed not in known:
                raise UsageError(f"contract {contract.name}: statement {statement.id}: no requirement {claimed!r}")
            feature = known[claimed].feature
            if feature is not None and feature not in contract.features:
                raise UsageError(
                    f"contract {contract.name}: statement {statement.id}: {claimed} is of feature {feature!r}, which "
                    "[features] does not name"
                )
    return tuple(row for each in known.values() for row in each.rows(contract))


def scenarios() -> Mapping[str, Scenario]:
    """All scenarios by name.  Raises SuiteError where two share one."""
    found: dict[str, Scenario] = {}
    for each in registry().values():
        other = found.setdefault(each.scenario.name, each.scenario)
        if other.script is not each.scenario.script:
            raise SuiteError(f"two scenarios are called {other.name}")
    return found
