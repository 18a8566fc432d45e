"""A machine's first boot against a metadata service, a vault and an engine that answer as the real ones."""

import base64
import json
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.json_service import JsonHandler, JsonServer, serving

PROGRAM = Path(__file__).parents[3] / "ansible" / "roles" / "first_boot" / "files" / "first-boot"
IMAGE = "a" * 64
# An engine that holds what it was given: `load` takes the id from the archive's content.
ENGINE = """#!/bin/sh
held="$(dirname "$0")/held"
case $1 in
  image) grep -qx "$3" "$held" 2> /dev/null && echo "$3" ;;
  load) cat "$4" >> "$held" ;;
  network) echo "$*" >> "$(dirname "$0")/networks"; [ "$2" = create ] || [ -n "$HAS_NETWORK" ] ;;
esac
"""


class Azure(JsonServer):
    def __init__(self):
        super().__init__(Handler)
        self.tags = {"picklefleet-role": "green", "picklefleet-release": "r2-abc"}
        self.data = {
            "store": "az://flightsstore",
            "vault": self.url,
            "telemetry": "InstrumentationKey=k",
            "identity": "serving",
        }
        self.secrets = {"fleet-key": "f" * 64, "records-key": "e" * 64, "tls-certificate": "PEM"}
        self.forbidden, self.read = False, []


class Handler(JsonHandler):
    def get(self):
        azure, path = self.server, urlsplit(self.path).path
        if path == "/metadata/instance/compute":
            tags = [{"name": name, "value": value} for name, value in azure.tags.items()]
            data = base64.b64encode(json.dumps(azure.data).encode()).decode()
            self.answer(200, {"name": "flights-green_7", "tagsList": tags, "userData": data})
        elif path == "/metadata/identity/oauth2/token":
            asked = parse_qs(urlsplit(self.path).query)
            self.answer(200, {"access_token": f"{asked['client_id'][0]} {asked['resource'][0]}"})
        elif (
            self.headers.get("Authorization") != f"Bearer {azure.data['identity']} https://vault.azure.net"
            or azure.forbidden
        ):
            self.answer(403, {})
        else:
            azure.read.append(path.rsplit("/", 1)[1])
            value = azure.secrets.get(path.rsplit("/", 1)[1])
            self.answer(200 if value else 404, {"value": value})


@pytest.fixture
def azure():
    with serving(Azure()) as made:
        yield made


@pytest.fixture
def host(tmp_path):
    images = tmp_path / "var/lib/picklefleet/images"
    images.mkdir(parents=True)
    (images / f"{IMAGE}.tar").write_text(f"sha256:{IMAGE}\n")
    folder = tmp_path / "etc/picklefleet"
    folder.mkdir(parents=True)
    (folder / "agent.env").write_text(
        "PICKLEFLEET_STORE=az://set-at-the-first-boot\nPICKLEFLEET_EDGE_DIR=/edge\n"
    )
    (folder / "web.env").write_text("PICKLEFLEET_API_KEYS=on\n")
    (folder / "worker.env").write_text("PICKLEFLEET_STORE=az://set-at-the-first-boot\n")
    (folder / "trust").mkdir()
    (folder / "trust/trust.json").write_text("public keys")
    engine = tmp_path / "docker"
    engine.write_text(ENGINE)
    engine.chmod(0o755)
    return tmp_path


def boot(host, metadata):
    command = [
        sys.executable,
        str(PROGRAM),
        "--root",
        host,
        "--metadata",
        metadata,
        "--docker",
        host / "docker",
    ]
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=60, check=False)


def settings(host, name):
    return dict(line.split("=", 1) for line in (host / "etc/picklefleet" / name).read_text().splitlines())


def test_a_machine_is_what_its_own_tags_say(host, azure):
    done = boot(host, azure.url)

    assert done.returncode == 0, done.stderr
    assert "flights-green_7 is green, release r2-abc." in done.stdout
    told = settings(host, "agent.env")
    assert told["PICKLEFLEET_STORE"] == "az://flightsstore"
    assert told["PICKLEFLEET_EDGE_DIR"] == "/edge"  # what was baked stays
    assert (told["PICKLEFLEET_COLOUR"], told["PICKLEFLEET_CARRIES"]) == ("green", "own")
    assert told["PICKLEFLEET_METADATA_URL"] == azure.url
    assert told["PICKLEFLEET_AZURE_MONITOR_FILE"] == "/run/secrets/AZURE_MONITOR"
    assert settings(host, "web.env")["PICKLEFLEET_API_KEYS"] == "on"


