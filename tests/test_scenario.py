"""Scripts, their performances and cases: how they go on and end, and that what they declare of themselves is true."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import pytest

from conformance import contract as contracts
from conformance import conversations, strict_json
from conformance.ask import JSON_TYPE, PROMPTS, Ask, Setting
from conformance.budget import UNSTATED
from conformance.contract import Contract
from conformance.exchange import Exchange, Sent
from conformance.model import Credential, Depth, Purpose, Request, SuiteError, Zone
from conformance.plan import preflight
from conformance.reply import is_integer, items, members, text
from conformance.requirements import rows, scenarios
from conformance.requirements.limits import HUGE
from conformance.scenario import Case, Performance, Scenario, Script, both_modes, for_each, streamed, takes, together
from conformance.scenario import scenario as declared_as

from .desk import Desk, OddEndpoint, Oddity, setting_for
from .each import EACH, TWINS

CONTRACT = contracts.load("highwayapi")
SETTING = Setting(contract=CONTRACT, model="m", features=frozenset({"n", "stream-usage"}))
NONCE = re.compile(r"\(([0-9a-f]{8})\)$")


def performed(script: Callable[[Ask], Script], *, steps: int = 9) -> Performance:
    """The beginning of a performance of a script."""
    return declared_as(steps=steps, tokens=9)(script).cases(SETTING)[0].perform(SETTING)


def reply(status: int | None = 200, error: str | None = None) -> Exchange:
    """An exchange of which only this matters."""
    asked = Sent(method="POST", url="http://t/", headers=(), body=b"")
    return Exchange(n=1, case="", step=(0, 0), purpose=Purpose.PLAN, request=asked, status=status, error=error)


# -- performances


def test_one_after_the_other() -> None:
    """A script that yields a request is sent its exchange, and one that yields a list is sent a tuple in its order."""
    seen: list[Any] = []

    def script(ask: Ask) -> Script:
        seen.append((yield ask(seed=1)))
        seen.append(together((yield [ask(seed=2), ask(seed=3)])))
        seen.append(together((yield [ask(seed=4)])))
        return None

    performance, given = performed(script), [reply() for _ in range(4)]
    asked = []
    for exchanges in (given[:1], given[1:3], given[3:]):
        asked.append([strict_json.parse(request.body).value["seed"] for request in performance.pending])  # type: ignore[call-overload, index]
        performance.answer(tuple(exchanges))
    assert asked == [[1], [2, 3], [4]]
    assert seen == [given[0], tuple(given[1:3]), (given[3],)]
    assert performance.exchanges == seen
    assert (performance.pending, performance.reason, performance.step) == ((), None, 3)


def test_a_script_may_give_up() -> None:
    """What a script returns is the reason why nothing can be concluded, at once or after an answer."""

    def later(ask: Ask) -> Script:
        yield ask()
        return "too little was said"

    def at_once(_: Ask) -> Script:
        return "nothing to ask"
        yield

    performance = performed(later)
    performance.answer((reply(),))
    assert (performance.reason, performance.pending) == ("too little was said", ())
    assert performed(at_once).reason == "nothing to ask"
    assert performed(at_once).pending == ()


def test_more_than_declared() -> None:
    """A script that asks more often than it declares is our error, one by one or all at once."""

    def on_and_on(ask: Ask) -> Script:
        while True:
            yield ask()

    def many(ask: Ask) -> Script:
        yield [ask()] * 3
        return None

    performance = performed(on_and_on, steps=2)
    performance.answer((reply(),))
    with pytest.raises(SuiteError, match="on_and_on asks more than the 2 times it declares"):
        performance.answer((reply(),))
    with pytest.raises(SuiteError, match="many asks more than the 2 times"):
        performed(many, steps=2)
    assert len(performed(many, steps=3).pending) == 3


@pytest.mark.parametrize(
    ("zone", "answer", "reason"),
    [
        (Zone.ACCEPT, reply(200), None),
        (Zone.ACCEPT, reply(400), "a valid request was refused (status 400)"),
        (Zone.ACCEPT, reply(500), "a valid request was refused (status 500)"),
        (Zone.ACCEPT, reply(429), "status 429"),
        (Zone.ACCEPT, reply(None, "closed: gone"), "no reply (closed: gone)"),
        (Zone.DISPUTED, reply(400), None),
        (Zone.DISPUTED, reply(503), "status 503"),
        (Zone.DISPUTED, reply(None, "closed: gone"), None),
        (Zone.REJECT, reply(422), None),
        (Zone.REJECT, reply(200), None),
        (Zone.REJECT, reply(None, "closed: gone"), None),
        (Zone.REJECT, reply(None, "timeout: 1 s"), "no reply (timeout: 1 s)"),
        (Zone.REJECT, reply(429), "status 429"),
    ],
    ids=str,
)
@pytest.mark.parametrize("listed", [False, True])
def test_what_ends_a_script(zone: Zone, answer: Exchange, reason: str | None, listed: bool) -> None:
    """Weather ends every script, and a refusal one whose request had to be answered; what may be refused goes on."""
    ended = []

    def script(ask: Ask) -> Script:
        try:
            yield [ask(), ask(zone=zone)] if listed else ask(zone=zone)
            yield ask()
        finally:
            ended.append(True)
        return None

    performance = performed(script)
    performance.answer((reply(), answer) if listed else (answer,))
    assert performance.reason == reason
    assert bool(performance.pending) == (reason is None)
    assert ended == ([] if reason is None else [True])


# -- cases


@declared_as(steps=1, tokens=4)
def named(ask: Ask, colour: str = "", size: int = 0) -> Script:
    """Say a colour
    and a size."""
    yield ask(user=f"{colour} {size}")
    return None


SMOKE, STANDARD, FULL = Depth


@pytest.mark.parametrize(
    ("made", "cases"),
    [
        (named, {"named": STANDARD}),
        (both_modes(conversations.talk), {"talk": SMOKE, "talk[stream]": SMOKE}),
        (both_modes(conversations.talk, streams=FULL), {"talk": SMOKE, "talk[stream]": FULL}),
        (both_modes(named), {"named": STANDARD, "named[stream]": STANDARD}),
        (streamed(conversations.talk), {"talk[stream]": SMOKE}),
        (
            for_each("size", lambda _: (1, 2), for_each("colour", lambda _: ("red",), named)),
            {"named[colour=red,size=1]": STANDARD, "named[colour=red,size=2]": STANDARD},
        ),
        (
            takes(conversations.talk, standard=2, full=3),
            {"talk": SMOKE, "talk[take=2]": STANDARD, "talk[take=3]": FULL},
        ),
        (
            for_each("size", lambda _: (None, 1.5, True, {"b": [1]}), named),
            {
                "named[size=null]": STANDARD,
                "named[size=1.5]": STANDARD,
                "named[size]": STANDARD,
                "named[1622126a]": STANDARD,
            },
        ),
    ],
)
def test_variants(made: Scenario, cases: dict[str, Depth]) -> None:
    """A scenario has a case for each combination of its arguments, named by them, at the depth of the deepest."""
    assert {case.id: case.variant.depth for case in made.cases(SETTING)} == cases


def test_arguments_reach_the_script() -> None:
    """A script is given its arguments, but for its mode and its take, which decide what `ask` makes."""
    many = takes(both_modes(for_each("colour", lambda _: ("red",), named)), standard=7, full=7)
    asked = {case.id: body(case.perform(SETTING).pending[0]) for case in many.cases(SETTING)}
    assert {each["user"] for each in asked.values()} == {"red 0"}
    assert all((each.get("stream") is True) == ("stream" in id_) for id_, each in asked.items())
    words = {id_: content(each).rpartition(" (")[0] for id_, each in asked.items()}
    assert words["named[colour=red]"] == words["named[colour=red,take=6]"] == PROMPTS[0]
    assert words["named[colour=red,take=2]"] == PROMPTS[1]
    assert words["named[colour=red,take=5]"] == PROMPTS[4]
    assert named.purpose == "Say a colour and a size."


def body(request: Request) -> dict[str, Any]:
    """A request's members."""
    return members(strict_json.parse(request.body).value)


