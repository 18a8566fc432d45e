"""Who signed what: trusted keys of the right role, and nobody else."""

import stat

import pytest

from lifecycle.errors import PicklefleetError, UntrustedBundleError
from lifecycle.signing import (
    DetachedSignature,
    TrustedKey,
    TrustSet,
    create_signing_key,
    load_signing_key,
    load_trust,
    with_key,
    write_trust,
)


@pytest.fixture
def registration(tmp_path):
    return create_signing_key("registration", tmp_path)


def test_a_signature_of_a_trusted_key_verifies(registration, tmp_path):
    load_trust(tmp_path).verify("registration", b"digest", registration.sign(b"digest"))


def test_another_message_is_refused(registration, tmp_path):
    with pytest.raises(UntrustedBundleError, match="does not match"):
        load_trust(tmp_path).verify("registration", b"other", registration.sign(b"digest"))


def test_a_key_signs_for_one_role_only(registration, tmp_path):
    with pytest.raises(UntrustedBundleError, match="No trusted admission key"):
        load_trust(tmp_path).verify("admission", b"digest", registration.sign(b"digest"))


def test_one_roles_signature_never_passes_for_the_other_even_under_the_same_key(registration):
    trusted = registration.trusted
    both = TrustSet({trusted.key_id: TrustedKey(trusted.key_id, "admission", trusted.public)})
    signed = registration.sign(b"digest")
    relabelled = DetachedSignature(signed.algorithm, signed.key_id, "admission", signed.value)

    with pytest.raises(UntrustedBundleError, match="does not match"):
        both.verify("admission", b"digest", relabelled)


def test_an_unknown_key_is_refused(registration):
    with pytest.raises(UntrustedBundleError, match="No trusted registration key"):
        TrustSet({}).verify("registration", b"digest", registration.sign(b"digest"))


def test_a_revoked_key_is_refused(registration):
    trusted = registration.trusted
    revoked = with_key(TrustSet({}), TrustedKey(trusted.key_id, trusted.role, trusted.public, revoked=True))

    with pytest.raises(UntrustedBundleError, match="revoked"):
        revoked.verify("registration", b"digest", registration.sign(b"digest"))


@pytest.mark.parametrize("value", ["", "AAAA", "not base64 !", "é"])
def test_a_mangled_signature_is_refused_and_never_raises_anything_else(registration, tmp_path, value):
    mangled = DetachedSignature("Ed25519", registration.trusted.key_id, "registration", value)

    with pytest.raises(UntrustedBundleError):
        load_trust(tmp_path).verify("registration", b"digest", mangled)


def test_the_private_key_is_readable_by_its_owner_only_and_comes_back(registration, tmp_path):
    path = tmp_path / "registration.pem"

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_signing_key("registration", tmp_path).trusted == registration.trusted


def test_private_bytes_are_never_printed(registration):
    assert "private" not in repr(registration)


def test_a_missing_key_says_how_to_make_one(tmp_path):
    with pytest.raises(PicklefleetError, match="picklefleet trust init"):
        load_signing_key("admission", tmp_path)


def test_a_key_file_that_is_no_key_is_refused(tmp_path):
    (tmp_path / "admission.pem").write_text("hello")

    with pytest.raises(PicklefleetError, match="can't be read"):
        load_signing_key("admission", tmp_path)


def test_a_trust_file_that_is_no_trust_set_is_refused(tmp_path):
    for content in ("{", "[]", '{"keys": [{"key_id": 3}]}'):
        (tmp_path / "trust.json").write_text(content)
        with pytest.raises(PicklefleetError, match="can't be read"):
            load_trust(tmp_path)


def test_both_roles_live_in_one_trust_file(registration, tmp_path):
    admission = create_signing_key("admission", tmp_path)
    trust = load_trust(tmp_path)

    assert set(trust.keys) == {registration.trusted.key_id, admission.trusted.key_id}
    write_trust(tmp_path, trust)
    assert load_trust(tmp_path) == trust
