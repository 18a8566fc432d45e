"""What the guide promises of plain hosts, in its own order: built, released, checked, switched, stopped, started."""

import http.client
import json
import threading
from collections import Counter
from dataclasses import dataclass, field

import pytest

from tests.edge import was_closed
from tests.fleet.built import MACHINES, ROOT, until
from tests.prove.small_model import ROWS

pytestmark = pytest.mark.timeout(1800)
AT_ONCE = ("-e", "picklefleet_serial=2")
READY_S = 60  # the promise, on a machine that is shared; docs/guide/hosts.md has what was measured


@dataclass
class Clients:
    """Each keeps its connection, looks whether it was closed as any client does, and asks nothing twice."""

    address: str
    key: str
    answers: Counter = field(default_factory=Counter)
    stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self):
        self._running = [
            threading.Thread(target=self._run, args=(number, pause))
            for number, pause in enumerate((0.02, 0.02, 0.05, 4.0))
        ]
        for thread in self._running:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self._running:
            thread.join(60)

    def more(self, count):
        wanted = sum(self.answers.values()) + count
        until(lambda: sum(self.answers.values()) >= wanted, 300)

    def _run(self, number, pause):
        connection = None
        while not self.stop.wait(pause):
            number += 1
            if connection is not None and was_closed(connection):
                connection.close()
            connection = connection or http.client.HTTPConnection(self.address, 8000, timeout=60)
            self.answers[self._ask(connection, ROWS[number % len(ROWS)])] += 1
        if connection is not None:
            connection.close()

    def _ask(self, connection, row):
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.key}"}
        try:
            connection.request("POST", "/api/v1/predict", json.dumps({"instances": [row]}), headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException) as problem:
            connection.close()
            return type(problem).__name__
        if answer.will_close:
            connection.close()
        return answer.status


def test_hosts_are_built_from_nothing(fleet):
    changed = fleet.playbook("site.yml", *AT_ONCE)

    assert set(changed) == {*MACHINES, "front"}
    assert all(changed.values())


def test_a_first_release_gets_all_clients(fleet):
    release(fleet, "one")

    until(lambda: fleet.ready().startswith("one-"))
    with Clients(fleet.front, fleet.api_key) as clients:
        clients.more(200)
    assert set(clients.answers) == {200}


def test_a_second_run_changes_nothing(fleet):
    assert fleet.playbook("site.yml", *AT_ONCE) == {"m1": 0, "m2": 0, "front": 0}


def test_check_mode_sees_nothing_to_change(fleet):
    assert fleet.playbook("site.yml", *AT_ONCE, "--check") == {"m1": 0, "m2": 0, "front": 0}


@pytest.mark.parametrize("name", ["m1", "m2"])
def test_two_machines_share_the_limit_of_a_key(fleet, name):
    told = fleet.hosts.inside(name, "grep", "KEY_MACHINES", "/etc/picklefleet/web.env")

    assert told.strip() == "PICKLEFLEET_KEY_MACHINES=2"


def test_the_hosts_are_as_they_shall_be(fleet):
    done = fleet.ansible(
        "pytest", "tests/hosts", "--confcutdir", "tests/hosts", "--ansible-inventory", fleet.folder / "inventory",
        "-q", "-p", "no:cacheprovider",
    )  # fmt: skip

    assert done.returncode == 0, done.stdout[-6000:]


def test_clients_do_not_notice_a_switch(fleet):
    document = fleet.folder / "two.json"
    document.write_text(fleet.run("release", "describe", "two", "--image", fleet.image))
    with Clients(fleet.front, fleet.api_key) as clients:
        clients.more(50)
        fleet.run("release", "assign", document)
        until(
            lambda: all(
                fleet.hosts.inside(name, "systemctl", "is-active", "picklefleet@green", check=False)
                == "active"
                for name in MACHINES
            )
        )
        until(lambda: promoted(fleet))
        until(lambda: fleet.ready().startswith("two-"))
        clients.more(300)

    assert set(clients.answers) == {200}


def test_clients_do_not_notice_a_machine_that_stops_and_starts(fleet):
    """`systemctl stop` returns when nobody is left and every record is in the store."""
    with Clients(fleet.front, fleet.api_key) as clients:
        clients.more(50)
        fleet.hosts.inside("m1", "systemctl", "stop", "picklefleet.target")
        left = fleet.hosts.inside(
            "m1",
            "sh",
            "-c",
            "find /var/lib/picklefleet/machine/spool -name '*.open' -o -name '*.sealed' | wc -l",
        )
        running = fleet.hosts.inside("m1", "docker", "ps", "--quiet")
        clients.more(100)
        fleet.hosts.inside("m1", "systemctl", "start", "picklefleet.target")
        until(lambda: ready(fleet, "m1"))
        clients.more(100)

    assert set(clients.answers) == {200}
    assert (left, running) == ("0", "")


def test_a_machine_that_boots_is_ready_within_a_minute(fleet):
    fleet.hosts.restart("m2")

    until(lambda: ready(fleet, "m2"), READY_S)

    assert fleet.hosts.inside("m2", "systemctl", "is-active", "picklefleet@green") == "active"


def release(fleet, name):
    picklefleet = ROOT / ".venv" / "bin" / "picklefleet"
    fleet.playbook(
        "release.yml", "-e", f"release_name={name}", "-e", f"release_image={fleet.image}",
        "-e", f"release_command={picklefleet}", "-e", f"release_folder={fleet.folder}/releases",
    )  # fmt: skip


def promoted(fleet):
    return fleet.try_run("release", "promote", "--to", "green", "--reason", "a switch")


def ready(fleet, name):
    asked = "import urllib.request; print(urllib.request.urlopen('http://127.0.0.1:8081/readyz', timeout=3).status)"
    return fleet.hosts.inside(name, "python3", "-c", asked, check=False) == "200"
