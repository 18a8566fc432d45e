"""Where Terraform's state lies in these experiments, behind a lock that outlives a killed Terraform.

Where an Azurite runs (TEST_AZURITE_ENDPOINT, TEST_AZURITE_KEY) it is Terraform's own azurerm backend on a real blob lease;
elsewhere its `http` backend on a lock of the fake's.
"""

import os
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, field

from lifecycle.adapters.azure_containers import create_containers
from lifecycle.settings import load
from tests.blob_tunnel import blob_tunnel

CONTAINER = "control"


@dataclass(frozen=True)
class State:
    """`kind` is the backend's name, `environ` what Terraform needs to reach it."""

    kind: str
    backend: dict
    environ: dict = field(default_factory=dict)


@contextmanager
def state_behind_a_lock(folder, server):
    endpoint, key = os.environ.get("TEST_AZURITE_ENDPOINT"), os.environ.get("TEST_AZURITE_KEY")
    if not endpoint or not key:
        address = f"{server.url}/state"
        yield State("http", {"address": address, "lock_address": address, "unlock_address": address})
        return

    def leased(held):
        server.lock = {"by": "a blob's lease"} if held else None

    folder.mkdir(parents=True, exist_ok=True)
    with blob_tunnel(folder, endpoint, leased) as tunnel:
        store = {"STORE": f"az://{tunnel.account}", "STORE_ENDPOINT": endpoint, "STORE_ACCESS_KEY": key}
        create_containers(load({f"PICKLEFLEET_{name}": value for name, value in store.items()}))
        backend = {
            "storage_account_name": tunnel.account,
            "container_name": CONTAINER,
            "key": f"{uuid.uuid4().hex}.tfstate",
        }
        environ = {"HTTPS_PROXY": tunnel.url, "SSL_CERT_FILE": str(tunnel.certificate), "ARM_ACCESS_KEY": key}
        yield State("azurerm", backend, environ)
