"""Versions and admissions: append-only, signed, one model name to a store."""

from dataclasses import replace

import pytest

from lifecycle import clock
from lifecycle.bundle import FileEntry
from lifecycle.errors import CorruptBundleError, NotFoundError, PicklefleetError, UntrustedBundleError
from lifecycle.signing import create_signing_key


def test_versions_are_numbered_in_their_order(add, registry):
    assert [add(b"one").version, add(b"two").version, add(b"three").version] == ["v1", "v2", "v3"]
    assert [entry.version for entry in registry.versions()] == ["v1", "v2", "v3"]


def test_the_same_content_again_is_the_version_it_has(add, registry):
    first = add(b"same")

    assert add(b"same") == first
    assert len(registry.versions()) == 1


def test_an_entry_says_who_and_when(add):
    before = clock.timestamp(clock.now())
    entry = add()

    assert entry.registered_by == "tester"
    assert before <= entry.registered_at <= clock.timestamp(clock.now())


def test_the_same_request_is_known_again(add, registry):
    entry = add(request="abc")

    assert registry.requested("abc") == entry
    assert registry.requested("other") is None


def test_a_store_serves_one_model_name(add, registry, keys, make_bundle):
    add()

    with pytest.raises(PicklefleetError, match="one store prefix serves one model name"):
        registry.add(*make_bundle(b"x", name="other"), keys["registration"], by="tester")


def test_a_folder_that_is_not_what_its_manifest_says_is_not_stored(registry, keys, make_bundle):
    folder, manifest = make_bundle()
    (folder / "model.pkl").write_bytes(b"other bytes")

    with pytest.raises(CorruptBundleError):
        registry.add(folder, manifest, keys["registration"], by="tester")

    assert registry.versions() == []


def test_an_unknown_version_names_those_there_are(add, registry):
    add()

    with pytest.raises(NotFoundError, match=r"'v7'.*v1"):
        registry.version("v7")


def test_a_version_is_found_by_number_and_by_digest(add, registry):
    entry = add()

    assert registry.version("v1") == registry.version(entry.digest) == entry


def test_an_interrupted_registration_is_finished_by_the_next(registry, keys, make_bundle, trust):
    folder, manifest = make_bundle()
    registry.objects.create(f"bundles/{manifest.digest}/model.pkl", b"model bytes")

    entry = registry.add(folder, manifest, keys["registration"], by="tester")

    assert registry.manifest(entry.digest) == manifest
    trust.verify("registration", entry.digest.encode(), registry.signature(entry.digest, "registration"))


def test_a_manifest_changed_in_the_store_is_refused(add, registry, settings):
    entry = add()
    path = f"{settings.store.removeprefix('file://')}/registry/bundles/{entry.digest}/manifest.json"
    changed = replace(registry.manifest(entry.digest), files=(FileEntry("model.pkl", "0" * 64, 1),))
    with open(path, "wb") as file:  # noqa: PTH123 - as somebody with the disk would
        file.write(changed.to_bytes())

    with pytest.raises(CorruptBundleError):
        registry.manifest(entry.digest)


def test_admission_is_asked_for_and_given_once(add, registry, keys, trust):
    entry = add()

    assert not registry.is_admitted(entry.digest)
    registry.admit(entry, keys["admission"], trust)
    registry.admit(entry, keys["admission"], trust)

    assert registry.is_admitted(entry.digest)
    trust.verify("admission", entry.digest.encode(), registry.signature(entry.digest, "admission"))


def test_what_an_unknown_key_registered_is_not_admitted(registry, keys, make_bundle, trust, tmp_path):
    stranger = create_signing_key("registration", tmp_path / "elsewhere")
    entry = registry.add(*make_bundle(), stranger, by="stranger")

    with pytest.raises(UntrustedBundleError, match="No trusted registration key"):
        registry.admit(entry, keys["admission"], trust)


def test_who_requires_an_admitted_version_is_told_how_to_admit_it(add, registry):
    entry = add()

    with pytest.raises(UntrustedBundleError, match="picklefleet approve v1"):
        registry.require_admitted(entry.version, entry.digest)
