"""Evidence: what was written is read back, and what was changed since is named."""

from __future__ import annotations

import hashlib
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance import evidence, strict_json
from conformance.evidence import CaseRecord, Evidence, from_json, load, read, to_json
from conformance.exchange import Exchange, Sent
from conformance.model import Purpose, UsageError, Zone
from conformance.writer import Writer

HEADER: dict[str, Any] = {"format": 1, "contract": "highwayapi", "target": {"url": "http://a", "model": "é\u2028"}}
CASE = CaseRecord(id="a", scenario="plain", arguments={"n": 2, "x": None}, requirements=("one.fact", "other.fact"))

pairs = st.lists(st.tuples(st.text(max_size=10), st.text(max_size=10)), max_size=3).map(tuple)
exchanges = st.builds(
    Exchange,
    n=st.integers(),
    case=st.text(max_size=10),
    step=st.tuples(st.integers(0, 99), st.integers(0, 99)),
    purpose=st.sampled_from(Purpose),
    round=st.integers(0, 9),
    request=st.builds(
        Sent,
        method=st.sampled_from(["POST", "GET", "PUT"]),
        url=st.text(max_size=20),
        headers=pairs,
        body=st.binary(max_size=50),
        zone=st.sampled_from(Zone),
    ),
    status=st.none() | st.integers(100, 999),
    headers=pairs,
    pieces=st.lists(
        st.tuples(st.floats(0, 1e6).map(lambda when: round(when, 6)), st.binary(max_size=50)), max_size=4
    ).map(tuple),
    received=st.integers(0),
    error=st.none() | st.text(max_size=20),
)


def exchange(number: int = 1, **members: Any) -> Exchange:
    """A plain exchange."""
    request = Sent(method="POST", url="http://a", headers=(("a", "b"),), body=b"{}")
    given: dict[str, Any] = {"n": number, "case": "a", "step": (0, 0), "purpose": Purpose.PLAN, "request": request}
    return Exchange(**(given | {"status": 200, "pieces": ((0.5, b"{}"),), "received": 2} | members))


def written(path: Path, count: int = 3) -> Evidence:
    """A whole file of evidence, and what its writer remembers."""
    writer = Writer.create(path, HEADER)
    writer.case(CASE)
    for number in range(1, count + 1):
        writer.exchange(exchange(number))
    writer.end("done", "2031-01-01T00:00:00Z", {"exchanges": count})
    return writer.evidence


def plain(found: Evidence) -> dict[str, Any]:
    """All that evidence holds, as values that can be compared."""
    return {**vars(found), "exchanges": [to_json(each) for each in found.exchanges]}


def chained(*members: dict[str, Any]) -> list[bytes]:
    """Lines of these members, each with the digest of the one before."""
    lines: list[bytes] = []
    prev = evidence.GENESIS
    for each in members:
        lines.append(strict_json.dump({**each, "prev": prev}))
        prev = hashlib.sha256(lines[-1]).hexdigest()
    return lines


@settings(deadline=None)
@given(st.lists(exchanges, max_size=4), st.text(max_size=20))
def test_written_and_read(given_exchanges: list[Exchange], why: str) -> None:
    """Whatever the exchanges were, reading gives what the writer was given, and its digest."""
    file = io.BytesIO()
    file.close = lambda: None  # type: ignore[method-assign]  # so that it can be read afterwards
    writer = Writer.begin(file, HEADER)
    writer.case(CASE)
    for each in given_exchanges:
        writer.exchange(each)
    writer.end(why, "now", {"exchanges": len(given_exchanges)})
    found = load(file.getvalue().splitlines())
    assert plain(found) == plain(writer.evidence)
    assert [to_json(each) for each in found.exchanges] == [to_json(each) for each in given_exchanges]
    assert found.footer == {"ended": "now", "why": why, "counts": {"exchanges": len(given_exchanges)}}
    assert found.complete is (why == "done")


@settings(deadline=None)
@given(exchanges)
def test_exchange_as_json(made: Exchange) -> None:
    """An exchange is one JSON object and back, down to the last byte and header."""
    line = json.loads(json.dumps(to_json(made)))
    assert vars(from_json(line)) == vars(made)


def test_what_an_exchange_may_leave_out() -> None:
    """Times are written to the microsecond; a line without round or zone is of round 0 and a valid request."""
    line: dict[str, Any] = to_json(exchange(pieces=((0.12345678, b""),), round=2))
    assert line["pieces"] == [[0.123457, ""]]
    del line["round"], line["request"]["zone"]
    assert (from_json(line).round, from_json(line).zone) == (0, Zone.ACCEPT)


