"""What checks a signature, by the name of its algorithm: Ed25519 of a key in a file, ES256 of a key in a vault.

ES256 as RFC 7518 has it: ECDSA over P-256 and SHA-256, its value r and s side by side, 32 bytes each.
"""

from collections.abc import Callable, Mapping

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

ED25519 = "Ed25519"
ES256 = "ES256"
_HALF = 32

Check = Callable[[bytes, bytes, bytes], None]


def _check_ed25519(public: bytes, value: bytes, message: bytes) -> None:
    Ed25519PublicKey.from_public_bytes(public).verify(value, message)


def _check_es256(public: bytes, value: bytes, message: bytes) -> None:
    key = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), public)
    if len(value) != 2 * _HALF:
        raise ValueError("an ES256 signature has 64 bytes")
    halves = int.from_bytes(value[:_HALF], "big"), int.from_bytes(value[_HALF:], "big")
    key.verify(encode_dss_signature(*halves), message, ECDSA(SHA256()))


# public key's bytes, signature, message → None; each raises InvalidSignature or ValueError
CHECKS: Mapping[str, Check] = {ED25519: _check_ed25519, ES256: _check_es256}
