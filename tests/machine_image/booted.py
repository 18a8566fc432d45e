"""A fleet with one model and one release, and machines made from a baked image that belong to it, in containers."""

import json
import os
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from lifecycle import settings as settings_module
from lifecycle.adapters.opening import open_registry
from lifecycle.releases.intent import first
from lifecycle.releases.journal import ReleaseJournal
from lifecycle.releases.release import FORMATS, Release
from lifecycle.runtime import current_runtime
from lifecycle.signing import load_signing_key, load_trust
from tests.commands import picklefleet
from tests.prove.small_model import write_model

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
ANSIBLE = Path(os.environ.get("ANSIBLE_BIN", ROOT / ".venv-ansible" / "bin"))
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
STATUS = "import urllib.request as r; print(r.urlopen('http://127.0.0.1:8081{}', timeout=5).status)"
TELEMETRY = "InstrumentationKey=11111111-2222-3333-4444-555555555555;IngestionEndpoint=https://127.0.0.1:9/"


def docker(*arguments, check=True, **more):
    return subprocess.run(
        ["docker", *map(str, arguments)], capture_output=True, text=True, timeout=300, check=check, **more
    )


class Fleet:
    """A store with a model and one release for green; what a machine is told of it."""

    def __init__(self, folder, machine_image):
        own = {"STORE": "store", "MACHINE_DIR": "laptop", "KEYS_DIR": "keys"}
        self.folder, self.machine_image = folder, machine_image
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
        self.image = f"sha256:{_carried(machine_image)}"
        settings = settings_module.load(self.environ)
        journal = ReleaseJournal(open_registry(settings).control, load_trust(settings.keys_dir))
        self.release = Release("r1", self.image, current_runtime(), formats=FORMATS)
        admission = load_signing_key("admission", settings.keys_dir)
        journal.append(admission, None, first(self.release, "green"), by="tester", reason="first")

    def run(self, *arguments):
        return picklefleet(*arguments, environment=self.environ).stdout

    def told(self, role):
        secrets = {
            f"{word}-key": (self.folder / "keys" / f"{word}.key").read_text() for word in ("fleet", "records")
        }
        release = {"picklefleet-release": self.release.id} if role == "green" else {}
        return {
            "tags": {"picklefleet-role": role} | release,
            "data": {
                "web-settings": json.dumps({"KEY_MACHINES": "3"}),
                "store": "file:///var/lib/picklefleet/machine/store",  # as their containers see it
                "vault": "http://169.254.169.254",
                "identity": role,
                "telemetry": TELEMETRY if self._can_tell_azure() else "",
                "worker-settings": json.dumps({"LOG_LEVEL": "debug"}),
            },
            "secrets": secrets | {"tls-certificate": self._certificate()},
        }

    def _can_tell_azure(self):
        asked = "import azure.monitor.opentelemetry.exporter"
        return not docker(
            "run", "--rm", "--entrypoint", "python", self.image, "-c", asked, check=False
        ).returncode

    def _certificate(self):
        certificate, key = self.folder / "cert.pem", self.folder / "key.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
             "-subj", "/CN=flights", "-keyout", key, "-out", certificate],
            capture_output=True, check=True,
        )  # fmt: skip
        return certificate.read_text() + key.read_text()


@dataclass(frozen=True)
class Machine:
    name: str

    def inside(self, *command, check=True, **more):
        return docker("exec", "-i", self.name, *command, check=check, **more)

    def active(self, unit):
        return self.inside("systemctl", "is-active", unit, check=False).stdout.strip() == "active"

    def answers(self, path):
        return self.inside("python3", "-c", STATUS.format(path), check=False).stdout.strip() == "200"

    def failed(self):
        return self.inside(
            "systemctl", "--no-legend", "--plain", "list-units", "--failed", "picklefleet*"
        ).stdout

    def wait(self, holds):
        begun = time.monotonic()
        while not holds():
            assert time.monotonic() - begun < BOOT_S, self._why()
            time.sleep(2)

    def hosts_suite(self, *modules, only=""):
        """The suite of `make verify-hosts`, through the engine: its exit code, and what it tells."""
        if not (ANSIBLE / "pytest").exists():
            pytest.skip("testinfra is not installed: make machine")
        suite = [f"tests/hosts/test_{name}.py" for name in modules]
        done = subprocess.run(
            [ANSIBLE / "pytest", *suite, "--confcutdir", "tests/hosts", "--hosts", f"docker://{self.name}", "-q", "-rs",
             "-p", "no:cacheprovider", "-k", only],
            cwd=ROOT, capture_output=True, text=True, timeout=600, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    def _why(self):
        state = self.inside(
            "systemctl", "--no-pager", "list-units", "picklefleet*", "azure*", check=False
        ).stdout
        return state + self.inside("journalctl", "--no-pager", "--lines", "80", check=False).stdout


@contextmanager
def booted(fleet, folder, role):
    """A machine whose tags say that role, with the fleet's store on it."""
    machine = Machine(f"picklefleet-machine-{role}-{os.getpid()}")
    folder.mkdir()
    docker(
        "create", "--name", machine.name, "--hostname", "flights-g000001", "--cgroupns", "private", "--tmpfs", "/run", "--tmpfs", "/run/lock",
        "--cap-add", "SYS_ADMIN", "--cap-add", "NET_ADMIN", "--cap-add", "SYS_PTRACE", "--security-opt", "seccomp=unconfined",
        "--security-opt", "apparmor=unconfined", "-v", "/var/lib/docker", "-v", "/var/lib/containerd", fleet.machine_image,
    )  # fmt: skip
    try:
        _put(machine, fleet, folder, "worker" if role == "worker" else "machine", role)
        yield machine
    finally:
        docker("rm", "--force", "--volumes", machine.name, check=False)


def _put(machine, fleet, folder, place, role):
    (folder / "azure.json").write_text(json.dumps(fleet.told(role)))
    (folder / "azure-inside.service").write_text(UNIT)
    (folder / "azure-inside").symlink_to("/etc/systemd/system/azure-inside.service")
    for source, target in (
        (HERE / "azure_inside.py", "/opt/azure_inside.py"),
        (folder / "azure.json", "/opt/azure.json"),
        (folder / "azure-inside.service", "/etc/systemd/system/azure-inside.service"),
        (fleet.folder / "keys" / "trust.json", "/etc/picklefleet/trust/trust.json"),
        (fleet.folder / "store", f"/var/lib/picklefleet/{place}/store"),
        (folder / "azure-inside", "/etc/systemd/system/multi-user.target.wants/azure-inside.service"),
    ):
        docker("cp", source, f"{machine.name}:{target}")
    docker("start", machine.name)
    trust = "/etc/picklefleet/trust/trust.json"
    owned = f"chown -R picklefleet:picklefleet /var/lib/picklefleet/{place} && chown root:picklefleet {trust} && chmod 0440 {trust}"
    machine.inside("sh", "-c", owned)


def _carried(machine_image):
    images = docker("run", "--rm", "--entrypoint", "ls", machine_image, "/var/lib/picklefleet/images").stdout
    return images.split()[0].removesuffix(".tar")
