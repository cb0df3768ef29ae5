"""Whether a text is the beginning of a JSON text: what is left of one when a limit cut it.

Rule: the grammar is RFC 8259's.  Nothing is built and nothing recurses, so any text can be asked about.
"""

from __future__ import annotations

import re

_SPACE = re.compile(r"[ \t\r\n]*")
_STRING = r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*'
_STRING_TOKEN = re.compile(_STRING + '"')
_SCALAR_TOKEN = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null")
_CUT_STRING = re.compile(_STRING + r"(?:\\(?:u[0-9a-fA-F]{0,3})?)?\Z")
_CUT_NUMBER = re.compile(r"-?(?:(?:0|[1-9][0-9]*)(?:\.(?:[0-9]+(?:[eE][+-]?[0-9]*)?)?|[eE][+-]?[0-9]*)?)?\Z")
_WORDS = ("true", "false", "null")
LONGEST_WORD = 5

_VALUE, _FIRST_VALUE, _KEY, _FIRST_KEY, _COLON, _NEXT = "value", "first value", "key", "first key", "colon", "next"


def begins_json(text: str) -> bool:
    """Whether something could follow that makes one JSON text of it; of a whole one nothing need follow."""
    want, inside = _VALUE, list[str]()
    place = 0
    while (place := _past_space(text, place)) < len(text):
        if not inside and want == _NEXT:
            return False  # something follows a whole text
        if want in (_VALUE, _FIRST_VALUE, _KEY, _FIRST_KEY) and _is_cut(text, place, want):
            return True
        step = _step(text, place, want, inside)
        if step is None:
            return False
        place, want = step
    return True


def _past_space(text: str, place: int) -> int:
    found = _SPACE.match(text, place)
    return found.end() if found else place


def _is_cut(text: str, place: int, want: str) -> bool:
    """Whether the rest of the text is a token, all but its end."""
    if _CUT_STRING.match(text, place):
        return True
    rest = text[place : place + LONGEST_WORD + 1]
    scalar = _CUT_NUMBER.match(text, place) or any(word.startswith(rest) for word in _WORDS)
    return want in (_VALUE, _FIRST_VALUE) and bool(scalar)


def _step(text: str, place: int, want: str, inside: list[str]) -> tuple[int, str] | None:
    """Where the token that begins here ends, and what may follow; None where none of what may come begins here."""
    sign = text[place]
    closes = {"{": "}", "[": "]"}.get(inside[-1] if inside else "")
    if sign == closes and want in (_NEXT, _FIRST_KEY if closes == "}" else _FIRST_VALUE):
        inside.pop()
        return place + 1, _NEXT
    if want in (_COLON, _NEXT):
        follows = _KEY if want == _NEXT and inside[-1] == "{" else _VALUE
        return (place + 1, follows) if sign == {_COLON: ":", _NEXT: ","}[want] else None
    if want in (_VALUE, _FIRST_VALUE) and sign in "{[":
        inside.append(sign)
        return place + 1, _FIRST_KEY if sign == "{" else _FIRST_VALUE
    is_key = want in (_KEY, _FIRST_KEY)
    token = _STRING_TOKEN.match(text, place) or (None if is_key else _SCALAR_TOKEN.match(text, place))
    return (token.end(), _COLON if is_key else _NEXT) if token else None
