"""Loading a contract: any folder that is right, and no folder that is wrong in any one place."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conformance import contract
from conformance.model import Level, UsageError, Zone

NAME = "highwayapi"
STATEMENTS, CONTRACT, REQUEST = "statements.toml", "contract.toml", "request.schema.json"
PLAIN = """[[statement]]
id = "my.own"
field = "mine"
level = "SHOULD"
text = "A claim of its own."
"""


def edited(folder: Path, file: str, old: str, new: str) -> str:
    """Change a file in its first place that matches, and give back the folder's name for loading."""
    text = (folder / file).read_text("utf-8")
    changed = re.sub(old, lambda _: new, text, count=1, flags=re.MULTILINE)
    assert changed != text, f"{old!r} is not in {file}"
    (folder / file).write_text(changed, "utf-8")
    return str(folder)


def digest(name: Path | str) -> str:
    """The digest of a contract as it is now."""
    contract.load.cache_clear()
    return contract.load(str(name)).digest


def told(id_: str) -> Callable[[contract.Contract], list[str | None]]:
    """What a contract says of one statement's origin."""

    def read(own: contract.Contract) -> list[str | None]:
        (found,) = (statement for statement in own.statements if statement.id == id_)
        return [found.field, found.basis, found.excluded, found.resolved]

    return read


@pytest.mark.parametrize("name", contract.names())
def test_a_statement_knows_its_line(name: str) -> None:
    """Each statement of a built-in contract names the file, and the line in it that gives its id."""
    for statement in contract.load(name).statements:
        assert statement.file in (f"schemas/{name}/{STATEMENTS}", f"schemas/common/{STATEMENTS}")
        written = (contract.schemas_folder().parent / statement.file).read_text("utf-8").splitlines()
        assert written[statement.line - 1] == f'id = "{statement.id}"'


def test_a_statement_of_ones_own_knows_its_line(folder: Path) -> None:
    """The file of a user's own contract is told by the folder's name, wherever on the machine it lies."""
    text = (folder / STATEMENTS).read_text("utf-8")
    (folder / STATEMENTS).write_text(text + "\n" + PLAIN + 'excluded = "a test"\n', "utf-8")
    own = contract.load(str(folder)).statements
    (found,) = (statement for statement in own if statement.id == "my.own")
    assert (found.file, found.line) == ("mine/statements.toml", len(text.splitlines()) + 3)


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    """No contract that is loaded here is kept for another test: what a name means changes between them."""
    contract.load.cache_clear()
    yield
    contract.load.cache_clear()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of a built-in contract in the user's own folder."""
    shutil.copytree(contract.schemas_folder() / NAME, tmp_path / "mine")
    return tmp_path / "mine"


def test_own_folder(folder: Path) -> None:
    """A user's folder is a contract like a built-in one, under its own name."""
    own, built_in = contract.load(str(folder)), contract.load(NAME)
    assert own.name == "mine"
    assert own.request.wide == built_in.request.wide
    for part in ("title", "path", "scheme", "document", "dialect", "features", "readings", "statements", "parameters"):
        assert getattr(own, part) == getattr(built_in, part), part


