"""target.toml: what a file says of targets, and what the command line says against it."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from conformance import asked, catalogue, options
from conformance import contract as contracts
from conformance.cli import main
from conformance.model import UsageError
from conformance.options import OPTIONS
from conformance.reference.app import running
from conformance.reference.endpoint import Endpoint
from conformance.report.document import rows_by_id
from conformance.target_file import INSTEAD, Said, said

NOTHING: dict[str, Any] = dict.fromkeys(options.defaults())
ONE = """format = 1
base-url = "https://one.example.com"
model = "one"
"""


def says(tmp_path: Path, text: str, **given: Any) -> tuple[Said, ...]:
    """What a file of this text and these options say."""
    path = tmp_path / "target.toml"
    path.write_text(text)
    return said({**NOTHING, "target": str(path), **given})


def test_without_a_file_options_have_their_defaults() -> None:
    """What nobody gives is what it always was."""
    (found,) = said(NOTHING)
    assert found.values == options.defaults()
    assert found.values["depth"] == "standard"
    assert found.values["concurrency"] == 8


EVERY: dict[str, tuple[str, Any]] = {
    "contract": ('"v3-openai"', "v3-openai"),
    "base-url": ('"https://x"', "https://x"),
    "url": ('"https://x/y"', "https://x/y"),
    "model": ('"m"', "m"),
    "api-key-env": ('"KEY"', "KEY"),
    "api-key-file": ('"key"', "key"),
    "header-env": ('["X-Team=TEAM"]', ["X-Team=TEAM"]),
    "depth": ('"full"', "full"),
    "seed": ("0", 0),
    "concurrency": ("3", 3),
    "rate": ("2", 2.0),
    "timeout": ("2.5", 2.5),
    "retries": ("0", 0),
    "max-requests": ("10", 10),
    "max-tokens": ("10", 10),
    "context": ("10", 10),
    "deadline": ("1.5", 1.5),
    "price-in": ("0.25", Decimal("0.25")),
    "price-out": ("2", Decimal(2)),
    "max-cost": ("1.5", Decimal("1.5")),
    "with": ('["images"]', ["images"]),
    "without": ('["n"]', ["n"]),
    "select": ('["stop"]', ["stop"]),
    "baseline": ('"known.toml"', "known.toml"),
    "since": ('"reports/main"', "reports/main"),
    "fail-on": ('"new"', "new"),
    "replay": ('"saved"', "saved"),
    "restart": ('"systemctl restart x"', "systemctl restart x"),
    "ca-file": ('"ca.pem"', "ca.pem"),
    "client-cert": ('"me.pem"', "me.pem"),
    "out": ('"there"', "there"),
    "strict": ("true", True),
}


def test_every_option_can_stand_in_a_file(tmp_path: Path) -> None:
    """Each of run's options is a key of the file, but for the file itself and --resume."""
    assert {option.key for option in OPTIONS} | {"strict"} == {*EVERY, "target", "resume"}
    for key, (written, value) in EVERY.items():
        (found,) = says(tmp_path, f"format = 1\n{key} = {written}\n")
        assert found.values[{"with": "with_"}.get(key, key.replace("-", "_"))] == value


def test_the_command_line_overrides(tmp_path: Path) -> None:
    """A flag takes the place of the file's value, and of the option that excludes it."""
    (found,) = says(tmp_path, ONE + 'seed = 7\nselect = ["stop"]\n', model="two", select=["usage"], url="http://x/y")
    assert found.values["model"] == "two"
    assert found.values["select"] == ["usage"]
    assert found.values["seed"] == 7
    assert (found.values["url"], found.values["base_url"]) == ("http://x/y", None)
    assert {name for pair in INSTEAD for name in pair} <= set(NOTHING)


def test_features_are_switched_one_by_one(tmp_path: Path) -> None:
    """A feature that the command line switches is as it says; the file's others stay."""
    text = ONE + 'with = ["images", "video"]\nwithout = ["n"]\n'
    (found,) = says(tmp_path, text, with_=["n"], without=["video", "stop"])
    assert sorted(found.values["with_"]) == ["images", "n"]
    assert sorted(found.values["without"]) == ["stop", "video"]


