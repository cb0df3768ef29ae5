"""Features that are off because nobody turned them on: tried once at depth full, hinted where they work, never judged."""

from __future__ import annotations

import asyncio
import io
from dataclasses import replace
from functools import cache

from conformance import catalogue, plan
from conformance import contract as contracts
from conformance.console import Silent
from conformance.evidence import Evidence
from conformance.hearing import hear, setting_of
from conformance.model import JSON, Depth
from conformance.order import Order
from conformance.plan import Plan
from conformance.report import document, html, markdown
from conformance.report.features import features
from conformance.run import conduct
from conformance.target import Target
from conformance.writer import Writer

from ..desk import KEYS, OddEndpoint, Oddity
from ..rehearsal import HOST, PACE, Rehearsal
from .test_html import Page

CONTRACT = contracts.load("highwayapi")
ON = frozenset(name for name, on in CONTRACT.features.items() if on)
OTHERWISE = ON - {"n"} | {"thinking-switch"}
"""One feature off that the contract has on, and one on that it has off."""

TRIED = {"content-parts", "images", "video", "reasoning-separation", "thinking-switch"}


def order(features: frozenset[str] = ON, depth: Depth = Depth.FULL, selection: tuple[str, ...] = ()) -> Order:
    """A run with these features."""
    target = Target(url=HOST + CONTRACT.path, model="reference", scheme=CONTRACT.scheme, key=KEYS[CONTRACT.scheme])
    return Order(contract=CONTRACT, target=target, features=features, depth=depth, selection=selection, pace=PACE)


@cache
def planned_for(features: frozenset[str] = ON, depth: Depth = Depth.FULL) -> Plan:
    """What is planned of such a run."""
    return order(features, depth).plan()


@cache
def tried_with(features: frozenset[str]) -> Plan:
    """What a full plan tries with these features, and nothing besides: to draw all else takes seconds."""
    standard = planned_for(features, Depth.STANDARD)
    return replace(standard, steps=(), tried=plan._tried(standard.setting, standard.steps))


@cache
def ran(fault: str | None = None, features: frozenset[str] = ON) -> Evidence:
    """Evidence of what is tried alone, without the rest of the plan."""
    wanted = order(features)
    planned = tried_with(features)
    writer = Writer.begin(io.BytesIO(), wanted.header(planned))
    oddity = Oddity(name="spoilt", mutant=catalogue.fault(fault) if fault else None)

    async def fire() -> None:
        async with Rehearsal(OddEndpoint(CONTRACT, oddity), oddity, wanted.target, writer, 1) as firer:
            end = await conduct(firer, wanted, planned, Silent())
            writer.end(end.why, "2026-11-20T10:15:00Z", writer.evidence.counts, end.died_of, end.starved)

    asyncio.run(fire())
    return writer.evidence


def scenarios(planned: Plan) -> set[str]:
    """What is tried."""
    return {case.scenario.name for case in planned.tried}


def test_what_works_though_it_is_off_is_hinted() -> None:
    """In report.json, in the table of features and in the summary."""
    report = document.make(ran(), CONTRACT)
    offers = report["offers"]
    assert isinstance(offers, dict)
    worked = {name for name, each in offers.items() if isinstance(each, dict) and each.get("works")}
    assert worked == TRIED - {"video"}
    assert "works" not in str(offers["n"])
    table = {each.name: each for each in features(report)}
    assert table["images"].seen == "works, though it is off: --with images has it judged"
    assert "works, though it is off: --with images has it judged" in Page(html.render(report)).words
    assert (
        "Features that are off, but work (`--with` has them judged): "
        "content-parts, images, reasoning-separation, thinking-switch.\n"
    ) in markdown.render(report)


def test_what_is_on_is_judged_and_not_hinted() -> None:
    """Features that are on have no word of what they would do, though others are tried."""
    assert scenarios(tried_with(OTHERWISE)) == {"in_parts", "picture", "apart"}
    offers = document.make(ran(features=OTHERWISE), CONTRACT)["offers"]
    assert isinstance(offers, dict)
    assert "works" not in str(offers["thinking-switch"])
    assert "works" in str(offers["images"])


def test_what_is_off_and_refused_accuses_nobody() -> None:
    """A feature that is off may be anything: nothing of what was asked for its sake is judged."""
    evidence = ran("several-parts-are-500")
    report = document.make(evidence, CONTRACT)
    assert any(each.status == 500 for each in evidence.exchanges)
    assert features_seen(report)["content-parts"] == "tried, and does not work"
    rows = report["requirements"]
    assert isinstance(rows, list)
    assert {each["verdict"] for each in rows if isinstance(each, dict)} <= {
        "pass", "observed", "inconclusive", "unsupported"
    }  # fmt: skip
    judged = hear(evidence, setting_of(evidence, CONTRACT)).exchanges
    assert [each.case for each in judged] == ["preflight"]


def features_seen(report: dict[str, JSON]) -> dict[str, str]:
    """What the table of features says that was seen."""
    return {each.name: each.seen for each in features(report)}


def test_it_is_tried_at_depth_full_and_nowhere_else() -> None:
    """Not where it costs more than a run should, not of a selection, and not what the contract has on."""
    tried = scenarios(planned_for())
    assert tried == {"in_parts", "picture", "apart", "switched"}  # of a film nothing is required
    assert not planned_for(depth=Depth.STANDARD).tried
    assert not order(selection=("choices",)).plan().tried
    assert not plan._tried(replace(planned_for().setting, features=frozenset(CONTRACT.features)), ())
    assert scenarios(tried_with(ON)) == tried
    assert scenarios(tried_with(OTHERWISE)) == tried - {"switched"}


def test_the_plan_says_what_it_costs() -> None:
    """The requests are counted, named, and part of the plan's digest."""
    planned = planned_for()
    bare = replace(planned, tried=())
    assert planned.requests - bare.requests == sum(case.steps for case in planned.tried) > 0
    assert planned.digest != bare.digest
    assert any("whether a feature works that is off" in line for line in catalogue.describe(planned, 8192))
