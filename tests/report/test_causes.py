"""Findings by their causes: together what saw the same thing at the same place, and nothing else."""

from __future__ import annotations

import pytest

from conformance.report.causes import causes

Said = tuple[str, str, str]
"""A finding: its id, the first violation's pointer, and what was observed there."""


def row(said: Said, verdict: str = "fail") -> dict[str, object]:
    id_, pointer, observed = said
    seen = {"pointer": pointer, "observed": observed, "exchange": sum(map(ord, id_))}
    return {"id": id_, "part": id_.partition(".")[0], "verdict": verdict, "violations": [seen] if pointer else []}


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        (("a.x", "/created", "missing"), ("b.y", "/created", "missing"), True),
        (("a.x", "/created", "missing"), ("b.y", "/created", "null"), False),
        (("a.x", "/created", "missing"), ("b.y", "/id", "missing"), False),
        (("a.x", "event 3/usage", "missing"), ("b.y", "event 17/usage", "missing"), True),
        (("a.x", "/choices", "1 choice"), ("b.y", "/choices", "2 choice"), True),
        (("a.x", "status", '500 ("oh")'), ("b.y", "status of a request with stop", '500 ("oh")'), True),
        (("a.x", "status", '400 ("stop?")'), ("b.y", "status", '400 ("tools?")'), False),
        (("a.x", "status", "403 for a request without n"), ("a.y", "status", "403 for a request without model"), True),
        (("a.x", "status", "500"), ("b.y", "status", "501"), False),
        (("a.x", "status", "200"), ("a.y", "status", "200"), True),
        (("a.x", "status", "200"), ("b.y", "status", "200"), False),
        (("a.x", "", ""), ("b.y", "", ""), False),
    ],
)
def test_what_has_one_cause(one: Said, other: Said, together: bool) -> None:
    """The same sight at the same place is one cause, whatever its numbers; but a status is told by its number and its
    words, and what wrongly succeeds has a cause in each part."""
    found = causes({"1": row(one), "2": row(other)})  # type: ignore[dict-item]
    assert [list(cause.rows) for cause in found] == ([["1", "2"]] if together else [["1"], ["2"]])


@pytest.mark.parametrize(("pointer", "together"), [("event 4", True), ("/usage", True), ("/", False), ("body", False)])
def test_one_spot_has_one_cause(pointer: str, together: bool) -> None:
    """Two things seen at one spot of one reply have one cause, unless the spot is all of it."""
    found = {"1": row(("a.x", pointer, "this")), "2": row(("b.y", pointer, "that"))}
    assert len(causes(found)) == 2  # type: ignore[arg-type]
    found["2"]["violations"][0]["exchange"] = found["1"]["violations"][0]["exchange"]  # type: ignore[index]
    assert len(causes(found)) == (1 if together else 2)  # type: ignore[arg-type]


def test_the_worst_comes_first() -> None:
    """Causes come by their worst verdict, then by how near to the wire they show, then by their reach; a finding that the baseline accepts joins no other."""
    seen = ("a.x", "/a", "missing"), ("a.y", "/b", "missing"), ("a.z", "/c", "missing")
    found = {
        "warned": row(seen[0], "warn"),
        "alone": row(seen[1]),
        "one of two": row(seen[2]),
        "known": row(seen[2], "known"),
        "two of two": row(seen[2], "warn"),
        "near": row(("http.x", "/d", "missing")),
    }
    made = causes(found)  # type: ignore[arg-type]
    order = [["near"], ["one of two", "two of two"], ["alone"], ["warned"], ["known"]]
    assert [list(cause.rows) for cause in made] == order
    assert [cause.verdict for cause in made] == ["fail", "fail", "fail", "warn", "known"]