@pytest.mark.parametrize("where", [".", "./", "../mine"])
def test_relative_folder(folder: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    """A folder may be given relative to where one is, and is called by its name all the same."""
    monkeypatch.chdir(folder)
    assert contract.load(where).name == "mine"


def test_built_in_names() -> None:
    """The built-in contracts are the folders with a contract.toml, and each loads under its name."""
    assert NAME in contract.names()
    assert "common" not in contract.names()
    for name in contract.names():
        assert contract.load(name).name == name


@pytest.mark.parametrize("name", ["nowhere", "", "common", "highwayapi/contract.toml"])
def test_unknown_contract(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is no contract is an error that lists what there is."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError) as refused:
        contract.load(name)
    assert repr(name) in str(refused.value)
    assert all(known in str(refused.value) for known in contract.names())


BREAKS: list[tuple[str, str, str, list[str]]] = [
    (CONTRACT, r"^format = 1", "format = 2", ["format", "2"]),
    (CONTRACT, r"^format = 1", "format = true", ["format"]),
    (CONTRACT, r"^format = 1\n", "", ["format is missing"]),
    (CONTRACT, r"^title = .*", 'titel = "A title"', ["title is missing"]),
    (CONTRACT, r"^title = .*", "title = 5", ["title is 5"]),
    (CONTRACT, r"^title = .*", 'title = ""', ["title is empty"]),
    (CONTRACT, r"^title = ", 'colour = "blue"\ntitle = ', ["colour is unknown"]),
    (CONTRACT, r"^title = .*", "title = ", ["not TOML"]),
    (CONTRACT, r"^path = .*", 'path = "openai/v1"', ["path", "openai/v1"]),
    (CONTRACT, r"^path = .*", 'path = "/a b"', ["path", "/a b"]),
    (CONTRACT, r"^auth = .*", 'auth = "digest"', ["auth", "digest", "bearer"]),
    (CONTRACT, r"^\[document\]", "[dokument]", ["document is missing"]),
    (CONTRACT, r"^file = .*", "file = []", ["document: file"]),
    (CONTRACT, r"^sha256 = .*", 'sha256 = "abc"', ["document: sha256", "abc"]),
    (CONTRACT, r"^sha256 = .*", f'sha256 = "{"A" * 64}"', ["document: sha256"]),
    (CONTRACT, r"^host = .*\n", "", ["document: host is missing"]),
    (CONTRACT, r"^host = ", 'port = "1"\nhost = ', ["document: port is unknown"]),
    (CONTRACT, r"^errors = .*", 'errors = "mine"', ["dialect: errors", "mine", "detail"]),
    (CONTRACT, r"^errors = .*\n", "", ["dialect: errors is missing"]),
    (CONTRACT, r"^errors = ", 'tone = "a"\nerrors = ', ["dialect: tone is unknown"]),
    (CONTRACT, r"^tools = .*", 'tools = "maybe"', ["features: tools", "maybe"]),
    (CONTRACT, r"^tools = .*", "tools = true", ["features: tools"]),
    (CONTRACT, r'^statement = "stop.text"', 'statement = "stop.texts"', ["reading.stop-text", "stop.texts"]),
    (CONTRACT, r'^requirement = "stop.text-reading"', 'requirement = "stop.end"', ["reading.stop-text", "stop.end"]),
    (CONTRACT, r"^question = .*\n", "", ["reading 1", "question is missing"]),
    (CONTRACT, r"^question = ", 'answer = "no"\nquestion = ', ["reading 1", "answer is unknown"]),
    (CONTRACT, r'^id = "chunk-object"', 'id = "stop-text"', ["reading", "stop-text", "twice"]),
    (STATEMENTS, r"\Z", PLAIN, ["statement my.own", "either requirements"]),
    (STATEMENTS, r"\Z", PLAIN + 'requirements = ["a.b"]\nexcluded = "why"\n', ["statement my.own", "not both"]),
    (STATEMENTS, r"\Z", PLAIN + "requirements = []\n", ["statement my.own", "either requirements"]),
    (STATEMENTS, r"\Z", PLAIN + 'excluded = ""\n', ["statement my.own", "either requirements"]),
    (STATEMENTS, r"\Z", PLAIN + "requirements = [5]\n", ["statement my.own", "requirements"]),
    (STATEMENTS, r"\Z", PLAIN + 'requirements = "a.b"\n', ["statement my.own", "requirements"]),
    (STATEMENTS, r"\Z", (PLAIN + 'excluded = "why"\n') * 2, ["statement 'my.own'", "twice"]),
    (STATEMENTS, r"\Z", PLAIN + 'excluded = "why"\nreason = "x"\n', ["statement my.own", "reason is unknown"]),
    (STATEMENTS, r"\Z", PLAIN.replace("SHOULD", "MAY") + 'excluded = "why"\n', ["statement my.own", "level", "MAY"]),
    (STATEMENTS, r"\Z", PLAIN.replace("my.own", "my") + 'excluded = "why"\n', ["statement", "id is 'my'"]),
    (STATEMENTS, r"\Z", PLAIN.replace("my.own", "My.Own") + 'excluded = "why"\n', ["statement", "id is 'My.Own'"]),
    (STATEMENTS, r"\Z", PLAIN.replace("text =", "txt =") + 'excluded = "why"\n', ["my.own", "text is missing"]),
    (STATEMENTS, r"\Z", PLAIN.replace("field =", "fields =") + 'excluded = "why"\n', ["my.own", "field is missing"]),
    (STATEMENTS, r"\A", 'format = "1"\n', ["format is unknown"]),
    (STATEMENTS, r"\A", "[[statements]]\n", ["statements is unknown"]),
    (REQUEST, r'"required":', '"requred":', ["'requred'"]),
    (REQUEST, r"#/\$defs/seed", "#/$defs/sed", ["/properties/seed/$ref", "sed"]),
    (REQUEST, r"\A", "{", ["not JSON"]),
    ("chunk.schema.json", r"\.\./common/", "../other/", ["/$ref", "../other/"]),
]  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "told"), BREAKS)
def test_one_thing_wrong(folder: Path, file: str, old: str, new: str, told: list[str]) -> None:
    """A contract that is wrong in one place is refused with one line that names the file and the key."""
    with pytest.raises(UsageError) as refused:
        contract.load(edited(folder, file, old, new))
    message = str(refused.value)
    assert [part for part in (str(folder / file), *told) if part not in message] == []
    assert "\n" not in message


@pytest.mark.parametrize(
    "file", [STATEMENTS, REQUEST, "completion.schema.json", "chunk.schema.json", "error.schema.json"]
)
def test_missing_file(folder: Path, file: str) -> None:
    """A contract without one of its files is refused with that file's name."""
    (folder / file).unlink()
    with pytest.raises(UsageError, match=rf"{re.escape(str(folder / file))}: No such file"):
        contract.load(str(folder))


