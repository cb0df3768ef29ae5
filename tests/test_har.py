"""HAR files: other people's traffic, judged like a run as far as that goes."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from conformance import contract as contracts
from conformance import har
from conformance.cli import main
from conformance.model import UsageError
from conformance.report import document

KEY = "a-key-that-was-recorded"
URL = "https://api.example.com/openai/v1/chat/completions"

COMPLETION = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1_790_000_000,
    "model": "m",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "hello"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4},
}


def entry(body: dict[str, Any], reply: str, status: int = 200, **content: Any) -> dict[str, Any]:
    """One recorded exchange."""
    sent = {"model": "m", "messages": [{"role": "user", "content": "hello"}], "max_tokens": 4, **body}
    return {
        "startedDateTime": "2026-11-20T10:00:00.123Z",
        "time": 250,
        "request": {
            "method": "POST",
            "url": URL,
            "headers": [
                {"name": "Authorization", "value": f"Bearer {KEY}"},
                {"name": "Content-Type", "value": "application/json"},
            ],
            "postData": {"text": json.dumps(sent)},
        },
        "response": {
            "status": status,
            "headers": [{"name": "Content-Type", "value": content.pop("type", "application/json")}],
            "content": {"text": reply, **content},
        },
    }


def saved(folder: Path, *entries: dict[str, Any]) -> Path:
    """A HAR file of these entries, between others that are none of our business."""
    other = {"request": {"method": "GET", "url": "https://example.com/"}, "response": {"status": 200}}
    path = folder / "traffic.har"
    path.write_text(json.dumps({"log": {"version": "1.2", "entries": [other, *entries]}}))
    return path


def verdicts(path: Path) -> dict[str, str]:
    """What is said of a recording."""
    contract = contracts.load("highwayapi")
    report = document.make(har.load(path, contract), contract)
    return {name: str(row["verdict"]) for name, row in document.rows_by_id(report).items()}


def test_an_honest_recording(tmp_path: Path) -> None:
    """What can be judged of an honest recording passes, and what needs a script says that there is none."""
    said = verdicts(saved(tmp_path, entry({}, json.dumps(COMPLETION))))
    assert said["envelope.id"] == said["usage.sums"] == said["requests.accepted"] == "pass"
    assert said["choices.count"] == "inconclusive"
    assert not {"fail", "warn", "error"} & set(said.values())


@pytest.mark.parametrize(("times", "verdict"), [(1, "warn"), (2, "fail")])
def test_twice_is_a_failure(times: int, verdict: str, tmp_path: Path) -> None:
    """A recording cannot be asked again: a MUST that it violates twice fails, once warns."""
    wrong = json.dumps({**COMPLETION, "created": "today"})
    said = verdicts(saved(tmp_path, *[entry({"seed": n}, wrong) for n in range(times)]))
    assert said["envelope.created"] == verdict


def test_streams_and_base64(tmp_path: Path) -> None:
    """A recorded stream is read as one, also where the recorder kept it as base64."""
    chunk = {
        **COMPLETION,
        "object": "chat.completion.chunk",
        "choices": [{"index": 0, "delta": {"role": "assistant"}, "finish_reason": "stop"}],
    }
    stream = f"data: {json.dumps(chunk)}\n\n".encode()
    coded = base64.b64encode(stream).decode()
    said = verdicts(
        saved(
            tmp_path,
            *[entry({"stream": True, "seed": n}, coded, encoding="base64", type="text/event-stream") for n in range(2)],
        )
    )
    assert said["streaming.media-type"] == "pass"
    assert said["streaming.done"] == "fail"


def test_the_key_is_kept_out(tmp_path: Path) -> None:
    """A credential that a recording holds is a secret: it does not reach the evidence, and an echo of it is seen."""
    path = saved(tmp_path, *[entry({"seed": n}, json.dumps({**COMPLETION, "note": f"Bearer {KEY}"})) for n in range(2)])
    evidence = har.load(path, contracts.load("highwayapi"))
    assert all(KEY.encode() not in each.body for each in evidence.exchanges)
    assert verdicts(path)["errors.no-credential"] == "fail"


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`judge` takes a HAR file with --contract, says undecided for want of scripts, and needs the contract."""
    path = saved(tmp_path, entry({}, json.dumps(COMPLETION)))
    assert main(["judge", str(path)]) == 2
    assert "--contract" in capsys.readouterr().err
    assert main(["judge", str(path), "--contract", "highwayapi", "--out", str(tmp_path / "out")]) == 3
    assert (tmp_path / "out" / "report.html").exists()


def test_no_completion_in_it(tmp_path: Path) -> None:
    """A HAR file without a request to the contract's path is a usage error that says so."""
    with pytest.raises(UsageError, match="no POST to a URL that ends in"):
        har.load(saved(tmp_path), contracts.load("highwayapi"))
