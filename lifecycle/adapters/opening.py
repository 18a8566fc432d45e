"""What a composition root opens from the settings."""

from lifecycle.adapters.key_vault import open_vault, vault_key
from lifecycle.adapters.object_store import open_store
from lifecycle.object_store import ObjectStore
from lifecycle.registry import Registry
from lifecycle.settings import Settings
from lifecycle.signing import Role, SigningKey, load_signing_key, load_trust


def open_registry(settings: Settings) -> Registry:
    store = open_store(settings)
    return Registry(store.area("registry"), store.area("control"))


def open_records(settings: Settings) -> ObjectStore:
    return open_store(settings).area("records")


def open_signing_key(role: Role, settings: Settings) -> SigningKey:
    """In the vault where the settings name one, else in a file. Raises PicklefleetError where it is not there."""
    vault = open_vault(settings)
    if vault is None:
        return load_signing_key(role, settings.keys_dir)
    return vault_key(vault, role, load_trust(settings.keys_dir))
