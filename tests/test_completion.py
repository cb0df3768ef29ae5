"""Shell completion: what a shell offers where a word is asked for."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conformance import contract as contracts
from conformance.cli import main
from conformance.completion import SHELLS
from conformance.requirements import registry

BASH = r"""
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
spec=$(complete -p chat-conformance); function=${spec##*-F }; function=${function%% *}
"$function" "$1" "${!#}" "${*: -2:1}"
printf '%s\n' "${COMPREPLY[@]}"
"""
"""What bash does when the last of the words is to be completed."""

FISH = 'source $argv[1]; complete -C "$argv[2..]" | cut -f 1'

STOPS = {name for name in registry() if name.startswith("stop.")}

OFFERED: dict[str, tuple[list[str], set[str]]] = {
    "commands": (["ju"], {"judge"}),
    "ids": (["explain", "stop."], STOPS),
    "contracts": (["run", "--contract", ""], set(contracts.names())),
    "features": (["run", "--without", "str"], {"stream-usage"}),
    "depths": (["plan", "--depth", ""], {"smoke", "standard", "full"}),
    "faults": (["serve", "--fault", "stop-cut"], {"stop-cut-out"}),
    "lists": (["list", "fau"], {"faults"}),
    "shells": (["completion", ""], set(SHELLS)),
}


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The script for each shell, as the command prints it."""
    folder, made = tmp_path_factory.mktemp("completion"), {}
    for shell in SHELLS:
        printed = subprocess.run(
            [sys.executable, "-m", "conformance", "completion", shell], check=True, capture_output=True
        )
        made[shell] = folder / f"script.{shell}"
        made[shell].write_bytes(printed.stdout)
    return made


def asked(shell: str, *arguments: str) -> str:
    """What a shell prints; the test is skipped where there is none."""
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell} here")
    done = subprocess.run([shell, *arguments], check=True, capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize("name", OFFERED)
def test_bash_offers(name: str, scripts: dict[str, Path]) -> None:
    """Bash offers the words that begin with what was typed, and no others."""
    words, offered = OFFERED[name]
    found = asked("bash", "-c", BASH, "bash", str(scripts["bash"]), "chat-conformance", *words)
    assert set(found.split()) == offered


@pytest.mark.parametrize("name", OFFERED)
def test_fish_offers(name: str, scripts: dict[str, Path]) -> None:
    """So does fish."""
    words, offered = OFFERED[name]
    found = asked("fish", "--no-config", "-c", FISH, str(scripts["fish"]), " ".join(["chat-conformance", *words]))
    assert set(found.split()) == offered


def test_zsh_reads_it(scripts: dict[str, Path]) -> None:
    """Zsh finds no fault with its script."""
    assert asked("zsh", "-n", str(scripts["zsh"])) == ""


def test_without_shtab(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Where shtab is not installed, one line says how it is."""
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert main(["completion", "bash"]) == 2
    assert capsys.readouterr().err == (
        "chat-conformance: completion needs shtab: pip install 'chat-conformance[completion]'\n"
    )
