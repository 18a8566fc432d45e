"""The machine image's templates, validated by whatever Packer is on the PATH; a planted fault must be caught."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.gates.tools import BIN, ROOT

sys.path.insert(0, str(ROOT / "packer"))
from derive import derive, derived

PACKER = ROOT / "packer"
PLUGINS = {"azure", "ansible", "docker"}


def validated(folder):
    """What Packer says of the templates; nothing where it takes them."""
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    if shutil.which("packer") is None or shutil.which("ansible-playbook", path=path) is None:
        pytest.skip("there is no packer, or no ansible-playbook (make checks), on the PATH")
    done = subprocess.run(
        ["packer", "validate", "-var", "client_secret=none", str(folder)], cwd=folder.parent, env=os.environ | {"PATH": path},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    return "" if done.returncode == 0 else done.stdout + done.stderr or "refused"


@pytest.fixture
def templates(tmp_path):
    folder = tmp_path / "packer"
    derive(PACKER, folder)
    return folder


def test_both_sources_are_understood(templates):
    assert validated(templates) == ""


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ('os_type         = "Linux"', 'os_kind         = "Linux"'),
        ('image_name           = "picklefleet"', ""),
        ('"source.azure-arm.machine"', '"source.azure-arm.another"'),
        ("${var.service_image}", "${var.unheard_of}"),
    ],
)
def test_a_template_with_a_fault_is_caught(templates, good, bad):
    file = templates / "image.pkr.hcl"
    assert good in file.read_text()
    file.write_text(file.read_text().replace(good, bad))

    assert validated(templates) != ""


def test_what_is_derived_differs_in_marked_lines_alone():
    today = (PACKER / "image.pkr.hcl").read_text().splitlines()
    old = derived((PACKER / "image.pkr.hcl").read_text()).splitlines()
    marked = [line for line in today if line.rstrip().endswith("# today")]

    assert marked
    assert len(old) == len(today) - len(marked)
    assert not any("# today" in line and not line.lstrip().startswith("#") for line in old)


def test_the_machine_is_trusted_and_goes_into_the_gallery_alone():
    text = (PACKER / "image.pkr.hcl").read_text()
    today = [line.split("#")[0].strip() for line in text.splitlines() if not line.lstrip().startswith("#")]

    assert 'security_type       = "TrustedLaunch"' in today
    assert "secure_boot_enabled = true" in today
    assert "vtpm_enabled        = true" in today
    assert 'image_sku       = "12-gen2"' in today
    assert not any(line.startswith("managed_image") for line in today)
    assert any(line.startswith("shared_image_gallery_destination") for line in today)


def test_every_plugin_has_one_exact_version():
    text = (PACKER / "plugins.pkr.hcl").read_text()

    assert text.count('version = "= ') == len(PLUGINS)
    assert all(f"github.com/hashicorp/{name}" in text for name in PLUGINS)
    assert Path(PACKER / "plugins.pkr.hcl").name not in {file.name for file in PACKER.glob("image*.hcl")}
