"""Verdicts: what each level makes of what was seen, how often, and what does not count."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from conformance import contract as contracts
from conformance import conversations, evidence
from conformance.ask import Setting
from conformance.evidence import CaseRecord, Evidence
from conformance.exchange import Exchange, Sent
from conformance.hearing import hear, setting_of
from conformance.judge import Judged, judge
from conformance.model import Depth, Finding, Kind, Level, NotJudged, Observation, Purpose, Verdict, Violation, Zone
from conformance.requirement import Requirement, Row
from conformance.requirements import rows
from conformance.requirements.errors import missing
from conformance.scenario import Case, takes
from conformance.writer import Writer

from .desk import clean

MUST, SHOULD, OBSERVE = Level
CONTRACT = contracts.load("highwayapi")
SETTING = Setting(contract=CONTRACT, model="m", features=frozenset({"n", "stop"}))
TALKS = takes(conversations.talk, standard=6, full=6)
CASES = TALKS.cases(SETTING)
"""Six cases of one request each."""

GOOD, BAD = "good", "bad"


def faults(exchange: Exchange) -> Iterator[Violation]:
    """A violation if the reply is bad."""
    if exchange.body.startswith(b"bad"):
        yield Violation(pointer="/", observed="bad", expected="good")


def values(exchange: Exchange) -> Iterator[Observation]:
    """What the reply is."""
    yield Observation(value=exchange.body.decode())


MADE = Requirement(
    id="tests.made",
    level=MUST,
    kind=Kind.SCENARIO,
    source="tests",
    statement="Made for a test, and registered nowhere.",
    scenario=TALKS,
    check=faults,
    applies=lambda _: True,
    mutants=(),
    made=None,
    feature=None,
    beside=None,
    always=False,
    parameter=None,
    wants=(),
)


def row(check: Callable[..., Iterable[Finding]] = faults, value: str | None = None, **given: Any) -> Row:
    """A row of a requirement like that one."""
    return Row(requirement=replace(MADE, check=check, **given), parameter=value, feature=given.get("feature"))


def reply(case: Case, said: str = GOOD, *, step: int = 0, zone: Zone = Zone.ACCEPT, **given: Any) -> Exchange:
    """An exchange of a case; its body is what was said."""
    return Exchange(
        n=0,
        case=case.id,
        step=(step, 0),
        purpose=Purpose.PLAN,
        request=Sent(method="POST", url="http://t/", headers=(), body=b"{}", zone=zone),
        pieces=((0.0, said.encode()),),
        **{"status": 200, **given},
    )


def evidence_of(exchanges: Sequence[Exchange], cases: Iterable[Case] = CASES) -> Evidence:
    """Evidence with these exchanges, numbered in their order."""
    numbered = [replace(each, n=n) for n, each in enumerate(exchanges, 1)]
    asked = {each.case for each in exchanges}
    records = {
        case.id: CaseRecord(id=case.id, scenario=case.scenario.name, arguments=case.arguments, requirements=())
        for case in cases
        if case.id in asked
    }
    return Evidence(header={}, cases=records, exchanges=numbered)


def said(row: Row, exchanges: Sequence[Exchange], **given: Any) -> Judged:
    """The row's verdict on these."""
    return judge(hear(evidence_of(exchanges), SETTING), [row], **given)[0]


def in_order(*words: str) -> list[Exchange]:
    """The replies of as many cases."""
    return [reply(case, word) for case, word in zip(CASES, words, strict=False)]


# -- how often


