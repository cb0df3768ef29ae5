"""The action and the example jobs: as GitHub and GitLab define them, and their steps do what they say."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from conformance import catalogue
from conformance import contract as contracts
from conformance.mutants import Mutant
from conformance.reference.app import running
from conformance.reference.endpoint import Endpoint

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
    """Perform the action's own step with these inputs; its result and its outputs."""
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
    done = shell(step["run"], folder, {**variables, **runner, "GITHUB_STEP_SUMMARY": str(folder / "summary")})
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


@pytest.mark.parametrize("name", ["base-url", "url", "model", "contract", "depth", "options", "out", "reference"])
def test_no_input_is_read_as_a_command(tmp_path: Path, name: str) -> None:
    """What stands in an input is never run, whoever may set it."""
    words = "$(touch pwned) `touch pwned` ; touch pwned # \" ' \\"
    inputs = {"base-url": "http://127.0.0.1:1", "model": "m", name: words}
    done, _ = act(tmp_path, **{key.replace("-", "_"): value for key, value in inputs.items()})
    assert done.returncode == 2
    assert not list(tmp_path.rglob("pwned"))


def test_no_step_of_the_action_has_an_input_in_its_text() -> None:
    """Inputs come as variables only."""
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step.get("run", "")


def test_the_gitlab_job_tests_an_endpoint(tmp_path: Path) -> None:
    """Its script, but for the installation, leaves the report that the job shows, and fails with the endpoint."""
    job = GITLAB["conformance"]
    install, *script = job["script"]
    assert install == "pip install --quiet chat-conformance"
    for fault, code in ((None, 0), ("ignores-n", 1)):
        folder = tmp_path / str(code)
        folder.mkdir()
        with serving(fault) as url:
            variables = {"STAGING_URL": url, "STAGING_MODEL": "reference", "STAGING_KEY": KEY}
            done = shell("\n".join(script) + " --select choices", folder, variables)
        assert done.returncode == code, done.stderr
        assert (folder / job["artifacts"]["reports"]["junit"]).is_file()
        assert all((folder / path).exists() for path in job["artifacts"]["paths"])


def report(path: Path, **verdicts: str) -> None:
    """A report with these verdicts, as far as the comparison reads it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [
        {"id": f"part.{name}", "parameter": "n" if name == "parted" else None, "verdict": verdict}
        for name, verdict in verdicts.items()
    ]
    path.write_text(json.dumps({"requirements": rows}), "utf-8")


@pytest.mark.skipif(shutil.which("jq") is None, reason="GitHub's runners have jq")
@pytest.mark.parametrize(
    ("before", "after", "new", "mended"),
    [
        ({"one": "pass"}, {"one": "pass"}, "nothing", "nothing"),
        ({"one": "fail"}, {"one": "fail"}, "nothing", "nothing"),
        ({"one": "fail", "two": "pass"}, {"one": "pass", "two": "fail"}, "part.two", "part.one"),
        ({"one": "pass", "parted": "warn"}, {"one": "fail", "parted": "fail"}, "part.one part.parted:n", "nothing"),
        (None, {"one": "fail"}, "part.one", "nothing"),
        ({"one": "fail"}, None, "nothing", "nothing"),
        ({"one": "fail"}, {"one": "inconclusive"}, "nothing", "nothing"),
    ],
)
def test_a_pull_request_is_told_what_it_changes(
    tmp_path: Path, before: dict[str, str] | None, after: dict[str, str] | None, new: str, mended: str
) -> None:
    """The comment says what fails newly and what no longer does; the job fails for what is new."""
    step = step_of(list(steps(PULL_REQUEST)), "id", "compare")
    out = tmp_path / "out"
    out.mkdir()
    if before is not None:
        report(tmp_path / "main" / "report.json", **before)
    if after is not None:
        report(out / "report.json", **after)
        (out / "summary.md").write_text("### the summary\n")
    done = shell(step["run"], tmp_path, {"OUT": str(out), "GITHUB_OUTPUT": str(tmp_path / "output")})
    assert done.returncode == 0, done.stderr
    comment = (tmp_path / "comment.md").read_text("utf-8")
    assert f"Newly failing: {new}\n" in comment
    assert f"Mended: {mended}\n" in comment
    assert ("### the summary" if after else "Nothing could be tested.") in comment
    assert (tmp_path / "output").exists() == (new != "nothing")


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
