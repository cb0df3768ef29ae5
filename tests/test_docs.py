"""The documentation: made of the code where it can be, and no link in it leads nowhere."""

from __future__ import annotations

import hashlib
import json
import re
import runpy
import shlex
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from conformance import catalogue, options
from conformance import contract as contracts
from conformance.cli import _parser, main
from conformance.reference.app import running
from conformance.reference.endpoint import Endpoint

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), *ROOT.glob("*.md")])

generate: dict[str, Any] = runpy.run_path(str(DOCS / "generate.py"))


def test_the_pages_of_requirements_are_up_to_date() -> None:
    """They say what the code says now: where they do not, `python docs/generate.py` writes them."""
    kept = {path.name: path.read_text("utf-8") for path in (DOCS / "requirements").glob("*.md")}
    made: dict[str, str] = generate["pages"]()
    stale = [name for name in sorted(kept.keys() | made.keys()) if kept.get(name) != made.get(name)]
    assert stale == [], "run python docs/generate.py"


def links(text: str) -> list[str]:
    """The addresses that a page's links and images lead to."""
    found: list[str] = []
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        for child in token.children or []:
            address = child.attrs.get("href", child.attrs.get("src"))
            if address is not None:
                found.append(str(address))
    return found


@cache
def anchors(page: Path) -> set[str]:
    """The addresses of a page's headings."""
    tokens = MarkdownIt("commonmark").parse(page.read_text("utf-8"))
    inside = [tokens[n + 1] for n, token in enumerate(tokens) if token.type == "heading_open"]
    return {generate["anchor"]("".join(child.content for child in each.children or [])) for each in inside}


@pytest.mark.parametrize("page", PAGES, ids=[str(path.relative_to(ROOT)) for path in PAGES])
def test_no_link_leads_nowhere(page: Path) -> None:
    """Files that a page links to are there, and so are the headings."""
    lost = []
    for address in links(page.read_text("utf-8")):
        file, _, anchor = address.partition("#")
        if re.match(r"[a-z]+:", address):
            continue
        target = page.parent / file if file else page
        if not target.exists() or (anchor and anchor not in anchors(target.resolve())):
            lost.append(address)
    assert lost == []


COMMAND = re.compile(r"^(?:.*&& |[A-Z_]+=\S+ )?(?:\S*/)?chat-conformance (.*)$", re.MULTILINE)


def commands(text: str) -> list[str]:
    """The commands of ours in a page's shell blocks."""
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return COMMAND.findall("\n".join(blocks).replace("\\\n", " "))


def test_commands_are_found() -> None:
    """There are some, in every form in which the README writes them."""
    assert len(commands((ROOT / "README.md").read_text("utf-8"))) >= 5


@pytest.mark.parametrize("page", PAGES, ids=[str(path.relative_to(ROOT)) for path in PAGES])
def test_commands_are_right(page: Path) -> None:
    """Every command that a page shows parses: it names no option that is gone."""
    for command in commands(page.read_text("utf-8")):
        assert _parser().parse_args(shlex.split(command)).command


CORNER_CHAT = DOCS / "examples" / "corner-chat"


def test_the_contract_of_the_walk_was_read_from_its_page() -> None:
    """Its digest is the page's, and each statement is of a field that the page or its schema has."""
    contract = contracts.load(str(CORNER_CHAT))
    page = (CORNER_CHAT / contract.document.file).read_bytes()
    assert contract.document.sha256 == hashlib.sha256(page).hexdigest()
    own = [each for each in contract.statements if each.file == "corner-chat/statements.toml"]
    assert {each.field for each in own} >= set(contract.parameters)
    assert all(each.field.encode() in page or each.field in ("path", "object", "error") for each in own)


@pytest.mark.parametrize(
    "block", re.findall(r"```toml\n(.*?)```", (DOCS / "contracts.md").read_text("utf-8"), re.DOTALL)
)
def test_the_walk_shows_what_is_there(block: str) -> None:
    """Statements that the page shows stand so in the contract."""
    assert block in (CORNER_CHAT / "statements.toml").read_text("utf-8")


def test_the_walk_arrives(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The contract plans, and the reference endpoint that speaks it conforms."""
    given = ["--contract", str(CORNER_CHAT)]
    assert main(["plan", *given, "--depth", "smoke"]) == 0
    assert main(["run", *given, "--out", str(tmp_path / "out")]) == 0
    assert "conformant: " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("accepts", "code"), [({"maximum": 1}, 0), ({"maximum": 0.5}, 1)], ids=["as the page says", "a narrower range"]
)
def test_the_walk_finds_a_departure(tmp_path: Path, accepts: dict[str, float], code: int) -> None:
    """An endpoint that refuses a temperature which the page allows is found by the contract alone."""
    shutil.copytree(CORNER_CHAT, tmp_path / "served")
    schema = json.loads((tmp_path / "served" / "request.schema.json").read_text("utf-8"))
    schema["properties"]["temperature"] |= accepts
    (tmp_path / "served" / "request.schema.json").write_text(json.dumps(schema), "utf-8")
    with running(Endpoint(contracts.load(str(tmp_path / "served")), key=None, model="corner-1")) as url:
        out = tmp_path / "out"
        target = ["--base-url", url, "--model", "corner-1", "--replay", str(tmp_path / "replay"), "--out", str(out)]
        assert main(["run", "--contract", str(CORNER_CHAT), "--select", "ranges", *target]) == code
    failing = {
        row["id"] for row in json.loads((out / "report.json").read_bytes())["requirements"] if row["verdict"] == "fail"
    }
    assert ("ranges.accepts-boundary" in failing) == (code == 1)


@pytest.mark.parametrize("sooner", [" --depth smoke", pytest.param("", marks=pytest.mark.long)], ids=["smoke", "whole"])
def test_the_tour_goes_as_it_says(sooner: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each command of the README's tour, in its order: the spoilt endpoint fails, the mended one passes, the evidence
    says the same again."""
    tour = (ROOT / "README.md").read_text("utf-8").partition("## A tour of five minutes")[2].partition("\n## ")[0]
    listed, served, tested, explained, mended, judged = commands(tour)
    monkeypatch.chdir(tmp_path)
    spoilt = _parser().parse_args(shlex.split(served))
    monkeypatch.setenv("KEY", spoilt.api_key)
    assert f"KEY={spoilt.api_key} chat-conformance run" in tour
    assert main(shlex.split(listed)) == 0
    for command, mutant, code in ((tested, catalogue.fault(spoilt.fault), 1), (mended, None, 0)):
        endpoint = Endpoint(
            contracts.load(spoilt.contract or str(options.CONTRACT.default)), key=spoilt.api_key, mutant=mutant
        )
        with running(endpoint) as url:
            assert main(shlex.split(command.replace(f"http://127.0.0.1:{spoilt.port}", url) + sooner)) == code
    assert main(shlex.split(explained)) == 0
    report = json.loads((tmp_path / "reports" / "tour" / "report.json").read_bytes())
    failing = {row["id"] for row in report["requirements"] if row["verdict"] == "fail"}
    assert shlex.split(explained)[1] in failing
    assert main(shlex.split(judged)) == 1
