import stat

import pytest

from lifecycle.errors import SettingsError
from lifecycle.installation_keys import FLEET, RECORDS, create_key, load_fleet_key, load_records_key
from lifecycle.prediction import FleetKey
from lifecycle.settings import load


def test_the_key_is_made_once_and_readable_by_its_owner_alone(settings):
    made = create_key(RECORDS, settings.keys_dir)
    first = load_records_key(settings)

    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    assert create_key(RECORDS, settings.keys_dir) is None
    assert load_records_key(settings) == first
    assert len(first) == 32


def test_the_settings_decide_over_the_file(settings):
    create_key(RECORDS, settings.keys_dir)
    given = load({"PICKLEFLEET_KEYS_DIR": str(settings.keys_dir), "PICKLEFLEET_RECORDS_KEY": "ab" * 32})

    assert load_records_key(given) == b"\xab" * 32


def test_without_a_key_the_way_out_is_told(settings):
    with pytest.raises(SettingsError, match="picklefleet trust init"):
        load_records_key(settings)


def test_a_file_that_is_no_key_is_named_and_not_shown(settings):
    settings.keys_dir.mkdir(parents=True)
    (settings.keys_dir / "records.key").write_text("c2hvcnQ=")

    with pytest.raises(SettingsError, match=r"records\.key can't be read") as refused:
        load_records_key(settings)

    assert "c2hv" not in str(refused.value)


def test_the_fleet_key_and_the_one_before_it_come_from_the_settings_or_the_file(settings):
    create_key(FLEET, settings.keys_dir)
    rotated = load(
        {
            "PICKLEFLEET_KEYS_DIR": str(settings.keys_dir),
            "PICKLEFLEET_FLEET_KEY": "ab" * 32,
            "PICKLEFLEET_FLEET_KEY_PREVIOUS": "cd" * 32,
        }
    )

    assert load_fleet_key(settings).previous is None
    assert load_fleet_key(rotated) == FleetKey(b"\xab" * 32, b"\xcd" * 32)
    assert load_fleet_key(settings).current != load_records_key_of(settings)


def load_records_key_of(settings):
    create_key(RECORDS, settings.keys_dir)
    return load_records_key(settings)
