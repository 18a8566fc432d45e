"""Plain Debian hosts in containers: systemd, sshd, an engine of their own. Ansible reaches them by SSH, as any others."""

import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

FILES = Path(__file__).parents[1] / "hosts"
IMAGE = "picklefleet-test-host"
CAPABILITIES = ("SYS_ADMIN", "NET_ADMIN", "SYS_PTRACE")
BOOT_S = 90


def docker(*arguments, check=True, **more):
    done = subprocess.run(
        ["docker", *map(str, arguments)], capture_output=True, text=True, check=False, **more
    )
    assert not check or done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout.strip()


@dataclass
class Hosts:
    """`name` stands before every container's, and is the network's."""

    name: str
    folder: Path
    addresses: dict = field(default_factory=dict)

    @property
    def key(self):
        return self.folder / "id"

    def start(self, *names):
        docker("build", "--quiet", "--tag", IMAGE, "--file", FILES / "host.Dockerfile", FILES)
        docker("network", "create", self.name)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.key], check=True)
        for name in names:
            self._boot(name)
        for name in names:
            self._let_in(name)

    def store(self, key):
        """A server of Azure's blob protocol on the hosts' network; returns where it answers."""
        docker(
            "run", "--detach", "--name", f"{self.name}-store", "--network", self.name,
            "--env", f"AZURITE_ACCOUNTS=picklefleet:{key}", "mcr.microsoft.com/azure-storage/azurite:3.35.0",
            "azurite-blob", "--silent", "--skipApiVersionCheck", "--disableTelemetry", "--location", "/data",
            "--blobHost", "0.0.0.0",  # noqa: S104 - in its own container
        )  # fmt: skip
        return f"http://{self._address('store')}:10000/picklefleet"

    def inside(self, name, *command, check=True):
        return docker("exec", f"{self.name}-{name}", *command, check=check)

    def restart(self, name):
        docker("restart", "--time", "120", f"{self.name}-{name}")

    def end(self):
        for name in [*self.addresses, "store"]:
            docker("rm", "--force", "--volumes", f"{self.name}-{name}", check=False)
        docker("network", "rm", self.name, check=False)

    def _boot(self, name):
        """Not privileged: a few capabilities, namespaces of its own, and a disk for its own engine."""
        rights = [part for capability in CAPABILITIES for part in ("--cap-add", capability)]
        docker(
            "run", "--detach", "--name", f"{self.name}-{name}", "--hostname", name, "--network", self.name,
            "--cgroupns", "private", "--tmpfs", "/run", "--tmpfs", "/run/lock", *rights,
            "--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined",
            "--volume", "/var/lib/docker", "--volume", "/var/lib/containerd", IMAGE,
        )  # fmt: skip
        self.addresses[name] = self._address(name)

    def _let_in(self, name):
        begun = time.monotonic()
        while self.inside(name, "systemctl", "is-system-running", check=False) not in {"running", "degraded"}:
            assert time.monotonic() - begun < BOOT_S, f"{name} does not boot"
            time.sleep(0.5)
        script = "cat > ~ops/.ssh/authorized_keys && chown ops: ~ops/.ssh/authorized_keys"
        docker(
            "exec", "--interactive", f"{self.name}-{name}", "bash", "-c", script,
            input=self.key.with_suffix(".pub").read_text(),
        )  # fmt: skip

    def _address(self, name):
        template = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
        return docker("inspect", "--format", template, f"{self.name}-{name}")


def short_folder():
    """SSH's control socket lies in it."""
    return Path(tempfile.mkdtemp(prefix="fl-"))
