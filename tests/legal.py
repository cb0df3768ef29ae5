"""Endpoints that are unusual and conform: on the wire, in the shape of replies, in what they refuse.

Every oddity has been seen in the wild and is nobody's fault.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from itertools import accumulate, chain, filterfalse
from random import Random
from typing import Any

from conformance.contract import Contract
from conformance.model import Zone
from conformance.mutants import Call, Mutant, Object, Wire
from conformance.reference.options import MOST_CHOICES
from conformance.reference.refusals import Blame, Refusal
from conformance.reference.vocabulary import END, IDS
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


def _weather(answer: Answer, _: Contract) -> Answer:
    """Every fifth request meets a 429 or a 503 the first time it is made."""
    met: set[tuple[object, bytes]] = set()

    def sometimes(call: Call) -> Wire:
        new = (call.headers, call.body) not in met
        met.add((call.headers, call.body))
        if not new or len(met) % 5:
            return answer(call)
        return Wire(status=429 if len(met) % 2 else 503, headers=(("retry-after", "0"),), pieces=(b"later",))

    return sometimes


def _jitter(chance: Random) -> float:
    """A few milliseconds, tens of them now and then, and seldom many seconds."""
    return chance.choice((0.002, 0.004, 0.05)) if chance.random() < 0.995 else chance.uniform(1, 20)


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
    Oddity(name="slow and jittery", gap=_jitter),
    Oddity(name="media types with parameters, in capitals", mutant=on_the_wire("labels", "labels", _relabelled)),
    _get_is("a page", "text/html", b"<!doctype html><title>Hello</title>"),
    _get_is("a word of welcome", "application/json", b'{"hello": "world"}'),
]

WEATHER = Oddity(name="a 429 or a 503 now and then", around=_weather)
CACHED = Oddity(name="cached replies", around=lambda answer, _: cache(answer))


def _by_what_is_asked(answer: Answer, contract: Contract) -> Answer:
    """A cache inside of an application: its key is what it made of a request, without what says nothing."""
    kept: dict[object, Wire] = {}
    known = contract.parameters

    def near(call: Call) -> Wire:
        asked = {name: value for name, value in call.sent.items() if name in known and value is not None}
        headers = tuple(sorted((name.lower(), value) for name, value in call.headers))
        key = (call.method, call.path, headers, call.trusted, json.dumps(asked, sort_keys=True))
        if asked and key in kept:
            return kept[key]
        wire = answer(call)
        if asked and wire.status == 200:
            kept[key] = wire
        return wire

    return near


CACHED_AS_ASKED = Oddity(name="cached replies to the same in other words", around=_by_what_is_asked)

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
        for piece in choice.get("delta", {}).get("tool_calls") or []:
            piece["index"] = float(piece["index"])
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
            old.update({name: chunk[name] for name in ("usage",) if chunk.get(name)})
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


def _all_is_well(body: Object) -> None:
    body.update(error="", code=0, message="success, no error", detail=None)


REPLIES = [
    _each("members nobody knows, everywhere", _more),
    _each("success in so many words", _all_is_well),
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
    Oddity(
        name="null as the usage of every chunk but one",
        mutant=every_chunk("", "", lambda _, chunk: chunk.setdefault("usage", None)),
    ),
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


def _told_of_few(entry: Object) -> None:
    """What was said has a sign for its log probability where it is not among the twenty likeliest."""
    if len(_apart(entry)) == 20:
        entry["logprob"] = -9999.0


def _masked(sent: Object, body: Object) -> None:
    """Candidates that the sampler may not draw are left out, the others keep the model's own log probabilities."""
    for choice in body["choices"]:
        for entry in (choice.get("logprobs") or {}).get("content") or []:
            entry["top_logprobs"] = _drawable(sent, entry["top_logprobs"])


def _drawable(sent: Object, listed: list[Object]) -> list[Object]:
    kept = listed[: sent.get("top_k") or None]
    if sent.get("temperature", 1) != 1:  # which makes the nucleus another one
        return kept
    before = accumulate((math.exp(each["logprob"]) for each in kept), initial=0.0)
    nucleus = [each for each, mass in zip(kept, before, strict=False) if not mass or mass < sent.get("top_p", 1)]
    floor = sent.get("min_p", 0)
    return [each for each in nucleus if not floor or each["logprob"] >= kept[0]["logprob"] + math.log(floor)]


def _without_bytes(entry: Object, member: Callable[[Object], object]) -> None:
    for each in _candidates(entry):
        member(each)