def test_its_secrets_come_from_the_vault_by_its_own_identity(host, azure):
    boot(host, azure.url)
    folder = host / "etc/picklefleet"

    assert (folder / "trust/fleet.key").read_text() == "f" * 64
    assert (folder / "trust/records.key").read_text() == "e" * 64
    assert (folder / "certificates/edge.pem").read_text() == "PEM"
    assert (folder / "secrets/agent/AZURE_MONITOR").read_text() == "InstrumentationKey=k"
    assert {oct(file.stat().st_mode & 0o777) for file in folder.rglob("*.key")} == {"0o440"}
    assert not (folder / "secrets/web/FLEET_KEY_PREVIOUS").exists()


def test_the_key_before_this_one_is_there_while_keys_change(host, azure):
    azure.secrets["fleet-key-previous"] = "d" * 64
    boot(host, azure.url)

    assert (
        settings(host, "web.env")["PICKLEFLEET_FLEET_KEY_PREVIOUS_FILE"] == "/run/secrets/FLEET_KEY_PREVIOUS"
    )


def test_every_boot_gives_the_same(host, azure):
    boot(host, azure.url)
    before = {file: file.read_text() for file in (host / "etc").rglob("*") if file.is_file()}
    assert boot(host, azure.url).returncode == 0

    assert {file: file.read_text() for file in (host / "etc").rglob("*") if file.is_file()} == before


def test_the_carried_image_is_loaded_once_and_checked(host, azure):
    boot(host, azure.url)
    assert (host / "held").read_text() == f"sha256:{IMAGE}\n"
    assert not list((host / "var/lib/picklefleet/images").iterdir())

    (host / f"var/lib/picklefleet/images/{'b' * 64}.tar").write_text("something else\n")
    done = boot(host, azure.url)
    assert done.returncode == 1
    assert "was changed after it was baked" in done.stderr


def test_the_edge_holds_the_limits_of_the_settings_that_came_with_this_boot(host, azure):
    azure.data["web-settings"] = json.dumps({"KEY_MACHINES": "3"})
    program = rendering(
        host, 'cp "$etc/web.env" "$etc/seen.env"; cat "$etc/certificates/edge.pem" > /dev/null'
    )
    done = boot(host, azure.url)

    assert done.returncode == 0, done.stderr
    assert settings(host, "seen.env")["PICKLEFLEET_KEY_MACHINES"] == "3"

    program.write_text("#!/bin/sh\nexit 1\n")
    assert boot(host, azure.url).returncode != 0, "a machine whose limits are not held must not start"


def test_whoever_serves_nothing_renders_no_edge(host, azure):
    azure.tags = {"picklefleet-role": "worker"}
    azure.data["identity"] = "worker"
    rendering(host, 'touch "$etc/rendered"')
    boot(host, azure.url)

    assert not (host / "etc/picklefleet/rendered").exists()


def rendering(host, what):
    program = host / "usr/lib/picklefleet/render-edge"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\netc={host}/etc/picklefleet\n{what}\n")
    program.chmod(0o755)
    return program


@pytest.mark.parametrize("missing", ["fleet-key", "records-key", "tls-certificate"])
def test_without_a_secret_that_it_needs_it_does_not_start(host, azure, missing):
    del azure.secrets[missing]
    done = boot(host, azure.url)

    assert done.returncode == 1
    assert missing in done.stderr


def test_a_vault_that_refuses_is_tried_again_by_the_unit(host, azure):
    azure.forbidden = True

    assert boot(host, azure.url).returncode != 0


def test_the_web_containers_network_is_there_without_a_route_out(host, azure, monkeypatch):
    boot(host, azure.url)
    made = (host / "networks").read_text().splitlines()[-1]
    assert made.startswith("network create --internal --subnet 172.31.250.0/24 --gateway 172.31.250.1 ")
    assert made.endswith(" picklefleet-web")

    (host / "networks").unlink()
    monkeypatch.setenv("HAS_NETWORK", "yes")
    boot(host, azure.url)
    assert "create" not in (host / "networks").read_text()


