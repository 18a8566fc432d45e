"""A running Azurite for tests, told by the environment: TEST_AZURITE_ENDPOINT and TEST_AZURITE_KEY.

It speaks Azure Blob's own protocol; the four containers are made here, as Terraform makes them on Azure.
"""

import base64
import hashlib
import hmac
import os
import urllib.error
import urllib.request
import uuid
from email.utils import formatdate

import pytest

from lifecycle.object_store import AREAS
from lifecycle.settings import Settings, load

API_VERSION = "2021-08-06"


def azurite_settings(**more: str) -> Settings:
    """Settings of a store of its own (a fresh prefix); skips, with the reason, where no Azurite runs."""
    return load(azurite_environment() | more)


def azurite_environment() -> dict[str, str]:
    endpoint, key = os.environ.get("TEST_AZURITE_ENDPOINT"), os.environ.get("TEST_AZURITE_KEY")
    if not endpoint or not key:
        pytest.skip("no Azurite: set TEST_AZURITE_ENDPOINT and TEST_AZURITE_KEY")
    for area in AREAS:
        _create_container(endpoint, key, area)
    return {
        "PICKLEFLEET_STORE": f"az://{_account(endpoint)}/{uuid.uuid4().hex}",
        "PICKLEFLEET_STORE_ENDPOINT": endpoint,
        "PICKLEFLEET_STORE_ACCESS_KEY": key,
    }


def _create_container(endpoint: str, key: str, name: str) -> None:
    account, date = _account(endpoint), formatdate(usegmt=True)
    headers = f"x-ms-date:{date}\nx-ms-version:{API_VERSION}"
    resource = f"/{account}/{account}/{name}\nrestype:container"
    to_sign = "PUT" + "\n" * 12 + f"{headers}\n{resource}"
    signature = hmac.digest(base64.b64decode(key), to_sign.encode(), hashlib.sha256)
    request = urllib.request.Request(f"{endpoint}/{name}?restype=container", method="PUT")
    request.add_header("x-ms-date", date)
    request.add_header("x-ms-version", API_VERSION)
    request.add_header("Content-Length", "0")
    request.add_header("Authorization", f"SharedKey {account}:{base64.b64encode(signature).decode()}")
    try:
        urllib.request.urlopen(request, timeout=10).close()
    except urllib.error.HTTPError as problem:
        if problem.code != 409:  # it is there already
            raise


def _account(endpoint: str) -> str:
    return endpoint.rsplit("/", 1)[1]
