"""Checks are total: whatever the bytes of an exchange were, every check of every requirement answers.

Random JSON does not reach the branches of a check; what came back in a clean run, spoilt somewhere, does.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeAlias, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance import contract as contracts
from conformance import strict_json
from conformance.ask import Setting
from conformance.contract import Contract
from conformance.evidence import Evidence
from conformance.exchange import Exchange
from conformance.hearing import hear
from conformance.judge import judge
from conformance.model import JSON, Kind, Level, NotJudged, Observation, Verdict, Violation, Zone
from conformance.requirements import registry, rows

from .desk import clean

Place: TypeAlias = "tuple[Any, ...]"

NUMBERS: list[JSON] = [0, -1, 1, 3.5, 1e300, 10**30]
TEXTS: list[JSON] = ["", "x", "0", "\ud800", "\ufffd"]
LISTS: list[JSON] = [[], [None], [[]], [{}], [{"index": []}]]
OBJECTS: list[JSON] = [{}, {"": None}, {"index": "0"}, {"content": [1]}, {"prompt_tokens": {}}]
STRANGE = st.sampled_from([None, True, False, *NUMBERS, *TEXTS, *LISTS, *OBJECTS])
"""Values of every JSON type, and of shapes that a reader may take for something else."""

# -- what may be spoilt


def places(value: JSON, so_far: Place = ()) -> Iterator[Place]:
    """The path to every part of a value."""
    yield so_far
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield from places(part, (*so_far, key))


def at(value: Any, place: Place) -> Any:
    """The part of a value at a path."""
    for key in place:
        value = value[key]
    return value


def spoilt_value(draw: st.DrawFn, value: JSON) -> JSON:
    """The value with one of its parts, anywhere inside, gone, doubled, renamed, or in the place of another."""
    place = draw(st.sampled_from(list(places(value))))
    strange = draw(STRANGE | st.sampled_from(list(places(value))).map(lambda other: at(value, other)))
    if not place:
        return strange
    value = copy.deepcopy(value)
    parent, key = at(value, place[:-1]), place[-1]
    how = draw(st.sampled_from(["another", "another", "another", "gone", "more"]))
    if how == "another":
        parent[key] = copy.deepcopy(strange)
    elif isinstance(parent, list):
        parent[key : key + 1] = [] if how == "gone" else [parent[key]] * 2
    elif how == "gone":
        del parent[key]
    else:
        parent[f"{key}_"] = parent.pop(key)
    return value


def in_body(draw: st.DrawFn, body: bytes) -> bytes:
    """Another value somewhere in a JSON text, or in one of a stream's events; sometimes a member is there twice."""
    events = body.split(b"\n\n") if body.startswith(b"data: ") else [body]
    chosen = draw(st.integers(0, len(events) - 1))
    head = b"data: " if events[chosen].startswith(b"data: ") else b""
    document = strict_json.parse(events[chosen].removeprefix(head))
    if document.problem is None:
        text = strict_json.dump(spoilt_value(draw, document.value))
        twice = draw(st.sampled_from([b"{"] * 5 + [b'{"id":0,"created":"","id":null,']))
        events[chosen] = head + text.replace(b"{", twice, 1)
    return b"\n\n".join(events)


def in_json(draw: st.DrawFn, exchange: Exchange) -> Exchange:
    """Another value in the reply."""
    return replace(exchange, pieces=((0.1, in_body(draw, exchange.body)),))


def in_request(draw: st.DrawFn, exchange: Exchange) -> Exchange:
    """Another request than the one that was answered."""
    body, zone = in_body(draw, exchange.request.body), draw(st.sampled_from(Zone))
    return replace(exchange, request=replace(exchange.request, body=body, zone=zone))


def in_bytes(draw: st.DrawFn, exchange: Exchange) -> Exchange:
    """Bytes gone from the body, in the place of others, or more than there were."""
    body = exchange.body
    start = draw(st.integers(0, len(body)))
    end = draw(st.integers(start, min(len(body), start + 40)))
    new = draw(
        st.sampled_from([b"", b"\xff", b"\n\n", b"\r", b"\n\nevent: x", b"[DONE]", b"}", b'"', b"[" * 600, b"NaN"])
    )
    return replace(exchange, pieces=((0.1, body[:start] + new + body[end:]),))


