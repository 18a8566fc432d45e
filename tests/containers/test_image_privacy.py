"""Marked secrets and marked personal values, and the layers of the images: nothing that a working installation holds, or
was told, is in one of them.
"""

import json
import secrets
import shutil
import subprocess
import tarfile
import time

import pytest

from tests.containers.conftest import PROJECT, ROOT, docker
from tests.sweeping import forms

MARK = f"marked-{secrets.token_hex(12)}"
OURS = ("blue", "green", "agent", "worker")
# Where people and our own commands leave what is nobody else's, in a tree that an image is built from.
PLANTED = (
    ".env",
    ".git/config",
    "var/keys/admission.pem",
    "var/keys/fleet.key",
    "var/store/records/kind=prediction/a.parquet",
    "ansible/inventory/yours/group_vars/all.yml",
    "terraform/environments/staging/fleet.tfvars.json",
    "terraform/environments/staging/kept.tfplan",
    "trust/records.key",
    "secrets/store.key",
    "flights.csv",
)
CONTROL = "webapp/planted.txt"


@pytest.fixture(scope="module")
def built(ring):
    """An image built from a tree full of secrets, as `make up` builds it; the layers that do not change are there."""
    tag = f"{PROJECT}-planted:local"
    context = ROOT / "var" / PROJECT
    shutil.copytree(ROOT, context, ignore=shutil.ignore_patterns("var", ".*", "__pycache__", "node_modules"))
    shutil.copy(ROOT / ".dockerignore", context)
    for path in (*PLANTED, CONTROL):
        (context / path).parent.mkdir(parents=True, exist_ok=True)
        (context / path).write_text(MARK)
    base = (ROOT / "image/base.txt").read_text().strip()
    try:
        docker(
            "build",
            "--quiet",
            "--target",
            "service",
            "--build-arg",
            f"BASE={base}",
            "--tag",
            tag,
            str(context),
        )
        yield tag
    finally:
        shutil.rmtree(context)
        subprocess.run(["docker", "image", "rm", tag], capture_output=True, check=False)


def found_in(image, folder, marks):
    """Where in the layers, the configuration or the history one of the marks is, in any form. Layers are looked at file
    by file, as Docker gives them out.
    """
    archive = folder / "image.tar"
    docker("save", "--output", str(archive), image)
    found, looked = [], 0
    with tarfile.open(archive) as saved:
        for member in saved:
            if member.isfile():
                for place, data in _files(saved, member):
                    looked += 1
                    found += [f"{place}: {mark}" for mark in marks if mark in place or mark.encode() in data]
    archive.unlink()
    assert looked > 1000, "nothing was looked at"
    return found


def _files(saved, member):
    content = saved.extractfile(member)
    if not member.name.endswith("layer.tar") and not member.name.startswith("blobs/"):
        yield from forms(member.name, content.read())
        return
    with tarfile.open(fileobj=content) as layer:
        for file in layer:
            if file.isfile():
                yield f"{member.name}/{file.name}", layer.extractfile(file).read()


def test_nothing_that_lies_about_in_the_tree_is_in_a_layer_but_what_a_house_holds(built, tmp_path):
    found = found_in(built, tmp_path, [MARK])

    assert [one for one in found if CONTROL not in one] == []
    assert found, "control: what lies in a house is packed, or the sweep sees nothing"


def test_no_secret_of_the_ring_and_nothing_that_it_was_told_is_in_its_image_or_beside_its_volumes(
    ring, tmp_path
):
    body = ring.example()
    body["instances"][0]["carrier"] = MARK
    body |= {"unit_id": f"unit-{MARK}", "row_keys": [f"row-{MARK}"] * len(body["instances"])}
    assert ring.predict(body)[0] == 200
    key = ring.inside("agent", "cat", "/var/lib/picklefleet/secrets/store.key").stdout.strip()
    pem = ring.inside("worker", "sh", "-c", "cat /var/lib/picklefleet/keys/*.pem").stdout.splitlines()
    secret_lines = [line for line in pem if line and not line.startswith("-")]
    assert len(key) > 40
    assert secret_lines
    wait_for_spool(ring)

    assert found_in(ring.inspect("blue")["Image"], tmp_path, [MARK, key, *secret_lines]) == []
    assert {service: docker("diff", ring.inspect(service)["Id"]) for service in OURS} == dict.fromkeys(
        OURS, ""
    )
    for service in OURS:
        assert MARK not in json.dumps(ring.inspect(service))
    assert MARK not in ring.compose("logs").stdout


def wait_for_spool(ring):
    """The value has to have been written somewhere for its absence elsewhere to say something."""
    for _ in range(60):
        held = ring.inside("agent", "grep", "-rlq", MARK, "/var/lib/picklefleet/machine", check=False)
        if held.returncode == 0:
            return
        time.sleep(0.5)
    pytest.fail("what was asked was recorded nowhere on the machine")
