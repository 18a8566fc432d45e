"""The reports area: one folder a night. A night exists when its report.json was created; it is never rewritten."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Any

import msgspec

from lifecycle.claims import SILENT, Claim, ClaimHeldError, take
from lifecycle.errors import AlreadyExistsError, NotFoundError, StoreError
from lifecycle.object_store import ObjectStore

REPORT = "report.json"


@dataclass(frozen=True, slots=True)
class Reports:
    store: ObjectStore

    def find(self, night: date) -> dict[str, Any] | None:
        """Raises StoreError for one that can't be read."""
        key = f"{night.isoformat()}/{REPORT}"
        try:
            return msgspec.json.decode(self.store.get(key), type=dict[str, Any])
        except NotFoundError:
            return None
        except msgspec.DecodeError as problem:
            raise StoreError(f"{key} is no JSON object: {problem}.", fix="Restore it.") from problem

    def exists(self, night: date) -> bool:
        return self.store.exists(f"{night.isoformat()}/{REPORT}")

    def kept(self, night: date, name: str) -> bytes | None:
        """What was derived from a night's report."""
        try:
            return self.store.get(f"{night.isoformat()}/{name}")
        except NotFoundError:
            return None

    def keep(self, night: date, name: str, data: bytes) -> None:
        """The first one stays: whoever comes second has made the same."""
        with suppress(AlreadyExistsError):
            self.store.create(f"{night.isoformat()}/{name}", data)

    def reference(self, digest: str) -> bytes | None:
        """Of a version that came without one."""
        try:
            return self.store.get(_reference(digest))
        except NotFoundError:
            return None

    def keep_reference(self, digest: str, data: bytes) -> None:
        """The first one stays."""
        with suppress(AlreadyExistsError):
            self.store.create(_reference(digest), data)

    def nights(self) -> list[date]:
        """All nights that have a report, oldest first."""
        keys = (key.split("/") for key in self.store.list())
        return sorted(date.fromisoformat(key[0]) for key in keys if key[1:] == [REPORT])

    def claim(self, night: date, limit_s: float) -> Claim | None:
        """None while another worker is at it; ours must beat its heart."""
        try:
            return take(self.store, night.isoformat(), limit_s, silent=SILENT)
        except ClaimHeldError:
            return None

    def publish(self, claim: Claim, report: Mapping[str, Any]) -> bool:
        """False when another worker's report counts. Raises ClaimEndedError for a holder that was superseded."""
        return claim.finish(REPORT, msgspec.json.encode({**report, "claim": claim.number}))


def _reference(digest: str) -> str:
    return f"references/{digest}.json"
