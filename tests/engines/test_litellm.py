"""LiteLLM's proxy in front of mlx-lm: a gateway that none of us wrote, judged by the command as a user would.

Every finding was looked at by hand, and is a true departure of LiteLLM 1.106.2 or of mlx-lm 0.32.2 behind it, which the
gateway hands on; what is found and not listed here, or listed and not found, is to be looked at.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from .findings import findings
from .servers import Served, litellm, mlx_lm
from .tiny_model import make

KEY = f"sk-{secrets.token_hex(16)}"

OWN = {
    "auth.wrong-scheme": "the key is served under Basic too, as it stands",
    "auth.status": "a key that nobody issued is a 400, for there is no database to look it up in",
    "errors.malformed-json-no-crash": "a body that is an array is a 500",
    "http.content-type-refused": "the media type of requests is not looked at",
    "requests.accepted": "logprobs without top_logprobs is a 500: the engine's entries have no token; its 400s are handed on",
    "ranges.no-crash": "a response_format of another type is a 500, as is what the engine dies of or answers oddly",
    "ranges.rejects-wrong-type": "a stream that is a text or an object is taken for false; what the engine takes is handed on",
    "ranges.rejects-out-of-range": "a message without a role is given one; what the engine takes is handed on",
    "ranges.names-parameter": "some errors are Python's own words",
}

OF_STREAMS = {
    "envelope.no-error-in-success": "a stream that says one thing a hundred times is broken off with an error",
}

OF_THE_ENGINE = {
    "choices.count": "n is accepted and ignored",
    "choices.count-in-company": "n is accepted and ignored",
    "stop.ends-output": "the stop sequence is cut out and the model talks on",
    "stop.array-acts": "likewise with an array",
    "logprobs.present": "streams have no log probabilities",
    "logprobs.of-the-text": "log probabilities are told of tokens that were not said",
    "logprobs.exact": "likewise",
    "logprobs.lists-descending": "lists are in no order",
    "logprobs.greedy-is-top": "of other tokens, so that the likeliest is not the one that was said",
    "ranges.accepts-valid": "logprobs alone are a 500, and hide what is refused of top_logprobs",
    "ranges.refusal-status": "what is wrong with messages is a 404, and so is everything once its thread is dead",
    "response_format.beginning": "response_format is ignored",
}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The proxy, in front of the engine with a model of random weights."""
    folder = tmp_path_factory.mktemp("gateway")
    with mlx_lm(make(folder / "model"), folder / "log") as engine, litellm(engine, folder, KEY) as served:
        yield served


def test_its_departures_are_found_and_nothing_else(gateway: Served, tmp_path: Path) -> None:
    """A complete run finds the known departures, and nothing that is not one."""
    assert findings(gateway, tmp_path / "out", key=KEY) == {*OWN, *OF_STREAMS, *OF_THE_ENGINE}
