"""The certificate itself: one page of Markdown that says who, what, by which edition, and what was left out."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from datetime import datetime, timedelta

from ..model import JSON
from ..remark import by_row
from ..reply import members, text
from ..report.markdown import code
from .edition import Edition
from .product import Product


def render(product: Product, edition: Edition, report: Mapping[str, JSON], claimed: frozenset[str]) -> bytes:
    """The page, made of what else is in the bundle."""
    started = datetime.fromisoformat(text(report["started"]))
    until = started + timedelta(days=edition.days)
    target = members(report["target"])
    suite, drawn = text(report["suite_version"]), f"depth {text(report['depth'])}, seed {report['seed']}"
    lines = [
        f"# {_line(product.product)} {_line(product.version)}, by {_line(product.organization)}",
        "",
        f"Self-tested against contract {edition.contract}, edition {edition.name}, with chat-conformance {suite}.",
        "",
        f"- endpoint: {code(text(target['url']))}, model {code(text(target['model']))}",
        f"- tested: {started:%Y-%m-%d %H:%M} UTC, {drawn}, {report['requests']} requests",
        f"- good until: {until:%Y-%m-%d}",
        f"- about the product: {code(product.url)}, contact {code(product.contact)}",
        f"- features claimed: {_list(claimed)}",
        *_features(report, claimed),
        "",
        *_rows(edition, report, claimed),
        "",
        *_reproduce(report),
    ]
    return ("\n".join(lines) + "\n").encode("utf-8", "backslashreplace")


def _features(report: Mapping[str, JSON], claimed: frozenset[str]) -> list[str]:
    states: dict[str, list[str]] = {}
    for name, state in members(report["features"]).items():
        if name not in claimed:
            states.setdefault(text(state), []).append(name)
    said = {"off": "not offered, and not tested", "refused": "refused by the endpoint", "on": "tested, and not claimed"}
    return [f"- {words}: {_list(states[state])}" for state, words in said.items() if state in states]


def _rows(edition: Edition, report: Mapping[str, JSON], claimed: frozenset[str]) -> list[str]:
    required = edition.rows(claimed)
    verdicts = by_row(report)
    met = [row for row in required if row in verdicts and verdicts[row]["verdict"] in ("pass", "warn")]
    warned = [row for row in met if verdicts[row]["verdict"] == "warn"]
    features = {None, *claimed}
    later = [
        f"{name} ({text(row['verdict'])})"
        for name, row in verdicts.items()
        if row["level"] == "MUST" and name not in required and row["feature"] in features
    ]
    lines = [f"{len(met)} of {len(required)} required requirements are met."]
    if warned:
        lines.append(f"Violated once, and not again when asked again: {', '.join(warned)}.")
    if later:
        lines.append(f"Not of this edition, so reported and not scored: {', '.join(later)}.")
    return lines


def _reproduce(report: Mapping[str, JSON]) -> list[str]:
    target, states = members(report["target"]), members(report["features"])
    switches = [f"--with {name}" if state == "on" else f"--without {name}" for name, state in sorted(states.items())]
    version = text(report["suite_version"])
    return [
        "## Verify, and reproduce",
        "",
        "Every verdict follows from `evidence.ndjson`; anybody can recompute all of them, offline:",
        "",
        f"    pip install chat-conformance=={version}",
        "    chat-conformance verify BUNDLE.zip",
        "",
        "With a key of your own the same run can be made again:",
        "",
        f"    chat-conformance run --contract {text(members(report['contract'])['name'])} --api-key-env KEY \\",
        f"        --depth {text(report['depth'])} --seed {report['seed']} \\",
        f"        --url {_shell(text(target['url']))} --model {_shell(text(target['model']))} \\",
        f"        {' '.join(each for each in switches if each != '--with auth')}",
    ]


def _shell(words: str) -> str:
    return shlex.quote(_line(words))


def _line(words: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in words).split())


def _list(names: frozenset[str] | list[str]) -> str:
    return ", ".join(sorted(names)) or "none"
