"""Messages whose content is made of parts: text, a picture, a film.

The documents show these members and not how they fit together: a picture's address alone, or an object that holds it.
Nothing is fetched from anywhere: what is shown lies in the request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from ..ask import Ask
from ..exchange import Exchange
from ..model import JSON, Finding, Level, NotJudged, Observation, Violation
from ..mutants import Object
from ..requirement import requirement
from ..scenario import Script, scenario
from .messages import hears, refuses_when
from .messages_strange import last_word
from .usage import TOLERANCE, count, counted

MUST, SHOULD, OBSERVE = Level.MUST, Level.SHOULD, Level.OBSERVE

SAID = "Count with me: one two three four five six seven eight nine ten, and the same again backwards."

PICTURE = (
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAAEAAAABACAIAAAAlC+aJAAAAS0lEQVR42u3PQQkAAAgAsetfWiP4FgYrsKZeS0BAQEBAQEBAQEBA"
    "QEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEDgsqnc8OJg6Ln3AAAAAElFTkSuQmCC"
)
"""A red square of 64 x 64."""

FILM = "data:video/mp4;base64,AAAAHGZ0eXBpc29tAAACAGlzb21pc28ybXA0MQAAAAhmcmVlAAAACG1kYXQAAAAIbW9vdg=="
"""The frame of a film without a picture in it."""


@scenario(steps=3, tokens=12)
def in_parts(ask: Ask) -> Script:
    """Say one thing as a text, as one part and as two parts."""
    half = len(SAID) // 2
    yield [
        last_word(ask, SAID),
        last_word(ask, [{"type": "text", "text": SAID}]),
        last_word(ask, [{"type": "text", "text": SAID[:half]}, {"type": "text", "text": SAID[half:]}]),
    ]
    return None


of_parts = partial(requirement, source="messages", scenario=in_parts, feature="content-parts", parameter="messages")
"""A requirement on contents made of text."""


def _lists(said: list[Object]) -> bool:
    return any(isinstance(each.get("content"), list) for each in said)


def _several(said: list[Object]) -> bool:
    return any(isinstance(each.get("content"), list) and len(each["content"]) > 1 for each in said)


def _cut_lists(keep: Callable[[list[Object]], object]) -> Callable[[list[Object]], list[Object]]:
    return lambda said: [
        {**each, "content": keep(each["content"])} if isinstance(each.get("content"), list) else each for each in said
    ]


@of_parts(
    "messages.text-parts",
    level=MUST,
    mutants=[
        refuses_when("parts-refused", "a content made of parts is refused", 400, _lists),
        refuses_when("several-parts-are-500", "a content of several parts is answered with 500", 500, _several),
    ],
)
def parts_are_accepted(asked: tuple[Exchange, ...]) -> Iterator[Finding]:
    """A content made of text parts is accepted, of one and of several."""
    if not asked[0].ok:
        yield NotJudged(reason=f"the same as one text was not answered ({asked[0].status})")
        return
    for exchange in asked[1:]:
        if not exchange.ok:
            yield Violation(
                pointer="status", observed=str(exchange.status), expected="2xx for text parts", exchanges=(exchange.n,)
            )


@of_parts(
    "messages.text-parts-count",
    level=SHOULD,
    mutants=[
        hears("parts-dropped", "a content made of parts is taken for an empty one", _cut_lists(lambda _: "")),
        hears("only-the-first-part", "of several parts only the first is read", _cut_lists(lambda parts: parts[:1])),
    ],
)
def parts_count(asked: tuple[Exchange, ...]) -> Iterator[Finding]:
    """Text in parts counts as much as the same text in one string."""
    whole, *parted = asked
    judged = [each for each in parted if counted(each)]
    if not counted(whole) or not judged:
        yield NotJudged(reason="there was no usage to compare")
        return
    least = count(whole, "prompt_tokens") - TOLERANCE
    for exchange in judged:
        if count(exchange, "prompt_tokens") < least:
            yield Violation(
                pointer="/usage/prompt_tokens",
                observed=f"{count(exchange, 'prompt_tokens')} in parts",
                expected=f"at least {least}",
                exchanges=(whole.n, exchange.n),
            )


def _shown(kind: str, given: JSON) -> list[JSON]:
    return [{"type": "text", "text": "What is this?"}, {"type": kind, kind: given}]


@scenario(steps=2, tokens=8)
def picture(ask: Ask) -> Script:
    """Show a picture, its address alone and in an object."""
    yield [last_word(ask, _shown("image_url", PICTURE)), last_word(ask, _shown("image_url", {"url": PICTURE}))]
    return None


@scenario(steps=2, tokens=8)
def film(ask: Ask) -> Script:
    """Show a film, its address alone and in an object."""
    yield [last_word(ask, _shown("video_url", FILM)), last_word(ask, _shown("video_url", {"url": FILM}))]
    return None


def form_taken(asked: tuple[Exchange, ...]) -> Observation:
    """Which of the two forms was answered."""
    names = [name for name, exchange in zip(("a string", "an object with url"), asked, strict=False) if exchange.ok]
    refused = ", ".join(str(exchange.status) for exchange in asked)
    return Observation(value=" and ".join(names) or f"neither ({refused})", exchanges=tuple(each.n for each in asked))


def _has(kind: str, form: type) -> Callable[[list[Object]], bool]:
    def meets(said: list[Object]) -> bool:
        parts = [part for each in said if isinstance(each.get("content"), list) for part in each["content"]]
        return any(isinstance(part, dict) and isinstance(part.get(kind), form) for part in parts)

    return meets


of_pictures = partial(requirement, source="messages", scenario=picture, feature="images", parameter="messages")
"""A requirement on pictures."""


@of_pictures(
    "messages.image",
    level=MUST,
    mutants=[refuses_when("pictures-refused", "pictures are refused", 400, _lists)],
)
def pictures_are_accepted(asked: tuple[Exchange, ...]) -> Iterator[Violation]:
    """A picture is accepted in one of the two forms, its address as a string or in an object."""
    if not any(exchange.ok for exchange in asked):
        yield Violation(
            pointer="status",
            observed=" and ".join(str(exchange.status) for exchange in asked),
            expected="2xx for one of the forms",
            exchanges=tuple(exchange.n for exchange in asked),
        )


@of_pictures(
    "messages.image-form",
    level=OBSERVE,
    mutants=[
        refuses_when("picture-as-string-refused", "a picture's bare address is refused", 400, _has("image_url", str)),
        refuses_when("picture-as-object-refused", "a picture in an object is refused", 400, _has("image_url", dict)),
    ],
)
def picture_form(asked: tuple[Exchange, ...]) -> Iterator[Observation]:
    """In which form a picture is accepted."""
    yield form_taken(asked)


@requirement(
    "messages.video-form",
    level=OBSERVE,
    source="messages",
    scenario=film,
    feature="video",
    parameter="messages",
    mutants=[
        refuses_when("film-as-string-refused", "a film's bare address is refused", 400, _has("video_url", str)),
        refuses_when("film-as-object-refused", "a film in an object is refused", 400, _has("video_url", dict)),
    ],
)
def film_form(asked: tuple[Exchange, ...]) -> Iterator[Observation]:
    """In which form a film is accepted."""
    yield form_taken(asked)
