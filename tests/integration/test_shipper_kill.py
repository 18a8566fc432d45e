"""kill -9 of the agent while web processes write; two machines that ship to one store."""

import signal
import subprocess
import sys
import time

import pytest

from agent.shipper import Shipper
from tests.record_builders import SIGNATURE, new_id, record, recorder, records_area, stored_ids

KILLS = 5

AGENT = """
import sys
from pathlib import Path
from agent.shipper import Shipper
from tests.record_builders import records_area
shipper = Shipper(records_area(Path(sys.argv[1])), Path(sys.argv[2]))
print("started", flush=True)
while True:
    shipper.ship()
"""


def agent(store, spool):
    started = subprocess.Popen([sys.executable, "-c", AGENT, str(store), str(spool)], stdout=subprocess.PIPE)
    started.stdout.readline()
    return started


def write(writing, ledger, count=150):
    for _ in range(count):
        base = new_id()
        if writing.prediction(SIGNATURE, record(base)):
            ledger.append(f"{base}-0")


@pytest.mark.slow
def test_an_agent_killed_again_and_again_ships_each_row_once(tmp_path):
    spool, ledger = tmp_path / "spool", []
    writing = recorder(spool, seal_bytes=3000, seal_age_s=0.05)
    for run in range(KILLS):
        process = agent(tmp_path / "store", spool)
        until = time.monotonic() + 0.05 + 0.1 * run
        while time.monotonic() < until:
            write(writing, ledger)
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
    writing.close()
    Shipper(records_area(tmp_path / "store"), spool).ship()

    assert len(ledger) > KILLS * 150
    assert sorted(ledger) == stored_ids(tmp_path / "store")


@pytest.mark.slow
def test_two_machines_ship_to_one_store_at_once(tmp_path):
    ledger, spools = [], [tmp_path / "one", tmp_path / "other"]
    agents = [agent(tmp_path / "store", spool) for spool in spools]
    writers = [recorder(spool, seal_bytes=3000, seal_age_s=0.05) for spool in spools]
    for _ in range(10):
        for writing in writers:
            write(writing, ledger, count=50)
        time.sleep(0.02)
    for writing in writers:
        writing.close()
    for process in agents:
        process.kill()
        process.wait()
        process.stdout.close()
    for spool in spools:
        Shipper(records_area(tmp_path / "store"), spool).ship()

    assert sorted(ledger) == stored_ids(tmp_path / "store")


@pytest.mark.slow
def test_two_agents_on_one_spool_do_not_spoil_each_others_plans(tmp_path):
    """An `agent --once` beside the one that runs."""
    spool, ledger = tmp_path / "spool", []
    agents = [agent(tmp_path / "store", spool) for _ in range(2)]
    writing = recorder(spool, seal_bytes=3000, seal_age_s=0.05)
    for _ in range(10):
        write(writing, ledger, count=80)
        time.sleep(0.02)
    writing.close()
    for process in agents:
        process.kill()
        process.wait()
        process.stdout.close()
    Shipper(records_area(tmp_path / "store"), spool).ship()

    assert sorted(ledger) == stored_ids(tmp_path / "store")
