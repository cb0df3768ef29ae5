"""Weather instead of 30 % of the replies: does anything fail, and how much is still decided?

    python -m bench.weather [SEEDS [DEPTH]]      default: 50 smoke

Over real sockets, against the reference endpoint: a reply is answered, or gives way to one of the kinds of weather in
`tests/weather.py`, as the seed, the request and the number of its attempt will have it.  A line a seed: what failed
(nothing should), and the share of the verdicts of a run in fair weather that came out the same.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from conformance import contract as contracts
from conformance.reference.endpoint import Endpoint
from tests.test_run import judged, verdicts
from tests.weather import Sky, under


def run(sky: Sky, depth: str) -> dict[str, str]:
    """The verdicts of a run under a sky."""
    with tempfile.TemporaryDirectory() as folder, under(sky, Endpoint(contracts.load("highwayapi"))) as server:
        return verdicts(judged(server.url, Path(folder), depth=depth, timeout=1.0)[0])


def main() -> int:
    """Print the table; 0 if nothing failed and enough was decided."""
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    depth = sys.argv[2] if len(sys.argv) > 2 else "smoke"
    fair = run(Sky(seed=0, share=0), depth)
    decided = [name for name, verdict in fair.items() if verdict not in ("inconclusive", "unsupported")]
    failures, least, shares = 0, 1.0, 0.0
    for seed in range(1, seeds + 1):
        sky = Sky(seed=seed)
        found = run(sky, depth)
        failed = [name for name, verdict in found.items() if verdict == "fail"]
        warned = sorted(name for name, verdict in found.items() if verdict == "warn" != fair[name])
        same = sum(found[name] == fair[name] for name in decided) / len(decided)
        failures, least, shares = failures + len(failed), min(least, same), shares + same
        weather, sent = sky.happened.total(), sky.seen.total()
        print(
            f"seed {seed}: weather {weather} of {sent}, {same:.1%} the same; failed {failed}, warned {warned}",
            flush=True,
        )
    print(
        f"{seeds} seeds, {depth}: {failures} false failures; the same verdicts: {shares / seeds:.1%}, least {least:.1%}"
    )
    return int(failures > 0 or least < 0.9)


if __name__ == "__main__":
    sys.exit(main())
