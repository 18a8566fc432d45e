"""A release's walker in a process of its own that can be told to die anywhere: `python -m tests.prove.azure_walking`.

Journal, claim, gate, ARM client and Terraform are real; time goes by in the fake Azure, as fast as the walker waits.
"""

import argparse
import functools
import json
import os
import signal
import sys
import urllib.request
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from lifecycle import clock
from lifecycle import settings as settings_module
from lifecycle.machine import MachineDirectory
from lifecycle.releases.journal import ReleaseJournal
from lifecycle.signing import load_signing_key, load_trust
from picklefleet.azure_place import walking
from picklefleet.release_place import Place
from release.azure import steps, terraform
from release.azure.balancer import Balancer
from release.azure.scale_sets import Fleet
from release.azure.terraform import Traffic
from release.change_claim import change_claimed
from release.colours.plan import WalkPlan
from release.colours.walker import Walker

PLAN = WalkPlan(min_minutes=2, min_requests=200, warm_minutes=1, ready_minutes=15, smoke_minutes=5)
MOST_LOOKS = 200


@dataclass
class Fate:
    """The n-th act of the walker kills it, just before it or just after."""

    at: int
    when: str
    acts: int = 0

    def around(self, act):
        @functools.wraps(act)
        def fated(*given, **more):
            self.acts += 1
            self._die_if("before")
            done = act(*given, **more)
            self._die_if("after")
            return done

        return fated

    def _die_if(self, when):
        if (self.acts, self.when) == (self.at, when):
            os.kill(os.getpid(), signal.SIGKILL)


class Fated:
    """An area of the store whose writes are acts."""

    def __init__(self, area, fate):
        self._area, self.create = area, fate.around(area.create)

    def __getattr__(self, name):
        return getattr(self._area, name)


class OfWorld(ReleaseJournal):
    """Entries bear the fake's time, by which their steps last."""

    def append(self, *given, **more):
        real = clock.now
        clock.now = OfWorld.now
        try:
            return super().append(*given, **more)
        finally:
            clock.now = real


def hasty():
    """Broken twin: it moves the rule and ends machines as soon as the journal says so, clients or not."""
    steps._clients = lambda _colour, _seen: 0


def respectful():
    """Broken twin: it breaks no lock, whoever left it."""
    terraform.may_break = lambda *_: False


TWINS = {"real": lambda: None, "hasty": hasty, "respectful": respectful}


def world(url, **asked):
    request = urllib.request.Request(f"{url}/world", json.dumps(asked).encode(), method="POST")
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read())


def main():
    asked = options()
    TWINS[asked.kind]()
    fate = Fate(asked.die_at, asked.when)
    for kind, name in ((Fleet, "resize"), (Fleet, "autoscale"), (Balancer, "move"), (Traffic, "_run")):
        setattr(kind, name, fate.around(getattr(kind, name)))
    settings = settings_module.load()
    place = Place.open()
    url = place.outside.fleet.facts.arm
    now = lambda: datetime.fromtimestamp(world(url)["now_ms"] / 1000, UTC)  # noqa: E731
    control = Fated(place.registry.control, fate)
    OfWorld.now = now
    journal = OfWorld(control, load_trust(settings.keys_dir))
    arm = replace(place.outside.fleet.arm, pause=lambda _s: None)
    facts = place.outside.fleet.facts
    outside = replace(
        place.outside, fleet=Fleet(arm, facts), balancer=Balancer(arm, facts),
        now_ms=lambda: world(url)["now_ms"], monotonic=lambda: world(url)["now_ms"] / 1000,
    )  # fmt: skip
    with change_claimed(control, MachineDirectory(settings.machine_dir), "tester") as claim:
        outside = walking(settings, outside, claim, lambda _plan: None)
        sources = replace(place.sources, journal=journal, machines=outside.machines, waiting=outside.waiting)
        key = load_signing_key("admission", settings.keys_dir)
        walker = Walker(sources, PLAN, key, "tester", now=now, follow=outside.follow, told=told)
        looks = iter(range(asked.looks))
        ended = walker.walk(
            claim, lambda _s: not world(url, minutes=1) or next(looks, None) is None, until_warm=False
        )
    print(json.dumps({"acts": fate.acts, "ended": ended and ended.told}))  # noqa: T201
    sys.exit(75 if ended is None else 0 if ended.good else 1)


def told(look, action):
    print(look.intent.step, round(look.minutes, 1), action.told, file=sys.stderr)  # noqa: T201


def options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--die-at", type=int, default=0)
    parser.add_argument("--looks", type=int, default=MOST_LOOKS)
    parser.add_argument("--kind", choices=TWINS, default="real")
    parser.add_argument("--when", choices=("before", "after"), default="before")
    return parser.parse_args()


if __name__ == "__main__":
    main()
