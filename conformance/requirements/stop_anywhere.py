"""Stop sequences, wherever one was given: nothing follows it in any text of the run."""

from __future__ import annotations

from collections.abc import Iterator

from ..exchange import Exchange
from ..model import Kind, Level, Violation, Zone
from ..mutants import Mutant, Sent
from ..reply import items, text
from ..requirement import requirement
from ..scenario import takes
from ..schema import show
from ..spoil import ignores
from ..words import REPLACEMENT
from .choices_text import prompt_of
from .limits_context import beyond_the_window
from .response_format import THOUGHT, THOUGHT_ENDS, form_of

ONE_STEP = 32
"""Characters that may come at one step of an engine; of several stops in them, it may heed whichever it looks at first,
and the text is then cut at that one."""

MOST = 4


def stops_of(exchange: Exchange) -> list[str]:
    """The stops of a request, or none if one of them is no text that is sent as it is: engines trim white space."""
    given = exchange.sent.get("stop")
    stops = [text(each) for each in (items(given) if isinstance(given, list) else [given])]
    plain = all(each and each.strip() == each and REPLACEMENT not in each for each in stops)
    return stops if plain and len(stops) <= MOST else []


def _as_made(exchange: Exchange) -> bool:
    """A legible reply with stops, whose text is as it was generated: some write JSON anew."""
    accepted = exchange.legible and exchange.zone is not Zone.REJECT
    return accepted and form_of(exchange).get("type") in (None, "text") and bool(stops_of(exchange))


def _answer(said: str, prompt: str) -> str:
    """The text without what may stand before it and in which no stop need be looked for: the prompt, and thoughts."""
    said = said.lstrip().removeprefix(prompt.strip())
    return said.partition(THOUGHT_ENDS)[2] if said.lstrip().startswith(THOUGHT) else said


def _unlimited(sent: Sent) -> bool:
    return sent.get("max_tokens") is None


@requirement(
    "stop.nothing-follows",
    level=Level.MUST,
    source="stop",
    scenario=takes(beyond_the_window, standard=2, full=4),
    kind=Kind.EACH,
    feature="stop",
    parameter="stop",
    applies=_as_made,
    mutants=[
        Mutant(
            name="stop-ignored-without-a-limit",
            about="a stop has no effect where no max_tokens is given",
            request=ignores("stop").request,
            when=_unlimited,
        ),
    ],
)
def nothing_follows(exchange: Exchange) -> Iterator[Violation]:
    """Wherever a stop sequence was given and comes up in a text, nothing follows it."""
    stops = stops_of(exchange)
    for choice in exchange.choices:
        said = _answer(choice.text, prompt_of(exchange.sent))
        for stop in stops:
            before, found, after = said.partition(stop)
            if found and len(after) > (ONE_STEP if len(stops) > 1 else 0):
                around = f"{before[-30:]}{stop}{after[:30]}"
                yield Violation(
                    pointer=f"/choices/{show(choice.index)} text",
                    observed=f"{show(around, 100)}: something follows the stop {show(stop)}",
                    expected="the text up to the stop, with it or without it",
                )
