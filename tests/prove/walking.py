"""A walker in a process of its own that can be told to die at any of its writes: `python -m tests.prove.walking`.

The store is real and so are journal, rollout and gate; the machines' measurements are made up, and minutes go by as
fast as the walker waits. `--kind` chooses the walker under test or one of its broken twins.
"""

import argparse
import os
import signal
import time

from lifecycle import settings as settings_module
from lifecycle.adapters.opening import open_registry
from lifecycle.machine import MachineDirectory
from lifecycle.policy_journal import PolicyJournal
from lifecycle.registry import Registry
from lifecycle.signing import load_signing_key, load_trust
from release.change_claim import change_claimed
from release.rollout import looking
from release.rollout.decision import Enter, Stage
from release.rollout.plan import Plan, Step
from release.rollout.record import rollouts_in
from tests.rollouts import Traffic, World

PLAN = Plan((Step(0.0, 100, 2), Step(0.1, 100, 2), Step(0.5, 100, 2)))


class Mortal:
    """The store's `control` area; at the n-th write the process dies, just before it or just after."""

    def __init__(self, area, at, when):
        self._area, self._left, self._when = area, at, when

    def __getattr__(self, name):
        return getattr(self._area, name)

    def create(self, key, data):
        self._left -= 1
        if self._left == 0 and self._when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        self._area.create(key, data)
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


class Overwriting(PolicyJournal):
    """Broken twin: whoever writes takes the next free number, whatever came in between."""

    def append(self, key, before, after, *, by, reason):
        newest = self.newest() or before
        return super().append(key, newest, after, by=by, reason=reason)


def with_own_notes(path):
    """Broken twin: it notes the step that it is about to take, and believes the note instead of the policy."""
    real = looking.stage_of

    def stage_of(rollout, policy, *, begun):
        found = real(rollout, policy, begun=begun)
        noted = int(path.read_text()) if path.exists() else -1
        return Stage("step", noted) if begun and found.kind == "step" and noted >= 0 else found

    def told(_seen, action):
        if isinstance(action, Enter):
            path.write_text(str(action.index))

    looking.stage_of = stage_of
    return told


def take_time(_seen, _action):
    """Between the look and the act, so that two walkers surely act on the same look."""
    time.sleep(0.2)


def main():
    asked = options().parse_args()
    settings = settings_module.load()
    opened = open_registry(settings)
    registry = Registry(opened.objects, Mortal(opened.control, asked.die_at, asked.when))
    trust = load_trust(settings.keys_dir)
    kind = Overwriting if asked.kind == "overwriting" else PolicyJournal
    rollouts = rollouts_in(registry.control, trust)
    key = load_signing_key("admission", settings.keys_dir)
    world = World(rollouts, kind(registry, trust), key, Traffic(failing=asked.failing), PLAN)
    machine = MachineDirectory(settings.machine_dir)
    told = with_own_notes(machine.root / "notes") if asked.kind == "notes" else (lambda *_: None)
    if asked.only_start:
        world.start()
    elif asked.unclaimed:
        walk(world, None, take_time)
    else:
        with change_claimed(registry.control, machine, "here") as claim:
            walk(world, claim, told)


def walk(world, claim, told):
    rollout = world.rollouts.open() or (None if world.rollouts.newest() else world.start())
    if rollout is not None:
        world.walker(told=told).walk(rollout, claim, world.pass_minute)


def options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kind", choices=["real", "notes", "overwriting"], default="real")
    parser.add_argument("--die-at", type=int, default=0)
    parser.add_argument("--when", choices=["before", "after"], default="before")
    parser.add_argument("--failing", type=int, default=0)
    parser.add_argument("--unclaimed", action="store_true")
    parser.add_argument("--only-start", action="store_true")
    return parser


if __name__ == "__main__":
    main()
