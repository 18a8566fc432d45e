"""The baked machine, booted: it finds out who it is, starts its own colour alone, and answers golden rows to the bit.

Needs Docker and the local twin of the image: `make image && make bake WHERE=local`, and MACHINE_IMAGE=picklefleet-baked:…
"""

import json
import os
import pickle
import re
import shutil
import subprocess
import time
from pathlib import Path

import pandas as pd
import pytest

from lifecycle import settings as settings_module
from lifecycle.adapters.opening import open_registry
from lifecycle.releases.intent import first
from lifecycle.releases.journal import ReleaseJournal
from lifecycle.releases.release import FORMATS, Release
from lifecycle.runtime import current_runtime
from lifecycle.signing import load_signing_key, load_trust
from tests.commands import picklefleet
from tests.prove.small_model import NAMES, ROWS, write_model

HERE = Path(__file__).parent
ANSIBLE = Path(os.environ.get("ANSIBLE_BIN", HERE.parents[1] / ".venv-ansible" / "bin"))
NAME = f"picklefleet-machine-{os.getpid()}"
UNIT = """[Unit]
Before=picklefleet-first-boot.service
[Service]
Type=exec
ExecStartPre=-/usr/sbin/ip address add 169.254.169.254/32 dev lo
ExecStart=/usr/bin/python3 /opt/azure_inside.py /opt/azure.json
[Install]
RequiredBy=picklefleet-first-boot.service
"""
BOOT_S = 180
CHECKS = 30  # of a machine, the least: a suite that finds nothing to check proves nothing
ASK = """
import json, ssl, sys, urllib.request
context = ssl._create_unverified_context()
headers = {"Content-Type": "application/json", "X-Api-Key": sys.argv[1]}
body = json.dumps({"instances": json.loads(sys.stdin.read())}).encode()
request = urllib.request.Request("https://127.0.0.1/api/v1/predict", body, headers)
print(urllib.request.urlopen(request, context=context, timeout=20).read().decode())
"""
STATUS = "import urllib.request as r; print(r.urlopen('http://127.0.0.1:8081{}', timeout=5).status)"


def docker(*arguments, check=True, **more):
    return subprocess.run(
        ["docker", *map(str, arguments)], capture_output=True, text=True, timeout=300, check=check, **more
    )


def inside(*command, check=True, **more):
    return docker("exec", "-i", NAME, *command, check=check, **more)


class Fleet:
    """A store with a model and one release for green; what a machine is told of it."""

    def __init__(self, folder, image):
        own = {"STORE": "store", "MACHINE_DIR": "laptop", "KEYS_DIR": "keys"}
        self.folder = folder
        self.environ = os.environ | {
            f"PICKLEFLEET_{name}": str(folder / value) for name, value in own.items()
        }
        self.model = write_model(folder)
        self.run("trust", "init")
        self.run("register", self.model, "--name", "small")
        self.run("approve", "v1")
        self.run("promote", "v1")
        self.key = json.loads(self.run("keys", "create", "--owner", "me", "--scope", "predict", "--json"))[
            "key"
        ]
        settings = settings_module.load(self.environ)
        journal = ReleaseJournal(open_registry(settings).control, load_trust(settings.keys_dir))
        self.release = Release("r1", image, current_runtime(), formats=FORMATS)
        admission = load_signing_key("admission", settings.keys_dir)
        journal.append(admission, None, first(self.release, "green"), by="tester", reason="first")

    def run(self, *arguments):
        return picklefleet(*arguments, environment=self.environ).stdout

    def told(self):
        certificate, key = self.folder / "cert.pem", self.folder / "key.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
             "-subj", "/CN=flights", "-keyout", key, "-out", certificate],
            capture_output=True, check=True,
        )  # fmt: skip
        secrets = {
            f"{word}-key": (self.folder / "keys" / f"{word}.key").read_text() for word in ("fleet", "records")
        }
        return {
            "tags": {"picklefleet-role": "green", "picklefleet-release": self.release.id},
            "data": {
                "store": "file:///var/lib/picklefleet/machine/store",
                "vault": "http://169.254.169.254",
                "identity": "serving",
            },
            "secrets": secrets | {"tls-certificate": certificate.read_text() + key.read_text()},
        }


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    image = os.environ.get("MACHINE_IMAGE")
    if not image or shutil.which("docker") is None:
        pytest.skip("no machine image: make bake WHERE=local, and MACHINE_IMAGE=picklefleet-baked:VERSION")
    carried = docker("run", "--rm", "--entrypoint", "ls", image, "/var/lib/picklefleet/images").stdout.split()
    folder = tmp_path_factory.mktemp("fleet")
    fleet = Fleet(folder, f"sha256:{carried[0].removesuffix('.tar')}")
    (folder / "azure.json").write_text(json.dumps(fleet.told()))
    (folder / "azure-inside.service").write_text(UNIT)
    docker(
        "create", "--name", NAME, "--hostname", "flights-g000001", "--cgroupns", "private", "--tmpfs", "/run", "--tmpfs", "/run/lock",
        "--cap-add", "SYS_ADMIN", "--cap-add", "NET_ADMIN", "--cap-add", "SYS_PTRACE", "--security-opt", "seccomp=unconfined",
        "--security-opt", "apparmor=unconfined", "-v", "/var/lib/docker", "-v", "/var/lib/containerd", image,
    )  # fmt: skip
    try:
        _boot(folder)
        yield fleet
    finally:
        docker("rm", "--force", "--volumes", NAME, check=False)