@pytest.mark.parametrize("kind", [Kind.SCENARIO, Kind.EACH])
@pytest.mark.parametrize(
    ("level", "words", "verdict", "again"),
    [
        (MUST, [GOOD], "pass", False),
        (MUST, [BAD, BAD], "fail", False),
        (MUST, [GOOD, BAD, GOOD, BAD], "fail", False),
        (MUST, [GOOD, BAD], "warn", True),
        (SHOULD, [GOOD, GOOD], "pass", False),
        (SHOULD, [BAD, BAD, BAD], "warn", False),
        (SHOULD, [GOOD, BAD, GOOD], "pass", True),
    ],
)
def test_levels(kind: Kind, level: Level, words: list[str], verdict: str, again: bool) -> None:
    """A MUST fails and a SHOULD warns when violated twice; seen once it warns or passes, says so, and names the case to
    repeat, which no recording can be."""
    judged = said(row(level=level, kind=kind), in_order(*words))
    assert (judged.verdict, judged.applicable, judged.violated) == (verdict, len(words), words.count(BAD))
    assert judged.again == ({CASES[words.index(BAD)].id} if again else set())
    assert judged.reason == ("seen once, and not asked again" if again else None)
    assert len(judged.exemplars) == words.count(BAD)
    recorded = said(row(level=level, kind=kind), in_order(*words), repeatable=False)
    assert (str(recorded.verdict), recorded.again) == (verdict, frozenset())
    assert recorded.reason == ("seen once, in a recording, which cannot be asked again" if again else None)


@pytest.mark.parametrize("kind", [Kind.SCENARIO, Kind.EACH])
@pytest.mark.parametrize(
    ("level", "rounds", "verdict", "reason"),
    [
        (MUST, [BAD, BAD], "fail", None),
        (MUST, [BAD, GOOD, GOOD, BAD], "fail", None),
        (MUST, [BAD, GOOD, GOOD], "warn", "seen once; it did not come back in 2 repeats"),
        (MUST, [BAD, GOOD, GOOD, GOOD], "warn", "seen once; it did not come back in 3 repeats"),
        (SHOULD, [BAD, BAD], "warn", None),
        (SHOULD, [BAD, GOOD, GOOD, GOOD], "pass", "seen once; it did not come back in 3 repeats"),
    ],
)
def test_repeats(kind: Kind, level: Level, rounds: list[str], verdict: str, reason: str | None) -> None:
    """What comes back in one of three repeats is confirmed; what does not is a warning or a note, and is settled after
    the third."""
    judged = said(row(level=level, kind=kind), [reply(CASES[0], word, round=n) for n, word in enumerate(rounds)])
    assert (judged.verdict, judged.reason) == (verdict, reason)
    assert judged.again == ({CASES[0].id} if len(rounds) == 3 else set())


@pytest.mark.parametrize(
    ("sets", "counted", "verdict"),
    [
        ([], 0, "pass"),
        ([(1, 2)], 1, "warn"),
        ([(1, 2), (2, 3)], 1, "warn"),
        ([(1, 2), (3, 4)], 2, "fail"),
        ([(1, 2), (2, 3), (3, 4)], 2, "fail"),
        ([(), ()], 1, "warn"),
    ],
)
def test_runs_need_two_disjoint_sets(sets: list[tuple[int, ...]], counted: int, verdict: str) -> None:
    """Of a whole run a violation is seen twice when two sets of exchanges show it that share none; where a violation
    names no exchange it means the last one."""

    def check(_: Sequence[Exchange]) -> Iterator[Violation]:
        for each in sets:
            yield Violation(pointer="/", observed="a", expected="b", exchanges=each)

    judged = said(row(check, kind=Kind.RUN), in_order(*[GOOD] * 4))
    assert (judged.violated, judged.applicable, judged.verdict) == (counted, 4, verdict)
    named = {CASES[n - 1].id for each in sets for n in each} or {case.id for case in CASES[:4]}
    assert not judged.again or judged.again <= named


@pytest.mark.parametrize(
    ("words", "value"), [(["red"], "red"), (["red", "red"], "red"), (["red", "blue", "blue"], "blue (2), red")]
)
def test_observations_are_counted(words: list[str], value: str) -> None:
    """An observation is a value; where there are several, each with how often it was seen, the commonest first."""
    judged = said(row(values, level=OBSERVE), in_order(*words))
    assert (judged.verdict, judged.value, judged.applicable) == ("observed", value, len(words))


def test_exemplars_are_small_and_few() -> None:
    """At most three violations are shown, those with the least to read first."""
    words = [f"bad{'!' * length}" for length in (50, 10, 40, 20, 30)]
    judged = said(row(kind=Kind.EACH), in_order(*words))
    assert [len(unit.exchanges[0].body) for unit in judged.exemplars] == [13, 23, 33]
    assert judged.violated == 5


