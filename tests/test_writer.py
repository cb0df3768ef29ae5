"""Writing evidence, and going on with what a run left."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from conformance import catalogue, evidence
from conformance import contract as contracts
from conformance.cli import main
from conformance.console import Silent
from conformance.evidence import EVIDENCE
from conformance.exchange import Exchange
from conformance.model import JSON, Depth, UsageError
from conformance.order import Order
from conformance.reference.app import running
from conformance.reference.endpoint import Endpoint
from conformance.report import document
from conformance.run import run
from conformance.target import Target
from conformance.writer import Writer


def order(url: str, depth: Depth) -> Order:
    """A run of the default features."""
    contract = contracts.load("highwayapi")
    target = Target(url=url + contract.path, model="reference", scheme="bearer")
    features = frozenset(name for name, on in contract.features.items() if on) - {"auth"}
    return Order(contract=contract, target=target, features=features, depth=depth)


@dataclass(frozen=True)
class Whole:
    """A run that nobody killed, of an endpoint with a fault that is still there."""

    url: str
    depth: Depth
    out: Path

    @property
    def data(self) -> bytes:
        """Its evidence."""
        return (self.out / EVIDENCE).read_bytes()


@pytest.fixture(scope="module", params=[Depth.SMOKE, pytest.param(Depth.STANDARD, marks=pytest.mark.long)])
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    """A run of each depth."""
    out = tmp_path_factory.mktemp("whole") / "out"
    with running(Endpoint(contracts.load("highwayapi"), mutant=catalogue.fault("ignores-n"))) as url:
        run(order(url, request.param), out, Silent())
        yield Whole(url, request.param, out)


def verdicts(path: Path) -> dict[str, JSON]:
    """Verdicts of the evidence in a folder."""
    found = evidence.read(path / EVIDENCE)
    rows = document.rows_by_id(document.make(found, contracts.load("highwayapi")))
    return {name: row["verdict"] for name, row in rows.items()}


@pytest.mark.parametrize("kept", [0.0, 0.03, 0.4, 0.9])
def test_a_resumed_run_ends_as_another(kept: float, whole: Whole, tmp_path: Path) -> None:
    """A run that was killed anywhere and resumed asks nothing twice and comes to the verdicts of one that was not."""
    first = whole.data.index(b"\n") + 1
    (tmp_path / "killed").mkdir()
    (tmp_path / "killed" / EVIDENCE).write_bytes(whole.data[: max(first, int(len(whole.data) * kept))])
    before = evidence.read(tmp_path / "killed" / EVIDENCE).exchanges
    after = run(order(whole.url, whole.depth), tmp_path / "killed", Silent(), resume=True)
    assert [each.n for each in after.exchanges[: len(before)]] == [each.n for each in before]
    keys = [(each.case, each.round, each.step) for each in after.exchanges]
    assert len(set(keys)) == len(keys)
    assert verdicts(tmp_path / "killed") == verdicts(whole.out)
    assert evidence.read(tmp_path / "killed" / EVIDENCE).complete
    assert after.resumed == evidence.read(tmp_path / "killed" / EVIDENCE).resumed == 1


def test_resuming_what_has_ended(whole: Whole, tmp_path: Path) -> None:
    """Resuming a run that reached its end sends nothing and changes nothing."""
    (tmp_path / EVIDENCE).write_bytes(whole.data)
    run(order("http://127.0.0.1:9", whole.depth), tmp_path, Silent(), resume=True)
    assert (tmp_path / EVIDENCE).read_bytes() == whole.data


def test_only_with_the_same_plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--resume needs --out, a run to go on with, and the plan that made it; else one line and exit 2."""
    out = str(tmp_path / "out")
    assert main(["run", "--resume"]) == 2
    assert "--out" in capsys.readouterr().err
    assert main(["run", "--resume", "--out", out]) == 2
    assert "cannot read" in capsys.readouterr().err
    assert main(["run", "--depth", "smoke", "--out", out]) == 0
    capsys.readouterr()
    assert main(["run", "--depth", "smoke", "--seed", "2", "--resume", "--out", out]) == 2
    assert "another plan" in capsys.readouterr().err
    assert main(["run", "--depth", "smoke", "--resume", "--out", out]) == 0


def test_half_a_line_is_cut_off(tmp_path: Path) -> None:
    """What a kill left of a line is not in the way of what a resumed run writes."""
    path = tmp_path / EVIDENCE
    with path.open("xb") as file:
        Writer.begin(file, {"format": evidence.FORMAT, "plan_digest": "p"})
        file.write(b'{"kind":"exchange","n":1,"ca')
    Writer.resume(path, "p").end("done", "now", {})
    found = evidence.read(path)
    assert found.complete
    assert found.exchanges == list[Exchange]()
    assert b'"ca' not in path.read_bytes()


def test_another_plan(tmp_path: Path) -> None:
    """A file that another plan made is not gone on with, and not touched."""
    path = tmp_path / EVIDENCE
    with path.open("xb") as file:
        Writer.begin(file, {"format": evidence.FORMAT, "plan_digest": "p"})
    before = path.read_bytes()
    with pytest.raises(UsageError, match="another plan"):
        Writer.resume(path, "q")
    assert path.read_bytes() == before
