"""seed: best effort, as every document says; so never more than a warning."""

from __future__ import annotations

from collections.abc import Iterator

from ..ask import Ask
from ..exchange import Exchange
from ..model import Depth, Finding, Level, NotJudged, Violation
from ..mutants import Mutant
from ..requirement import requirement
from ..scenario import Script, both_modes, scenario
from ..schema import show
from ..spoil import ignores, streaming
from .logprobs_asked import neutral
from .sampling_extremes import begin_alike

SEEDS = (7, 1234, 987654321)

HOT = 1.9
"""A temperature at which a model that is nearly sure of its words leaves much to chance, in 24 tokens."""


@scenario(steps=8, tokens=168)
def seeded(ask: Ask) -> Script:
    """Ask the same coldly twice, then hotly twice with each of three seeds."""
    cold = [ask(max_tokens=12, also=neutral(ask, temperature=ask.setting.cold)) for _ in range(2)]
    hot = neutral(ask, temperature=HOT)
    yield [*cold, *(ask(max_tokens=24, seed=seed, also=hot) for seed in SEEDS for _ in range(2))]
    return None


@requirement(
    "sampling.seed-repeats",
    level=Level.SHOULD,
    source="seed",
    scenario=both_modes(seeded, streams=Depth.FULL),
    feature="seed",
    parameter="seed",
    mutants=[
        ignores("seed"),
        ignores("seed", when=streaming),
        Mutant(
            name="ignores-seed-when-warm",
            about="a seed has no effect where anything is left to chance",
            request=ignores("seed").request,
            when=lambda sent: bool(sent.get("temperature")),
        ),
    ],
)
def same_seed_same_text(asked: tuple[Exchange, ...]) -> Iterator[Finding]:
    """The same hot request with the same seed gives the same text: of three pairs not all differ from their first words
    on, where cold replies do not differ either."""
    texts = [each.text for each in asked]
    if not all(each.legible for each in asked) or texts[0] != texts[1]:
        yield NotJudged(reason="cold replies differ between calls too, so that no seed can make replies the same")
        return
    pairs = list(zip(texts[2::2], texts[3::2], strict=True))
    if not any(one == other or begin_alike((one, other)) for one, other in pairs):
        yield Violation(
            pointer="/choices/0",
            observed=f"{show(pairs[0][0])} and {show(pairs[0][1])} with seed {SEEDS[0]}, and the like with the others",
            expected="the same text for the same seed, at least once in three times",
            exchanges=tuple(each.n for each in asked[2:4]),
        )
    elif len(set(texts[2:])) == 1:
        yield NotJudged(reason="the model was too sure of what to say for a seed to matter")
