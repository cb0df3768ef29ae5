"""The command line: what people and scripts depend on."""

from __future__ import annotations

import json
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from conformance import contract as contracts
from conformance.cli import main
from conformance.reference.app import running
from conformance.reference.endpoint import Endpoint
from conformance.requirements import rows

KEY = "a-key-of-the-tests"

VIEWS = (
    *("report.json", "report.html", "junit.xml", "ctrf.json", "report.sarif", "summary.md", "badge.json", "badge.svg"),
)


def nobody() -> str:
    """A URL where nothing listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


BAD_USAGE: dict[str, tuple[list[str], str]] = {
    "unknown contract": (["run", "--contract", "nix"], "unknown contract 'nix'"),
    "nothing listening": (["run", "--base-url", "NOBODY", "--model", "m"], "no answer from"),
    "no such variable": (
        ["run", "--base-url", "NOBODY", "--model", "m", "--api-key-env", "NO_SUCH_VAR"],
        "NO_SUCH_VAR",
    ),
    "empty variable": (["run", "--base-url", "NOBODY", "--model", "m", "--api-key-env", "EMPTY"], "EMPTY is empty"),
    "no such key file": (
        ["run", "--base-url", "NOBODY", "--model", "m", "--api-key-file", "nix"],
        "--api-key-file nix",
    ),
    "empty base url": (["run", "--base-url", "", "--model", "m"], "--base-url is empty"),
    "empty url": (["run", "--url", " ", "--model", "m"], "--url is empty"),
    "empty model": (["run", "--base-url", "NOBODY", "--model", ""], "--model is empty"),
    "no model": (["run", "--base-url", "NOBODY"], "--model is required"),
    "model without target": (["run", "--model", "m"], "--base-url or --url too"),
    "both urls": (["run", "--base-url", "http://a", "--url", "http://b", "--model", "m"], "not both"),
    "no url": (["run", "--base-url", "staging.example.com", "--model", "m"], "http:// or https://"),
    "user in url": (["run", "--url", "http://me:secret@127.0.0.1/x", "--model", "m"], "--api-key-env"),
    "short key": (
        ["run", "--base-url", "NOBODY", "--model", "m", "--api-key-env", "SHORT"],
        "have a longer one issued",
    ),
    "basic without colon": (
        ["run", "--contract", "basic-gateway", "--base-url", "NOBODY", "--model", "m", "--api-key-env", "LONG"],
        "user:password",
    ),
    "unknown feature": (["run", "--without", "telepathy"], "no feature 'telepathy'"),
    "feature on and off": (["run", "--with", "n", "--without", "n"], "both on and off"),
    "bad header": (["run", "--base-url", "NOBODY", "--model", "m", "--header-env", "X-Team"], "NAME=VAR"),
    "selects nothing": (["run", "--select", "nix*"], "--select nix"),
    "no such certificate": (["run", "--base-url", "NOBODY", "--model", "m", "--ca-file", "nix"], "--ca-file nix"),
    "one price": (["run", "--price-in", "1"], "go together"),
    "cost without prices": (["run", "--max-cost", "1"], "give --price-in and --price-out"),
    "no price": (["run", "--price-in", "cheap", "--price-out", "1"], "cheap is no amount of money"),
    "price below 0": (["run", "--price-in=-1", "--price-out", "1"], "-1 is no amount of money"),
    "endless cost": (["run", "--price-in", "1", "--price-out", "1", "--max-cost", "inf"], "inf is no amount of money"),
    "no cost": (["run", "--price-in", "1", "--price-out", "1", "--max-cost", "0"], "0 is not above 0"),
    "unwritable out": (["run", "--out", "FILE/below"], "cannot write"),
    "out is a file": (["run", "--out", "FILE"], "cannot write"),
    "no evidence": (["judge", "nix.ndjson"], "cannot read nix.ndjson"),
    "not evidence": (["judge", "FILE"], "line 1"),
    "unknown option": (["run", "--base-ul", "x"], "--base-ul x (see chat-conformance --help)"),
    "unknown depth": (["run", "--depth", "deep"], "invalid choice: 'deep'"),
    "unknown command": (["test"], "(see chat-conformance --help)"),
    "selects an empty pattern": (["run", "--select", ""], "--select is empty: give"),
    "no value for a header": (
        ["run", "--base-url", "NOBODY", "--model", "m", "--header-env", "X-Team=EMPTY"],
        "set it to the header's value",
    ),
    "no such port": (["serve", "--port", "65536"], "65536 is no port: give 0 to 65535"),
    "port below 0": (["serve", "--port=-1"], "-1 is no port"),
    "port taken": (["serve", "--port", "TAKEN"], "give another --port"),
    "unknown fault": (["serve", "--fault", "ignores-nn"], "did you mean 'ignores-n'"),
    "unknown requirement": (["explain", "choices.cout"], "did you mean 'choices.count'"),
}


@pytest.mark.parametrize("case", BAD_USAGE)
def test_bad_usage_is_one_line(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What cannot be done is one line on stderr that says what to do, exit 2, and nothing left behind."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EMPTY", "")
    monkeypatch.setenv("SHORT", "12345")
    monkeypatch.setenv("LONG", "a-key-of-the-tests")
    (tmp_path / "FILE").write_text("I am a file.\n")
    arguments, says = BAD_USAGE[case]
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        said = {"NOBODY": nobody(), "TAKEN": str(taken.getsockname()[1])}
        assert main([said.get(each, each) for each in arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith("chat-conformance: ")
    assert says in err
    assert [path.name for path in tmp_path.rglob("*") if path.name != "reports"] == ["FILE"]


def test_a_contract_folder_with_a_typo(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A typo in a contract of one's own is one line that names the file and the key."""
    folder = tmp_path / "mine"
    shutil.copytree(contracts.schemas_folder() / "highwayapi", folder)
    text = (folder / "contract.toml").read_text()
    (folder / "contract.toml").write_text(
        text.replace("[features]", "[features]\nn-choices = 'on'\n").replace("path =", "pfad =")
    )
    assert main(["run", "--contract", str(folder)]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "contract.toml" in err
    assert "path is missing" in err


def test_a_contract_of_ones_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder with a contract is tested and judged again like a built-in one, with no code."""
    folder = tmp_path / "mine"
    shutil.copytree(contracts.schemas_folder() / "basic-gateway", folder)
    out = tmp_path / "out"
    assert main(["run", "--contract", str(folder), "--depth", "smoke", "--out", str(out)]) == 0
    assert main(["judge", str(out), "--contract", str(folder)]) == 0
    assert capsys.readouterr().out.count("conformant: ") == 2
    assert json.loads((out / "report.json").read_text())["contract"]["name"] == "mine"


def test_run_says_what_it_does(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The first line says what is tested and its cost, the last one the outcome and where the report is."""
    out = tmp_path / "out"
    assert main(["run", "--depth", "smoke", "--out", str(out)]) == 0
    said, log = capsys.readouterr()
    first = log.splitlines()[0]
    assert first.startswith("testing the built-in reference endpoint (contract highwayapi, model reference): ")
    assert "at most 40 requests" in first
    assert "tokens" in first
    last = said.splitlines()[-1]
    assert last.startswith("the built-in reference endpoint is conformant: ")
    assert last.endswith(str(out / "report.html"))
    names = {path.name for path in out.iterdir()}
    assert names == {"evidence.ndjson", *VIEWS}


def test_a_nonconforming_endpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fail exits 1 and a warning 0, or 1 under --strict; judging the evidence again says the same."""
    from conformance import catalogue

    monkeypatch.setenv("KEY", KEY)
    for fault, codes in {"ignores-n": (1, 1), "errors-as-html": (0, 1)}.items():
        endpoint = Endpoint(contracts.load("highwayapi"), key=KEY, mutant=catalogue.fault(fault))
        with running(endpoint) as url:
            for strict, code in zip(([], ["--strict"]), codes, strict=True):
                out = tmp_path / f"{fault}{len(strict)}"
                target = ["--base-url", url, "--model", "reference", "--api-key-env", "KEY", "--out", str(out)]
                some = ["--select", "choices", "--select", "errors"]
                assert main(["run", *target, *some, *strict]) == code
                assert main(["judge", str(out), *strict]) == code


@pytest.mark.long
def test_asked_to_end(tmp_path: Path) -> None:
    """Ctrl-C and SIGTERM end a run with the report of what it has: incomplete, undecided, exit 3; and so does SIGTERM in
    the background, where Ctrl-C is ignored."""
    in_background = ["sh", "-c", "trap '' INT; exec \"$@\"", "sh"]
    for name, number, before in (
        ("int", signal.SIGINT, []),
        ("term", signal.SIGTERM, []),
        ("background", signal.SIGTERM, in_background),
    ):
        with running(Endpoint(contracts.load("highwayapi")), latency=0.3) as url:
            out = tmp_path / name
            process = subprocess.Popen(
                [
                    *before,
                    sys.executable,
                    "-m",
                    "conformance",
                    "run",
                    "--base-url",
                    url,
                    "--model",
                    "reference",
                    "--out",
                    str(out),
                ],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            assert process.stderr is not None
            assert process.stderr.readline().startswith("testing ")
            process.send_signal(number)
            said, _ = process.communicate(timeout=20)
        assert process.returncode == 3
        assert "(run not complete) undecided" in said
        assert json.loads((out / "report.json").read_text())["complete"] is False


def test_plan_shows_cost(capsys: pytest.CaptureFixture[str]) -> None:
    """`plan` names every case with its requests and why it is there, and the whole cost."""
    assert main(["plan", "--depth", "smoke"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any("around_a_stop" in line and "4 requests" in line and "stop.ends-output" in line for line in lines)
    assert "at most 40 requests" in lines[-1]
    assert "tokens" in lines[-1]


def test_plan_counts_each_case(capsys: pytest.CaptureFixture[str]) -> None:
    """The requests of a case are those that it makes, not the most that a case of its scenario could make."""
    assert main(["plan", "--json"]) == 0
    cases = {each["id"]: each["requests"] for each in json.loads(capsys.readouterr().out)["cases"]}
    assert main(["plan"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if line.startswith("  ")]
    assert {id_: int(times) for id_, times, *_ in lines} == cases
    assert len({times for id_, times in cases.items() if id_.startswith("bounds[")}) > 1


def test_money(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With prices, `plan` and the first line of `run` say what the plan costs at worst, and the report what was spent;
    what --max-cost starved is inconclusive and says so."""
    prices = ["--depth", "smoke", "--price-in", "0.5", "--price-out", "1.50"]
    assert main(["plan", *prices]) == 0
    said = capsys.readouterr().out.splitlines()[-1]
    worst = re.search(r"tokens, which cost (0\.\d+)", said)
    assert worst
    assert main(["run", *prices, "--out", str(tmp_path / "whole")]) == 0
    assert worst.group(0) in capsys.readouterr().err.splitlines()[0]
    report = json.loads((tmp_path / "whole" / "report.json").read_text())
    spent = report["cost"]["spent"]
    assert spent == (0.5 * report["tokens"]["prompt"] + 1.5 * report["tokens"]["completion"]) / 1e6
    assert 0 < spent < float(worst.group(1))
    most = spent / 2
    assert main(["run", *prices, "--max-cost", f"{most:.6f}", "--out", str(tmp_path / "starved")]) == 3
    starved = json.loads((tmp_path / "starved" / "report.json").read_text())
    assert 0 < starved["cost"]["spent"] <= most
    assert starved["counts"]["inconclusive"]
    assert "(--max-cost) is spent" in starved["ended"]["starved"]
    reasons = [row["reason"] for row in starved["requirements"] if row["verdict"] == "inconclusive"]
    assert all("is spent" in reason for reason in reasons)
    assert "Not all was asked: the budget of" in (tmp_path / "starved" / "summary.md").read_text()


@pytest.mark.parametrize("what", ["contracts", "requirements", "faults", "features"])
def test_lists(what: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each list has a line an entry for people and the same entries as JSON for scripts; a contract narrows it."""
    assert main(["list", what]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert main(["list", what, "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == len(lines) > 4
    assert main(["list", what, "--contract", "v3-openai"]) == 0
    assert 0 < len(capsys.readouterr().out.splitlines()) < len(lines)


def test_explain(capsys: pytest.CaptureFixture[str]) -> None:
    """`explain` says statement, scenario, sources and what it catches."""
    assert main(["explain", "stop.ends-output"]) == 0
    said = capsys.readouterr().out
    for words in ("MUST", "Nothing follows the stop", "around_a_stop", "000_3bd9b3c1b8183688.txt#stop", "stop-cut-out"):
        assert words in said


def test_selfcheck_of_what_is_selected(capsys: pytest.CaptureFixture[str]) -> None:
    """`selfcheck --select` proves what the patterns name and nothing else; what names nothing is refused."""
    assert main(["selfcheck", "--select", "choices.count", "--select", "auth", "--contract", "basic-gateway"]) == 0
    proven = {line.split()[0] for line in capsys.readouterr().out.splitlines()[1:-1]}
    assert {each.partition(".")[0] for each in proven} == {"choices", "auth"}
    assert [each for each in proven if each.startswith("choices")] == ["choices.count"]
    assert main(["selfcheck", "--select", "no-such"]) == 2
    assert "no requirement is called that" in capsys.readouterr().err


def test_selfcheck_of_one_contract(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """`selfcheck` prints the matrix and exits 0 when every mutant is killed."""
    few = [row for row in rows(contracts.load("basic-gateway")) if row.requirement.part in ("choices", "auth")]
    monkeypatch.setattr("conformance.selfcheck.rows", lambda _: few)
    assert main(["selfcheck", "--contract", "basic-gateway"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "mutants killed" in lines[-1]
    assert any(line.startswith("choices.count ") and "ignores-n " in line and "✓" in line for line in lines)
