"""Which of the offered functions a reply calls.

Rule: a call is made when the user names the function in the last message, or when the request forces one; so a test
gets a call whenever it wants one, and never by chance.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..model import JSON
from ..reply import members, objects, text
from .conversation import last_words


@dataclass(frozen=True, kw_only=True)
class Function:
    """A function on offer, and the schema of its arguments."""

    name: str
    parameters: JSON


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The functions a reply is to call; `legacy`: in the form that came before tools."""

    functions: tuple[Function, ...] = ()
    legacy: bool = False


def plan(sent: Mapping[str, JSON]) -> Plan:
    """What a reply to this request calls."""
    called = _called(
        dict(_functions(each.get("function") for each in objects(sent.get("tools")))),
        sent.get("tool_choice"),
        last_words(sent),
    )
    if called:
        return Plan(functions=called[:1] if sent.get("parallel_tool_calls") is False else called)
    called = _called(dict(_functions(objects(sent.get("functions")))), sent.get("function_call"), last_words(sent))
    return Plan(functions=called[:1], legacy=True)


def _functions(described: Iterator[JSON]) -> Iterator[tuple[str, Function]]:
    for each in map(members, described):
        if name := text(each.get("name")):
            yield name, Function(name=name, parameters=members(each.get("parameters")) or {"type": "object"})


def _called(offered: dict[str, Function], choice: JSON, said: str) -> tuple[Function, ...]:
    """Those that the choice forces, else those that were named, in the order of their first mention."""
    if choice == "none" or not offered:
        return ()
    if isinstance(choice, dict):
        name = text(members(choice.get("function")).get("name")) or text(choice.get("name"))
        return (offered[name],) if name in offered else ()
    found = {name: re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", said) for name in offered}
    places = sorted((match.start(), name) for name, match in found.items() if match)
    named = tuple(offered[name] for _, name in places)
    return named or (tuple(offered.values())[:1] if choice == "required" else ())
