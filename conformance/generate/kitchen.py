"""Members -> a request that must be accepted: what goes with what, and what no schema can say.

Rule: nothing is drawn again.  A member that needs another gets it, a member that stands in the way is left out, and
what refers to something else in the request is made to refer to something that is there.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any, cast
from zlib import crc32

from .. import strict_json
from ..contract import Contract
from ..model import JSON, UsageError, Zone
from ..reply import asked_choices, is_integer
from .forms import Object, Parameter, parameters
from .values import LONGEST, Value, simplest, values

MODEL = "model"
MESSAGES = "messages"
LIMITS = ("max_tokens", "max_completion_tokens")

LIMIT = 8
"""Tokens a choice may have where nothing else is chosen."""

MOST_TOKENS = 128
"""Tokens that all choices of one generated request may have together."""

UNSTATED = 512
"""Tokens that a choice is reckoned to have where no limit is set."""

ARGUMENTS = '{"place": "the sea"}'
"""What a function was called with: chat templates read it, and it has to be JSON."""

ASKS_FOR_JSON = " Answer in JSON."


@dataclass(frozen=True, kw_only=True, eq=False)
class Kitchen:
    """Makes requests for one contract, with the features that are on; without `model`, which is the target's."""

    contract: Contract
    parameters: Mapping[str, Parameter]
    _companions: dict[tuple[str, bytes], Object | None] = field(default_factory=dict)
    _served: dict[str, list[tuple[str, JSON]]] = field(default_factory=dict)

    @cached_property
    def chosen(self) -> tuple[str, ...]:
        """The parameters that are combined freely: all but model and messages."""
        return tuple(name for name in self.parameters if name not in (MODEL, MESSAGES))

    @cached_property
    def values(self) -> Mapping[str, tuple[Value, ...]]:
        """A value of every boundary class, by parameter."""
        return {name: values(parameter.narrow) for name, parameter in self.parameters.items()}

    @cached_property
    def base(self) -> Object:
        """The smallest request, with a limit: what every other one differs from.

        Raises UsageError where the contract's narrow reading allows no request at all.
        """
        body: Object = {MESSAGES: simplest(self.parameters[MESSAGES].narrow)}
        body |= {name: LIMIT for name in LIMITS[:1] if name in self.parameters}
        for name in self.chosen:
            if self.zone(body) is Zone.ACCEPT:
                break
            tried = {**body, name: simplest(self.parameters[name].narrow)}
            body = tried if self.zone(tried) is Zone.ACCEPT else body
        if self.zone(body) is not Zone.ACCEPT:
            raise UsageError(
                f"contract {self.contract.name}: no member by itself makes a request that must be accepted"
            )
        return body

    def zone(self, body: Mapping[str, JSON]) -> Zone:
        """What the document lets a client expect of a request with these members."""
        return self.contract.zone({MODEL: MODEL, **body})

    def companions(self, name: str, value: JSON) -> Object | None:
        """What has to go with a member of this value; None where nothing that is known makes it acceptable."""
        key = (name, strict_json.canonical(value))
        if key not in self._companions:
            self._companions[key] = self._found_companions(name, value)
        return self._companions[key]

    def _found_companions(self, name: str, value: JSON) -> Object | None:
        body = self._base_beside(name, value)
        if self.zone(body) is Zone.ACCEPT:
            return {}
        served = self._served.setdefault(name, [])
        others = (
            (other, each.value)
            for other in self.parameters
            if other not in (MODEL, name)
            for each in self.values[other]
        )
        for other, given in (*served, *others):
            if self.zone(fitted({**body, other: given})) is Zone.ACCEPT:
                if (other, given) not in served:
                    served.append((other, given))
                return {other: given}
        return None

    def _base_beside(self, name: str, value: JSON) -> Object:
        """The base with a member; without the base's own limit where the two cannot go together."""
        body = fitted({**self.base, name: value})
        if self.zone(body) is Zone.ACCEPT:
            return body
        without = {key: each for key, each in body.items() if key not in LIMITS or key == name}
        return without if self.zone(without) is Zone.ACCEPT else body

    def alone(self, name: str, value: JSON) -> Object | None:
        """The base with one member and what has to go with it; None where that is not acceptable."""
        with_it = self.companions(name, value)
        return None if with_it is None else thrifty(fitted({**self._base_beside(name, value), **with_it}), keep=name)

    def sends(self, name: str, value: JSON) -> bool:
        """Whether requests can have a member of this value: not one by which they would cost too many tokens."""
        return self.settle({name: value}).get(name) == value

    def settle(self, chosen: Mapping[str, JSON]) -> Object:
        """A request with as many of these members as can go together."""
        body: Object = {**self.base, **chosen}
        for name, value in chosen.items():
            for other, wanted in (self.companions(name, value) or {}).items():
                if not self._serves(name, value, other, body):
                    body[other] = wanted
        body = fitted(body)
        optional = [key for key in self.base if key not in (*chosen, MESSAGES)]
        told = strict_json.canonical(body)  # of two that exclude each other, now one is left out and now the other
        droppable = [*optional, *sorted(set(chosen) - {MESSAGES}, key=lambda name: crc32(told + name.encode()))]
        while self.zone(body) is not Zone.ACCEPT:
            body = self._with_one_less(body, [name for name in droppable if name in body])
        limited = {**self.base, **body}  # a limit that was left out for the sake of what was left out after it
        return thrifty(limited if self.zone(limited) is Zone.ACCEPT else body)

    def _serves(self, name: str, value: JSON, other: str, body: Object) -> bool:
        """Whether what the body has for another member is companion enough for this one."""
        return (
            other in body and self.zone(fitted({**self._base_beside(name, value), other: body[other]})) is Zone.ACCEPT
        )

    def _with_one_less(self, body: Object, names: Iterable[str]) -> Object:
        tried = [{key: value for key, value in body.items() if key != name} for name in names]
        if not tried and body[MESSAGES] != self.base[MESSAGES]:
            return {**body, MESSAGES: self.base[MESSAGES]}  # what they need has been left out
        if not tried:
            raise UsageError(f"contract {self.contract.name}: the smallest request is not acceptable")
        return next((each for each in tried if self.zone(each) is Zone.ACCEPT), tried[-1])


