"""Endpoints that are unusual and conform: on the wire, in the shape of replies, in what they refuse.

Every oddity has been seen in the wild and is nobody's fault.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from conformance.contract import Contract
from conformance.model import Zone
from conformance.mutants import Call, Object, Wire
from conformance.reference.refusals import Blame, Refusal
from conformance.requirements.limits import HUGE
from conformance.requirements.logprobs_asked import entry_by_entry, tells
from conformance.spoil import answered, completion, either, every_chunk, on_the_wire, streaming, whole
from conformance.spoil import stream as streams

from .desk import Answer, Oddity

# -- on the wire


def _pieces(name: str, change: Callable[[tuple[bytes, ...]], Iterable[bytes]], when: Any = streaming) -> Oddity:
    mutant = on_the_wire(name, name, answered(lambda wire: wire.with_body(*change(wire.pieces))), when=when)
    return Oddity(name=name, mutant=mutant)


def _recut(pieces: tuple[bytes, ...], size: int) -> list[bytes]:
    body = b"".join(pieces)
    return [body[start : start + size] for start in range(0, len(body), size)]


def _lines(pieces: tuple[bytes, ...], end: bytes) -> list[bytes]:
    return _recut(tuple(piece.replace(b"\n", end) for piece in pieces), 61)  # an end of line may lie across two pieces


def _on_many_lines(piece: bytes) -> bytes:
    data = piece.removeprefix(b"data: ").strip()
    if not data.startswith(b"{"):
        return piece
    pretty = json.dumps(json.loads(data), indent=1).encode()  # which writes what is not ASCII as \uXXXX
    return b"".join(b"data:" + line + b"\n" for line in pretty.splitlines()) + b"\n"


def _relabelled(wire: Wire) -> Wire:
    label = dict(wire.headers)["content-type"].partition(";")[0].title()
    return replace(wire, headers=(("Content-Type", f'{label} ; Charset="UTF-8"'),))


def _get_is(name: str, media_type: str, body: bytes) -> Oddity:
    page = Wire(headers=(("content-type", media_type),), pieces=(body,))

    def around(answer: Answer, _: Contract) -> Answer:
        return lambda call: page if call.method == "GET" else answer(call)

    return Oddity(name=f"GET is answered with {name}", around=around)


WIRE = [
    Oddity(name="nothing odd at all"),
    _pieces(
        "comments and keep-alives", lambda pieces: [b":\n\n", *(b": ping\n" + each for each in pieces), b": bye\n"]
    ),
    _pieces("lines that end in CRLF", lambda pieces: _lines(pieces, b"\r\n")),
    _pieces("lines that end in CR", lambda pieces: _lines(pieces, b"\r")),
    _pieces("no space after data:", lambda pieces: [each.replace(b"data: ", b"data:") for each in pieces]),
    _pieces("events of many lines, ASCII only", lambda pieces: map(_on_many_lines, pieces)),
    _pieces("a stream with a byte order mark", lambda pieces: [b"\xef\xbb\xbf", *pieces]),
    _pieces("pieces of seven bytes", lambda pieces: _recut(pieces, 7), None),
    _pieces("a stream in one piece", lambda pieces: [b"".join(pieces)]),
    _pieces("white space around a body", lambda pieces: [b"\r\n\n \t", *pieces, b"\n"], whole),
    Oddity(name="media types with parameters, in capitals", mutant=on_the_wire("labels", "labels", _relabelled)),
    _get_is("a page", "text/html", b"<!doctype html><title>Hello</title>"),
    _get_is("a word of welcome", "application/json", b'{"hello": "world"}'),
]

# -- in replies


def _each(name: str, change: Callable[[Object], object], **given: Any) -> Oddity:
    """Changes the completion, or every chunk."""
    return Oddity(name=name, mutant=either(name, name, lambda _, body: change(body)), **given)


def _chunks(name: str, change: Callable[[list[Object]], list[Object]], **given: Any) -> Oddity:
    return Oddity(name=name, mutant=streams(name, name, change), **given)


def _parts(body: Object) -> Iterable[Object]:
    """The message or delta of each choice."""
    return [choice["delta" if "delta" in choice else "message"] for choice in body["choices"]]


def _more(body: Object) -> None:
    extra = {"x_vendor": {"route": [1, None]}, "error": None, "provider_specific_fields": {"a": 1.5}}
    for each in (body, *body["choices"], *_parts(body), *filter(None, [body.get("usage")])):
        each.update(extra)
    body.update(system_fingerprint=None, service_tier=None, prompt_logprobs=None)


def _nothings(body: Object) -> None:
    nothing = dict.fromkeys(("refusal", "tool_calls", "function_call", "reasoning_content", "audio"))
    for part in _parts(body):
        part.update({**nothing, **part})
    for choice in body["choices"]:
        choice.setdefault("logprobs", None)


def _with_points(body: Object) -> None:
    body["created"] = float(body["created"])
    for choice in body["choices"]:
        choice["index"] = float(choice["index"])
    if body.get("usage"):
        body["usage"].update({name: float(count) for name, count in body["usage"].items() if isinstance(count, int)})


def _empty_calls(body: Object) -> None:
    for part in _parts(body):
        part.update({"tool_calls": [], "reasoning_content": "", **part})


def _with_prelude(chunks: list[Object]) -> list[Object]:
    harmless = {"hate": {"filtered": False, "severity": "safe"}}
    prelude = {"id": "", "object": "", "created": 0, "model": "", "choices": []}
    for choice in (choice for chunk in chunks for choice in chunk["choices"]):
        choice["content_filter_results"] = harmless if choice["delta"].get("content") else {}
    return [{**prelude, "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": harmless}]}, *chunks]


def _one_piece_a_call(pieces: list[Object]) -> list[Object]:
    made: dict[int, Object] = {}
    for piece in pieces:
        if piece["index"] in made:
            function = made[piece["index"]]["function"]
            made[piece["index"]]["function"] = {
                **function,
                "arguments": function["arguments"] + piece["function"]["arguments"],
            }
        else:
            made[piece["index"]] = {**piece}
    return [*made.values()]


def _merged(chunks: list[Object], into: Callable[[Object, Object], bool]) -> list[Object]:
    """The chunks with some joined to the one before of the same choice."""
    made: list[Object] = []
    before: dict[Any, Object] = {}
    for chunk in chunks:
        choice: Object = chunk["choices"][0] if chunk["choices"] else {"index": None}
        old = before.get(choice["index"])
        if old is not None and into(old["choices"][0], choice):
            delta = old["choices"][0]["delta"]
            said = [part["content"] for part in (delta, choice["delta"]) if part.get("content")]
            calls = _one_piece_a_call([*(delta.get("tool_calls") or []), *(choice["delta"].get("tool_calls") or [])])
            functions = [part["function_call"] for part in (delta, choice["delta"]) if part.get("function_call")]
            parts: Object = {"content": "".join(said) if said else None, "tool_calls": calls}
            if functions:
                parts["function_call"] = {**functions[0], "arguments": "".join(each["arguments"] for each in functions)}
            joined = {**delta, **choice["delta"], **{name: part for name, part in parts.items() if part}}
            told = [part["logprobs"] for part in (old["choices"][0], choice) if part.get("logprobs")]
            logprobs = {"content": [entry for part in told for entry in part["content"]]} if told else None
            old["choices"] = [{**choice, "delta": joined, "logprobs": logprobs}]
        else:
            made.append(chunk)
            before[choice["index"]] = chunk
    return made


def _side_by_side(chunks: list[Object]) -> list[Object]:
    """What several choices say at one time in one chunk."""
    made: list[Object] = []
    for chunk in chunks:
        together = {choice["index"] for choice in made[-1]["choices"]} if made else set()
        if together and chunk["choices"] and chunk["choices"][0]["index"] not in together:
            made[-1]["choices"] += chunk["choices"]
        else:
            made.append(chunk)
    return made


def _one_after_the_other(chunks: list[Object]) -> list[Object]:
    return sorted(chunks, key=lambda chunk: chunk["choices"][0]["index"] if chunk["choices"] else 1000)


def _usage_with_the_reason(chunks: list[Object]) -> list[Object]:
    if chunks[-1]["choices"]:
        return chunks
    return [*chunks[:-2], {**chunks[-2], "usage": chunks[-1]["usage"]}]


def _usage_beside_a_blank_choice(chunks: list[Object]) -> list[Object]:
    blank = [{"index": 0, "delta": {}}]
    return [chunk if chunk["choices"] else {**chunk, "choices": blank} for chunk in chunks]


def _sparse(chunk: Object) -> None:
    """Members that say nothing are left out, as some servers' serialisers do."""
    for name in ("usage", "service_tier"):
        if chunk.get(name) is None:
            chunk.pop(name, None)
    for choice in chunk["choices"]:
        for name in ("finish_reason", "logprobs"):
            if choice.get(name) is None:
                choice.pop(name, None)


