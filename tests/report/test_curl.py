"""The curl line of an exemplar: a real shell and a real curl send what was sent."""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from conformance import catalogue, record
from conformance import contract as contracts
from conformance.exchange import Exchange
from conformance.model import Credential, Purpose, Request
from conformance.record import Address, Heard
from conformance.reference.app import running
from conformance.reference.endpoint import Endpoint
from conformance.report import curl as curls
from conformance.target import Target
from conformance.writer import Writer

from ..servers import Heard as Received
from ..servers import Server
from .conftest import KEYS, Ran

SHELLS = [shell for shell in ("sh", "bash", "zsh", "ksh") if shutil.which(shell)]

pytestmark = pytest.mark.skipif(
    not shutil.which("curl") or not SHELLS, reason="there is no curl, or no shell, on the path"
)

CONTRACTS = {"bearer": contracts.load("highwayapi"), "basic": contracts.load("basic-gateway")}
USER = "reporter"


def sent(server: Server, request: Request, scheme: str = "bearer", **target: object) -> Exchange:
    """The exchange of a request, as a run records it."""
    contract = CONTRACTS[scheme]
    made = Target(url=server.url + contract.path, model="m", scheme=scheme, key=KEYS[scheme], **target)  # type: ignore[arg-type]
    return record.exchange(1, Address(case="c", step=(0, 0), purpose=Purpose.PLAN), request, made, Heard())


def shell(line: str, variables: dict[str, str], shell_: str = SHELLS[0], folder: Path | None = None) -> str:
    """What a line prints."""
    done = subprocess.run(
        [shell_, "-c", line], capture_output=True, timeout=10, env={**os.environ, **variables}, cwd=folder, check=True
    )
    return done.stdout.decode("utf-8", "replace")


def received(
    server: Server, exchange: Exchange, scheme: str = "bearer", shell_: str = SHELLS[0], **variables: str
) -> Received:
    """What the server hears when the exchange's line is run."""
    line = curls.curl(exchange, CONTRACTS[scheme])
    assert KEYS[scheme] not in line
    shell(line, {"API_KEY": KEYS[scheme], **variables}, shell_)
    return server.heard[-1]


BODIES = [
    b"",
    b"{}",
    b'{"model":"m","messages":[{"role":"user","content":"it\'s \\"quoted\\""}]}',
    b'{"content":"$HOME `id` $(id) \\\\ \\n !! * ~ # & ; | < >"}',
    b"a\nb\n\nc\n",
    b"a\r\nb\r",
    b"\ttab",
    "héllo ⸮⸮⸮ 日本語 😀".encode(),
    "\u202eabc\u2066\u200b\ufeff\u00a0".encode(),
    b"\xff\xfe\x00\x01 %s %d %% \\ ' \" \x7f \x80",
    b"\x00",
    b"@/etc/passwd",
    b"@-",
    b"-d x --output y",
    b"%0a",
    b"\\x41\\101\\n",
    b"{" + b" " * 3990 + b"}",
    bytes(range(256)),
]


@pytest.mark.parametrize("shell_", SHELLS)
@pytest.mark.parametrize("body", BODIES, ids=lambda body: repr(body[:20]))
def test_any_body_arrives_to_the_byte(body: bytes, shell_: str, server: Server) -> None:
    """Whatever a body holds, every shell sends it as it was, as a POST with the media type it had."""
    heard = received(server, sent(server, Request(body=body)), shell_=shell_)
    assert heard.body == body
    assert heard.line == f"POST {CONTRACTS['bearer'].path} HTTP/1.1"
    assert heard.headers["content-type"] == "application/json"


@pytest.mark.parametrize("body", BODIES, ids=lambda body: repr(body[:20]))
def test_a_line_has_nothing_that_a_page_could_change(body: bytes, server: Server) -> None:
    """Every character of a line but a line feed has a shape of its own."""
    line = curls.curl(sent(server, Request(body=body)), CONTRACTS["bearer"])
    assert line.replace("\n", "").isprintable()


