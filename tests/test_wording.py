"""What is said of a fault names it, where two faults look alike."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from conformance.catalogue import faults
from conformance.requirements import rows
from conformance.workbench import Bench


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    """Where one contract's mutants are asked."""
    with Bench("highwayapi") as made:
        yield made


@pytest.mark.parametrize(
    ("id_", "fault", "words"),
    [
        ("usage.counts-all-choices", "max-tokens-for-all-choices-together", "not for all together"),
        ("usage.counts-all-choices", "only-one-choice-counted", "at least 21 for 3 choices"),
        ("logprobs.lists-hold-said", "said-token-always-certain", "which the list beside it gives"),
        ("logprobs.lists-hold-said", "said-token-not-listed", "without the said token"),
        ("logprobs.lists-hold-said", "lists-of-the-next-place", "without the said token"),
        ("isolation.whole-prompt", "prompts-cut-at-600", "the prompts are ever longer"),
    ],
)
def test_a_fault_is_named(bench: Bench, id_: str, fault: str, words: str) -> None:
    """The first violation of the row says what is wrong."""
    row = next(each for each in rows(bench.contract) if each.id == id_)
    judged = bench.said(row, faults()[fault])
    assert words in judged.exemplars[0].violations[0].message