def test_a_machine_without_a_role_belongs_to_no_fleet(host, azure):
    azure.tags = {}

    assert "belongs to no fleet" in boot(host, azure.url).stderr


def test_a_plain_host_only_loads_its_images(host):
    done = boot(host, "http://127.0.0.1:9")

    assert done.returncode == 0
    assert (host / "held").exists()
    assert "PICKLEFLEET_COLOUR" not in settings(host, "agent.env")


class TestRoles:
    @pytest.fixture
    def worker(self, azure):
        azure.tags = {"picklefleet-role": "worker"}
        azure.data |= {"identity": "worker", "worker-settings": json.dumps({"MAIL_TO": "nights@example.org"})}
        azure.secrets |= {"smtp-password": "p" * 20}
        return azure

    def test_a_colour_has_the_mark_of_those_that_serve(self, host, azure):
        boot(host, azure.url)

        assert marks(host) == ["serving"]

    def test_the_worker_has_its_own_settings_and_no_secret_of_those_that_serve(self, host, worker):
        done = boot(host, worker.url)
        folder = host / "etc/picklefleet"

        assert done.returncode == 0, done.stderr
        assert marks(host) == ["worker"]
        told = settings(host, "worker.env")
        assert told["PICKLEFLEET_STORE"] == "az://flightsstore"
        assert told["PICKLEFLEET_AZURE_CLIENT_ID"] == "worker"
        assert told["PICKLEFLEET_MAIL_TO"] == "nights@example.org"
        assert told["PICKLEFLEET_SMTP_PASSWORD_FILE"] == "/run/secrets/SMTP_PASSWORD"
        assert told["PICKLEFLEET_AZURE_MONITOR_FILE"] == "/run/secrets/AZURE_MONITOR"
        assert (folder / "worker-keys/records.key").read_text() == "e" * 64
        assert (folder / "worker-keys/trust.json").read_text() == "public keys"
        assert (folder / "secrets/worker/SMTP_PASSWORD").read_text() == "p" * 20
        assert set(worker.read) == {"records-key", "smtp-password"}
        assert not (folder / "trust/fleet.key").exists()

    @pytest.mark.parametrize("role", ["runner", "graphite"])
    def test_what_is_neither_starts_nothing_of_ours_and_reads_no_secret(self, host, azure, role):
        azure.tags = {"picklefleet-role": role}

        assert boot(host, azure.url).returncode == 0
        assert marks(host) == []
        assert azure.read == []

    def test_a_machine_of_another_role_than_before_loses_the_mark(self, host, azure):
        boot(host, azure.url)
        azure.tags = {"picklefleet-role": "runner"}
        boot(host, azure.url)

        assert marks(host) == []

    def test_a_plain_host_serves(self, host):
        boot(host, "http://127.0.0.1:9")

        assert marks(host) == ["serving"]

    def test_a_colours_processes_get_the_fleets_settings_but_never_anothers_identity(self, host, azure):
        azure.data |= {
            "web-settings": json.dumps({"TRACE_SHARE": "0.01"}),
            "agent-settings": json.dumps({"SEAL_AGE_S": "30", "COLOUR": "blue"}),
        }
        boot(host, azure.url)

        assert settings(host, "web.env")["PICKLEFLEET_TRACE_SHARE"] == "0.01"
        told = settings(host, "agent.env")
        assert (told["PICKLEFLEET_SEAL_AGE_S"], told["PICKLEFLEET_COLOUR"]) == ("30", "green")

    @pytest.mark.parametrize("given", [{"A": "1\nPICKLEFLEET_STORE=elsewhere"}, {"a b": "1"}])
    def test_settings_that_are_none_are_refused(self, host, azure, given):
        azure.data |= {"web-settings": json.dumps(given)}
        done = boot(host, azure.url)

        assert done.returncode == 1
        assert "web-settings are no settings" in done.stderr


def marks(host):
    folder = host / "run/picklefleet-role"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []
