"""Which identity speaks to Azure Blob on a machine that has several."""

import pytest

from lifecycle import settings
from lifecycle.adapters.object_store import open_store
from lifecycle.errors import PicklefleetError
from tests.json_service import JsonHandler, JsonServer, serving
from tests.metadata_service import metadata_service


class Blobs(JsonHandler):
    def get(self):
        self.server.tokens.append(self.headers.get("Authorization"))
        self.answer(404, {})


def test_the_named_identity_asks_the_store():
    with metadata_service() as identities, serving(JsonServer(Blobs)) as blobs:
        blobs.tokens = []
        given = settings.load({
            "PICKLEFLEET_STORE": "az://account", "PICKLEFLEET_STORE_ENDPOINT": blobs.url,
            "PICKLEFLEET_METADATA_URL": identities.url, "PICKLEFLEET_AZURE_CLIENT_ID": "retrain",
        })  # fmt: skip
        with pytest.raises(PicklefleetError):
            open_store(given).area("control").get("policy/000001.json")

        assert blobs.tokens[:1] == ["Bearer token of retrain for https://storage.azure.com"]
