"""How many choices a reply has."""

from __future__ import annotations

from collections.abc import Iterator

from ..ask import Ask
from ..contract import Contract
from ..conversations import choices, talks
from ..exchange import Exchange
from ..model import Finding, Kind, Level, NotJudged, Violation, Zone
from ..mutants import Call, Mutant, Object, Sent
from ..reply import is_integer
from ..requirement import requirement
from ..scenario import Script, both_modes, scenario
from ..spoil import completion, ignores, stream, streaming, whole
from .envelope import answered
from .ranges import combinations

MUST, SHOULD = Level.MUST, Level.SHOULD


def _fewer(_: object, body: Object) -> None:
    if len(body["choices"]) > 1:
        body["choices"].pop()


def _one_more(_: object, body: Object) -> None:
    if len(body["choices"]) > 1:
        body["choices"].append({**body["choices"][-1], "index": len(body["choices"])})


def _without_last(chunks: list[Object]) -> list[Object]:
    last = max((choice["index"] for chunk in chunks for choice in chunk["choices"]), default=0)
    return [chunk for chunk in chunks if not last or all(choice["index"] != last for choice in chunk["choices"])]


def twice_for_null(member: str) -> Mutant:
    """A null for a member doubles the choices."""

    def change(sent: Object, body: Object) -> None:
        if member in sent and sent[member] is None:
            body["choices"].append({**body["choices"][0], "index": 1})

    return completion(f"two-choices-for-null-{member}", f"{member}: null gives two choices", change)


@requirement(
    "choices.count",
    level=MUST,
    source="n",
    scenario=choices,
    feature="n",
    parameter="n",
    mutants=[
        ignores("n"),
        ignores("n", when=streaming),
        ignores("n", when=whole),
        completion("one-choice-too-few", "of n choices the last is missing", _fewer),
        completion("one-choice-too-many", "n choices are one more", _one_more),
        stream("last-choice-not-streamed", "of n choices the last is not streamed", _without_last),
    ],
)
def as_many_as_asked(asked: tuple[Exchange, Exchange]) -> Iterator[Finding]:
    """A request for n choices is answered with exactly n."""
    three = asked[0]
    if three.legible:
        yield from _miscounted(three)
    else:
        yield NotJudged(reason="the replies could not be read")


def _miscounted(exchange: Exchange) -> Iterator[Violation]:
    count = len(exchange.choices)
    if count != exchange.asked_choices:
        yield Violation(
            pointer="/choices",
            observed=f"{count} choice{'s' * (count != 1)}",
            expected=f"{exchange.asked_choices}, as n asks",
            exchanges=(exchange.n,),
        )


def _capped(call: Call) -> Call:
    n = call.sent.get("n")
    return call.with_body({**call.sent, "n": 4}) if is_integer(n) and n > 4 else call


def _one_for(member: str) -> Mutant:
    """One choice, where a request has this member too."""
    return Mutant(
        name=f"one-choice-beside-{member.replace('_', '-')}",
        about=f"a request with {member} is given one choice, whatever its n",
        request=ignores("n").request,
        when=lambda sent: sent.get(member) not in (None, False),
    )


def _in_company(contract: Contract, _: str) -> Iterator[Mutant]:
    yield Mutant(name="four-choices-at-most", about="of more than four choices only four are given", request=_capped)
    yield Mutant(
        name="four-choices-at-most-in-streams",
        about="of more than four choices only four are streamed",
        request=_capped,
        when=streaming,
    )
    company = ("stop", "logprobs", "tools", "response_format")
    yield from (_one_for(member) for member in company if member in contract.request.properties)


def _asks_for_some(sent: Sent) -> bool:
    n = sent.get("n")
    return is_integer(n) and n > 0


@requirement(
    "choices.count-in-company",
    level=MUST,
    source="n",
    scenario=combinations,
    kind=Kind.EACH,
    feature="n",
    parameter="n",
    applies=lambda exchange: exchange.legible and exchange.zone is not Zone.REJECT and _asks_for_some(exchange.sent),
    mutants=_in_company,
)
def as_many_in_company(exchange: Exchange) -> Iterator[Violation]:
    """However many choices a request asks for, and whatever else, it is answered with exactly n."""
    yield from _miscounted(exchange)


@requirement(
    "choices.default-one",
    level=MUST,
    source="n",
    scenario=talks,
    kind=Kind.EACH,
    parameter="n",
    applies=lambda exchange: answered(exchange) and "n" not in exchange.sent,
    mutants=[
        completion(
            "two-choices-unasked",
            "without n there are two choices",
            lambda sent, body: "n" in sent or body["choices"].append({**body["choices"][0], "index": 1}),
        ),
        stream(
            "two-choices-streamed-unasked",
            "without n there are two choices in a stream",
            lambda chunks: [
                each
                for chunk in chunks
                for each in (chunk, {**chunk, "choices": [{**choice, "index": 1} for choice in chunk["choices"]]})
            ],
            when=lambda sent: "n" not in sent,
        ),
    ],
)
def one_by_default(exchange: Exchange) -> Iterator[Violation]:
    """Without n a reply has one choice."""
    count = len(exchange.choices)
    if count > 1:
        yield Violation(pointer="/choices", observed=f"{count} choices", expected="1, n not being given")


@scenario(steps=1, tokens=8)
def null_n(ask: Ask) -> Script:
    """Give n as null."""
    yield ask(max_tokens=8, n=None)
    return None


@requirement(
    "choices.null-is-one",
    level=SHOULD,
    source="n",
    scenario=both_modes(null_n),
    feature="n",
    parameter="n",
    mutants=[twice_for_null("n")],
)
def null_is_one(exchange: Exchange) -> Iterator[Violation]:
    """N given as null is n omitted: one choice."""
    yield from one_by_default(exchange)
