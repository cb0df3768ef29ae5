"""A bundle's optional signature: the statement in a DSSE envelope, signed with an Ed25519 key.

Source: DSSE v1 (secure-systems-lab), whose pre-authentication encoding is what is signed.  `cryptography` does the
signing, and is installed by the extra `sign`.
"""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..model import JSON, UsageError
from ..reply import members, objects, text
from .refusal import Refusal
from .statement import FILE as STATEMENT
from .statement import PAYLOAD

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

FILE = "statement.dsse.json"


def sign(statement: bytes, key: Path) -> bytes:
    """The envelope of a statement.  Raises UsageError where the key cannot be used."""
    private = _private(key)
    envelope = {
        "payloadType": PAYLOAD,
        "payload": base64.b64encode(statement).decode(),
        "signatures": [
            {"keyid": key_id(private.public_key()), "sig": base64.b64encode(private.sign(_encoded(statement))).decode()}
        ],
    }
    return json.dumps(envelope, indent=1).encode() + b"\n"


def check(envelope: bytes | None, statement: bytes, key: Path | None) -> Refusal | None:
    """Why an envelope does not vouch for a statement; without a key nobody can say who signed, only what.

    Raises UsageError where the key cannot be used.
    """
    if envelope is None:
        return _refusal("missing", "there: a key was given, so the bundle must be signed") if key else None
    try:
        read = members(json.loads(envelope))
        payload = base64.b64decode(text(read.get("payload")), validate=True)
        signed = [text(each.get("sig")) for each in objects(read.get("signatures"))]
        signatures = [base64.b64decode(each, validate=True) for each in signed]
    except (ValueError, RecursionError):
        return _refusal("unreadable", "a DSSE envelope")
    if read.get("payloadType") != PAYLOAD or payload != statement:
        return _refusal("about another statement", f"about {STATEMENT}, byte for byte")
    if key is not None and not any(_is_by(_public(key), each, statement) for each in signatures):
        return _refusal("not made with this key", f"signed with {key}")
    return None


def signers(envelope: bytes) -> list[str]:
    """The ids of the keys that an envelope says it is signed with."""
    found: dict[str, JSON] = json.loads(envelope)
    return [text(each.get("keyid")) for each in objects(found.get("signatures"))]


def key_id(key: Ed25519PublicKey) -> str:
    """sha256 of the key's 32 bytes."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()


def _encoded(statement: bytes) -> bytes:
    return b" ".join([b"DSSEv1", str(len(PAYLOAD)).encode(), PAYLOAD.encode(), str(len(statement)).encode(), statement])


def _is_by(key: Ed25519PublicKey, signature: bytes, statement: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature

    try:
        key.verify(signature, _encoded(statement))
    except InvalidSignature:
        return False
    return True


def _private(path: Path) -> Ed25519PrivateKey:
    serialization = _serialization()
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return _loaded(path, lambda data: serialization.load_pem_private_key(data, None), Ed25519PrivateKey)  # type: ignore[no-any-return]


def _public(path: Path) -> Ed25519PublicKey:
    serialization = _serialization()
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    return _loaded(path, serialization.load_pem_public_key, Ed25519PublicKey)  # type: ignore[no-any-return]


def _serialization() -> Any:
    try:
        from cryptography.hazmat.primitives import serialization
    except ImportError:
        raise UsageError("signatures need cryptography: pip install 'chat-conformance[sign]'") from None
    return serialization


def _loaded(path: Path, load: Any, kind: type) -> Any:
    try:
        key = load(path.read_bytes())
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, kind):
        half = "private" if "Private" in kind.__name__ else "public"
        raise UsageError(f"{path} is no {half} Ed25519 key as PEM without a password")
    return key


def _refusal(found: str, expected: str) -> Refusal:
    return Refusal(file=FILE, id="the signature", found=found, expected=expected)
