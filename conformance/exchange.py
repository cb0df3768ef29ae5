"""One request and exactly what came back, with the views that checks read it by.

Rule: every view is total.  Whatever the bytes were, a property answers; what could not be read is empty or None,
and the requirement whose business it is says so.  A view never repairs: `choices` of a broken stream hold what the
stream said, twice if it said it twice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from . import sse, strict_json
from .model import JSON, Purpose, Zone
from .reply import Choice, asked_choices, assembled, has_text, is_integer, members, whole_choices
from .strict_json import Document

DONE = b"[DONE]"

WEATHER_STATUSES = frozenset({402, 408, 425, 429, 502, 503, 504, *range(520, 528), 529, 530})
"""Statuses that speak of the road or of an account, not of the request; those from 520 are Cloudflare's, and 529 says
that a site is overloaded."""

ACCOUNT = re.compile(
    r"\b(quota|billing|payment|credits|out of credit|balance is|(insufficient|low|credit) balance)\b", re.IGNORECASE
)
"""Words of a 403 or a 429 that speaks of an account which has nothing left, not of a right or of a rate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The request as it went out, secrets replaced by their markers."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    zone: Zone = Zone.ACCEPT


@dataclass(frozen=True, kw_only=True, eq=False)
class Exchange:
    """One exchange, equal only to itself.

    `step` is (step of the scenario, member of the step); `round` is 0 in the plan and 1, 2, 3 for repeats.  `status` is
    None when no reply began.  `pieces` are the body as it arrived, each with its seconds since the request was sent,
    content coding removed; `received` counts the bytes on the wire.  `error` is what cut the exchange short.
    `doubt` is no part of the evidence: why, beside the rest of its run, nothing can be concluded from it (`doubts.py`).
    """

    n: int
    case: str
    step: tuple[int, int]
    purpose: Purpose
    round: int = 0
    request: Sent
    status: int | None
    headers: tuple[tuple[str, str], ...] = ()
    pieces: tuple[tuple[float, bytes], ...] = ()
    received: int = 0
    error: str | None = None
    doubt: str | None = None

    # -- the request

    @cached_property
    def scenario(self) -> str:
        """The name of the scenario that asked."""
        return self.case.partition("[")[0]

    @cached_property
    def parameter(self) -> str | None:
        """The parameter for whose sake its case is there, if it is for that of one."""
        found = re.search(r"[\[,]parameter=([^],]*)", self.case)
        return found.group(1) if found else None

    @cached_property
    def sent(self) -> dict[str, JSON]:
        """The request's members; empty when its body is not a JSON object."""
        value = strict_json.parse(self.request.body).value
        return value if isinstance(value, dict) else {}

    @property
    def zone(self) -> Zone:
        """What the scenario may expect of this request."""
        return self.request.zone

    @property
    def asked_stream(self) -> bool:
        """Whether the request asked for an event stream."""
        return self.sent.get("stream") is True

    @property
    def asked_choices(self) -> int:
        """How many choices the request asked for: n, or 1."""
        return asked_choices(self.sent)

    # -- the reply

    @property
    def ok(self) -> bool:
        """A 2xx status."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def whole(self) -> bool:
        """A 2xx reply to a request that did not ask for a stream."""
        return self.ok and not self.asked_stream

    @property
    def streamed(self) -> bool:
        """A 2xx reply to a request that asked for a stream."""
        return self.ok and self.asked_stream

    @property
    def refused(self) -> bool:
        """A status from 300 to 599 that does not speak of weather."""
        return self.status is not None and self.status >= 300 and not self._of_weather

    @property
    def weather(self) -> str | None:
        """Why this exchange says nothing of conformance, or None if it does."""
        if self.status is None:
            return self.doubt or f"no reply ({self.error})"
        if self._of_weather:
            return self.doubt or f"status {self.status}{' (nothing is left on the account)' * self.spent}"
        if self.error is not None and self.error.startswith(("timeout", "budget")):
            return f"reply not finished ({self.error})"
        return None

    @property
    def unkept(self) -> bool:
        """A reply that came to its end, of which the run had no room for more than the beginning."""
        return self.status is not None and self.error is not None and self.error.startswith("budget")

    @property
    def _of_weather(self) -> bool:
        return self.doubt is not None or self.status in WEATHER_STATUSES or self.spent

    @cached_property
    def spent(self) -> bool:
        """A refusal that speaks of a quota or a balance: 402, or 403 and 429 in such words."""
        if self.status == 402:
            return True
        said = {**self.members, **members(self.members.get("error"))} if self.status in (403, 429) else {}
        words = (said.get(name) for name in ("error", "message", "detail", "type", "code"))
        return any(ACCOUNT.search(each.replace("_", " ")) for each in words if isinstance(each, str))

    @property
    def dropped(self) -> bool:
        """The connection was there and was closed without a reply: on valid requests weather, on others an answer."""
        closed = self.status is None and self.error is not None and self.error.startswith("closed")
        return closed and self.doubt is None

    @property
    def may_pass(self) -> bool:
        """Whether it may be weather and may be an answer, which only asking again can tell: a 500, a connection closed
        in the place of a reply to what need not be accepted, or between the headers of a reply and its body."""
        if self.weather is not None:
            return self.says_nothing is None
        return self.status == 500 or ((self.error or "").startswith("closed") and not self.body)

    @property
    def answer(self) -> str:
        """What came back, in a word: the status, or that there was none."""
        if self.status is None:
            return "closed without a reply" if self.dropped else "no reply"
        return str(self.status)

    @property
    def left(self) -> bool:
        """The client hung up before the end, as its scenario has it."""
        return self.error is not None and self.error.startswith("left")

    @property
    def says_nothing(self) -> str | None:
        """Why nothing can be concluded from this answer to what it was asked, or None if something can."""
        if self.left:
            return "it was left before its end"
        return None if self.dropped and self.zone is not Zone.ACCEPT else self.weather

    @property
    def crashed(self) -> bool:
        """A 5xx that speaks of the server, or a connection closed in the place of a reply."""
        return self.dropped or (self.status is not None and self.status >= 500 and not self._of_weather)

    def header(self, name: str) -> str | None:
        """The first header of this name, in any case."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    @property
    def media_type(self) -> str | None:
        """The reply's media type in lower case, without parameters."""
        value = self.header("content-type")
        return None if value is None else value.partition(";")[0].strip().lower()

    @cached_property
    def body(self) -> bytes:
        """All bytes of the body that arrived, joined."""
        return b"".join(piece for _, piece in self.pieces)

    @cached_property
    def document(self) -> Document:
        """The body as one JSON text."""
        return strict_json.parse(self.body)

    @cached_property
    def members(self) -> dict[str, JSON]:
        """The members of a whole reply; empty when it is not a JSON object."""
        return self.document.value if isinstance(self.document.value, dict) else {}

    @cached_property
    def stream(self) -> sse.Stream:
        """The body as an event stream."""
        return sse.parse(self.body)

    @cached_property
    def payloads(self) -> tuple[Document, ...]:
        """Every event's data as JSON, without the [DONE] events."""
        return tuple(strict_json.parse(event.data) for event in self.stream.events if event.data.strip() != DONE)

    @cached_property
    def chunks(self) -> tuple[dict[str, JSON], ...]:
        """The events' data that are JSON objects."""
        return tuple(payload.value for payload in self.payloads if isinstance(payload.value, dict))

    @cached_property
    def objects(self) -> tuple[dict[str, JSON], ...]:
        """The JSON objects of the reply: the chunks of a stream, or the one completion."""
        if self.asked_stream:
            return self.chunks
        return (self.members,) if self.members else ()

    @cached_property
    def choices(self) -> tuple[Choice, ...]:
        """The choices in the order of their first appearance; see `Choice`."""
        return tuple(assembled(self.chunks) if self.asked_stream else whole_choices(self.members))

    @cached_property
    def legible(self) -> bool:
        """Whether its text can be relied on: a 2xx that was not cut, all of whose objects have choices with text.

        What is wrong with one that is not legible is another requirement's business than what the text says.
        """
        documents = self.payloads if self.asked_stream else (self.document,)
        return self.ok and self.error is None and bool(documents) and all(has_text(each.value) for each in documents)

    @property
    def text(self) -> str:
        """What the first choice says."""
        return self.choices[0].text if self.choices else ""

    @cached_property
    def usage(self) -> dict[str, JSON] | None:
        """The usage object: the last one of a stream, the one of a whole reply."""
        found = [given for given in (each.get("usage") for each in self.objects) if isinstance(given, dict)]
        return found[-1] if found else None

    @property
    def thought(self) -> bool:
        """Whether it shows thoughts apart from its text, or counts thoughts that it does not show.

        They spend max_tokens too, and no two times the same: what is left for the text cannot be told.
        """
        return any(choice.reasoning for choice in self.choices) or self.thought_tokens > 0

    @property
    def thought_tokens(self) -> int:
        """The tokens that usage says were thought, of all that it counts; 0 when it tells no integer."""
        count = members((self.usage or {}).get("completion_tokens_details")).get("reasoning_tokens")
        return int(count) if is_integer(count) else 0

    def tokens(self, name: str) -> int | None:
        """A count of the usage object ("prompt_tokens" ...), None when it is absent or no integer."""
        count = (self.usage or {}).get(name)
        return int(count) if is_integer(count) else None
