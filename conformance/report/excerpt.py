"""A body of any length -> what of it is shown: its beginning, the place that a violation points at, and its end.

Rule: at most `LONGEST` bytes whatever came, with the number of bytes that were left out in their place; what is no
UTF-8 shows as escapes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

LONGEST = 2000
"""Bytes that are shown of a body; the evidence has the rest."""

NOTE = 40
"""Bytes that a note of what was left out may take."""

BEFORE = 60
"""Bytes shown before the place that is pointed at."""

Span = tuple[int, int]
"""From, to."""


@dataclass(frozen=True, kw_only=True)
class Window:
    """A part that is shown: its bytes in the body, and the character of the excerpt at which it begins."""

    start: int
    end: int
    at: int


@dataclass(frozen=True, kw_only=True)
class Excerpt:
    """What is shown of a body, and the characters of it that are pointed at."""

    text: str
    body: bytes
    windows: tuple[Window, ...]
    spot: Span | None = None

    def character(self, byte: int) -> int | None:
        """The character that shows this byte of the body, None where it was left out."""
        for window in self.windows:
            if window.start <= byte < window.end:
                return window.at + len(_text(self.body[window.start : _aligned(self.body, byte)]))
        return None

    def span(self, span: Span) -> Span | None:
        """The characters that show these bytes, as many as are shown; None where their beginning was left out."""
        for window in self.windows:
            if window.start <= span[0] < window.end:
                first = window.at + len(_text(self.body[window.start : span[0]]))
                return first, first + len(_text(self.body[span[0] : min(span[1], window.end)]))
        return None


def excerpt(body: bytes, spot: Span | None = None, longest: int = LONGEST) -> Excerpt:
    """What is shown of a body; `spot`: the bytes that are pointed at."""
    made = _short(body, spot, longest)
    return made if spot is None else replace(made, spot=made.span(spot))


def _short(body: bytes, spot: Span | None, longest: int) -> Excerpt:
    if len(body) <= longest and len(_text(body).encode()) <= longest:
        return _joined(body, [(0, len(body))])
    size = longest - 3 * NOTE
    while len((made := _joined(body, _windows(body, spot, size))).text.encode()) > longest:
        size //= 2  # bytes that are no UTF-8 take four each
    return made


def _windows(body: bytes, spot: Span | None, size: int) -> list[Span]:
    """The parts to show, of `size` bytes in all: the beginning, the spot where there is one, and the end."""
    spans = [(0, size * 6 // 10), (len(body) - size * 2 // 10, len(body))]
    if spot is not None:
        start = max(spot[0] - BEFORE, 0)
        spans.insert(1, (start, min(spot[1], start + size * 2 // 10)))
    windows: list[Span] = []
    for start, end in sorted((_aligned(body, start), _aligned(body, end)) for start, end in spans):
        if windows and start <= windows[-1][1] + NOTE:
            windows[-1] = (windows[-1][0], max(end, windows[-1][1]))
        else:
            windows.append((start, end))
    return windows


def _aligned(body: bytes, at: int) -> int:
    """The nearest offset at or before `at` where a character begins."""
    for back in range(4):
        if at - back <= 0 or at >= len(body) or body[at - back] & 0xC0 != 0x80:
            return max(at - back, 0)
    return at


def _joined(body: bytes, spans: list[Span]) -> Excerpt:
    text, end = "", 0
    windows: list[Window] = []
    for start, stop in spans:
        text += _left_out(start - end)
        windows.append(Window(start=start, end=stop, at=len(text)))
        text += _text(body[start:stop])
        end = stop
    return Excerpt(text=text + _left_out(len(body) - end), body=body, windows=tuple(windows))


def _left_out(count: int) -> str:
    return f" […{count} bytes left out…] " if count else ""


def _text(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")
