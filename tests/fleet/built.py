"""Two machines, and a host for balancer, worker and Graphite; and the machine that a person sits at, with the keys."""

import base64
import json
import os
import secrets
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from tests.commands import picklefleet
from tests.edge import request
from tests.fleet.hosts import Hosts, docker
from tests.prove.small_model import write_model

ROOT = Path(__file__).parents[2]
ANSIBLE = Path(os.environ.get("ANSIBLE_BIN", ROOT / ".venv-ansible" / "bin"))
GRAPHITE = "graphiteapp/graphite-statsd:1.1.10-5"
MACHINES = ("m1", "m2")


def missing():
    if (
        shutil.which("docker") is None
        or subprocess.run(["docker", "version"], capture_output=True, check=False).returncode
    ):
        return "there is no container engine here"
    if not (ANSIBLE / "ansible-playbook").exists():
        return "Ansible is not installed: make fleet"
    if not docker("images", "--quiet", "picklefleet:local"):
        return "there is no image picklefleet:local: make image"
    return ""


@dataclass
class Fleet:
    folder: Path
    hosts: Hosts
    api_key: str = ""

    def prepare(self):
        self.hosts.start(*MACHINES, "front")
        key = base64.b64encode(secrets.token_bytes(64)).decode()
        (self.folder / "store.key").write_text(key)
        self.endpoint = self.hosts.store(key)
        self.image = docker("image", "inspect", "--format", "{{.Id}}", "picklefleet:local")
        docker("save", "--output", self.folder / "image.tar", "picklefleet:local")
        docker("save", "--output", self.folder / "graphite.tar", GRAPHITE)
        self._make_model()
        self._write_inventory(key)

    def run(self, *arguments):
        """The command on the machine that a person sits at, with the keys that sign."""
        return picklefleet(*arguments, environment=self.environment).stdout

    def try_run(self, *arguments):
        return picklefleet(*arguments, environment=self.environment, check=False).returncode == 0

    def playbook(self, name, *arguments):
        """Returns what changed, by host."""
        done = self.ansible(
            "ansible-playbook", ROOT / "ansible" / name, "--inventory", self.folder / "inventory", *arguments
        )
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
        recap = done.stdout.split("PLAY RECAP")[1].splitlines()[1:]
        return {
            line.split()[0]: int(line.split("changed=")[1].split()[0]) for line in recap if "changed=" in line
        }

    def ansible(self, program, *arguments, cwd=ROOT):
        own = {
            "ANSIBLE_CONFIG": str(ROOT / "ansible" / "ansible.cfg"),
            "PATH": f"{ANSIBLE}:{os.environ['PATH']}",
            "ANSIBLE_HOST_KEY_CHECKING": "False",
        }
        return subprocess.run(
            [ANSIBLE / program, *map(str, arguments)],
            cwd=cwd, env=self.environment | own, capture_output=True, text=True, timeout=1500, check=False,
        )  # fmt: skip

    @property
    def environment(self):
        own = {
            "STORE": "az://picklefleet", "STORE_ENDPOINT": self.endpoint, "KEYS_DIR": str(self.folder / "keys"),
            "STORE_ACCESS_KEY_FILE": str(self.folder / "store.key"), "LOG_FORMAT": "text",
        }  # fmt: skip
        return os.environ | {f"PICKLEFLEET_{name}": text for name, text in own.items()}

    @property
    def front(self):
        return self.hosts.addresses["front"]

    def ready(self):
        """What the balancer's clients are told."""
        try:
            status, _, document = request(8000, "GET", "/readyz", host=self.front)
        except OSError:
            return ""
        return document.get("release", "") if status == 200 else ""

    def _make_model(self):
        until(lambda: self.try_run("store", "init"))
        self.run("trust", "init")
        self.run("trust", "export", self.folder / "trust")
        self.run("register", write_model(self.folder / "model"), "--name", "small")
        self.run("approve", "v1")
        self.run("promote", "v1")
        made = self.run("keys", "create", "--owner", "team", "--scope", "predict", "--json")
        self.api_key = next(
            text for text in json.loads(made).values() if isinstance(text, str) and len(text) > 30
        )

    def _write_inventory(self, key):
        addresses = self.hosts.addresses
        groups = {"machines": MACHINES, "balancers": ["front"], "workers": ["front"], "monitors": ["front"]}
        inventory = {
            group: {"hosts": {name: {"ansible_host": addresses[name]} for name in names}}
            for group, names in groups.items()
        }
        values = {
            "ansible_user": "ops", "ansible_ssh_private_key_file": str(self.hosts.key),
            "ansible_ssh_common_args": "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null "
            f"-o ControlMaster=auto -o ControlPersist=60s -o ControlPath={self.folder}/%C",
            "picklefleet_image": self.image, "picklefleet_image_archive": str(self.folder / "image.tar"),
            "picklefleet_store": "az://picklefleet", "picklefleet_store_endpoint": self.endpoint,
            "picklefleet_store_access_key": key, "picklefleet_trust": str(self.folder / "trust"),
            "picklefleet_statsd_host": addresses["front"], "graphite_archive": str(self.folder / "graphite.tar"),
            "drift_worker_keys": str(self.folder / "keys"), "service_workers": 1, "picklefleet_serial": 2,
            "agent_settings": {"AGENT_POLL_S": "1", "SEAL_AGE_S": "5"},
        }  # fmt: skip
        folder = self.folder / "inventory" / "group_vars"
        folder.mkdir(parents=True)
        (self.folder / "inventory" / "hosts.yml").write_text(json.dumps(inventory))
        (folder / "all.yml").write_text(json.dumps(values))


def until(holds, seconds=180):
    begun = time.monotonic()
    while not holds():
        assert time.monotonic() - begun < seconds, "It did not happen in time."
        time.sleep(0.3)
