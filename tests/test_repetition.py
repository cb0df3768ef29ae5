"""repetition_penalty where cold texts are the same whatever it is: short texts of tokens that no model would say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.exchange import Exchange
from conformance.judge import Judged
from conformance.model import Finding, NotJudged, Verdict, Violation
from conformance.requirements.sampling_repetition import repetition_acts
from conformance.spoil import ignores

from .desk import Oddity
from .rehearsal import rehearse
from .test_letters import few, reply, texts
from .test_penalties import LISTS

ROW = "sampling.repetition-penalty-acts"


def judged(oddity: Oddity) -> tuple[list[Exchange], Judged]:
    """The short texts that are asked of an endpoint without lists, and the row."""
    evidence, said = rehearse("highwayapi", oddity, 1, without=LISTS, selection=[ROW])
    return [each for each in evidence.exchanges if "logit_bias" in each.sent], said[0]


@pytest.mark.parametrize("flat", [True, False], ids=["flat", "peaked"])
def test_what_is_ignored_is_caught(flat: bool) -> None:
    """It fails by this row alone, however sure the model is of what it says."""
    short, said = judged(Oddity(name="ignores", flat=flat, mutant=ignores("repetition_penalty")))
    assert short
    assert said.verdict is Verdict.FAIL


@pytest.mark.parametrize("flat", [True, False], ids=["flat", "peaked"])
def test_who_heeds_it_pays_for_no_more(flat: bool) -> None:
    """Cold texts that are not the same show it."""
    short, said = judged(Oddity(name="heeds", flat=flat))
    assert not short
    assert said.verdict is Verdict.PASS


def test_who_refuses_so_many_choices_is_left_undecided() -> None:
    """What cannot be asked of a model that is sure leaves nothing to go by."""
    oddity = Oddity(name="few", around=few, flat=False, mutant=ignores("repetition_penalty"))
    short, said = judged(oddity)
    assert all(each.refused for each in short)
    assert said.verdict is Verdict.INCONCLUSIVE


COLD = tuple(reply("one text and one word after the other " * 4, n=n) for n in (1, 2, 3))


def found(above: list[str], below: list[str]) -> list[Finding]:
    """What is said of one cold text, and of these short ones."""
    return list(repetition_acts(COLD, (reply(*above, n=4), reply(*below, n=5)), run=()))


@pytest.mark.parametrize(
    ("above", "below", "expected"),
    [
        (texts(1, repeat=0.1), texts(2, repeat=0.9), None),
        (texts(1, repeat=0.4), texts(2, repeat=0.7), None),
        (texts(1), texts(2), Violation),
        (texts(1, repeat=0.9), texts(2, repeat=0.1), Violation),
        (texts(1, repeat=0.0), texts(2, repeat=0.0), NotJudged),
        (texts(1)[:10] * 10, texts(2)[:10] * 10, NotJudged),
        (texts(1, "g"), texts(2, "g"), NotJudged),
    ],
    ids=["heeded", "somewhat", "ignored", "upside down", "never again", "copies", "one token"],
)
def test_judged(above: list[str], below: list[str], expected: type | None) -> None:
    """It passes where texts repeat themselves less above 1.0, fails where they do not, and else is left open."""
    assert [type(finding) for finding in found(above, below)] == [expected] * (expected is not None)


def test_a_finding_names_what_was_asked() -> None:
    """The shares of what was said again, and the exchanges that show them."""
    (violation,) = found(texts(1), texts(2))
    assert isinstance(violation, Violation)
    assert violation.exchanges == (4, 5)
    assert "of the tokens said again at 1.99, and" in violation.observed


def test_other_cold_texts_need_no_short_ones() -> None:
    """Where one of the three is another, the penalty acts."""
    other = replace(COLD[2], pieces=reply("another text and another word " * 6).pieces)
    assert list(repetition_acts((*COLD[:2], other), run=())) == []
