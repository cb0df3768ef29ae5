"""What a bundle's maker states of its files: an in-toto Statement, whose predicate is a test's result.

The subjects are the files, for a service has no digest; what was tested with what is the predicate's configuration.
Sources: in-toto attestation framework, Statement v1 and predicate test-result v0.1.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from ..model import JSON
from ..reply import members, objects, text
from ..report.changes import verdicts
from .edition import Edition

FILE = "statement.json"
TYPE = "https://in-toto.io/Statement/v1"
PREDICATE = "https://in-toto.io/attestation/test-result/v0.1"
PAYLOAD = "application/vnd.in-toto+json"


def make(files: Mapping[str, bytes], report: Mapping[str, JSON], edition: Edition, claimed: frozenset[str]) -> bytes:
    """The statement's file; `files` are the subjects."""
    found = verdicts(report)
    passed, warned, failed = (
        [row for row, verdict in found.items() if verdict in words]
        for words in (("pass",), ("warn",), ("fail", "known"))
    )
    required = {found.get(row, "missing") for row in edition.rows(claimed)}
    result = "PASSED" if required <= {"pass"} else "WARNED" if required <= {"pass", "warn"} else "FAILED"
    contract, evidence = members(report["contract"]), members(report["evidence"])
    statement = {
        "_type": TYPE,
        "subject": [
            {"name": name, "digest": {"sha256": hashlib.sha256(files[name]).hexdigest()}} for name in sorted(files)
        ],
        "predicateType": PREDICATE,
        "predicate": {
            "result": result,
            "configuration": [
                _resource(f"contract {edition.contract}, edition {edition.name}", edition.digest),
                _resource(f"contract {edition.contract}", contract["digest"]),
                _resource("plan", evidence["plan_digest"]),
                {"name": "suite", "uri": f"pkg:pypi/chat-conformance@{text(report['suite_version'])}"},
            ],
            "passedTests": passed,
            "warnedTests": warned,
            "failedTests": failed,
        },
    }
    return json.dumps(statement, ensure_ascii=False, indent=1).encode("utf-8", "backslashreplace") + b"\n"


def _resource(name: str, digest: JSON) -> dict[str, JSON]:
    return {"name": name, "digest": {"sha256": digest}}


def edition_of(statement: Mapping[str, JSON]) -> str | None:
    """The edition that a statement names."""
    configuration = members(statement.get("predicate")).get("configuration")
    names = (text(each.get("name")) for each in objects(configuration))
    return next((name.partition(", edition ")[2] for name in names if ", edition " in name), None)
