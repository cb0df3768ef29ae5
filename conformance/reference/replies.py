"""Choices -> the JSON that says them: one completion, or the chunks of a stream.

Rule: both are made of the same pieces, so what a stream says joined is what a whole reply says.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import zip_longest
from typing import Any, TypeAlias

from .generation import FunctionCall, Spoken
from .options import Options
from .speaker import Step
from .vocabulary import END, END_NAME, TOKENS, name

Object: TypeAlias = "dict[str, Any]"
"""A JSON object that is put together; `Any`, for a mutant may take it apart."""


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """What all parts of one reply share.  `usage_always`: a stream tells its usage unasked, in its last chunk."""

    id: str
    created: int
    model: str
    prompt_tokens: int
    options: Options
    usage_always: bool

    def around(self, object_: str, choices: list[Object]) -> Object:
        """A completion or a chunk with these choices."""
        tier = {"service_tier": "default"} if self.options.tiered else {}
        head = {"id": self.id, "object": object_, "created": self.created, "model": self.model}
        return {**head, **tier, "choices": choices}


def usage(envelope: Envelope, spoken: Sequence[Spoken]) -> Object:
    """What the reply cost: the prompt once, every choice's tokens, thoughts among them."""
    said = sum(each.tokens for each in spoken)
    thought = sum(each.thought_tokens for each in spoken)
    details = {"completion_tokens_details": {"reasoning_tokens": thought}} if thought else {}
    return {
        "prompt_tokens": envelope.prompt_tokens,
        "completion_tokens": said,
        "total_tokens": envelope.prompt_tokens + said,
        **details,
    }


def completion(envelope: Envelope, spoken: Sequence[Spoken]) -> Object:
    """The whole reply."""
    told = envelope.options.alternatives is not None
    choices = [
        {
            "index": index,
            "message": _message(envelope, index, each),
            "logprobs": {"content": list(map(_entry, each.steps))} if told else None,
            "finish_reason": each.finish_reason,
        }
        for index, each in enumerate(spoken)
    ]
    return {**envelope.around("chat.completion", choices), "usage": usage(envelope, spoken)}


def _message(envelope: Envelope, index: int, spoken: Spoken) -> Object:
    message: Object = {"role": "assistant", "content": None if spoken.calls else spoken.text}
    if spoken.thoughts:
        message["reasoning_content"] = "".join(spoken.thoughts)
    calls = [_function(each.name, "".join(each.arguments)) for each in spoken.calls]
    if calls and spoken.legacy:
        message["function_call"] = calls[0]
    elif calls:
        message["tool_calls"] = [
            {"id": _call_id(envelope, index, at), "type": "function", "function": each} for at, each in enumerate(calls)
        ]
    return message


def chunks(envelope: Envelope, spoken: Sequence[Spoken]) -> list[Object]:
    """The reply as a stream's chunks, the choices in turns."""
    streams = [
        [{"index": index, **each} for each in _deltas(envelope, index, choice)] for index, choice in enumerate(spoken)
    ]
    made = [
        envelope.around("chat.completion.chunk", [choice])
        for turn in zip_longest(*streams)
        for choice in turn
        if choice is not None
    ]
    if envelope.options.obfuscated:
        for at, chunk in enumerate(made):
            chunk["obfuscation"] = _digest(envelope.id, "obfuscation", at)[: 4 + at % 13]
    if envelope.usage_always:
        made[-1]["usage"] = usage(envelope, spoken)
    elif envelope.options.usage_asked:
        made = [{**chunk, "usage": None} for chunk in made]
        made.append({**envelope.around("chat.completion.chunk", []), "usage": usage(envelope, spoken)})
    return made


def _deltas(envelope: Envelope, index: int, spoken: Spoken) -> Iterator[Object]:
    """The choice of each chunk, its index apart."""
    told = envelope.options.alternatives is not None
    yield _choice({"role": "assistant", "content": None if spoken.calls else ""})
    for thought in spoken.thoughts:
        yield _choice({"reasoning_content": thought})
    for piece in spoken.content:
        yield {
            **_choice({"content": piece.text}),
            "logprobs": {"content": list(map(_entry, piece.steps))} if told else None,
        }
    for at, call in enumerate(spoken.calls):
        for delta in _call_deltas(call, legacy=spoken.legacy, at=at, call_id=_call_id(envelope, index, at)):
            yield _choice(delta)
    nothing: Object | None = (
        {"content": []} if told and not spoken.content else None
    )  # what a whole reply says of no tokens, too
    yield {"delta": {}, "logprobs": nothing, "finish_reason": spoken.finish_reason}


def _choice(delta: Object) -> Object:
    return {"delta": delta, "logprobs": None, "finish_reason": None}


def _call_deltas(call: FunctionCall, *, legacy: bool, at: int, call_id: str) -> Iterator[Object]:
    parts = [_function(call.name, ""), *({"arguments": piece} for piece in call.arguments)]
    for part in parts:
        if legacy:
            yield {"function_call": part}
        else:
            head = {"id": call_id, "type": "function"} if "name" in part else {}
            yield {"tool_calls": [{"index": at, **head, "function": part}]}


def _function(name: str, arguments: str) -> Object:
    return {"name": name, "arguments": arguments}


def _call_id(envelope: Envelope, index: int, at: int) -> str:
    return "call_" + _digest(envelope.id, index, at)[:24]


def _digest(*parts: object) -> str:
    return hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest()


def _entry(step: Step) -> Object:
    others = [_candidate(token, logprob) for token, logprob in step.likeliest]
    return {**_candidate(step.token, step.log_probability), "top_logprobs": others}


def _candidate(token: int, logprob: float) -> Object:
    return {"token": _name(token), "logprob": logprob, "bytes": list(_bytes(token))}


@cache
def _name(token: int) -> str:
    return name(token)


@cache
def _bytes(token: int) -> bytes:
    return END_NAME.encode() if token == END else TOKENS[token]
