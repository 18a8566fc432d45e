"""One job at a time over all machines: a claim in the store with a fixed life.

A holder ends by its own monotonic clock at the job's hard limit. Others wait half as long again, by the store's
clock alone: machines' clocks may differ. Whatever a holder does must bear a second one, all the same.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import msgspec

from lifecycle import clock
from lifecycle.errors import AlreadyExistsError, NotFoundError, PicklefleetError
from lifecycle.object_store import ObjectStore

FORMAT = 1
LIVES = 1.5


class ClaimHeldError(PicklefleetError):
    """Somebody else is at this job."""

    exit_code = 75  # EX_TEMPFAIL


class ClaimEndedError(PicklefleetError):
    """The job took longer than it may; what is done is done, the rest is for the next run."""

    exit_code = 75


@dataclass(frozen=True, slots=True)
class ClaimDocument:
    number: int
    limit_s: float
    format: int = FORMAT
    holder: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """`ends_at` is on the monotonic clock."""

    job: str
    number: int
    ends_at: float

    def still(self) -> None:
        """Ask before each step. Raises ClaimEndedError."""
        if clock.monotonic() >= self.ends_at:
            raise ClaimEndedError(
                f"The job {self.job} reached its time limit.", fix="Run it again: it goes on where it ended."
            )


@contextmanager
def claimed(control: ObjectStore, job: str, limit_s: float, *, holder: str = "") -> Iterator[Claim]:
    """Raises ClaimHeldError while somebody else holds it. It is given back however the job ends, but by a kill.

    `holder` names a place where only one such job can run at a time, such as a locked folder: a claim of the same
    holder is then what a killed job left, and is taken over at once.
    """
    newest = _newest(control, job)
    if newest and not control.exists(_done(job, newest)):
        _refuse_while_alive(control, job, newest, holder)
    claim = Claim(job, newest + 1, clock.monotonic() + limit_s)
    try:
        control.create(
            _key(job, claim.number),
            msgspec.json.encode(asdict(ClaimDocument(claim.number, limit_s, holder=holder))),
        )
    except AlreadyExistsError as problem:
        raise _held(job, timedelta(seconds=limit_s * LIVES)) from problem
    _forget_older(control, job, claim.number)
    try:
        yield claim
    finally:
        with suppress(AlreadyExistsError):
            control.create(_done(job, claim.number), b"{}")


def _newest(control: ObjectStore, job: str) -> int:
    return max((_number(key) for key in control.list(_folder(job))), default=0)


def _refuse_while_alive(control: ObjectStore, job: str, number: int, holder: str) -> None:
    key = _key(job, number)
    try:
        document = msgspec.json.decode(control.get(key), type=ClaimDocument)
        if holder and document.holder == holder:
            return
        age = _store_time(control, job) - control.last_modified(key)
    except NotFoundError:
        return  # its successor has tidied up, and is in our way at the create
    left = timedelta(seconds=document.limit_s * LIVES) - age
    if left > timedelta(0):
        raise _held(job, left)


def _held(job: str, left: timedelta) -> ClaimHeldError:
    return ClaimHeldError(
        f"Somebody else is at the job {job}.",
        fix=f"Try again when it is done, in {max(1, round(left.total_seconds()))} s at the latest.",
    )


def _store_time(control: ObjectStore, job: str) -> datetime:
    key = f"claim-times/{job}/{secrets.token_hex(8)}"
    control.create(key, b"")
    try:
        return control.last_modified(key)
    finally:
        control.delete(key)


def _forget_older(control: ObjectStore, job: str, number: int) -> None:
    for key in control.list(_folder(job)):
        if _number(key) < number:
            control.delete(key)


def _folder(job: str) -> str:
    return f"claims/{job}"


def _key(job: str, number: int) -> str:
    return f"{_folder(job)}/{number:06d}/claim.json"


def _done(job: str, number: int) -> str:
    return f"{_folder(job)}/{number:06d}/done.json"


def _number(key: str) -> int:
    return int(key.split("/")[2])