@pytest.mark.parametrize(
    ("method", "headers", "expected"),
    [
        ("GET", (), {"content-type": None}),
        ("POST", (), {"content-type": None}),
        ("POST", (("content-type", "text/plain"),), {"content-type": "text/plain"}),
        (
            "POST",
            (("content-type", 'application/json; charset="utf-8"'),),
            {"content-type": 'application/json; charset="utf-8"'},
        ),
        ("POST", (("content-type", "application/json"), ("x-empty", "")), {"x-empty": ""}),
        ("PUT", (("x-odd", "it's $HOME"),), {"x-odd": "it's $HOME"}),
    ],
)
def test_method_and_headers_are_the_same(
    method: str, headers: tuple[tuple[str, str], ...], expected: dict[str, str | None], server: Server
) -> None:
    """The line sends the headers that were sent, and none that curl would add to a body."""
    body = b"" if method == "GET" else b"{}"
    heard = received(server, sent(server, Request(body=body, method=method, headers=headers)))
    assert heard.line.split()[0] == method
    assert {name: heard.headers.get(name) for name in expected} == expected


def basic(pair: str) -> str:
    return base64.b64encode(pair.encode()).decode()


@pytest.mark.parametrize(
    ("scheme", "credential", "expected"),
    [
        ("bearer", Credential.RIGHT, f"Bearer {KEYS['bearer']}"),
        ("bearer", Credential.MISSING, None),
        ("bearer", Credential.WRONG, "Bearer a-wrong-key"),
        ("bearer", Credential.WRONG_SCHEME, f"Basic {KEYS['bearer']}"),
        ("bearer", Credential.EMPTY, "Bearer"),
        ("bearer", Credential.LOWER_CASE, f"bearer {KEYS['bearer']}"),
        ("basic", Credential.RIGHT, f"Basic {basic(KEYS['basic'])}"),
        ("basic", Credential.MISSING, None),
        ("basic", Credential.WRONG, f"Basic {basic(USER + ':a-wrong-key')}"),
        ("basic", Credential.WRONG_SCHEME, f"Bearer {basic(KEYS['basic'])}"),
        ("basic", Credential.EMPTY, "Basic"),
        ("basic", Credential.NOT_BASE64, "Basic %%%"),
        ("basic", Credential.NO_COLON, f"Basic {basic('no-colon-in-here')}"),
        ("basic", Credential.LOWER_CASE, f"basic {basic(KEYS['basic'])}"),
    ],
)
def test_every_credential_is_sent_again(
    scheme: str, credential: Credential, expected: str | None, server: Server
) -> None:
    """With the key in API_KEY, the line shows the credential that was shown, a wrong key as another wrong key of the same
    user."""
    heard = received(server, sent(server, Request(body=b"{}", credential=credential), scheme), scheme)
    assert heard.headers.get("authorization") == expected


@pytest.mark.parametrize("password", ["p" * 60, 'it\'s "$HOME" `x` %s \\n', "a:b:c:d"])
def test_any_key_can_be_given(password: str, server: Server) -> None:
    """A key of any characters, and one whose Basic form is longer than a line of base64, arrives as it is."""
    exchange = sent(server, Request(body=b"{}"), "basic")
    shell(curls.curl(exchange, CONTRACTS["basic"]), {"API_KEY": f"user:{password}"})
    assert server.heard[-1].headers["authorization"] == f"Basic {basic(f'user:{password}')}"


def test_other_secrets_have_variables_of_their_own(server: Server) -> None:
    """A secret header of the user's is left to a variable named after it."""
    exchange = sent(server, Request(body=b"{}"), headers=(("x-tenant", "tenant-secret"),))
    assert curls.variables(exchange, CONTRACTS["bearer"]) == ["API_KEY", "X_TENANT"]
    assert received(server, exchange, X_TENANT="another one").headers["x-tenant"] == "another one"


