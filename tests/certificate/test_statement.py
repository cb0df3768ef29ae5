"""What a bundle is made of: the statement as in-toto has it, its signature, the same bytes for the same files.

What else takes a whole run that nobody marks as long is here too, so that one process makes that run.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from conformance.certificate import bundle as bundles
from conformance.certificate import edition, product, signature
from conformance.cli import main
from conformance.model import UsageError

from .conftest import CONTRACT, OFF, PRODUCT, Files, has, refused

EVIDENCE = "evidence.ndjson"

STATEMENT = b'{"_type": "https://in-toto.io/Statement/v1"}\n'


def written(tmp_path: Path, name: str, key: Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> tuple[Path, Path]:
    """A key and its public half as PEM files."""
    private, public = tmp_path / f"{name}.pem", tmp_path / f"{name}.pub.pem"
    encoding, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    private.write_bytes(key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, plain))
    public.write_bytes(key.public_key().public_bytes(encoding, serialization.PublicFormat.SubjectPublicKeyInfo))
    return private, public


def test_the_statement_is_in_totos(bundle: Files) -> None:
    """Statement v1 with the predicate of a test's result: each file by its sha256, each required row by its name."""
    statement = json.loads(bundle["statement.json"])
    assert set(statement) == {"_type", "subject", "predicateType", "predicate"}
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["predicateType"] == "https://in-toto.io/attestation/test-result/v0.1"
    stated = {each["name"]: each["digest"]["sha256"] for each in statement["subject"]}
    assert stated == {
        name: hashlib.sha256(data).hexdigest() for name, data in bundle.items() if name != "statement.json"
    }
    predicate = statement["predicate"]
    assert set(predicate) == {"result", "configuration", "passedTests", "warnedTests", "failedTests"}
    assert predicate["result"] == "PASSED"
    assert predicate["failedTests"] == []
    asked = edition.load(CONTRACT)
    assert set(asked.rows(set(asked.features) - {OFF})) <= set(predicate["passedTests"])
    assert all("digest" in each or "uri" in each for each in predicate["configuration"])


def test_a_bundle_depends_on_its_files_alone(bundle: Files, tmp_path: Path) -> None:
    """The same files make the same bytes, in whatever order they come, and come out as they went in."""
    packed = bundles.pack(bundle)
    assert packed == bundles.pack(dict(reversed(list(bundle.items()))))
    (tmp_path / "b.zip").write_bytes(packed)
    assert bundles.unpack(tmp_path / "b.zip") == bundle


