"""Bring what this machine shall serve from the store, have the web processes prepare it, then point the machine at it.

All of them or none: the machine keeps policy N-1 until every living web process has loaded and proven policy N.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from agent.bundles import bring
from lifecycle import clock
from lifecycle.bundle import MANIFEST, manifest_from_bytes
from lifecycle.errors import BundleError, PicklefleetError, StoreUnavailableError
from lifecycle.machine import MachineDirectory, Serving
from lifecycle.policy import TrafficPolicy
from lifecycle.policy_journal import PolicyJournal
from lifecycle.registry import Registry
from lifecycle.signing import TrustSet
from lifecycle.web_processes import WebProcess, living

PREPARE_S = 120.0
RETRY_S = 60.0  # what was refused is tried again: memory may be free by then

Change = Literal["no-champion", "unchanged", "preparing", "switched", "refused"]


@dataclass(frozen=True, slots=True)
class Synced:
    """What one look found and did; `reason` why a policy was refused."""

    change: Change
    serving: Serving | None
    reason: str = ""


@dataclass(slots=True)
class PolicySync:
    """`measure` gives the bytes that a model in a bundle's folder takes, or raises BundleError; `free_bytes` what may
    be taken. `trust` is read anew each time: a key revoked on this machine counts from then on.
    """

    registry: Registry
    machine: MachineDirectory
    trust: Callable[[], TrustSet]
    measure: Callable[[Path, str, str], int]
    free_bytes: Callable[[], float]
    prepare_s: float = PREPARE_S
    _refused: dict[str, tuple[int, float]] = field(default_factory=dict)  # id → its number, and when
    _since: tuple[str, float] = ("", 0.0)

    def look(self) -> Synced:
        """Ask the store for a newer policy; bring and offer it, or go on with the one on offer.

        Raises StoreUnavailableError, and UntrustedBundleError for a policy that may not be believed.
        """
        serving, wanted = self.machine.serving(), self.machine.wanted()
        newest = self._newest(serving, wanted)
        if newest is None or self._is_known(newest, serving, wanted):
            return self.advance()
        try:
            offer = self._bring(newest)
            self._check_memory(offer, serving)
        except StoreUnavailableError:
            raise
        except PicklefleetError as problem:
            return self._refuse(Serving.of("", newest), str(problem))
        self.machine.want(offer)
        return self.advance()

    def advance(self) -> Synced:
        """Where everybody has prepared what is on offer, switch to it. Never asks the store."""
        serving, wanted = self.machine.serving(), self.machine.wanted()
        if wanted is None:
            return Synced("unchanged" if serving else "no-champion", serving)
        processes = living(self.machine.web)
        refusing = next((process for process in processes if process.refused == wanted.id), None)
        if refusing is not None:
            return self._refuse(wanted, refusing.reason)
        waiting = [process for process in processes if wanted.id not in (process.prepared, process.serving)]
        if not waiting:
            self.machine.serve(wanted)
            self.machine.want(None)
            return Synced("switched", wanted)
        return self._wait(wanted, waiting)

    def _newest(self, serving: Serving | None, wanted: Serving | None) -> TrafficPolicy | None:
        numbers = [one.traffic.number for one in (serving, wanted) if one is not None]
        recent = [(id_, *known) for id_, known in self._refused.items()]
        now = clock.monotonic()
        self._refused = {id_: (number, at) for id_, number, at in recent if now - at < RETRY_S}
        numbers += [number for number, _ in self._refused.values()]
        if serving is not None and not self._holds(serving.traffic):
            return serving.traffic
        return PolicyJournal(self.registry, self.trust()).newest(known=max(numbers, default=0))

    def _is_known(self, policy: TrafficPolicy, serving: Serving | None, wanted: Serving | None) -> bool:
        """Policies of stores that know champions only have no numbers to tell them by."""
        id_ = Serving.of("", policy).id
        known = {one.id for one in (serving, wanted) if one is not None} | self._refused.keys()
        return id_ in known and self._holds(policy)

    def _holds(self, policy: TrafficPolicy) -> bool:
        return all(self.machine.holds(ref.digest) for ref in policy.versions)

    def _bring(self, policy: TrafficPolicy) -> Serving:
        for ref in policy.versions:
            if not self.machine.holds(ref.digest):
                bring(self.registry, self.machine, ref.digest, self.trust())
        folder = self.machine.bundle(policy.champion.digest)
        return Serving.of(manifest_from_bytes((folder / MANIFEST).read_bytes()).name, policy)

    def _check_memory(self, offer: Serving, serving: Serving | None) -> None:
        """Raises BundleError: what is new must fit beside what is loaded, once in every web process."""
        loaded = set() if serving is None else {ref.digest for ref in serving.traffic.versions}
        new = [ref for ref in offer.traffic.versions if ref.digest not in loaded]
        sizes = [self.measure(self.machine.bundle(ref.digest), ref.digest, ref.version) for ref in new]
        needed, free = len(living(self.machine.web)) * sum(sizes), self.free_bytes()
        if needed > free:
            raise BundleError(
                f"{needed / 1e6:,.0f} MB of memory are needed beside what is loaded, {free / 1e6:,.0f} MB are free.",
                fix="Use a release: machines that start with it hold only the new models.",
            )

    def _wait(self, wanted: Serving, waiting: list[WebProcess]) -> Synced:
        if self._since[0] != wanted.id:
            self._since = (wanted.id, clock.monotonic())
        if clock.monotonic() - self._since[1] < self.prepare_s:
            return Synced("preparing", wanted)
        names = ", ".join(str(process.pid) for process in waiting)
        return self._refuse(wanted, f"Web process {names} has not prepared it within {self.prepare_s:.0f} s.")

    def _refuse(self, refused: Serving, reason: str) -> Synced:
        """The machine keeps what it has."""
        self.machine.want(None)
        self._refused[refused.id] = (refused.traffic.number, clock.monotonic())
        return Synced("refused", refused, reason)
