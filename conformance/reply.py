"""The choices of a reply, whole or streamed, in one shape; and total access to JSON of unknown shape.

Rule: nothing raises and nothing is repaired.  What is not of the type a reader asks for is empty to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeGuard

from .model import JSON


def is_integer(value: JSON) -> TypeGuard[int]:
    """Whether a JSON value is an integer number, as JSON Schema has it: 1.0 is one, and a bool is none."""
    return (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, float) and value.is_integer())


def key_of(index: JSON) -> str:
    """By what pieces of a stream belong together: the same for 0 and 0.0, another for what is no number."""
    return repr(int(index) if is_integer(index) else index)


def items(value: JSON) -> list[JSON]:
    """A JSON array's items; none for anything else."""
    return value if isinstance(value, list) else []


def objects(value: JSON) -> Iterator[dict[str, JSON]]:
    """The JSON objects of an array."""
    return (item for item in items(value) if isinstance(item, dict))


def members(value: JSON) -> dict[str, JSON]:
    """A JSON object's members; none for anything else."""
    return value if isinstance(value, dict) else {}


def text(value: JSON) -> str:
    """A JSON string; empty for anything else."""
    return value if isinstance(value, str) else ""


def thoughts(message: JSON) -> str:
    """What a message or a delta shows of a model's thoughts; servers give the member one of two names, or both."""
    said = members(message)
    return text(said.get("reasoning_content")) or text(said.get("reasoning"))


def has_text(value: JSON) -> bool:
    """Whether a completion or a chunk has choices, each with a message or delta whose content is text or none."""
    choices = value.get("choices") if isinstance(value, dict) else None
    if not isinstance(choices, list):
        return False
    said = [each.get("message", each.get("delta")) if isinstance(each, dict) else None for each in choices]
    return all(isinstance(each, dict) and isinstance(each.get("content"), str | None) for each in said)


def asked_choices(request: Mapping[str, JSON]) -> int:
    """How many choices a request's members ask for: n, or 1."""
    n = request.get("n")
    return int(n) if is_integer(n) else 1


def problem(body: Mapping[str, JSON]) -> str:
    """The words in which an error body names the problem, in any of the shapes seen in the field; else empty."""
    error, detail = body.get("error"), body.get("detail")
    listed = [*objects(error), *objects(detail), *objects(body.get("errors"))]
    found = [
        text(error),
        *_words(members(error)),
        text(detail),
        text(members(members(detail).get("error")).get("message")),
        text(members(detail).get("message")),
        *_words(body),
        *(words for each in listed for words in _words(each)),
    ]
    return next((words for words in found if words.strip()), "")


def _words(error: Mapping[str, JSON]) -> Iterator[str]:
    return (text(error.get(name)) for name in ("message", "msg", "detail", "error_message", "title"))


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One choice of a reply, whole or put together from its deltas.

    `finish_reasons` are all values but null that were given, in order (a whole reply has at most one); `logprobs`
    are the entries of `logprobs.content` in order, None if none was given.
    """

    index: JSON
    role: JSON = None
    text: str = ""
    reasoning: str = ""
    refusal: str = ""
    finish_reasons: tuple[JSON, ...] = ()
    logprobs: tuple[JSON, ...] | None = None
    tool_calls: tuple[JSON, ...] = ()

    @property
    def finish_reason(self) -> JSON:
        """The last reason given, or None."""
        return self.finish_reasons[-1] if self.finish_reasons else None


def _entries(choice: dict[str, JSON]) -> tuple[JSON, ...] | None:
    logprobs = choice.get("logprobs")
    content = logprobs.get("content") if isinstance(logprobs, dict) else None
    return tuple(content) if isinstance(content, list) else None


def whole_choices(completion: dict[str, JSON]) -> Iterator[Choice]:
    """The choices of a whole reply."""
    for choice in objects(completion.get("choices")):
        message = members(choice.get("message"))
        reason = choice.get("finish_reason")
        yield Choice(
            index=choice.get("index"),
            role=message.get("role"),
            text=text(message.get("content")),
            reasoning=thoughts(message),
            refusal=text(message.get("refusal")),
            finish_reasons=() if reason is None else (reason,),
            logprobs=_entries(choice),
            tool_calls=tuple(items(message.get("tool_calls"))),
        )


class _Parts:
    """The deltas of one index, collected."""

    def __init__(self, index: JSON) -> None:
        self.index = index
        self.role: JSON = None
        self.text, self.reasoning, self.refusal = [""], [""], [""]
        self.reasons: list[JSON] = []
        self.logprobs: list[JSON] | None = None
        self.tool_calls: list[JSON] = []

    def add(self, choice: dict[str, JSON]) -> None:
        delta = members(choice.get("delta"))
        self.role = delta.get("role") if self.role is None else self.role
        self.text.append(text(delta.get("content")))
        self.reasoning.append(thoughts(delta))
        self.refusal.append(text(delta.get("refusal")))
        self.tool_calls += items(delta.get("tool_calls"))
        if choice.get("finish_reason") not in (None, ""):
            self.reasons.append(choice.get("finish_reason"))
        entries = _entries(choice)
        if entries is not None:
            self.logprobs = (self.logprobs or []) + list(entries)

    def joined(self) -> Choice:
        return Choice(
            index=self.index,
            role=self.role,
            text="".join(self.text),
            reasoning="".join(self.reasoning),
            refusal="".join(self.refusal),
            finish_reasons=tuple(self.reasons),
            logprobs=None if self.logprobs is None else tuple(self.logprobs),
            tool_calls=tuple(self.tool_calls),
        )


def assembled(chunks: Iterable[dict[str, JSON]]) -> list[Choice]:
    """The choices of a stream, each put together from its deltas, in the order of their first appearance."""
    parts: dict[str, _Parts] = {}
    for chunk in chunks:
        for choice in objects(chunk.get("choices")):
            index = choice.get("index")
            parts.setdefault(key_of(index), _Parts(index)).add(choice)
    return [each.joined() for each in parts.values()]
