"""kill -9 of the rollout's walker at its every write, and two of them at once: the policy is always a planned one."""

import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from lifecycle import settings as settings_module
from lifecycle.adapters.opening import open_registry
from lifecycle.policy import TrafficPolicy, VersionRef
from lifecycle.policy_journal import PolicyJournal
from lifecycle.signing import create_signing_key, load_trust
from tests.bundles import write_bundle
from tests.rollouts import state

ROOT = Path(__file__).parents[2]
PLANNED = [("v1", None), ("v1", "shadow"), ("v1", 0.1), ("v1", 0.5), ("v2", None)]
BACK = [*PLANNED[:2], ("v1", None)]
FAILING = 5  # of a hundred
TWO_AT_ONCE = 5
TWIN_ROUNDS = 6  # now and then even two that overwrite do so one after the other
WRITES = 16  # a walk up has about fourteen, one back fewer


def walker_kills(folder, count, seed):
    """`count` of the writes of a walk up, and of one back, each killed just before and just after it."""
    folder.mkdir(parents=True, exist_ok=True)
    template = _template(folder / "template")
    writes = random.Random(seed).sample(range(1, WRITES + 1), min(count, WRITES))  # noqa: S311 - a test's choice
    return {
        "figure": _run(folder / "real", template, "real", sorted(writes)),
        "negative_control": _run(folder / "twin", template, "notes", [6]),
        "two_at_once": _two_at_once(folder / "two", template, "real", min(count, TWO_AT_ONCE)),
        "two_at_once_negative_control": _two_at_once(
            folder / "two-twin", template, "overwriting", TWIN_ROUNDS
        ),
    }


def passed(result):
    """Never a policy that was not planned, and every rollout ended as planned; each twin was caught."""
    sound = all(not result[part]["wrong"] and result[part]["rollouts"] for part in ("figure", "two_at_once"))
    twins = ("negative_control", "two_at_once_negative_control")
    return sound and all(result[twin]["wrong"] for twin in twins)


def _run(folder, template, kind, writes):
    """Killed once, and walked to its end."""
    found = {"rollouts": 0, "kills": 0, "wrong": []}
    for when in ("before", "after"):
        for failing, planned in ((0, PLANNED), (FAILING, BACK)):
            for at in writes:
                place = _copy(template, folder / f"{when}-{failing}-{at}")
                walk = ("--kind", kind, "--failing", failing)
                killed = _walk(place, *walk, "--die-at", at, "--when", when) == -signal.SIGKILL
                if not killed:
                    continue  # this walk has fewer writes
                during = _states(place)
                _walk(place, *walk)
                found["kills"] += 1
                _judge(found, f"{kind}, killed {when} write {at}", planned, during, _states(place))
    return found


def _judge(found, told, planned, during, after):
    found["rollouts"] += 1
    if during != planned[: len(during)] or after != planned:
        found["wrong"].append({"when": told, "after_kill": during, "at_end": after})


def _two_at_once(folder, template, kind, rounds):
    """The claim is left out: even two that act at the same moments leave what one would."""
    found = {"rollouts": 0, "wrong": []}
    for number in range(rounds):
        place = _copy(template, folder / str(number))
        _walk(place, "--only-start")
        both = [_start(place, "--kind", kind, "--unclaimed") for _ in range(2)]
        for process in both:
            process.wait(120)
        _judge(found, f"{kind}, two at once", PLANNED, PLANNED[:1], _states(place))
    return found


def _template(folder):
    """A store with two approved versions, of which the first is champion."""
    settings = _settings(folder)
    registry = open_registry(settings)
    keys = {role: create_signing_key(role, settings.keys_dir) for role in ("registration", "admission")}
    trust = load_trust(settings.keys_dir)
    for name in ("first", "second"):
        entry = registry.add(
            *write_bundle(folder / name, name.encode()), keys["registration"], by="tester", request=name
        )
        registry.admit(entry, keys["admission"], trust)
    first = registry.version("v1")
    champion = TrafficPolicy(0, VersionRef(first.version, first.digest))
    PolicyJournal(registry, trust).change(keys["admission"], lambda _: champion, by="tester", reason="first")
    return folder


def _copy(template, place):
    shutil.copytree(template, place)
    return place


def _walk(place, *arguments):
    return _start(place, *arguments).wait(120)


def _start(place, *arguments):
    command = [sys.executable, "-m", "tests.prove.walking", *map(str, arguments)]
    with (place / "log.txt").open("a") as log:
        return subprocess.Popen(command, cwd=ROOT, env=_environment(place), stdout=log, stderr=log)


def _states(place):
    settings = _settings(place)
    journal = PolicyJournal(open_registry(settings), load_trust(settings.keys_dir))
    return [state(policy) for policy in journal.history()]


def _settings(place):
    place.mkdir(parents=True, exist_ok=True)
    return settings_module.load(_environment(place))


def _environment(place):
    own = {"STORE": place / "store", "MACHINE_DIR": place / "machine", "KEYS_DIR": place / "keys"}
    return os.environ | {f"PICKLEFLEET_{name}": str(path) for name, path in own.items()}
