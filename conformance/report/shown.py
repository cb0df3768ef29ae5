"""What an endpoint said, made fit to be shown.

Rule: nothing that an endpoint sends acts on a reader.  What has no shape of its own (controls, marks that turn the
direction of writing, blanks that look like nothing, lone surrogates) is shown as an escape; what is too long is cut and
says so.  Escaping for HTML, XML or Markdown is the business of each view, and comes after this.
"""

from __future__ import annotations

LONGEST = 500
"""Characters of a message: enough to tell a fault, too few to fill a page."""


def visible(words: str, keep: str = "\n\t") -> str:
    """The words with whatever has no shape as an escape, but for the characters of `keep`."""
    if words.isprintable():
        return words
    return "".join(c if c.isprintable() or c in keep else escape(c) for c in words)


def escape(character: str) -> str:
    r"""A character as Python writes it: \n, \x1b, \u202e, \U000e0001."""
    return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(character) or _numbered(ord(character))


def _numbered(code: int) -> str:
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def clip(words: str, longest: int = LONGEST) -> str:
    """At most so many characters, the last of them an ellipsis where some were cut off."""
    return words if len(words) <= longest else words[: longest - 1] + "…"


def line(words: str) -> str:
    """The words on one line: runs of blanks as one, and nothing without a shape."""
    return visible(" ".join(words.split()))
