"""`python -m conformance` is `chat-conformance`."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import NoReturn

from .cli import main


def command() -> NoReturn:
    """Run one command, and end: a run leaves so much in memory that it would take a while to take all of it apart."""
    code = main()
    for stream in (sys.stdout, sys.stderr):
        with suppress(BrokenPipeError, ValueError):  # nobody listens any more, or it is closed
            stream.flush()
    os._exit(code)


if __name__ == "__main__":
    command()
