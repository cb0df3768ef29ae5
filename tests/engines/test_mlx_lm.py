"""mlx-lm: a real engine that none of us wrote, judged by the command as a user would.

Every finding was looked at by hand and is a true departure of mlx-lm 0.32.2; one that is not listed here is a false alarm
or a change of the engine, and one that is listed and not found is a hole of ours or another change: all are to be looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .findings import findings
from .servers import Served, mlx_lm
from .tiny_model import FLAT, PEAKED, make

DEPARTURES = {
    "choices.count": "n is accepted and ignored",
    "choices.count-in-company": "n is accepted and ignored",
    "stop.ends-output": "the stop sequence is cut out and the model talks on",
    "stop.array-acts": "likewise with an array",
    "requests.accepted": "null for a nullable member is a 400, and so is a top_logprobs above 11",
    "errors.missing-member-refused:model": "a request without model is served",
    "errors.shape": "error is a string",
    "http.content-type-refused": "the media type of requests is not looked at",
    "logprobs.present": "streams have no log probabilities",
    "logprobs.shape": "without top_logprobs the entries have no token",
    "logprobs.of-the-text": "log probabilities are told of tokens that were not said",
    "logprobs.exact": "likewise",
    "logprobs.lists-descending": "lists are in no order",
    "logprobs.greedy-is-top": "of other tokens, so that the likeliest is not the one that was said",
    "ranges.accepts-valid": "a top_logprobs above 11 is a 400",
    "ranges.accepts-boundary": "likewise",
    "ranges.null-accepted": "null for a nullable member is a 400",
    "ranges.rejects-out-of-range": "n, penalties, biases, a temperature and a top_k that are too great are served; so is "
    "top_logprobs without logprobs, or -1",
    "ranges.rejects-wrong-type": "n, stream_options and response_format of any type are served; true is taken for 1",
    "ranges.no-crash": "its generation thread dies of a stop that is a number, and a negative seed closes the connection",
    "ranges.refusal-status": "what is wrong with messages is a 404, and so is everything once the thread is dead",
    "ranges.names-parameter": "some errors are Python's own words",
    "response_format.beginning": "response_format is ignored",
}


@pytest.fixture(scope="module", params={"flat": FLAT, "peaked": PEAKED}.items(), ids=lambda each: str(each[0]))
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The engine with a model of random weights, whose next token is anybody's guess or nearly certain."""
    name, sharpness = request.param
    folder = tmp_path_factory.mktemp(name)
    with mlx_lm(make(folder / "model", sharpness), folder / "log") as served:
        yield served


def test_its_departures_are_found_and_nothing_else(engine: Served, tmp_path: Path) -> None:
    """A complete run finds the known departures, and nothing that is not one."""
    assert findings(engine, tmp_path / "out") == set(DEPARTURES)