SEVERAL = """format = 1
model = "m"
aliases = ["m-2026"]
without = ["n"]

[[answer]]
requirement = "choices.count"
text = "n comes with release 5"

[[target]]
name = "eu"
base-url = "https://eu.example.com"

[[target]]
name = "us"
base-url = "https://us.example.com"
model = "m-us"
aliases = ["m-us-2"]
with = ["n"]

[[target.answer]]
requirement = "stop.ends-output"
text = "known"
link = "https://example.com/stop"
"""


def test_several_targets(tmp_path: Path) -> None:
    """What stands before the targets holds for each that says nothing else, and each writes to a folder of its own."""
    eu, us = says(tmp_path, SEVERAL, out="all")
    assert (eu.name, us.name) == ("eu", "us")
    assert (eu.values["model"], us.values["model"]) == ("m", "m-us")
    assert (eu.values["out"], us.values["out"]) == (str(Path("all/eu")), str(Path("all/us")))
    assert (eu.aliases, us.aliases) == (("m-2026",), ("m-us-2",))
    assert (eu.values["without"], us.values["without"], us.values["with_"]) == (["n"], [], ["n"])
    first, second = asked.check_all({**NOTHING, "target": str(tmp_path / "target.toml")})
    assert [*first.answers.by_row] == ["choices.count"]
    assert second.answers.by_row["stop.ends-output"].link == "https://example.com/stop"


