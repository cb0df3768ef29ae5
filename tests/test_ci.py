"""The action and the example jobs: as GitHub and GitLab define them, and their steps do what they say."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from conformance import catalogue
from conformance import contract as contracts
from conformance.mutants import Mutant
from conformance.options import OPTIONS
from conformance.reference.app import running
from conformance.reference.endpoint import Endpoint
from conformance.target_file import said

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "docs" / "examples"
WORKFLOWS = sorted(path for path in EXAMPLES.glob("*.yml") if path.name != "gitlab-ci.yml")
KEY = "a-key-of-the-job"

SCHEMAS = {
    "vendor.github-actions": [ROOT / "action.yml"],
    "vendor.github-workflows": WORKFLOWS,
    "vendor.gitlab-ci": [EXAMPLES / "gitlab-ci.yml"],
}


def read(path: Path) -> dict[str, Any]:
    """A YAML file."""
    value: dict[str, Any] = YAML(typ="safe").load(path.read_text("utf-8"))
    return value


ACTION = read(ROOT / "action.yml")
PULL_REQUEST = read(EXAMPLES / "pull-request.yml")
GITLAB = read(EXAMPLES / "gitlab-ci.yml")


@pytest.mark.parametrize("schema", SCHEMAS)
def test_they_are_as_published(schema: str) -> None:
    """Action, workflows and job keep to the schemas that are published of them."""
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *SCHEMAS[schema]],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def steps(workflow: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every step of every job."""
    for job in workflow["jobs"].values():
        yield from job["steps"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=[path.name for path in WORKFLOWS])
def test_examples_use_the_action_as_it_is(path: Path) -> None:
    """They give it inputs that it has, and read outputs that it has."""
    used = [step for step in steps(read(path)) if step.get("uses", "").startswith("OWNER/chat-conformance@")]
    assert used
    for step in used:
        assert set(step["with"]) <= set(ACTION["inputs"])
    read_outputs = re.findall(r"steps\.conformance\.outputs\.([a-z-]+)", path.read_text("utf-8"))
    assert set(read_outputs) <= set(ACTION["outputs"])


def step_of(steps: list[dict[str, Any]], key: str, value: str) -> dict[str, Any]:
    """The step with this id or name."""
    (found,) = (step for step in steps if step.get(key) == value)
    return found


def shell(script: str, folder: Path, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a step as the runner does: bash, ending at the first command that fails."""
    environment = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(folder), **variables}
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def act(folder: Path, **inputs: str) -> tuple[subprocess.CompletedProcess[str], dict[str, str]]:
    """Perform the action's own step with these inputs, and variables of the job; its result and its outputs."""
    step = step_of(ACTION["runs"]["steps"], "id", "run")
    given = {name: str(each["default"]) for name, each in ACTION["inputs"].items()}
    given |= {name.replace("_", "-"): value for name, value in inputs.items()}
    variables = {
        name: re.sub(r"\$\{\{ inputs\.([a-z-]+) \}\}", lambda match: given[match[1]], value)
        for name, value in step["env"].items()
    }
    (folder / "chat-conformance").mkdir(exist_ok=True)
    (folder / "chat-conformance" / "bin").symlink_to(Path(sys.executable).parent)
    (folder / "output").touch()
    runner = {"RUNNER_TEMP": str(folder), "GITHUB_OUTPUT": str(folder / "output"), "GITHUB_ACTIONS": "true"}
    of_the_job = {name: value for name, value in inputs.items() if name.isupper()}
    summary = {"GITHUB_STEP_SUMMARY": str(folder / "summary")}
    done = shell(step["run"], folder, {**of_the_job, **variables, **runner, **summary})
    pairs = (line.partition("=") for line in (folder / "output").read_text("utf-8").splitlines())
    return done, {name: value for name, _, value in pairs}


def serving(fault: str | None = None) -> Any:
    """The reference endpoint, spoilt or not."""
    mutant: Mutant | None = catalogue.fault(fault) if fault else None
    return running(Endpoint(contracts.load("highwayapi"), key=KEY, mutant=mutant))


@pytest.mark.parametrize(
    ("fault", "options", "code", "outcome"),
    [
        (None, "--select stop\n  --select usage", 0, "conformant"),
        ("ignores-n", "--select choices", 1, "nonconformant"),
        ("errors-as-html", "--select errors --strict", 1, "conformant"),
    ],
)
def test_the_action_tests_an_endpoint(tmp_path: Path, fault: str | None, options: str, code: int, outcome: str) -> None:
    """It exits as the command does, gives the outcome on, leaves the reports, annotates and sums up."""
    with serving(fault) as url:
        done, outputs = act(
            tmp_path, base_url=url, model="reference", api_key=KEY, options=options, out="reports of it", depth="smoke"
        )
    assert done.returncode == code, done.stderr
    assert outputs == {"outcome": outcome, "exit-code": str(code)}
    report = json.loads((tmp_path / "reports of it" / "report.json").read_bytes())
    assert (report["outcome"], report["reference"]) == (outcome, False)
    assert report["selection"] == " ".join(word for word in options.split() if not word.startswith("--"))
    assert ("::error title=choices." in done.stdout) == (fault == "ignores-n")
    assert (tmp_path / "summary").read_text("utf-8").startswith("### chat-conformance highwayapi")
    assert KEY not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("inputs", "says"),
    [
        ({}, "--base-url is empty"),
        ({"model": "m"}, "--base-url is empty"),
        ({"base_url": "http://127.0.0.1:1", "url": "http://127.0.0.1:1/x", "model": "m"}, "not both"),
        ({"base_url": "http://127.0.0.1:1"}, "--model is required"),
        ({"reference": "true", "options": "--no-such-option"}, "--no-such-option"),
    ],
)
def test_a_variable_that_is_not_set_is_no_success(tmp_path: Path, inputs: dict[str, str], says: str) -> None:
    """Where nothing was named to be tested, or wrongly, the step fails and says why; its outcome is error."""
    done, outputs = act(tmp_path, **inputs)
    assert (done.returncode, outputs) == (2, {"outcome": "error", "exit-code": "2"})
    assert says in done.stderr
    assert not (tmp_path / "chat-conformance" / "report.json").exists()


