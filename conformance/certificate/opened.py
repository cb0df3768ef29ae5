"""A bundle's files, taken apart as far as they let themselves be, with a refusal for whatever does not."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TypeAlias

import jsonschema_rs

from .. import contract as contracts
from .. import evidence as evidences
from ..contract import Contract
from ..evidence import EVIDENCE, Evidence
from ..model import JSON, UsageError
from ..remark import Answer, Answers, address_of
from ..reply import members, objects, text
from ..report import document, files
from . import edition, product, signature, statement
from .edition import Edition
from .product import Product
from .refusal import Refusal

CERTIFICATE = "certificate.md"

Part: TypeAlias = "dict[str, JSON] | Evidence | Product"
"""What a file of a bundle holds."""


@dataclass(frozen=True)
class Opened:
    """A bundle as its files say it is; what cannot be read is None, and `refusals` says why."""

    files: Mapping[str, bytes]

    @cached_property
    def refusals(self) -> list[Refusal]:
        """What is wrong with the files as files."""
        return [*self._unreadable(), *self._digests()]

    @cached_property
    def _read(self) -> tuple[dict[str, Part], list[Refusal]]:
        readers: dict[str, Callable[[bytes], Part]] = {
            statement.FILE: _json,
            files.REPORT: _report,
            EVIDENCE: _evidence,
            product.FILE: lambda data: product.parse(data, Path(product.FILE)),
        }
        found: dict[str, Part] = {}
        refused = []
        for name, read in readers.items():
            if name not in self.files:
                refused.append(Refusal(file=name, id="the file", found="missing", expected="in the bundle"))
                continue
            try:
                found[name] = read(self.files[name])
            except UsageError as error:
                why = str(error).removeprefix(f"{name}: ").removeprefix(f"{name} ")
                refused.append(Refusal(file=name, id="the file", found=f"broken ({why})", expected="as it was written"))
        return found, refused

    def _unreadable(self) -> list[Refusal]:
        return self._read[1]

    def _digests(self) -> Iterator[Refusal]:
        stated = {
            text(each.get("name")): text(members(each.get("digest")).get("sha256"))
            for each in objects(self.statement.get("subject"))
        }
        for name in sorted({*stated, *self.files} - {statement.FILE, signature.FILE}):
            is_ = hashlib.sha256(self.files[name]).hexdigest() if name in self.files else "missing"
            if name not in stated:
                where = f"in {statement.FILE} too"
                yield Refusal(file=name, id="the file", found="in the bundle alone", expected=where)
            elif is_ != stated[name]:
                yield Refusal(file=name, id="its sha256", found=is_, expected=f"{stated[name]}, as stated")

    @property
    def statement(self) -> dict[str, JSON]:
        """The statement; empty where there is none."""
        found = self._read[0].get(statement.FILE)
        return found if isinstance(found, dict) else {}

    @property
    def report(self) -> dict[str, JSON] | None:
        """The report that was packed."""
        found = self._read[0].get(files.REPORT)
        return found if isinstance(found, dict) else None

    @property
    def evidence(self) -> Evidence | None:
        """The evidence, its chain whole."""
        found = self._read[0].get(EVIDENCE)
        return found if isinstance(found, Evidence) else None

    @property
    def product(self) -> Product | None:
        """Whose endpoint it is."""
        found = self._read[0].get(product.FILE)
        return found if isinstance(found, Product) else None

    @cached_property
    def contract(self) -> Contract | None:
        """The contract that the evidence names, where it is one of ours."""
        name = text(self.evidence.header.get("contract")) if self.evidence else ""
        return contracts.load(name) if name in contracts.names() else None

    @cached_property
    def edition(self) -> Edition | None:
        """The edition that the statement names, where it is one of ours."""
        name = statement.edition_of(self.statement)
        if self.contract is None or name not in edition.names(self.contract.name):
            return None
        return edition.load(self.contract.name, name)

    @cached_property
    def recomputed(self) -> dict[str, JSON] | None:
        """The report that follows from the evidence: what the bundle's own is held to, and what is scored."""
        if self.evidence is None or self.contract is None:
            return None
        packed = self.report or {}
        made = document.make(
            self.evidence, self.contract, strict=packed.get("strict") is True, answers=_answers(packed)
        )
        if packed.get("judged_by") == made["judged_by"]:
            made["selfcheck"] = packed.get("selfcheck")  # not of the evidence, but of the suite that judged it
        recomputed: dict[str, JSON] = json.loads(json.dumps(made))  # as one reads it from a file
        return recomputed

    @property
    def claimed(self) -> frozenset[str]:
        """The features that the product claims: those that were on, where its file names none."""
        features = members((self.recomputed or {}).get("features"))
        on = frozenset(name for name, state in features.items() if state == "on")
        return on if self.product is None or self.product.features is None else frozenset(self.product.features)


def _answers(report: Mapping[str, JSON]) -> Answers:
    """The vendor's answers, which are his to give and no verdict's business."""
    found = {}
    for row in objects(report.get("requirements")):
        if answer := members(row.get("answer")):
            found[address_of(row).row] = Answer(text=text(answer.get("text")), link=text(answer.get("link")) or None)
    return Answers(by_row=found)


def _json(data: bytes) -> dict[str, JSON]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise UsageError("it is no JSON object")
    return found


def _report(data: bytes) -> dict[str, JSON]:
    report = _json(data)
    _must_be(report, "report")
    return report


def _evidence(data: bytes) -> Evidence:
    recorded = evidences.parse(Path(EVIDENCE), data)
    for number, line in enumerate(data.splitlines(), 1):
        try:
            _must_be(json.loads(line), "evidence")
        except UsageError as error:
            raise UsageError(f"line {number}: {error}") from None
    return recorded


@cache
def _published(name: str) -> jsonschema_rs.Validator:
    """The published schema of this name."""
    return jsonschema_rs.validator_for(json.loads((contracts.schemas_folder() / f"{name}.schema.json").read_bytes()))


def _must_be(value: JSON, name: str) -> None:
    """Raises UsageError where a value is not as the published schema of this name has it."""
    for error in _published(name).iter_errors(value):
        raise UsageError(f"{'/'.join(map(str, error.instance_path)) or 'it'}: {error.message[:200]}")
