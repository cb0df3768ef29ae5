"""The road to the endpoint: certificates and proxies as users of httpx know them, over real TLS and a real proxy."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import pytest
import trustme

from conformance import __version__, transport
from conformance.cli import main
from conformance.model import Request, UsageError
from conformance.record import Heard
from conformance.target import Target

from .servers import COMPLETION, fixed, reply, serving
from .servers import Heard as Asked

KEY = "sk-the-key-of-the-road"
PROXY_USER = "proxy-user:proxy-password"
ANSWER = fixed(reply(200, COMPLETION, "content-type: application/json"))


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of whoever runs the tests plays no part in them."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "ssl_cert_file", "ssl_cert_dir"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@dataclass(frozen=True)
class Authority:
    """Files of an authority that nobody else knows, and of a client it vouches for; and what a server shows."""

    ca_file: str
    client_cert: str
    server: ssl.SSLContext
    strict: ssl.SSLContext


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """One authority for all tests."""
    folder, ca = tmp_path_factory.mktemp("tls"), trustme.CA()
    ca.cert_pem.write_to_path(folder / "ca.pem")
    ca.issue_cert("client@example.com").private_key_and_cert_chain_pem.write_to_path(folder / "client.pem")
    shown = ca.issue_cert("127.0.0.1", "localhost")
    contexts = []
    for demand in (ssl.CERT_NONE, ssl.CERT_REQUIRED):
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        shown.configure_cert(context)
        ca.configure_trust(context)
        context.verify_mode = demand
        contexts.append(context)
    return Authority(str(folder / "ca.pem"), str(folder / "client.pem"), *contexts)


def ask(url: str, *, ca_file: str | None = None, client_cert: str | None = None) -> Heard:
    """What is heard of an endpoint there."""
    target = Target(url=url, model="m", scheme="bearer", key=KEY, ca_file=ca_file, client_cert=client_cert)

    async def main() -> Heard:
        (client,) = transport.clients(target, 1)
        async with client:
            return await transport.hear(client, Request(body=b"{}"), target, 10)

    return asyncio.run(main())


def test_an_unknown_authority_is_not_trusted(authority: Authority) -> None:
    """A server whose certificate nobody vouches for is not talked to: no key is sent, and the error says why."""
    with serving(ANSWER, authority.server) as server:
        heard = ask(server.url)
    assert heard.status is None
    assert heard.error is not None
    assert heard.error.startswith("connect: ")
    assert "CERTIFICATE_VERIFY_FAILED" in heard.error
    assert server.heard == []


def test_a_ca_file(authority: Authority) -> None:
    """--ca-file names whom to trust."""
    with serving(ANSWER, authority.server) as server:
        assert ask(server.url, ca_file=authority.ca_file).status == 200


def test_ssl_cert_file(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """SSL_CERT_FILE names whom to trust where --ca-file does not."""
    monkeypatch.setenv("SSL_CERT_FILE", authority.ca_file)
    with serving(ANSWER, authority.server) as server:
        assert ask(server.url).status == 200


def test_a_client_certificate(authority: Authority) -> None:
    """--client-cert is shown to a server that demands one; without it there is no answer."""
    with serving(ANSWER, authority.strict) as server:
        assert ask(server.url, ca_file=authority.ca_file, client_cert=authority.client_cert).status == 200
        assert ask(server.url, ca_file=authority.ca_file).status is None


@dataclass
class Proxy:
    """A proxy: its URL, the heads that it was sent, and the bytes that went through its tunnels."""

    url: str = ""
    heads: list[str] = field(default_factory=list)
    tunnelled: bytearray = field(default_factory=bytearray)


@contextmanager
def proxy() -> Iterator[Proxy]:
    """A proxy that passes requests on, and opens tunnels."""
    made = Proxy()

    async def handler(heard: Asked, writer: asyncio.StreamWriter) -> None:
        made.heads.append("\n".join([heard.line, *(f"{name}: {value}" for name, value in heard.headers.items())]))
        method, where, _ = heard.line.split(" ")
        if method == "CONNECT":
            host, _, port = where.partition(":")
            inward, outward = await asyncio.open_connection(host, int(port))
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await asyncio.gather(_pump(heard.inward, outward, made.tunnelled), _pump(inward, writer, bytearray()))
        else:
            writer.write(reply(200, COMPLETION, "via: 1.1 the-proxy"))

    with serving(handler) as server:
        made.url = server.url
        yield made


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter, seen: bytearray) -> None:
    with suppress(ConnectionError):
        while data := await source.read(65_536):
            seen += data
            sink.write(data)
            await sink.drain()
    sink.close()


def with_user(url: str) -> str:
    """The proxy's URL with the credential that it wants."""
    return url.replace("http://", f"http://{PROXY_USER}@")


