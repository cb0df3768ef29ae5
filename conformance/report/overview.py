"""report.json -> what a reader wants first: the counts, the findings, and the outcome's reason in a sentence.

Rule: required, optional and undecided are never added up, for one number out of three hides two.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..model import JSON, Outcome
from ..reply import items, members, objects, text
from .document import exit_code, rows_by_id

SIGNS = {
    "pass": "✓",
    "fail": "✗",
    "warn": "!",
    "observed": "○",
    "unsupported": "–",
    "inconclusive": "?",
    "known": "≈",
    "error": "⚠",
}
"""A shape for each verdict, so that none is told by its colour alone."""

WORST = ("error", "fail", "warn", "known")
"""The verdicts that a reader must look at, in that order."""

NEAREST = ("http", "auth", "errors", "envelope", "streaming", "choices")
"""Parts from the wire upwards: what is wrong in one of them is often why something further up is."""

MOST_NAMES = 4
"""Names that a sentence gives before it counts the rest."""


def findings(rows: dict[str, dict[str, JSON]]) -> dict[str, dict[str, JSON]]:
    """The rows that a reader must look at, worst first, and of equals what is nearer to the wire."""
    found = [(name, row) for name, row in rows.items() if row["verdict"] in WORST]
    return dict(sorted(found, key=lambda pair: (WORST.index(text(pair[1]["verdict"])), distance(pair[1]))))


def distance(row: dict[str, JSON]) -> int:
    """How far from the wire a row's part is."""
    return NEAREST.index(text(row["part"])) if row["part"] in NEAREST else len(NEAREST)


def what(row: Mapping[str, JSON]) -> str:
    """What is wrong with a row, in words: the message of its first violation, or the reason of its verdict."""
    return next((text(each["message"]) for each in objects(row["violations"])), text(row["reason"]))


def counts(report: dict[str, JSON]) -> dict[str, int]:
    """Rows by what they mean to a reader: required (what a failure of makes it nonconformant), optional, undecided."""
    result = dict.fromkeys(("undecided", "unsupported", "observed"), 0)
    for kind in ("required", "optional"):
        result |= dict.fromkeys((kind, *(f"{kind}_{verdict}" for verdict in ("pass", "fail", "warn", "known"))), 0)
    for row in objects(report["requirements"]):
        verdict = text(row["verdict"])
        if verdict in ("inconclusive", "error"):
            result["undecided"] += 1
        elif verdict in ("unsupported", "observed"):
            result[verdict] += 1
        else:
            kind = "required" if row["level"] == "MUST" else "optional"
            result[kind] += 1
            result[f"{kind}_{verdict}"] += 1
    return result


def since(report: dict[str, JSON]) -> str:
    """What changed since the run that this one is compared with, in a sentence; empty where there is none."""
    found = members(report["since"])
    if not found:
        return ""
    rows = {key: [text(each) for each in items(found[key])] for key in CHANGED}
    said = [
        f"{len(names)} {CHANGED[key]}" + (f" ({_names(names)})" if names and key in NAMED else "")
        for key, names in rows.items()
        if names or key == "new"
    ]
    versions = "" if found["suite_version"] == report["suite_version"] else f" by suite {text(found['suite_version'])}"
    return f"Since the run of {text(found['started'])}{versions}: {', '.join(said)}."


CHANGED = {"new": "new", "still": "still failing", "fixed": "fixed", "open": "that failed not judged again"}
NAMED = ("new", "fixed")
"""What still fails stands among the findings anyway."""


def is_required(row: dict[str, JSON]) -> bool:
    """Whether every endpoint must meet it: a MUST of no feature."""
    return row["level"] == "MUST" and row["feature"] is None


def is_undecided(report: dict[str, JSON]) -> bool:
    """Whether too little could be judged, whatever else is wrong."""
    return report["outcome"] == Outcome.UNDECIDED.value or exit_code(report) == 3


