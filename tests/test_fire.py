"""Firing: over real sockets, against servers that do one thing wrong each."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import socket
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance import contract as contracts
from conformance import record, transport
from conformance.ask import Ask, Setting
from conformance.budget import Budget, Prices, completion_tokens, prompt_tokens
from conformance.exchange import Exchange
from conformance.fire import Firer, Job, Pace
from conformance.model import Credential, Depth, Purpose, Request, UsageError, Zone
from conformance.scenario import Case, Performance, Scenario, Script, Variant, scenario
from conformance.target import Target
from conformance.writer import Writer

from .servers import COMPLETION, Heard, Server, fixed, reply, serving

KEY = "a-key-of-the-tests"
QUICK = Pace(retries=0, timeout=5)


@scenario(steps=1, tokens=4)
def once(ask: Ask) -> Script:
    """Ask once."""
    yield ask(max_tokens=4)
    return None


@scenario(steps=2, tokens=8)
def at_once(ask: Ask) -> Script:
    """Ask twice at the same time."""
    yield [ask(max_tokens=4), ask(max_tokens=4)]
    return None


def fire(
    server: Server | str,
    made: Scenario = once,
    *,
    times: int = 1,
    pace: Pace = QUICK,
    budget: Budget | None = None,
    headers: tuple[tuple[str, str], ...] = (),
) -> tuple[list[Exchange], list[Performance]]:
    """Perform a scenario so many times; what was written, and how each performance ended."""
    contract = contracts.load("highwayapi")
    base = server if isinstance(server, str) else server.url
    target = Target(url=base + contract.path, model="m", scheme="bearer", key=KEY, headers=headers)
    setting = Setting(contract=contract, model="m", features=frozenset(contract.features))
    writer = Writer.begin(io.BytesIO(), {})
    jobs = [
        Job(case=Case(scenario=made, variant=Variant(arguments={"take": n + 1}, depth=Depth.SMOKE)))
        for n in range(times)
    ]

    async def main() -> list[Performance]:
        async with Firer(target, writer, budget or Budget(), pace) as firer:
            return await firer.fire(setting, jobs)

    return writer.evidence.exchanges, asyncio.run(main())


def test_bytes_are_kept_as_they_come() -> None:
    """Status, header names and body are what the server sent, and every piece has its own, later time."""

    async def handler(_: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nX-Odd: 1\r\ntransfer-encoding: chunked\r\n\r\n"
        )
        for part in (b"data: \xff\n", b"\n", b": end\n\n"):
            writer.write(b"%x\r\n%s\r\n" % (len(part), part))
            await writer.drain()
            await asyncio.sleep(0.02)
        writer.write(b"0\r\n\r\n")

    with serving(handler) as server:
        (exchange,), _ = fire(server)
    assert exchange.status == 200
    assert exchange.headers[0] == ("Content-Type", "text/event-stream")
    assert ("X-Odd", "«withheld»") in exchange.headers
    assert exchange.body == b"data: \xff\n\n: end\n\n"
    times = [seconds for seconds, _ in exchange.pieces]
    assert len(times) == 3
    assert times == sorted(times)
    assert times[2] - times[0] > 0.03
    assert exchange.error is None


def test_the_request_is_ours_to_the_byte() -> None:
    """The body goes out as the scenario made it, with one Authorization header and no content coding asked for."""
    with serving(fixed(reply(200, COMPLETION, "content-type: application/json"))) as server:
        (exchange,), _ = fire(server)
    (heard,) = server.heard
    assert heard.body == exchange.request.body
    assert heard.headers["authorization"] == f"Bearer {KEY}"
    assert heard.headers["accept-encoding"] == "identity"
    assert heard.headers["content-type"] == "application/json"
    assert "chat-conformance/" in heard.headers["user-agent"]
    assert dict(exchange.request.headers)["authorization"] == "Bearer «secret 1»"


CREDENTIALS = {
    Credential.RIGHT: f"Bearer {KEY}",
    Credential.MISSING: None,
    Credential.EMPTY: "Bearer",
    Credential.WRONG_SCHEME: f"Basic {KEY}",
    Credential.LOWER_CASE: f"bearer {KEY}",
}


@pytest.mark.parametrize(("credential", "header"), CREDENTIALS.items())
def test_credentials_and_extra_headers(credential: Credential, header: str | None) -> None:
    """Each credential goes out as its name says; the user's own headers, which may be a credential, only with the key."""

    @scenario(steps=1, tokens=4)
    def ask_as(ask: Ask) -> Script:
        """Ask with this credential."""
        yield ask(max_tokens=4, credential=credential, zone=Zone.DISPUTED)
        return None

    with serving(fixed(reply(200, COMPLETION))) as server:
        fire(server, ask_as, headers=(("x-team", "a-team-secret"),))
    assert server.heard[0].headers.get("authorization") == header
    right = credential in (Credential.RIGHT, Credential.LOWER_CASE)
    assert ("x-team" in server.heard[0].headers) == right


