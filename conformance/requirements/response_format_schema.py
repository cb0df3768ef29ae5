"""The form of the reply, by a schema: what no model would say unless it is made to.

The schemas keep to what strict modes allow everywhere: every member required, none beyond them, no bounds.  An endpoint
that refuses json_schema by its name does not offer it, which the documents allow.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from .. import strict_json
from ..ask import Ask
from ..blame import GENERATED
from ..calls import departs
from ..contract import Contract
from ..exchange import Exchange
from ..model import JSON, Finding, Kind, Level, NotJudged, Violation, Zone
from ..mutants import Sent
from ..reply import members
from ..requirement import requirement
from ..scenario import Script, for_each, scenario, takes, together
from ..schema import show
from ..spoil import ignores, refuses, says, streaming, whole
from .response_format import form_of, texts, unsaid_cut

MUST, SHOULD = Level.MUST, Level.SHOULD


def closed(**properties: JSON) -> dict[str, JSON]:
    """The schema of an object that has these members and no other."""
    return {
        "type": "object",
        "properties": {**properties},
        "required": [*properties],
        "additionalProperties": False,
    }


_ODD: dict[str, JSON] = {
    "class": {"type": "boolean"},
    "two words": {"type": "integer"},
    "длина": {"type": "string", "enum": ["короткая", "длинная"]},
    "x-1.y_2": {"type": "null"},
}

SCHEMAS: dict[str, dict[str, JSON]] = {
    "constants": closed(
        kind={"type": "string", "const": "zq-7781-vx"},
        number={"type": "integer", "const": 40961},
        mood={"type": "string", "enum": ["naïve 🙂", "„так“"]},
    ),
    "keys": closed(**_ODD),
    "nesting": closed(
        list={"type": "array", "items": {"type": "string", "enum": ["q1", "q2"]}},
        inner=closed(deep=closed(deeper={"type": ["string", "null"], "enum": ["v9", None]})),
        either={"anyOf": [{"type": "integer"}, closed(w={"type": "boolean"})]},
    ),
}
"""By what is odd about them."""


def named(schema: str) -> dict[str, JSON]:
    """One of the schemas in the form of OpenAI's json_schema."""
    described: dict[str, JSON] = {
        "name": f"answer_{schema}",
        "description": "What is known of a place.",
        "schema": SCHEMAS[schema],
        "strict": True,
    }
    return {"type": "json_schema", "json_schema": described}


def forms(contract: Contract) -> tuple[str, ...]:
    """Where a contract has the schema: inside json_schema, or beside json_object as in document 001."""
    return ("json_schema",) if "json-schema" in contract.features else ("json_object",)


@scenario(steps=2, tokens=384)
def by_schema(ask: Ask, form: str, schema: str) -> Script:
    """Ask for JSON of a schema that nothing satisfies by chance, whole and streamed."""
    beside: dict[str, JSON] = {"type": "json_object", "schema": SCHEMAS[schema]}
    asked = partial(
        ask,
        prompt="Describe a place as you like. Answer in JSON.",
        max_tokens=192,
        response_format=named(schema) if form == "json_schema" else beside,
        zone=Zone.DISPUTED if form == "json_schema" else Zone.ACCEPT,
    )
    answers = together((yield [asked(), asked(stream=True)]))
    refused = next((each for each in answers if not each.ok), None)
    if refused is None:
        return None
    hint = "; run --without json-schema where it is not offered" if refused.refused and not refused.crashed else ""
    return f"a request with json_schema was answered with {refused.status}{hint}"


by_schemas = takes(for_each("schema", lambda _: tuple(SCHEMAS), for_each("form", forms, by_schema)), standard=1, full=3)


def schema_of(exchange: Exchange) -> JSON:
    """The schema that a reply was to satisfy."""
    form = form_of(exchange)
    return members(form.get("json_schema")).get("schema") if form.get("type") == "json_schema" else form.get("schema")


def _ended(answers: tuple[Exchange, ...]) -> list[tuple[Exchange, JSON, str]]:
    return [(each, index, said) for each in answers if each.legible for index, said in texts(each, cut=False)]


def _departures(answers: tuple[Exchange, ...]) -> Iterator[Finding]:
    ended = _ended(answers)
    if not ended:
        yield NotJudged(reason="no reply by a schema ended by itself")
    for exchange, index, said in ended:
        document = strict_json.parse(said)
        wrong = document.problem or departs(document.value, schema_of(exchange))
        if wrong is not None:
            yield Violation(
                pointer=f"/choices/{show(index)} text",
                observed=f"{show(said)} ({wrong}{unsaid_cut(exchange)})",
                expected="JSON that satisfies the schema",
                exchanges=(exchange.n,),
            )