def outcome_fails(report: dict[str, JSON]) -> bool:
    """Whether the run fails for what is no row's: too little could be judged, or an entry of the baseline must go."""
    return is_undecided(report) or bool(report["stale"])


def outcome_word(report: dict[str, JSON]) -> str:
    """The outcome as a list of tests says it: undecided where --strict makes it so, too."""
    return Outcome.UNDECIDED.value if is_undecided(report) else text(report["outcome"])


def because(report: dict[str, JSON]) -> str:
    """Why the outcome is what it is, in a sentence or two."""
    rows = rows_by_id(report)
    numbers = members(report["counts"])
    said = [f"{weather}."] if (weather := much_weather(report)) else []
    if report["outcome"] == Outcome.NONCONFORMANT.value:
        failing = [name for name, row in findings(rows).items() if row["verdict"] == "fail"]
        if failing:
            said.append(f"{_number(len(failing), 'requirement fails', 'requirements fail')}: {_names(failing)}.")
        said += stale(report)
    if numbers["error"]:
        errors = [name for name, row in rows.items() if row["verdict"] == "error"]
        said.append(f"The suite itself failed in {_names(errors)}: please report this.")
    if report["outcome"] == Outcome.UNDECIDED.value:
        said += _undecided(rows)
    if report["outcome"] == Outcome.CONFORMANT.value:
        binding = sum(row["level"] == "MUST" and row["verdict"] in ("pass", "warn", "known") for row in rows.values())
        said.append(f"No requirement fails; {binding} binding ones were judged.")
    said += _ended(report)
    said += [changed] if (changed := since(report)) else []
    if report["outcome"] != Outcome.NONCONFORMANT.value and numbers["warn"]:
        said.append(f"{_number(numbers['warn'], 'warning', 'warnings')}.")
    return " ".join(said)


def much_weather(report: dict[str, JSON]) -> str:
    """That most requests met weather, if they did; else empty."""
    weather, requests = report["weather"], report["requests"]
    if not (isinstance(weather, int) and isinstance(requests, int)) or 2 * weather <= requests:
        return ""
    return f"Most requests met weather: {weather} of {requests} were throttled, timed out or got no reply"


def _ended(report: dict[str, JSON]) -> Iterable[str]:
    ended = members(report.get("ended"))
    died_of = [text(each) for each in items(ended.get("died_of"))]
    if not report["complete"]:
        why = text(ended.get("why"))
        yield f"The run stopped before its end{f': {why}' if why not in ('', 'interrupted', 'broken off') else ''}."
    if ended.get("starved"):
        yield f"Not all was asked: {text(ended['starved'])}."
    if died_of:
        which = "did not outlive" if len(died_of) == 1 or report["complete"] else "died of one of"
        yield f"The endpoint {which} {_names(died_of)}."


STALE = {
    "passes": "The baseline accepts that {name} fails, but it passes: take the entry out.",
    "expired": "The baseline's entry for {name} expired on {expires}: mend the endpoint, or renew the entry.",
}


def stale(report: dict[str, JSON]) -> list[str]:
    """A sentence for each entry of the baseline that fails the run."""
    said = []
    for each in objects(report["stale"]):
        name = f"{each['requirement']}:{each['parameter']}" if each["parameter"] else text(each["requirement"])
        said.append(STALE[text(each["why"])].format(name=name, expires=each["expires"]))
    return said


def _undecided(rows: dict[str, dict[str, JSON]]) -> Iterable[str]:
    open_ = [name for name, row in rows.items() if row["verdict"] == "inconclusive" and is_required(row)]
    if all(row["verdict"] in ("inconclusive", "unsupported", "error") for row in rows.values()):
        yield "Nothing could be judged."
    elif open_:
        yield f"{_number(len(open_), 'required one', 'required ones')} could not be judged: {_names(open_)}."


def _number(count: JSON, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


def _names(names: list[str]) -> str:
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return ", ".join(names[:MOST_NAMES]) + more
