"""A running Azurite for tests, told by the environment: TEST_AZURITE_ENDPOINT and TEST_AZURITE_KEY.

It speaks Azure Blob's own protocol; the four containers are made here, as Terraform makes them on Azure.
"""

import os
import uuid

import pytest

from lifecycle.adapters.azure_containers import create_containers
from lifecycle.settings import Settings, load


def azurite_settings(**more: str) -> Settings:
    """Settings of a store of its own (a fresh prefix); skips, with the reason, where no Azurite runs."""
    return load(azurite_environment() | more)


def azurite_environment() -> dict[str, str]:
    endpoint, key = os.environ.get("TEST_AZURITE_ENDPOINT"), os.environ.get("TEST_AZURITE_KEY")
    if not endpoint or not key:
        pytest.skip("no Azurite: set TEST_AZURITE_ENDPOINT and TEST_AZURITE_KEY")
    environment = {
        "PICKLEFLEET_STORE": f"az://{endpoint.rsplit('/', 1)[1]}/{uuid.uuid4().hex}",
        "PICKLEFLEET_STORE_ENDPOINT": endpoint,
        "PICKLEFLEET_STORE_ACCESS_KEY": key,
    }
    create_containers(load(environment))
    return environment
