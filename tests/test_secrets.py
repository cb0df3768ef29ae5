"""The credential reaches the target and nothing else: not a file, not a terminal, not a log, not a traceback."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from conformance import cli, online
from conformance import contract as contracts
from conformance.reference.app import running
from conformance.reference.endpoint import Endpoint

from .parrot import leaks, parrot, secrets

SELECTED = (
    "auth",
    "errors",
    "http.complete",
    "streaming.same-text",
    "envelope",
    "logprobs",
    "usage",
    "stop.ends-output",
)


@pytest.fixture(scope="module", params=[pytest.param("highwayapi", marks=pytest.mark.long), "basic-gateway"])
def cage(request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """A contract, and the URL of an endpoint that says the credentials it is given."""
    with running(Endpoint(contracts.load(request.param), mutant=parrot())) as url:
        yield request.param, url


def planted(contract: str, url: str, key: str, header: str, out: Path) -> list[str]:
    """What a run said on the terminal and in its logs, and what judging its evidence said."""
    said, logged = io.StringIO(), io.StringIO()
    handler = logging.StreamHandler(logged)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    arguments = ["--contract", contract, "--base-url", url, "--model", "reference", "--out", str(out / "run")]
    arguments += ["--api-key-env", "PLANTED_KEY", "--header-env", "x-team=PLANTED_TEAM", "--depth", "smoke"]
    arguments += ["--retries", "0", "--replay", str(out / "replay"), *(f"--select={each}" for each in SELECTED)]
    try:
        with (
            mock.patch.dict(os.environ, PLANTED_KEY=key, PLANTED_TEAM=header),
            contextlib.redirect_stdout(said),
            contextlib.redirect_stderr(said),
        ):
            codes = [cli.main(["run", *arguments]), cli.main(["judge", str(out / "run"), "--out", str(out / "judged")])]
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    assert set(codes) <= {1, 3}, said.getvalue()
    return [said.getvalue(), logged.getvalue()]


@settings(
    max_examples=5,
    deadline=None,
    phases=[Phase.generate],  # a secret that is found is found in any length, and a run is too dear to shrink by
    suppress_health_check=[HealthCheck.nested_given],  # the plan is drawn by Hypothesis too
)
@given(user=secrets, password=secrets, header=secrets)
def test_nothing_is_found(cage: tuple[str, str], user: str, password: str, header: str) -> None:
    """Whatever the credentials are, and however an endpoint says them, no file, log or terminal has them."""
    contract, url = cage
    user = user.replace(":", ";")
    key = f"{user}:{password}" if contract == "basic-gateway" else password
    with tempfile.TemporaryDirectory() as out:
        told = planted(contract, url, key, header, Path(out))
        known = [key, user, password, header] if contract == "basic-gateway" else [key, header]
        assert [leak for secret in known for leak in leaks(secret, Path(out), told)] == []
        assert b"\xc2\xabsecret 1" in (Path(out) / "run" / "report.json").read_bytes()


def test_the_search_finds(tmp_path: Path) -> None:
    """The search sees a secret in every spelling: what it does not find is not there."""
    from .parrot import SPELLINGS

    for number, spell in enumerate(SPELLINGS):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "page.html").write_text(f'{{"a": "{spell("k/e+y&<(1)*???>>>a-secret")}"}}')
        assert leaks("k/e+y&<(1)*???>>>a-secret", folder) != [], number
        assert leaks("k/e+y&<(1)*???>>>another", folder) == []


@pytest.mark.long
def test_pytest_shows_nothing(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a run under pytest, with all that it can be made to tell, neither output nor files have the credentials."""
    monkeypatch.setenv("PLANTED_KEY", "sk-planted/for+pytest~0123456789")
    monkeypatch.setenv("PLANTED_TEAM", 'a-team\'s "secret" \\ of 1234567890')
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    with running(Endpoint(contracts.load("highwayapi"), mutant=parrot())) as url:
        result = pytester.runpytest_subprocess(
            *("--pyargs", "conformance.suite", "-p", "no:cacheprovider", "--base-url", url, "--model", "reference"),
            *("--api-key-env", "PLANTED_KEY", "--header-env", "x-team=PLANTED_TEAM", "--depth", "smoke", "--retries=0"),
            *("-l", "--full-trace", "-rA", "--log-level=DEBUG", "--log-file=log.txt", "--setup-show", "--out", "out"),
            *("--junitxml", "junit.xml", "--html", "page.html", "--self-contained-html", "-vv"),
        )
    told = [result.stdout.str(), result.stderr.str()]
    for secret in ("sk-planted/for+pytest~0123456789", 'a-team\'s "secret" \\ of 1234567890'):
        assert leaks(secret, pytester.path, told) == []
    assert "«secret 1»" in told[0]


def test_a_fault_of_ours_shows_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The traceback of an error of the suite's own goes through the redactor too."""

    def breaks(*_: object, **__: object) -> None:
        raise ValueError("the header b'Bearer sk-planted-in-a-traceback' is wrong")

    monkeypatch.setenv("PLANTED_KEY", "sk-planted-in-a-traceback")
    monkeypatch.setattr(online, "run", breaks)
    arguments = ["--base-url", "http://127.0.0.1:9", "--model", "m", "--api-key-env", "PLANTED_KEY"]
    assert cli.main(["run", *arguments, "--out", str(tmp_path / "out")]) == cli.EXIT_USAGE
    told = capsys.readouterr().err
    assert "sk-planted" not in told
    assert "Bearer «secret 1»" in told
    assert "breaks" in told
