"""Releases, intents and machines as the tests of colours need them."""

from dataclasses import replace

from lifecycle.releases.intent import assigned, first, smoked
from lifecycle.releases.machine_status import ColourStatus, MachineStatus
from lifecycle.releases.release import FORMATS, Release

OLD = Release("r1", "image-1", "sklearn-1.9", formats=FORMATS)
NEW = Release("r2", "image-2", "sklearn-1.9", formats=FORMATS)
NOW_MS = 1_800_000_050_000  # ten seconds before the minute ends


def numbered(intent, number=1):
    return replace(intent, number=number, made_at="2027-01-15T08:00:00.000000Z")


STEADY = numbered(first(OLD))
STARTING = numbered(assigned(STEADY, NEW, "walk-1"), 2)
SMOKE = numbered(smoked(STARTING), 3)


def machine(intent, name="m1", *, ready=True, smoke="walk-1", wrong="", at_ms=NOW_MS, **more):
    """A host that carries both colours and has applied the intent."""
    idle = intent.release(intent.idle)
    live = intent.release(intent.live)
    colours = {
        intent.live: ColourStatus(
            live.id if live else "", True, memory_bytes=more.pop("live_bytes", 300 << 20)
        ),
        intent.idle: ColourStatus(
            more.pop("runs", idle.id if idle else ""), ready, smoke, wrong, more.pop("idle_bytes", 300 << 20)
        ),
    }
    weights = {colour: intent.weight(colour) for colour in ("blue", "green")}
    return MachineStatus(name, at_ms, more.pop("applied", intent.number), True, weights, 5, colours)