@cache
def kitchen(contract: Contract, features: frozenset[str]) -> Kitchen:
    """The kitchen of a contract.  Raises UsageError for a request schema that generation cannot read."""
    return Kitchen(contract=contract, parameters=parameters(contract, features))


def whole_kitchen(contract: Contract) -> Kitchen:
    """The kitchen with all features: for what a contract has, whichever of them a run has."""
    return kitchen(contract, frozenset(contract.features))


def thrifty(body: Object, keep: str = "") -> Object:
    """The request with a limit that keeps all its choices together within MOST_TOKENS."""
    choices = max(asked_choices(body), 1)
    limits: Object = {
        name: max(1, MOST_TOKENS // choices)
        for name in LIMITS
        if name != keep and isinstance(limit := body.get(name), int) and limit * choices > MOST_TOKENS
    }
    return {**body, **limits}


def tokens(body: Mapping[str, JSON]) -> int:
    """The most completion tokens a generated request asks for."""
    limits = [int(limit) for name in LIMITS if is_integer(limit := body.get(name))]
    return max(min(limits, default=UNSTATED), 0) * max(asked_choices(body), 1)


def fitted(body: Mapping[str, JSON]) -> Object:
    """The request with calls that have arguments, answers and a tool that is offered, and JSON asked for if wanted."""
    messages = body.get(MESSAGES)
    if not isinstance(messages, list) or not all(isinstance(each, dict) for each in messages):
        return dict(body)
    talk = [dict(cast(Object, each)) for each in messages]
    tools = body.get("tools")
    offered = [_function_name(each) for each in tools] if isinstance(tools, list) else []
    for position, message in enumerate(talk):
        calls = message.get("tool_calls")
        if isinstance(calls, list) and calls:
            answers = _answers(talk, position)
            message["tool_calls"] = _called(calls, max(len(answers), 1), [name for name in offered if name])
            for answer, call in zip(answers, cast("list[Object]", message["tool_calls"]), strict=False):
                answer["tool_call_id"] = call["id"]
    wanted = body.get("response_format")
    if isinstance(wanted, dict) and str(wanted.get("type", "")).startswith("json"):
        _ask_for_json(talk)
    return {**body, MESSAGES: cast(JSON, talk)}


def _answers(talk: list[Object], position: int) -> list[Object]:
    """The tools' messages right after a message."""
    found: list[Object] = []
    for message in talk[position + 1 :]:
        if message.get("role") != "tool":
            break
        found.append(message)
    return found


def _called(calls: list[JSON], count: int, offered: list[str]) -> JSON:
    """So many calls, each of another id, of functions that are on offer."""
    made: list[JSON] = []
    for number in range(count):
        call = cast("dict[str, Any]", copy.deepcopy(calls[number % len(calls)]))
        if number >= len(calls) or any(call["id"] == cast(Object, each)["id"] for each in made):
            call["id"] = f"call{number}"
        if not isinstance(strict_json.parse(call["function"]["arguments"].encode()).value, dict):
            call["function"]["arguments"] = ARGUMENTS
        if offered and call["function"]["name"] not in offered:
            call["function"]["name"] = offered[number % len(offered)]
        made.append(call)
    return made


def _function_name(tool: JSON) -> str | None:
    function = tool.get("function") if isinstance(tool, dict) else None
    name = function.get("name") if isinstance(function, dict) else None
    return name if isinstance(name, str) else None


def _ask_for_json(talk: list[Object]) -> None:
    for message in reversed(talk):
        content = message.get("content")
        if message.get("role") == "user" and isinstance(content, str):
            if "JSON" not in content:
                message["content"] = content[: LONGEST - len(ASKS_FOR_JSON)] + ASKS_FOR_JSON
            return
