"""One at a time over all machines: a claim in the store with a fixed life, kept by heartbeats where these are asked.

Nothing is ever locked. A holder ends by its own monotonic clock at the job's hard limit; others judge it by the
store's clock alone, for machines' clocks may differ: it is dead half as long again after it began, or when it fell
silent. A claim grants nothing and so is not signed: what a job makes counts by its own create-only name, and must
bear a second holder all the same.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import msgspec

from lifecycle import clock
from lifecycle.errors import AlreadyExistsError, NotFoundError, PicklefleetError, StoreError
from lifecycle.object_store import ObjectStore

FORMAT = 1
LIVES = 1.5
SILENT = timedelta(minutes=15)
# Whoever may write to the store could otherwise claim a job for ever with one document.
LONGEST_S = 7 * 24 * 3600.0

_DOCUMENT = "claim.json"
_RELEASED = "released"


class ClaimHeldError(PicklefleetError):
    """Somebody else is at this job."""

    exit_code = 75  # EX_TEMPFAIL


class ClaimEndedError(PicklefleetError):
    """The job took longer than it may; what is done is done, the rest is for the next run."""

    exit_code = 75


@dataclass(frozen=True, slots=True)
class ClaimDocument:
    """`silent_s`: its holder promised a heartbeat more often than that; 0 when it promised none."""

    number: int
    limit_s: float
    format: int = FORMAT
    holder: str = ""
    silent_s: float = 0.0

    def left(self, age: timedelta, silence: timedelta) -> timedelta:
        """How long others still have to wait for it; nothing or less when it is dead."""
        left = _seconds(self.limit_s) * LIVES - age
        return min(left, _seconds(self.silent_s) - silence) if self.silent_s else left


@dataclass(frozen=True, slots=True)
class Claim:
    """`prefix` is what is claimed, `ends_at` is on the holder's own monotonic clock."""

    store: ObjectStore
    prefix: str
    number: int
    ends_at: float

    @property
    def folder(self) -> str:
        """The place for what only this holder may write."""
        return _folder(self.prefix, self.number)

    def began(self) -> datetime:
        """By the store's clock: this machine's own may be wrong."""
        return self.store.last_modified(f"{self.folder}/{_DOCUMENT}")

    def still(self) -> None:
        """Ask before each step; it asks the clock only. Raises ClaimEndedError."""
        if clock.monotonic() >= self.ends_at:
            raise ClaimEndedError(
                f"{self.prefix} took longer than it may.", fix="Run it again: it goes on where it ended."
            )

    def heartbeat(self) -> None:
        """Raises ClaimEndedError when the job took longer than it may, or somebody took over."""
        self._require_mine()
        self.store.create(f"{self.folder}/beat-{secrets.token_hex(8)}", b"")

    def release(self) -> None:
        """The next one need not wait until this one seems dead."""
        with suppress(AlreadyExistsError):
            self.store.create(f"{self.folder}/{_RELEASED}", b"")

    def finish(self, name: str, data: bytes) -> bool:
        """Make the result count, once and for all; False when another's does. Raises ClaimEndedError."""
        self._require_mine()
        try:
            self.store.create(f"{self.prefix}/{name}", data)
        except AlreadyExistsError:
            return False
        return True

    def _require_mine(self) -> None:
        self.still()
        if _newest(self.store, self.prefix) > self.number:
            raise ClaimEndedError(
                f"Somebody else took over {self.prefix}.",
                fix="Nothing is lost: its result counts, or the next run makes it.",
            )


@contextmanager
def claimed(control: ObjectStore, job: str, limit_s: float, *, holder: str = "") -> Iterator[Claim]:
    """A job that is done again and again. It is given back however the job ends, but by a kill.

    Raises ClaimHeldError while somebody else holds it. `holder`: see `take`.
    """
    claim = take(control, f"claims/{job}", limit_s, holder=holder)
    _forget_older(claim)
    try:
        yield claim
    finally:
        claim.release()


def take(
    store: ObjectStore, prefix: str, limit_s: float, *, holder: str = "", silent: timedelta | None = None
) -> Claim:
    """Raises ClaimHeldError while somebody else is at it, or was just faster.

    `holder` names a place where only one such job can run at a time, such as a locked folder: a claim of the same
    holder is then what a killed job left, and is taken over at once. With `silent` the holder must call `heartbeat`
    more often than that, and others take over sooner when it does not.
    """
    newest = _newest(store, prefix)
    if newest and not store.exists(f"{_folder(prefix, newest)}/{_RELEASED}"):
        _refuse_while_alive(store, prefix, newest, holder)
    claim = Claim(store, prefix, newest + 1, clock.monotonic() + limit_s)
    silent_s = silent.total_seconds() if silent else 0.0
    document = ClaimDocument(claim.number, limit_s, holder=holder, silent_s=silent_s)
    try:
        store.create(f"{claim.folder}/{_DOCUMENT}", msgspec.json.encode(asdict(document)))
    except AlreadyExistsError as problem:
        raise _held(prefix, timedelta(seconds=limit_s * LIVES)) from problem
    if _newest(store, prefix) > claim.number:  # we looked so long ago that our number was forgotten again
        raise _held(prefix, timedelta(seconds=limit_s * LIVES))
    return claim


def _refuse_while_alive(store: ObjectStore, prefix: str, number: int, holder: str) -> None:
    folder = _folder(prefix, number)
    try:
        document = _read(store, f"{folder}/{_DOCUMENT}")
        if holder and document.holder == holder:
            return
        now = _store_time(store, prefix)
        times = [store.last_modified(key) for key in store.list(folder)] or [now]
    except NotFoundError:
        return  # its successor has tidied up, and is in our way at the create
    left = document.left(now - min(times), now - max(times))
    if left >= timedelta(0):
        raise _held(prefix, left)


def _read(store: ObjectStore, key: str) -> ClaimDocument:
    try:
        return msgspec.json.decode(store.get(key), type=ClaimDocument)
    except msgspec.MsgspecError as problem:
        raise StoreError(f"{key} is no claim: {problem}.", fix="Delete it.") from problem


def _held(prefix: str, left: timedelta) -> ClaimHeldError:
    return ClaimHeldError(
        f"Somebody else is at {prefix}.",
        fix=f"Try again when it is done, in {max(1, round(left.total_seconds()))} s at the latest.",
    )


def _store_time(store: ObjectStore, prefix: str) -> datetime:
    key = f"{prefix}/probe-{secrets.token_hex(8)}"
    store.create(key, b"")
    try:
        return store.last_modified(key)
    finally:
        store.delete(key)


def _forget_older(claim: Claim) -> None:
    for key in claim.store.list(claim.prefix):
        if 0 < _number(claim.prefix, key) < claim.number:
            claim.store.delete(key)


def _newest(store: ObjectStore, prefix: str) -> int:
    return max((_number(prefix, key) for key in store.list(prefix)), default=0)


def _folder(prefix: str, number: int) -> str:
    return f"{prefix}/claim-{number}"


def _number(prefix: str, key: str) -> int:
    """0 for what is no part of a claim."""
    part = key.removeprefix(f"{prefix}/").split("/")[0]
    digits = part.removeprefix("claim-")
    return int(digits) if digits != part and digits.isdecimal() else 0


def _seconds(told: float) -> timedelta:
    return timedelta(seconds=min(told, LONGEST_S))
