"""A file of true values, from the command to the spool that the agent ships."""

import json

import orjson
import pytest
from click.testing import CliRunner

from agent.sync import PolicySync
from lifecycle.installation_keys import FLEET, RECORDS, create_key, load_fleet_key
from lifecycle.machine import MachineDirectory
from lifecycle.prediction import mint, row_id
from lifecycle.prediction_log.spool_files import read_events, spool_files
from picklefleet.__main__ import main


@pytest.fixture
def machine(settings):
    return MachineDirectory(settings.machine_dir)


@pytest.fixture
def champion(add, crown, registry, trust, machine):
    """A regression model that this machine serves."""
    crown(add())
    PolicySync(registry, machine, lambda: trust, lambda *_: 0, lambda: 1.0).look()


@pytest.fixture
def run(settings, monkeypatch):
    create_key(FLEET, settings.keys_dir)
    create_key(RECORDS, settings.keys_dir)
    for name in ("STORE", "MACHINE_DIR", "KEYS_DIR"):
        monkeypatch.setenv(f"PICKLEFLEET_{name}", str(getattr(settings, name.lower())))

    def invoke(*arguments, exit_code=0):
        result = CliRunner().invoke(main, ["feedback", "import", *map(str, arguments)])
        assert result.exit_code == exit_code, result.output
        return result

    return invoke


@pytest.fixture
def labels(tmp_path, settings, run):
    def write(*actuals, owner=""):
        base = mint(load_fleet_key(settings), len(actuals), owner)
        lines = [f"{row_id(base, row)},{actual}" for row, actual in enumerate(actuals)]
        path = tmp_path / "labels.csv"
        path.write_text("\n".join(["prediction_id,actual", *lines]))
        return path

    return write


def events(machine):
    """What the sealed spools hold beside their headers."""
    found = [file for file in spool_files(machine.spool) if file.kind == "feedback"]
    assert all(file.sealed for file in found)
    return [orjson.loads(event) for file in found for event in list(read_events(file.path))[1:]]


def test_the_values_lie_sealed_in_the_spool_when_the_command_ends(champion, run, labels, machine):
    output = run(labels("1.5", "2", "")).output

    assert "Recorded 2, refused 0, without a value 1." in output
    assert "picklefleet agent --once" in output
    (event,) = events(machine)
    assert event["numbers"] == [1.5, 2.0]
    assert event["source"] == "import"


def test_refused_rows_are_told_and_end_the_command_with_1(champion, run, labels, machine):
    path = labels("1", "x")

    assert "row 3, actual: Must be a finite number." in run(path, exit_code=1).output
    document = json.loads(run(path, "--json", exit_code=1).stdout)
    assert document == {
        "accepted": 1,
        "refused": 1,
        "empty": 0,
        "faults": [{"number": 3, "column": "actual", "detail": "Must be a finite number."}],
    }
    assert len(events(machine)) == 2


def test_predictions_asked_for_with_a_key_need_its_owner(champion, run, labels):
    path = labels("1", owner="shop")

    run(path, exit_code=1)
    assert "Recorded 1" in run(path, "--owner", "shop").output


def test_by_key_no_id_is_needed(champion, run, tmp_path, machine):
    path = tmp_path / "labels.csv"
    path.write_text("key,actual\norder-17,3\n")

    run(path, "--on", "key")

    assert events(machine)[0]["prediction_ids"] == ["key:order-17"]


def test_without_a_model_the_way_out_is_told(run, labels):
    assert "picklefleet agent --once" in run(labels("1"), exit_code=1).output
