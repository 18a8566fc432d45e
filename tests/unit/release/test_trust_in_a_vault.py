"""The commands of an installation whose signing keys lie in a vault; what they sign, a machine's own check believes."""

import pytest
from click.testing import CliRunner

from lifecycle.key_journal import KeyJournal
from lifecycle.signing import load_trust
from picklefleet.__main__ import main
from tests.key_vault import key_vault


@pytest.fixture
def vault(settings, monkeypatch):
    with key_vault() as running:
        for name, value in running.settings.items():
            monkeypatch.setenv(name, value)
        for name in ("STORE", "MACHINE_DIR", "KEYS_DIR"):
            monkeypatch.setenv(f"PICKLEFLEET_{name}", str(getattr(settings, name.lower())))
        yield running


def run(*arguments, exit_code=0):
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == exit_code, result.output
    return result.output


def test_no_key_that_signs_lies_in_a_file(vault, settings):
    run("trust", "init")

    assert sorted(path.name for path in settings.keys_dir.iterdir()) == [
        "fleet.key",
        "records.key",
        "trust.json",
    ]
    assert {(key.role, key.algorithm) for key in load_trust(settings.keys_dir).keys.values()} == {
        ("registration", "ES256"),
        ("admission", "ES256"),
    }


def test_what_a_command_signs_is_believed_by_the_trust_set_that_machines_carry(vault, settings, tmp_path):
    run("trust", "init")
    run("trust", "export", str(tmp_path / "machine"))
    run("keys", "create", "--owner", "shop", "--scope", "predict")
    from lifecycle.adapters.opening import open_registry

    control = open_registry(settings).control
    held = KeyJournal(control, load_trust(tmp_path / "machine")).newest()

    assert [key.owner for key in held.key_set.keys.values()] == ["shop"]


def test_a_rotated_key_is_added_once_and_the_old_one_stays(vault, settings):
    run("trust", "init")
    vault.rotate("admission")

    assert run("trust", "add", "admission").startswith("New admission key")
    assert run("trust", "add", "admission").startswith("Known admission key")
    assert len(load_trust(settings.keys_dir).keys) == 3


def test_a_revoked_key_is_not_added_again(vault, settings):
    run("trust", "init")
    (key,) = (key for key in load_trust(settings.keys_dir).keys.values() if key.role == "admission")
    run("trust", "revoke", key.key_id)

    CliRunner().invoke(main, ["trust", "add", "admission"])
    assert load_trust(settings.keys_dir).keys[key.key_id].revoked


def test_a_key_in_the_vault_is_rotated_there(vault):
    result = CliRunner().invoke(main, ["trust", "rotate", "admission"])

    assert result.exit_code != 0
    assert "az keyvault key rotate" in str(result.exception or result.output) + result.output


def test_without_a_vault_there_is_nothing_to_add(settings, monkeypatch):
    monkeypatch.setenv("PICKLEFLEET_KEYS_DIR", str(settings.keys_dir))
    result = CliRunner().invoke(main, ["trust", "add", "admission"])

    assert result.exit_code == 2
    assert "PICKLEFLEET_SIGNING_VAULT" in result.output
