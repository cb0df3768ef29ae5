"""--help: what a stranger reads first is right."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from conformance import options, usage
from conformance.cli import _parser, main

ROOT = Path(__file__).parent.parent

COMMANDS = [name for name in usage.EXAMPLES if name]


def helped(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What --help prints."""
    with pytest.raises(SystemExit) as left:
        main([*words, "--help"])
    assert left.value.code == 0
    return capsys.readouterr().out


def test_every_command_is_helped(capsys: pytest.CaptureFixture[str]) -> None:
    """The command's help names each of its commands, and each has examples."""
    listed = re.findall(r"^    ([a-z]+)\b", helped(capsys), re.MULTILINE)
    assert listed
    assert set(listed) == set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_argument_is_helped(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """No argument of a command is without a word on what it is."""
    said = helped(capsys, command).partition("examples:")[0].partition("options:")
    for line in re.findall(r"^  (?:-|[a-z{]).*(?:\n {6,}.*)*", said[2] or said[0], re.MULTILINE):
        assert re.search(r"\S(?:  +|\n +)\S", line), line


@pytest.mark.parametrize("command", usage.EXAMPLES)
def test_examples_are_right(command: str) -> None:
    """Every example parses: none names an option that is gone."""
    examples = re.findall(r"^  chat-conformance (.*?)(?:   .*| > .*)?$", usage.EXAMPLES[command], re.MULTILINE)
    assert examples
    for example in examples:
        assert _parser().parse_args(shlex.split(example)).command
        assert example.startswith(command)


def test_groups_name_options_that_are() -> None:
    """Every option under a heading exists, under one heading only."""
    grouped = [flag for flags in usage.GROUPS.values() for flag in flags]
    assert len(grouped) == len(set(grouped))
    assert set(grouped) <= {option.flag for option in options.OPTIONS}


def test_defaults_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    """Help says the default of each option that has one."""
    said = " ".join(helped(capsys, "run").split())
    for option in options.OPTIONS:
        default = option.default
        if default:
            assert f"default {default:g}" in said if isinstance(default, float) else f"default {default}" in said


@pytest.mark.parametrize("page", ["README.md", "docs/reading-a-report.md"])
def test_exit_codes_are_the_same_everywhere(page: str) -> None:
    """Help, README and documentation give each exit code the same meaning."""
    said = dict(re.findall(r"^  (\d)  ([^:\n]*)", usage.EXITS, re.MULTILINE))
    table = dict(re.findall(r"^\| (\d) \| ([^:|]*?) *[:|]", (ROOT / page).read_text("utf-8"), re.MULTILINE))
    assert said == table
    assert list(said) == ["0", "1", "2", "3"]