def test_lines_say_what_they_hold(tmp_path: Path) -> None:
    """A file is header, case, exchanges and footer, one line each, and its digest is that of the last line."""
    found = written(tmp_path / "e.ndjson", count=2)
    lines = (tmp_path / "e.ndjson").read_bytes().splitlines()
    assert [json.loads(line)["kind"] for line in lines] == ["header", "case", "exchange", "exchange", "footer"]
    assert [json.loads(line)["prev"] for line in lines] == [
        evidence.GENESIS,
        *(hashlib.sha256(line).hexdigest() for line in lines[:-1]),
    ]
    assert json.loads(lines[0])["prev"] == "0" * 64
    assert found.digest == hashlib.sha256(lines[-1]).hexdigest() == read(tmp_path / "e.ndjson").digest
    assert found.cases == {"a": CASE}


def test_every_line_is_flushed(tmp_path: Path) -> None:
    """What was appended can be read at once, before the run has ended."""
    writer = Writer.create(tmp_path / "e", HEADER)
    for number in range(1, 4):
        writer.exchange(exchange(number))
        found = read(tmp_path / "e")
        assert len(found.exchanges) == number
        assert (found.footer, found.complete) == (None, False)
    writer.end("the deadline has passed", "now", {})
    assert not read(tmp_path / "e").complete


def test_a_case_is_written_once(tmp_path: Path) -> None:
    """A case that is performed again is not written again, and an ended file takes no second footer."""
    writer = Writer.create(tmp_path / "e", HEADER)
    writer.case(CASE)
    writer.case(CASE)
    writer.end("done", "now", {})
    writer.end("stopped", "later", {})
    assert len((tmp_path / "e").read_bytes().splitlines()) == 3
    assert read(tmp_path / "e").complete


def test_existing_file_is_kept(tmp_path: Path) -> None:
    """A file that is there already is not written over."""
    (tmp_path / "e").write_bytes(b"mine")
    with pytest.raises(UsageError, match="exists already"):
        Writer.create(tmp_path / "e", HEADER)
    assert (tmp_path / "e").read_bytes() == b"mine"


def test_nowhere_to_write(tmp_path: Path) -> None:
    """Where no file can be made the path is named."""
    with pytest.raises(UsageError, match=f"cannot write {re.escape(str(tmp_path))}.missing.e"):
        Writer.create(tmp_path / "missing" / "e", HEADER)


def test_discard(tmp_path: Path) -> None:
    """A run that could not begin leaves neither file nor folder; a folder that holds something else is kept."""
    for name, other in (("one", False), ("two", True)):
        (tmp_path / name).mkdir()
        if other:
            (tmp_path / name / "mine").touch()
        Writer.create(tmp_path / name / "e", HEADER).discard()
        assert not (tmp_path / name / "e").exists()
        assert (tmp_path / name).exists() is other


@pytest.mark.parametrize("number", range(1, 6))
@pytest.mark.parametrize("change", ["edited", "removed", "swapped", "inserted", "doubled", "blank line"])
def test_changes_are_named(tmp_path: Path, change: str, number: int) -> None:
    """A line that was edited, removed, swapped or added is an error with the number of the line that shows it."""
    written(tmp_path / "e")
    lines = (tmp_path / "e").read_bytes().splitlines()
    at = number - 1
    shown = number
    if change == "edited":
        lines[at] = lines[at].replace(b'"', b' "', 1)
        shown = number + 1
    elif change == "removed":
        del lines[at]
    elif change == "swapped":
        lines[at : at + 2] = reversed(lines[at : at + 2])
    else:
        added = {"inserted": chained({"kind": "resumed"})[0], "doubled": lines[at], "blank line": b""}[change]
        lines.insert(number, added)
        shown = number + 1
    (tmp_path / "e").write_bytes(b"\n".join(lines) + b"\n")
    with pytest.raises(UsageError, match=rf"^{re.escape(str(tmp_path))}.e line {shown}: "):
        read(tmp_path / "e")


def test_changed_last_line_changes_the_digest(tmp_path: Path) -> None:
    """No line vouches for the last one: the digest of the whole does."""
    digest = written(tmp_path / "e").digest
    (tmp_path / "e").write_bytes((tmp_path / "e").read_bytes().replace(b'"exchanges":3', b'"exchanges":4'))
    assert read(tmp_path / "e").digest != digest


def test_half_a_last_line(tmp_path: Path) -> None:
    """Wherever a kill cut the last line, what came before it is read, and the run is not complete."""
    written(tmp_path / "e")
    whole = (tmp_path / "e").read_bytes()
    start = whole.rstrip(b"\n").rindex(b"\n") + 1
    for stop in range(start, len(whole) - 1):
        (tmp_path / "e").write_bytes(whole[:stop])
        found = read(tmp_path / "e")
        assert (len(found.exchanges), found.footer) == (3, None)
        assert found.digest == hashlib.sha256(whole[: start - 1].rsplit(b"\n", 1)[1]).hexdigest()


