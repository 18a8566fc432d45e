"""The keys of an installation are made once, rotated, revoked; a revoked key's work is refused."""

import stat

import pytest

from lifecycle.errors import NotFoundError, UntrustedBundleError
from lifecycle.signing import load_signing_key, load_trust
from release import keys


def test_everything_missing_is_made_once_and_for_its_owner_alone(tmp_path):
    made = list(keys.create_missing(tmp_path))

    assert {path.name for path in made} == {"registration.pem", "admission.pem", "fleet.key", "records.key"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in made} == {0o600}
    assert list(keys.create_missing(tmp_path)) == []


def test_after_a_rotation_old_signatures_hold_until_their_key_is_revoked(tmp_path):
    list(keys.create_missing(tmp_path))
    old = load_signing_key("admission", tmp_path)
    signature = old.sign(b"digest")

    new = keys.rotate(tmp_path, "admission")

    assert load_signing_key("admission", tmp_path).trusted == new
    load_trust(tmp_path).verify("admission", b"digest", signature)
    keys.revoke(tmp_path, old.trusted.key_id)
    with pytest.raises(UntrustedBundleError, match="revoked"):
        load_trust(tmp_path).verify("admission", b"digest", signature)


def test_revoking_an_unknown_key_names_those_there_are(tmp_path):
    list(keys.create_missing(tmp_path))

    with pytest.raises(NotFoundError, match=load_signing_key("admission", tmp_path).trusted.key_id):
        keys.revoke(tmp_path, "0123")


def test_what_is_exported_checks_but_can_not_sign(tmp_path):
    list(keys.create_missing(tmp_path / "all"))

    keys.export(tmp_path / "all", tmp_path / "web")

    assert sorted(path.name for path in (tmp_path / "web").iterdir()) == [
        "fleet.key",
        "records.key",
        "trust.json",
    ]
    assert load_trust(tmp_path / "web") == load_trust(tmp_path / "all")
    assert (tmp_path / "web" / "fleet.key").stat().st_mode & 0o777 == 0o600


def test_without_keys_there_is_nothing_to_export(tmp_path):
    with pytest.raises(NotFoundError, match="trust init"):
        keys.export(tmp_path / "none", tmp_path / "web")
