"""One worker a night, however many there are: a claim in the store, kept alive by heartbeats.

Nothing is ever locked. A claim whose holder fell silent is superseded by the next number; what counts in the end
is who created the night's report, which can be done once.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta

import msgspec

from lifecycle import clock
from lifecycle.claims import ClaimEndedError
from lifecycle.errors import AlreadyExistsError
from lifecycle.object_store import ObjectStore

FORMAT = 1
SILENT = timedelta(minutes=15)
LIVES = 1.5
_RELEASED = "released"


@dataclass(frozen=True, slots=True)
class Claim:
    """`prefix` is what is claimed, `ends_at` is on the holder's own monotonic clock."""

    store: ObjectStore
    prefix: str
    number: int
    ends_at: float

    @property
    def folder(self) -> str:
        return f"{self.prefix}/claim-{self.number}"

    def heartbeat(self) -> None:
        """Raises ClaimEndedError when the job took longer than it may, or another worker took over."""
        self._require_alive()
        self.store.create(f"{self.folder}/beat-{secrets.token_hex(8)}", b"")

    def release(self) -> None:
        """The night could not be judged: the next worker need not wait until this one seems dead."""
        self.store.create(f"{self.folder}/{_RELEASED}", b"")

    def finish(self, name: str, data: bytes) -> bool:
        """Make the result count, once and for all; False when another worker's does. Raises ClaimEndedError."""
        self._require_alive()
        try:
            self.store.create(f"{self.prefix}/{name}", data)
        except AlreadyExistsError:
            return False
        return True

    def _require_alive(self) -> None:
        overdue = clock.monotonic() >= self.ends_at
        if overdue or self.store.exists(_claim_key(self.prefix, self.number + 1)):
            raise ClaimEndedError(
                f"Another worker took over {self.prefix}, or the time for it is over.",
                fix="Nothing is lost: its report counts, or the next round makes it.",
            )


def take(store: ObjectStore, prefix: str, limit_s: float) -> Claim | None:
    """None while somebody else is at it, or was just faster."""
    newest = max((_number(key) for key in store.list(prefix)), default=0)
    if newest and not _given_up(store, prefix, newest, limit_s):
        return None
    claim = Claim(store, prefix, newest + 1, clock.monotonic() + limit_s)
    document = {"format": FORMAT, "number": claim.number, "limit_s": limit_s}
    try:
        store.create(_claim_key(prefix, claim.number), msgspec.json.encode(document))
    except AlreadyExistsError:
        return None
    return claim


def _given_up(store: ObjectStore, prefix: str, number: int, limit_s: float) -> bool:
    """Released, silent for 15 minutes or beyond its life, both by the store's own time: machines' clocks may differ."""
    if store.exists(f"{prefix}/claim-{number}/{_RELEASED}"):
        return True
    probe = f"{prefix}/probe-{secrets.token_hex(8)}"
    store.create(probe, b"")
    now = store.last_modified(probe)
    store.delete(probe)
    beats = [store.last_modified(key) for key in store.list(f"{prefix}/claim-{number}")]
    life = timedelta(seconds=limit_s * LIVES)
    return now - max(beats) > SILENT or now - min(beats) > life


def _claim_key(prefix: str, number: int) -> str:
    return f"{prefix}/claim-{number}/claim.json"


def _number(key: str) -> int:
    parts = [part for part in key.split("/") if part.startswith("claim-")]
    return int(parts[0].removeprefix("claim-")) if parts else 0