@pytest.mark.parametrize(
    ("scheme", "credential", "expected"),
    [
        ("bearer", Credential.RIGHT, ["API_KEY"]),
        ("bearer", Credential.WRONG, []),
        ("bearer", Credential.MISSING, []),
        ("basic", Credential.WRONG, ["API_KEY"]),
        ("basic", Credential.NOT_BASE64, []),
    ],
)
def test_a_line_names_its_variables(scheme: str, credential: Credential, expected: list[str], server: Server) -> None:
    """A reader is told of those variables that the line has, and of no other."""
    exchange = sent(server, Request(body=b'{"a":"$NOT_ONE"}', credential=credential), scheme)
    assert curls.variables(exchange, CONTRACTS[scheme]) == expected


def test_a_key_in_the_url_is_left_out(server: Server) -> None:
    """A key that the URL holds is taken from the variable too, and brackets in a URL are no pattern of curl's."""
    exchange = sent(server, Request(body=b"{}"))
    url = exchange.request.url + "?key=«secret 1»&a[]={1}"
    heard = received(server, _with_url(exchange, url))
    assert heard.line.split()[1] == f"{CONTRACTS['bearer'].path}?key={KEYS['bearer']}&a[]={{1}}"


def _with_url(exchange: Exchange, url: str) -> Exchange:
    return replace(exchange, request=replace(exchange.request, url=url))


def test_a_long_body_is_taken_from_the_evidence(server: Server, tmp_path: Path) -> None:
    """A body too long for a line is read from the evidence beside the report."""
    body = b'{"content":"' + b"long \xc3\xa9 " * 50_000 + b'"}'
    exchange = replace(sent(server, Request(body=body)), n=12)
    with (tmp_path / "evidence.ndjson").open("wb") as file:
        writer = Writer.begin(file, {"format": 1})
        for number in (1, 12, 120):
            writer.exchange(
                replace(exchange, n=number, request=replace(exchange.request, body=body + b" " * (number - 12)))
            )
    line = curls.curl(exchange, CONTRACTS["bearer"])
    assert len(line) < 600
    shell(line, {"API_KEY": KEYS["bearer"]}, folder=tmp_path)
    assert server.heard[-1].body == body


def test_a_stream_is_shown_as_it_comes(server: Server) -> None:
    """The line of a stream switches curl's buffer off."""
    line = curls.curl(sent(server, Request(body=b'{"stream":true}')), CONTRACTS["bearer"])
    assert " -N " in line


@pytest.mark.parametrize(
    ("fault", "name", "row", "shows"),
    [
        ("ignores-n", "highwayapi", "choices.count", '(?s)(?!.*"index":1).*"index":0'),
        ("no-done", "highwayapi", "streaming.done", r"(?s)(?!.*\[DONE\]).*data: "),
        ("serves-any-key", "highwayapi", "auth.wrong-key", "HTTP/1.1 200 "),
        ("serves-any-key", "basic-gateway", "auth.malformed", "HTTP/1.1 200 "),
        ("errors-as-html", "highwayapi", "errors.json", "(?s).*<html><h1>"),
        ("crashes-on-empty-credential", "basic-gateway", "auth.no-crash", "HTTP/1.1 500 "),
        ("created-in-milliseconds", "highwayapi", "envelope.created-in-seconds", '(?s).*"created":1700000000000,'),
    ],
)
def test_a_finding_comes_back(fault: str, name: str, row: str, shows: str, spoil: Callable[..., Ran]) -> None:
    """Run against the same fault, the curl line of a finding shows it again."""
    ran = spoil(fault, name)
    contract = ran.contract
    exemplar = ran.rows[row]["violations"][0]["exemplar"]
    key = KEYS[contract.scheme]
    with running(Endpoint(contract, key=key, mutant=catalogue.fault(fault))) as url:
        line = str(exemplar["curl"]).replace(str(exemplar["url"]), url + contract.path)
        printed = shell(line, {"API_KEY": key})
    assert f" {exemplar['status']} " in printed.splitlines()[0]
    assert re.match(shows, printed)