REPLIES = [
    _each("members nobody knows, everywhere", _more),
    _each("nulls for what is not there", _nothings),
    _each("empty lists and texts for what is not there", _empty_calls),
    _each("whole numbers with a fraction of nothing", _with_points),
    _each("a resolved model name", lambda body: body.update(model=f"vendor/{body['model']}-2026-11-20")),
    Oddity(
        name="choices of a whole reply in another order",
        mutant=completion("", "", lambda _, body: body["choices"].reverse()),
    ),
    _chunks("a content filter's prelude", _with_prelude),
    _chunks(
        "the reason beside the last words", lambda all_: _merged(all_, lambda _, now: bool(now.get("finish_reason")))
    ),
    _chunks(
        "the role beside the first words",
        lambda all_: _merged(all_, lambda old, _: "role" in old["delta"] and not old["delta"].get("content")),
    ),
    _chunks(
        "a whole choice in one chunk",
        lambda all_: _merged(all_, lambda *_: True),
        inconclusive=frozenset({"streaming.arrival"}),
    ),
    _chunks("several choices in one chunk", _side_by_side),
    _chunks("choices one after the other", _one_after_the_other),
    _chunks("the usage in the chunk with the reason", _usage_with_the_reason),
    _chunks("the usage beside a blank choice", _usage_beside_a_blank_choice),
    Oddity(name="chunks without what says nothing", mutant=every_chunk("", "", lambda _, chunk: _sparse(chunk))),
    Oddity(
        name="the role in every delta",
        mutant=every_chunk("", "", lambda _, chunk: [part.update(role="assistant") for part in _parts(chunk)]),
    ),
    Oddity(
        name="chunks that call themselves completions",
        mutant=every_chunk("", "", lambda _, chunk: chunk.update(object="chat.completion")),
    ),
    Oddity(
        name="null for empty content in deltas",
        mutant=every_chunk(
            "", "", lambda _, chunk: [part.update(content=part.get("content") or None) for part in _parts(chunk)]
        ),
    ),
]

