"""The contracts that a test goes through: all of them in the long tests, otherwise those that differ in what they say."""

from __future__ import annotations

import pytest

from conformance import contract as contracts

TWINS = ("chat-conversation", "myrouter")
"""They say what highwayapi says."""

EACH = [pytest.param(name, marks=pytest.mark.long) if name in TWINS else name for name in contracts.names()]