# -- nothing to judge


def test_not_judged() -> None:
    """Where no exchange gives anything to judge, the commonest reason is the row's; a violation beside one counts."""

    def check(exchange: Exchange) -> Iterator[Finding]:
        yield NotJudged(reason=exchange.body.decode())
        yield from faults(exchange)

    silent = said(row(check), in_order("a", "b", "b"))
    assert (silent.verdict, silent.reason) == ("inconclusive", "b")
    assert said(row(check), in_order(BAD, "b")).violated == 1


@pytest.mark.parametrize(
    ("status", "error", "reason"),
    [
        (429, None, "status 429"),
        (400, None, "a valid request was refused (status 400)"),
        (500, None, "a valid request was refused (status 500)"),
        (None, "timeout: 5 s", "no reply (timeout: 5 s)"),
        (None, "closed: gone", "no reply (closed: gone)"),
        (200, "timeout: 5 s", "reply not finished (timeout: 5 s)"),
    ],
)
def test_scripts_that_ended(status: int | None, error: str | None, reason: str) -> None:
    """A script that weather or a refusal ended decides nothing, and says why."""
    judged = said(row(), [reply(CASES[0], BAD, status=status, error=error)])
    assert (judged.verdict, judged.reason, judged.violated) == ("inconclusive", reason, 0)


def test_nothing_at_all() -> None:
    """Without a performance, or an exchange to which it applies, a row is inconclusive and says so."""
    assert said(row(), []).reason == "its scenario was not performed"
    never = said(row(kind=Kind.EACH, applies=lambda _: False), in_order(BAD))
    assert (never.verdict, never.reason) == ("inconclusive", "no exchange of this run was one that it applies to")
    assert said(row(lambda _: (), level=OBSERVE), in_order(GOOD)).reason == "nothing was there to be observed"


def test_half_a_performance() -> None:
    """A case whose later steps are missing was not performed to its end."""
    case = missing.cases(SETTING)[0]
    known = evidence_of([reply(case)], [case])
    judged = judge(hear(known, SETTING), [row(scenario=missing, check=lambda *_: ())])[0]
    assert (judged.verdict, judged.reason) == (
        "inconclusive",
        "it was not performed to its end: the budget was spent or the run stopped",
    )


def test_a_feature_beside_that_is_off() -> None:
    """Neither is one decided that takes another feature, where that is off."""
    judged = said(row(feature="n", beside="tools"), in_order(BAD, BAD))
    assert (judged.verdict, judged.reason) == ("unsupported", "feature tools is off")


def test_a_feature_that_is_off() -> None:
    """A row of a feature that the target does not offer is unsupported, whatever was seen."""
    judged = said(row(feature="tools"), in_order(BAD, BAD))
    assert (judged.verdict, judged.reason) == ("unsupported", "feature tools is off")
    assert said(row(feature="n"), in_order(BAD, BAD)).verdict is Verdict.FAIL


@pytest.mark.parametrize("kind", list(Kind))
def test_a_check_that_raises(kind: Kind) -> None:
    """A check that raises is our error, not the endpoint's fault."""

    def check(_: object) -> Iterator[Finding]:
        yield Violation(pointer="/", observed="a", expected="b")
        raise ZeroDivisionError

    judged = said(row(check, kind=kind), in_order(GOOD))
    assert judged.verdict is Verdict.ERROR
    assert "ZeroDivisionError" in (judged.reason or "")


def test_a_repeat_that_met_with_weather_is_none() -> None:
    """Where the repeat of what was seen once met with weather, it was not tried again and still may be."""
    case = CASES[0]
    judged = said(row(), [reply(case, BAD), reply(case, GOOD, round=1, status=429)])
    assert (judged.verdict, judged.reason) == ("warn", "seen once, and not asked again")
    assert judged.again == {case.id}


# -- what counts


