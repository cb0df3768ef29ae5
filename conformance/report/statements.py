"""Verdicts -> what they say of the document: its statements, and its readings."""

from __future__ import annotations

from collections.abc import Sequence

from ..contract import Contract
from ..judge import Judged
from ..model import JSON, Verdict
from .shown import clip


def readings(judged: Sequence[Judged], contract: Contract) -> list[JSON]:
    """What a contract leaves open, each with the way that the endpoint takes."""
    values = {each.row.requirement.id: each.value and clip(each.value) for each in judged}
    return [
        {
            "statement": reading.statement,
            "value": values.get(reading.requirement),
            "requirement": reading.requirement,
            "question": reading.question,
        }
        for reading in contract.readings
    ]


WORST = (
    Verdict.ERROR,
    Verdict.FAIL,
    Verdict.KNOWN,
    Verdict.WARN,
    Verdict.INCONCLUSIVE,
    Verdict.UNSUPPORTED,
    Verdict.PASS,
    Verdict.OBSERVED,
)
"""Verdicts from the one that matters most."""


def statements(contract: Contract, judged: Sequence[Judged]) -> list[JSON]:
    """Every statement with the worst verdict among the requirements that claim it, or the reason why none does."""
    verdicts: dict[str, list[Verdict]] = {}
    for each in judged:
        verdicts.setdefault(each.row.requirement.id, []).append(each.verdict)
    result: list[JSON] = []
    for statement in contract.statements:
        found = [verdict for id_ in statement.requirements for verdict in verdicts.get(id_, [])]
        result.append(
            {
                "id": statement.id,
                "field": statement.field,
                "level": statement.level.value,
                "text": statement.text,
                "source": contract.source(statement),
                "file": statement.file,
                "line": statement.line,
                "requirements": list(statement.requirements),
                "verdict": min(found, key=WORST.index).value if found else None,
                "excluded": statement.excluded,
            }
        )
    return result
