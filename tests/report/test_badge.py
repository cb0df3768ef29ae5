"""badge.json and badge.svg: a word that says no more than the run."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest

from conformance import __version__
from conformance.report import badge

from .conftest import Ran, Report

SVG = "{http://www.w3.org/2000/svg}"

WHOLE = {"depth": "standard", "selection": None, "reference": False}


def of(report: Report, changes: dict[str, Any], counts: dict[str, int]) -> Report:
    """A report of a whole run of a product, changed."""
    return {**report, **WHOLE, **changes, "counts": {**dict.fromkeys(report["counts"], 0), **counts}}


SAID: dict[str, tuple[dict[str, Any], dict[str, int], str]] = {
    "conformant": ({"outcome": "conformant"}, {"pass": 9}, "conformant"),
    "fails": ({"outcome": "nonconformant"}, {"fail": 2}, "nonconformant (2 fail)"),
    "undecided": ({"outcome": "undecided"}, {"inconclusive": 1}, "undecided"),
    "our own fault": ({"outcome": "undecided"}, {"error": 1}, "suite error"),
    "stale": ({"outcome": "conformant", "stale": [{}]}, {"pass": 9}, "nonconformant"),
    "strict": ({"outcome": "conformant", "strict": True}, {"warn": 1}, "nonconformant"),
    "narrowed": ({"outcome": "conformant", "selection": "stop"}, {"pass": 1}, "conformant (selection)"),
    "shallow": ({"outcome": "conformant", "depth": "smoke"}, {"pass": 1}, "conformant (smoke)"),
    "no product": ({"outcome": "conformant", "reference": True}, {"pass": 1}, "conformant (reference endpoint)"),
}


@pytest.mark.parametrize(("changes", "counts", "message"), SAID.values(), ids=SAID)
def test_what_a_badge_says(clean: Ran, changes: dict[str, Any], counts: dict[str, int], message: str) -> None:
    """The word is the exit code's; behind it stands whatever makes it mean less. Only what is whole and good is green."""
    report = of(clean.copied(), changes, counts)
    said = badge.endpoint(report)
    assert said["message"] == message
    assert said["label"] == f"{report['contract']['name']} · chat-conformance {__version__}"
    assert (said["color"] == "brightgreen") == message.startswith("conformant")
    assert said["isError"] == (message.startswith(("nonconformant", "suite")))


@pytest.mark.parametrize(("changes", "counts", "message"), SAID.values(), ids=SAID)
def test_the_drawing_says_the_same(clean: Ran, changes: dict[str, Any], counts: dict[str, int], message: str) -> None:
    """The image is XML that loads nothing, and holds the words for those who see it and those who hear it."""
    report = of(clean.copied(), changes, counts)
    image = badge.draw(report)
    root = ET.fromstring(image)
    label = badge.endpoint(report)["label"]
    assert root.attrib["aria-label"] == f"{label}: {message}" == root.findtext(f"{SVG}title")
    assert [each.text for each in root.iter(f"{SVG}text")] == [label, message]
    assert {each.tag.removeprefix(SVG) for each in root.iter()} == {"svg", "title", "rect", "g", "text"}
    assert image.count("http") == 1, "the name of the format"
    ends = [float(each.attrib.get("x", "0")) + float(each.attrib["width"]) for each in root.iter(f"{SVG}rect")]
    assert max(ends) == float(root.attrib["width"])


def test_a_name_that_means_harm_is_text(clean: Ran) -> None:
    """A contract of one's own may be called anything."""
    report = clean.copied()
    report["contract"]["name"] = "<script>&\"'\n\u202e]]>"
    root = ET.fromstring(badge.draw(report))
    assert [each.tag for each in root.iter() if "script" in each.tag] == []
    assert root.attrib["aria-label"].startswith("<script>&\"' \\u202e]]> · chat-conformance")


@pytest.mark.parametrize("colour", [each[1] for each in badge.COLOURS.values()] + ["#3d444d"])
def test_white_letters_can_be_read(colour: str) -> None:
    """Every ground is dark enough for white letters: a contrast of 4.5 at least (WCAG 2.2, 1.4.3)."""
    channels = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = sum(share * c for share, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
    assert 1.05 / (luminance + 0.05) >= 4.5