def test_superseded_exchanges_do_not_count() -> None:
    """Of several attempts at one step the last is judged, and the others are not."""
    for kind in (Kind.SCENARIO, Kind.EACH):
        tried = [reply(CASES[0], BAD), reply(CASES[1], BAD), reply(CASES[0]), reply(CASES[1])]
        judged = said(row(kind=kind), tried)
        assert (judged.verdict, judged.applicable) == ("pass", 2)


@pytest.mark.parametrize(
    ("given", "counts"),
    [
        ({"status": 429}, False),
        ({"status": 503, "zone": Zone.REJECT}, False),
        ({"status": None, "error": "connect: refused"}, False),
        ({"status": None, "error": "closed: gone"}, False),
        ({"status": None, "error": "closed: gone", "zone": Zone.REJECT}, True),
        ({"status": 500}, True),
        ({"status": 200, "error": "closed: in the middle"}, True),
    ],
)
def test_weather_does_not_count(given: dict[str, Any], counts: bool) -> None:
    """An exchange that speaks of the road is judged by nobody; a connection closed on bad input, or in the middle of a
    reply, is an answer."""
    hearing = hear(evidence_of([reply(CASES[0], BAD, **given)]), SETTING)
    judged = judge(hearing, [row(kind=Kind.EACH)])[0]
    assert judged.applicable == counts
    assert hearing.weather == (given["status"] != 500 and given != {"status": 200, "error": "closed: in the middle"})


def test_a_row_judges_its_own_cases() -> None:
    """A row of one parameter does not see the cases of another, nor those of other scenarios."""
    cases = missing.cases(SETTING)
    known = evidence_of(
        [each for case in cases for each in (reply(case), reply(case, BAD, step=1, status=200))], (*cases, *CASES)
    )
    known.exchanges += [replace(each, n=each.n + 100) for each in in_order(BAD)]
    made = [
        row(lambda _, asked: faults(asked), scenario=missing, parameter=lambda _: ("model",), value=value)
        for value in ("model", "messages", "seed")
    ]
    judged = judge(hear(known, SETTING), made)
    assert [each.applicable for each in judged] == [2, 2, 0]


# -- from the evidence alone


def test_the_setting_is_in_the_evidence() -> None:
    """What a run knew is read from its header, and the temperature that serves as greedy from its preflight."""
    header: dict[str, Any] = {"target": {"model": "m"}, "features": {"n": "on", "stop": "off"}, "seed": 7}
    known = Evidence(header=header)
    for body, status in ((b'{"temperature":0}', 400), (b'{"temperature":0.01}', 200)):
        asked = Sent(method="POST", url="http://t/", headers=(), body=body)
        known.exchanges.append(
            Exchange(n=1, case="preflight", step=(0, 0), purpose=Purpose.PREFLIGHT, request=asked, status=status)
        )
    read = setting_of(known, CONTRACT)
    assert (read.model, read.features, read.seed, read.cold) == ("m", frozenset({"n"}), 7, 0.01)
    assert setting_of(Evidence(header=header), CONTRACT).cold == 0


@pytest.mark.long
@pytest.mark.parametrize("name", contracts.names())
def test_a_file_says_the_same(name: str) -> None:
    """Evidence that was written and read again gives the verdicts that it gave when it was made."""
    contract = contracts.load(name)
    setting = replace(SETTING, contract=contract, model="reference", features=frozenset(contract.features))
    made, file = clean(name), io.BytesIO()
    writer = Writer.begin(file, {"format": evidence.FORMAT})
    for case in made.cases.values():
        writer.case(case)
    for exchange in made.exchanges:
        writer.exchange(exchange)
    read = evidence.load(file.getvalue().splitlines())
    verdicts = [
        [
            (each.row.id, each.verdict, each.value, each.applicable)
            for each in judge(hear(known, setting), rows(contract))
        ]
        for known in (made, read)
    ]
    assert verdicts[0] == verdicts[1]
    deeper = {row.id for row in rows(contract) if row.least(contract) is Depth.FULL}
    assert {verdict for id_, verdict, _, _ in verdicts[0] if id_ not in deeper} == {Verdict.PASS, Verdict.OBSERVED}
