"""What the tests of the reference endpoint share."""

from __future__ import annotations

import pytest

from ..each import EACH
from .client import Client


@pytest.fixture
def client() -> Client:
    """A client of the fullest contract."""
    return Client.of()


@pytest.fixture(params=EACH)
def every(request: pytest.FixtureRequest) -> Client:
    """A client of each contract in turn."""
    return Client.of(request.param)
