"""Signing by a key that stays in its vault; what the vault says is believed only as far as it can be checked."""

from dataclasses import replace

import pytest

from lifecycle import settings
from lifecycle.adapters.key_vault import (
    KeyVault,
    VaultError,
    VaultKey,
    VaultUnavailableError,
    open_vault,
    vault_key,
)
from lifecycle.errors import NotFoundError, PicklefleetError, SettingsError, UntrustedBundleError
from lifecycle.signing import DetachedSignature, TrustSet, create_signing_key, load_trust, with_key
from tests.key_vault import key_vault


@pytest.fixture
def server():
    with key_vault() as running:
        yield running


@pytest.fixture
def pauses():
    return []


@pytest.fixture
def vault(server, pauses):
    opened = open_vault(settings.load(server.settings))
    return KeyVault(opened.url, opened.identities, opened.client_id, pauses.append)


@pytest.fixture
def trust(vault):
    return with_key(with_key(TrustSet({}), vault.find("registration")), vault.find("admission"))


def test_what_the_vault_signs_is_believed_by_who_trusts_its_public_half(vault, trust):
    signature = vault_key(vault, "admission", trust).sign(b"digest")

    assert signature.algorithm == "ES256"
    trust.verify("admission", b"digest", signature)
    with pytest.raises(UntrustedBundleError, match="does not match"):
        trust.verify("admission", b"other", signature)


def test_only_a_digest_goes_to_the_vault(vault, trust, server):
    vault_key(vault, "registration", trust).sign(b"x" * 10_000)

    (place,) = {key.place for key in trust.keys.values() if key.role == "registration"}
    assert server.asked[-1] == place.removeprefix(server.url) + "/sign?api-version=7.4"


def test_one_roles_signature_never_passes_for_the_other(vault, trust):
    signed = vault_key(vault, "registration", trust).sign(b"digest")
    admission = next(key for key in trust.keys.values() if key.role == "admission")
    relabelled = DetachedSignature(signed.algorithm, admission.key_id, "admission", signed.value)

    with pytest.raises(UntrustedBundleError, match="does not match"):
        trust.verify("admission", b"digest", relabelled)


def test_keys_in_files_and_in_a_vault_stand_side_by_side(vault, trust, tmp_path):
    """As while an installation moves: what files signed stays believed."""
    file_key = create_signing_key("admission", tmp_path)
    both = with_key(with_key(load_trust(tmp_path), vault.find("admission")), vault.find("registration"))

    both.verify("admission", b"one", file_key.sign(b"one"))
    both.verify("admission", b"two", vault_key(vault, "admission", both).sign(b"two"))


def test_an_algorithm_is_the_keys_own_and_never_the_signatures_choice(vault, trust):
    signature = vault_key(vault, "admission", trust).sign(b"digest")

    with pytest.raises(UntrustedBundleError, match="No trusted admission key"):
        trust.verify("admission", b"digest", replace(signature, algorithm="Ed25519"))
    none = TrustSet({key.key_id: replace(key, algorithm="none") for key in trust.keys.values()})
    with pytest.raises(UntrustedBundleError, match="algorithm unknown"):
        none.verify("admission", b"digest", replace(signature, algorithm="none"))


@pytest.mark.parametrize("value", ["", "AAAA", "A" * 88, "not base64 !"])
def test_a_mangled_signature_is_refused_and_never_raises_anything_else(vault, trust, value):
    signature = vault_key(vault, "admission", trust).sign(b"digest")

    with pytest.raises(UntrustedBundleError, match="does not match"):
        trust.verify("admission", b"digest", replace(signature, value=value))


def test_a_new_version_in_the_vault_signs_nothing_before_it_is_trusted(vault, trust, server):
    server.rotate("admission")
    old = vault_key(vault, "admission", trust)
    trust.verify("admission", b"digest", old.sign(b"digest"))

    both = with_key(trust, vault.find("admission"))
    new = vault_key(vault, "admission", both)
    assert new.trusted.key_id != old.trusted.key_id
    both.verify("admission", b"digest", old.sign(b"digest"))
    both.verify("admission", b"digest", new.sign(b"digest"))


def test_a_revoked_key_signs_no_more(vault, trust):
    (admission,) = (key for key in trust.keys.values() if key.role == "admission")

    with pytest.raises(NotFoundError, match="picklefleet trust add admission"):
        vault_key(vault, "admission", with_key(trust, replace(admission, revoked=True)))


def test_a_vault_that_signs_with_another_key_is_not_believed(vault, trust):
    one, other = (vault_key(vault, role, trust).trusted for role in ("registration", "admission"))

    with pytest.raises(VaultError, match="does not match"):
        VaultKey(replace(one, place=other.place), vault).sign(b"digest")


def test_the_token_goes_to_the_vault_alone(vault, trust, server):
    (admission,) = (key for key in trust.keys.values() if key.role == "admission")
    asked = len(server.asked)

    with pytest.raises(VaultError, match="another vault"):
        VaultKey(replace(admission, place="http://127.0.0.1:9/keys/admission/1"), vault).sign(b"digest")
    with pytest.raises(NotFoundError):
        vault_key(
            vault, "admission", TrustSet({"a": replace(admission, place=vault.url + ".example.org/keys/a/1")})
        )
    assert len(server.asked) == asked


def test_an_identity_without_the_right_is_told_which_one(vault, trust, server):
    server.rights = {"registration"}

    with pytest.raises(VaultError, match=r"403 Forbidden.*Key Vault Crypto User"):
        vault_key(vault, "admission", trust).sign(b"digest")


@pytest.mark.parametrize("fault", [(429, {}), (503, {"error": {"code": "Busy", "message": ""}}), (500, {})])
def test_a_busy_vault_is_asked_again(vault, trust, server, pauses, fault):
    server.faults = [fault] * 3

    trust.verify("admission", b"digest", vault_key(vault, "admission", trust).sign(b"digest"))
    assert pauses == [1.0, 2.0, 4.0]


def test_one_that_stays_away_is_told_as_such(vault, trust, server):
    server.faults = [(503, {})] * 4

    with pytest.raises(VaultUnavailableError, match="does not answer"):
        vault_key(vault, "admission", trust).sign(b"digest")
    assert VaultUnavailableError("").exit_code == 75


@pytest.mark.parametrize(
    "answer", [{}, {"key": {}}, {"key": {"kid": "k", "kty": "RSA", "crv": "P-256"}}, {"key": 3}, []]
)
def test_answers_otherwise_than_documented_are_told_as_such(vault, server, answer):
    server.faults = [(200, answer)]

    with pytest.raises(VaultError, match=r"otherwise than documented|no P-256|no JSON"):
        vault.find("admission")


def test_without_the_metadata_service_the_settings_are_refused(server):
    given = {"PICKLEFLEET_SIGNING_VAULT": server.url}

    with pytest.raises(SettingsError, match="METADATA_URL"):
        settings.load(given)


@pytest.mark.parametrize(
    "url", ["http://vault.example.org", "https://a/b", "vault.azure.net", "https://u:p@a"]
)
def test_a_token_is_sent_over_tls_or_to_this_machine_alone(url):
    with pytest.raises(PicklefleetError, match="SIGNING_VAULT"):
        settings.load(
            {"PICKLEFLEET_SIGNING_VAULT": url, "PICKLEFLEET_METADATA_URL": "http://169.254.169.254"}
        )