def content(sent: dict[str, Any]) -> str:
    """What the first message says."""
    return next((text(members(each).get("content")) for each in items(sent.get("messages"))), "")


# -- every case of every contract


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One performance of a case: its round, and its requests in the order in which they were asked."""

    case: Case
    round: int
    requests: tuple[Request, ...]


def scripts(contract: Contract) -> Iterator[Scenario]:
    """Every scenario of a contract's rows, and those of the plan itself."""
    yield from (preflight, *dict.fromkeys(row.requirement.scenario for row in rows(contract)))


@cache
def asked_of(name: str) -> tuple[Asked, ...]:
    """A performance of every case of a contract, of every depth, at the reference endpoint; some of them repeated."""
    contract = contracts.load(name)
    desk = Desk(contract, OddEndpoint(contract, Oddity(name="plain")).answer)
    made = []
    for case in {case.id: case for each in scripts(contract) for case in each.cases(setting_for(contract))}.values():
        for round_ in (0, 1) if case.variant.depth is SMOKE else (0,):
            before = len(desk.asked)
            desk.perform(case, round_)
            made.append(Asked(case=case, round=round_, requests=tuple(desk.asked[before:])))
    return tuple(made)


EVERY = pytest.mark.parametrize("name", EACH)
ASKED = pytest.mark.parametrize(
    "name", [each if each == "highwayapi" else pytest.param(each, marks=pytest.mark.long) for each in contracts.names()]
)
"""To ask all that a contract has takes seconds: of the largest always, of the others in the long tests."""


