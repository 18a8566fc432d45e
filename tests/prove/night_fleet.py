"""Three workers of nights on one store: killed, frozen, told a wrong time; and what is seen of them from outside."""

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).parents[2]
WORKERS = "abc"
SILENT_S = 2.0
PACE_S = 6.0


@dataclass
class Fleet:
    """Three workers on one store, and what is seen of the store from outside: its files."""

    folder: Path
    kind: str
    random: random.Random
    deadly: float
    ahead_s: float = 0.0
    away: bool = False
    processes: dict = field(default_factory=dict)
    begun: list = field(default_factory=list)
    seen: dict = field(default_factory=dict)  # night → digest of its report
    rewritten: set = field(default_factory=set)
    premature: set = field(default_factory=set)
    thaw_at: dict = field(default_factory=dict)
    count: dict = field(default_factory=lambda: {"killed": 0, "died_at_a_write": 0, "frozen": 0, "jumps": 0})

    def now(self):
        return datetime.now(UTC) + timedelta(seconds=self.ahead_s)

    def set_clock(self, moment):
        self.ahead_s = (moment - datetime.now(UTC)).total_seconds()
        write_seconds(self.folder / "ahead", self.ahead_s)

    def look(self):
        """Keep the workers alive, and see what is there now."""
        for name in () if self.away else WORKERS:
            process = self.processes.get(name)
            if process is None or process.poll() is not None:
                self.count["died_at_a_write"] += process is not None and process.returncode == -signal.SIGKILL
                self.processes[name] = self._start(name)
        for process, moment in list(self.thaw_at.items()):
            if time.monotonic() >= moment:
                process.send_signal(signal.SIGCONT)
                del self.thaw_at[process]
        self._see()

    def _start(self, name):
        command = [sys.executable, "-m", "tests.prove.night_worker", "--name", name, "--kind", self.kind]
        command += ["--deadly", str(self.deadly), "--seed", str(self.random.randrange(2**32))]
        environment = environment_of(self.folder) | {"NIGHTS_FOLDER": str(self.folder)}
        with (self.folder / "log.txt").open("a") as log:
            process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True
            )
        self.begun.append(process)
        return process

    def _see(self):
        for path in (self.folder / "store" / "reports").glob("????-??-??/report.json"):
            night = path.parent.name
            try:
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
            except FileNotFoundError:
                continue  # a twin deletes it
            if self.seen.setdefault(night, digest) != digest:
                self.rewritten.add(night)
            if self.now() < end_of(date.fromisoformat(night)):
                self.premature.add(night)

    def report(self, night):
        return self.folder / "store" / "reports" / night / "report.json"

    def wait(self, seconds, until=lambda: False):
        ends = time.monotonic() + seconds
        while time.monotonic() < ends and not until():
            self.look()
            time.sleep(0.05)

    def holder(self, night):
        """The process that is at the night; any, when none did soon."""
        self.wait(PACE_S, lambda: self._judging(night) or night.isoformat() in self.seen)
        judging = self._judging(night)
        alive = [process for process in self.processes.values() if process.poll() is None]
        mine = [process for process in alive if judging and process.pid == judging[-1]]
        return (mine or alive or [None])[0]

    def _judging(self, night):
        path = self.folder / "judging"
        lines = path.read_text().splitlines() if path.exists() else []
        return [int(line.split()[1]) for line in lines if line.startswith(night.isoformat())]

    def kill(self, process):
        if process is not None and process.poll() is None:
            process.kill()
            process.wait()
            self.processes = {name: one for name, one in self.processes.items() if one is not process}
            self.count["killed"] += 1

    def freeze(self, process):
        """For longer than its claim lasts: another one takes over."""
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGSTOP)
            self.thaw_at[process] = time.monotonic() + SILENT_S * 1.4
            self.count["frozen"] += 1

    def misdate(self, seconds):
        name = self.random.choice(WORKERS)
        write_seconds(self.folder / f"error-{name}", seconds)
        self.count["jumps"] += 1

    def date(self):
        for name in WORKERS:
            write_seconds(self.folder / f"error-{name}", 0.0)

    def end(self):
        for process in self.begun:
            try:
                os.killpg(process.pid, signal.SIGKILL)  # with the children that it left
            except ProcessLookupError:
                continue
            process.wait()


def end_of(night):
    return datetime(night.year, night.month, night.day, tzinfo=UTC) + timedelta(days=1)


def write_seconds(path, seconds):
    """All at once: a worker may read it at any moment."""
    written = path.with_suffix(".new")
    written.write_text(str(seconds))
    written.replace(path)


def environment_of(folder):
    own = {"STORE": folder / "store", "MACHINE_DIR": folder / "machine", "KEYS_DIR": folder / "keys"}
    return os.environ | {f"PICKLEFLEET_{name}": str(path) for name, path in own.items()}
