"""What a user says -> an `Order`.

Rule: whatever is wrong with what a user said is one line that says what to do, before anything is sent.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from . import baseline, plan, revive
from . import contract as contracts
from .ask import Setting
from .baseline import Baseline
from .budget import Prices
from .contract import Contract
from .fire import Pace
from .model import JSON, Depth, UsageError
from .options import REFERENCE_MODEL
from .order import Order
from .remark import Answers
from .reply import members, text
from .report import files
from .requirement import Row
from .scenario import Case
from .target import Target
from .target_file import said


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a user said, checked: enough to start the reference endpoint where no target was given."""

    values: Mapping[str, Any]
    contract: Contract
    url: str | None
    baseline: Baseline | None = None
    name: str | None = None
    aliases: tuple[str, ...] = ()
    answers: Answers = field(default_factory=Answers)
    earlier: Mapping[str, JSON] | None = None
    also: tuple[Case, ...] = ()

    @property
    def wants_reference(self) -> bool:
        """No target was given, so the built-in endpoint is tested."""
        return self.url is None

    def out(self) -> Path:
        """The folder to write to."""
        if self.values["out"]:
            return Path(self.values["out"])
        base = dated(self.contract.name)
        return next(path for path in (base, *(Path(f"{base}-{n}") for n in range(2, 1000))) if not path.exists())

    def rows(self) -> tuple[Row, ...]:
        """The rows that the options select at their depth, those of features that are off included.

        Raises UsageError for an unknown feature, or a selection that matches nothing.
        """
        depth = Depth(self.values["depth"])
        setting = Setting(contract=self.contract, model="", features=self.features("a key"), depth=depth)
        planned = plan.make(setting, depth, tuple(self.values["select"]))
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
            name=self.name,
            aliases=self.aliases,
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
                patience=0.0 if values["restart"] else values["timeout"],
            ),
            max_requests=values["max_requests"],
            max_tokens=values["max_tokens"],
            max_cost=values["max_cost"],
            prices=_prices(values),
            context=values["context"],
            reference=self.wants_reference,
            replay=Path(values["replay"] or f".chat-conformance/{self.contract.name}"),
            restart=revive.command(values["restart"]),
            also=self.also,
        )


def dated(name: str) -> Path:
    """A folder under reports/ that is called so, and by the time in UTC."""
    return Path("reports") / f"{name}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"


def check_all(given: Mapping[str, Any], below: Mapping[str, Any] | None = None) -> tuple[Asked, ...]:
    """What a user said, checked, of every target that the target file has; one where there is no file.

    `given` has None for what was not given, `below` what holds where neither it nor the file says anything.  Raises
    UsageError naming the option, or the file's key, and what to do.
    """
    found = []
    for each in said(given, below or {}):
        try:
            asked = check(each.values)
            answers = Answers.read([*each.answers], asked.contract)
        except UsageError as error:
            raise UsageError(_of(given["target"], each.name, str(error))) from None
        found.append(replace(asked, name=each.name, aliases=each.aliases, answers=answers))
    return tuple(found)


def _of(file: str, name: str | None, why: str) -> str:
    """What is wrong, with the file and the target of which it is said, unless that is clear."""
    return why if name is None or why.startswith(file) else f"{file}: {name}: {why}"


def check_one(given: Mapping[str, Any]) -> Asked:
    """As `check_all`, of one target alone."""
    every = check_all(given)
    if len(every) > 1:
        raise UsageError(f"{given['target']} has several targets: here give a file with one")
    return every[0]


def check(values: Mapping[str, Any]) -> Asked:
    """Check the values of all options.  Raises UsageError naming the option and what to give."""
    for name in ("base_url", "url", "model", "api_key_env", "api_key_file", "baseline", "since", "target", "out"):
        if values[name] is not None and not values[name].strip():
            raise UsageError(f"--{name.replace('_', '-')} is empty: is the variable it comes from set?")
    if values["base_url"] and values["url"]:
        raise UsageError("give --base-url or --url, not both")
    if any(not each.strip() for each in values["select"]):
        raise UsageError("--select is empty: give an id, a part or a pattern, or leave it out to test everything")
    if values["resume"] and not values["out"]:
        raise UsageError("--resume needs --out: the folder of the run to go on with")
    if (values["price_in"] is None) != (values["price_out"] is None):
        raise UsageError("--price-in and --price-out go together: give both, 0 for what is free")
    if values["max_cost"] is not None and values["price_in"] is None:
        raise UsageError("--max-cost needs to know what tokens cost: give --price-in and --price-out")
    contract = contracts.load(values["contract"])
    url = _url(values, contract)
    if url is not None and not values["model"]:
        raise UsageError("--model is required with a target: the name of the model to ask for")
    if url is None:
        for name in ("model", "api_key_env", "api_key_file"):
            if values[name]:
                raise UsageError(f"--{name.replace('_', '-')} goes with a target: give --base-url or --url too")
    accepted = baseline.load(Path(values["baseline"]), contract) if values["baseline"] else None
    return Asked(values=values, contract=contract, url=url, baseline=accepted, earlier=_earlier(values, contract))


def _earlier(values: Mapping[str, Any], contract: Contract) -> Mapping[str, JSON] | None:
    """The report that the run is to be compared with."""
    if not values["since"]:
        if values["fail_on"] == "new":
            raise UsageError("--fail-on new needs --since: the report that says what is not new")
        return None
    report = files.read(Path(values["since"]))
    name = text(members(report["contract"])["name"])
    if name != contract.name:
        raise UsageError(f"--since {values['since']} is of contract {name}, not {contract.name}: give one of that")
    return report


def _prices(values: Mapping[str, Any]) -> Prices | None:
    if values["price_in"] is None:
        return None
    return Prices(prompt=values["price_in"], completion=values["price_out"])


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
        return from_variable(variable, "--api-key-env")
    if not file:
        return None
    try:
        key = Path(file).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--api-key-file {file}: {error}") from None
    if not key:
        raise UsageError(f"--api-key-file {file} is empty: it must hold the key")
    return key


def from_variable(name: str, option: str, what: str = "the key") -> str:
    """The value of a variable.  Raises UsageError where it has none."""
    value = os.environ.get(name)
    if value is None:
        raise UsageError(f"{option}: there is no variable {name}; set it to {what}")
    if not value.strip():
        raise UsageError(f"{option}: the variable {name} is empty; set it to {what}")
    return value.strip()


def _header(given: str) -> tuple[str, str]:
    name, equals, variable = given.partition("=")
    if not equals or not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", name) or not variable:
        raise UsageError(f"--header-env {given}: give NAME=VAR, a header and the variable that holds its value")
    return name.lower(), from_variable(variable, f"--header-env {name}", "the header's value")


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
