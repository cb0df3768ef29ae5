"""Whose prompt a reply was for, and whether it was read to its end, by the counts of its tokens."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from conformance.model import Verdict
from conformance.mutants import Mutant
from conformance.requirements import registry
from conformance.requirements import rows as rows_of
from conformance.requirements.isolation import SEATS, prompt_of
from conformance.requirements.isolation_prompts import _is_of_another, _level_from, _out_of_order
from conformance.workbench import Bench

MUTANTS = [
    (each, id_)
    for id_, other in (("isolation.own-prompt", "whole"), ("isolation.whole-prompt", "own"))
    for each in registry()[f"isolation.{other}-prompt"].mutants
]


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    """Where one contract's mutants are asked."""
    with Bench("highwayapi") as made:
        yield made


@pytest.mark.parametrize(("mutant", "id_"), MUTANTS, ids=lambda given: getattr(given, "name", ""))
def test_a_cut_is_no_swap(bench: Bench, mutant: Mutant, id_: str) -> None:
    """Prompts that are cut are not held to be another's, and another's are not held to be cut."""
    row = next(each for each in rows_of(bench.contract) if each.id == id_)
    said = bench.said(row, mutant)
    assert (said.violated, said.verdict in (Verdict.PASS, Verdict.INCONCLUSIVE)) == (0, True)


@pytest.mark.parametrize(
    ("counts", "level"),
    [
        ([60, 123, 186, 221, 221, 221], 3),
        ([60, 123, 186, 540, 541, 540], 3),
        ([60, 123, 186, 540, 582, 582], 4),
        ([60, 123, 186, 187, 187, 187], 2),
        ([60, 123, 186, 540, 582, 624], None),
        ([60, 60, 60, 60, 60, 60], None),
        ([60, 123, 123, 540, 582, 582], None),
        ([60, 123, 186, 50, 50, 50], None),
        ([60, 123, 221, 540, 221, 582], None),
        ([], None),
    ],
)
def test_where_counts_grow_no_more(counts: list[int], level: int | None) -> None:
    """Up to some place they grow, and from there on they are the same; one alone at the end is none."""
    assert _level_from(counts) == level


@pytest.mark.parametrize(
    ("counts", "another"),
    [
        ([60, 123, 186, 540, 540, 624], True),
        ([60, 186, 123, 540, 582, 624], True),
        ([60, 123, 186, 540, 221, 624], False),
        ([60, 123, 186, 540, 500, 624], False),
    ],
)
def test_whose_count_it_is(counts: list[int], another: bool) -> None:
    """A count that follows from the others for another's prompt is that one's, and any other is nobody's."""
    assert [_is_of_another(place, counts) for place in _out_of_order(counts)] == [another]


def test_the_longest_are_long_and_not_too_long() -> None:
    """Three of the crowd say more than fifteen hundred characters, and nobody more than 350 words."""
    assert [len(prompt_of(seat)) > 1500 for seat in SEATS] == [False, False, False, True, True, True]
    assert max(len(prompt_of(seat).split()) for seat in SEATS) < 350
