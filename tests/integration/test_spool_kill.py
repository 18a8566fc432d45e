"""kill -9 of a writing process: what it had told the ledger is in the spool, every time; a buffered twin loses."""

import os
import signal
import subprocess
import sys
import time

import pytest

from agent.shipper import Shipper
from tests.record_builders import records_area, stored_ids

# The ledger is a pipe that the parent reads: it knows nothing of files, frames or the code under test.
WRITER = """
import os, sys
from pathlib import Path
from tests.record_builders import SIGNATURE, new_id, record, recorder
spool = Path(sys.argv[1])
if sys.argv[2] == "real":
    writing = recorder(spool, seal_bytes=20_000, seal_age_s=0.2)
    append = lambda base: writing.prediction(SIGNATURE, record(base))
else:
    from lifecycle.prediction_log.framing import framed
    from lifecycle.prediction_log.records import PredictionEncoder
    from lifecycle.prediction_log.spool_files import new_origin, open_name
    encoder = PredictionEncoder(SIGNATURE, b"k" * 32)
    file = (spool / open_name("prediction", new_origin(), 0)).open("wb")
    file.write(framed(encoder.schema.to_bytes()))
    file.flush()
    append = lambda base: file.write(framed(encoder.encode(record(base))))
while True:
    base = new_id()
    if append(base):
        os.write(1, base.encode() + b"-0\\n")
"""


def killed_under_load(spool, kind, after_s):
    """Start a writer, kill it in full flight; the ids that it had acknowledged."""
    spool.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-c", WRITER, str(spool), kind]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        first = process.stdout.readline()
        os.set_blocking(process.stdout.fileno(), False)
        chunks, end = [first], time.monotonic() + after_s
        while time.monotonic() < end:
            chunks.append(process.stdout.read() or b"")
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        os.set_blocking(process.stdout.fileno(), True)
        chunks.append(process.stdout.read())
    return [line.decode() for line in b"".join(chunks).split(b"\n") if len(line) == 34]


@pytest.mark.slow
def test_what_was_acknowledged_survives_the_kill_and_arrives_once(tmp_path):
    spool, ledger = tmp_path / "machine" / "spool", []
    area = records_area(tmp_path / "store")
    for run in range(6):
        ledger += killed_under_load(spool, "real", 0.15 + 0.07 * run)
        if run % 2:
            Shipper(area, spool).ship()
    Shipper(area, spool).ship()
    arrived = stored_ids(tmp_path / "store")

    assert len(ledger) > 1000
    assert sorted(set(ledger) - set(arrived)) == []
    assert len(arrived) == len(set(arrived))
    assert len(set(arrived) - set(ledger)) <= 6, (
        "at most the one in flight at each kill was never acknowledged"
    )


@pytest.mark.slow
def test_a_buffered_writer_loses_what_it_acknowledged(tmp_path):
    spool = tmp_path / "machine" / "spool"
    # one kill may meet a buffer that was written out just then, or a machine too busy to fill it
    ledger = [base for _ in range(4) for base in killed_under_load(spool, "buffered", 0.3)]
    Shipper(records_area(tmp_path / "store"), spool).ship()

    assert set(ledger) - set(stored_ids(tmp_path / "store"))
