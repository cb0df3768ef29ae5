"""Write the pages of docs/requirements/ from the code: `python docs/generate.py`, with the package installed.

A test holds them to be up to date.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from conformance.explain import Explanation, explain, label, section
from conformance.requirements import registry

FOLDER = Path(__file__).parent / "requirements"

INDEX = "README.md"

NOTE = "<!-- Made from the code by docs/generate.py; do not edit. -->"


def pages() -> dict[str, str]:
    """The pages by file name: one a part of the API, and the index."""
    parts: dict[str, list[Explanation]] = {}
    for each in registry().values():
        parts.setdefault(each.part, []).append(explain(each.id))
    made = {f"{part}.md": _text(_page(part, said)) for part, said in parts.items()}
    return {**made, INDEX: _text(_index(parts))}


def _text(lines: Iterator[str]) -> str:
    return "\n".join(lines).rstrip() + "\n"


def _page(part: str, said: list[Explanation]) -> Iterator[str]:
    yield NOTE
    yield ""
    yield f"# {part}"
    yield ""
    yield f"{len(said)} requirements. `chat-conformance explain ID` prints the same. [All parts]({INDEX})"
    yield ""
    for each in said:
        yield from section(each)
    for file in sorted({claim.file for each in said for claim in each.claims}):
        yield f"[{label(file)}]: ../../{file}"


def _index(parts: dict[str, list[Explanation]]) -> Iterator[str]:
    yield NOTE
    yield ""
    yield "# Requirements"
    yield ""
    count = sum(map(len, parts.values()))
    yield f"{count} in {len(parts)} parts. MUST fails a run, SHOULD warns, OBSERVE records a fact."
    for part, said in parts.items():
        yield ""
        yield f"## {part}"
        yield ""
        for each in said:
            yield f"- [{each.id}]({part}.md#{anchor(each.id)}) {each.level}"


def anchor(heading: str) -> str:
    """What a heading's address is, as GitHub makes it."""
    return "".join(c for c in heading.lower() if c.isalnum() or c in "-_ ").replace(" ", "-")


def main() -> None:
    """Write them, and remove those of parts that are gone."""
    FOLDER.mkdir(exist_ok=True)
    made = pages()
    for path in FOLDER.glob("*.md"):
        if path.name not in made:
            path.unlink()
    for name, text in made.items():
        (FOLDER / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
