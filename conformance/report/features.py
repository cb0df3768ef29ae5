"""report.json -> the table of features: what was declared, and what was seen."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from ..model import JSON
from ..reply import members, objects, text

DECIDED = ("error", "fail", "warn", "known", "pass", "observed")
"""Verdicts that say something of a feature, worst first."""


@dataclass(frozen=True, kw_only=True)
class Feature:
    """A feature: `declared` by the contract, `state` in this run, what was `seen`, and its rows by verdict.

    `sign` is a verdict; `answered` says of how many requests that use it, empty where none does.
    """

    name: str
    declared: str
    state: str
    seen: str
    sign: str
    answered: str
    counts: dict[str, int]


def features(report: dict[str, JSON]) -> list[Feature]:
    """Every feature of the contract; those that are not as they were declared first."""
    rows: dict[str, Counter[str]] = {}
    for row in objects(report["requirements"]):
        rows.setdefault(text(row["feature"]), Counter())[text(row["verdict"])] += 1
    offers = {name: members(each) for name, each in members(report["offers"]).items()}
    made = [
        _feature(name, text(state), offers.get(name, {}), rows.get(name, Counter()))
        for name, state in members(report["features"]).items()
    ]
    return sorted(made, key=lambda each: (_urgency(each), each.name))


def _urgency(feature: Feature) -> int:
    urgent = ("error", "fail", "warn", "known")
    return urgent.index(feature.sign) if feature.sign in urgent else len(urgent)


def _feature(name: str, state: str, offer: dict[str, JSON], rows: Counter[str]) -> Feature:
    asked, accepted = offer.get("asked", 0), offer.get("accepted", 0)
    counts = {word: rows[word] for word in DECIDED if rows[word]}
    worst = next(iter(counts), "inconclusive")
    if state == "off":
        seen, sign = _seen_of_what_is_off(name, offer)
    elif state == "refused":
        seen, sign = "refused each time", "fail"
    elif accepted and not counts:
        seen, sign = "answered, and nothing more is required of it", "observed"
    else:
        seen, sign = SEEN[worst], worst
    return Feature(
        name=name,
        declared=text(offer.get("default")) or "unknown",
        state=state,
        seen=seen,
        sign=sign,
        answered=f"{accepted} of {asked} requests answered" if asked else "",
        counts=counts,
    )


def _seen_of_what_is_off(name: str, offer: dict[str, JSON]) -> tuple[str, str]:
    if offer.get("works"):
        return f"works, though it is off: --with {name} has it judged", "observed"
    if offer.get("accepted"):
        return "is answered, though it is off", "warn"
    if "works" not in offer:
        return "not asked for", "unsupported"
    return ("tried, and not known to work" if offer["works"] is None else "tried, and does not work"), "unsupported"


SEEN = {
    "error": "not known: the suite itself failed",
    "fail": "offered, and departs from the contract",
    "warn": "works, with departures",
    "known": "departs as the baseline has it",
    "pass": "works",
    "observed": "works",
    "inconclusive": "could not be judged",
}
"""What the worst verdict of a feature that is on says of it."""
