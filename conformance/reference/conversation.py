"""The messages of a request -> the prompt that the model sees, and what the user said last.

Rule: total.  Documents differ in what a message may hold, and a value that one of them disputes still has its common
meaning here: content as text, as an array of parts, or as one part.
"""

from __future__ import annotations

from collections.abc import Mapping

from .. import strict_json
from ..model import JSON
from ..reply import items, members, objects, text


def prompt(sent: Mapping[str, JSON]) -> str:
    """The conversation as one text, the tools before it, ending where the assistant speaks."""
    offered = [strict_json.dump(sent[name]).decode() + "\n" for name in ("tools", "functions") if items(sent.get(name))]
    return "".join([*offered, *map(_turn, objects(sent.get("messages"))), "assistant:"])


def _turn(message: dict[str, JSON]) -> str:
    speaker = " ".join(filter(None, (text(message.get("role")), text(message.get("name")))))
    calls = [strict_json.dump(message[name]).decode() for name in ("tool_calls", "function_call") if message.get(name)]
    return f"{speaker}: {content(message.get('content'))}{''.join(calls)}\n"


def content(value: JSON) -> str:
    """What a message says; of a picture or a film only that it is there."""
    if isinstance(value, str):
        return value
    parts = [value] if isinstance(value, dict) else objects(value)
    return "".join(text(part.get("text")) if "text" in part else "<other>" for part in parts)


def last_words(sent: Mapping[str, JSON]) -> str:
    """The last message's text when a user says it; empty otherwise."""
    last = members((items(sent.get("messages")) or [None])[-1])
    return content(last.get("content")) if last.get("role") == "user" else ""