# -- in log probabilities


def _entries(name: str, change: Callable[[Object], object], **given: Any) -> Oddity:
    """Changes every entry in place."""
    return Oddity(name=name, mutant=tells(name, name, entry_by_entry(change)), **given)


def _candidates(entry: Object) -> Iterable[Object]:
    return (entry, *entry["top_logprobs"])


def _apart(entry: Object) -> list[Object]:
    """The list without what was said."""
    return [each for each in entry["top_logprobs"] if each["bytes"] != entry["bytes"]]


def _said(entry: Object) -> Object:
    return {name: value for name, value in entry.items() if name != "top_logprobs"}


def _said_first(entry: Object) -> None:
    if entry["top_logprobs"]:
        entry["top_logprobs"] = [_said(entry), *_apart(entry)]


def _said_last(entry: Object) -> None:
    listed = entry["top_logprobs"]
    if listed and len(_apart(entry)) == len(listed):
        entry["top_logprobs"] = [*listed[:-1], _said(entry)]


def _one_more(entry: Object) -> None:
    if len(_apart(entry)) == len(entry["top_logprobs"]):
        entry["top_logprobs"] = [*entry["top_logprobs"], _said(entry)]


def _sentinel(entry: Object) -> None:
    for each in entry["top_logprobs"][3:]:
        if each["bytes"] != entry["bytes"]:
            each["logprob"] = -9999.0


def _without_bytes(entry: Object, member: Callable[[Object], object]) -> None:
    for each in _candidates(entry):
        member(each)


def _raw_piece(entry: Object) -> None:
    for each in _candidates(entry):
        each["token"] = each["token"].replace(" ", "Ġ").replace("\n", "Ċ")


def _rounded(entry: Object) -> None:
    for each in _candidates(entry):
        each["logprob"] = round(each["logprob"], 3) + 1e-6


LIKELIHOODS = [
    _entries("what was said first in its list", _said_first),
    _entries("what was said in the place of the last", _said_last),
    _entries("what was said beside its list", _one_more),
    _entries("a sign for what is too unlikely to tell", _sentinel),
    _entries(
        "bytes that are null",
        lambda entry: _without_bytes(entry, lambda each: each.update(bytes=None)),
        inconclusive=frozenset({"logprobs.bytes"}),
    ),
    _entries(
        "no bytes",
        lambda entry: _without_bytes(entry, lambda each: each.pop("bytes")),
        inconclusive=frozenset({"logprobs.bytes"}),
    ),
    _entries("tokens as a vocabulary writes them", _raw_piece),
    _entries("log probabilities of few digits, some a little above 0", _rounded),
    Oddity(name="all log probabilities with a stream's first words", mutant=tells("", "", lambda told: told)),
    _entries("log probabilities with more members", lambda entry: entry.update(rank=1, token_id=5, decoded=None)),
]

# -- what is refused


def _refuses(
    name: str, what: Callable[[Call], bool], status: int = 400, message: str = "not here", **given: Any
) -> Oddity:
    """Calls that are refused as the contract's errors are."""
    blame = Blame(place=("body",), message=message, kind="value_error")
    reason = Refusal(status=status, message=message, blames=(blame,) if status == 400 else ())

    def around(answer: Answer, contract: Contract) -> Answer:
        return lambda call: reason.wire(contract.dialect["errors"]) if what(call) else answer(call)

    return Oddity(name=name, around=around, **given)