def test_the_action_can_test_the_reference_endpoint(tmp_path: Path) -> None:
    """Asked to, it needs no endpoint."""
    done, outputs = act(tmp_path, reference="true", depth="smoke", contract="basic-gateway", out="out")
    assert (done.returncode, outputs["outcome"]) == (0, "conformant"), done.stderr
    assert json.loads((tmp_path / "out" / "report.json").read_bytes())["reference"]


TARGETS = """format = 1
model = "reference"
api-key-env = "STAGING_KEY"
depth = "smoke"
select = ["choices"]
"""


def target(folder: Path, *urls: str, text: str = TARGETS) -> str:
    """A target file with these endpoints, called a, b ..., in a folder; its path."""
    each = (f'[[target]]\nname = "{name}"\nbase-url = "{url}"\n' for name, url in zip("abc", urls, strict=False))
    (folder / "target.toml").write_text("\n".join([text, *each]), "utf-8")
    return "target.toml"


@pytest.mark.parametrize(
    ("faults", "options", "code", "outcome"),
    [
        ([None], "", 0, "conformant"),
        pytest.param(["ignores-n"], "", 1, "nonconformant", marks=pytest.mark.long),
        pytest.param([None, None], "", 0, "conformant", marks=pytest.mark.long),
        ([None, "ignores-n"], "", 1, "nonconformant"),
        ([None, None], "--select streaming --max-requests 1", 3, "undecided"),
        pytest.param([None, "errors-as-html"], "--select errors --strict", 1, "conformant", marks=pytest.mark.long),
        ([None, "gone"], "", 2, "error"),
    ],
)
def test_a_target_file_says_what_to_test(
    tmp_path: Path, faults: list[str | None], options: str, code: int, outcome: str
) -> None:
    """It needs no other input; of several targets the outcome is that of the worst."""
    with ExitStack() as stack:
        urls = ["http://127.0.0.1:9" if each == "gone" else stack.enter_context(serving(each)) for each in faults]
        done, outputs = act(tmp_path, target=target(tmp_path, *urls), options=options, STAGING_KEY=KEY)
    assert (done.returncode, outputs) == (code, {"outcome": outcome, "exit-code": str(code)}), done.stderr
    folders = sorted(path.parent.name for path in (tmp_path / "chat-conformance").rglob("report.json"))
    answering = ["a", "b"][: len(faults) - ("gone" in faults)]
    assert folders == (["chat-conformance"] if len(faults) == 1 else answering)


def test_the_example_of_a_target_file_is_right() -> None:
    """Every key of it means something, those in its comments too."""
    text = (EXAMPLES / "target.toml").read_text("utf-8")
    (given,) = said({"target": str(EXAMPLES / "target.toml")})
    assert given.values["api_key_env"] == "STAGING_KEY"
    keys = re.findall(r"^(?:# )?([a-z-]+) = ", text, re.MULTILINE)
    assert {*keys} <= {"format", *(option.key for option in OPTIONS)}


