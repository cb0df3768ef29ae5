"""What a user says -> an `Order`: one table of options for the command and for pytest.

Rule: whatever is wrong with what a user said is one line that says what to do, before anything is sent.
"""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from . import contract as contracts
from . import plan
from .ask import Setting
from .contract import Contract
from .fire import Pace
from .model import Depth, UsageError
from .requirement import Row
from .run import Order
from .target import Target

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


@dataclass(frozen=True, kw_only=True)
class Option:
    """One option: its flag, its help, and what argparse and pytest both take."""

    flag: str
    help: str
    keywords: Mapping[str, Any] = field(default_factory=dict)
    pytest: bool = True


_INT, _FLOAT = _above_zero(int), _above_zero(float)

CONTRACT = Option(
    flag="--contract",
    help="contract by name, or a folder of your own",
    keywords={"metavar": "NAME|DIR", "default": "highwayapi"},
)

OPTIONS = (
    CONTRACT,
    Option(flag="--base-url", help="endpoint without the contract's path", keywords={"metavar": "URL"}),
    Option(flag="--url", help="endpoint, the whole URL", keywords={"metavar": "URL"}),
    Option(flag="--model", help="model to ask for; required with a URL", keywords={"metavar": "NAME"}),
    Option(
        flag="--api-key-env", help="variable that holds the key (user:password for Basic)", keywords={"metavar": "VAR"}
    ),
    Option(flag="--api-key-file", help="file that holds the key", keywords={"metavar": "FILE"}),
    Option(
        flag="--header-env",
        help="send header NAME with the value of variable VAR",
        keywords={"metavar": "NAME=VAR", "action": "append", "default": []},
    ),
    Option(
        flag="--depth",
        help="how much is fired: at most 40, 400 or 2,000 requests",
        keywords={"choices": [depth.value for depth in Depth], "default": Depth.STANDARD.value},
    ),
    Option(flag="--seed", help="the same seed gives the same plan", keywords={"type": _not_negative, "default": 1}),
    Option(flag="--concurrency", help="exchanges in flight", keywords={"metavar": "N", "type": _INT, "default": 8}),
    Option(flag="--rate", help="requests a second at most", keywords={"metavar": "R", "type": _FLOAT}),
    Option(
        flag="--timeout",
        help="seconds an exchange may take",
        keywords={"metavar": "S", "type": _FLOAT, "default": 120.0},
    ),
    Option(
        flag="--retries", help="tries after weather", keywords={"metavar": "N", "type": _not_negative, "default": 2}
    ),
    Option(flag="--max-requests", help="requests at most, retries included", keywords={"metavar": "N", "type": _INT}),
    Option(flag="--max-tokens", help="tokens at most, debited at their worst", keywords={"metavar": "N", "type": _INT}),
    Option(
        flag="--context",
        help="tokens that a huge max_tokens is debited as",
        keywords={"metavar": "N", "type": _INT, "default": 8192},
    ),
    Option(
        flag="--deadline", help="seconds after which nothing more is sent", keywords={"metavar": "S", "type": _FLOAT}
    ),
    Option(
        flag="--with",
        help="switch a feature on (repeat)",
        keywords={"metavar": "FEATURE", "action": "append", "default": [], "dest": "with_"},
    ),
    Option(
        flag="--without",
        help="switch a feature off (repeat)",
        keywords={"metavar": "FEATURE", "action": "append", "default": []},
    ),
    Option(
        flag="--select",
        help="only requirements that match: an id, a part, a pattern (repeat)",
        keywords={"metavar": "PATTERN", "action": "append", "default": []},
    ),
    Option(flag="--ca-file", help="certificates to trust", keywords={"metavar": "FILE"}),
    Option(flag="--client-cert", help="client certificate with its key", keywords={"metavar": "FILE"}),
    Option(flag="--out", help="folder for evidence and reports", keywords={"metavar": "DIR"}),
)
"""The options of `run`, of `plan` and, but for --strict, of pytest."""

