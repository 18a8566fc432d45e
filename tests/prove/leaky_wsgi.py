"""The service with keys kept as slow hashes that are computed where an id is known alone: the broken twin in time."""

import hashlib

from lifecycle import api_keys
from webapp.wsgi import app

__all__ = ["app"]

_authenticate = api_keys.KeySet.authenticate


def _slowly_where_known(held, text, now):
    if text and api_keys.claimed_id(text) in held.keys:
        hashlib.pbkdf2_hmac("sha256", text.encode(), b"salt", 2_000)
    return _authenticate(held, text, now)


api_keys.KeySet.authenticate = _slowly_where_known