def test_the_honest_bundle_verifies(bundle: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An honest bundle is verified, on its last day too, and says what it certifies and what it does not."""
    assert refused(bundle) == []
    (tmp_path / "b.zip").write_bytes(bundles.pack(bundle))
    last = (datetime.now(UTC) + timedelta(days=89)).strftime("%Y-%m-%d")
    assert main(["verify", str(tmp_path / "b.zip"), "--at", last]) == 0
    said = capsys.readouterr().out
    for words in ("# Chat 5.1, by Example Ltd", "edition 2026.11", f"not offered, and not tested: {OFF}", "verified:"):
        assert words in said


def test_one_byte_of_evidence(bundle: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A changed byte breaks the digest of the file and the chain, at the line after it."""
    lines = bundle[EVIDENCE].splitlines(keepends=True)
    at = next(n for n, line in enumerate(lines) if n >= 40 and b'"pieces"' in line)
    spot = lines[at].index(b'"pieces"') + 40
    lines[at] = lines[at][:spot] + bytes([lines[at][spot] ^ 1]) + lines[at][spot + 1 :]
    changed = {**bundle, EVIDENCE: b"".join(lines)}
    found = refused(changed)
    assert has(found, f"{EVIDENCE}: its sha256 is ", "as stated")
    assert has(found, f"{EVIDENCE}: the file is broken (line {at + 2}: the line before it was changed")
    (tmp_path / "b.zip").write_bytes(bundles.pack(changed))
    assert main(["verify", str(tmp_path / "b.zip")]) == 1
    assert f"refused: {EVIDENCE}: its sha256 is " in capsys.readouterr().out


def test_what_is_no_bundle(tmp_path: Path) -> None:
    """What is no zip file, or has two files of one name, is one line."""
    path = tmp_path / "b.zip"
    with pytest.raises(UsageError, match=r"cannot read .*b\.zip"):
        bundles.unpack(path)
    path.write_bytes(b"not a zip file")
    with pytest.raises(UsageError, match="is no bundle: "):
        bundles.unpack(path)
    twice = io.BytesIO()
    with zipfile.ZipFile(twice, "w") as archive:
        archive.writestr("report.json", "{}")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("report.json", "[]")
    path.write_bytes(twice.getvalue())
    with pytest.raises(UsageError, match="two files of one name"):
        bundles.unpack(path)


def test_a_signature(tmp_path: Path) -> None:
    """A signed statement is vouched for by the public half of its key, and by no other; not a byte may differ."""
    private, public = written(tmp_path, "mine", Ed25519PrivateKey.generate())
    _, other = written(tmp_path, "other", Ed25519PrivateKey.generate())
    envelope = signature.sign(STATEMENT, private)
    assert signature.check(envelope, STATEMENT, public) is None
    assert signature.check(envelope, STATEMENT, None) is None
    for found, says in (
        (signature.check(envelope, STATEMENT, other), "is not made with this key, not signed with"),
        (signature.check(envelope, STATEMENT + b" ", None), "is about another statement"),
        (signature.check(None, STATEMENT, public), "is missing"),
        (signature.check(b"{}", STATEMENT, None), "is about another statement"),
        (signature.check(b"[", STATEMENT, None), "is unreadable"),
    ):
        assert says in str(found)


def test_the_envelope_is_dsse(tmp_path: Path) -> None:
    """What is signed is DSSE's pre-authentication encoding, so that other tools can verify it."""
    key = Ed25519PrivateKey.generate()
    private, _ = written(tmp_path, "mine", key)
    envelope = json.loads(signature.sign(b"hello", private))
    assert envelope["payloadType"] == "application/vnd.in-toto+json"
    assert base64.b64decode(envelope["payload"]) == b"hello"
    signed = base64.b64decode(envelope["signatures"][0]["sig"])
    key.public_key().verify(signed, b"DSSEv1 28 application/vnd.in-toto+json 5 hello")


def test_an_unusable_key_is_one_line(tmp_path: Path) -> None:
    """A key that is missing, of another kind, or the wrong half is named."""
    private, public = written(tmp_path, "mine", Ed25519PrivateKey.generate())
    curve, _ = written(tmp_path, "curve", ec.generate_private_key(ec.SECP256R1()))
    (tmp_path / "text").write_text("no key")
    for path, says in (
        (tmp_path / "nix", "cannot read"),
        (tmp_path / "text", "is no private Ed25519 key"),
        (curve, "is no private Ed25519 key"),
        (public, "is no private Ed25519 key"),
    ):
        with pytest.raises(UsageError, match=says):
            signature.sign(STATEMENT, path)
    with pytest.raises(UsageError, match="is no public Ed25519 key"):
        signature.check(signature.sign(STATEMENT, private), STATEMENT, private)


def test_certify_and_verify_signed(honest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`certify --sign` makes a bundle that `verify --key` takes with the public half, saying so."""
    private, public = written(tmp_path, "mine", Ed25519PrivateKey.generate())
    (tmp_path / "product.toml").write_text(PRODUCT)
    out = str(tmp_path / "b.zip")
    assert (
        main(
            ["certify", str(honest), "--product", str(tmp_path / "product.toml"), "--out", out, "--sign", str(private)]
        )
        == 0
    )
    assert main(["verify", out, "--key", str(public)]) == 0
    said = capsys.readouterr().out
    assert "note: signed with key " in said
    assert "is whole, signed with that key, and every verdict follows" in said


BAD_PRODUCTS = {
    "no TOML": (b"=", "not TOML"),
    "not UTF-8": (b"\xff", "not TOML"),
    "unknown key": (PRODUCT.encode() + b'vendor = "x"\n', "vendor is unknown"),
    "no contact": (PRODUCT.replace("contact", "# contact").encode(), "contact is missing"),
    "empty version": (PRODUCT.replace('"5.1"', '""').encode(), "version is empty"),
    "no address": (PRODUCT.replace("https://example.com", "example.com").encode(), "not an address"),
    "features": (PRODUCT.encode() + b'features = "n"\n', "features is 'n', not a list"),
}


@pytest.mark.parametrize("case", BAD_PRODUCTS)
def test_a_bad_product_is_one_line(case: str, tmp_path: Path) -> None:
    """What is wrong with a product's file is one line that names the file and the key."""
    data, says = BAD_PRODUCTS[case]
    with pytest.raises(UsageError) as error:
        product.parse(data, tmp_path / "product.toml")
    assert says in str(error.value)
    assert "product.toml" in str(error.value)
    assert "\n" not in str(error.value)


def test_bad_usage(honest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder that is none, an edition or a feature that there is not: one line that says so, exit 2."""
    path = tmp_path / "product.toml"
    path.write_text(PRODUCT + 'features = ["telepathy"]\n')
    rest = ["--product", str(path), "--out", str(tmp_path / "b.zip")]
    for arguments, says in (
        (["certify", str(tmp_path), *rest], "cannot read"),
        (["certify", str(honest), *rest, "--edition", "1999.01"], "has no edition '1999.01'; it has 2026.11"),
        (["certify", str(honest), *rest], "has no feature 'telepathy'"),
        (["verify", str(path)], "is no bundle"),
        (["verify", "x.zip", "--at", "soon"], "soon is no date like"),
    ):
        assert main(arguments) == 2
        err = capsys.readouterr().err
        assert err.count("\n") == 1
        assert says in err


def test_an_edition_is_every_binding_row(tmp_path: Path) -> None:
    """A new edition asks for each MUST that a run of its depth decides, of every endpoint or of its feature."""
    from conformance import contract as contracts
    from conformance.requirements import rows

    contract = contracts.load(CONTRACT)
    made = edition.freeze(contract, "2099.01")
    import tomllib

    read = tomllib.loads(made)
    found = dict.fromkeys(read["required"]) | {row: feature for feature, ids in read["features"].items() for row in ids}
    assert found == {
        row.id: row.feature
        for row in rows(contract)
        if row.requirement.level == "MUST" and row.least(contract) != "full"
    }
