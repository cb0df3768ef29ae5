"""The usual ways to spoil an endpoint: functions that make mutants, and conditions on when they show."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from . import strict_json
from .model import JSON
from .mutants import Call, Mutant, Object, Sent, When, Wire

# -- when


def streaming(sent: Sent) -> bool:
    """The request asks for a stream."""
    return sent.get("stream") is True


def whole(sent: Sent) -> bool:
    """The request does not ask for a stream."""
    return sent.get("stream") is not True


def suffix(when: When | None) -> str:
    """What a condition adds to a mutant's name."""
    return f"-when-{when.__name__.replace('_', '-')}" if when else ""


# -- what a request asks is not done


def ignores(member: str, when: When | None = None) -> Mutant:
    """The endpoint behaves as if this member had not been sent."""

    def forget(call: Call) -> Call:
        sent = dict(call.sent)
        return call.with_body(sent) if sent.pop(member, None) is not None else call

    return Mutant(
        name=f"ignores-{member.replace('_', '-')}{suffix(when)}",
        about=f"{member} is accepted and has no effect",
        request=forget,
        when=when,
    )


def refuses(member: str, status: int = 400, when: When | None = None) -> Mutant:
    """Any request with this member, null included, is refused."""

    def wire(call: Call, reply: Wire) -> Wire:
        return refusal(reply, status, f"{member} is not supported") if member in call.sent else reply

    return Mutant(
        name=f"refuses-{member.replace('_', '-')}{'' if status == 400 else f'-with-{status}'}{suffix(when)}",
        about=f"a request with {member} is refused with {status}",
        wire=wire,
        when=when,
    )


def refusal(reply: Wire, status: int, message: str) -> Wire:
    """A refusal in OpenAI's shape."""
    error = {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None}}
    return replace(reply, status=status, headers=(("content-type", "application/json"),), cut=False).with_body(
        strict_json.dump(error)  # type: ignore[arg-type]  # mypy: dict is invariant in its values
    )


# -- replies are of another shape


def completion(name: str, about: str, change: Callable[[Sent, Object], object], when: When | None = None) -> Mutant:
    """Whole replies: `change` spoils the completion in place."""

    def reply(sent: Sent, body: Object) -> Object:
        change(sent, body)
        return body

    return Mutant(name=name, about=about, reply=reply, when=when)


def every_chunk(name: str, about: str, change: Callable[[Sent, Object], object], when: When | None = None) -> Mutant:
    """Streams: `change` spoils every chunk in place."""

    def events(sent: Sent, chunks: list[Object]) -> list[Object]:
        for chunk in chunks:
            change(sent, chunk)
        return chunks

    return Mutant(name=name, about=about, events=events, when=when)


def either(name: str, about: str, change: Callable[[Sent, Object], object], when: When | None = None) -> Mutant:
    """Both modes: `change` spoils the completion or every chunk in place."""
    return replace(
        completion(name, about, change, when),
        events=every_chunk(name, about, change).events,
    )


def says(name: str, about: str, change: Callable[[Sent, str, int], str], when: When | None = None) -> Mutant:
    """Both modes: `change` makes another text of what each choice says (request, text, index); a stream says all of it
    in its first delta that says anything."""

    def reply(sent: Sent, body: Object) -> Object:
        for choice in body["choices"]:
            message = choice["message"]
            message["content"] = change(sent, message.get("content") or "", choice["index"])
        return body

    def events(sent: Sent, chunks: list[Object]) -> list[Object]:
        deltas: dict[int, list[Object]] = {}
        for choice in (choice for chunk in chunks for choice in chunk["choices"]):
            if choice["delta"].get("content"):
                deltas.setdefault(choice["index"], []).append(choice["delta"])
        for index, parts in deltas.items():
            text = change(sent, "".join(part["content"] for part in parts), index)
            for part in parts:
                part["content"] = ""
            parts[0]["content"] = text
        return chunks

    return Mutant(name=name, about=about, reply=reply, events=events, when=when)


def stream(name: str, about: str, change: Callable[[list[Object]], list[Object]], when: When | None = None) -> Mutant:
    """Streams: `change` makes other chunks of them."""
    return Mutant(name=name, about=about, events=lambda _, chunks: change(chunks), when=when)


def on_the_wire(name: str, about: str, change: Callable[[Wire], Wire], when: When | None = None) -> Mutant:
    """Whatever goes out."""
    return Mutant(name=name, about=about, wire=lambda _, wire: change(wire), when=when)


def answered(change: Callable[[Wire], Wire]) -> Callable[[Wire], Wire]:
    """Only 2xx replies."""
    return lambda wire: change(wire) if wire.status < 300 else wire


def refused(change: Callable[[Wire], Wire]) -> Callable[[Wire], Wire]:
    """Only replies that are none of 2xx."""
    return lambda wire: wire if wire.status < 300 else change(wire)


def drop(*path: str) -> Callable[[Sent, Object], None]:
    """A change that leaves a member out; "*" on the way stands for every item of an array."""
    return put_at(path, lambda parent, key: parent.pop(key, None))


def put(value: JSON, *path: str) -> Callable[[Sent, Object], None]:
    """A change that sets a member where its parent is there."""
    return put_at(path, lambda parent, key: parent.__setitem__(key, copy.deepcopy(value)))


def put_at(path: tuple[str, ...], act: Callable[[Object, str], object]) -> Callable[[Sent, Object], None]:
    """A change that acts on the object that holds the last member of a path."""

    def change(_: Sent, body: Object) -> None:
        parents: list[Any] = [body]
        for key in path[:-1]:
            found: list[Any] = []
            for parent in parents:
                if key == "*":
                    found += parent if isinstance(parent, list) else []
                elif isinstance(parent, dict) and key in parent:
                    found.append(parent[key])
            parents = found
        for parent in parents:
            if isinstance(parent, dict):
                act(parent, path[-1])

    return change
