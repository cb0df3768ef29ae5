"""Requirements x mutants: every requirement passes on the reference endpoint and is killed by each of its mutants.

Rule: killed means by the named requirement, with the verdict that its level asks for, on evidence made as in any run.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from multiprocessing import get_context

from . import __version__
from . import contract as contracts
from .judge import Judged
from .model import JSON, Level, UsageError, Verdict
from .plan import matches
from .requirement import Row
from .requirements import rows
from .workbench import CLEAN, Bench


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What one row said of one mutant, or of the clean endpoint: `wanted` and `got` are verdicts, with their value."""

    contract: str
    row: str
    mutant: str
    wanted: str
    got: str
    reason: str | None = None

    @property
    def holds(self) -> bool:
        """The row said what it must."""
        return self.got != self.wanted[1:] if self.wanted.startswith("≠") else self.got == self.wanted


def prove(name: str, selection: Sequence[str] = ()) -> Iterator[Proof]:
    """Every row of a contract on the clean endpoint, and on each of its mutants; or those that a selection names."""
    with Bench(name) as bench:
        for row in rows(bench.contract):
            if selection and not any(matches(row, pattern) for pattern in selection):
                continue
            clean = bench.said(row, None)
            yield _proof(bench, row, CLEAN, clean, "pass" if row.requirement.level is not Level.OBSERVE else "≠")
            for mutant in row.mutants(bench.contract):
                yield _proof(bench, row, mutant.name, bench.said(row, mutant), _wanted(row, clean))


def _wanted(row: Row, clean: Judged) -> str:
    """What a killed mutant gives: fail, warn, or another value than the clean endpoint's."""
    if row.requirement.level is Level.OBSERVE:
        return f"≠{_word(clean)}"
    return "fail" if row.requirement.level is Level.MUST else "warn"


def _word(judged: Judged) -> str:
    return f"observed {judged.value}" if judged.verdict is Verdict.OBSERVED else judged.verdict.value


def _proof(bench: Bench, row: Row, mutant: str, judged: Judged, wanted: str) -> Proof:
    got = _word(judged)
    if wanted == "≠":  # any observation will do
        wanted = got if judged.verdict is Verdict.OBSERVED else "observed"
    elif wanted.startswith("≠") and judged.verdict is not Verdict.OBSERVED:
        wanted = "observed another value"
    first = next((violation.message for unit in judged.exemplars for violation in unit.violations), None)
    return Proof(
        contract=bench.contract.name, row=row.id, mutant=mutant, wanted=wanted, got=got, reason=judged.reason or first
    )


def command(
    names: Iterable[str],
    *,
    as_json: bool,
    say: Callable[[str], object],
    pack: Callable[[dict[str, JSON]], object] | None = None,
    selection: Sequence[str] = (),
) -> int:
    """Prove these contracts, or what a selection names of them, and print the matrix; 0 if every proof holds, else 1.

    `pack` is given the figures.  Raises UsageError for a selection that matches nothing.
    """
    names = tuple(names)
    known = [row for name in names if selection for row in rows(contracts.load(name))]
    for pattern in selection:
        if not any(matches(row, pattern) for row in known):
            raise UsageError(
                f"--select {pattern}: no requirement is called that; `chat-conformance list requirements` names them"
            )
    proofs = list(side_by_side(names, selection))
    if pack is not None:
        pack(figures(proofs))
    if as_json:
        say(json.dumps([_to_json(proof) for proof in proofs], indent=1))
    else:
        for line in matrix(proofs):
            say(line)
    return 0 if proofs and all(proof.holds for proof in proofs) else 1


def side_by_side(names: Sequence[str], selection: Sequence[str]) -> Iterator[Proof]:
    """The proofs of these contracts in their order, made by as many processes as there are processors."""
    workers = min(len(names), os.cpu_count() or 1)
    if workers < 2:
        for name in names:
            yield from prove(name, selection)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for proofs in pool.map(_proved, names, repeat(selection)):
            yield from proofs


def _proved(name: str, selection: Sequence[str]) -> list[Proof]:
    return list(prove(name, selection))


def _to_json(proof: Proof) -> dict[str, JSON]:
    return {
        "contract": proof.contract,
        "requirement": proof.row,
        "mutant": proof.mutant,
        "wanted": proof.wanted,
        "got": proof.got,
        "holds": proof.holds,
    }


def matrix(proofs: Sequence[Proof]) -> Iterator[str]:
    """One line a row and mutant with a sign for each contract, the survivors, and the sums."""
    names = list(dict.fromkeys(proof.contract for proof in proofs))
    cells: dict[tuple[str, str], dict[str, Proof]] = {}
    for proof in proofs:
        cells.setdefault((proof.row, proof.mutant), {})[proof.contract] = proof
    yield f"{'requirement':40} {'mutant':44} {' '.join(names)}"
    for (row, mutant), by in cells.items():
        signs = (("✓" if by[name].holds else "✗") if name in by else "·" for name in names)
        yield f"{row:40} {mutant:44} " + " ".join(
            f"{sign:{len(name)}}" for sign, name in zip(signs, names, strict=True)
        )
    for proof in proofs:
        if not proof.holds:
            yield (
                f"NOT PROVEN {proof.contract}: {proof.row} on {proof.mutant}: is {proof.got}, not {proof.wanted}"
                f" ({proof.reason})"
            )
    sums = figures(proofs)
    yield (
        f"{sums['killed']} of {sums['kills']} mutants killed, {sums['passed']} of {sums['rows']} rows pass clean; "
        f"{sums['requirements']} requirements, {sums['mutants']} distinct mutants, {sums['contracts']} contracts"
    )


def figures(proofs: Sequence[Proof]) -> dict[str, JSON]:
    """The sums of the matrix: a kill is one mutant put before one row of one contract, a pass one row that is clean."""
    kills = [proof for proof in proofs if proof.mutant != CLEAN]
    clean = [proof for proof in proofs if proof.mutant == CLEAN]
    return {
        "suite_version": __version__,
        "contracts": len({proof.contract for proof in proofs}),
        "requirements": len({proof.row.partition(":")[0] for proof in proofs}),
        "mutants": len({proof.mutant for proof in kills}),
        "kills": len(kills),
        "killed": sum(proof.holds for proof in kills),
        "rows": len(clean),
        "passed": sum(proof.holds for proof in clean),
    }
