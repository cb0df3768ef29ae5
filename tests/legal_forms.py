"""Endpoints that are unusual and conform, where a request asks for a form or offers tools."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from conformance.contract import Contract
from conformance.mutants import Call, Mutant, Object, Wire
from conformance.reference.refusals import Blame, Refusal
from conformance.spoil import completion, either, says

from .desk import Answer, Oddity

DOCUMENTED = ("highwayapi", "basic-gateway")


def _texts(name: str, change: Callable[[Object, str], str], **given: Any) -> Oddity:
    """`change` makes another text of what is said, given the request."""
    return Oddity(name=name, mutant=says("", "", lambda sent, said, _: change(sent, said)), **given)


def _is_json(text: str) -> bool:
    return text.startswith("{")


def _pretty(_: Object, said: str) -> str:
    if not _is_json(said):
        return said
    try:
        return f"\n {json.dumps(json.loads(said), indent=2)}\n"
    except ValueError:  # cut
        return f"\n {said}"


def _escaped(_: Object, said: str) -> str:
    try:
        return json.dumps(json.loads(said)) if _is_json(said) else said  # which writes what is not ASCII as \uXXXX
    except ValueError:
        return said


def _white_space(sent: Object, said: str) -> str:
    """Nothing but white space, up to the limit."""
    return "\n" * 9 if sent.get("max_tokens") == 3 and _is_json(said) else said


def _thoughts_first(_: Object, said: str) -> str:
    return f"<think>A city. {{\n</think>\n\n{said}" if _is_json(said) else said


def _calls(name: str, change: Callable[[Object, Object], object], **given: Any) -> Oddity:
    """`change` acts on every call, or every piece of one, given the message or delta that it lies in."""

    def act(_: Object, body: Object) -> None:
        for choice in body["choices"]:
            part = choice["delta" if "delta" in choice else "message"]
            for call in part.get("tool_calls") or []:
                change(call, part)

    return Oddity(name=name, mutant=either("", "", act), **given)


def _terse(call: Object, _: Object) -> None:
    if "id" in call:
        call["id"] = str(call.get("index", 7)) if "index" in call else call["id"][-2:]


def _nulls(call: Object, _: Object) -> None:
    if "id" not in call:
        call.update(id=None, type=None)
        call["function"]["name"] = None


def _empty_names(call: Object, _: Object) -> None:
    if "id" not in call:
        call.update(id="", type="function")
        call["function"]["name"] = ""


def _spaced(call: Object, _: Object) -> None:
    text = call["function"].get("arguments")
    if text and "index" not in call and text.endswith("}"):
        call["function"]["arguments"] = json.dumps(json.loads(text), indent=1)


def _ends_with_stop(_: Object, body: Object) -> None:
    for choice in body["choices"]:
        if choice.get("finish_reason") == "tool_calls":
            choice["finish_reason"] = "stop"


def _forced(sent: Object) -> bool:
    return sent.get("tool_choice") == "required" or isinstance(sent.get("tool_choice"), dict)


def refuses(
    what: Callable[[Call], bool], status: int = 400, message: str = "not here"
) -> Callable[[Answer, Contract], Answer]:
    """Such calls are refused, in the contract's dialect."""
    reason = Refusal(status=status, message=message, blames=(Blame(place=(), message="x", kind="y"),))

    def around(answer: Answer, contract: Contract) -> Answer:
        return lambda call: reason.wire(contract.dialect["errors"]) if what(call) else answer(call)

    return around


def has_schema(call: Call) -> bool:
    """A reply by a schema is asked for."""
    form = call.sent.get("response_format")
    return isinstance(form, dict) and form.get("type") == "json_schema"


def without_tools(call: Call) -> Call:
    """What a model is asked that never calls: no tool is named, though all are shown."""
    said = call.sent.get("messages")
    if not call.sent.get("tools") or not isinstance(said, list) or not isinstance(said[-1], dict):
        return call
    if said[-1].get("role") != "user":
        return call
    return call.with_body({**call.sent, "messages": [*said[:-1], {"role": "user", "content": "Hello. " + "x " * 9}]})


def _never_calls(answer: Answer, _: Contract) -> Answer:
    def near(call: Call) -> Wire:
        return answer(without_tools(call).with_body({**without_tools(call).sent, "tool_choice": "none"}))

    return lambda call: near(call) if call.sent.get("tools") and not _is_choice(call) else answer(call)


