"""One fleet for all machines of this folder. Needs Docker and the local twin of the image: `make image && make machine`."""

import os
import shutil

import pytest

from tests.machine_image.booted import Fleet


@pytest.fixture(scope="session")
def fleet(tmp_path_factory):
    image = os.environ.get("MACHINE_IMAGE")
    if not image or shutil.which("docker") is None:
        pytest.skip("no machine image: make bake WHERE=local, and MACHINE_IMAGE=picklefleet-baked:VERSION")
    return Fleet(tmp_path_factory.mktemp("fleet"), image)
