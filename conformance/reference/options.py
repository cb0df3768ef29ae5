"""The members of a request -> what is to be done.

Rule: only what the contract knows counts, null is the same as nothing, and a value that documents dispute gets its
common meaning.  A request that comes here has passed the contract's schema; still nothing is taken on trust, for a
schema leaves things open.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from ..contract import Contract
from ..model import JSON
from ..reply import is_integer, items, members
from ..schema import Fault, show
from . import tools
from .sampler import Sampling
from .vocabulary import TOKENS

DEFAULT_LIMIT = 64
"""The most tokens of a reply when the request does not say."""

MOST_CHOICES = 128

_UNDOCUMENTED = {"tools": ("tool_choice", "parallel_tool_calls")}
"""What the OpenAI client sends beside a member, and is understood wherever that member is."""


class Thoughts(StrEnum):
    """Where a reply's thoughts go."""

    NONE = "none"
    IN_CONTENT = "in content"
    APART = "apart"


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a reply is to be.

    `alternatives`: how many likeliest tokens to tell at each place, None: no log probabilities at all.  `form`: the
    schema that the content has to satisfy (an empty one: any object), None: it is plain text.
    """

    sampling: Sampling
    n: int
    seed: int | None
    limit: int
    stops: tuple[str, ...]
    alternatives: int | None
    stream: bool
    usage_asked: bool
    obfuscated: bool
    form: dict[str, JSON] | None
    thoughts: Thoughts
    calls: tools.Plan
    tiered: bool


def known(sent: Mapping[str, JSON], contract: Contract) -> dict[str, JSON]:
    """The members that the contract knows and that say something."""
    names = {*contract.parameters, *(name for base in contract.parameters for name in _UNDOCUMENTED.get(base, ()))}
    return {name: value for name, value in sent.items() if name in names and value is not None}


def impossible(sent: Mapping[str, JSON]) -> Iterator[Fault]:
    """What a schema may leave open and nobody can do."""
    choices = _integer(sent.get("n"), 1)
    if not 1 <= choices <= MOST_CHOICES:
        yield Fault(path=("n",), observed=show(choices), expected=f"from 1 to {MOST_CHOICES}")
    for name in ("max_tokens", "max_completion_tokens"):
        if (limit := _integer(sent.get(name), 1)) < 1:
            yield Fault(path=(name,), observed=show(limit), expected="at least 1")


def read(sent: Mapping[str, JSON]) -> Options:
    """What these members ask for; see `known`."""
    streaming = members(sent.get("stream_options"))
    limits = [_integer(sent[name], 1) for name in ("max_completion_tokens", "max_tokens") if name in sent]
    stop = sent.get("stop")
    return Options(
        sampling=_sampling(sent),
        n=_integer(sent.get("n"), 1),
        seed=_integer(sent["seed"], 0) if "seed" in sent else None,
        limit=min(limits, default=DEFAULT_LIMIT),
        stops=tuple(each for each in ([stop] if isinstance(stop, str) else items(stop)) if isinstance(each, str)),
        alternatives=_between(sent.get("top_logprobs"), 0, 20, 0) if sent.get("logprobs") is True else None,
        stream=sent.get("stream") is True,
        usage_asked=streaming.get("include_usage") is True,
        obfuscated=streaming.get("include_obfuscation") is True,
        form=_form(members(sent.get("response_format"))),
        thoughts=_thoughts(sent),
        calls=tools.plan(sent),
        tiered="service_tier" in sent,
    )


def _sampling(sent: Mapping[str, JSON]) -> Sampling:
    return Sampling(
        temperature=_number(sent.get("temperature"), 0, 2, 1),
        top_p=_number(sent.get("top_p"), 0, 1, 1),
        top_k=_between(sent.get("top_k"), 0, len(TOKENS), 0),
        min_p=_number(sent.get("min_p"), 0, 1, 0),
        frequency_penalty=_number(sent.get("frequency_penalty"), -2, 2, 0),
        presence_penalty=_number(sent.get("presence_penalty"), -2, 2, 0),
        repetition_penalty=_number(sent.get("repetition_penalty"), 0.01, 2, 1),
        logit_bias=_biases(members(sent.get("logit_bias"))),
    )


def _biases(sent: dict[str, JSON]) -> dict[int, float]:
    """The biases of the tokens that exist."""
    ids = {str(token): token for token in range(len(TOKENS))}
    return {ids[name]: _number(bias, -100, 100, 0) for name, bias in sent.items() if name in ids}


def _form(sent: dict[str, JSON]) -> dict[str, JSON] | None:
    kind = sent.get("type")
    if kind == "json_schema":
        return members(members(sent.get("json_schema")).get("schema"))
    return members(sent.get("schema")) if kind == "json_object" else None


def _thoughts(sent: Mapping[str, JSON]) -> Thoughts:
    """None unless asked for: the documents name one model each that thinks, and this is neither."""
    if sent.get("enable_thinking") is False:
        return Thoughts.NONE
    if sent.get("separate_reasoning") is True:
        return Thoughts.APART
    return Thoughts.IN_CONTENT if sent.get("enable_thinking") is True else Thoughts.NONE


def _integer(value: JSON, default: int) -> int:
    """An integer, written as one or as 4.0."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if is_integer(value) else default


def _between(value: JSON, low: int, high: int, default: int) -> int:
    return max(low, min(high, _integer(value, default)))


def _number(value: JSON, low: float, high: float, default: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return float(default)
    return float(max(low, min(high, value)))
