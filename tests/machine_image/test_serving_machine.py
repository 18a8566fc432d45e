"""The baked machine, booted: it finds out who it is, starts its own colour alone, and answers golden rows to the bit."""

import json
import pickle
import re

import pandas as pd
import pytest

from tests.machine_image.booted import booted
from tests.prove.small_model import NAMES, ROWS

pytestmark = pytest.mark.timeout(900)
CHECKS = 30  # of a machine, the least: a suite that finds nothing to check proves nothing
ASK = """
import json, ssl, sys, urllib.request
context = ssl._create_unverified_context()
headers = {"Content-Type": "application/json", "X-Api-Key": sys.argv[1]}
body = json.dumps({"instances": json.loads(sys.stdin.read())}).encode()
request = urllib.request.Request("https://127.0.0.1/api/v1/predict", body, headers)
print(urllib.request.urlopen(request, context=context, timeout=20).read().decode())
"""


@pytest.fixture(scope="module")
def machine(fleet, tmp_path_factory):
    with booted(fleet, tmp_path_factory.mktemp("green") / "machine", "green") as made:
        made.wait(lambda: made.answers("/readyz"))
        yield made


def test_golden_rows_are_answered_to_the_bit_by_the_machine_that_was_booted(fleet, machine):
    rows = ROWS[:20]
    told = machine.inside("python3", "-c", ASK, fleet.key, input=json.dumps(rows)).stdout
    with fleet.model.open("rb") as file:
        expected = pickle.load(file).predict_proba(pd.DataFrame(rows, columns=list(NAMES)))[:, 1]

    assert [one["probabilities"]["true"] for one in json.loads(told)["predictions"]] == expected.tolist()


def test_it_is_of_its_own_colour_alone(machine):
    assert machine.active("picklefleet@green")
    assert not machine.active("picklefleet@blue")
    assert not machine.active("picklefleet-worker")
    assert machine.answers("/health/azure")


def test_it_has_an_identity_of_its_own_and_the_secrets_that_are_its(machine):
    assert len(machine.inside("cat", "/etc/machine-id").stdout.strip()) == 32
    modes = machine.inside(
        "sh", "-c", "stat -c '%a %U %G' /etc/picklefleet/trust/*.key /etc/picklefleet/certificates/edge.pem"
    ).stdout

    assert set(modes.splitlines()) == {"440 root picklefleet"}


def test_it_is_what_a_host_shall_be(machine):
    """What is true of every host, and of those that answer clients."""
    code, told = machine.hosts_suite("base", "machines")

    assert code == 0, told[-6000:]
    assert int(re.search(r"(\d+) passed", told)[1]) >= CHECKS, told
    reasons = re.findall(r"^SKIPPED \[\d+\] \S+ (.+)", told, re.MULTILINE)
    assert all(reason.startswith("this host is a container") for reason in reasons), reasons


def test_that_suite_notices_a_machine_that_is_not(machine):
    key, names = "/etc/picklefleet/trust/records.key", "private_file or files_of_the_fleet"
    machine.inside("chmod", "0444", key)
    code, told = machine.hosts_suite("base", "machines", only=names)
    machine.inside("chmod", "0440", key)

    assert (code, machine.hosts_suite("base", "machines", only=names)[0]) == (1, 0), told
    assert "2 failed" in told


def test_nothing_of_it_failed(machine):
    assert machine.failed() == ""
