"""Keys that never leave Azure's Key Vault: it is told a digest and answers a signature, for the machine's own identity.

https://learn.microsoft.com/rest/api/keyvault/keys, plain HTTP: three questions need no SDK.
"""

import base64
import hashlib
import json
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature

from lifecycle.adapters.metadata_service import MetadataService
from lifecycle.errors import NotFoundError, PicklefleetError
from lifecycle.settings import PREFIX, Settings
from lifecycle.signature_algorithms import CHECKS, ES256
from lifecycle.signing import DetachedSignature, Role, TrustedKey, TrustSet, key_id_of, signed_bytes

VERSION = "7.4"
RESOURCE = "https://vault.azure.net"
TIMEOUT_S = 10.0
PAUSES_S = (1.0, 2.0, 4.0)  # before another try, where the vault is busy or away
MOST_BYTES = 1 << 20
_LATER = {408, 429, 500, 502, 503, 504}


class VaultError(PicklefleetError):
    """The vault refused, or answered otherwise than documented."""


class VaultUnavailableError(VaultError):
    """The vault does not answer; trying again later may help."""

    exit_code = 75  # EX_TEMPFAIL


@dataclass(frozen=True, slots=True)
class KeyVault:
    """`url` is https://NAME.vault.azure.net; `client_id` of the identity that signs."""

    url: str
    identities: MetadataService
    client_id: str
    pause: Callable[[float], object]

    def find(self, role: Role) -> TrustedKey:
        """The newest key of that name, its public half. Raises VaultError."""
        told = self._asked(f"{self.url}/keys/{role}")
        try:
            key = told["key"]
            if key["crv"] != "P-256" or not str(key["kty"]).startswith("EC"):
                raise VaultError(f"The vault's {role} key is no P-256 key: it can't sign ES256.")
            raw = b"\x04" + b"".join(_bytes(key[half]).rjust(32, b"\0") for half in ("x", "y"))
            place = str(key["kid"])
        except (KeyError, TypeError, ValueError) as problem:
            raise VaultError(f"The vault tells its {role} key otherwise than documented.") from problem
        return TrustedKey(key_id_of(raw), role, base64.b64encode(raw).decode(), ES256, place=place)

    def sign(self, place: str, digest: bytes) -> bytes:
        """By that very version of a key. Raises VaultError."""
        told = self._asked(f"{place}/sign", {"alg": ES256, "value": _text(digest)})
        try:
            return _bytes(told["value"])
        except (KeyError, TypeError, ValueError) as problem:
            raise VaultError("The vault signs otherwise than documented.") from problem

    def _asked(self, url: str, document: dict[str, str] | None = None) -> dict[str, Any]:
        if not url.startswith(f"{self.url}/keys/"):
            raise VaultError(f"The key lies in another vault than {self.url}: the token is not sent there.")
        for pause_s in (*PAUSES_S, 0.0):
            try:
                return self._once(url, document)
            except urllib.error.HTTPError as refusal:
                if refusal.code not in _LATER:
                    raise _refused(url, refusal) from refusal
                problem = str(refusal)
                refusal.close()
            except OSError as away:
                problem = str(away)
            self.pause(pause_s)
        raise VaultUnavailableError(
            f"The vault {self.url} does not answer: {problem}", fix="Try again later."
        )

    def _once(self, url: str, document: dict[str, str] | None) -> dict[str, Any]:
        token, _ = self.identities.token(RESOURCE, self.client_id)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        body = None if document is None else json.dumps(document).encode()
        request = urllib.request.Request(f"{url}?api-version={VERSION}", body, headers)  # noqa: S310 - a checked URL
        with _OPENER.open(request, timeout=TIMEOUT_S) as answer:
            try:
                found = json.loads(answer.read(MOST_BYTES))
            except ValueError:
                found = None
        if not isinstance(found, dict):
            raise VaultError(f"The vault answered {_path(url)} with something that is no JSON.")
        return found


@dataclass(frozen=True, slots=True)
class VaultKey:
    """A trusted key whose private half is in the vault. What the vault signs is checked before anybody builds on it."""

    trusted: TrustedKey
    vault: KeyVault

    def sign(self, message: bytes) -> DetachedSignature:
        """Raises VaultError."""
        key, text = self.trusted, signed_bytes(self.trusted.role, message)
        value = self.vault.sign(key.place, hashlib.sha256(text).digest())
        try:
            CHECKS[ES256](base64.b64decode(key.public), value, text)
        except (InvalidSignature, ValueError) as problem:
            raise VaultError(
                f"The vault's signature does not match the {key.role} key that is trusted."
            ) from problem
        return DetachedSignature(ES256, key.key_id, key.role, base64.b64encode(value).decode())


def open_vault(settings: Settings) -> KeyVault | None:
    """None where keys are files."""
    if not settings.signing_vault:
        return None
    identities = MetadataService(settings.metadata_url)
    return KeyVault(settings.signing_vault, identities, settings.azure_client_id, threading.Event().wait)


def vault_key(vault: KeyVault, role: Role, trust: TrustSet) -> VaultKey:
    """The newest of that role which is trusted: a new version in the vault signs nothing before machines believe it.

    Raises NotFoundError.
    """
    here = [
        key
        for key in trust.keys.values()
        if key.role == role and not key.revoked and key.place.startswith(f"{vault.url}/keys/")
    ]
    if not here:
        raise NotFoundError(
            f"No {role} key of the vault {vault.url} is trusted.",
            fix=f"Look at it and trust it: picklefleet trust add {role}",
        )
    return VaultKey(here[-1], vault)


def _refused(url: str, refusal: urllib.error.HTTPError) -> VaultError:
    try:
        error = json.loads(refusal.read(MOST_BYTES))["error"]
        told = f"{error['code']}: {error['message']}"
    except (OSError, ValueError, KeyError, TypeError):
        told = str(refusal.reason)
    fix = {
        401: f"Is {PREFIX}AZURE_CLIENT_ID the identity that may sign?",
        403: "The identity needs the role Key Vault Crypto User on this key, and a way to the vault (terraform/modules).",
        404: "Make it: terraform/modules/key_vault has both keys.",
    }.get(refusal.code, "")
    return VaultError(f"The vault refused {_path(url)}: {refusal.code} {told}", fix=fix)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A token must not follow where somebody points."""

    def redirect_request(self, *_: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect())


def _path(url: str) -> str:
    return urllib.parse.urlsplit(url).path


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