def test_inputs_override_the_target_file(tmp_path: Path) -> None:
    """What is given beside it counts; what is not given does not."""
    text = TARGETS.replace("STAGING_KEY", "NO_SUCH") + 'contract = "v3-openai"\n'
    with running(Endpoint(contracts.load("v3-openai"), key=KEY)) as url:
        done, outputs = act(tmp_path, target=target(tmp_path, text=text), base_url=url, api_key=KEY)
    assert (done.returncode, outputs["outcome"]) == (0, "conformant"), done.stderr
    report = json.loads((tmp_path / "chat-conformance" / "report.json").read_bytes())
    assert (report["contract"]["name"], report["depth"], report["selection"]) == ("v3-openai", "smoke", "choices")


def test_a_target_file_without_an_endpoint_is_no_success(tmp_path: Path) -> None:
    """Where the variables that should name the endpoint are not set, the reference endpoint does not stand in for it."""
    text = 'format = 1\ndepth = "smoke"\nselect = ["choices"]\n'
    done, outputs = act(tmp_path, target=target(tmp_path, text=text))
    assert (done.returncode, outputs) == (2, {"outcome": "error", "exit-code": "2"})
    assert "::error title=chat-conformance::neither the target file nor the inputs name an endpoint" in done.stdout


NAMES = ["base-url", "url", "model", "contract", "depth", "options", "out", "reference", "target", "since", "fail-on"]


@pytest.mark.parametrize("name", NAMES)
def test_no_input_is_read_as_a_command(tmp_path: Path, name: str) -> None:
    """What stands in an input is never run, whoever may set it."""
    words = "$(touch pwned) `touch pwned` ; touch pwned # \" ' \\"
    inputs = {"base-url": "http://127.0.0.1:1", "model": "m", "depth": "smoke", name: words}
    done, _ = act(tmp_path, **{key.replace("-", "_"): value for key, value in inputs.items()})
    assert done.returncode == 2
    assert not list(tmp_path.rglob("pwned"))


def test_no_step_of_the_action_has_an_input_in_its_text() -> None:
    """Inputs come as variables only."""
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step.get("run", "")


def test_the_gitlab_job_tests_an_endpoint(tmp_path: Path) -> None:
    """Its script, with the example of a target file, leaves the report that the job shows, and fails with the endpoint."""
    job = GITLAB["conformance"]
    install, *script = job["script"]
    assert install == "pip install --quiet chat-conformance"
    for fault, code in ((None, 0), ("ignores-n", 1)):
        folder = tmp_path / str(code)
        folder.mkdir()
        with serving(fault) as url:
            example = (EXAMPLES / "target.toml").read_text("utf-8")
            here = example.replace("https://staging.example.com", url).replace("my-model", "reference")
            (folder / "target.toml").write_text(here, "utf-8")
            done = shell("\n".join(script) + " --select choices", folder, {"STAGING_KEY": KEY})
        assert done.returncode == code, done.stderr
        assert (folder / job["artifacts"]["reports"]["junit"]).is_file()
        assert all((folder / path).exists() for path in job["artifacts"]["paths"])


GH = """#!/bin/sh
# Runs and their artifacts lie in folders; the last run comes first. What is commented is kept.
case "$1 $2" in
    "run list") ls -r runs ;;
    "run download") while [ "$1" != --dir ]; do run=${run:-$3}; shift; done; mkdir -p "$2"; cp "runs/$run/report.json" "$2" ;;
    "pr comment") while [ "$1" != --body-file ]; do shift; done; cp "$2" said.md ;;
    *) exit 2 ;;
esac
"""