STRICT = Option(
    flag="--strict", help="a warning or an inconclusive row fails too", keywords={"action": "store_true"}, pytest=False
)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a user said, checked: enough to start the reference endpoint where no target was given."""

    values: Mapping[str, Any]
    contract: Contract
    url: str | None

    @property
    def wants_reference(self) -> bool:
        """No target was given, so the built-in endpoint is tested."""
        return self.url is None

    def out(self) -> Path:
        """The folder to write to."""
        if self.values["out"]:
            return Path(self.values["out"])
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        base = Path("reports") / f"{self.contract.name}-{stamp}"
        return next(path for path in (base, *(Path(f"{base}-{n}") for n in range(2, 1000))) if not path.exists())

    def rows(self) -> tuple[Row, ...]:
        """The rows that the options select at their depth, those of features that are off included.

        Raises UsageError for an unknown feature, or a selection that matches nothing.
        """
        setting = Setting(contract=self.contract, model="", features=self.features("a key"))
        planned = plan.make(setting, Depth(self.values["depth"]), tuple(self.values["select"]))
        return (*planned.rows, *planned.off)

    def features(self, key: str | None) -> frozenset[str]:
        """The features that are on, with this key or none.  Raises UsageError for one that the contract lacks."""
        return features(self.contract, self.values["with_"], self.values["without"], key)

    def order(self, *, url: str | None = None, key: str | None = None) -> Order:
        """The order; `url` and `key` are the reference endpoint's where it is tested.

        Raises UsageError for an unknown feature or an unusable key.
        """
        values = self.values
        key = key if self.wants_reference else _key(values)
        target = Target(
            url=url or self.url or f"http://127.0.0.1{self.contract.path}",
            model=values["model"] if self.url else REFERENCE_MODEL,
            scheme=self.contract.scheme,
            key=key,
            headers=tuple(_header(each) for each in values["header_env"]),
            ca_file=_file(values["ca_file"], "--ca-file"),
            client_cert=_file(values["client_cert"], "--client-cert"),
        )
        return Order(
            contract=self.contract,
            target=target,
            features=self.features(key),
            depth=Depth(values["depth"]),
            seed=values["seed"],
            selection=tuple(values["select"]),
            pace=Pace(
                concurrency=values["concurrency"],
                rate=values["rate"],
                timeout=values["timeout"],
                retries=values["retries"],
                deadline=values["deadline"],
            ),
            max_requests=values["max_requests"],
            max_tokens=values["max_tokens"],
            context=values["context"],
            reference=self.wants_reference,
        )


def asked(values: Mapping[str, Any]) -> Asked:
    """Check what a user said.  Raises UsageError naming the option and what to give."""
    for name in ("base_url", "url", "model", "api_key_env", "api_key_file", "out"):
        if values[name] is not None and not values[name].strip():
            raise UsageError(f"--{name.replace('_', '-')} is empty: is the variable it comes from set?")
    if values["base_url"] and values["url"]:
        raise UsageError("give --base-url or --url, not both")
    contract = contracts.load(values["contract"])
    url = _url(values, contract)
    if url is not None and not values["model"]:
        raise UsageError("--model is required with a target: the name of the model to ask for")
    if url is None:
        for name in ("model", "api_key_env", "api_key_file"):
            if values[name]:
                raise UsageError(f"--{name.replace('_', '-')} goes with a target: give --base-url or --url too")
    return Asked(values=values, contract=contract, url=url)


def _url(values: Mapping[str, Any], contract: Contract) -> str | None:
    given = values["url"] or values["base_url"]
    if not given:
        return None
    parts = urlsplit(given)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"{given!r} is no URL: it must begin with http:// or https:// and name a host")
    if parts.username or parts.password:
        raise UsageError("a URL with a user or a password would be written down: use --api-key-env or --header-env")
    if parts.fragment:
        raise UsageError(f"{given!r} has a fragment (#...), which is never sent: leave it out")
    if values["url"]:
        return str(given)
    if parts.query:
        raise UsageError("--base-url has a query, to which no path can be added: give the whole URL as --url")
    return str(given).rstrip("/") + contract.path


def _key(values: Mapping[str, Any]) -> str | None:
    variable, file = values["api_key_env"], values["api_key_file"]
    if variable and file:
        raise UsageError("give --api-key-env or --api-key-file, not both")
    if variable:
        return _variable(variable, "--api-key-env")
    if not file:
        return None
    try:
        key = Path(file).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--api-key-file {file}: {error}") from None
    if not key:
        raise UsageError(f"--api-key-file {file} is empty: it must hold the key")
    return key


def _variable(name: str, option: str) -> str:
    value = os.environ.get(name)
    if value is None:
        raise UsageError(f"{option}: there is no variable {name}; set it to the key")
    if not value.strip():
        raise UsageError(f"{option}: the variable {name} is empty; set it to the key")
    return value.strip()


def _header(given: str) -> tuple[str, str]:
    name, equals, variable = given.partition("=")
    if not equals or not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", name) or not variable:
        raise UsageError(f"--header-env {given}: give NAME=VAR, a header and the variable that holds its value")
    return name.lower(), _variable(variable, f"--header-env {name}")


def _file(path: str | None, option: str) -> str | None:
    if path is not None and not Path(path).is_file():
        raise UsageError(f"{option} {path}: there is no such file")
    return path


def features(contract: Contract, on: list[str], off: list[str], key: str | None) -> frozenset[str]:
    """The features that are on.  Raises UsageError for one that the contract does not have."""
    for name in (*on, *off):
        if name not in contract.features:
            raise UsageError(
                f"contract {contract.name} has no feature {name!r}; it has {', '.join(sorted(contract.features))}"
            )
    both = sorted(set(on) & set(off))
    if both:
        raise UsageError(f"feature {both[0]} is switched both on and off")
    defaults = {name for name, is_on in contract.features.items() if is_on}
    chosen = (defaults | set(on)) - set(off)
    return frozenset(chosen if key else chosen - {"auth"})
