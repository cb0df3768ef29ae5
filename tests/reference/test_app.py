"""The endpoint on the network."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import httpx
import pytest

from conformance import contract
from conformance.mutants import Mutant
from conformance.reference.app import running
from conformance.reference.endpoint import Endpoint
from conformance.spoil import on_the_wire

from .client import KEY, STORY, credential

CONTRACT = contract.load("highwayapi")
HEADERS = {"authorization": credential("bearer"), "content-type": "application/json"}
BODY = {"model": "reference", "messages": [{"role": "user", "content": STORY}], "max_tokens": 8}
CUT = on_the_wire("cut", "the connection is cut", lambda wire: replace(wire, cut=True))


def endpoint(mutant: Mutant | None = None) -> Endpoint:
    return Endpoint(CONTRACT, key=KEY, mutant=mutant)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with running(endpoint()) as base:
        yield base + CONTRACT.path


def post(url: str, **members: object) -> httpx.Response:
    return httpx.post(url, headers=HEADERS, json={**BODY, **members}, timeout=20)


def test_a_reply_is_whole_and_says_how_long_it_is(url: str) -> None:
    """Its headers are the endpoint's, each once."""
    reply = post(url)
    assert reply.status_code == 200
    assert reply.headers.get_list("content-type") == ["application/json"]
    assert int(reply.headers["content-length"]) == len(reply.content)
    assert reply.json()["choices"][0]["finish_reason"] == "length"


def test_a_stream_comes_in_chunks(url: str) -> None:
    """Of the body's own events, to the [DONE]."""
    with httpx.stream("POST", url, headers=HEADERS, json={**BODY, "stream": True}) as reply:
        assert reply.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert reply.headers["transfer-encoding"] == "chunked"
        lines = [line for line in reply.iter_lines() if line]
    assert lines[-1] == "data: [DONE]"
    assert all(json.loads(line.removeprefix("data: "))["object"] == "chat.completion.chunk" for line in lines[:-1])


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "", 405), ("OPTIONS", "", 405), ("STRANGE", "", 405), ("POST", "/", 404), ("POST", "x", 404)],
)
def test_every_request_reaches_the_endpoint(url: str, method: str, path: str, status: int) -> None:
    """Whatever its method and path, and nothing is redirected."""
    reply = httpx.request(method, url + path, headers=HEADERS)
    assert reply.status_code == status
    assert "error" in reply.json()
    assert httpx.head(url).status_code == 405


def test_a_wrong_key_is_refused(url: str) -> None:
    """Over the network as in process."""
    assert httpx.post(url, headers={**HEADERS, "authorization": "Bearer wrong"}, json=BODY).status_code == 401


def test_the_same_connection_serves_on(url: str) -> None:
    """After refusals too."""
    with httpx.Client(headers=HEADERS) as client:
        statuses = [
            client.post(url, content=body).status_code for body in (b"{", json.dumps(BODY), b"", json.dumps(BODY))
        ]
    assert statuses == [400, 200, 400, 200]


def test_latencies_overlap() -> None:
    """32 requests that each wait half a second wait together."""
    with running(endpoint(), latency=0.5) as base, ThreadPoolExecutor(32) as pool:
        begun = time.monotonic()
        replies = list(pool.map(lambda _: post(base + CONTRACT.path), range(32)))
        taken = time.monotonic() - begun
    assert all(reply.elapsed.total_seconds() >= 0.5 for reply in replies)
    assert taken < 5


@pytest.mark.parametrize("members", [{}, {"stream": True}], ids=["whole", "stream"])
def test_a_cut_reply_has_no_end(members: dict[str, object]) -> None:
    """The client sees that the connection was lost, after it has seen all the pieces."""
    with running(endpoint(CUT)) as base:
        with pytest.raises(httpx.RemoteProtocolError):
            post(base + CONTRACT.path, **members)
        got: list[bytes] = []
        with (
            httpx.stream("POST", base + CONTRACT.path, headers=HEADERS, json={**BODY, **members}) as reply,
            pytest.raises(httpx.RemoteProtocolError),
        ):
            got.extend(reply.iter_raw())
    assert b"".join(got).endswith(b"data: [DONE]\n\n" if members else b"}")


def test_a_reply_cut_before_its_body_has_none() -> None:
    """A status, headers, and nothing."""
    nothing = on_the_wire("nothing", "the body is missing", lambda wire: replace(wire, cut=True).with_body())
    with running(endpoint(nothing)) as base, pytest.raises(httpx.RemoteProtocolError):
        post(base + CONTRACT.path)


@pytest.mark.parametrize("latency", [0.0, 30.0], ids=["idle", "waiting"])
def test_it_stops_at_once_even_with_open_connections(latency: float) -> None:
    """A client that keeps its connection for later cannot hold it up, nor one that waits for its reply."""
    with httpx.Client(headers=HEADERS) as client, ThreadPoolExecutor(1) as pool:
        with running(endpoint(), latency=latency) as base:
            waiting = pool.submit(client.post, base + CONTRACT.path, json=BODY, timeout=20)
            time.sleep(0.3)
            assert waiting.done() == (latency == 0)
            leaving = time.monotonic()
        assert time.monotonic() - leaving < 1
        waiting.exception(timeout=5)  # it ended, one way or another


def test_a_port_that_is_taken_is_an_error() -> None:
    """The caller's to report."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError, match=r"in use|one usage"), running(endpoint(), port=taken.getsockname()[1]):
            pass


def test_it_starts_in_under_a_second() -> None:
    """To the first answer, imports apart; the endpoint alone in a fraction of that."""
    begun = time.monotonic()
    with running(endpoint()) as base:
        assert post(base + CONTRACT.path).status_code == 200
        assert time.monotonic() - begun < 1


SERVE = """
from conformance import contract
from conformance.reference.app import serve_forever
from conformance.reference.endpoint import Endpoint
serve_forever(Endpoint(contract.load("highwayapi")))
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals to send")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_says_where_it_listens_and_ends_when_told(number: signal.Signals) -> None:
    """One line with the URL, then replies; a signal ends it with 0 and without a word."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVE], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        said, _, base = process.stdout.readline().strip().rpartition(" ")
        assert said == "listening on"
        assert post(base + CONTRACT.path).status_code == 200
        process.send_signal(number)
        out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (0, "", "")


def test_asking_in_process_needs_no_server() -> None:
    """Importing the endpoint imports neither starlette nor uvicorn nor asyncio nor httpx."""
    names = "{'starlette', 'uvicorn', 'asyncio', 'httpx'}"
    code = f"import sys, conformance.reference.endpoint; print(*(set(sys.modules) & {names}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
