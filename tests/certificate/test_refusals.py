"""What makes a bundle refused: each thing that a forger, a fault or time can do to it, by name."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from conformance.certificate import bundle as bundles
from conformance.certificate import edition
from conformance.cli import main

from .conftest import OFF, PRODUCT, Files, encoded, has, packed, refused, restated, rewritten, run

EVIDENCE, REPORT = "evidence.ndjson", "report.json"
NOW = datetime.now(UTC)


@pytest.mark.long
def test_a_reply_that_is_forged_with_its_chain(bundle: Files) -> None:
    """Of evidence whose chain and digests were forged anew, the verdicts no longer are those of the report."""

    def without_id(lines: list[dict[str, Any]]) -> None:
        for each in lines:
            if each["kind"] == "exchange" and each["status"] == 200:
                body = b"".join(base64.b64decode(data) for _, data in each["pieces"])
                if body.startswith(b"{"):
                    each["pieces"] = [[1.0, encoded(body.replace(b'"id"', b'"di"', 1))]]

    found = refused(restated({**bundle, EVIDENCE: rewritten(bundle[EVIDENCE], without_id)}))
    assert has(found, f"{REPORT}: envelope.id is pass, not fail, which the evidence says")
    assert has(found, f"{EVIDENCE}: envelope.id is fail", "not pass, which edition 2026.11 requires")


@pytest.mark.long
def test_a_flipped_verdict(bundle: Files) -> None:
    """A verdict that its evidence contradicts is refused by its name, and so is no other."""
    report = json.loads(bundle[REPORT])
    row = next(row for row in report["requirements"] if row["id"] == "stop.ends-output")
    row["verdict"] = "observed"
    found = refused(restated({**bundle, REPORT: json.dumps(report).encode()}))
    assert [each for each in found if "which the evidence says" in each] == [
        f"{REPORT}: stop.ends-output is observed, not pass, which the evidence says"
    ]


@pytest.mark.long
def test_a_changed_report(bundle: Files) -> None:
    """So is anything else in a report that does not follow from the evidence."""
    report = json.loads(bundle[REPORT])
    report["outcome"], report["counts"]["pass"], report["features"][OFF] = "undecided", 1, "on"
    report["target"]["model"] = report["coverage"]["statements"][0]["text"] = "another"
    found = refused(restated({**bundle, REPORT: json.dumps(report).encode()}))
    for key in ("outcome", "counts", "features", "target", "coverage"):
        assert f"{REPORT}: {key} is changed, not as the evidence makes it" in found


def removed(lines: list[dict[str, Any]]) -> None:
    """Take one exchange out."""
    del lines[next(n for n, each in enumerate(lines) if each["kind"] == "exchange" and each["n"] == 50)]


def renumbered(lines: list[dict[str, Any]]) -> None:
    """Take one exchange out, close the gap, and count anew."""
    removed(lines)
    left = [each for each in lines if each["kind"] == "exchange"]
    for n, each in enumerate(left, 1):
        each["n"] = n
    lines[-1]["counts"]["plan"] -= 1


def forgotten(lines: list[dict[str, Any]]) -> None:
    """Take a whole case out, close the gap, and count anew."""
    case = next(each["id"] for each in lines if each["kind"] == "case" and each["id"].startswith("around_a_stop"))
    lines[:] = [each for each in lines if each.get("id") != case and each.get("case") != case]
    for n, each in enumerate([each for each in lines if each["kind"] == "exchange"], 1):
        each["n"] = n
    counts: dict[str, int] = {}
    for each in lines:
        if each["kind"] == "exchange":
            counts[each["purpose"]] = counts.get(each["purpose"], 0) + 1
    lines[-1]["counts"] = counts


@pytest.mark.long
def test_an_exchange_removed(bundle: Files) -> None:
    """A line that is gone breaks the chain."""
    lines = bundle[EVIDENCE].splitlines(keepends=True)
    at = next(n for n, line in enumerate(lines) if json.loads(line).get("n") == 50)
    found = refused({**bundle, EVIDENCE: b"".join(lines[:at] + lines[at + 1 :])})
    assert has(found, f"{EVIDENCE}: its sha256")
    assert has(found, f"(line {at + 1}: the line before it was changed, removed or added")


@pytest.mark.long
@pytest.mark.parametrize(
    ("change", "says"),
    [
        (removed, "the exchanges is without 50, not numbered from 1 without a gap"),
        (removed, "footer/counts"),
        (renumbered, f"{REPORT}: "),
        (forgotten, "the plan is without around_a_stop"),
    ],
)
def test_an_exchange_removed_with_its_traces(
    change: Callable[[list[dict[str, Any]]], None], says: str, bundle: Files
) -> None:
    """Whoever removes one and forges the chain is found by the numbers, the counts, the report or the plan."""
    assert has(refused(restated({**bundle, EVIDENCE: rewritten(bundle[EVIDENCE], change)})), says)


def header(**members: Any) -> Callable[[list[dict[str, Any]]], None]:
    """A change of the evidence's header."""
    return lambda lines: lines[0].update(members)


