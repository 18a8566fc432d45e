"""Azure's Key Vault as its REST documentation has it, on loopback: two P-256 keys that sign and never leave.

https://learn.microsoft.com/rest/api/keyvault/keys/sign/sign and …/get-key/get-key, version 7.4. The metadata service that
gives the tokens is beside it (`url`, too).
"""

import base64
import json
import secrets
from contextlib import contextmanager
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from tests.json_service import JsonHandler, JsonServer, serving
from tests.metadata_service import metadata_service

TOKEN = "token of signer for https://vault.azure.net"


def told(number):
    return base64.urlsafe_b64encode(number.to_bytes(32, "big")).rstrip(b"=").decode()


class Vault(JsonServer):
    """`keys`: name → [(version, private)], the newest last. `faults`: what the next questions are answered instead;
    `rights`: the names that the token may sign with.
    """

    def __init__(self):
        super().__init__(Handler)
        self.keys, self.rights, self.faults, self.asked = {}, {"registration", "admission"}, [], []
        for name in ("registration", "admission"):
            self.rotate(name)

    def rotate(self, name):
        self.keys.setdefault(name, []).append((secrets.token_hex(16), generate_private_key(SECP256R1())))

    def bundle(self, name):
        version, private = self.keys[name][-1]
        point = private.public_key().public_numbers()
        key = {
            "kid": f"{self.url}/keys/{name}/{version}", "kty": "EC-HSM", "key_ops": ["sign", "verify"], "crv": "P-256",
            "x": told(point.x), "y": told(point.y),
        }  # fmt: skip
        return {"key": key, "attributes": {"enabled": True, "recoveryLevel": "Recoverable"}}


class Handler(JsonHandler):
    def get(self):
        self._answer(self._key)

    def post(self):
        self._answer(self._signature, json.loads(self.told()))

    def _answer(self, by, *asked):
        self.server.asked.append(self.path)
        if self.server.faults:
            self.answer(*self.server.faults.pop(0))
        elif self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self.answer(401, _error("Unauthorized", "AKV10000: Request is missing a Bearer or PoP token."))
        elif not self.path.endswith("?api-version=7.4"):
            self.answer(400, _error("BadParameter", "The specified version is not recognized."))
        else:
            self.answer(*by(urlsplit(self.path).path.split("/")[2:], *asked))

    def _key(self, path):
        if len(path) != 1 or path[0] not in self.server.keys:
            return 404, _error(
                "KeyNotFound", f"A key with (name/id) {path[0]} was not found in this key vault."
            )
        return 200, self.server.bundle(path[0])

    def _signature(self, path, asked):
        name, version, act = path
        private = dict(self.server.keys.get(name, [])).get(version)
        if act != "sign" or private is None:
            return 404, _error("KeyNotFound", "A key with that version was not found.")
        if name not in self.server.rights:
            return 403, _error("Forbidden", "Caller is not authorized to perform action on resource.")
        digest = base64.urlsafe_b64decode(asked["value"] + "==")
        if asked["alg"] != "ES256" or len(digest) != 32:
            return 400, _error("BadParameter", "Invalid length of value.")
        halves = decode_dss_signature(private.sign(digest, ECDSA(Prehashed(SHA256()))))
        value = base64.urlsafe_b64encode(b"".join(half.to_bytes(32, "big") for half in halves)).rstrip(b"=")
        return 200, {"kid": f"{self.server.url}/keys/{name}/{version}", "value": value.decode()}


def _error(code, message):
    return {"error": {"code": code, "message": message}}


@contextmanager
def key_vault():
    with metadata_service() as identities, serving(Vault()) as vault:
        vault.settings = {
            "PICKLEFLEET_SIGNING_VAULT": vault.url, "PICKLEFLEET_METADATA_URL": identities.url,
            "PICKLEFLEET_AZURE_CLIENT_ID": "signer",
        }  # fmt: skip
        yield vault
