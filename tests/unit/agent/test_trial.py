"""A bundle is loaded in a process of its own first: what it takes is measured, what it breaks is not a web process."""

import shutil
import sys

import pytest
from click.testing import CliRunner

from agent.trial import MEASURED, main, measure, try_bundle
from lifecycle.errors import BundleError, CorruptBundleError, WrongRuntimeError
from lifecycle.machine import MachineDirectory
from tests import builders
from tests.cached_bundles import bring, with_other_answers

BUILT = builders.classifier()


@pytest.fixture
def bundle(settings, keys):
    def make(**more):
        machine = MachineDirectory(settings.machine_dir)
        digest = bring(machine, keys, BUILT, "v1", **more).digest
        return machine.bundle(digest), digest, "v1"

    return make


def test_what_a_model_takes_is_measured_once(bundle):
    folder, *rest = bundle()
    taken = try_bundle(folder, *rest)
    (folder / "model.pkl").unlink()

    assert taken >= (folder / "golden.json").stat().st_size
    assert try_bundle(folder, *rest) == taken, "it is not loaded again"


@pytest.mark.parametrize(
    ("made", "error"),
    [({"runtime": "sklearn-1.5"}, WrongRuntimeError), ({"golden": with_other_answers(BUILT)}, BundleError)],
    ids=["other runtime", "golden rows"],
)
def test_what_must_not_serve_does_not_pass(bundle, made, error):
    with pytest.raises(error):
        measure(*bundle(**made))


def test_bytes_that_changed_on_the_disk_are_not_loaded(bundle):
    folder, digest, version = bundle()
    (folder / "model.pkl").write_bytes(b"x")

    with pytest.raises(CorruptBundleError):
        measure(folder, digest, version)


def test_the_reason_comes_back_from_the_child_and_nothing_is_kept(bundle):
    folder, digest, version = bundle(runtime="sklearn-1.5")

    with pytest.raises(BundleError, match=r"RUNTIME=sklearn-1\.5"):
        try_bundle(folder, digest, version)

    assert not (folder / MEASURED).exists()


def test_a_child_that_dies_is_a_reason_to_refuse(bundle, monkeypatch):
    """As for a model that crashes its interpreter: `false` says nothing and ends with 1."""
    monkeypatch.setattr(sys, "executable", shutil.which("false"))

    with pytest.raises(BundleError, match="ended with code 1"):
        try_bundle(*bundle())


def test_the_command_tells_in_one_line_of_json(bundle):
    folder, digest, version = bundle()

    result = CliRunner().invoke(main, [str(folder), digest, version])

    assert result.exit_code == 0
    assert '"memory_bytes":' in result.output


def test_a_missing_model_is_told_as_a_reason(bundle):
    folder, digest, version = bundle()
    (folder / "golden.json").unlink()

    result = CliRunner().invoke(main, [str(folder), digest, version])

    assert (result.exit_code, "golden.json" in result.output) == (3, True)
