"""The tokens of the reference endpoint's language model: every byte, some pieces of text, and an end.

Rule: ids 0 to 255 are the bytes, so every text has tokens and the ids 10 to 255 exist, as they do in every real
vocabulary.  Some pieces end inside a character, for those of real models do, and whoever joins tokens to text must be
ready for it.
"""

from __future__ import annotations

from collections.abc import Iterable

WORDS = tuple(
    """the of and a to in that was it he she they for on with as at by had not but from his her their one all there
    then over through after before again while where every each some more most many once never always still only
    very too into up down out when which said would could traveller road city river bridge market lamp door window
    house garden mountain forest sea ship stone bird horse dog cat child woman man king queen story song letter map
    coin bread water fire light night day morning evening winter summer rain wind snow star moon sun red blue green
    old new long small great quiet bright dark cold warm slow two three four five six seven eight nine ten hundred
    walked counted looked found gave took came went saw heard asked told knew thought began turned opened waited
    wrote""".split()  # noqa: SIM905  # as a list it would fill pages
)
"""Words that a reply is made of; as tokens they begin with a space."""

UNUSUAL_WORDS = ("café", "naïve", "Zürich", "你好", "日本", "мир", "🙂", "“so”")

_STARTS = ("The", "Once", "And", "But", "Then", "He", "She", "It")
_ENDINGS = tuple(
    """ing ed er ly th an re on st en at or is ar al it le nd ou es te in he ch sh ti ra de co ma ne ve ro tion ent
    ation ble ment con pro com per all our""".split()  # noqa: SIM905  # likewise
)
_MARKS = (".\n", "\n\n", "?\n", "…", " —", " “", "”", " (", "é", "ü", "ñ", "ï", " €")
_JSON = tuple(
    '{" ":" "," "} ": ," ":[ "] }, ], }] }} true false null <think> </think>'.split()  # noqa: SIM905  # likewise
)
_HALVES = (
    b" caf\xc3",
    b" na\xc3",
    b" \xf0\x9f\x98",
    b" \xf0\x9f",
    b" \xe4\xbd\xa0\xe5",
    b" \xe6\x97\xa5\xe6",
    b" \xe3\x81",
    b" \xd0\xbc\xd0\xb8\xd1",
    b"\xf0\x9f",
    b"\xe5\xa5",
    b"\xe6\x9c",
    b"\xe2\x80",
    b"\xc3",
)
"""Pieces that end inside a character; b"\\xc3" is a byte too and only named here for its likelihood."""

_OTHER_HALVES = (b"\xa5\xbd", b"\x9c\xac", b"\x99\x82", b"\x8e\x89", b"\x81\xaf", b"\xa9s", b"\xafve")
"""Pieces that begin inside a character, so that nothing is ever likely to begin with them."""


def _spaced(words: Iterable[str]) -> tuple[bytes, ...]:
    return tuple(b" " + word.encode() for word in words)


def _plain(words: Iterable[str]) -> tuple[bytes, ...]:
    return tuple(word.encode() for word in words)


LIKELIHOOD: tuple[tuple[tuple[bytes, ...], float], ...] = (
    (_spaced(WORDS), 0.0),
    (_plain((",", ".")), 0.5),
    (_plain(_MARKS), -1.5),
    (_HALVES, -1.2),
    (_plain(_STARTS), -2.0),
    (_plain(_ENDINGS), -4.5),
    (_plain(_JSON), -10.0),
)
"""Groups of tokens, each with how likely its members are where a character may begin (a logit)."""

_PIECES = tuple(
    dict.fromkeys(
        piece for group in (*(group for group, _ in LIKELIHOOD), _OTHER_HALVES) for piece in group if piece[1:]
    )
)

TOKENS: tuple[bytes, ...] = (*(bytes([byte]) for byte in range(256)), *_PIECES, b"")
"""The bytes of every token by id.  The last one, which has none, is the end of a text."""

END = len(TOKENS) - 1
END_NAME = "<|end|>"

_BY_START: dict[bytes, list[bytes]] = {}
for _piece in sorted(_PIECES, key=len, reverse=True):
    _BY_START.setdefault(_piece[:2], []).append(_piece)

IDS: dict[bytes, int] = {token: number for number, token in enumerate(TOKENS)}


def encode(text: str) -> list[int]:
    """The tokens of a text: at every place the longest piece that fits.  A lone surrogate counts as a question mark."""
    data = text.encode("utf-8", "replace")
    found: list[int] = []
    place = 0
    while place < len(data):
        for piece in _BY_START.get(data[place : place + 2], ()):
            if data.startswith(piece, place):
                break
        else:
            piece = data[place : place + 1]
        found.append(IDS[piece])
        place += len(piece)
    return found


def name(token: int) -> str:
    """A token as a text of its own: half a character is U+FFFD."""
    return END_NAME if token == END else TOKENS[token].decode("utf-8", "replace")
