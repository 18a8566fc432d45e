"""A bundle is used only when every byte and both signatures are right."""

import pytest

from lifecycle.bundle import (
    FileEntry,
    Manifest,
    file_entry,
    follow,
    manifest_from_bytes,
    signature_to_bytes,
    verify,
    verify_content,
)
from lifecycle.errors import CorruptBundleError, UntrustedBundleError
from lifecycle.signature import Feature, Output, Signature

SIGNATURE = Signature((Feature("x0", "number", "float64"),), (Output("y", "regression"),), named=False)


@pytest.fixture
def manifest(tmp_path):
    folder = tmp_path / "bundle"
    folder.mkdir()
    (folder / "model.pkl").write_bytes(b"model bytes")
    (folder / "golden.json").write_bytes(b"{}")
    files = tuple(file_entry(folder / name) for name in ("model.pkl", "golden.json"))
    manifest = Manifest("flights", files, SIGNATURE, "sklearn-1.9", {"scikit-learn": "1.9.1"})
    (folder / "manifest.json").write_bytes(manifest.to_bytes())
    return manifest


@pytest.fixture
def folder(tmp_path, manifest, keys):
    for role, key in keys.items():
        (tmp_path / "bundle" / f"{role}.json").write_bytes(
            signature_to_bytes(key.sign(manifest.digest.encode()))
        )
    return tmp_path / "bundle"


def test_an_untouched_bundle_verifies(folder, manifest, trust):
    assert verify(folder, manifest.digest, trust) == manifest


def test_the_same_content_has_the_same_digest_in_any_order_of_libraries(manifest):
    one = Manifest("m", manifest.files, SIGNATURE, "r", {"a": "1", "b": "2"})
    other = Manifest("m", manifest.files, SIGNATURE, "r", {"b": "2", "a": "1"})

    assert one.digest == other.digest


def test_a_manifest_survives_its_bytes(manifest):
    assert manifest_from_bytes(manifest.to_bytes()) == manifest


@pytest.mark.parametrize("name", ["model.pkl", "golden.json", "manifest.json"])
def test_one_flipped_bit_in_any_file_is_found(folder, manifest, trust, name):
    data = bytearray((folder / name).read_bytes())
    data[0] ^= 1
    (folder / name).write_bytes(bytes(data))

    with pytest.raises(CorruptBundleError):
        verify(folder, manifest.digest, trust)


@pytest.mark.parametrize("name", ["model.pkl", "golden.json", "manifest.json"])
def test_a_missing_file_is_found(folder, manifest, trust, name):
    (folder / name).unlink()

    with pytest.raises(CorruptBundleError):
        verify(folder, manifest.digest, trust)


@pytest.mark.parametrize("role", ["registration", "admission"])
def test_a_missing_signature_is_refused(folder, manifest, trust, role):
    (folder / f"{role}.json").unlink()

    with pytest.raises(UntrustedBundleError, match=role):
        verify(folder, manifest.digest, trust)


def test_swapped_signatures_are_refused(folder, manifest, trust):
    (folder / "admission.json").write_bytes((folder / "registration.json").read_bytes())

    with pytest.raises(UntrustedBundleError):
        verify(folder, manifest.digest, trust)


def test_a_signature_over_another_bundle_is_refused(folder, manifest, trust, keys):
    (folder / "admission.json").write_bytes(signature_to_bytes(keys["admission"].sign(b"0" * 64)))

    with pytest.raises(UntrustedBundleError):
        verify(folder, manifest.digest, trust)


def test_content_is_checked_before_signatures_are_asked_for(folder, manifest):
    assert verify_content(folder, manifest.digest) == manifest


@pytest.mark.parametrize("path", ["../model.pkl", "/etc/passwd", "a/b", "", ".."])
def test_a_manifest_never_names_a_file_outside_its_bundle(path):
    manifest = Manifest("m", (FileEntry(path, "0" * 64, 1),), SIGNATURE, "r", {})

    with pytest.raises(CorruptBundleError, match="outside"):
        manifest_from_bytes(manifest.to_bytes())


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"\xff", b'{"format": 99}'])
def test_anything_else_is_no_manifest(data):
    with pytest.raises(CorruptBundleError):
        manifest_from_bytes(data)


def test_a_manifest_of_a_later_format_says_so(manifest):
    later = manifest.to_bytes().replace(b'"format":1,"golden', b'"format":9,"golden')
    later = later.replace(b'"format":1', b'"format":9')

    with pytest.raises(CorruptBundleError, match="format"):
        manifest_from_bytes(later)


def test_a_path_leads_to_the_estimator():
    assert follow({"parts": [1, "model"]}, ("parts", 1)) == "model"


@pytest.mark.parametrize("path", [("other",), (5,), ("parts", "x")])
def test_a_path_that_leads_nowhere_is_a_corrupt_bundle(path):
    with pytest.raises(CorruptBundleError):
        follow({"parts": [1]}, path)
