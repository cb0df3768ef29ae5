"""Engines as processes of ours: on free ports of loopback, ended by their handles, and started again when asked to.

A run brings back what it killed by a command (`--restart`).  Here the command rings a bell, a socket of this process,
and whoever holds the handle ends the old process and starts the new one.
"""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

RING = "import socket; socket.create_connection(('127.0.0.1', {port})).recv(1)"
"""Rings, and waits until the line is closed."""

PATIENCE = 120.0
"""Seconds that an engine may take to answer."""


@dataclass(frozen=True, kw_only=True)
class Served:
    """A running engine: the URL of its API, and the command that brings it back."""

    url: str
    restart: str

    @property
    def completions(self) -> str:
        """The URL of its chat completions."""
        return f"{self.url}/chat/completions"


def free_port() -> int:
    """A port of loopback that nobody has."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Process:
    """A server's process, in the place of which another one can be started."""

    def __init__(self, command: list[str], log: Path, health: str, env: dict[str, str]) -> None:
        self._command = command
        self._log = log
        self._health = health
        self._env = {**os.environ, **env}
        self._handle: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with self._log.open("ab") as log:
            self._handle = subprocess.Popen(self._command, stdout=log, stderr=log, env=self._env)
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            assert self._handle.poll() is None, self._log.read_text()
            try:
                httpx.get(self._health, timeout=2)
            except httpx.TransportError:
                time.sleep(0.1)
            else:
                return
        raise AssertionError(self._log.read_text())

    def end(self) -> None:
        """End it, and kill it where it does not heed that."""
        if self._handle is not None:
            self._handle.terminate()
            try:
                self._handle.wait(5)
            except subprocess.TimeoutExpired:
                self._handle.kill()
                self._handle.wait()


@contextmanager
def kept(process: Process) -> Iterator[str]:
    """Run a process, and start it again whenever the command is run that is given."""
    with socket.create_server(("127.0.0.1", 0)) as bell:

        def answer() -> None:
            while True:
                try:
                    caller, _ = bell.accept()
                except OSError:  # nobody is to ring any more
                    return
                with caller:
                    process.end()
                    process.start()

        porter = threading.Thread(target=answer, daemon=True)
        try:
            process.start()
            porter.start()
            yield shlex.join([sys.executable, "-c", RING.format(port=bell.getsockname()[1])])
        finally:
            bell.shutdown(socket.SHUT_RDWR)
            if porter.ident is not None:
                porter.join(PATIENCE)
            process.end()


@contextmanager
def mlx_lm(model: Path, log: Path) -> Iterator[Served]:
    """mlx-lm's server with a model."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/v1"
    command = [sys.executable, "-m", "mlx_lm", "server", "--model", str(model), "--host", "127.0.0.1"]
    process = Process([*command, "--port", str(port)], log, f"{url}/models", {"HF_HUB_OFFLINE": "1"})
    with kept(process) as restart:
        yield Served(url=url, restart=restart)


CONFIG = """
model_list:
  - model_name: default_model
    litellm_params:
      model: openai/default_model
      api_base: {behind}
      api_key: unused
general_settings:
  master_key: os.environ/LITELLM_MASTER_KEY
router_settings:
  disable_cooldowns: true  # else one 500 of the engine's makes five seconds of 429
litellm_settings:
  num_retries: 0
  drop_params: false
  telemetry: false
"""

QUIET = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_TELEMETRY": "False", "DO_NOT_TRACK": "1"}
"""It asks nobody for prices and tells nobody of itself."""


@contextmanager
def litellm(behind: Served, folder: Path, key: str) -> Iterator[Served]:
    """LiteLLM's proxy in front of another server; the command brings back that one, for it is that one that dies."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/v1"
    config = folder / "litellm.yaml"
    config.write_text(CONFIG.format(behind=behind.url))
    command = [str(Path(sys.executable).with_name("litellm")), "--config", str(config), "--host", "127.0.0.1"]
    process = Process(
        [*command, "--port", str(port), "--telemetry", "False"],
        folder / "litellm.log",
        f"http://127.0.0.1:{port}/health/liveliness",
        {**QUIET, "LITELLM_MASTER_KEY": key},
    )
    with kept(process):
        yield Served(url=url, restart=behind.restart)
