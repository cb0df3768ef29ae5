"""Write docs/kill-matrix.md from what the self-proof found.

Give it the proofs: `chat-conformance selfcheck --json | python docs/kill_matrix.py`
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parent / "kill-matrix.md"

CLEAN = "(clean)"

NOTE = "<!-- Made by docs/kill_matrix.py from `chat-conformance selfcheck --json`; do not edit. -->"

INTRODUCTION = """# Kill matrix

Every requirement on the reference endpoint as it is (`(clean)`: it must pass, or observe something), and on the
endpoint with each of its faults (it must fail, warn, or observe something else). A cell says how many of the
requirement's rows in that contract, one a parameter, did what they must; an empty one, that the contract has none.
`chat-conformance selfcheck` makes it again, `list faults` says what each fault is, and `serve --fault NAME` puts it
into an endpoint."""

Proof = dict[str, Any]


def page(proofs: Sequence[Proof]) -> Iterator[str]:
    """The lines of the page."""
    contracts = list(dict.fromkeys(proof["contract"] for proof in proofs))
    kills = [proof for proof in proofs if proof["mutant"] != CLEAN]
    yield NOTE
    yield ""
    yield INTRODUCTION
    yield ""
    yield (
        f"{sum(map(holds, kills))} of {len(kills)} kills, {sum(map(holds, proofs)) - sum(map(holds, kills))} of "
        f"{len(proofs) - len(kills)} rows clean; {len({requirement(proof) for proof in proofs})} requirements, "
        f"{len({proof['mutant'] for proof in kills})} distinct faults."
    )
    for part in dict.fromkeys(requirement(proof).partition(".")[0] for proof in proofs):
        yield ""
        yield f"## {part}"
        yield ""
        yield f"| requirement | fault | {' | '.join(contracts)} |"
        yield f"|---|---|{'---|' * len(contracts)}"
        yield from _lines([proof for proof in proofs if requirement(proof).startswith(f"{part}.")], contracts)


def _lines(proofs: Sequence[Proof], contracts: Sequence[str]) -> Iterator[str]:
    cells: dict[tuple[str, str], dict[str, list[bool]]] = {}
    for proof in proofs:
        row = cells.setdefault((requirement(proof), proof["mutant"]), {})
        row.setdefault(proof["contract"], []).append(holds(proof))
    before = ""
    for (id_, mutant), row in sorted(cells.items(), key=lambda item: item[0][0]):
        shown = " | ".join(_cell(row.get(each, [])) for each in contracts)
        yield f"| {f'`{id_}`' if id_ != before else ''} | `{mutant}` | {shown} |"
        before = id_


def _cell(held: Sequence[bool]) -> str:
    if not held:
        return ""
    sign = "✓" if all(held) else "✗"
    return sign if len(held) == 1 else f"{sign} {sum(held)}/{len(held)}"


def requirement(proof: Proof) -> str:
    """The requirement's id, without the parameter of its row."""
    return str(proof["requirement"]).partition(":")[0]


def holds(proof: Proof) -> bool:
    """Whether the row did what it must."""
    return bool(proof["holds"])


def main() -> None:
    """Read the proofs from standard input."""
    TARGET.write_text("\n".join(page(json.load(sys.stdin))) + "\n", "utf-8")


if __name__ == "__main__":
    main()