def no_reply(_: Heard, writer: asyncio.StreamWriter) -> asyncio.Future[None]:
    """Say nothing, for ever."""
    del writer
    return asyncio.get_running_loop().create_future()


async def hang_up(_: Heard, writer: asyncio.StreamWriter) -> None:
    """Close the connection in the place of a reply."""
    writer.close()


async def cut(_: Heard, writer: asyncio.StreamWriter) -> None:
    """Begin a stream and close the connection before its end."""
    writer.write(
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n6\r\ndata: \r\n"
    )
    await writer.drain()
    writer.close()


async def garbage(_: Heard, writer: asyncio.StreamWriter) -> None:
    """Answer in no known language."""
    writer.write(b"\x16\x03\x01 no HTTP at all\r\n\r\n")
    await writer.drain()
    writer.close()


async def endless(_: Heard, writer: asyncio.StreamWriter) -> None:
    """Send a body that is longer than anything that is kept."""
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n")
    for _n in range(40):
        writer.write(b"a" * 1024 * 1024)
        await writer.drain()
    writer.close()


FAULTS: dict[str, tuple[Callable[..., object], int | None, str]] = {
    "silence": (no_reply, None, "timeout"),
    "hang-up": (hang_up, None, "closed"),
    "cut": (cut, 200, "closed"),
    "garbage": (garbage, None, "protocol"),
    "endless": (endless, 200, "long"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_broken_server_ends_in_an_exchange(name: str) -> None:
    """Whatever a server does, the exchange ends in bounded time with what came and the kind of error."""
    handler, status, kind = FAULTS[name]
    with serving(handler) as server:  # type: ignore[arg-type]  # a future is awaitable too
        (exchange,), _ = fire(server, pace=replace(QUICK, timeout=0.5 if name == "silence" else 10))
    assert exchange.status == status
    assert exchange.error is not None
    assert exchange.error.startswith(kind)
    assert len(exchange.body) <= record.LONGEST


def test_nobody_there() -> None:
    """A refused connection is an exchange without a status, and its error says that the connection failed."""
    with serving(hang_up) as server:
        gone = server.url
    (exchange,), (performance,) = fire(gone)
    assert exchange.status is None
    assert (exchange.error or "").startswith("connect")
    assert performance.reason is not None
    assert "no reply" in performance.reason


def test_nobody_by_that_name() -> None:
    """A name that nobody has is a connection that failed."""
    (exchange,), (performance,) = fire("http://no-such-host.invalid")
    assert (exchange.error or "").startswith("connect")
    assert "no reply (connect" in (performance.reason or "")


def test_no_tls() -> None:
    """TLS that the other side does not speak is a connection that failed."""
    with socket.create_server(("127.0.0.1", 0)) as plain:

        def answer() -> None:
            connection, _ = plain.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        (exchange,), _ = fire(f"https://127.0.0.1:{plain.getsockname()[1]}")
        thread.join(5)
    assert (exchange.error or "").startswith("connect")


async def stalls(_: Heard, writer: asyncio.StreamWriter) -> None:
    """Begin a stream and say nothing more."""
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: {}\n\n")
    await writer.drain()
    await asyncio.sleep(30)


async def drips(_: Heard, writer: asyncio.StreamWriter) -> None:
    """Send a byte now and then, for ever."""
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n")
    for _n in range(1000):
        writer.write(b":")
        await writer.drain()
        await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("handler", "waited"),
    [
        (no_reply, "timeout: no reply after 0.5 s"),
        (stalls, "timeout: not finished after 0.5 s, and nothing more came in the last 0."),
        (drips, "timeout: not finished after 0.5 s"),
    ],
    ids=["first byte", "between pieces", "total"],
)
def test_what_was_waited_for(handler: Callable[..., Awaitable[None]], waited: str) -> None:
    """However a server lets one wait, --timeout ends it; the reason says what was waited for, and it is weather."""
    with serving(handler) as server:
        started = time.monotonic()
        (exchange,), (performance,) = fire(server, pace=replace(QUICK, timeout=0.5))
    assert time.monotonic() - started < 2.5
    assert (exchange.error or "").startswith(waited)
    assert ("nothing more" in (exchange.error or "")) == ("nothing more" in waited)
    assert waited in (performance.reason or "")


def test_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody takes the connection it is given up long before --timeout, and said so."""
    monkeypatch.setattr(transport, "CONNECT", 0.3)
    with socket.socket() as deaf, contextlib.ExitStack() as full:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        for _ in range(4):
            waiting = full.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(deaf.getsockname())
        (exchange,), _ = fire(f"http://127.0.0.1:{deaf.getsockname()[1]}", pace=replace(QUICK, timeout=30))
    assert exchange.error == "timeout: no connection after 0.3 s"


def purposes(exchanges: list[Exchange]) -> list[tuple[int | None, Purpose]]:
    """What came back each time, and why it was asked."""
    return [(exchange.status, exchange.purpose) for exchange in exchanges]


def test_weather_is_retried_and_kept() -> None:
    """A 429 is asked again when Retry-After allows it; both exchanges are evidence and the last one counts."""
    with serving(fixed(reply(429, b"{}", "retry-after: 0"), reply(200, COMPLETION))) as server:
        exchanges, (performance,) = fire(server, pace=replace(QUICK, retries=2))
    assert purposes(exchanges) == [(429, Purpose.PLAN), (200, Purpose.RETRY)]
    assert performance.reason is None


def test_retries_are_bounded() -> None:
    """Weather that lasts is asked again as often as --retries says, and then ends the script with its reason."""
    with serving(fixed(reply(503, b"", "retry-after: 0"))) as server:
        exchanges, (performance,) = fire(server, pace=replace(QUICK, retries=2))
    assert purposes(exchanges) == [(503, Purpose.PLAN), (503, Purpose.RETRY), (503, Purpose.RETRY)]
    assert performance.reason == "status 503"


@pytest.mark.parametrize(("second", "ended"), [(200, None), (500, "a valid request was refused (status 500)")])
def test_a_500_is_asked_again_once(second: int, ended: str | None) -> None:
    """A 500 that does not return was weather; one that does is the endpoint's answer."""
    with serving(fixed(reply(500, b"{}"), reply(second, COMPLETION))) as server:
        exchanges, (performance,) = fire(server, pace=replace(QUICK, retries=5))
    assert [exchange.status for exchange in exchanges] == [500, second]
    assert performance.reason == ended


def test_a_cut_stream_is_not_retried() -> None:
    """A reply that began and was cut is evidence, not weather: it is not asked again."""
    with serving(cut) as server:
        exchanges, _ = fire(server, pace=replace(QUICK, retries=2))
    assert len(exchanges) == 1


@pytest.mark.parametrize("told", ["nan", "inf", "-inf", "NaN"])
def test_an_endless_retry_after_is_not_honoured(told: str) -> None:
    """A Retry-After that is no number of seconds is as good as none: the next try comes soon."""
    with serving(fixed(reply(429, b"{}", f"retry-after: {told}"), reply(200, COMPLETION))) as server:
        started = time.monotonic()
        exchanges, _ = fire(server, pace=replace(QUICK, retries=1))
    assert [exchange.status for exchange in exchanges] == [429, 200]
    assert time.monotonic() - started < 5


def test_a_pause_ends_at_the_deadline() -> None:
    """Nobody waits longer for the next try than there is time for it."""
    with serving(fixed(reply(429, b"{}", "retry-after: 30"))) as server:
        started = time.monotonic()
        exchanges, (performance,) = fire(server, pace=replace(QUICK, retries=2, deadline=0.5))
    assert time.monotonic() - started < 5
    assert len(exchanges) == 1
    assert performance.reason == "status 429"


@pytest.mark.parametrize("cuts", [[], [3], [30], [31, 36]])
def test_a_stream_left_open_after_its_end(cuts: list[int]) -> None:
    """After [DONE] an exchange is complete; a connection that stays open is waited for but a little."""
    said = b'data: {"choices": []}\n\ndata: [DONE]\n\n'
    pieces = [said[start:stop] for start, stop in zip([0, *cuts], [*cuts, len(said)], strict=True)]

    async def handler(_: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        for piece in pieces:
            writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            await writer.drain()
            await asyncio.sleep(0.01)
        await asyncio.sleep(30)

    with serving(handler) as server:
        started = time.monotonic()
        (exchange,), _ = fire(server, pace=replace(QUICK, timeout=20))
    assert time.monotonic() - started < 10
    assert (exchange.error, exchange.body) == (None, said)


@scenario(steps=2, tokens=8)
def left_alone(ask: Ask) -> Script:
    """Hang up at the first piece, and ask again."""
    yield ask(max_tokens=4, stream=True, leaves=True)
    yield ask(max_tokens=4, stream=True)
    return None


def test_a_stream_can_be_left() -> None:
    """A request that is to be left is hung up on at its first piece: the server sees it, and the next has a new
    connection; it is neither retried nor judged."""
    seen: list[str] = []

    async def handler(_heard: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        try:
            for _ in range(40):
                writer.write(b"8\r\ndata: 1\n\r\n")
                await writer.drain()
                await asyncio.sleep(0.01)
            writer.write(b"0\r\n\r\n")
            seen.append("served to the end")
        except ConnectionError:
            seen.append("hung up on")

    with serving(handler) as server:
        (left, stayed), (performance,) = fire(server, left_alone, pace=Pace(retries=2, timeout=5, concurrency=1))
    assert seen == ["hung up on", "served to the end"]
    assert left.left
    assert left.error == record.LEFT
    assert len(left.pieces) == 1
    assert left.weather is None
    assert left.says_nothing
    assert stayed.error is None
    assert performance.reason is None


def test_redirects_are_not_followed() -> None:
    """A redirect is the answer; nothing, and no credential, goes to where it points."""
    with serving(fixed(reply(200, COMPLETION))) as other:
        with serving(fixed(reply(307, b"", f"location: {other.url}/elsewhere"))) as server:
            exchanges, _ = fire(server)
        assert purposes(exchanges) == [(307, Purpose.PLAN)]
        assert other.heard == []


def test_cookies_are_not_kept() -> None:
    """What an endpoint sets is not sent back to it: a request is what the evidence says it was."""
    with serving(fixed(reply(200, COMPLETION, "set-cookie: who=tracked; Path=/"))) as server:
        fire(server, times=3, pace=replace(QUICK, concurrency=1))
    assert len(server.heard) == 3
    assert not [heard for heard in server.heard if "cookie" in heard.headers]


def test_what_the_suite_has_no_room_for_is_not_asked_again() -> None:
    """Replies that are too long to be kept are weather of our own making: asking again would not make them shorter."""
    long = reply(200, b"[" + b"0," * 500_000 + b"0]")
    with serving(fixed(long)) as server:
        exchanges, performances = fire(server, times=4, pace=replace(QUICK, retries=3, concurrency=1))
    assert [(exchange.error or "").partition(":")[0] for exchange in exchanges] == ["", "budget", "budget", "budget"]
    assert "budget" in (performances[-1].reason or "")


def test_two_guesses_and_no_more() -> None:
    """A run tries at most two wrong keys: the third is not sent.  One that met with weather was not looked at."""

    @scenario(steps=1, tokens=4)
    def guess(ask: Ask) -> Script:
        """Ask with a wrong key."""
        yield ask(max_tokens=4, credential=Credential.WRONG, zone=Zone.REJECT)
        return None

    weather = [reply(429, b"{}", "retry-after: 0")] * 2
    with serving(fixed(*weather, reply(401, b"{}"))) as server:
        _, performances = fire(server, guess, times=3, pace=replace(QUICK, retries=3, concurrency=1))
    assert len(server.heard) == len(weather) + 2
    assert "wrong keys" in (performances[-1].reason or "")


async def slowly(_: Heard, writer: asyncio.StreamWriter) -> None:
    """Answer after a moment."""
    await asyncio.sleep(0.03)
    writer.write(reply(200, COMPLETION))


def test_concurrency_is_a_limit() -> None:
    """Exchanges in flight are never more than --concurrency, and with work enough they are as many."""
    with serving(slowly) as server:
        fire(server, at_once, times=20, pace=replace(QUICK, concurrency=6))
    assert server.most_in_flight == 6


def test_a_list_is_fired_together() -> None:
    """The members of a yielded list are in flight at the same time."""
    met = asyncio.Barrier(2)

    async def handler(_: Heard, writer: asyncio.StreamWriter) -> None:
        await asyncio.wait_for(met.wait(), 5)
        writer.write(reply(200, COMPLETION))

    with serving(handler) as server:
        _, (performance,) = fire(server, at_once)
    assert performance.reason is None


@pytest.mark.parametrize(
    ("budget", "most"), [(Budget(max_requests=7), 7), (Budget(max_tokens=1000), 7)], ids=["requests", "tokens"]
)
def test_budgets_are_hard(budget: Budget, most: int) -> None:
    """A budget is never exceeded, however many are in flight; what it starved is ended with that reason."""
    with serving(slowly) as server:
        exchanges, performances = fire(server, times=30, budget=budget, pace=replace(QUICK, concurrency=16))
    assert 0 < len(exchanges) == len(server.heard)
    assert len(exchanges) <= (most if budget.max_requests else 30)
    if budget.max_tokens:
        assert budget.tokens <= budget.max_tokens
    reasons = [performance.reason for performance in performances if performance.reason]
    assert len(reasons) == 30 - len(exchanges) or budget.max_tokens
    assert all("budget" in reason for reason in reasons)


PRICES = Prices(prompt=Decimal(300), completion=Decimal(1500))
KINDS = ("answered", "answered without usage", "throttled")
limits = st.none() | st.integers(0, 12)


@settings(deadline=None, max_examples=25)
@given(
    requests=limits,
    tokens=st.none() | st.integers(0, 900),
    cost=st.none() | st.integers(0, 400),
    flow=st.tuples(st.integers(1, 6), st.integers(0, 3)),
    said=st.lists(st.tuples(st.sampled_from(KINDS), st.floats(0, 1)), min_size=1, max_size=8),
)
def test_no_limit_is_ever_exceeded(
    requests: int | None,
    tokens: int | None,
    cost: int | None,
    flow: tuple[int, int],
    said: list[tuple[str, float]],
) -> None:
    """However many are in flight and are tried again, a server never hears more, uses more or is paid more than allowed;
    and what was not sent says why."""
    used: list[tuple[int, int]] = []

    async def handler(heard: Heard, writer: asyncio.StreamWriter) -> None:
        kind, part = said[(len(server.heard) - 1) % len(said)]
        request = Request(body=heard.body)
        worst = prompt_tokens(request), completion_tokens(request, 100)
        prompt, completion = (int(part * each) for each in worst)
        used.append((prompt, completion) if kind == "answered" else worst)
        usage = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
        body = json.dumps({"choices": [], **({"usage": usage} if kind == "answered" else {})}).encode()
        writer.write(reply(429, b"{}", "retry-after: 0") if kind == "throttled" else reply(200, body))

    money = None if cost is None else Decimal(cost) / 1000
    budget = Budget(max_requests=requests, max_tokens=tokens, max_cost=money, prices=PRICES, context=100)
    pace = replace(QUICK, concurrency=flow[0], retries=flow[1])
    with serving(handler) as server:
        exchanges, performances = fire(server, at_once, times=5, budget=budget, pace=pace)
    prompt, completion = (sum(each) for each in zip(*used, strict=True)) if used else (0, 0)
    assert len(server.heard) == len(exchanges) == budget.requests
    assert requests is None or len(server.heard) <= requests
    assert tokens is None or prompt + completion <= budget.tokens <= tokens
    assert PRICES.cost(prompt, completion) == budget.cost
    assert money is None or budget.cost <= money
    assert server.most_in_flight <= flow[0]
    if len(server.heard) < 10:
        assert any("is spent" in (each.reason or "") for each in performances)


def test_the_deadline_ends_a_run() -> None:
    """After --deadline nothing more is sent, and what was not asked says so."""
    with serving(slowly) as server:
        _, performances = fire(server, times=60, pace=replace(QUICK, concurrency=1, deadline=0.3))
    assert 1 <= len(server.heard) < 60
    assert "deadline" in (performances[-1].reason or "")


def test_nothing_is_sent_after_the_deadline() -> None:
    """What waited for a free connection or for its turn when the deadline came is not sent any more."""
    times: list[float] = []

    async def handler(_: Heard, writer: asyncio.StreamWriter) -> None:
        times.append(time.monotonic())
        await asyncio.sleep(0.2)
        writer.write(reply(200, COMPLETION))

    for pace in (replace(QUICK, concurrency=1, deadline=0.5), replace(QUICK, rate=5, deadline=0.5)):
        times.clear()
        with serving(handler) as server:
            fire(server, at_once, times=8, pace=pace)
        assert 1 <= len(times) <= 4
        assert times[-1] - times[0] < 0.55


def test_the_rate_is_kept() -> None:
    """So many requests take at least as long as --rate says they must."""
    with serving(fixed(reply(200, COMPLETION))) as server:
        started = time.monotonic()
        fire(server, times=6, pace=replace(QUICK, rate=20))
    assert time.monotonic() - started >= 5 / 20


def test_an_unusable_certificate_file() -> None:
    """A certificate file that is none is a usage error, before anything is sent."""
    contract = contracts.load("highwayapi")
    target = Target(url="https://127.0.0.1:9/", model="m", scheme="bearer", ca_file=__file__)
    setting = Setting(contract=contract, model="m", features=frozenset())

    async def main() -> None:
        async with Firer(target, Writer.begin(io.BytesIO(), {}), Budget(), QUICK) as firer:
            await firer.fire(setting, [])

    with pytest.raises(UsageError, match="certificate"):
        asyncio.run(main())


@pytest.mark.asyncio
async def test_jobs_come_back_in_their_order() -> None:
    """Performances are given back in the order of the jobs, whichever ended first."""
    contract = contracts.load("highwayapi")
    with serving(slowly) as server:
        target = Target(url=server.url + contract.path, model="m", scheme="bearer")
        setting = Setting(contract=contract, model="m", features=frozenset())
        jobs = [
            Job(case=Case(scenario=made, variant=Variant(arguments={"take": n}, depth=Depth.SMOKE)))
            for n, made in enumerate([at_once, once, at_once, once], 1)
        ]
        async with Firer(target, Writer.begin(io.BytesIO(), {}), Budget(), QUICK) as firer:
            performances = await firer.fire(setting, jobs)
    assert [performance.case for performance in performances] == [job.case for job in jobs]


def test_a_resumed_run_asks_again_what_was_weather() -> None:
    """What an earlier part of a run has is not asked again, but for what only met with weather."""
    contract = contracts.load("highwayapi")
    setting = Setting(contract=contract, model="m", features=frozenset())
    job = Job(case=Case(scenario=once, variant=Variant(depth=Depth.SMOKE)))
    writer = Writer.begin(io.BytesIO(), {})
    with serving(fixed(reply(429, b"{}"), reply(200, COMPLETION))) as server:
        target = Target(url=server.url + contract.path, model="m", scheme="bearer")

        async def part() -> str | None:
            async with Firer(target, writer, Budget(), QUICK) as firer:
                return (await firer.fire(setting, [job]))[0].reason

        ended = [asyncio.run(part()) for _ in range(3)]
    assert ended == ["status 429", None, None]
    assert len(server.heard) == 2
