"""The form of the reply, plain: type text is what a request gets that says nothing of a form."""

from __future__ import annotations

from collections.abc import Iterator

from ..ask import OMIT, Ask
from ..exchange import Exchange
from ..model import Finding, Level, NotJudged, Violation
from ..mutants import Call, Mutant
from ..reply import members
from ..requirement import requirement
from ..scenario import Script, scenario, takes
from ..schema import show


@scenario(steps=4, tokens=96)
def plain_text(ask: Ask) -> Script:
    """Ask coldly, twice without a word about the form and twice with type text."""
    bare = ask(max_tokens=24, greedy=True, response_format=OMIT)
    typed = ask(max_tokens=24, greedy=True, response_format={"type": "text"})
    yield [bare, typed, bare, typed]
    return None


def _as_json(call: Call) -> Call:
    if members(call.sent.get("response_format")).get("type") != "text":
        return call
    return call.with_body({**call.sent, "response_format": {"type": "json_object"}})


@requirement(
    "response_format.text-is-default",
    level=Level.SHOULD,
    source="response_format",
    scenario=takes(plain_text, standard=1, full=3),
    parameter="response_format",
    mutants=[
        Mutant(name="text-is-json", about="type text is taken for json_object", request=_as_json),
        Mutant(
            name="text-is-shorter",
            about="type text makes the text half as long",
            request=lambda call: (
                call.with_body({**call.sent, "max_tokens": 12}) if "response_format" in call.sent else call
            ),
        ),
    ],
)
def text_is_the_default(asked: tuple[Exchange, ...]) -> Iterator[Finding]:
    """With type text a cold reply says what it says without a response_format."""
    bare, typed = ({each.text for each in asked[start::2]} for start in (0, 1))
    if not all(each.legible for each in asked) or len(bare) > 1 or len(typed) > 1:
        yield NotJudged(reason="cold replies differ between calls")
    elif bare != typed:
        yield Violation(
            pointer="/choices/0 text",
            observed=f"{show(asked[1].text)} with type text",
            expected=f"{show(asked[0].text)}, as without it",
            exchanges=(asked[0].n, asked[1].n),
        )