def _is_choice(call: Call) -> bool:
    return (
        "parallel_tool_calls" in call.sent or call.sent.get("tool_choice") in ("required", "none") or _forced(call.sent)
    )


def _said(call: Call) -> list[Object]:
    said = call.sent.get("messages")
    return said if isinstance(said, list) else []


def _last_word(call: Call) -> str:
    content = _said(call)[-1].get("content") if _said(call) else None
    return content if isinstance(content, str) else "-"


def _nameless(call: Call) -> Call:
    said = [{name: value for name, value in each.items() if name != "name"} for each in _said(call)]
    return call.with_body({**call.sent, "messages": said}) if said else call


def _reminded(call: Call) -> Call:
    """A template that repeats the system message before the last one."""
    said = _said(call)
    system = [each for each in said if each.get("role") == "system"]
    return call.with_body({**call.sent, "messages": [*said[:-1], *system, said[-1]]}) if system else call


def _estimated(sent: Object, body: Object) -> None:
    usage = body.get("usage")
    if usage:
        prompt = len(json.dumps(sent.get("messages"))) // 3
        usage.update(prompt_tokens=prompt, total_tokens=prompt + usage["completion_tokens"])


def _in_turns(sent: Object) -> bool:
    return isinstance(sent.get("messages"), list) and len(sent["messages"]) == 4


def _not_to_think(sent: Object) -> bool:
    return sent.get("enable_thinking") is False


MUSING = "The bell was rung before the ledger was opened. " * 9


def _muses(_: Object, body: Object) -> Object:
    for choice in body["choices"]:
        if choice["message"].get("tool_calls"):
            choice["message"]["reasoning_content"] = MUSING
    return body


def _reads_thoughts(call: Call) -> Call:
    """A template that shows what was thought before a call once more."""
    said = [
        {**each, "content": f"{each['reasoning_content']}{each.get('content') or ''}"}
        if each.get("reasoning_content")
        else each
        for each in _said(call)
    ]
    return call.with_body({**call.sent, "messages": said}) if said else call


NO_CALLS = frozenset(
    {
        "tools.arguments-empty",
        "tools.arguments-fit",
        "tools.arguments-fit-loosely",
        "tools.call-counts",
        "tools.call-shape",
        "tools.calls-counted",
        "tools.finish-reason",
        "tools.ids-unique",
        "tools.name-offered",
        "tools.name-offered-loosely",
        "tools.not-said-again",
        "tools.own-message",
        "tools.result-counts",
        "tools.same-in-both-modes",
        "tools.several-at-once",
        "tools.streamed-indexes",
        "tools.streamed-once",
        "tools.streamed-shape",
    }
)

ONLY_WORDS = NO_CALLS & {
    "tools.arguments-fit-loosely",
    "tools.call-counts",
    "tools.calls-counted",
    "tools.ids-unique",
    "tools.name-offered-loosely",
    "tools.own-message",
    "tools.result-counts",
    "tools.same-in-both-modes",
    "tools.several-at-once",
}

OF_SEPARATION = frozenset(
    f"reasoning.{each}"
    for each in (
        "apart",
        "not-apart",
        "not-apart-by-default",
        "streamed-as-whole",
        "streamed-first",
        "told-once",
    )
)
"""What is judged by thoughts that are apart."""


def _as_thought(body: Object) -> None:
    for choice in body["choices"]:
        message = choice["message"]
        if message.get("reasoning_content") and message.get("content"):
            message["content"] = f"{message['reasoning_content'][:20]}... {message['content']}"


