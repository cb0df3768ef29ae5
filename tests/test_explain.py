"""What there is to know of a requirement: complete, and the same on a terminal and in the documentation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from conformance import contract as contracts
from conformance.explain import Explanation, explain, lines, section
from conformance.requirements import registry

ALL = pytest.mark.parametrize("name", list(registry()))


def strings(said: Explanation) -> Iterator[str]:
    """Everything that an explanation says."""
    yield from (said.id, said.level, said.statement)
    for pair in (*said.facts, *said.faults):
        yield from pair
    for claim in said.claims:
        yield from (claim.contract, claim.id, claim.source, claim.text)


def shown(said: Explanation) -> str:
    """A section of a page as a reader sees it."""
    text = "\n".join(section(said))
    labels = {claim.file.split("/")[-2] for claim in said.claims}
    text += "".join(f"\n[{each}]: nowhere" for each in labels)
    tokens = MarkdownIt("commonmark", {"html": True}).enable("strikethrough").parse(text)
    return "\n".join("".join(child.content for child in token.children or []) for token in tokens)


@ALL
def test_terminal_and_page_say_the_same(name: str) -> None:
    """Whatever there is to know of a requirement stands in both, word for word."""
    said = explain(name)
    terminal, page = "\n".join(lines(said)), shown(said)
    assert [each for each in strings(said) if each not in terminal] == []
    assert [each for each in strings(said) if each not in page] == []


@ALL
def test_it_is_complete(name: str) -> None:
    """Statement, level, sources of every contract that has it, scenario and every mutant are told."""
    made, said = registry()[name], explain(name)
    assert (said.id, said.level, said.statement) == (name, made.level.value, made.statement)
    facts = dict(said.facts)
    assert facts["scenario"] == f"{made.scenario.name}: {made.scenario.purpose}"
    assert ("feature" in facts) == (made.feature is not None)
    assert {mutant.name for mutant in made.mutants} <= {name for name, _ in said.faults}
    assert said.faults
    claims = {(claim.contract, claim.id) for claim in said.claims}
    for contract in map(contracts.load, contracts.names()):
        assert {(contract.name, each.id) for each in contract.claiming(name)} <= claims


def test_a_row_is_explained_by_its_requirement() -> None:
    """The name that a report gives a row will do."""
    assert explain("ranges.accepts-valid:n") == explain("ranges.accepts-valid")


@given(st.text(alphabet="\\`*_<>[]()#|a &!~;l", min_size=1))
def test_no_words_act_upon_a_page(words: str) -> None:
    """A statement, whatever is in it, is read as it was written; runs of blanks are one."""
    said = replace(explain("choices.count"), facts=(("scenario", f"x{words}x"),))
    assert f"scenario: x{words}x" in shown(said)
