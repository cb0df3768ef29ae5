"""All there is to know of a requirement: what `explain` prints, and what docs/ is made of.

Rule: both are views of one `Explanation`, so that neither can say what the other does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from . import catalogue
from . import contract as contracts
from .console import many
from .contract import Contract
from .model import Depth, Kind
from .requirement import Requirement
from .requirements import registry

KINDS = {
    Kind.SCENARIO: "what one performance of its scenario was answered",
    Kind.EACH: "every exchange of a run that it applies to, whoever asked for it",
    Kind.RUN: "all exchanges of a run together",
}

MANY = 12
"""Faults that a page shows unfolded."""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A statement of a contract that claims the requirement: its id and words, the document's file and field or the
    standard that it comes from, and the file of ours that has it."""

    contract: str
    id: str
    source: str
    text: str
    file: str


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """A requirement in words; `facts` and `faults` are pairs of a name and what it is."""

    id: str
    level: str
    statement: str
    facts: tuple[tuple[str, str], ...]
    claims: tuple[Claim, ...]
    faults: tuple[tuple[str, str], ...]


def explain(name: str) -> Explanation:
    """Explain a requirement, given by its id or a row's.  Raises UsageError with the nearest id there is."""
    known = registry()
    found = known.get(name.partition(":")[0])
    if found is None:
        raise catalogue.unknown("requirement", name, list(known))
    loaded = [contracts.load(each) for each in contracts.names()]
    return Explanation(
        id=found.id,
        level=found.level.value,
        statement=found.statement,
        facts=tuple(_facts(found, loaded)),
        claims=tuple(
            Claim(
                contract=contract.name,
                id=statement.id,
                source=contract.source(statement),
                text=statement.text,
                file=statement.file,
            )
            for contract in loaded
            for statement in contract.claiming(found.id)
        ),
        faults=tuple((mutant.name, mutant.about) for mutant in catalogue.mutants(found, None)),
    )


def _facts(found: Requirement, loaded: list[Contract]) -> Iterator[tuple[str, str]]:
    claimed = [contract for contract in loaded if contract.claiming(found.id)]
    yield "judged on", KINDS[found.kind]
    if found.feature:
        needed = f"{found.feature}, beside {found.beside}" if found.beside else found.feature
        yield "feature", f"{needed}; where it is off the verdict is unsupported"
    depth = min((found.scenario.least(each) for each in claimed), key=lambda each: each.rank, default=Depth.FULL)
    yield "depth", {Depth.SMOKE: "smoke", Depth.STANDARD: "standard", Depth.FULL: "full"}[depth] + " or greater"
    parameters = dict.fromkeys(row.parameter for each in claimed for row in found.rows(each) if row.parameter)
    if callable(found.parameter):
        yield "a row each", ", ".join(parameters)
    elif parameters:
        yield "parameter", ", ".join(parameters)
    yield "scenario", f"{found.scenario.name}: {found.scenario.purpose}"
    yield "costs", f"at most {many(found.scenario.steps, 'request')} a performance"


def lines(said: Explanation) -> Iterator[str]:
    """An explanation for a terminal."""
    yield f"{said.id}  {said.level}"
    yield f"  {said.statement}"
    for name, what in said.facts:
        yield f"  {name:17} {what}"
    for claim in said.claims:
        yield f"  {claim.contract:17} {claim.source}: {claim.text} ({claim.id} in {claim.file})"
    for name, about in said.faults:
        yield f"  {'catches':17} {name}: {about}"


def section(said: Explanation) -> Iterator[str]:
    """The same as a section of a Markdown page, which has to say where the `label` of each claim's file leads."""
    yield f"## {said.id}"
    yield ""
    yield f"**{said.level}.** {_plain(said.statement)}"
    yield ""
    yield from (f"- {name}: {_plain(what)}" for name, what in said.facts)
    yield ""
    yield "Claimed by:"
    yield ""
    for text in dict.fromkeys(claim.text for claim in said.claims):
        where = "; ".join(_where(claim) for claim in said.claims if claim.text == text)
        yield f"- {_plain(text)} ({where})"
    yield ""
    folded = len(said.faults) > MANY
    yield f"<details><summary>Catches {len(said.faults)} faults</summary>" if folded else "Catches:"
    yield ""
    yield from (f"- `{name}`: {_plain(about)}" for name, about in said.faults)
    yield ""
    if folded:
        yield "</details>"
        yield ""


def label(file: str) -> str:
    """The name under which a page links to a contract's file: the folder's."""
    return file.split("/")[-2]


def _where(claim: Claim) -> str:
    return f"{claim.contract}: {_plain(claim.source)}, [{claim.id}][{label(claim.file)}]"


def _plain(words: str) -> str:
    """The words with what Markdown would act upon behind backslashes; inside of a word it acts upon no underscore."""
    return re.sub(r"[\\`*<>&~\[\]]|\b_|_\b", lambda match: f"\\{match[0]}", words)
