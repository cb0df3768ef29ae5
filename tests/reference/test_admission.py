"""Who is let in, and what the others are told."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import pytest

from conformance import strict_json
from conformance.exchange import Exchange
from conformance.mutants import Call
from conformance.reply import members, objects, text

from .client import KEY, OMIT, Client, credential, exchange


def named(refused: Exchange) -> str:
    """Everything that a refusal says."""
    return refused.body.decode()


def test_a_valid_request_is_answered(every: Client) -> None:
    """With 200, whatever the contract."""
    assert every.ask().status == 200


WRONG = [
    "Bearer",
    "Basic",
    "",
    "Bearer wrong",
    "Basic wrong",
    f"Token {KEY}",
    KEY,
    "Basic " + base64.b64encode(b"no colon").decode(),
]


@pytest.mark.parametrize("header", [None, *WRONG])
def test_nobody_without_the_key_is_served(every: Client, header: str | None) -> None:
    """Not even told what is valid: 401 with a challenge, and the header is not repeated."""
    for body in (strict_json.dump(every.members()), b"{"):
        refused = every.send(body, headers={"authorization": header})
        assert refused.status == 401
        assert every.contract.scheme in (refused.header("www-authenticate") or "").lower()
        assert every.contract.error.allows(refused.document.value)
        assert not header or len(header) < 8 or header not in named(refused)


def test_the_other_scheme_is_not_served(every: Client) -> None:
    """The right key under the wrong scheme is a wrong credential."""
    other = "basic" if every.contract.scheme == "bearer" else "bearer"
    refused = every.send(strict_json.dump(every.members()), headers={"authorization": credential(other)})
    assert refused.status == 401


@pytest.mark.parametrize("change", [str.lower, str.upper], ids=["lower", "upper"])
def test_the_scheme_has_no_case(every: Client, change: object) -> None:
    """RFC 9110, section 11.1."""
    scheme, key = credential(every.contract.scheme).split()
    header = f"{change(scheme)} {key}"  # type: ignore[operator]  # one of two methods of str
    assert every.send(strict_json.dump(every.members()), headers={"authorization": header}).status == 200


def test_without_a_key_everybody_is_served() -> None:
    """Any credential will do, and none."""
    client = Client.of(key=None)
    for header in ("Bearer anything", None):
        assert client.send(strict_json.dump(client.members()), headers={"authorization": header}).status == 200


def test_who_is_trusted_needs_no_credential(client: Client) -> None:
    """A mutant can wave a call through."""
    call = Call(
        path=client.contract.path,
        headers=(("content-type", "application/json"),),
        body=strict_json.dump(client.members()),
    )
    assert exchange(call, client.endpoint.answer(call)).status == 401
    assert exchange(call, client.endpoint.answer(replace(call, trusted=True))).status == 200


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "STRANGE"])
def test_only_post_is_allowed(every: Client, method: str) -> None:
    """405, saying what is."""
    refused = every.send(b"", method=method)
    assert (refused.status, refused.header("allow")) == (405, "POST")


@pytest.mark.parametrize("path", ["/", "{}/", "{}x", "/v1/chat/completions"])
def test_nothing_is_elsewhere(every: Client, path: str) -> None:
    """404, as JSON."""
    refused = every.send(b"", path=path.format(every.contract.path))
    assert refused.status == 404
    assert every.contract.error.allows(refused.document.value)


@pytest.mark.parametrize(
    "media_type", [None, "", "text/plain", "application/x-www-form-urlencoded", "application/jsonx"]
)
def test_the_body_has_to_be_called_json(every: Client, media_type: str | None) -> None:
    """415 otherwise."""
    refused = every.send(strict_json.dump(every.members()), headers={"content-type": media_type})
    assert refused.status == 415
    assert "content-type" in named(refused).lower()


@pytest.mark.parametrize("media_type", ["application/json; charset=utf-8", "Application/JSON", "application/json;x=1"])
def test_parameters_and_case_of_the_media_type_are_free(every: Client, media_type: str) -> None:
    """RFC 9110, section 8.3.1."""
    assert every.send(strict_json.dump(every.members()), headers={"content-type": media_type}).status == 200


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", b"{} {}", b'{"a": NaN}', b"[1,]", b"\xef\xbb\xbf{}", b"[" * 100_000]
)
def test_what_is_not_json_is_said_to_be_none(every: Client, body: bytes) -> None:
    """400, or 422 where the dialect has it so."""
    refused = every.send(body)
    assert refused.status == (422 if every.contract.dialect["errors"] == "detail" else 400)
    assert "JSON" in named(refused)
    assert every.contract.error.allows(refused.document.value)


INVALID = [
    ("messages", OMIT),
    ("messages", "hello"),
    ("messages", [{"content": "no role"}]),
    ("model", OMIT),
    ("model", 5),
    ("temperature", "hot"),
    ("n", 1.5),
    ("n", 0),
    ("max_tokens", "many"),
    ("stream", "yes"),
]


@pytest.mark.parametrize(("name", "value"), INVALID)
def test_an_invalid_member_is_named(every: Client, name: str, value: Any) -> None:
    """In the dialect's own way, and the refusal is what the contract says a refusal is."""
    refused = every.ask(**{name: value})
    body = members(refused.document.value)
    assert every.contract.error.allows(body)
    if every.contract.dialect["errors"] == "detail":
        assert refused.status == 422
        assert any(name in fault["loc"] for fault in objects(body["detail"]))  # type: ignore[operator]  # loc is a list
    else:
        assert refused.status == 400
        error = members(body["error"])
        assert error["type"] == "invalid_request_error"
        assert text(error["param"]).startswith(name)
        assert name in text(error["message"])


@pytest.mark.parametrize("body", [b"[]", b"null", b'"hi"', b"5"])
def test_a_body_that_is_no_object_is_refused(every: Client, body: bytes) -> None:
    """JSON or not, it asks nothing."""
    assert every.send(body).status in (400, 422)


def test_an_unknown_model_is_not_found(every: Client) -> None:
    """404, naming it; it is never claimed."""
    refused = every.ask(model="stranger")
    assert refused.status == 404
    assert "stranger" in named(refused)
    assert every.contract.error.allows(refused.document.value)


def test_unknown_members_are_passed_over(every: Client) -> None:
    """What the document does not name changes nothing, even where another document would refuse the value."""
    assert every.ask(colour="red", seed=1).text == every.ask(seed=1).text
    if "max_completion_tokens" not in every.contract.parameters:
        assert every.ask(max_completion_tokens=-1).status == 200