@pytest.mark.parametrize(
    ("file", "old", "new", "read", "value"),
    [
        (CONTRACT, "^title = .*", 'title = "Mine"', lambda own: own.title, "Mine"),
        (CONTRACT, "^path = .*", 'path = "/my/own"', lambda own: own.path, "/my/own"),
        (CONTRACT, "^auth = .*", 'auth = "basic"', lambda own: own.scheme, "basic"),
        (CONTRACT, "^host = ", 'note = "n"\nhost = ', lambda own: own.document.note, "n"),
        (CONTRACT, "^errors = .*", 'errors = "detail"', lambda own: own.dialect["errors"], "detail"),
        (CONTRACT, "^tools = .*", 'tools = "off"', lambda own: own.features["tools"], False),
        (CONTRACT, "^images = .*", 'images = "on"', lambda own: own.features["images"], True),
        (STATEMENTS, r"\Z", PLAIN + 'excluded = "why"\nresolved = "n"\n', told("my.own"), ["mine", None, "why", "n"]),
        (STATEMENTS, r"\Z", PLAIN + 'excluded = "why"\nbasis = "b"\n', told("my.own"), ["mine", "b", "why", None]),
        (REQUEST, r'"required": \["model", "messages"\]', '"required": []', lambda own: own.zone({}), Zone.DISPUTED),
    ],
)  # fmt: skip
def test_one_thing_changed(
    folder: Path, file: str, old: str, new: str, read: Callable[[contract.Contract], object], value: object
) -> None:
    """What a folder says is what its contract says."""
    assert read(contract.load(edited(folder, file, old, new))) == value


def test_own_statements(folder: Path) -> None:
    """A folder's statements come first, then the conventions that it does not replace under their own ids."""
    replaced = PLAIN.replace("my.own", "request.get") + 'requirements = ["http.get-refused", "my.other"]\n'
    own = contract.load(edited(folder, STATEMENTS, r"\Z", replaced))
    ids = [statement.id for statement in own.statements]
    assert len(ids) == len(set(ids)) == len(contract.load(NAME).statements)
    (statement,) = own.claiming("my.other")
    assert (statement.id, statement.level, statement.basis) == ("request.get", Level.SHOULD, None)
    assert own.source(statement) == f"{own.document.file}#mine"
    assert contract.load(NAME).claiming("my.other") == ()
    (convention,) = contract.load(NAME).claiming("http.get-refused")
    assert contract.load(NAME).source(convention) == convention.basis


def test_conventions_have_a_basis(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A claim that no document makes has to name its standard."""
    common = shutil.copytree(contract.schemas_folder() / "common", folder.parent / "common")
    monkeypatch.setattr(contract, "schemas_folder", lambda: folder.parent)
    edited(common, STATEMENTS, "^basis = .*\n", "")
    with pytest.raises(UsageError, match=r"common.statements\.toml: statement .*: basis is missing"):
        contract.load(str(folder))


def test_digest_says_what_was_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The digest changes with the content of any file, the contract's own or a shared one, and with one file more."""
    common = shutil.copytree(contract.schemas_folder() / "common", folder.parent / "common")
    monkeypatch.setattr(contract, "schemas_folder", lambda: folder.parent)
    digests = {digest(folder)}
    files = sorted(
        each for each in [*folder.iterdir(), *common.iterdir()] if not each.name.startswith(contract.EDITION)
    )
    for file in files:
        content = file.read_bytes()
        file.write_bytes(content + b"\n")
        digests.add(digest(folder))
        file.write_bytes(content)
    assert len(digests) == len(files) + 1
    shutil.copy(folder / "error.schema.json", folder / "other.schema.json")
    assert digest(folder) not in digests


def test_digest_of_line_ends(folder: Path) -> None:
    """Line ends, which a checkout may change, do not change the digest."""
    before = digest(folder)
    for file in folder.iterdir():
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert digest(folder) == before


@pytest.mark.parametrize("place", ["a/mine", "z/mine"])
def test_digest_of_the_place(folder: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    """The same files have the same digest wherever they lie, before the shared ones in the alphabet or after them."""
    before = digest(NAME)
    shared = shutil.copytree(contract.schemas_folder(), folder.parent / "m")
    monkeypatch.setattr(contract, "schemas_folder", lambda: shared)
    assert digest(shutil.copytree(folder, folder.parent / place)) == before


def test_an_edition_changes_no_digest(tmp_path: Path) -> None:
    """What is certified by a contract is no part of it: a new edition leaves digest and plans as they are."""
    folder = tmp_path / "mine"
    shutil.copytree(contract.schemas_folder() / "v3-openai", folder)
    before = contract.load(str(folder)).digest
    (folder / "edition-2099.01.toml").write_text("format = 1\n")
    contract.load.cache_clear()
    assert contract.load(str(folder)).digest == before
