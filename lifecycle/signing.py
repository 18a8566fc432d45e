"""Two keys sign: *registration* says who made a bundle, *admission* says that it may serve.

Signatures name their algorithm and key: a vault's ES256 (lifecycle/adapters/key_vault.py) stands beside the Ed25519 of
a key in a file.
"""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Protocol

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from lifecycle.atomic_file import write_atomically
from lifecycle.errors import PicklefleetError, UntrustedBundleError
from lifecycle.signature_algorithms import CHECKS, ED25519

Role = Literal["registration", "admission"]
ROLES: tuple[Role, ...] = ("registration", "admission")
TRUST_FILE = "trust.json"


@dataclass(frozen=True, slots=True)
class DetachedSignature:
    """A signature over a role and a message; `value` is base64."""

    algorithm: str
    key_id: str
    role: Role
    value: str


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """A public key and the one role that it may sign for. `public`: base64 of its bytes, 32 of Ed25519, 65 of ES256 (a
    point, uncompressed). `place`: the URL of its private half in a vault; empty where that is a file.
    """

    key_id: str
    role: Role
    public: str
    algorithm: str = ED25519
    revoked: bool = False
    place: str = ""


class SigningKey(Protocol):
    """The private half, wherever it lies. `sign` raises PicklefleetError where that can't be reached."""

    @property
    def trusted(self) -> TrustedKey: ...

    def sign(self, message: bytes) -> DetachedSignature: ...


@dataclass(frozen=True, slots=True)
class FileKey:
    role: Role
    private: Ed25519PrivateKey = field(repr=False)

    @property
    def trusted(self) -> TrustedKey:
        raw = self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return TrustedKey(key_id_of(raw), self.role, base64.b64encode(raw).decode())

    def sign(self, message: bytes) -> DetachedSignature:
        value = base64.b64encode(self.private.sign(signed_bytes(self.role, message))).decode()
        return DetachedSignature(ED25519, self.trusted.key_id, self.role, value)


@dataclass(frozen=True, slots=True)
class TrustSet:
    """The public keys that this machine believes, by key id."""

    keys: Mapping[str, TrustedKey]

    def verify(self, role: Role, message: bytes, signature: DetachedSignature | None) -> None:
        """Raises UntrustedBundleError unless a trusted key of that role signed exactly this message."""
        if signature is None:
            raise UntrustedBundleError(f"There is no {role} signature.")
        key = self.keys.get(signature.key_id)
        if key is None or key.role != role or signature.role != role or key.algorithm != signature.algorithm:
            raise UntrustedBundleError(f"No trusted {role} key has the id {signature.key_id!r}.")
        if key.revoked:
            raise UntrustedBundleError(f"The {role} key {signature.key_id!r} has been revoked.")
        check = CHECKS.get(key.algorithm)
        if check is None:
            raise UntrustedBundleError(
                f"The {role} key {signature.key_id!r} is of an algorithm unknown here."
            )
        try:
            public, value = (base64.b64decode(text, validate=True) for text in (key.public, signature.value))
            check(public, value, signed_bytes(role, message))
        except (InvalidSignature, ValueError) as problem:
            raise UntrustedBundleError(f"The {role} signature does not match what it signs.") from problem

    def to_document(self) -> dict[str, Any]:
        return {"format": 1, "keys": [asdict(key) for key in self.keys.values()]}


def bytes_to_sign(document: Any) -> bytes:
    """A dataclass with a field `signature`, without it and in one order: what its signature is over."""
    return msgspec.json.encode(asdict(replace(document, signature=None)), order="sorted")


def create_signing_key(role: Role, folder: Path) -> FileKey:
    """Make a key, keep it as `<role>.pem` (mode 0600) and add its public half to the folder's trust file."""
    key = FileKey(role, Ed25519PrivateKey.generate())
    pem = key.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_atomically(folder / f"{role}.pem", pem, mode=0o600)
    write_trust(folder, with_key(load_trust(folder), key.trusted))
    return key


def load_signing_key(role: Role, folder: Path) -> FileKey:
    """Raises PicklefleetError when there is no such key or it can't be read."""
    path = folder / f"{role}.pem"
    try:
        private = load_pem_private_key(path.read_bytes(), password=None)
    except FileNotFoundError as problem:
        raise PicklefleetError(
            f"There is no {role} key at {path}.", fix="Make one: picklefleet trust init"
        ) from problem
    except (OSError, ValueError) as problem:
        raise PicklefleetError(
            f"The {role} key at {path} can't be read ({type(problem).__name__})."
        ) from problem
    if not isinstance(private, Ed25519PrivateKey):
        raise PicklefleetError(f"The {role} key at {path} is no Ed25519 key.")
    return FileKey(role, private)


def load_trust(folder: Path) -> TrustSet:
    """The folder's trust set; empty when there is none yet. Raises PicklefleetError when it can't be read."""
    path = folder / TRUST_FILE
    if not path.exists():
        return TrustSet({})
    try:
        document = msgspec.json.decode(path.read_bytes())
        keys = msgspec.convert(document["keys"], tuple[TrustedKey, ...])
    except (OSError, msgspec.MsgspecError, KeyError, TypeError) as problem:
        raise PicklefleetError(f"The trust set {path} can't be read.") from problem
    return TrustSet({key.key_id: key for key in keys})


def write_trust(folder: Path, trust: TrustSet) -> None:
    write_atomically(folder / TRUST_FILE, msgspec.json.format(msgspec.json.encode(trust.to_document())))


def with_key(trust: TrustSet, key: TrustedKey) -> TrustSet:
    return TrustSet({**trust.keys, key.key_id: key})


def key_id_of(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()[:16]


def signed_bytes(role: Role, message: bytes) -> bytes:
    """The role is part of what is signed: one role's signature never passes for the other's."""
    return b"picklefleet/1\n" + role.encode() + b"\n" + message
