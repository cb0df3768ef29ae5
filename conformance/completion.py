"""The command's parser -> a script by which a shell completes its words.

The script is written once, by whoever wants it, with the names that this version knows: no shell has to start Python to
complete a word, as it would with argcomplete.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator

from . import catalogue
from . import contract as contracts
from .model import UsageError
from .requirements import registry

SHELLS = ("bash", "zsh", "fish")


def _features() -> list[str]:
    return [str(each["name"]) for each in catalogue.list_features(None)]


def _faults() -> Iterator[str]:
    """All but those of ranges, which are many, and much alike."""
    for each in registry().values():
        if each.part != "ranges":
            yield from (mutant.name for mutant in catalogue.mutants(each, None))


NAMES: dict[str, Callable[[], Iterable[str]]] = {
    "--contract": contracts.names,
    "--with": _features,
    "--without": _features,
    "--select": registry,
    "--fault": _faults,
    "requirement": registry,
}
"""What an option or an argument may be followed by, as far as we can name it."""

FILES = dict.fromkeys(("FILE", "EVIDENCE", "RUN", "REPORT", "BUNDLE", "KEY"), "file") | {"DIR": "directory"}
"""What a metavar's value is found by."""


def script(parser: argparse.ArgumentParser, shell: str) -> str:
    """The script.  The parser serves for nothing else afterwards.  Raises UsageError where shtab is not installed."""
    try:
        import shtab
    except ImportError:
        raise UsageError("completion needs shtab: pip install 'chat-conformance[completion]'") from None
    for action in _actions(parser):
        name = action.option_strings[0] if action.option_strings else action.dest
        kind = FILES.get(action.metavar) if isinstance(action.metavar, str) else None
        if name in NAMES and action.choices is None:
            action.choices = sorted(dict.fromkeys(NAMES[name]()))
        elif kind is not None:
            action.complete = shtab.CHOICE_FUNCTIONS[kind]  # type: ignore[attr-defined]  # where shtab looks for it
    return str(shtab.complete(parser, shell))


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Every argument of the parser and of its commands."""
    for action in parser._actions:  # noqa: SLF001  # argparse tells of its arguments nowhere else
        yield action
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001  # nor of its commands
            for command in action.choices.values():
                yield from _actions(command)
