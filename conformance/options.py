"""The options of the command and of pytest: one table for both."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from .model import Depth

REFERENCE_MODEL = "reference"


def _above_zero(convert: Callable[[str], Any]) -> Callable[[str], Any]:
    def parse(text: str) -> Any:
        value = convert(text)
        if value <= 0:
            raise argparse.ArgumentTypeError(f"{text} is not above 0")
        return value

    parse.__name__ = convert.__name__  # argparse names the type by it
    return parse


def _not_negative(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"{text} is below 0")
    return value


def _amount(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise argparse.ArgumentTypeError(f"{text} is no amount of money: give a number, as 0.15") from None
    if not value.is_finite() or value < 0:
        raise argparse.ArgumentTypeError(f"{text} is no amount of money: give a number that is not below 0")
    return value


@dataclass(frozen=True, kw_only=True)
class Option:
    """One option: its flag, its help, and what argparse and pytest both take.

    `default` is what it means when neither the command line nor a target file gives it; argparse is not told, so that
    what was given can be told from what was not.
    """

    flag: str
    help: str
    keywords: Mapping[str, Any] = field(default_factory=dict)
    default: Any = None

    @property
    def key(self) -> str:
        """Its name in a target file."""
        return self.flag.removeprefix("--")

    @property
    def name(self) -> str:
        """The name of its value."""
        return str(self.keywords.get("dest") or self.key.replace("-", "_"))


_SWITCH = {"action": "store_true", "default": None}
_INT, _FLOAT = _above_zero(int), _above_zero(float)

CONTRACT = Option(
    flag="--contract",
    help="contract to test against: a name of `list contracts`, or a folder of your own",
    keywords={"metavar": "NAME|DIR"},
    default="highwayapi",
)

BASELINE = Option(flag="--baseline", help="accepted deviations: a TOML file", keywords={"metavar": "FILE"})

TARGET = Option(
    flag="--target",
    help="file with any of these options, and with several targets if you like; what is given here overrides it",
    keywords={"metavar": "FILE"},
)

OPTIONS = (
    TARGET,
    CONTRACT,
    Option(
        flag="--base-url",
        help="URL of the endpoint up to the path that the contract adds to it",
        keywords={"metavar": "URL"},
    ),
    Option(flag="--url", help="URL of the endpoint, whole", keywords={"metavar": "URL"}),
    Option(flag="--model", help="model to ask for; required with a URL", keywords={"metavar": "NAME"}),
    Option(
        flag="--api-key-env", help="variable that holds the key (user:password for Basic)", keywords={"metavar": "VAR"}
    ),
    Option(flag="--api-key-file", help="file that holds the key", keywords={"metavar": "FILE"}),
    Option(
        flag="--header-env",
        help="send header NAME with the value of variable VAR",
        keywords={"metavar": "NAME=VAR", "action": "append"},
        default=[],
    ),
    Option(
        flag="--depth",
        help="how much is fired: at most 40, 400 or 2,000 requests",
        keywords={"choices": [depth.value for depth in Depth]},
        default=Depth.STANDARD.value,
    ),
    Option(
        flag="--seed",
        help="the same seed gives the same plan",
        keywords={"metavar": "N", "type": _not_negative},
        default=1,
    ),
    Option(
        flag="--concurrency",
        help="requests under way at a time",
        keywords={"metavar": "N", "type": _INT},
        default=8,
    ),
    Option(flag="--rate", help="requests a second at most", keywords={"metavar": "R", "type": _FLOAT}),
    Option(
        flag="--timeout",
        help="seconds that an exchange may take, and for which a silent endpoint is waited for",
        keywords={"metavar": "S", "type": _FLOAT},
        default=120.0,
    ),
    Option(
        flag="--retries",
        help="further tries after a 429, a 502 to 504, a timeout and the like",
        keywords={"metavar": "N", "type": _not_negative},
        default=2,
    ),
    Option(flag="--max-requests", help="requests at most, retries included", keywords={"metavar": "N", "type": _INT}),
    Option(
        flag="--max-tokens",
        help="tokens at most; each request counts as the most that it may cost",
        keywords={"metavar": "N", "type": _INT},
    ),
    Option(
        flag="--price-in",
        help="what a million prompt tokens cost, in any currency",
        keywords={"metavar": "PRICE", "type": _amount},
    ),
    Option(
        flag="--price-out",
        help="what a million completion tokens cost",
        keywords={"metavar": "PRICE", "type": _amount},
    ),
    Option(
        flag="--max-cost",
        help="money at most, by these prices, debited at its worst",
        keywords={"metavar": "COST", "type": _above_zero(_amount)},
    ),
    Option(
        flag="--context",
        help="tokens that a request for more than any context holds counts as",
        keywords={"metavar": "N", "type": _INT},
        default=8192,
    ),
    Option(
        flag="--deadline", help="seconds after which nothing more is sent", keywords={"metavar": "S", "type": _FLOAT}
    ),
    Option(
        flag="--with",
        help="test a feature of `list features` that is off by default (repeat)",
        keywords={"metavar": "FEATURE", "action": "append", "dest": "with_"},
        default=[],
    ),
    Option(
        flag="--without",
        help="the endpoint does not offer this feature (repeat)",
        keywords={"metavar": "FEATURE", "action": "append"},
        default=[],
    ),
    Option(
        flag="--select",
        help="only requirements that match: an id, a part, a pattern (repeat)",
        keywords={"metavar": "PATTERN", "action": "append"},
        default=[],
    ),
    BASELINE,
    Option(
        flag="--since",
        help="an earlier report.json, or its folder: the report says what is new, fixed and still failing",
        keywords={"metavar": "REPORT"},
    ),
    Option(
        flag="--fail-on",
        help="what fails the run: any failure, or only those that --since does not have",
        keywords={"choices": ["any", "new"]},
        default="any",
    ),
    Option(
        flag="--replay",
        help="folder of requests that were refused once and are asked first; default .chat-conformance/CONTRACT",
        keywords={"metavar": "DIR"},
    ),
    Option(
        flag="--restart",
        help="command that brings the endpoint back when it died of a request",
        keywords={"metavar": "COMMAND"},
    ),
    Option(
        flag="--ca-file",
        help="file of certificates to trust; default SSL_CERT_FILE, SSL_CERT_DIR, or certifi's and the system's",
        keywords={"metavar": "FILE"},
    ),
    Option(flag="--client-cert", help="file with a client certificate and its key", keywords={"metavar": "FILE"}),
    Option(
        flag="--out", help="folder for evidence and reports; default reports/CONTRACT-TIME", keywords={"metavar": "DIR"}
    ),
    Option(
        flag="--resume",
        help="go on with the run that --out holds; nothing is asked twice",
        keywords=_SWITCH,
    ),
)
"""The options of `run`, of `plan` and, but for --strict, of pytest."""

STRICT = Option(flag="--strict", help="a warning or an inconclusive row fails too", keywords=_SWITCH)


def defaults() -> dict[str, Any]:
    """What every option means when nobody gives it, by name."""
    return {option.name: option.default for option in OPTIONS} | {STRICT.name: False, "resume": False}
