"""The pytest plugin: the options of `chat-conformance run`, where pytest is asked for `conformance.suite`.

Rule: in every other session it does nothing and imports nothing, for it is loaded wherever the suite is installed.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .asked import Asked

SUITE = "conformance.suite"
PREFIX = "--conformance"
ASKED: pytest.StashKey[Asked] = pytest.StashKey()
"""What the user said, in the stash of the session's config."""


def pytest_load_initial_conftests(early_config: pytest.Config, parser: pytest.Parser, args: list[str]) -> None:
    """Add the options once it is known that the suite is asked for."""
    del early_config
    if not any(argument.startswith(SUITE) or "conformance/suite" in argument for argument in args):
        return
    from .options import OPTIONS, STRICT

    group = parser.getgroup("chat-conformance", "the endpoint under test")
    for option in OPTIONS:
        keywords = {**option.keywords, "dest": destination(option.flag), "help": option.help}
        try:
            group.addoption(option.flag, **keywords)
        except (ValueError, argparse.ArgumentError):  # another plugin has this one already
            group.addoption(f"{PREFIX}{option.flag[1:]}", **keywords)
    strict = {**STRICT.keywords, "dest": destination(STRICT.flag), "help": STRICT.help}
    group.addoption(f"{PREFIX}-strict", **strict)


def destination(flag: str) -> str:
    """The name of an option's value among all of pytest's."""
    return "conformance_" + flag.removeprefix("--").replace("-", "_")


def values(config: pytest.Config) -> dict[str, Any]:
    """What was said, by the names that the command gives it; None for what was not."""
    from .options import OPTIONS, STRICT

    return {option.name: config.getoption(destination(option.flag)) for option in (*OPTIONS, STRICT)}


def pytest_configure(config: pytest.Config) -> None:
    """Check what was said, before anything is collected."""
    if not hasattr(config.option, destination("--contract")):
        return
    from . import asked
    from .model import UsageError

    if getattr(config.option, "numprocesses", None):
        raise pytest.UsageError("the suite fires its requests concurrently itself: leave -n out, and see --concurrency")
    config.pluginmanager.import_plugin(f"{SUITE}.reporting")
    try:
        config.stash[ASKED] = said = asked.check_one(values(config))
        said.rows()
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None
