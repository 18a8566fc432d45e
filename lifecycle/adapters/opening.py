"""What a composition root opens from the settings."""

from lifecycle.adapters.object_store import open_store
from lifecycle.object_store import ObjectStore
from lifecycle.registry import Registry
from lifecycle.settings import Settings


def open_registry(settings: Settings) -> Registry:
    store = open_store(settings)
    return Registry(store.area("registry"), store.area("control"))


def open_records(settings: Settings) -> ObjectStore:
    return open_store(settings).area("records")
