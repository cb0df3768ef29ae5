"""Secrets out, by value, through one funnel.

Rule: whatever is written, shown or judged has gone through `Redactor`; nothing is ever redacted by its name, for
`max_tokens` is no token.  A secret is replaced by «secret 1», «secret 2» ... so that an echo of it stays visible.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Sequence
from functools import cached_property
from urllib.parse import quote, quote_plus

SHORTEST = 6
"""A key of fewer characters would blot out honest text, and is refused."""

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


def marker(number: int) -> str:
    """What stands in the place of secret `number` (from 1)."""
    return f"«secret {number}»"


MARKER = re.compile("«secret [0-9]+»")


class Redactor:
    """Replaces the given secrets, in every spelling they may travel in.

    The first secret is the key; the order given is the numbering.  Longer spellings are replaced first, so that a
    secret inside another one does not leave its rest behind.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self.secrets = tuple(dict.fromkeys(secret for secret in secrets if secret))

    @cached_property
    def _spellings(self) -> dict[bytes, bytes]:
        found = [
            (spelling, marker(number).encode())
            for number, secret in enumerate(self.secrets, 1)
            for spelling in _spellings(secret)
        ]
        return dict(sorted(found, key=lambda pair: -len(pair[0])))

    @cached_property
    def _pattern(self) -> re.Pattern[bytes] | None:
        return re.compile(b"|".join(map(re.escape, self._spellings))) if self._spellings else None

    def data(self, data: bytes) -> bytes:
        """These bytes without secrets."""
        if self._pattern is None:
            return data
        return self._pattern.sub(lambda match: self._spellings[match.group()], data)

    def text(self, text: str) -> str:
        """This text without secrets; what is no Unicode (a lone surrogate) is kept as it is."""
        return self.data(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")

    def pieces(self, pieces: Sequence[tuple[float, bytes]]) -> tuple[tuple[float, bytes], ...]:
        """The pieces of a body without secrets, also those that lie across a border: there the marker goes to the
        piece in which the secret begins.  Pieces keep their number and their times."""
        joined = b"".join(piece for _, piece in pieces)
        if self._pattern is None or self._pattern.search(joined) is None:
            return tuple(pieces)
        kept: list[bytearray] = [bytearray() for _ in pieces]
        borders = _borders(pieces)
        position = 0
        for match in self._pattern.finditer(joined):
            _spread(joined, position, match.start(), borders, kept)
            kept[_piece_at(borders, match.start())] += self._spellings[match.group()]
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
    raw = secret.encode("utf-8", "surrogatepass")
    yield raw
    yield quote(raw, safe="").encode()
    yield quote_plus(raw).encode()
    for ensure_ascii in (True, False):
        yield json.dumps(secret, ensure_ascii=ensure_ascii)[1:-1].encode("utf-8", "surrogatepass")
    yield json.dumps(secret)[1:-1].replace("/", "\\/").encode()
    yield from _base64(raw)


def _base64(raw: bytes) -> Iterable[bytes]:
    """The secret as a base64 text of its own, and inside any other one: at each of three alignments, the characters that
    no neighbour decides."""
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


def _borders(pieces: Sequence[tuple[float, bytes]]) -> list[int]:
    """The offset in the joined body at which each piece ends."""
    ends, end = [], 0
    for _, piece in pieces:
        end += len(piece)
        ends.append(end)
    return ends


def _piece_at(borders: list[int], position: int) -> int:
    return next(index for index, end in enumerate(borders) if position < end)


def _spread(joined: bytes, start: int, stop: int, borders: list[int], kept: list[bytearray]) -> None:
    """Give joined[start:stop] back to the pieces it came from."""
    begin = 0
    for index, end in enumerate(borders):
        low, high = max(start, begin), min(stop, end)
        if low < high:
            kept[index] += joined[low:high]
        begin = end