def _by_schema(sent: Sent) -> bool:
    form = members(sent.get("response_format"))
    return "schema" in form or "json_schema" in form


def _streamed(sent: Sent) -> bool:
    return _by_schema(sent) and streaming(sent)


def _whole(sent: Sent) -> bool:
    return _by_schema(sent) and whole(sent)


def _with_more(_: Sent, said: str, __: object) -> str:
    return said.replace("{", '{"note":"as asked",', 1)


def _one_short(_: Sent, said: str, __: object) -> str:
    value = strict_json.parse(said).value
    return strict_json.dump(dict(list(value.items())[:-1])).decode() if isinstance(value, dict) else said


FAULTS = [
    ignores("response_format"),
    ignores("response_format", when=streaming),
    ignores("response_format", when=whole),
    says("schema-with-more-members", "a member that the schema forbids is there", _with_more, when=_by_schema),
    says("schema-with-fewer-members", "streams lack a member that the schema requires", _one_short, when=_streamed),
    says(
        "constants-not-kept",
        "what a schema prescribes is replaced in whole replies",
        lambda _, said, __: said.replace("40961", "1").replace("длина", "length").replace("deeper", "d"),
        when=_whole,
    ),
    says("schema-in-fences", "JSON by a schema comes as a block of code", lambda _, said, __: f"```\n{said}\n```"),
]


of_schemas = partial(requirement, source="response_format", scenario=by_schemas, parameter="response_format")
"""A requirement on replies whose form a schema prescribes."""


@of_schemas("response_format.schema", level=MUST, feature="json-schema", mutants=FAULTS)
def matches_the_schema(answers: tuple[Exchange, ...]) -> Iterator[Finding]:
    """With type json_schema and strict, a text that ended by itself satisfies the schema, its constants included."""
    yield from _departures(answers)


@of_schemas("response_format.schema-beside", level=SHOULD, feature="json-object", mutants=FAULTS)
def matches_the_schema_beside(answers: tuple[Exchange, ...]) -> Iterator[Finding]:
    """With a schema beside type json_object, a text that ended by itself satisfies that schema."""
    yield from _departures(answers)


def _first_twice(_: Sent, said: str, __: object) -> str:
    value = strict_json.parse(said).value
    if not isinstance(value, dict) or not value:
        return said
    first = strict_json.dump(dict([next(iter(value.items()))])).decode()
    return f"{first[:-1]},{strict_json.dump(value).decode()[1:]}"


@of_schemas(
    "response_format.schema-members-once",
    level=SHOULD,
    feature="json-schema",
    mutants=[
        says("schema-with-a-member-twice", "JSON by a schema has its first member twice", _first_twice),
        says("streamed-member-twice", "streamed JSON has its first member twice", _first_twice, when=_streamed),
    ],
)
def members_come_once(answers: tuple[Exchange, ...]) -> Iterator[Finding]:
    """With type json_schema and strict, no object has a member twice, of which clients keep one or the other."""
    read = [(exchange, index, strict_json.parse(said)) for exchange, index, said in _ended(answers)]
    if all(document.problem is not None for _, _, document in read):
        yield NotJudged(reason="no reply by a schema was JSON that ended by itself")
    for exchange, index, document in read:
        if document.duplicates:
            yield Violation(
                pointer=f"/choices/{show(index)} text",
                observed=f"{', '.join(map(show, document.duplicates))} twice",
                expected="each member once",
                exchanges=(exchange.n,),
            )


def _asked_alone(exchange: Exchange) -> bool:
    """A request with json_schema that was answered; of many members at once, others may be to blame (`blame.py`)."""
    alone = exchange.scenario not in GENERATED and exchange.status is not None
    return alone and form_of(exchange).get("type") == "json_schema"


@of_schemas(
    "response_format.schema-no-crash",
    level=MUST,
    kind=Kind.EACH,
    feature="json-schema",
    applies=_asked_alone,
    mutants=[refuses("response_format", 500), refuses("response_format", 500, when=streaming)],
)
def schemas_crash_nothing(exchange: Exchange) -> Iterator[Violation]:
    """A request with json_schema is answered or refused, not met with a 5xx."""
    if exchange.crashed and exchange.status != 501:  # which says in so many words that it is not offered
        yield Violation(pointer="status", observed=str(exchange.status), expected="2xx or 4xx")