BAD = {
    "no file": (None, "No such file"),
    "no TOML": ("= 1", "not TOML"),
    "no format": ('model = "m"', "format is missing"),
    "another format": ("format = 2", "format is 2, not 1"),
    "unknown key": ('format = 1\nbase_url = "x"', "base_url is unknown"),
    "the file itself": ('format = 1\ntarget = "x"', "target is 'x', not a list"),
    "resume": ("format = 1\nresume = true", "resume is unknown"),
    "text for a number": ('format = 1\nseed = "1"', "seed is '1', not a whole number"),
    "a switch for a number": ("format = 1\nseed = true", "seed is True, not a whole number"),
    "a part of a number": ("format = 1\nconcurrency = 1.5", "concurrency is 1.5, not a whole number"),
    "text for a rate": ('format = 1\nrate = "fast"', "rate is 'fast', not a number"),
    "below its bound": ("format = 1\nconcurrency = 0", "concurrency: 0 is not above 0"),
    "no such choice": ('format = 1\ndepth = "deep"', "depth is 'deep', not one of smoke, standard, full"),
    "text for a list": ('format = 1\nwithout = "n"', "without is 'n', not a list"),
    "a list of numbers": ("format = 1\nselect = [1]", "select is not an array of strings"),
    "text for a switch": ('format = 1\nstrict = "yes"', "strict is 'yes', not a bool"),
    "empty": ('format = 1\nmodel = ""', "model is empty"),
    "a target without a name": ("format = 1\n[[target]]\n", "target 1: name is missing"),
    "a name that is no folder": ('format = 1\n[[target]]\nname = "../x"\n', "which does not match"),
    "two of a name": ('format = 1\n[[target]]\nname = "a"\n[[target]]\nname = "a"\n', "two targets are called a"),
    "a name for all": ('format = 1\nname = "b"\n[[target]]\nname = "a"\n', "name stands before the targets"),
    "a typo in a target": ('format = 1\n[[target]]\nname = "a"\nmodle = "x"\n', "target 1: modle is unknown"),
    "no model": ('format = 1\n[[target]]\nname = "a"\nurl = "https://x/y"\n', "a: --model is required"),
    "an answer to nothing": (
        'format = 1\n[[answer]]\nrequirement = "choices.cout"\ntext = "x"\n',
        "answer 1: there is no requirement 'choices.cout' (did you mean 'choices.count'?)",
    ),
    "an answer without words": ('format = 1\n[[answer]]\nrequirement = "choices.count"\n', "answer 1: text is missing"),
    "no link": (
        'format = 1\n[[answer]]\nrequirement = "choices.count"\ntext = "x"\nlink = "example.com"\n',
        "link is 'example.com', not an address",
    ),
    "answered twice": (
        "format = 1\n" + '[[answer]]\nrequirement = "choices.count"\ntext = "x"\n' * 2,
        "choices.count is answered twice",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_one_line(case: str, tmp_path: Path) -> None:
    """What is wrong with a target file is one line that names the file and the key."""
    text, says_ = BAD[case]
    path = tmp_path / "target.toml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(UsageError) as error:
        asked.check_all({**NOTHING, "target": str(path)})
    assert says_ in str(error.value)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_job_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A file with two targets is one command: a folder for each, the vendor's answers in the reports, the worst exit."""
    monkeypatch.setenv("KEY", "a-key-of-the-tests")
    contract = contracts.load("highwayapi")
    good = Endpoint(contract, key="a-key-of-the-tests")
    bad = Endpoint(contract, key="a-key-of-the-tests", mutant=catalogue.fault("ignores-n"))
    with running(good) as here, running(bad) as there:
        (tmp_path / "target.toml").write_text(
            f"""format = 1
model = "reference"
api-key-env = "KEY"
depth = "smoke"
select = ["choices"]

[[answer]]
requirement = "choices.count"
text = "n comes with <b>release 5</b>"
link = "https://example.com/n"

[[target]]
name = "good"
base-url = "{here}"

[[target]]
name = "gone"
base-url = "http://127.0.0.1:9"

[[target]]
name = "bad"
base-url = "{there}"
aliases = ["other"]
"""
        )
        out = tmp_path / "all"
        assert main(["run", "--target", str(tmp_path / "target.toml"), "--out", str(out)]) == 2
    assert "chat-conformance: gone: no answer from http://127.0.0.1:9" in capsys.readouterr().err
    assert sorted(each.name for each in out.iterdir()) == ["bad", "compare.html", "good"]
    assert ">good</th>" in (out / "compare.html").read_text()
    reports = {name: json.loads((out / name / "report.json").read_text()) for name in ("good", "bad")}
    assert {name: report["outcome"] for name, report in reports.items()} == {
        "good": "conformant",
        "bad": "nonconformant",
    }
    assert reports["bad"]["target"]["name"] == "bad"
    assert reports["bad"]["target"]["aliases"] == ["other"]
    row = rows_by_id(reports["bad"])["choices.count"]
    assert row["answer"] == {"text": "n comes with <b>release 5</b>", "link": "https://example.com/n"}
    page = (out / "bad" / "report.html").read_text()
    assert "n comes with &lt;b&gt;release 5&lt;/b&gt;" in page
    assert 'href="https://example.com/n"' in page
    again = tmp_path / "again"
    assert main(["judge", str(out / "bad"), "--out", str(again)]) == 1
    assert rows_by_id(json.loads((again / "report.json").read_text()))["choices.count"]["answer"] is None
    assert main(["judge", str(out / "bad"), "--target", str(tmp_path / "target.toml"), "--out", str(again)]) == 1
    assert json.loads((again / "report.json").read_text()) == reports["bad"]


def test_an_alias_is_the_models_own_name(tmp_path: Path) -> None:
    """Streams that name the model by an alias name the same one, as the evidence alone shows."""
    with running(Endpoint(contracts.load("highwayapi"), mutant=catalogue.fault("streams-name-another-model"))) as url:
        for aliases, verdict in (("", "warn"), ('aliases = ["reference-stream"]', "pass"), ('aliases = ["x"]', "warn")):
            (tmp_path / "target.toml").write_text(
                f'format = 1\nbase-url = "{url}"\nmodel = "reference"\nselect = ["streaming.same-model"]\n{aliases}\n'
            )
            out = tmp_path / (aliases[-18:-3] or "none")
            main(["run", "--target", str(tmp_path / "target.toml"), "--out", str(out)])
            assert main(["judge", str(out), "--out", str(tmp_path / "again")]) == 0
            report = json.loads((tmp_path / "again" / "report.json").read_text())
            assert report["requirements"][0]["verdict"] == verdict
