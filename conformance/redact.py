"""Secrets out, by value, through one funnel.

Rule: whatever is written, shown or judged has gone through `Redactor`; nothing is ever redacted by its name, for
`max_tokens` is no token.  A secret is replaced by «secret 1», «secret 2» ... so that an echo of it stays visible.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import accumulate
from typing import TypeAlias

from . import spellings
from .spellings import SHORTEST

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

Span: TypeAlias = tuple[int, int, bytes]
"""From, to, and what stands in its place."""


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
            (spelling, self._marker(number, secret))
            for number, secret in enumerate(self.secrets, 1)
            for spelling in spellings.spellings(secret)
        ]
        return dict(sorted(found, key=lambda pair: -len(pair[0])))

    @cached_property
    def _pattern(self) -> re.Pattern[bytes] | None:
        # Markers first: what is redacted already stays as it is, even where a secret is a word of them.
        return (
            re.compile(b"|".join([MARKER.pattern.encode(), *map(re.escape, self._spellings)])) if self.secrets else None
        )

    @cached_property
    def _plain(self) -> dict[bytes, bytes]:
        """The secrets and their base64 texts without backslashes, and with what looks like an escape in them undone."""
        found = [
            (plain, self._marker(number, secret))
            for number, secret in enumerate(self.secrets, 1)
            for text in spellings.texts(secret)
            for plain in (text.replace(b"\\", b""), spellings.plain(text))
            if len(plain) >= SHORTEST
        ]
        return dict(sorted(found, key=lambda pair: -len(pair[0])))

    def _marker(self, number: int, secret: str) -> bytes:
        return marker(number, word=len(secret) < self._words).encode()

    def data(self, data: bytes) -> bytes:
        """These bytes without secrets."""
        return self.pieces([(0.0, data)])[0][1]

    def _spelt(self, data: bytes) -> Iterator[Span]:
        """Where secrets are as an encoder writes them, in order, and the markers that are there already."""
        if self._pattern is not None and any(each in data for each in self._spellings):  # many times faster than re
            for match in self._pattern.finditer(data):
                yield *match.span(), self._spellings.get(match.group(), match.group())

    def _escaped(self, data: bytes) -> Iterator[Span]:
        """Where secrets are some of whose characters are escaped and some are not, as no encoder writes them."""
        if not self.secrets or spellings.ESCAPE.search(data) is None:
            return
        plain = spellings.plain(data)
        there = [re.escape(secret) for secret in self._plain if secret in plain]
        places = spellings.places(data) if there else []
        for match in re.finditer(b"|".join([MARKER.pattern.encode(), *there]), plain) if there else ():
            start, stop = places[match.start()][0], places[match.end() - 1][1]
            yield start, stop, self._plain.get(match.group(), match.group())

    def text(self, text: str) -> str:
        """A text without secrets; what is no Unicode (a lone surrogate) is kept as it is."""
        return self.data(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")

    def pieces(self, pieces: Sequence[tuple[float, bytes]]) -> tuple[tuple[float, bytes], ...]:
        """The pieces of a body without secrets, also those that lie across a border: there the marker goes to the
        piece in which the secret begins.  Pieces keep their number and their times."""
        for find in (self._spelt, self._escaped):
            joined = b"".join(piece for _, piece in pieces)
            spans = list(find(joined))
            if spans:
                times = [when for when, _ in pieces]
                borders = list(accumulate(len(piece) for _, piece in pieces))
                pieces = list(zip(times, _replaced(joined, spans, borders), strict=True))
        return tuple(pieces)

    def headers(self, headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        """Reply headers: all names, the values of the allowed ones, without secrets."""
        return tuple(
            (self.text(name), self.text(value) if is_kept(name.lower()) else WITHHELD) for name, value in headers
        )

    def sent_headers(self, headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        """Request headers: ours, so all values are kept but the secrets."""
        return tuple((name, self.text(value)) for name, value in headers)


def is_kept(name: str) -> bool:
    """Whether the value of a reply's header of this name, in lower case, is kept."""
    return name in KEPT_HEADERS or name.startswith(KEPT_PREFIXES)


def _replaced(joined: bytes, spans: Iterable[Span], borders: list[int]) -> list[bytes]:
    """The pieces that end at these borders, with what stands in the place of the spans."""
    kept = [bytearray() for _ in borders]
    position = 0
    for start, stop, place in spans:
        _spread(joined, position, start, borders, kept)
        kept[bisect_right(borders, start)] += place
        position = stop
    _spread(joined, position, len(joined), borders, kept)
    return [bytes(piece) for piece in kept]


def _spread(joined: bytes, start: int, stop: int, borders: list[int], kept: list[bytearray]) -> None:
    """Give joined[start:stop] back to the pieces it came from."""
    index = bisect_right(borders, start)
    while start < stop:
        end = min(stop, borders[index])
        kept[index] += joined[start:end]
        start, index = end, index + 1
