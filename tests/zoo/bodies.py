"""Animals whose framing is right and whose JSON, text or events are not."""

from __future__ import annotations

import re
from collections.abc import Callable

from conformance import sse
from conformance.mutants import Call, Wire
from tests.report.hostile import hostile

from .cage import FINE, ROWS, Visit, animal

CREATED = re.compile(rb'"created": ?[0-9]+')
CONTENT = re.compile(rb'"content": ?"[^"]*"')
HARM = hostile().wire


async def changed(visit: Visit, change: Callable[[bytes], bytes]) -> None:
    """The honest reply with its JSON object changed; of a stream, the second one, which is the first with a text."""
    if not visit.streamed:
        await visit.whole(change(visit.body))
        return
    data = [event.data for event in sse.parse(visit.body).events]
    await visit.whole(b"".join(sse.event(change(each) if number == 1 else each) for number, each in enumerate(data)))


def says(content: bytes) -> Callable[[bytes], bytes]:
    """A change of every text to this JSON string's inside."""
    return lambda data: CONTENT.sub(lambda _: b'"content":"' + content + b'"', data)


def created(number: bytes) -> Callable[[bytes], bytes]:
    """A change of the time to this."""
    return lambda data: CREATED.sub(lambda _: b'"created":' + number, data)


def with_member(member: bytes) -> Callable[[bytes], bytes]:
    """A change that adds a member."""
    return lambda data: data[:-1] + b"," + member + b"}"


UNREADABLE = {"json": "fail", "events": "fail"}


@animal(says=UNREADABLE)
async def a_hundred_thousand_brackets(visit: Visit) -> None:
    """Opens 100,000 brackets."""
    await changed(visit, lambda _: b"[" * 100_000)


@animal(says=UNREADABLE)
async def brackets_that_close(visit: Visit) -> None:
    """Opens 100,000 brackets and closes them."""
    await changed(visit, with_member(b'"deep":' + b"[" * 100_000 + b"]" * 100_000))