@pytest.mark.long
@pytest.mark.parametrize(
    ("members", "says"),
    [
        (
            {"suite": "0.0.9", "reference": True, "selection": "stop", "depth": "smoke"},
            (
                "suite is 0.0.9, not 0.1.0 or later; run the suite again, in a newer version",
                "reference is true, not false: the built-in reference endpoint is no product",
                "selection is stop, not null",
                "depth is smoke, not standard at least",
            ),
        ),
        ({"suite": "99.0"}, ("suite is 99.0, not 0.1.0 or earlier; verify with that version",)),
        ({"contract_digest": "0" * 64, "seed": 2}, ("contract_digest is 000", "plan_digest is ")),
        ({"contract": "mine"}, ("contract is mine, not one of the built-in contracts",)),
    ],
)
def test_another_run(members: dict[str, Any], says: tuple[str, ...], bundle: Files) -> None:
    """What is of an old suite, of no product, or not the whole run is refused, saying what it is and must be."""
    found = refused(restated({**bundle, EVIDENCE: rewritten(bundle[EVIDENCE], header(**members))}))
    for words in says:
        assert has(found, f"{EVIDENCE}: {words}")


@pytest.mark.long
def test_its_time_is_up(bundle: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """After the edition's days, and before it was made, a bundle is refused, naming the day."""
    (tmp_path / "b.zip").write_bytes(bundles.pack(bundle))
    assert main(["verify", str(tmp_path / "b.zip"), "--at", "2099-01-01"]) == 1
    said = capsys.readouterr().out
    assert f"refused: {EVIDENCE}: started is {NOW:%Y-}" in said
    assert "not at most 90 days before 2099-01-01; run the suite again" in said
    assert has(refused(bundle, NOW - timedelta(days=3)), "started is", "not before")


@pytest.mark.long
def test_a_claimed_feature_that_is_off(honest: Path, bundle: Files, tmp_path: Path) -> None:
    """A feature that a product claims and that was off is refused, by certify and by verify, naming it."""
    claims = f'{PRODUCT}features = ["n", "{OFF}"]\n'
    says = (
        f"product.toml: feature {OFF} is claimed, but off in the run, not claimed unless it was on; run it --with {OFF}"
    )
    files, refusals = packed(honest, tmp_path, claims)
    assert has(refusals, says)
    assert has(refused(files), says)
    assert has(refused(restated({**bundle, "product.toml": claims.encode()})), says)


@pytest.mark.long
def test_what_takes_a_feature_that_is_not_claimed(tmp_path: Path) -> None:
    """A product without choices and log probabilities is certified for stop sequences: those of several choices are
    nothing that could be asked of it."""
    off = ("n", "logprobs", "top-logprobs")
    files, refusals = packed(run(tmp_path / "run", without=off), tmp_path, PRODUCT)
    assert refusals == []
    assert refused(files) == []
    rows = {row["id"]: row for row in json.loads(files[REPORT])["requirements"]}
    assert (rows["stop.every-choice"]["verdict"], rows["stop.every-choice"]["reason"]) == (
        "unsupported",
        "feature n is off",
    )


def test_a_report_that_was_edited_before_certify(
    spoilt: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run whose report was edited is refused by recomputation, naming the requirement; nothing is written."""
    run = tmp_path / "run"
    run.mkdir()
    (run / EVIDENCE).write_bytes((spoilt / EVIDENCE).read_bytes())
    report = json.loads((spoilt / REPORT).read_text())
    for row in report["requirements"]:
        if row["verdict"] == "fail":
            row |= {"verdict": "pass", "violated": 0, "violations": []}
    report["counts"] |= {"pass": report["counts"]["pass"] + report["counts"]["fail"], "fail": 0}
    report["outcome"] = "conformant"
    (run / REPORT).write_text(json.dumps(report))
    (tmp_path / "product.toml").write_text(PRODUCT)
    says = f"{REPORT}: choices.count is pass, not fail, which the evidence says"
    out = tmp_path / "b.zip"
    assert main(["certify", str(run), "--product", str(tmp_path / "product.toml"), "--out", str(out)]) == 1
    assert f"refused: {says}" in capsys.readouterr().out
    assert not out.exists()
    files, _ = packed(run, tmp_path)
    assert has(refused(files), says)
    assert has(refused(files), f"{EVIDENCE}: choices.count is fail", "not pass, which edition 2026.11 requires")


@pytest.mark.long
def test_an_undecided_requirement(bundle: Files) -> None:
    """A required row that could not be judged is refused, naming the feature that could be left out instead."""

    def weather(lines: list[dict[str, Any]]) -> None:
        for each in lines:
            if each["kind"] == "exchange" and b'"logit_bias"' in base64.b64decode(each["request"]["body"]):
                each["status"] = 503

    found = refused(restated({**bundle, EVIDENCE: rewritten(bundle[EVIDENCE], weather)}))
    assert has(found, "is inconclusive", "the feature logit-bias can be left out: run it --without logit-bias")


@pytest.mark.long
def test_a_baseline_is_refused(spoilt: Path, tmp_path: Path) -> None:
    """A certificate accepts no deviation."""
    known = tmp_path / "known.toml"
    assert main(["baseline", str(spoilt), "--update", str(known)]) == 0
    again = tmp_path / "again"
    assert main(["judge", str(spoilt), "--baseline", str(known), "--out", str(again)]) == 0
    (again / EVIDENCE).write_bytes((spoilt / EVIDENCE).read_bytes())
    _, refusals = packed(again, tmp_path)
    assert has(
        refusals, f"{REPORT}: baseline is ", "which accept choices.count", "judge the run again without --baseline"
    )


@pytest.mark.long
def test_pages_that_say_something_else(bundle: Files) -> None:
    """What people read says what the evidence says, or the bundle is refused."""
    pages = ("report.html", "junit.xml", "certificate.md")
    doctored = {name: bundle[name].replace(b"v3-openai", b"v4-openai") for name in pages}
    gone = {name: data for name, data in {**bundle, **doctored}.items() if name != "summary.md"}
    found = refused(restated(gone))
    for name in pages:
        assert f"{name}: the file is changed, not as the evidence makes it" in found
    assert "summary.md: the file is missing, not as the evidence makes it" in found


@pytest.mark.long
def test_files_that_nobody_vouches_for(bundle: Files) -> None:
    """A file more, a file less and a statement of something else are refused by name."""
    assert has(refused({**bundle, "more.txt": b""}), "more.txt: the file is in the bundle alone")
    assert has(refused({**bundle, "statement.json": b"{"}), "statement.json: the file is broken")
    for name in ("evidence.ndjson", "report.json", "product.toml", "statement.json"):
        gone = {other: data for other, data in bundle.items() if other != name}
        assert has(refused(gone), f"{name}: the file is missing, not in the bundle")
    other = bundle["statement.json"].replace(b'"PASSED"', b'"WARNED"')
    assert has(refused({**bundle, "statement.json": other}), "statement.json: the file is changed")


@pytest.mark.long
def test_secrets_are_refused(bundle: Files, honest: Path, tmp_path: Path) -> None:
    """A credential in what people add, or in evidence that passed no funnel, is refused without being shown."""
    token = "ghp_" + "a1B2" * 9
    files, refusals = packed(honest, tmp_path, PRODUCT.replace("api@example.com", token))
    assert has(refusals, "product.toml: its text is showing what looks like a token of GitHub")
    assert not has(refusals, token)
    assert has(refused(files), "certificate.md: its text is showing")

    def bare(lines: list[dict[str, Any]]) -> None:
        first = next(each for each in lines if each["kind"] == "exchange")
        first["request"]["headers"] = [["authorization", "Bearer a-key-in-the-open"], ["x-team", "a-team-key"]]
        first["headers"] = [*first["headers"], ["set-cookie", "session=1"]]

    found = refused(restated({**bundle, EVIDENCE: rewritten(bundle[EVIDENCE], bare)}))
    for words in ("authorization that was sent", "x-team that was sent", "set-cookie that came back"):
        assert has(found, f"{EVIDENCE}: exchange 1 is showing the value of the header {words}")


@pytest.mark.long
def test_the_key_itself_is_looked_for(honest: Path, tmp_path: Path) -> None:
    """Given the run's key, certify finds it in whatever would be packed."""
    from .conftest import KEY

    _, refusals = packed(honest, tmp_path, PRODUCT.replace("api@example.com", KEY))
    assert has(refusals, "product.toml: its text is showing the key")


@pytest.mark.long
def test_editions_name_rows_that_there_are() -> None:
    """Every row that an edition requires is one of its contract, so that it can be met."""
    from conformance import contract as contracts
    from conformance.requirements import rows

    for name in contracts.names():
        contract = contracts.load(name)
        known = {row.id for row in rows(contract)}
        for each in edition.names(name):
            asked = edition.load(name, each)
            assert set(asked.features) <= set(contract.features)
            assert set(asked.rows(contract.features)) <= known
            assert len(asked.required) > 50
