"""Machines on one store that are moved from version to version through the policy."""

import pickle
import time

import pandas as pd

from lifecycle.adapters.opening import open_registry
from lifecycle.machine import MachineDirectory, Serving
from lifecycle.policy import VersionRef
from lifecycle.policy_journal import PolicyJournal
from lifecycle.settings import load
from lifecycle.signing import load_signing_key, load_trust
from lifecycle.web_processes import living
from tests.prove.machine import Machine
from tests.prove.small_model import NAMES, ROWS, write_model

STRENGTHS = {"v1": 1.0, "v2": 0.001}
PATIENCE_S = 900  # nothing here takes a minute; a machine that is shared may be slow


class Fleet:
    """Machines on one store, with two versions that answer differently, v1 being champion."""

    def __init__(self, folder, *, machines=1, application="webapp.wsgi:app", write=write_model, **settings):
        store = {"STORE": str(folder / "store"), "KEYS_DIR": str(folder / "keys")} | settings
        environment = {f"PICKLEFLEET_{name}": text for name, text in store.items()}
        self.machines = [
            Machine(folder / f"machine{number}", environment, application=application)
            for number in range(machines)
        ]
        first = self.machines[0]
        first.run("trust", "init")
        self.tables = {}
        for version, strength in STRENGTHS.items():
            path = write(folder / version, strength)
            first.run("register", path, "--name", "small")
            first.run("approve", version)
            self.tables[version] = answers_of(path) if write is write_model else []
        settings = load(environment)
        self.key = load_signing_key("admission", settings.keys_dir)
        self.journal = PolicyJournal(open_registry(settings), load_trust(settings.keys_dir))
        self.refs = {
            one.version: VersionRef(one.version, one.digest) for one in self.journal.registry.versions()
        }
        self.promote("v1")

    def start(self):
        for machine in self.machines:
            machine.run("agent", "--once")
            machine.start_web()
            machine.start_agent()

    def stop(self):
        for machine in self.machines:
            machine.stop()

    def promote(self, version):
        return self.journal.promote(self.key, self.refs[version], by="prove", reason="swap")

    def roll_back(self):
        return self.journal.roll_back(self.key, by="prove", reason="back")

    def directories(self):
        return [MachineDirectory(machine.folder / "machine") for machine in self.machines]

    def follow(self, policy):
        """Until every web process of every machine answers by that policy."""
        wanted = Serving.of("small", policy).id
        wait(
            lambda: all(
                every(directory, lambda said: said.serving == wanted) for directory in self.directories()
            )
        )

    def recycled(self, workers=2):
        """Until every web process shares what is served."""
        for directory in self.directories():
            digest = directory.serving().digest
            wait(lambda: every(directory, lambda said: digest in said.inherited, workers))  # noqa: B023 - asked at once


def every(directory, holds, workers=1):
    processes = living(directory.web)
    return len(processes) >= workers and all(map(holds, processes))


def wait(holds):
    begun = time.monotonic()
    while not holds():
        assert time.monotonic() - begun < PATIENCE_S, "It did not happen in time."
        time.sleep(0.01)


def answers_of(path):
    """By scikit-learn alone, row by row: label and probabilities of each of the ROWS."""
    estimator = pickle.loads(path.read_bytes())
    frames = [pd.DataFrame([row], columns=list(NAMES)) for row in ROWS]
    return [
        (estimator.predict(frame)[0].item(), estimator.predict_proba(frame)[0].tolist()) for frame in frames
    ]
