"""The disk under the spool is really full, to the last page: predictions go on, what was dropped is counted to the
row, and when there is room again records go on whole. It needs the right to mount a small tmpfs.
"""

import contextlib
import os
import subprocess
import threading
import time
from dataclasses import asdict

import pytest

from tests.prove.full_spool import UNCOUNTING, dropped_rows
from tests.prove.machine import Clients, Machine, register
from tests.prove.small_model import ROWS, write_model
from tests.prove.stored import fit, stored_ids

SIZE = "3m"
PAGE = 4096


def full_disk(folder, seconds, seed):
    """A third of the time with room, a third without any, a third with room again; the agent runs all along."""
    return {
        "figure": _run(folder / "real", seconds, seed),
        "negative_control": _run(folder / "twin", min(seconds, 12), seed, application=UNCOUNTING),
    }


def passed(result):
    """What is missing is exactly what was counted, for no other reason; no row is torn, and no answer suffered."""
    figure, twin = result["figure"], result["negative_control"]
    counted = figure["lost"] == figure["dropped_rows"] > 0 and set(figure["dropped"]) == {"disk_full"}
    unaffected = figure["refused"] == figure["doubtful"] == figure["twice"] == figure["surplus"] == 0
    went_on = (
        figure["answered_while_full"] > 0 and figure["stored_of_those_after"] == figure["answered_after"] > 0
    )
    return (
        counted
        and unaffected
        and went_on
        and figure["least_room_bytes"] == 0
        and twin["lost"] != twin["dropped_rows"]
    )


class Ballast:
    """Something else on that disk, which takes every page that becomes free."""

    def __init__(self, disk):
        self._path, self._stop = disk / "ballast", threading.Event()
        self._thread = threading.Thread(target=self._grow)
        self.least_room_bytes = PAGE * PAGE

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join(10)
        self._path.unlink()

    def _grow(self):
        with self._path.open("ab", buffering=0) as file:
            while not self._stop.wait(0.001):
                with contextlib.suppress(OSError):
                    while True:
                        file.write(bytes(PAGE))
                room = os.statvfs(self._path.parent)
                free = room.f_bavail * room.f_frsize
                self.least_room_bytes = min(free, self.least_room_bytes)


@contextlib.contextmanager
def small_disk(place):
    place.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(place)]
    if os.geteuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("no right to mount a tmpfs: run as root")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def _run(folder, seconds, seed, **more):
    store = {"PICKLEFLEET_STORE": str(folder / "store"), "PICKLEFLEET_KEYS_DIR": str(folder / "keys")}
    machine = Machine(folder, store | {"PICKLEFLEET_SCRATCH_DIR": str(folder / "scratch")}, **more)
    with small_disk(folder / "machine" / "spool") as disk:
        register(machine, write_model(folder))
        machine.run("agent", "--once")
        try:
            machine.start_web()
            machine.start_agent()
            with Clients(machine.port, ROWS, seed=seed) as clients:
                time.sleep(seconds / 3)
                full_from = len(clients.acknowledged)
                with Ballast(disk) as ballast:
                    time.sleep(seconds / 3)
                time.sleep(1)  # what was under way when the room came back may still have found none
                room_from = len(clients.acknowledged)
                time.sleep(seconds / 3)
        finally:
            machine.stop()
        machine.run("agent", "--once")
    stored, dropped = stored_ids(machine.environment), dropped_rows(machine.environment)
    dropped = {reason: rows for reason, rows in dropped.items() if rows}
    after = clients.acknowledged[room_from:]
    return asdict(fit(clients.acknowledged, stored)) | {
        "dropped": dropped, "dropped_rows": sum(dropped.values()), "least_room_bytes": ballast.least_room_bytes,
        "answered_while_full": room_from - full_from, "answered_after": len(after),
        "stored_of_those_after": len(set(after) & set(stored)),
        "refused": len(clients.refused), "doubtful": clients.doubtful,
    }  # fmt: skip
