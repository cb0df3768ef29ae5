"""The endpoint as the real OpenAI client sees it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

import openai
import pytest

from conformance import contract
from conformance.reference.app import running
from conformance.reference.endpoint import Endpoint

from .client import CALL_IT, KEY, STORY, WEATHER


@pytest.fixture(scope="module", params=contract.names())
def client(request: pytest.FixtureRequest) -> Iterator[openai.OpenAI]:
    """A client as its users configure it; for Basic authentication they have to set the header."""
    spoken = contract.load(request.param)
    basic = {"Authorization": f"Basic {base64.b64encode(KEY.encode()).decode()}"}
    with (
        running(Endpoint(spoken, key=KEY)) as base,
        openai.OpenAI(
            base_url=base + spoken.path.removesuffix("/chat/completions"),
            api_key=KEY,
            default_headers=basic if spoken.scheme == "basic" else {},
            max_retries=0,
        ) as made,
    ):
        yield made


def test_whole_replies(client: openai.OpenAI) -> None:
    """Are read into the client's own types."""
    reply = client.chat.completions.create(
        model="reference", messages=[{"role": "user", "content": STORY}], max_tokens=12
    )
    assert reply.choices[0].message.content
    assert reply.choices[0].finish_reason == "length"
    assert reply.usage is not None
    assert reply.usage.completion_tokens == 12


def test_streams(client: openai.OpenAI) -> None:
    """Join to a text, with usage in the last chunk."""
    stream = client.chat.completions.create(
        model="reference",
        messages=[{"role": "user", "content": STORY}],
        max_tokens=12,
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = list(stream)
    assert "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 12


def test_choices_with_log_probabilities(client: openai.OpenAI) -> None:
    """n choices, each token with its likeliest alternatives."""
    reply = client.chat.completions.create(
        model="reference",
        messages=[{"role": "user", "content": STORY}],
        max_tokens=5,
        n=3,
        logprobs=True,
        top_logprobs=4,
    )
    assert [choice.index for choice in reply.choices] == [0, 1, 2]
    for choice in reply.choices:
        assert choice.logprobs is not None
        assert choice.logprobs.content is not None
        assert [len(entry.top_logprobs) for entry in choice.logprobs.content] == [4] * 5
        assert (
            b"".join(bytes(entry.bytes or ()) for entry in choice.logprobs.content).decode("utf-8", "replace")
            == choice.message.content
        )


@pytest.mark.parametrize("stream", [False, True])
def test_tools(client: openai.OpenAI, stream: bool) -> None:
    """A call that the client's own accumulator understands."""
    if "v3" in str(client.base_url):
        pytest.skip("this contract has no tools")
    asked = {
        "model": "reference",
        "messages": [{"role": "user", "content": CALL_IT}],
        "max_tokens": 300,
        "tools": [WEATHER],
    }
    if stream:
        with client.chat.completions.stream(**asked) as events:  # type: ignore[arg-type]  # a dict of all of them
            reply = events.get_final_completion()
    else:
        reply = client.chat.completions.create(**asked)  # type: ignore[call-overload]  # a dict of all of them
    assert reply.choices[0].message.tool_calls
    (call,) = reply.choices[0].message.tool_calls
    assert call.function.name == "get_weather"
    assert json.loads(call.function.arguments)["days"] in range(1, 6)
    assert reply.choices[0].finish_reason == "tool_calls"


def test_refusals(client: openai.OpenAI) -> None:
    """Become the exceptions that the client has for them."""
    message = {"role": "user", "content": STORY}
    with pytest.raises(openai.NotFoundError):
        client.chat.completions.create(model="stranger", messages=[message])  # type: ignore[list-item]  # a plain dict
    with pytest.raises((openai.BadRequestError, openai.UnprocessableEntityError)):
        client.chat.completions.create(model="reference", messages=[message], n=0)  # type: ignore[list-item]  # likewise
    stranger = client.with_options(api_key="sk-stranger", default_headers={"Authorization": "Bearer sk-stranger"})
    with pytest.raises(openai.AuthenticationError):
        stranger.chat.completions.create(model="reference", messages=[message])  # type: ignore[list-item]  # likewise