@pytest.fixture(scope="module")
def of_main(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run in which choices.count failed."""
    folder = tmp_path_factory.mktemp("main")
    with serving("ignores-n") as url:
        done, _ = act(folder, base_url=url, model="reference", api_key=KEY, **SOME)
    assert done.returncode == 1, done.stderr
    return folder / "chat-conformance"


SOME = {"options": "--select choices --select envelope", "depth": "smoke", "out": "chat-conformance"}


def pull_request(folder: Path, fault: str | None) -> tuple[subprocess.CompletedProcess[str], str, str]:
    """Perform the job of a pull request whose endpoint has this fault: the test, what was fetched, the comment."""
    (folder / "bin").mkdir()
    (folder / "bin" / "gh").write_text(GH)
    (folder / "bin" / "gh").chmod(0o755)
    steps_of_it = list(steps(PULL_REQUEST))
    path = f"{folder / 'bin'}:{os.environ['PATH']}"
    variables = {"PATH": path, "RUNNER_TEMP": str(folder), "GITHUB_REPOSITORY": "o/r", "GITHUB_WORKFLOW": "w"}
    output = folder / "fetched"
    output.touch()
    fetched = shell(step_of(steps_of_it, "id", "main")["run"], folder, {**variables, "GITHUB_OUTPUT": str(output)})
    assert fetched.returncode == 0, fetched.stderr
    report = output.read_text("utf-8").strip().removeprefix("report=")
    with serving(fault) as url:
        given = {"base_url": url, "model": "reference", "api_key": KEY, **SOME}
        done, _ = act(folder, **given, since=report, fail_on="new" if report else "any")
    said = shell(
        step_of(steps_of_it, "name", "Comment")["run"], folder, {**variables, "OUT": SOME["out"], "NUMBER": "1"}
    )
    assert said.returncode == 0, said.stderr
    return done, report, (folder / "said.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("fault", "code", "says"),
    [
        ("ignores-n", 0, ": 0 new, 1 still failing."),
        (None, 0, ": 0 new, 1 fixed (choices.count)."),
        ("no-index", 1, " new ("),
    ],
)
def test_a_pull_request_is_told_what_it_changes(
    tmp_path: Path, of_main: Path, fault: str | None, code: int, says: str
) -> None:
    """The comment says what is new and what is fixed since main's last report; the job fails for what is new alone."""
    runs = tmp_path / "runs"
    shutil.copytree(of_main, runs / "7")
    (runs / "8").mkdir()  # the last run of main, which left no report
    done, report, comment = pull_request(tmp_path, fault)
    assert (done.returncode, report) == (code, str(tmp_path / "main" / "7")), done.stderr
    assert "Since the run of " in comment
    assert says in comment


def test_without_a_report_of_main_every_failure_counts(tmp_path: Path) -> None:
    """The first pull request of all is not green because there is nothing to compare with."""
    (tmp_path / "runs").mkdir()
    done, report, comment = pull_request(tmp_path, "ignores-n")
    assert (done.returncode, report) == (1, "")
    assert "Since" not in comment
    assert "choices.count" in comment


def test_a_comment_where_nothing_could_be_tested(tmp_path: Path) -> None:
    """A pull request whose endpoint does not answer is told so."""
    (tmp_path / "gh").write_text(GH)
    (tmp_path / "gh").chmod(0o755)
    variables = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "RUNNER_TEMP": str(tmp_path), "OUT": "none", "NUMBER": "1"}
    done = shell(step_of(list(steps(PULL_REQUEST)), "name", "Comment")["run"], tmp_path, variables)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "said.md").read_text("utf-8") == "Nothing could be tested.\n"


def test_the_comparison_is_given_to_the_action() -> None:
    """Without a report of main the action is given no since, and fails for any failure."""
    given = step_of(list(steps(PULL_REQUEST)), "id", "conformance")["with"]
    assert given["since"] == "${{ steps.main.outputs.report }}"
    assert given["fail-on"] == "${{ steps.main.outputs.report && 'new' || 'any' }}"


PRODUCT = """format = 1
organization = "Example Ltd"
product = "Chat"
version = "5.1"
url = "https://example.com/chat"
contact = "api@example.com"
"""


@pytest.mark.long
def test_what_ran_at_night_is_certified(tmp_path: Path) -> None:
    """The nightly job's certificate holds, the scheduled one of GitLab too, and a run that fails gets neither."""
    nightly = step_of(list(steps(read(EXAMPLES / "nightly.yml"))), "id", "certificate")["run"]
    command = str(Path(sys.executable).parent / "chat-conformance")
    (tmp_path / "product.toml").write_text(PRODUCT)
    with serving() as url:
        done, _ = act(tmp_path, base_url=url, model="reference", api_key=KEY, out="conformance")
    assert done.returncode == 0, done.stderr
    _, *scheduled = GITLAB["certificate"]["script"]
    for script, key in ((nightly, "KEY"), ("\n".join(scheduled), "STAGING_KEY")):
        certified = shell(script, tmp_path, {"COMMAND": command, "OUT": "conformance", key: KEY})
        assert certified.returncode == 0, certified.stderr
        assert "verified" in certified.stdout
        (tmp_path / "certificate.zip").unlink()
    with serving("ignores-n") as url:
        act_of_it = tmp_path / "spoilt"
        act_of_it.mkdir()
        act(act_of_it, base_url=url, model="reference", api_key=KEY, **SOME)
    refused = shell(nightly, tmp_path, {"COMMAND": command, "OUT": "spoilt/chat-conformance", "KEY": KEY})
    assert refused.returncode == 1
    assert not (tmp_path / "certificate.zip").exists()


def test_the_container_copies_what_there_is() -> None:
    """Every file that the container file copies exists, and its build is given each of them."""
    lines = (ROOT / "Containerfile").read_text("utf-8").splitlines()
    copied = [
        word for line in lines if line.startswith("COPY ") and "--from" not in line for word in line.split()[1:-1]
    ]
    assert copied
    kept = (ROOT / ".containerignore").read_text("utf-8").splitlines()
    for name in copied:
        assert (ROOT / name).exists()
        assert f"!{name}" in kept