@animal(says=UNREADABLE)
async def objects_in_objects(visit: Visit) -> None:
    """Nests 100,000 objects."""
    await changed(visit, with_member(b'"deep":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000))


@animal(says=FINE)
async def brackets_within_reason(visit: Visit) -> None:
    """Nests 400 arrays in a member that nobody knows, which is odd and allowed."""
    await changed(visit, with_member(b'"deep":' + b"[" * 400 + b"]" * 400))


@animal(says=UNREADABLE)
async def a_number_beyond_all(visit: Visit) -> None:
    """Gives 1e999999 as a time."""
    await changed(visit, created(b"1e999999"))


@animal(says=UNREADABLE)
async def a_hundred_thousand_digits(visit: Visit) -> None:
    """Gives a time of 100,000 digits."""
    await changed(visit, created(b"9" * 100_000))


@animal(
    says={"json": "pass", "envelope.created-in-seconds": "fail"}, select=("envelope", "choices", "usage", "streaming")
)
async def four_thousand_digits(visit: Visit) -> None:
    """Gives numbers of 4,000 digits wherever there is an integer."""
    await changed(visit, lambda data: re.sub(rb'": ?[0-9]+(?=[,}])', lambda _: b'":' + b"9" * 4000, data))


@animal(
    says={"json": "pass", "envelope.created-in-seconds": "fail"}, select=("envelope", "choices", "usage", "streaming")
)
async def numbers_at_the_end_of_the_scale(visit: Visit) -> None:
    """Gives 1e308 wherever there is an integer."""
    await changed(visit, lambda data: re.sub(rb'": ?[0-9]+(?=[,}])', b'":1e308', data))


@animal(says={"json": "pass", "usage.shape": "fail"}, select=("envelope", "choices", "usage", "streaming"))
async def numbers_below_nothing(visit: Visit) -> None:
    """Gives -9,223,372,036,854,775,809 wherever there is an integer."""
    await changed(visit, lambda data: re.sub(rb'": ?[0-9]+(?=[,}])', b'":-9223372036854775809', data))


@animal(says=UNREADABLE)
async def nan(visit: Visit) -> None:
    """Gives NaN as a time, which is no JSON."""
    await changed(visit, created(b"NaN"))


@animal(says=UNREADABLE)
async def infinity(visit: Visit) -> None:
    """Gives -Infinity as a time, which is no JSON."""
    await changed(visit, created(b"-Infinity"))


@animal(says={**UNREADABLE, "streaming.utf8": "fail"}, select=(*ROWS, "streaming.utf8"))
async def no_utf8(visit: Visit) -> None:
    """Sends bytes that are no UTF-8 as its text."""
    await changed(visit, says(b"caf\xe9 \xff\xfe \xed\xa0\x80"))


@animal(says=FINE)
async def half_characters(visit: Visit) -> None:
    """Sends escapes of lone surrogates as its text."""
    await changed(visit, says(b"\\ud800 \\udfff \\ud83d"))


@animal(says=UNREADABLE)
async def bare_nul(visit: Visit) -> None:
    """Sends NUL bytes in its text."""
    await changed(visit, says(b"a\0b"))


@animal(says=FINE)
async def escaped_nul(visit: Visit) -> None:
    """Sends escapes of NUL and other control characters as its text."""
    await changed(visit, says(b"a\\u0000b\\u001b[31m\\u0007"))


@animal(says={"json": "fail", "events": "pass", "complete": "pass", "done": "pass"})
async def a_byte_order_mark(visit: Visit) -> None:
    """Begins with a byte order mark, which JSON must not and an event stream may."""
    await visit.whole(sse.BOM + visit.body)


@animal(says={"json": "fail", "some": "fail"})
async def utf16(visit: Visit) -> None:
    """Sends its body as UTF-16."""
    await visit.whole(visit.body.decode().encode("utf-16"))


@animal(says={**FINE, "envelope.duplicate-keys": "warn"}, select=(*ROWS, "envelope.duplicate-keys"))
async def members_twice(visit: Visit) -> None:
    """Gives each object a member 10,000 times."""
    await changed(visit, with_member(b",".join([b'"again":1'] * 10_000)))


@animal(says={"json": "fail", "complete": "pass", "some": "fail"})
async def nothing(visit: Visit) -> None:
    """Answers 200 with nothing."""
    await visit.whole(b"")


@animal(says=FINE)
async def mixed_line_ends(visit: Visit) -> None:
    """Ends the lines of its stream in all three ways, which is odd and allowed."""
    ends = [b"\r\n\r\n", b"\r\r", b"\n\n", b"\r\n\n", b"\n\r\n"]
    events = visit.body.split(b"\n\n")[:-1]
    mixed = b"".join(event + ends[number % 5] for number, event in enumerate(events))
    await visit.whole(mixed if visit.streamed else visit.body)


@animal(says={"json": "pass", "complete": "pass", "events": "pass", "done": "pass"})
async def script_in_every_string(visit: Visit) -> None:
    """Puts HTML, script, marks of direction and control characters into every string."""
    assert HARM is not None
    wire: Wire = HARM(Call(body=visit.call.body), visit.honest)
    await visit.whole(wire.body)


@animal(says=FINE, select=(*ROWS, "limits", "stop", "streaming"))
async def half_a_megabyte_of_text(visit: Visit) -> None:
    """Says half a megabyte of words, whatever max_tokens says."""
    await changed(visit, says(b"all work and no play " * 25_000))


@animal(says=FINE, select=(*ROWS, "response_format", "tools"))
async def a_text_of_numbers(visit: Visit) -> None:
    """Says the beginning of a JSON array of a hundred thousand numbers."""
    await changed(visit, says(b"[" + b"0," * 100_000))


@animal(says={"choices.default-one": "fail"}, select=(*ROWS, "choices"))
async def ten_thousand_choices(visit: Visit) -> None:
    """Gives 10,000 choices."""
    await changed(visit, lambda data: data.replace(b'"choices":[', b'"choices":[' + b"{}," * 10_000))


@animal(says={"errors.json": "warn"}, select=("errors",))
async def blank_lines_for_errors(visit: Visit) -> None:
    """Answers what it refuses with a page of line feeds."""
    if visit.honest.status < 400:
        await visit.politely()
    else:
        await visit.whole(b"\n" * 30_000 + b"at x(" * 6000, status="400 Bad Request")


@animal(says=FINE)
async def one_long_word(visit: Visit) -> None:
    """Says one word of a million letters, its model's name and its id too."""
    word = b"w" * 1_000_000
    await changed(visit, lambda data: re.sub(rb'"(content|model|id)": ?"[^"]*"', rb'"\1":"' + word + b'"', data))
