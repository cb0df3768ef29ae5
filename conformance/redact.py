"""Secrets out, by value, through one funnel.

Rule: whatever is written, shown or judged has gone through `Redactor`; nothing is ever redacted by its name, for
`max_tokens` is no token.  A secret is replaced by «secret 1», «secret 2» ... so that an echo of it stays visible.
"""

from __future__ import annotations

import base64
import html
import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import accumulate
from urllib.parse import quote, quote_plus

SHORTEST = 6
"""A key of fewer characters would blot out honest text, and is refused."""

LONGEST_WORD = 12
"""A key of fewer characters may be an ordinary word, of which nobody can say that it is an echo."""

KEPT_HEADERS = frozenset(
    {
        "allow",
        "content-encoding",
        "content-length",
        "content-type",
        "date",
        "location",
        "request-id",
        "retry-after",
        "transfer-encoding",
        "www-authenticate",
        "x-request-id",
    }
)
"""Reply headers whose values are kept; of all others only the name is, for a cookie is a secret too."""

KEPT_PREFIXES = ("x-ratelimit-", "ratelimit")

WITHHELD = "«withheld»"


def marker(number: int, *, word: bool = False) -> str:
    """What stands in the place of secret `number` (from 1); `word`: of one that may be a word of honest text."""
    return f"«secret {number}{', a word' * word}»"


MARKER = re.compile("«secret [0-9]+(?:, a word)?»")
ECHO = re.compile(r"«(?<!\w«)secret [0-9]+»(?!\w)")  # what may not stand before it comes second: that is found sooner
"""A secret that came back: none that a word or a name may hold by chance."""

_PERCENT = re.compile("%..")


class Redactor:
    """Replaces the given secrets, in every spelling they may travel in.

    The first secret is the key; the order given is the numbering.  Longer spellings are replaced first, so that a
    secret inside another one does not leave its rest behind.  Those shorter than `words` are marked as what may be a
    word of honest text ("ollama" is a key in some places).
    """

    def __init__(self, secrets: Iterable[str] = (), *, words: int = 0) -> None:
        self.secrets = tuple(dict.fromkeys(secret for secret in secrets if secret))
        self._words = words

    @cached_property
    def _spellings(self) -> dict[bytes, bytes]:
        found = [
            (spelling, marker(number, word=len(secret) < self._words).encode())
            for number, secret in enumerate(self.secrets, 1)
            for spelling in _spellings(secret)
        ]
        return dict(sorted(found, key=lambda pair: -len(pair[0])))

    @cached_property
    def _pattern(self) -> re.Pattern[bytes] | None:
        # Markers first: what is redacted already stays as it is, even where a secret is a word of them.
        return (
            re.compile(b"|".join([MARKER.pattern.encode(), *map(re.escape, self._spellings)])) if self.secrets else None
        )

    def data(self, data: bytes) -> bytes:
        """These bytes without secrets."""
        if self._pattern is None or self._absent(data):
            return data
        return self._pattern.sub(self._marked, data)

    def _absent(self, data: bytes) -> bool:
        """Whether no secret is in there: many times faster to find out than where they are."""
        return not any(spelling in data for spelling in self._spellings)

    def _marked(self, match: re.Match[bytes]) -> bytes:
        return self._spellings.get(match.group(), match.group())

    def text(self, text: str) -> str:
        """A text without secrets; what is no Unicode (a lone surrogate) is kept as it is."""
        return self.data(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")

    def pieces(self, pieces: Sequence[tuple[float, bytes]]) -> tuple[tuple[float, bytes], ...]:
        """The pieces of a body without secrets, also those that lie across a border: there the marker goes to the
        piece in which the secret begins.  Pieces keep their number and their times."""
        joined = b"".join(piece for _, piece in pieces)
        if self._pattern is None or self._absent(joined):
            return tuple(pieces)
        kept: list[bytearray] = [bytearray() for _ in pieces]
        borders = list(accumulate(len(piece) for _, piece in pieces))
        position = 0
        for match in self._pattern.finditer(joined):
            _spread(joined, position, match.start(), borders, kept)
            kept[bisect_right(borders, match.start())] += self._marked(match)
            position = match.end()
        _spread(joined, position, len(joined), borders, kept)
        return tuple((when, bytes(data)) for (when, _), data in zip(pieces, kept, strict=True))

    def headers(self, headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        """Reply headers: all names, the values of the allowed ones, without secrets."""
        return tuple(
            (self.text(name), self.text(value) if _is_kept(name.lower()) else WITHHELD) for name, value in headers
        )

    def sent_headers(self, headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        """Request headers: ours, so all values are kept but the secrets."""
        return tuple((name, self.text(value)) for name, value in headers)


def _is_kept(name: str) -> bool:
    return name in KEPT_HEADERS or name.startswith(KEPT_PREFIXES)


def _spellings(secret: str) -> Iterable[bytes]:
    """The secret as it is, in base64, and each of these as the encoders of JSON, URLs and HTML write it."""
    raw = secret.encode("utf-8", "surrogatepass")
    for text in (secret, *(each.decode("ascii") for each in _base64(raw))):
        for written in _written(text):
            yield written.encode("utf-8", "surrogatepass")


def _written(text: str) -> Iterable[str]:
    yield text
    raw = text.encode("utf-8", "surrogatepass")
    for safe in ("", "/", "!'()*", "/!'()*"):  # what form encoders, path encoders and JavaScript leave alone
        for quoted in (quote(raw, safe=safe), quote_plus(raw, safe=safe)):
            yield quoted
            yield _PERCENT.sub(lambda match: match.group().lower(), quoted)
    for plain in (json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]):
        yield plain
        yield plain.replace("/", "\\/")
    for digits in ("%04x", "%04X"):
        for escaped in ("<>&", "<>&'+`\"", None):  # Go's, .NET's, everything
            yield "".join(
                "\\u" + digits % ord(each) if escaped is None or each in escaped else json.dumps(each)[1:-1]
                for each in text
            )
    for apostrophe in ("&#x27;", "&#39;"):
        yield html.escape(text).replace("&#x27;", apostrophe)
    yield html.escape(text, quote=False)


def _base64(raw: bytes) -> Iterable[bytes]:
    """The secret as a base64 text of its own, and inside any other one: at each of three alignments, the characters
    that no neighbour decides."""
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        yield encode(raw)
        yield encode(raw).rstrip(b"=")
    for shift in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            text = encode(b"\0" * shift + raw)
            first = -(-shift * 8 // 6)
            last = (shift + len(raw)) * 8 // 6
            if last - first >= SHORTEST:
                yield text[first:last]


def _spread(joined: bytes, start: int, stop: int, borders: list[int], kept: list[bytearray]) -> None:
    """Give joined[start:stop] back to the pieces it came from."""
    index = bisect_right(borders, start)
    while start < stop:
        end = min(stop, borders[index])
        kept[index] += joined[start:end]
        start, index = end, index + 1
