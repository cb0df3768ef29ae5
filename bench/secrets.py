"""How many of so many planted secrets are found in what runs leave behind: there must be none.

    python -m bench.secrets [SECRETS]     1,000 by default

Each run has a key (of a Basic contract a user and a password) and a header of its own, drawn at random, and tests an
endpoint that says them wherever it can, in every spelling (`tests.parrot`).  Searched are all files of the run and of
judging its evidence again, the terminal, and the logs at their most talkative.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from random import Random

from conformance import contract as contracts
from conformance.reference.app import running
from conformance.reference.endpoint import Endpoint
from tests.parrot import PRINTABLE, leaks, parrot
from tests.test_secrets import planted

CONTRACTS = ("highwayapi", "basic-gateway")


def drawn(random: Random) -> str:
    """A secret of 14 to 48 printable characters."""
    return "".join(random.choices(PRINTABLE.replace(":", ""), k=random.randint(14, 48)))


def main(wanted: int) -> None:
    """Runs until so many secrets were planted."""
    random = Random(1)  # noqa: S311  # nobody is to be kept out by these
    count = runs = 0
    found: list[str] = []
    while count < wanted:
        for name in CONTRACTS:
            user, password, header = (drawn(random) for _ in range(3))
            known = [f"{user}:{password}", user, password, header] if name == CONTRACTS[1] else [password, header]
            with (
                running(Endpoint(contracts.load(name), mutant=parrot())) as url,
                tempfile.TemporaryDirectory() as out,
            ):
                told = planted(name, url, known[0], header, Path(out))
                new = [f"{secret}: {leak}" for secret in known for leak in leaks(secret, Path(out), told)]
            print("".join(f"{each}\n" for each in new), end="", flush=True)
            found += new
            count, runs = count + len(known), runs + 1
        if runs % 20 == 0:
            print(f"{count} planted in {runs} runs, {len(found)} found", flush=True)
    print(f"{count} planted in {runs} runs, {len(found)} found")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
