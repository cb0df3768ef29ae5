"""Tools: what they cost, those that are offered and those that are called."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from .. import calls
from ..exchange import Exchange
from ..model import JSON, Finding, Level, NotJudged, Violation
from ..mutants import Call, Mutant, Object, Sent
from ..reply import items, text
from ..requirement import requirement
from .tools import of_calls
from .tools_asked import by_name, called, two
from .usage import count, counted

SHOULD = Level.SHOULD

FEW = 4
"""Tokens by which the same tools may differ in another order: what meets at their ends may be one token or two."""


def _offers(name: str, about: str, change: Callable[[list[JSON]], list[JSON]]) -> Mutant:
    """The model is shown other tools."""

    def request(call: Call) -> Call:
        given = items(call.sent.get("tools"))
        return call.with_body({**call.sent, "tools": change(given)}) if given else call

    return Mutant(name=name, about=about, request=request)


@requirement(
    "tools.every-offer-counts",
    level=SHOULD,
    source="tools",
    scenario=two,
    feature="tools",
    parameter="tools",
    mutants=[
        _offers("only-the-first-tool", "of several tools only the first is shown", lambda given: given[:1]),
        _offers("only-the-last-tool", "of several tools only the last is shown", lambda given: given[-1:]),
    ],
)
def every_tool_is_shown(asked: tuple[Exchange, Exchange], *_: Exchange) -> Iterator[Finding]:
    """A prompt costs the same with the same tools in another order: the model is shown all of them."""
    one, other = asked
    if not counted(one) or not counted(other):
        yield NotJudged(reason="there was no usage to compare")
        return
    first, second = (count(each, "prompt_tokens") for each in asked)
    if first and abs(second - first) > FEW and abs(second - first * other.asked_choices) > FEW * other.asked_choices:
        yield Violation(
            pointer="/usage/prompt_tokens",
            observed=f"{second} with two tools in the other order",
            expected=f"about {first}",
            exchanges=(one.n, other.n),
        )


def _chosen(exchange: Exchange) -> bool:
    """Whether a tool is called that nothing forced, or with arguments that hold anything: a model had to say it."""
    return any(
        call.name and (text(call.arguments).strip("{} \n") or not calls.forced(exchange))
        for _, call in calls.of(exchange)
    )


def _costs_nothing(body: Object) -> None:
    usage = body.get("usage")
    if isinstance(usage, dict):
        usage.update(completion_tokens=0, total_tokens=usage["prompt_tokens"])


def _calls(body: Object) -> bool:
    return any((each.get("message") or each.get("delta") or {}).get("tool_calls") for each in body["choices"])


def _free(_: Sent, completion: Object) -> Object:
    if _calls(completion):
        _costs_nothing(completion)
    return completion


def _free_streamed(_: Sent, chunks: list[Object]) -> list[Object]:
    if any(map(_calls, chunks)):
        for chunk in chunks:
            _costs_nothing(chunk)
    return chunks


@of_calls(
    "tools.calls-counted",
    source="usage",
    scenario=by_name,
    applies=lambda exchange: called(exchange) and counted(exchange) and _chosen(exchange),
    parameter="tools",
    mutants=[
        Mutant(name="calls-cost-nothing", about="calls are not counted", reply=_free, events=_free_streamed),
        Mutant(name="calls-cost-nothing-when-whole", about="whole calls are not counted", reply=_free),
        Mutant(name="calls-cost-nothing-when-streaming", about="streamed calls are not", events=_free_streamed),
    ],
)
def calls_are_counted(exchange: Exchange) -> Iterator[Violation]:
    """completion_tokens is above 0 where a tool was called: the model said its name and its arguments."""
    if count(exchange, "completion_tokens") == 0:
        yield Violation(pointer="/usage/completion_tokens", observed="0", expected="above 0: the reply calls a tool")