def in_pieces(draw: st.DrawFn, exchange: Exchange) -> Exchange:
    """Pieces lost, or in another order."""
    pieces = draw(st.permutations(exchange.pieces[:12]))
    return replace(exchange, pieces=(*pieces[draw(st.integers(0, len(pieces))) :], *exchange.pieces[12:]))


def in_head(draw: st.DrawFn, exchange: Exchange) -> Exchange:
    """Another status, other headers, or an end before the end."""
    status = draw(st.sampled_from([None, 100, 200, 204, 301, 400, 401, 404, 422, 429, 500, 503, 599, 999]))
    types = ["", ";", "text/event-stream", "APPLICATION/JSON;", "text/html", "«secret 1»", "\x00"]
    headers = draw(st.lists(st.tuples(st.sampled_from(["Content-Type", "location", ""]), st.sampled_from(types))))
    errors = ["closed: gone", "timeout: 1 s", "long: too much", "protocol: what", ""]
    error = draw(st.sampled_from(errors if status is None else [None, *errors]))
    return replace(exchange, status=status, headers=tuple(headers), error=error)


def spoilt(draw: st.DrawFn, exchange: Exchange, others: Sequence[Exchange]) -> Exchange:
    """The exchange, spoilt once: in its own parts, or by the reply that came to another request."""
    spoil = draw(st.sampled_from(SPOILERS))
    if spoil is not None:
        return spoil(draw, exchange)
    other = draw(st.sampled_from(others))
    return replace(exchange, status=other.status, headers=other.headers, pieces=other.pieces)


SPOILERS = [in_json, in_json, in_json, None, None, in_request, in_bytes, in_pieces, in_head]


@st.composite
def spoilt_runs(draw: st.DrawFn, name: str) -> Evidence:
    """The evidence of a clean run in which several exchanges were spoilt, some of them more than once."""
    run = clean(name)
    exchanges = list(run.exchanges)
    for chosen in draw(st.lists(st.integers(0, len(exchanges) - 1), min_size=40, max_size=80)):
        exchanges[chosen] = spoilt(draw, exchanges[chosen], run.exchanges)
    if draw(st.booleans()):
        del exchanges[draw(st.integers(0, len(exchanges) - 1))]
    return Evidence(header={}, cases=run.cases, exchanges=exchanges)


def setting(contract: Contract) -> Setting:
    """The setting of a clean run."""
    return Setting(contract=contract, model="reference", features=frozenset(contract.features))


def examples(most: int) -> settings:
    """The same examples in every run, and no limit to how long one takes."""
    checks = list(HealthCheck)
    return settings(max_examples=most, deadline=None, derandomize=True, database=None, suppress_health_check=checks)


@pytest.mark.long
@pytest.mark.parametrize("name", contracts.names())
def test_no_spoilt_run_makes_a_check_raise(name: str) -> None:
    """However a run was spoilt, its scripts go on or end, every row has a verdict, and none of them is our error; and
    among such runs there are some against which a quarter of the requirements say something."""
    contract = contracts.load(name)
    judgeable = rows(contract)
    against: set[str] = set()

    @examples(8)
    @given(spoilt_runs(name))
    def holds(run: Evidence) -> None:
        for each in judge(hear(run, setting(contract)), judgeable):
            assert each.verdict is not Verdict.ERROR, (each.row.id, each.reason)
            against.update([each.row.requirement.id] * (each.violated > 0))

    holds()
    assert len(against) > len({each.requirement.id for each in judgeable}) / 4


@pytest.mark.parametrize("name", ["highwayapi", "basic-gateway"])
def test_no_spoilt_exchange_makes_a_check_raise(name: str) -> None:
    """Every check answers to every exchange to which it applies, whatever it was, with the kinds of finding it may
    have."""
    contract = contracts.load(name)
    exchanges = tuple(clean(name).exchanges)
    single = [made for made in registry().values() if made.kind is not Kind.SCENARIO]

    @examples(60)
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        exchange = data.draw(st.sampled_from(exchanges))
        for _ in range(data.draw(st.integers(1, 3))):
            exchange = spoilt(cast(st.DrawFn, data.draw), exchange, exchanges)
        for made in single:
            if made.applies(exchange):
                context = {
                    "contract": contract,
                    "run": exchanges,
                    "parameter": exchange.parameter or "n",
                    "aliases": {"m"},
                }
                found = made.find(context, [exchange] if made.kind is Kind.RUN else exchange)
                allowed = Observation if made.level is Level.OBSERVE else Violation
                assert all(isinstance(each, allowed | NotJudged) for each in found), made.id

    holds()
