"""The Python lines of an exemplar: run as they stand, they send what was sent."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.exchange import Exchange
from conformance.model import Credential, Request
from conformance.report.python import python
from conformance.writer import Writer

from ..servers import Heard, Server
from .conftest import KEYS, Ran
from .test_curl import BODIES, CONTRACTS, USER, basic, sent

Runs = Callable[..., str]
"""Runs lines of Python in a folder, with these variables, and gives what they print."""


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Runs:
    """Runs lines as a program of their own would."""

    def run(lines: str, **variables: str) -> str:
        monkeypatch.chdir(tmp_path)
        for name, value in variables.items():
            monkeypatch.setitem(os.environ, name, value)
        capsys.readouterr()
        exec(compile(lines, "<lines>", "exec"), {})
        return capsys.readouterr().out

    return run


def received(runs: Runs, server: Server, exchange: Exchange, scheme: str = "bearer", **variables: str) -> Heard:
    """What the server hears when the exchange's lines are run."""
    lines = python(exchange, CONTRACTS[scheme])
    assert KEYS[scheme] not in lines
    runs(lines, API_KEY=KEYS[scheme], **variables)
    return server.heard[-1]


@pytest.mark.parametrize("body", BODIES, ids=lambda body: repr(body[:20]))
def test_any_body_arrives_to_the_byte(body: bytes, runs: Runs, server: Server) -> None:
    """Whatever a body holds is sent as it was, by lines in which every character has a shape of its own."""
    exchange = sent(server, Request(body=body))
    heard = received(runs, server, exchange)
    assert heard.body == body
    assert heard.line == f"POST {CONTRACTS['bearer'].path} HTTP/1.1"
    assert heard.headers["content-type"] == "application/json"
    assert python(exchange, CONTRACTS["bearer"]).replace("\n", "").isprintable()


@pytest.mark.parametrize(
    ("method", "headers", "expected"),
    [
        ("GET", (), {"content-type": None, "content-length": None}),
        ("POST", (), {"content-type": None, "accept-encoding": "identity"}),
        ("POST", (("accept-encoding", "gzip"),), {"accept-encoding": "gzip"}),
        ("POST", (("x-empty", ""),), {"x-empty": ""}),
        ("PUT", (("x-odd", 'it\'s "$HOME" \\'),), {"x-odd": 'it\'s "$HOME" \\'}),
    ],
)
def test_method_and_headers_are_the_same(
    method: str,
    headers: tuple[tuple[str, str], ...],
    expected: dict[str, str | None],
    runs: Runs,
    server: Server,
) -> None:
    """The lines send the headers that were sent, and ask for no coding that nobody asked for."""
    body = b"" if method == "GET" else b"{}"
    heard = received(runs, server, sent(server, Request(body=body, method=method, headers=headers)))
    assert heard.line.split()[0] == method
    assert {name: heard.headers.get(name) for name in expected} == expected


@pytest.mark.parametrize(
    ("scheme", "credential", "expected"),
    [
        ("bearer", Credential.RIGHT, f"Bearer {KEYS['bearer']}"),
        ("bearer", Credential.MISSING, None),
        ("bearer", Credential.WRONG, "Bearer a-wrong-key"),
        ("bearer", Credential.WRONG_SCHEME, f"Basic {KEYS['bearer']}"),
        ("basic", Credential.RIGHT, f"Basic {basic(KEYS['basic'])}"),
        ("basic", Credential.WRONG, f"Basic {basic(USER + ':a-wrong-key')}"),
        ("basic", Credential.WRONG_SCHEME, f"Bearer {basic(KEYS['basic'])}"),
        ("basic", Credential.NOT_BASE64, "Basic %%%"),
    ],
)
def test_every_credential_is_sent_again(
    scheme: str, credential: Credential, expected: str | None, runs: Runs, server: Server
) -> None:
    """With the key in API_KEY, the lines show the credential that was shown."""
    heard = received(runs, server, sent(server, Request(body=b"{}", credential=credential), scheme), scheme)
    assert heard.headers.get("authorization") == expected


def test_other_secrets_have_variables_of_their_own(runs: Runs, server: Server) -> None:
    """A secret header, and secrets in a URL and a body, are left to the variables that the curl line names."""
    exchange = sent(
        server, Request(body='{"a":"«secret 1», «secret 1»"}'.encode()), headers=(("x-tenant", "a-secret"),)
    )
    url = exchange.request.url + "?key=«secret 1»"
    exchange = replace(exchange, request=replace(exchange.request, url=url))
    heard = received(runs, server, exchange, X_TENANT="another one")
    assert heard.headers["x-tenant"] == "another one"
    assert heard.line.split()[1] == f"{CONTRACTS['bearer'].path}?key={KEYS['bearer']}"
    assert heard.body == f'{{"a":"{KEYS["bearer"]}, {KEYS["bearer"]}"}}'.encode()


def test_a_long_body_is_taken_from_the_evidence(runs: Runs, server: Server, tmp_path: Path) -> None:
    """A body too long for a page is read from the evidence beside the report."""
    body = b'{"content":"' + b"long \xc3\xa9 " * 5_000 + b'"}'
    exchange = replace(sent(server, Request(body=body)), n=12)
    with (tmp_path / "evidence.ndjson").open("wb") as file:
        writer = Writer.begin(file, {"format": 1})
        for number in (1, 12):
            longer = body + b" " * (number - 12)
            writer.exchange(replace(exchange, n=number, request=replace(exchange.request, body=longer)))
    assert len(python(exchange, CONTRACTS["bearer"])) < 800
    assert received(runs, server, exchange).body == body


def test_a_stream_is_shown_piece_by_piece(runs: Runs, server: Server) -> None:
    """The lines of a stream print each piece with the time of its arrival, those of a whole reply its text."""
    streamed = python(sent(server, Request(body=b'{"stream":true}')), CONTRACTS["bearer"])
    assert runs(streamed, API_KEY=KEYS["bearer"]).endswith(" s b'{}'\n")
    whole = python(sent(server, Request(body=b"{}")), CONTRACTS["bearer"])
    assert runs(whole, API_KEY=KEYS["bearer"]).endswith("\n\n{}\n")


def test_every_finding_has_its_lines(spoil: Callable[..., Ran]) -> None:
    """What report.json holds beside each curl line can be compiled, and speaks to the same address."""
    for row in spoil("errors-as-html").copied()["requirements"]:
        for each in row["violations"]:
            compile(each["exemplar"]["python"], "<lines>", "exec")
            assert each["exemplar"]["url"] in each["exemplar"]["python"]