@EVERY
def test_case_ids_are_unique(name: str) -> None:
    """Whatever requirement has a case of an id, it is the same script with the same arguments at the same depth."""
    seen: dict[str, set[object]] = defaultdict(set)
    for each in scripts(contracts.load(name)):
        found = each.cases(setting_for(contracts.load(name)))
        assert max(Counter(case.id for case in found).values()) == 1
        for case in found:
            arguments = strict_json.canonical(dict(case.arguments))
            seen[case.id].add((each.script, arguments, case.variant.depth, each.steps, each.stage, each.repeats))
    assert {id_ for id_, kinds in seen.items() if len(kinds) > 1} == set()
    assert len(seen) > 200


def test_case_ids_are_stable() -> None:
    """An id is written into evidence and baselines: it does not change when a case, a contract or a seed is added."""
    known = {
        "around_a_stop", "around_a_stop[take=2]", "both_ways", "charset", "cut_short[stream]", "get", "malformed_json",
        "limit[member=max_tokens,most=1]", "limit[member=max_tokens,most=4,stream]", "null_n[stream]", "preflight",
        "missing_member[parameter=model]", "missing_member[parameter=messages,stream]", "talk", "talk[stream]",
        "talk[take=2]", "talk[stream,take=2]", "unknown_model", "who_is_asking",
    }  # fmt: skip
    assert known <= {asked.case.id for asked in asked_of("highwayapi")}


def cost(request: Request) -> tuple[int, int]:
    """The completion tokens that a request asks for, and whether it asks for more than any context holds."""
    sent = body(request)
    limits = [sent[each] for each in ("max_tokens", "max_completion_tokens") if is_integer(sent.get(each))]
    most = min(limits, default=UNSTATED) if sent else 0
    return (0, 1) if most >= HUGE else (most * (sent["n"] if is_integer(sent.get("n")) else 1), 0)


@pytest.mark.long
@EVERY
def test_declarations_are_bounds(name: str) -> None:
    """No performance takes more steps, or asks for more tokens or huge limits, than its scenario declares."""
    for each in asked_of(name):
        tokens, huge = (sum(column) for column in zip(*map(cost, each.requests), strict=True))
        assert (len(each.requests) <= each.case.steps, huge <= each.case.scenario.huge) == (True, True), each.case.id
        assert tokens <= each.case.tokens, each.case.id


GENERATED = {"bounds", "combination"}
"""Scenarios whose requests are made from the schemas: each costs what it says."""

BENT = ("cooled", "narrowed", "topped", "floored")

IN_DOUBT = {
    "preflight": 1,
    "around_a_stop": 1,
    "both_ways": 1,
    "penalised": 3,
    "repeating": 2,
    "calling_two": 1,
    **dict.fromkeys(BENT, 8),
}
"""What scenarios ask beyond this of endpoints that give reason to, or that lack something; the reference does neither."""


