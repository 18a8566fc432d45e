"""What recording adds to a one-row predict over HTTP: `python -m benchmarks.recording_overhead [requests] [clients]`.

Two services of one worker each, alike but for the recording, loaded in turn by several clients at once: the worker has
always something to do. On a shared machine take the ratios. The service without recording is the real one with that
single call left out.
"""

import http.client
import json
import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from http import HTTPStatus
from pathlib import Path

from tests.prove.machine import Machine, register
from tests.prove.small_model import ROWS, write_model

BLOCK = 100
WITHOUT = "benchmarks.without_recording:app"


def main(requests: int, clients: int) -> None:
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        store = {
            "PICKLEFLEET_STORE": str(folder / "store"),
            "PICKLEFLEET_KEYS_DIR": str(folder / "keys"),
            "PICKLEFLEET_WORKERS": "1",
            "PICKLEFLEET_SEAL_AGE_S": "60",
            "PICKLEFLEET_SEAL_BYTES": "16 MiB",
        }
        recording = Machine(folder / "on", store)
        without = Machine(folder / "off", store, application=WITHOUT)
        register(recording, write_model(folder))
        for machine in (recording, without):
            machine.run("agent", "--once")
            stack.callback(machine.stop)
            machine.start_web()
        print(f"{clients} clients, {requests:,} requests each and service")
        print_figures(measured_by(clients, recording, without, requests))


def measured_by(clients: int, recording: Machine, without: Machine, requests: int) -> dict[str, list[float]]:
    """Seconds of each request, by service. All clients load one service, then the other, block after block, the first
    of a pair in turn: asked at the same time, the slower of two would gather the queue of both.
    """
    seconds: dict[str, list[float]] = {"on": [], "off": []}
    services = [("on", recording), ("off", without)]
    with ThreadPoolExecutor(clients) as pool:
        for block in range(-1, -(-requests // BLOCK)):
            for name, machine in services if block % 2 else reversed(services):
                parts = list(pool.map(load, [machine] * clients))
                if block >= 0:
                    seconds[name] += [took for part in parts for took in part]
    return seconds


def load(machine: Machine) -> list[float]:
    """One client's block of requests over a connection that it keeps."""
    with closing(connect(machine)) as connection:
        return [ask(connection, number) for number in range(BLOCK)]


def connect(machine: Machine) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", machine.port, timeout=30)


def ask(connection: http.client.HTTPConnection, number: int) -> float:
    body = json.dumps({"instances": [ROWS[number % len(ROWS)]]})
    begun = time.perf_counter()
    connection.request("POST", "/api/v1/predict", body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    answer.read()
    took = time.perf_counter() - begun
    if answer.status != HTTPStatus.OK:
        sys.exit(f"The service answered {answer.status}.")
    return took


def print_figures(seconds: dict[str, list[float]]) -> None:
    for title, quantile in (("median", 0.5), ("p99", 0.99)):
        on, off = (
            statistics.quantiles(seconds[name], n=100)[round(quantile * 100) - 1] for name in ("on", "off")
        )
        print(
            f"{title:7s} recording {on * 1e3:7.3f} ms, without {off * 1e3:7.3f} ms: {(on / off - 1) * 100:+.1f} %"
        )
    print(f"{len(seconds['on']):,} requests each")


if __name__ == "__main__":
    given = [int(argument) for argument in sys.argv[1:]]
    main(*(given + [2_000, 8][len(given) :]))
