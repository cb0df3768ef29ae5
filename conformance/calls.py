"""The calls of a reply, of tools or of functions as they were before tools: whole, or put together from their pieces.

Rule: nothing raises and nothing is repaired.  A stream's pieces belong together by their index alone, so two calls
under one index are one call here, and its arguments are what they join to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

import jsonschema_rs

from . import strict_json
from .exchange import Exchange
from .model import JSON
from .reply import Choice, key_of, members, objects, text
from .schema import Schema


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call.  `arguments` is what was given for them: a text where all is well."""

    id: JSON
    kind: JSON
    name: JSON
    arguments: JSON


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A function that a request offers."""

    name: str
    parameters: JSON
    strict: bool


def of_choice(choice: Choice, *, streamed: bool) -> tuple[Call, ...]:
    """The tools that a choice calls, in order."""
    given = [members(each) for each in choice.tool_calls]
    return tuple(_joined(pieces) for pieces in pieces_of(given).values()) if streamed else tuple(map(_whole, given))


def of(exchange: Exchange) -> Iterator[tuple[Choice, Call]]:
    """All tools that are called in a reply, each with its choice."""
    for choice in exchange.choices:
        for call in of_choice(choice, streamed=exchange.asked_stream):
            yield choice, call


def pieces_of(given: Iterable[dict[str, JSON]]) -> dict[str, list[dict[str, JSON]]]:
    """The pieces of each call of a stream's choice, by index."""
    found: dict[str, list[dict[str, JSON]]] = {}
    for piece in given:
        found.setdefault(key_of(piece.get("index")), []).append(piece)
    return found


def _whole(call: dict[str, JSON]) -> Call:
    function = members(call.get("function"))
    return Call(
        id=call.get("id"), kind=call.get("type"), name=function.get("name"), arguments=function.get("arguments")
    )


def _joined(pieces: list[dict[str, JSON]]) -> Call:
    functions = [members(piece.get("function")) for piece in pieces]
    said = [each["arguments"] for each in functions if each.get("arguments") is not None]
    return Call(
        id=_first(piece.get("id") for piece in pieces),
        kind=_first(piece.get("type") for piece in pieces),
        name=_first(each.get("name") for each in functions),
        arguments="".join(map(text, said)) if all(isinstance(each, str) for each in said) else said,
    )


def _first(values: Iterable[JSON]) -> JSON:
    return next((value for value in values if value not in (None, "")), None)


def of_function(exchange: Exchange) -> Call | None:
    """The function that the first choice calls in the older form; None if there is none."""
    said = [
        members(choice.get("delta" if exchange.asked_stream else "message")).get("function_call")
        for each in exchange.objects
        for choice in objects(each.get("choices"))
        if choice.get("index") in (0, None)
    ]
    pieces: list[dict[str, JSON]] = [{"function": each} for each in said if isinstance(each, dict)]
    if not pieces:
        return None
    return _joined(pieces) if exchange.asked_stream else _whole(pieces[0])


def offered(exchange: Exchange, member: str = "tools") -> dict[str, Offer]:
    """The functions that a request offers, by name."""
    given = [
        members(each.get("function")) if member == "tools" else each for each in objects(exchange.sent.get(member))
    ]
    return {
        text(each.get("name")): Offer(
            name=text(each.get("name")),
            parameters=each.get("parameters"),
            strict=each.get("strict") is True,
        )
        for each in given
    }


def forced(exchange: Exchange) -> bool:
    """Whether a request leaves the model no choice but to call."""
    choice = exchange.sent.get("tool_choice")
    return choice == "required" or isinstance(choice, dict)


def unfit(arguments: JSON, schema: JSON) -> str | None:
    """What is wrong with the arguments of a call whose function has this schema; None if nothing is, or if the schema
    says nothing."""
    if not isinstance(arguments, str):
        return "no text"
    document = strict_json.parse(arguments)
    if document.problem is not None:
        return f"no JSON ({document.problem})"
    if not isinstance(document.value, dict):
        return "no JSON object"
    return departs(document.value, schema)


def departs(value: JSON, schema: JSON) -> str | None:
    """Where and how a value first departs from a schema; None if it does not, or if that is no schema."""
    if not isinstance(schema, dict):
        return None
    compiled = _compiled(strict_json.canonical(schema))
    faults = compiled.faults(value) if compiled else ()
    return f"{faults[0].observed} at {faults[0].pointer or '/'}, not {faults[0].expected}" if faults else None


@cache
def _compiled(schema: bytes) -> Schema | None:
    document = members(strict_json.parse(schema).value)
    try:
        jsonschema_rs.Draft202012Validator(document)
    except (ValueError, jsonschema_rs.ReferencingError):
        return None
    return Schema(document, document)


def cut(choice: Choice) -> bool:
    """Whether a limit or a filter ended a choice, so that its last call may lack its end."""
    return choice.finish_reason in ("length", "content_filter")