def _boot(folder):
    for source, target in (
        (HERE / "azure_inside.py", "/opt/azure_inside.py"),
        (folder / "azure.json", "/opt/azure.json"),
        (folder / "azure-inside.service", "/etc/systemd/system/azure-inside.service"),
        (folder / "keys" / "trust.json", "/etc/picklefleet/trust/trust.json"),
        (folder / "store", "/var/lib/picklefleet/machine/store"),
    ):
        docker("cp", source, f"{NAME}:{target}")
    wants = folder / "azure-inside"
    wants.symlink_to("/etc/systemd/system/azure-inside.service")
    docker("cp", wants, f"{NAME}:/etc/systemd/system/multi-user.target.wants/azure-inside.service")
    docker("start", NAME)
    owned = "chown -R picklefleet:picklefleet /var/lib/picklefleet/machine && chown root:picklefleet /etc/picklefleet/trust/trust.json && chmod 0440 /etc/picklefleet/trust/trust.json"
    inside("sh", "-c", owned)
    begun = time.monotonic()
    while inside("python3", "-c", STATUS.format("/readyz"), check=False).stdout.strip() != "200":
        assert time.monotonic() - begun < BOOT_S, _why()
        time.sleep(2)


def hosts_suite(*arguments):
    """By testinfra, through the engine; it lives with Ansible, whose inventories it reads elsewhere."""
    if not (ANSIBLE / "pytest").exists():
        pytest.skip("testinfra is not installed: make machine")
    suite = [f"tests/hosts/test_{name}.py" for name in ("base", "machines")]
    done = subprocess.run(
        [ANSIBLE / "pytest", *suite, "--confcutdir", "tests/hosts", "--hosts", f"docker://{NAME}", "-q", "-rs", "-p", "no:cacheprovider", *arguments],
        cwd=HERE.parents[1], capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def _why():
    state = inside("systemctl", "--no-pager", "list-units", "picklefleet*", "azure*", check=False).stdout
    return state + inside("journalctl", "--no-pager", "--lines", "80", check=False).stdout


@pytest.mark.timeout(900)
def test_golden_rows_are_answered_to_the_bit_by_the_machine_that_was_booted(machine):
    rows = ROWS[:20]
    told = inside("python3", "-c", ASK, machine.key, input=json.dumps(rows)).stdout
    with machine.model.open("rb") as file:
        expected = pickle.load(file).predict_proba(pd.DataFrame(rows, columns=list(NAMES)))[:, 1]

    assert [one["probabilities"]["true"] for one in json.loads(told)["predictions"]] == expected.tolist()


@pytest.mark.timeout(900)
def test_it_is_of_its_own_colour_alone(machine):
    assert inside("systemctl", "is-active", "picklefleet@green").stdout.strip() == "active"
    assert inside("systemctl", "is-active", "picklefleet@blue", check=False).stdout.strip() != "active"
    assert inside("python3", "-c", STATUS.format("/health/azure")).stdout.strip() == "200"


@pytest.mark.timeout(900)
def test_it_has_an_identity_of_its_own_and_the_secrets_that_are_its(machine):
    assert len(inside("cat", "/etc/machine-id").stdout.strip()) == 32
    modes = inside(
        "sh", "-c", "stat -c '%a %U %G' /etc/picklefleet/trust/*.key /etc/picklefleet/certificates/edge.pem"
    ).stdout

    assert set(modes.splitlines()) == {"440 root picklefleet"}


@pytest.mark.timeout(900)
def test_it_is_what_a_host_shall_be(machine):
    """The suite of `make verify-hosts`: what is true of every host, and of those that answer clients."""
    code, told = hosts_suite()

    assert code == 0, told[-6000:]
    assert int(re.search(r"(\d+) passed", told)[1]) >= CHECKS, told
    reasons = re.findall(r"^SKIPPED \[\d+\] \S+ (.+)", told, re.MULTILINE)
    assert all(reason.startswith("this host is a container") for reason in reasons), reasons


@pytest.mark.timeout(900)
def test_that_suite_notices_a_machine_that_is_not(machine):
    key, names = "/etc/picklefleet/trust/records.key", "private_file or files_of_the_fleet"
    inside("chmod", "0444", key)
    code, told = hosts_suite("-k", names)
    inside("chmod", "0440", key)

    assert (code, hosts_suite("-k", names)[0]) == (1, 0), told
    assert "2 failed" in told


@pytest.mark.timeout(900)
def test_nothing_of_it_failed(machine):
    failed = inside("systemctl", "--no-legend", "--plain", "list-units", "--failed", "picklefleet*").stdout

    assert failed == ""
