"""How a script says what it asks: a valid request with a small limit, and what it changes of that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal, TypeAlias, cast

from . import strict_json
from .contract import Contract
from .model import JSON, Credential, Depth, Request, Zone


class _Omit(Enum):
    OMIT = "omit"


OMIT: Final = _Omit.OMIT
"""Given for a member, leaves it out of the request."""

Given: TypeAlias = "JSON | Literal[_Omit.OMIT]"
"""What a member is set to, or OMIT."""

PROMPTS = (
    "Tell a long story about a traveller who counts everything.",
    "Describe a market on a rainy morning, stall by stall.",
    "Explain to a child how a letter travels from one city to another.",
    "Write down what a night watchman hears in an old house.",
    "List the things a gardener does in each month of the year, and why.",
)
"""What scenarios ask when the words do not matter; each take of a case has another one."""

SHORT = 8
"""Characters of a text that is too short for a nonce."""

JSON_TYPE = (("content-type", "application/json"),)


def _marked(body: dict[str, JSON], nonce: str) -> dict[str, JSON]:
    """The body with the nonce in its last user message, unless that is so short that its length is what it is for."""
    messages = body.get("messages")
    if not isinstance(messages, list):
        return body
    for position, message in reversed(list(enumerate(messages))):
        if isinstance(message, dict) and message.get("role") == "user":
            content = message.get("content")
            if isinstance(content, str) and len(content) > SHORT:
                told = {**message, "content": f"{content} ({nonce})"}
                return {**body, "messages": [*messages[:position], told, *messages[position + 1 :]]}
            return body
    return body


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What every script of a run may know.

    `features`: names of those that are on.  `aliases`: other names that the model answers by.  `cold`: the temperature
    that serves for greedy decoding, 0, or 0.01 where the endpoint refuses 0.  `depth`: how much is generated.
    """

    contract: Contract
    model: str
    features: frozenset[str]
    aliases: frozenset[str] = frozenset()
    seed: int = 1
    cold: int | float = 0
    depth: Depth = Depth.STANDARD


@dataclass(frozen=True, kw_only=True)
class Ask:
    """Makes the requests of one performance: a script calls it for each.

    `nonce` differs between performances and not inside one, so that no cache answers one performance with what it gave
    another and two requests of one script can be compared.  It hangs on the seed: another seed gets past what is cached
    of an earlier run.  `stream` is the mode of every request that does not say otherwise.
    """

    setting: Setting
    nonce: str
    stream: bool = False
    prompt: str = PROMPTS[0]

    @property
    def contract(self) -> Contract:
        """The contract under test."""
        return self.setting.contract

    def has(self, feature: str) -> bool:
        """Whether a feature is on for this target."""
        return feature in self.setting.features

    def __call__(
        self,
        *,
        prompt: str | None = None,
        max_tokens: Given = 16,
        greedy: bool = False,
        zone: Zone = Zone.ACCEPT,
        credential: Credential = Credential.RIGHT,
        headers: tuple[tuple[str, str], ...] = JSON_TYPE,
        method: str = "POST",
        leaves: bool = False,
        also: Mapping[str, Given] | None = None,
        **members: Given,
    ) -> Request:
        """A request with model, one user message and a small limit.

        `members`, and those `also` names, are set as they are; OMIT leaves one out.
        """
        if greedy:
            members = {"temperature": self.setting.cold, **members}
        body = self._body(prompt or self.prompt, {"max_tokens": max_tokens, **members, **(also or {})})
        return Request(
            body=strict_json.dump(body),
            zone=zone,
            credential=credential,
            headers=headers,
            method=method,
            leaves=leaves,
        )

    def made(self, members: Mapping[str, JSON], *, zone: Zone = Zone.ACCEPT) -> Request:
        """A request with these very members, the model, and the nonce where the last text has room for it."""
        body: dict[str, JSON] = {"model": self.setting.model, **members}
        marked = _marked(body, self.nonce)
        if self.contract.zone(marked) is not self.contract.zone(body):
            marked = body
        return Request(body=strict_json.dump(marked), zone=zone)

    def raw(self, body: bytes, *, zone: Zone = Zone.REJECT) -> Request:
        """A request with this very body."""
        return Request(body=body, zone=zone)

    def _body(self, prompt: str, members: dict[str, Given]) -> JSON:
        body: dict[str, Given] = {
            "model": self.setting.model,
            "messages": [{"role": "user", "content": f"{prompt} ({self.nonce})"}],
        }
        if self.stream:
            body["stream"] = True
        body |= members
        if body.get("stream") is True and self.has("stream-usage"):
            body.setdefault("stream_options", {"include_usage": True})
        return cast(JSON, {name: value for name, value in body.items() if value is not OMIT})