FORMS = [
    _texts("JSON with white space in it and around it", _pretty),
    _texts("JSON in ASCII", _escaped, contracts=("highwayapi",)),
    _texts("white space up to the limit", _white_space, contracts=("highwayapi", "v3-openai")),
    _texts("thoughts before JSON", _thoughts_first, contracts=("highwayapi", "v3-openai")),
    Oddity(
        name="no json_schema",
        around=refuses(has_schema),
        inconclusive=frozenset({"response_format.schema", "response_format.schema-members-once"}),
        contracts=("highwayapi",),
    ),
    Oddity(
        name="json_schema is not implemented",
        around=refuses(has_schema, 501),
        inconclusive=frozenset({"response_format.schema", "response_format.schema-members-once"}),
        contracts=("highwayapi",),
    ),
    _calls("calls with short ids", _terse),
    _calls("nulls in later pieces of calls", _nulls),
    _calls("empty names in later pieces of calls", _empty_names),
    _calls("arguments with white space", _spaced),
    _calls("words beside calls", lambda call, part: "index" in call or part.update(content="One moment.")),
    _calls("JSON beside calls", lambda call, part: "index" in call or part.update(content='{"calls": 1}')),
    _calls("empty text beside calls", lambda _, part: part.update(content="")),
    Oddity(
        name="a forced call ends with stop",
        mutant=either("", "", _ends_with_stop, when=_forced),
        contracts=("basic-gateway",),
    ),
    Oddity(
        name="a model that calls only when forced",
        around=_never_calls,
        inconclusive=ONLY_WORDS,
        contracts=("highwayapi",),
    ),
    Oddity(
        name="a model that never calls, and no tool_choice",
        around=lambda answer, contract: refuses(lambda call: "tool_choice" in call.sent)(
            _never_calls(answer, contract), contract
        ),
        inconclusive=NO_CALLS,
        contracts=("highwayapi",),
    ),
    Oddity(
        name="thoughts before calls, which are read again",
        mutant=Mutant(name="", about="", request=_reads_thoughts, reply=_muses),
        inconclusive=frozenset({"tools.call-counts"}),
        contracts=("highwayapi",),
    ),
    Oddity(
        name="obfuscation of every chunk",
        mutant=Mutant(
            name="", about="", events=lambda _, chunks: [{**chunk, "obfuscation": "aaaa"} for chunk in chunks]
        ),
        contracts=("basic-gateway",),
    ),
    Oddity(
        name="no strange texts",
        around=refuses(lambda call: _last_word(call) == "" or any(sign < " " for sign in _last_word(call))),
    ),
    Oddity(
        name="no more than ten messages, and no developer",
        around=refuses(
            lambda call: len(_said(call)) > 10 or any(each.get("role") == "developer" for each in _said(call))
        ),
        inconclusive=frozenset({"messages.whole-history"}),
    ),
    Oddity(name="what the system says is said again", mutant=Mutant(name="", about="", request=_reminded)),
    Oddity(
        name="prompts are counted by their messages alone",
        mutant=either("", "", _estimated),
        warned=frozenset({"tools.offer-counts"}),
        inconclusive=frozenset({"tools.call-counts"}),
        contracts=("highwayapi",),
    ),
    Oddity(name="names are passed over", mutant=Mutant(name="", about="", request=_nameless)),
    Oddity(
        name="whole replies do not tell their usage",
        mutant=completion("", "", lambda _, body: body.update(usage=None), when=_in_turns),
        inconclusive=frozenset({"messages.every-message", "messages.every-script", "messages.same-cost"}),
        warned=frozenset({"usage.present"}),
        contracts=("v3-openai",),
    ),
    Oddity(
        name="an empty pair of marks where nothing was thought",
        mutant=says("", "", lambda _, said, __: f"<think>\n\n</think>\n\n{said}", when=_not_to_think),
        contracts=("highwayapi",),
    ),
    Oddity(
        name="no switches for thoughts",
        around=refuses(lambda call: "enable_thinking" in call.sent or "separate_reasoning" in call.sent),
        warned=frozenset({"reasoning.switch-accepted"}),
        inconclusive=OF_SEPARATION
        | {
            "reasoning.by-default",
            "reasoning.separation-accepted",
            "reasoning.switched-off",
            "reasoning.switched-on",
        },
        contracts=("highwayapi",),
    ),
    Oddity(
        name="no switch for where thoughts go",
        around=refuses(lambda call: "separate_reasoning" in call.sent),
        warned=frozenset({"reasoning.separation-accepted"}),
        inconclusive=OF_SEPARATION,
        contracts=("highwayapi",),
    ),
    Oddity(
        name="an answer that begins as its thoughts do",
        mutant=completion("", "", lambda _, body: _as_thought(body)),
        contracts=("highwayapi",),
    ),
    Oddity(
        name="pictures only in objects",
        around=refuses(lambda call: b'"image_url":"' in call.body or b'"video_url":' in call.body),
        contracts=("highwayapi",),
    ),
]