def _is_half(each: Object) -> bool:
    return "\ufffd" in bytes(each["bytes"]).decode("utf-8", "replace")


def _named_by_its_bytes(entry: Object, name: str = "") -> None:
    """Half a character is named as OpenAI does it."""
    for each in filter(_is_half, _candidates(entry)):
        each["token"] = name + "".join(f"\\x{byte:02x}" if byte > 127 else chr(byte) for byte in each["bytes"])


def _named_only(entry: Object) -> None:
    _named_by_its_bytes(entry, "bytes:")
    _without_bytes(entry, lambda each: each.update(bytes=None))


def _raw_piece(entry: Object) -> None:
    for each in _candidates(entry):
        each["token"] = each["token"].replace(" ", "Ġ").replace("\n", "Ċ")


def _bytes_of_the_name(entry: Object) -> None:
    for each in _candidates(entry):
        each["bytes"] = list(each["token"].encode("utf-8", "replace"))


def _number(entry: Object) -> None:
    """Tokens are told by their numbers, as if those were their texts."""
    for each in _candidates(entry):
        each["token"] = f"token_id:{IDS.get(bytes(each['bytes']), END)}"
    _bytes_of_the_name(entry)


def _piece_only(entry: Object, space: str) -> None:
    """Pieces of a vocabulary that has a name for each byte, and no bytes beside them."""
    for each in _candidates(entry):
        byte = each["bytes"][0] if len(each["bytes"]) == 1 and _is_half(each) else None
        each["token"] = each["token"].replace(" ", space) if byte is None else f"<0x{byte:02X}>"
        each["bytes"] = None


def _piece_in_bytes(entry: Object) -> None:
    """Whole pieces, and bytes that are of the piece and not of its text."""
    for each in filterfalse(_is_half, _candidates(entry)):
        each["token"] = each["token"].replace(" ", "▁")
        each["bytes"] = list(each["token"].encode())


def _signs() -> dict[int, str]:
    """The sign that byte-level vocabularies have for each byte."""
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [byte for byte in range(256) if byte not in shown]
    return {**{byte: chr(byte) for byte in shown}, **{byte: chr(256 + at) for at, byte in enumerate(hidden)}}


SIGNS = _signs()


def _in_signs(entry: Object) -> None:
    for each in _candidates(entry):
        each.update(token="".join(SIGNS[byte] for byte in each["bytes"]), bytes=None)


def _rounded(entry: Object) -> None:
    for each in _candidates(entry):
        each["logprob"] = round(each["logprob"], 3) + 1e-6


MASKS_ACT = frozenset({"sampling.top-p-acts", "sampling.top-k-acts", "sampling.min-p-acts"})

