"""Kitchens of the contracts, made once."""

from __future__ import annotations

import pytest

from conformance import contract as contracts
from conformance.generate.kitchen import Kitchen, kitchen

from ..each import EACH


@pytest.fixture(params=EACH)
def store(request: pytest.FixtureRequest) -> Kitchen:
    """The kitchen of each contract, with the features that are on by default."""
    contract = contracts.load(request.param)
    return kitchen(contract, frozenset(name for name, on in contract.features.items() if on))


@pytest.fixture(scope="session")
def highway() -> Kitchen:
    """The kitchen of the largest contract."""
    contract = contracts.load("highwayapi")
    return kitchen(contract, frozenset(name for name, on in contract.features.items() if on))