@pytest.mark.long
def test_declarations_are_met() -> None:
    """Every scenario somewhere takes all the steps and asks for all the tokens it declares: the plan pays for them."""
    most: dict[str, tuple[int, int]] = {}
    for each in (each for name in contracts.names() if name not in TWINS for each in asked_of(name)):
        steps, tokens = len(each.requests), sum(cost(request)[0] for request in each.requests)
        before = most.get(each.case.scenario.name, (0, 0))
        most[each.case.scenario.name] = (max(before[0], steps), max(before[1], tokens))
    declared = {name: (each.steps, each.tokens) for name, each in scenarios().items() if name not in GENERATED}
    assert {name: most[name] for name in declared.keys() - IN_DOUBT.keys()} == {
        name: declared[name] for name in declared.keys() - IN_DOUBT.keys()
    }
    assert most.keys() - declared.keys() == {"preflight", *GENERATED}
    assert all(most[name][0] == declared[name][0] - IN_DOUBT[name] for name in IN_DOUBT.keys() & declared.keys())


@ASKED
def test_declared_zones_are_the_contracts(name: str) -> None:
    """What a script says must be accepted or refused, the contract says too; but for the temperature 0 that serves as
    greedy, and for what is refused for its credential or its label."""
    contract = contracts.load(name)
    seen = Counter[Zone]()
    for each in asked_of(name):
        for request in each.requests:
            value = strict_json.parse(request.body).value
            if isinstance(value, dict) and value.get("temperature") == 0:
                value = {**value, "temperature": 0.01}
            plain = request.credential is Credential.RIGHT and request.headers == JSON_TYPE and request.method == "POST"
            if request.zone is Zone.DISPUTED or value is None or (request.zone is Zone.REJECT and not plain):
                continue
            seen[request.zone] += 1
            assert contract.zone(value) is request.zone, (each.case.id, value)
    assert seen[Zone.ACCEPT] > 300
    assert seen[Zone.REJECT] >= 5


def nonces(asked: Asked) -> set[str]:
    """The nonces in the prompts of a performance."""
    prompts = [content(body(request)) for request in asked.requests if body(request).get("messages")]
    return {found.group(1) if (found := NONCE.search(prompt)) else "" for prompt in prompts}


@ASKED
def test_nonces(name: str) -> None:
    """Every prompt of a performance ends in its nonce, which no other case and no other round has."""
    everywhere = Counter[str]()
    scripted = [asked for asked in asked_of(name) if not asked.case.scenario.drawn]
    for asked in scripted:
        found = nonces(asked)
        assert len(found) == 1, asked.case.id
        everywhere.update(found)
    assert "" not in everywhere
    assert set(everywhere.values()) == {1}
    assert len(everywhere) == len(scripted) > 230


def test_nonces_hang_on_the_seed() -> None:
    """The same seed gives the same nonces, another one gives others."""
    case = conversations.talk.cases(SETTING)[0]
    asked = [case.perform(replace(SETTING, seed=seed)).pending[0].body for seed in (1, 1, 2)]
    assert asked[0] == asked[1] != asked[2]


@pytest.mark.parametrize(
    ("said", "end"),
    [
        ("ain change yesterday for the letters", " ay for the letters"),
        ("Wood floats. So does cork", " So does cork"),
        ("let let let let", ""),
        ("", ""),
        ("half of a character \ud83c", " character \ud83c"),
    ],
)
def test_prompts_end_in_what_the_model_says(said: str, end: str) -> None:
    """Whether a prompt's tokens count is asked with tokens of the model's own, which come last, and not its first ones."""
    (case,) = scenarios()["before_a_word"].cases(SETTING)
    performance = case.perform(SETTING)
    talk = replace(reply(), pieces=((0.1, strict_json.dump({"choices": [{"message": {"content": said}}]})),))
    performance.answer((talk,))
    prompts = {members(objects_of(each)[-1])["content"] for each in performance.pending}
    assert len(prompts) == 2
    assert all(re.search(rf"[.?]{re.escape(end)} \([0-9a-f]{{8}}\)$", str(each)) for each in prompts)


def objects_of(request: Request) -> list[Any]:
    """A request's messages."""
    return items(members(strict_json.parse(request.body).value).get("messages"))