def test_changed_last_line_is_not_half_a_line(tmp_path: Path) -> None:
    """A last line that has its end was not cut by a kill: if it is no JSON it was changed, and is named."""
    written(tmp_path / "e")
    (tmp_path / "e").write_bytes((tmp_path / "e").read_bytes().replace(b'"counts"', b"counts"))
    with pytest.raises(UsageError, match="line 6: "):
        read(tmp_path / "e")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        pytest.param(b"", "empty", id="empty"),
        pytest.param(b"\n", "evidence file", id="blank line"),
        pytest.param(b"%PDF-1.7\n\xff\xfe\n", "evidence file", id="another kind of file"),
        pytest.param(b"[1, 2]\n", "evidence file", id="array"),
        pytest.param(b'{"log": {"entries": []}}\n', "evidence|header", id="another JSON file"),
        pytest.param(b'{"kind": "header", "for', "evidence file", id="half a first line"),
        pytest.param(chained({"kind": "header"})[0], "format", id="header without a format"),
        pytest.param(chained({"kind": "header", "format": 2})[0], "format 1", id="header of another format"),
        pytest.param(chained({"kind": "case", "format": 1, "id": "a"})[0], "header of format 1", id="no header"),
        pytest.param(chained({"format": 1})[0], "kind", id="no kind"),
    ],
)
def test_no_evidence(tmp_path: Path, data: bytes, why: str) -> None:
    """What is no evidence from its first line on is one clear error, which names the file and that line."""
    (tmp_path / "e").write_bytes(data)
    with pytest.raises(UsageError, match=rf"^{re.escape(str(tmp_path))}.e line 1: .*({why})") as refused:
        read(tmp_path / "e")
    assert "the line before it" not in str(refused.value)


def test_no_file(tmp_path: Path) -> None:
    """A file that cannot be read is named."""
    for path in (tmp_path / "missing", tmp_path):
        with pytest.raises(UsageError, match=f"cannot read {re.escape(str(path))}: "):
            read(path)


MALFORMED: list[tuple[str, Any]] = [
    ("kind", "exchanged"),
    ("n", "1"),
    ("case", 5),
    ("step", []),
    ("step", ["a", "b"]),
    ("step", 0),
    ("purpose", "fun"),
    ("round", None),
    ("request", None),
    ("request", {}),
    ("request", {**to_json(exchange())["request"], "body": "%%%"}),  # type: ignore[dict-item]  # it is an object
    ("request", {**to_json(exchange())["request"], "zone": "nowhere"}),  # type: ignore[dict-item]  # likewise
    ("status", "200"),
    ("headers", {"a": "b"}),
    ("headers", [["a"]]),
    ("headers", [[1, 2]]),
    ("pieces", [["now", ""]]),
    ("pieces", [[10**400, ""]]),
    ("pieces", [[0.5]]),
    ("pieces", [[0.5, "ä"]]),
    ("pieces", 5),
    ("received", None),
    ("error", 5),
]


@pytest.mark.parametrize(("name", "value"), MALFORMED)
def test_malformed_exchange(name: str, value: Any) -> None:
    """A line with its digest in order and a member that cannot be is named, for it would be misread later on."""
    line: dict[str, Any] = {"kind": "exchange", **to_json(exchange()), name: value}
    with pytest.raises(ValueError, match="no evidence line of format 1") as broken:
        load(chained({"kind": "header", **HEADER}, line))
    assert getattr(broken.value, "line", None) == 2


@pytest.mark.parametrize(
    ("name", "value"),
    [("id", None), ("scenario", 5), ("arguments", [1]), ("requirements", "a.b"), ("requirements", [5])],
)
def test_malformed_case(name: str, value: Any) -> None:
    """So is a case that is none."""
    case = {"kind": "case", "id": "a", "scenario": "b", "arguments": {}, "requirements": []}
    assert load(chained({"kind": "header", **HEADER}, case)).cases["a"].scenario == "b"
    with pytest.raises(ValueError, match="no evidence line of format 1"):
        load(chained({"kind": "header", **HEADER}, {**case, name: value}))


@pytest.mark.parametrize("name", ["n", "case", "step", "purpose", "request", "status", "headers", "pieces", "received"])
def test_incomplete_exchange(name: str) -> None:
    """A line without one of its members is named, and so is the member."""
    line: dict[str, Any] = {"kind": "exchange", **to_json(exchange())}
    del line[name]
    with pytest.raises(ValueError, match=f"'{name}'"):
        load(chained({"kind": "header", **HEADER}, line))


def test_resumed() -> None:
    """After a resume the footer before it no longer counts, and the last one does."""
    footer = {"kind": "footer", "ended": "now", "why": "stopped", "counts": {}}
    lines = chained({"kind": "header", **HEADER}, footer, {"kind": "resumed"}, {**footer, "why": "done"})
    assert (load(lines[:3]).footer, load(lines[:3]).resumed) == (None, 1)
    assert load(lines).complete
    assert not load(lines[:2]).complete
