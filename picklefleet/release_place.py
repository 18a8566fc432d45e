"""What the commands of a release stand on: the journal, the machines, the measurements, and the key that signs."""

import getpass
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from lifecycle import clock
from lifecycle import settings as settings_module
from lifecycle.adapters.opening import open_registry, open_signing_key
from lifecycle.errors import PicklefleetError
from lifecycle.logs import configure
from lifecycle.measurements.fleet import FleetReader
from lifecycle.policy_journal import PolicyJournal
from lifecycle.registry import Registry
from lifecycle.releases.intent import FleetIntent
from lifecycle.releases.journal import ReleaseJournal
from lifecycle.releases.machine_status import MachineStatus, read_all
from lifecycle.releases.release import Release, ReleaseError
from lifecycle.settings import Settings
from lifecycle.signing import load_trust
from picklefleet.azure_place import open_outside
from release.azure.outside import Outside
from release.colours.looking import Sources

_FORGOTTEN_MS = 24 * 3_600_000  # a machine that was silent for a day is no machine of this fleet any more


@dataclass(frozen=True, slots=True)
class Place:
    settings: Settings
    registry: Registry
    sources: Sources
    outside: Outside | None = None

    @classmethod
    def open(cls) -> "Place":
        settings = settings_module.load()
        configure(settings.log_level, settings.log_format)
        registry = open_registry(settings)
        journal = ReleaseJournal(registry.control, load_trust(settings.keys_dir))
        reader = FleetReader(registry.control)
        outside = open_outside(settings, lambda: _machines(registry))
        if outside is None:
            return cls(settings, registry, Sources(journal, reader.read, lambda: _machines(registry)))
        sources = Sources(journal, reader.read, outside.machines, outside.waiting)
        return cls(settings, registry, sources, outside)

    @property
    def journal(self) -> ReleaseJournal:
        return self.sources.journal

    def intent(self) -> FleetIntent:
        found = self.journal.newest()
        if found is None:
            raise ReleaseError(
                "There is no release yet.", fix="Deploy one: picklefleet release deploy RELEASE.json"
            )
        return found

    def change(self, after: FleetIntent, before: FleetIntent | None, reason: str) -> FleetIntent:
        key = open_signing_key("admission", self.settings)
        return self.journal.append(key, before, after, by=getpass.getuser(), reason=reason)

    def machines(self) -> Mapping[str, MachineStatus]:
        return self.sources.machines()

    def runtimes(self) -> dict[str, str]:
        """Version → runtime, of every version in the policy."""
        policy = PolicyJournal(self.registry, load_trust(self.settings.keys_dir)).newest()
        refs = () if policy is None else policy.versions
        return {ref.version: self.registry.manifest(ref.digest).runtime for ref in refs}


def read_release(document: Path) -> Release:
    try:
        return msgspec.json.decode(document.read_bytes(), type=Release)
    except (OSError, msgspec.MsgspecError) as problem:
        raise PicklefleetError(
            f"{document} is no release: {problem}.",
            fix="Write one in the release's own image: picklefleet release describe NAME --image IMAGE",
        ) from problem


def _machines(registry: Registry) -> Mapping[str, MachineStatus]:
    now_ms = clock.unix_ms()
    return {
        name: status
        for name, status in read_all(registry.control).items()
        if now_ms - status.at_ms < _FORGOTTEN_MS
    }
