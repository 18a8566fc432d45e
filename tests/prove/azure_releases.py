"""A release on Azure with its walker killed at every act: real Terraform, a locked remote state, ARM from its documents.

Whatever happens, one colour is live at the end, clients always had somebody, and every machine boots its own colour's
release.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lifecycle import settings as settings_module
from lifecycle.adapters.opening import open_registry
from lifecycle.releases.intent import assigned, first
from lifecycle.releases.journal import ReleaseJournal
from lifecycle.releases.release import FORMATS, Release
from lifecycle.signing import create_signing_key, load_trust
from tests.azure_world import IMAGE, Set, World
from tests.fake_arm import facts, fake_arm
from tests.infra.terraform.places import copied
from tests.prove.azure_state import state_behind_a_lock

ROOT = Path(__file__).parents[2]
MACHINES = 3
OLD = Release("r1", "image-1", "sklearn-1.9", machine_image="1.4.0", formats=FORMATS)
NEW = Release("r2", "image-2", "sklearn-1.9", machine_image="1.5.0", formats=FORMATS)
TRIES = 4
ACTS = 24  # of a release that passes; one that goes back has fewer
FAILING = 5  # of a hundred
WAIT_S = 300
IN_APPLY = "while Terraform applies"


def azure_releases(folder, count, seed):
    """`count` of the acts of a walker, each killed before or after it, in releases that pass, go back, meet a hostile
    balancer or an Azure that fails every fifth question; and Terraform killed while it holds the lock.
    """
    environ = ready_environ(folder / "provider")
    choice = random.Random(seed)  # noqa: S311 - a test's choice
    acts = [(at, when) for at in range(1, ACTS + 1) for when in ("before", "after")]
    kills = sorted(choice.sample(acts, min(count, len(acts)))) + [IN_APPLY] * len(KINDS)
    kinds = list(KINDS)
    releases = [
        one_release(folder / f"{number}", environ, kill=kill, **KINDS[kinds[number % len(kinds)]])
        for number, kill in enumerate(kills)
    ]
    return {
        "figure": summary(releases),
        "hasty_negative_control": summary([one_release(folder / "hasty", environ, kind="hasty")]),
        "respectful_negative_control": summary(
            [one_release(folder / "respectful", environ, kind="respectful", kill=IN_APPLY)]
        ),
    }


def passed(result):
    """One live colour and no client without an answer, always; what does not wait, or breaks no lock, is caught."""
    figure = result["figure"]
    sound = not figure["wrong"] and figure["kills"] and figure["broken_locks"] >= figure["in_apply"]
    return bool(
        sound and all(result[f"{twin}_negative_control"]["wrong"] for twin in ("hasty", "respectful"))
    )


def summary(releases):
    return {
        "releases": len(releases),
        "state": releases[0]["state"],
        "kills": sum(one["killed"] for one in releases),
        "in_apply": sum(one["killed"] and one["kill"] == IN_APPLY for one in releases),
        "broken_locks": sum(one["broken_locks"] for one in releases),
        "went_back": sum("back" in one["steps"] for one in releases),
        "requests": sum(one["asked"] for one in releases),
        "most_lost_percent": round(100 * max(one["lost"] / one["asked"] for one in releases), 3),
        "wrong": [{"kill": one["kill"], "wrong": one["wrong"]} for one in releases if one["wrong"]],
    }


def busy(server):
    """Every fifth question to ARM is refused, or its answer is lost after it was done."""
    choice, kinds = random.Random(7), (429, 503, 500, "lost")  # noqa: S311 - a test's choice
    server.faults = lambda *_: choice.choice(kinds) if choice.random() < 0.2 else None


def disturbed(world):
    """During the canary blue grows by a machine, and Azure replaces another."""
    world.sets["blue"].capacity += 1
    world.repair("blue")


KINDS = {
    "good": {},
    "hostile": {"hostile": True},
    "bad": {"failing": FAILING},
    "busy": {"prepared": busy},
}


def ready_environ(folder):
    """Skips, with the reason, where there is no Terraform or no provider for it."""
    if shutil.which("terraform") is None:
        pytest.skip("there is no terraform on the PATH (1.11 or newer)")
    tree = copied(folder / "terraform", os.environ)
    done = tree._terraform("traffic", "init", "-backend=false", "-input=false", ok=False)
    if done.returncode != 0:
        pytest.skip(f"Terraform's provider can't be had here: {done.stderr.strip().splitlines()[-1:]}")
    return {name: value for name, value in os.environ.items() if not name.startswith(("ARM_", "TF_VAR_"))}


class Place:
    """A store with a release under way, a fake Azure beside it, and terraform/traffic with its state behind a lock."""

    def __init__(self, folder, environ, **world):
        self.folder = folder
        folder.mkdir(parents=True)
        own = {"STORE": folder / "store", "MACHINE_DIR": folder / "machine", "KEYS_DIR": folder / "keys"}
        own |= {"AZURE_FLEET": folder / "fleet.json", "TRAFFIC_ROOT": folder / "traffic"}
        self.environ = environ | {f"PICKLEFLEET_{name}": str(value) for name, value in own.items()}
        settings = settings_module.load(self.environ)
        control = open_registry(settings).control
        self.key = create_signing_key("admission", settings.keys_dir)
        create_signing_key("registration", settings.keys_dir)
        self.journal = ReleaseJournal(control, load_trust(settings.keys_dir))
        begun = self.journal.append(self.key, None, first(OLD), by="tester", reason="first")
        sets = {
            "blue": Set(MACHINES, IMAGE + OLD.machine_image, OLD.id, autoscaled=True),
            "green": Set(0, IMAGE + NEW.machine_image, NEW.id),
        }
        self.world = World(self.journal, sets, disasters={"canary": disturbed}, **world)
        self.world.advance()
        self.journal.append(
            self.key, begun, assigned(begun, NEW, "walk-1", machines=MACHINES), by="tester", reason="deploy"
        )

    def ready(self, server, state):
        """Terraform knows the rule, as it was made by hand once: it points at blue."""
        backend = state.backend
        (self.folder / "fleet.json").write_text(json.dumps(facts(server.url, backend)))
        shutil.copytree(
            ROOT / "terraform" / "traffic",
            self.folder / "traffic",
            ignore=shutil.ignore_patterns(".terraform*"),
        )
        (self.folder / "traffic" / "override.tf").write_text(
            f'terraform {{\n  backend "{state.kind}" {{}}\n}}\n'
        )
        programs = self.folder / "bin"
        programs.mkdir()
        script = programs / "terraform"
        script.write_text(
            f'#!/bin/sh\nexec {sys.executable} {Path(__file__).with_name("terraform_for_azure.py")} "$@"\n'
        )
        script.chmod(0o755)
        self.environ |= {
            "PATH": f"{programs}{os.pathsep}{self.environ['PATH']}", "REAL_TERRAFORM": shutil.which("terraform"),
            "FAKE_ARM": server.url, "PICKLEFLEET_METADATA_URL": server.url, "ARM_SUBSCRIPTION_ID": "s",
            "DIE_IN_APPLY": str(self.folder / "die-in-apply"), "PYTHONPATH": str(ROOT), **state.environ,
        }  # fmt: skip
        self._first_rule(backend)

    def _first_rule(self, backend):
        variables = self.folder / "first.tfvars.json"
        known = facts("")
        given = {name: known[name] for name in ("loadbalancer_id", "pool_ids", "probe_id")} | {"pool": "blue"}
        variables.write_text(json.dumps(given))
        config = [f"-backend-config={name}={value}" for name, value in backend.items()]
        for command in (
            ["init", "-input=false", *config],
            ["apply", "-auto-approve", "-input=false", f"-var-file={variables}"],
        ):
            subprocess.run(
                [self.environ["REAL_TERRAFORM"], *command], cwd=self.folder / "traffic", env=self.environ,
                check=True, capture_output=True, timeout=WAIT_S,
            )  # fmt: skip

    def walk(self, *arguments):
        command = [sys.executable, "-m", "tests.prove.azure_walking", *map(str, arguments)]
        with (self.folder / "log.txt").open("a") as log:
            done = subprocess.run(
                command,
                cwd=ROOT,
                env=self.environ,
                stdout=subprocess.PIPE,
                stderr=log,
                timeout=WAIT_S,
                text=True,
                check=False,
            )
        return done.returncode, json.loads(done.stdout) if done.stdout.strip() else {}


def one_release(folder, environ, *, kill=None, kind="real", prepared=lambda _server: None, **world):
    """Walked to its end, killed once at `kill` (the act's number and before or after it, or IN_APPLY)."""
    place = Place(folder, environ, **world)
    with fake_arm(place.world) as server, state_behind_a_lock(folder / "state", server) as state:
        prepared(server)
        place.ready(server, state)
        killed = _killed(place, kill, kind) if kill else False
        codes, acts = [], 0
        for _ in range(TRIES):
            code, told = place.walk("--kind", kind)
            codes.append(code)
            acts = max(acts, told.get("acts", 0))
            if code == 0 and place.journal.newest().step == "steady":
                break
        newest = place.journal.newest()
        wrong = list(place.world.problems(newest.live))
        if newest.step != "steady":
            wrong.append(f"it did not end: {newest.step}, {codes}")
        if server.lock:
            wrong.append("the state is still locked")
        return {
            "live": newest.live, "kill": kill, "killed": killed, "acts": acts, "codes": codes, "wrong": wrong,
            "lost": place.world.lost, "asked": place.world.asked, "broken_locks": (folder / "log.txt").read_text().count('"event":"state_lock_broken"'), "state": state.kind,
            "steps": [entry.step for entry in place.journal.history()],
        }  # fmt: skip


def _killed(place, kill, kind):
    if kill == IN_APPLY:
        (place.folder / "die-in-apply").touch()
        return place.walk("--kind", kind)[0] == -signal.SIGKILL
    at, when = kill
    return place.walk("--kind", kind, "--die-at", at, "--when", when)[0] == -signal.SIGKILL
