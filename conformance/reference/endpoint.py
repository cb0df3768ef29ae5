"""The reference endpoint: a call in, a reply out, as the contract has it.

Rule: pure but for `entropy` and `clock`.  It knows no socket, so the self-proof asks it in process and `app` puts it on
the network; and it answers whatever the bytes were, for a conforming endpoint has no 5xx of its own.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from functools import cache
from random import Random
from typing import TypeAlias

from .. import sse, strict_json
from ..contract import Contract
from ..model import JSON
from ..mutants import Call, Mutant, Wire
from . import conversation, options, refusals, replies
from .admission import Admission
from .generation import Spoken, choices
from .language_model import LanguageModel
from .options import Options
from .refusals import Refusal
from .replies import Envelope
from .sampler import Sampler
from .speaker import Speaker
from .vocabulary import encode

CONTEXT = 32_768
"""Tokens that prompt and reply may have together."""

DONE = b"[DONE]"

Memory: TypeAlias = "dict[tuple[object, ...], list[Spoken]]"
"""What has been said, by all that it hangs on."""

MOST_REMEMBERED = 4_000
"""Replies in a memory; some are of many choices, and all their candidates."""


def _entropy() -> int:
    return secrets.randbits(96)


@cache
def _model(flat: bool) -> LanguageModel:  # noqa: FBT001  # a key of the cache
    return LanguageModel(flat=flat)


class Endpoint:
    """Speaks one contract; with a mutant, all but faithfully.

    `key`: the credential that is served (user:password for a Basic contract), None: everybody is.  `flat`: of many
    minds at every token.  `logprobs_after`: tell log probabilities of the distribution after the sampler, as some
    engines do.  `defaults`: members that are taken as given where a request does not give them.
    `entropy` gives an integer that does not come again, `clock` the seconds since 1970.  `memory`: what has been said
    before, by whichever endpoint shares it, and is not made a second time where chance is the same.
    """

    def __init__(
        self,
        contract: Contract,
        *,
        key: str | None = None,
        model: str = "reference",
        mutant: Mutant | None = None,
        entropy: Callable[[], int] | None = None,
        flat: bool = True,
        logprobs_after: bool = False,
        context: int = CONTEXT,
        defaults: Mapping[str, JSON] | None = None,
        clock: Callable[[], float] = time.time,
        memory: Memory | None = None,
    ) -> None:
        self.contract = contract
        self.model = model
        self.mutant = mutant
        self._admission = Admission(contract=contract, key=key, model=model)
        self._language_model = _model(flat)
        self._entropy = entropy or _entropy
        self._logprobs_after = logprobs_after
        self._context = context
        self._defaults = defaults or {}
        self._clock = clock
        self.memory = memory

    def answer(self, call: Call) -> Wire:
        """What goes out for a call.  Never raises."""
        mutant = self.mutant if self.mutant is not None and self.mutant.shows(call) else None
        heard = mutant.on_request(call) if mutant else call
        refused = mutant.refuse(call.sent) if mutant and mutant.refuse else None
        admitted = refusals.unwanted(refused.status, refused.parameter) if refused else self._admission.members(heard)
        reply = admitted if isinstance(admitted, Refusal) else self._reply(admitted)
        if isinstance(reply, Refusal):
            wire = reply.wire(self.contract.dialect["errors"])
        else:
            wire = _wire(call, mutant, *reply)
        return mutant.on_wire(call, wire) if mutant else wire

    def _reply(self, body: Mapping[str, JSON]) -> tuple[Envelope, list[Spoken]] | Refusal:
        sent = options.known(body, self.contract)
        asked = options.read({**self._defaults, **sent})
        prompt = encode(conversation.prompt(sent))
        room = self._context - len(prompt)
        if room < 1:
            return refusals.too_long(len(prompt), self._context)
        number = self._entropy()
        envelope = Envelope(
            id=f"chatcmpl-{number:024x}",
            created=int(self._clock()),
            model=self.model,
            prompt_tokens=len(prompt),
            options=asked,
            usage_always=self.contract.dialect["stream_usage"] == "always",
        )
        return envelope, self._remembered(asked, prompt, room, number)

    def _remembered(self, asked: Options, prompt: list[int], room: int, number: int) -> list[Spoken]:
        """The choices, as they were made before if they were: of the same prompt and options, by the same chance."""
        if self.memory is None:
            return self._choices(asked, prompt, room, number)
        chance = None if asked.seed is not None or asked.sampling.greedy else number
        manner = (self._language_model, self._logprobs_after, self.contract.dialect["stop_text"])
        key = (*manner, tuple(prompt), repr(asked), min(asked.limit, room), chance)
        if key not in self.memory:
            if len(self.memory) >= MOST_REMEMBERED:
                self.memory.clear()
            self.memory[key] = self._choices(asked, prompt, room, number)
        return list(self.memory[key])

    def _choices(self, asked: Options, prompt: list[int], room: int, number: int) -> list[Spoken]:
        start = self._language_model.begin(prompt)

        def speaker(chance: Random) -> Speaker:
            return Speaker(
                self._language_model,
                start,
                Sampler(asked.sampling, prompt, chance),
                limit=min(asked.limit, room),
                alternatives=asked.alternatives,
                after=self._logprobs_after,
            )

        key = f"seed {asked.seed}" if asked.seed is not None else f"number {number}"
        if asked.sampling.greedy:
            key = f"prompt {start.prompt}"
        return choices(asked, key, speaker, include_stop=self.contract.dialect["stop_text"] == "included")


def _wire(call: Call, mutant: Mutant | None, envelope: Envelope, spoken: list[Spoken]) -> Wire:
    """The completion or its chunks as bytes, spoilt on the way if there is a mutant."""
    if not envelope.options.stream:
        completion = replies.completion(envelope, spoken)
        completion = mutant.on_reply(call, completion) if mutant else completion
        return Wire(headers=(refusals.JSON_TYPE,), pieces=(strict_json.dump(completion),))
    chunks = replies.chunks(envelope, spoken)
    chunks = mutant.on_events(call, chunks) if mutant else chunks
    return Wire(
        headers=(("content-type", "text/event-stream; charset=utf-8"), ("cache-control", "no-cache")),
        pieces=tuple(sse.event(data) for data in (*map(strict_json.dump, chunks), DONE)),
    )
