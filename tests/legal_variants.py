"""The ways to be unusual and conform that every release is tried against, by plain names."""

from __future__ import annotations

from .desk import Oddity
from .legal import CACHED, CACHED_AS_ASKED, LIKELIHOODS, REFUSED, REPLIES, WEATHER, WIRE
from .legal_said import AFTERWARDS, NEVER_STEADY, NO_SEED, OWN_DEFAULTS, SAID, UNSTEADY

_BY_NAME = {each.name: each for each in (*WIRE, *REPLIES, *LIKELIHOODS, *SAID, *REFUSED)}

VARIANTS: dict[str, Oddity] = {
    "comments and keep-alives": _BY_NAME["comments and keep-alives"],
    "CRLF": _BY_NAME["lines that end in CRLF"],
    "charset parameters": _BY_NAME["media types with parameters, in capitals"],
    "extra members everywhere": _BY_NAME["members nobody knows, everywhere"],
    "role repeated": _BY_NAME["the role in every delta"],
    "usage null on other chunks": _BY_NAME["null as the usage of every chunk but one"],
    "finish chunk with content": _BY_NAME["the reason beside the last words"],
    "model name resolved": _BY_NAME["a resolved model name"],
    "top_logprobs masked short": _BY_NAME["lists without what the sampler masks"],
    "sampled token first": _BY_NAME["what was said first in its list"],
    "sampled token in the last place": _BY_NAME["what was said in the place of the last"],
    "sentinel log probability": _BY_NAME["a sign for what is too unlikely to tell"],
    "sentinel for the sampled token": _BY_NAME["a sign for what was said and is not likely"],
    "logprobs before the sampler": _BY_NAME["nothing odd at all"],
    "logprobs after the sampler": AFTERWARDS,
    "greedy text unstable now and then": UNSTEADY,
    "greedy text unstable always": NEVER_STEADY,
    "greedy text drawn like any other": _BY_NAME["cold replies are never the same"],
    "slow and jittery": _BY_NAME["slow and jittery"],
    "429 or 503 now and then": WEATHER,
    "hidden end-of-text token counted": _BY_NAME["a hidden end of text is counted"],
    "half characters": _BY_NAME["half a character at the cut"],
    "defaults of its own": OWN_DEFAULTS,
    "refuses every disputed value": _BY_NAME["nothing disputed at all"],
    "accepts every disputed value": _BY_NAME["everything disputed is taken"],
    "no seed support": NO_SEED,
    "cached replies": CACHED,
    "cached replies to the same in other words": CACHED_AS_ASKED,
}
"""The reference endpoint tells log probabilities of before the sampler of itself, without anything odd about it."""
