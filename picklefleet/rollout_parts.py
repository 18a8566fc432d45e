"""What the commands of rollouts and experiments are put together from."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

import click

from agent.measuring_rounds import machine_name
from lifecycle import clock
from lifecycle import settings as settings_module
from lifecycle.adapters.opening import open_records, open_registry, open_signing_key
from lifecycle.claims import Claim
from lifecycle.errors import NotFoundError
from lifecycle.gate.blocks import Blocks, mirrored
from lifecycle.logs import configure
from lifecycle.machine import MachineDirectory
from lifecycle.measurements.fleet import FleetReader
from lifecycle.policy_journal import PolicyJournal
from lifecycle.prediction_log.reading import PredictionLog
from lifecycle.prediction_log.segment_cache import SegmentCache
from lifecycle.settings import Settings
from lifecycle.signing import SigningKey, load_trust
from lifecycle.window import Window
from release.change_claim import change_claimed
from release.experiment.units import read_arms
from release.rollout.decision import Action, Enter, Hold
from release.rollout.looking import Seen, Sources
from release.rollout.presentation import told_of
from release.rollout.record import Rollout, Rollouts, rollouts_in
from release.rollout.walker import Walker


@dataclass(frozen=True, slots=True)
class Parts:
    """What every command stands on."""

    settings: Settings
    journal: PolicyJournal
    rollouts: Rollouts
    fleet: FleetReader

    @classmethod
    def open(cls) -> "Parts":
        settings = settings_module.load()
        configure(settings.log_level, settings.log_format)
        registry, trust = open_registry(settings), load_trust(settings.keys_dir)
        return cls(
            settings,
            PolicyJournal(registry, trust),
            rollouts_in(registry.control, trust),
            FleetReader(registry.control),
        )

    @property
    def key(self) -> SigningKey:
        return open_signing_key("admission", self.settings)

    @property
    def machine(self) -> MachineDirectory:
        return MachineDirectory(self.settings.machine_dir)

    @property
    def sources(self) -> Sources:
        return Sources(self.rollouts, self.journal, self.fleet.read, self._wrong_answers)

    @property
    def log(self) -> PredictionLog:
        records = open_records(self.settings)
        return PredictionLog(records, SegmentCache(records, self.machine.segments))

    def _wrong_answers(self, rollout: Rollout, since: datetime) -> Blocks:
        signature = self.journal.registry.manifest(rollout.champion.digest).signature
        versions = (rollout.challenger, rollout.champion)
        arms = read_arms(self.log, Window(since, clock.now()), versions, signature, rollout.plan.tolerance)
        return mirrored(arms.blocks(minutes=1))

    def open_rollout(self) -> Rollout:
        rollout = self.rollouts.open()
        if rollout is None:
            raise NotFoundError("No rollout is under way.", fix="Start one: picklefleet rollout start v2")
        return rollout

    @contextmanager
    def claimed(self) -> Iterator[Claim]:
        with change_claimed(self.rollouts.control, self.machine, machine_name(self.machine)) as claim:
            yield claim


@dataclass(slots=True)
class Narrator:
    """Says what the walker does, and why it waits when that changes."""

    quiet: bool = False
    _last: str = field(default="")

    def __call__(self, seen: Seen, action: Action) -> None:
        told = self._told(seen, action)
        if not self.quiet and told != self._last:
            click.echo(f"{clock.now():%H:%M:%S}  {told}")
        self._last = told

    def _told(self, seen: Seen, action: Action) -> str:
        if isinstance(action, Enter):
            step = seen.look.rollout.plan.steps[action.index]
            return f"→ {step.title}. {action.told}".rstrip()
        if isinstance(action, Hold):
            return action.told
        return f"{type(action).__name__}: {told_of(action)}"


def walker_of(parts: Parts, narrator: Narrator) -> Walker:
    return Walker(parts.sources, parts.key, getpass.getuser(), told=narrator)