def test_a_proxy_for_http(monkeypatch: pytest.MonkeyPatch) -> None:
    """HTTP_PROXY is asked for the whole URL, with the credential that its own URL has."""
    with proxy() as between:
        monkeypatch.setenv("HTTP_PROXY", with_user(between.url))
        heard = ask("http://endpoint.example/v1/chat/completions")
    assert heard.status == 200
    assert ("via", "1.1 the-proxy") in heard.headers
    (head,) = between.heads
    assert head.startswith("POST http://endpoint.example/v1/chat/completions HTTP/1.1\n")
    assert "proxy-authorization: Basic cHJveHktdXNlcjpwcm94eS1wYXNzd29yZA==" in head


def test_a_tunnel_for_https(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """HTTPS_PROXY sees where a tunnel leads and not what goes through it; its own credential ends there."""
    with proxy() as between, serving(ANSWER, authority.server) as server:
        monkeypatch.setenv("HTTPS_PROXY", with_user(between.url))
        heard = ask(server.url, ca_file=authority.ca_file)
    assert heard.status == 200
    (head,) = between.heads
    assert head.startswith(f"CONNECT {server.url.removeprefix('https://')} HTTP/1.1\n")
    assert KEY not in head
    assert len(between.tunnelled) > 0
    assert KEY.encode() not in between.tunnelled
    assert server.heard[0].headers["authorization"] == f"Bearer {KEY}"
    assert "proxy-authorization" not in server.heard[0].headers


def test_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_PROXY names the hosts that are asked directly."""
    with proxy() as between, serving(ANSWER) as server:
        monkeypatch.setenv("HTTP_PROXY", between.url)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        assert ask(server.url).status == 200
    assert between.heads == []
    assert len(server.heard) == 1


def test_a_proxy_that_refuses(monkeypatch: pytest.MonkeyPatch, authority: Authority) -> None:
    """A tunnel that is refused is no connection, and the error tells no credential of the proxy's."""
    with serving(fixed(reply(407, b""))) as between, serving(ANSWER, authority.server) as server:
        monkeypatch.setenv("HTTPS_PROXY", with_user(between.url))
        heard = ask(server.url, ca_file=authority.ca_file)
    assert heard.error is not None
    assert heard.error.startswith("connect: 407")
    assert "proxy-password" not in heard.error
    assert server.heard == []


def test_the_help_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    """--help names the variables that are heeded and where keys come from; no option takes a key."""
    with pytest.raises(SystemExit):
        main(["run", "--help"])
    said = " ".join(capsys.readouterr().out.split())
    for words in (
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "NO_PROXY",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "never from an",
    ):
        assert words in said
    assert not {"--api-key", "--key", "--token", "--password", "--header"} & set(re.findall(r"--[a-z-]+", said))


def test_who_asks() -> None:
    """The User-Agent names the suite and its version."""
    with serving(ANSWER) as server:
        ask(server.url)
    assert server.heard[0].headers["user-agent"] == f"chat-conformance/{__version__}"


@pytest.mark.parametrize("url", ["socks5://127.0.0.1:9", f"gopher://{PROXY_USER}@127.0.0.1:9", "http://[::"])
def test_an_unusable_proxy(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """A proxy that cannot be used is a usage error of one line, without its credential."""
    monkeypatch.setenv("ALL_PROXY", url)
    with pytest.raises(UsageError, match="proxy of the environment") as raised:
        ask("http://127.0.0.1:9/")
    assert "\n" not in str(raised.value)
    assert "proxy-password" not in str(raised.value)