def _zero_refused(answer: Answer, contract: Contract) -> Answer:
    """Temperature 0 is refused, and 0.01 is as cold as 0 is elsewhere."""
    reason = Refusal(
        status=400, message="temperature must be above 0", blames=(Blame(place=(), message="x", kind="y"),)
    )

    def near(call: Call) -> Wire:
        if call.sent.get("temperature") == 0:
            return reason.wire(contract.dialect["errors"])
        cold = call.sent.get("temperature") == 0.01
        return answer(call.with_body({**call.sent, "temperature": 0}) if cold else call)

    return near


def _disputed_refused(answer: Answer, contract: Contract) -> Answer:
    """Whatever one reading of the document forbids is refused, and so are a charset and a scheme in lower case."""
    reason = Refusal(status=400, message="not by my reading", blames=(Blame(place=(), message="x", kind="y"),))
    near = _zero_refused(answer, contract)

    def strict(call: Call) -> Wire:
        disputed = contract.zone(call.sent) is Zone.DISPUTED and not _in_parts(call)
        readings = disputed or "charset" in _label(call) or _scheme(call).islower()
        return reason.wire(contract.dialect["errors"]) if call.sent and readings else near(call)

    return strict


def _in_parts(call: Call) -> bool:
    """Whether a content is made of parts, which whoever has that feature takes."""
    said = call.sent.get("messages")
    return isinstance(said, list) and any(isinstance(each.get("content"), list) for each in said)


def _label(call: Call) -> str:
    return call.header("content-type") or ""


def _scheme(call: Call) -> str:
    return (call.header("authorization") or "").partition(" ")[0]


def _status(name: str, before: int, after: int, **given: Any) -> Oddity:
    """One refusal has another status."""
    change = on_the_wire(name, name, lambda wire: replace(wire, status=after) if wire.status == before else wire)
    return Oddity(name=name, mutant=change, **given)


def _bare_401(wire: Wire) -> Wire:
    return wire.with_header("www-authenticate", None) if wire.status == 401 else wire


def _proxied(status: int) -> Oddity:
    """A proxy refuses what it cannot make out."""
    page = Wire(status=status, headers=(("content-type", "text/html"),), pieces=(b"<html>blocked</html>",))

    def around(answer: Answer, _: Contract) -> Answer:
        return lambda call: page if _is_malformed(call) else answer(call)

    return Oddity(name=f"a proxy's {status} for a malformed body", around=around)


def _is_malformed(call: Call) -> bool:
    return call.method == "POST" and not call.sent


def _bare_405(wire: Wire) -> Wire:
    return Wire(status=405) if wire.status == 405 else wire


COLD = (0, 0.01)

UNLIMITED = frozenset({"limits.context-lowering", "limits.default-max-tokens"})
"""The rows that need a request with no limit, or a huge one."""

REFUSED = [
    Oddity(name="no temperature of 0", around=_zero_refused),
    Oddity(
        name="nothing disputed at all",
        around=_disputed_refused,
        inconclusive=frozenset({"stop.array-acts", "tools.choice-named"}),
    ),
    _refuses(
        "no n above 1 at temperature 0", lambda call: call.sent.get("temperature") in COLD and call.sent.get("n", 1) > 1
    ),
    _refuses(
        "max_tokens is required",
        lambda call: (
            "messages" in call.sent and "max_tokens" not in call.sent and "max_completion_tokens" not in call.sent
        ),
        contracts=("highwayapi",),
    ),
    _refuses(
        "no arrays of stops",
        lambda call: isinstance(call.sent.get("stop"), list),
        inconclusive=frozenset({"stop.array-acts"}),
    ),
    _refuses("no charset parameter", lambda call: "charset" in _label(call), 415),
    _refuses("the scheme has its case", lambda call: _scheme(call).islower(), 401),
    _refuses(
        "a quota",
        lambda call: call.sent.get("max_tokens") == HUGE,
        403,
        "insufficient balance",
        inconclusive=UNLIMITED,
        contracts=("highwayapi",),
    ),
    Oddity(name="401 without a challenge", mutant=on_the_wire("", "", _bare_401)),
    Oddity(name="405 without a body", mutant=on_the_wire("", "", _bare_405)),
    _status("403 for 401", 401, 403, inconclusive=frozenset({"auth.www-authenticate"})),
    _status("422 for 400", 400, 422, contracts=("highwayapi",)),
    _status("422 for 415", 415, 422),
    _status("404 for 405", 405, 404),
    _status("501 for 405", 405, 501),
    _status("400 for an unknown model", 404, 400, contracts=("highwayapi",)),
    _status("403 for an unknown model", 404, 403),
    *map(_proxied, (403, 411, 413)),
]
