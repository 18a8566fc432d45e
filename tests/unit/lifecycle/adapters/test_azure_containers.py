import pytest

from lifecycle.adapters.azure_containers import create_containers
from lifecycle.adapters.object_store import open_store
from lifecycle.converters import Secret
from lifecycle.errors import SettingsError, StoreUnavailableError
from lifecycle.settings import Settings
from tests.azurite import azurite_settings


def test_a_directory_needs_no_containers():
    assert create_containers(Settings(store="file:///nowhere")) == ()


def test_without_the_key_the_error_names_the_setting():
    with pytest.raises(SettingsError, match="PICKLEFLEET_STORE_ACCESS_KEY_FILE"):
        create_containers(Settings(store="az://account"))


def test_a_store_that_is_away_is_told_apart():
    settings = Settings(
        store="az://account",
        store_endpoint="http://127.0.0.1:9/account",
        store_access_key=Secret("bm8ga2V5"),
    )

    with pytest.raises(StoreUnavailableError, match="did not answer"):
        create_containers(settings)


def test_what_was_made_can_be_used_and_is_not_made_again():
    settings = azurite_settings()

    assert create_containers(settings) == ()
    open_store(settings).area("control").create("made/1.json", b"1")
