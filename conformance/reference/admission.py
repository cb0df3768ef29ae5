"""What comes before a request's members are read: method, path, credential, media type, JSON, schema, model.

Rule: the first thing that is wrong decides, in this order, so that nobody without a credential learns what is valid.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass

from .. import strict_json
from ..contract import Contract
from ..model import JSON
from ..mutants import Call
from . import refusals
from .options import impossible, known
from .refusals import Refusal


@dataclass(frozen=True, kw_only=True)
class Admission:
    """Who may ask what.  `key` None: whoever asks is served."""

    contract: Contract
    key: str | None
    model: str

    def members(self, call: Call) -> dict[str, JSON] | Refusal:
        """The members of a request that may be answered, or why it is refused."""
        if refusal := self._outside(call):
            return refusal
        document = strict_json.parse(call.body)
        if document.problem is not None:
            return refusals.not_json(document.problem)
        body = document.value
        if faults := self.contract.request.faults(body):
            return refusals.invalid(body, faults)
        if not isinstance(body, dict):
            return refusals.not_json("it is not an object")
        if impossibilities := tuple(impossible(known(body, self.contract))):
            return refusals.invalid(body, impossibilities)
        return body if body.get("model") == self.model else refusals.model(body.get("model"))

    def _outside(self, call: Call) -> Refusal | None:
        """What is wrong before the body is looked at."""
        if call.method != "POST":
            return refusals.method()
        if call.path != self.contract.path:
            return refusals.path(call.path)
        if self.key is not None and not call.trusted and not self._knows(call.header("authorization")):
            return refusals.credential(self.contract.scheme)
        media_type = (call.header("content-type") or "").partition(";")[0].strip().lower()
        return None if media_type == "application/json" else refusals.media_type()

    def _knows(self, authorization: str | None) -> bool:
        scheme, _, credential = (authorization or "").strip().partition(" ")
        if scheme.lower() != self.contract.scheme:
            return False
        given = credential.strip().encode("utf-8", "replace")
        if scheme.lower() == "basic":
            try:
                given = base64.b64decode(given, validate=True)
            except binascii.Error:
                return False
        return hmac.compare_digest(given, (self.key or "").encode())