LIKELIHOODS = [
    _entries("what was said first in its list", _said_first),
    _entries("what was said in the place of the last", _said_last),
    _entries("what was said beside its list", _one_more),
    _entries("a sign for what is too unlikely to tell", _sentinel),
    _entries("a sign for what was said and is not likely", _told_of_few),
    Oddity(name="lists without what the sampler masks", mutant=either("", "", _masked)),
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
    _entries("half characters named by their bytes", _named_by_its_bytes),
    _entries("half characters named by bytes that are null", _named_only, inconclusive=frozenset({"logprobs.bytes"})),
    _entries(
        "bytes of the sign for half a character", _bytes_of_the_name, inconclusive=frozenset({"sampling.top-k-acts"})
    ),
    _entries(
        "tokens told by their numbers",
        _number,
        inconclusive=frozenset({"logprobs.of-the-text", "sampling.temperature-low", *MASKS_ACT}),
        perhaps=frozenset({"logprobs.exact"}),  # a text of half a character is that of any tokens
    ),
    _entries("tokens as a vocabulary writes them", _raw_piece),
    _entries(
        "tokens of a vocabulary with ▁, without bytes",
        lambda entry: _piece_only(entry, "▁"),
        inconclusive=frozenset({"logprobs.bytes"}),
    ),
    _entries("tokens and bytes of a vocabulary with ▁", _piece_in_bytes, warned=frozenset({"logprobs.exact"})),
    _entries(
        "tokens of a vocabulary with Ġ, without bytes",
        lambda entry: _piece_only(entry, "Ġ"),
        inconclusive=frozenset({"logprobs.bytes"}),
    ),
    _entries(
        "tokens of a vocabulary with a sign for each byte, without bytes",
        _in_signs,
        inconclusive=frozenset({"logprobs.bytes", "sampling.top-k-acts", "sampling.top-p-acts"}),
    ),
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


def _unwelcome(member: str) -> Refusal:
    """A refusal that names the member it is about."""
    message = f"{member} is not welcome"
    return Refusal(
        status=400, message=message, param=member, blames=(Blame(place=(member,), message=message, kind="y"),)
    )


def _zero_refused(answer: Answer, contract: Contract) -> Answer:
    """Temperature 0 is refused."""
    reason = _unwelcome("temperature")
    near = _cold_at_last(answer)
    return lambda call: reason.wire(contract.dialect["errors"]) if call.sent.get("temperature") == 0 else near(call)


def _cold_at_last(answer: Answer) -> Answer:
    """0.01 is as cold as 0 is elsewhere."""

    def near(call: Call) -> Wire:
        cold = call.sent.get("temperature") == 0.01
        return answer(call.with_body({**call.sent, "temperature": 0}) if cold else call)

    return near


def _disputed_refused(answer: Answer, contract: Contract) -> Answer:
    """Whatever one reading of the document forbids is refused, and so are a charset and a scheme in lower case."""
    near = _cold_at_last(answer)

    def strict(call: Call) -> Wire:
        disputed = contract.zone(call.sent) is Zone.DISPUTED and not _in_parts(call)
        readings = disputed or "charset" in _label(call) or _scheme(call).islower()
        if not (call.sent and readings):
            return near(call)
        return _unwelcome(_culprit(call.sent, contract)).wire(contract.dialect["errors"])

    return strict


def _culprit(sent: Object, contract: Contract) -> str:
    """The member that is disputed by itself, or without which a request has to be accepted."""
    plain: Object = {"model": "reference", "messages": [{"role": "user", "content": "Hello."}], "max_tokens": 8}
    alone = (name for name, value in sent.items() if contract.zone({**plain, name: value}) is Zone.DISPUTED)
    without = {name: {key: value for key, value in sent.items() if key != name} for name in sent}
    needed = (name for name, rest in without.items() if contract.zone(rest) is Zone.ACCEPT)
    return next(chain(alone, needed), "the request")


def _all_taken(answer: Answer, contract: Contract) -> Answer:
    """Whatever one reading of the document allows is served, by the model there is, and nothing is nothing asked for."""

    def wide(call: Call) -> Wire:
        sent = dict(call.sent)
        if contract.zone(sent) is Zone.REJECT:
            return answer(call)
        sent["model"] = sent["model"] or "reference"
        for name in ("max_tokens", "max_completion_tokens", "n"):
            if sent.get(name) == 0:
                del sent[name]
        if sent.get("n") == MOST_CHOICES + 1 and not sent.get("stream"):
            more = [answer(call.with_body({**sent, "n": n})) for n in (MOST_CHOICES, 1)]
            return more[0].with_body(_together(*(json.loads(each.body) for each in more)))
        return answer(call.with_body(sent))

    return wide


def _together(body: Object, one_more: Object) -> bytes:
    """Both completions as one."""
    choice = {**one_more["choices"][0], "index": len(body["choices"])}
    said = one_more["usage"]["completion_tokens"]
    counts = {name: body["usage"][name] + said for name in ("completion_tokens", "total_tokens")}
    usage = {**body["usage"], **counts}
    return json.dumps({**body, "choices": [*body["choices"], choice], "usage": usage}).encode()


def _in_parts(call: Call) -> bool:
    """Whether a content is made of parts, which whoever has that feature takes."""
    said = call.sent.get("messages")
    return isinstance(said, list) and any(isinstance(each.get("content"), list) for each in said)


def _label(call: Call) -> str:
    return call.header("content-type") or ""


def _scheme(call: Call) -> str:
    return (call.header("authorization") or "").partition(" ")[0]


def _is_bare(call: Call) -> bool:
    """Whether a credential comes without a scheme."""
    given = call.header("authorization") or ""
    return given not in ("", "Basic", "Bearer") and " " not in given


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
        inconclusive=frozenset(
            {"messages.whole-history", "stop.array-acts", "stop.case-sensitive", "tools.choice-named"}
        ),
    ),
    Oddity(name="everything disputed is taken", around=_all_taken),
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
        inconclusive=frozenset({"stop.array-acts", "stop.case-sensitive"}),
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
    Oddity(
        name="a key needs no scheme",
        mutant=Mutant(name="", about="", request=lambda call: replace(call, trusted=call.trusted or _is_bare(call))),
        warned=frozenset({"auth.no-scheme"}),
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
