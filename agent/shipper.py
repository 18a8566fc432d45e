"""Sealed spools → segments in the store, exactly once, whatever dies when.

A durable plan says which spools become which segment; spools don't change any more, so a replay makes the same
segments; their create-only names make a second put harmless; only when all are there do the spools go.
"""

import fcntl
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import duckdb
import msgspec

from agent import losses
from agent.drop_shipper import DropShipper
from agent.plan_events import PlanEvents
from lifecycle.atomic_file import write_atomically
from lifecycle.errors import AlreadyExistsError
from lifecycle.logs import get_logger
from lifecycle.object_store import ObjectStore
from lifecycle.prediction_log.record_schema import Kind
from lifecycle.prediction_log.segments import segment_key, write_segments
from lifecycle.prediction_log.spool_files import (
    SpoolFile,
    adopt_orphans,
    first_event,
    read_events,
    spool_files,
    sync_directory,
)

Step = Literal[
    "adopted", "planned", "converted", "put", "all_put", "spool_deleted", "plan_deleted", "drops_put"
]

FORMAT = 1
PLAN_BYTES = 24 << 20  # converting takes many times as much memory
RESERVE_BYTES = 64 << 10
PLAN_SPOOLS = 256
DAMAGED = ".damaged"

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Plan:
    """These spools become the segment `name`, one object for each hour in them."""

    name: str
    spools: tuple[str, ...]
    format: int = FORMAT


@dataclass(frozen=True, slots=True)
class Shipped:
    """What a round did. `damaged_bytes` and `unreadable` events are losses; a torn tail was never acknowledged."""

    segments: int = 0
    spools: int = 0
    torn_tail_bytes: int = 0
    damaged_bytes: int = 0
    unreadable: int = 0

    def __add__(self, other: "Shipped") -> "Shipped":
        return Shipped(*(mine + its for mine, its in zip(_values(self), _values(other), strict=True)))


class Shipper:
    """One a machine. `at` is told each step when it is done: tests end the process there.

    `scratch` takes some 50 MB while segments are made. It may be lost at any time, so memory (/dev/shm) is a good
    place: on a disk that is full the spool can then still be emptied.
    """

    def __init__(
        self,
        records: ObjectStore,
        spool: Path,
        *,
        scratch: Path | None = None,
        at: Callable[[Step], None] = lambda _step: None,
    ) -> None:
        self._records = records
        self._spool = spool
        self._plans = spool / "plans"
        self._reserve = spool / "reserve"
        self._scratch = scratch or spool / "scratch"
        self._at = at
        self._drops = DropShipper(records, spool)

    def ship(self) -> Shipped:
        """Ship all that is sealed; memory is bounded by one plan. Raises StoreUnavailableError: call again later."""
        self._spool.mkdir(parents=True, exist_ok=True)
        with self._alone():
            adopt_orphans(self._spool)
            self._at("adopted")
            total = Shipped()
            for plan in self._begun():
                total += self._try(plan)
            while (next_plan := self._next_plan()) is not None:
                total += self._try(next_plan)
            self._drops.ship()
        return total

    def backlog(self) -> int:
        """How many spools wait, the open ones among them."""
        return len(spool_files(self._spool))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One agent at a time plans and deletes here: `agent --once` waits for the one that runs."""
        with (self._spool / "agent.lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            shutil.rmtree(self._scratch, ignore_errors=True)
            yield
            if not self._reserve.exists():
                with suppress(OSError):  # no room now; the next round has it
                    self._reserve.write_bytes(bytes(RESERVE_BYTES))

    def _begun(self) -> Iterator[Plan]:
        for path in sorted(self._plans.glob("*.json")):
            yield msgspec.json.decode(path.read_bytes(), type=Plan)

    def _next_plan(self) -> Plan | None:
        """The oldest sealed spools that share their columns, up to a bound, durably written down."""
        planned = {name for plan in self._begun() for name in plan.spools}
        sealed = [
            spool for spool in spool_files(self._spool) if spool.sealed and spool.path.name not in planned
        ]
        if not sealed:
            return None
        chosen = list(_alike(sealed[:PLAN_SPOOLS]))
        plan = Plan(chosen[0].segment, tuple(spool.path.name for spool in chosen))
        self._write(plan)
        self._at("planned")
        return plan

    def _write(self, plan: Plan) -> None:
        data = msgspec.json.encode(asdict(plan))
        try:
            write_atomically(self._plan_file(plan), data)
        except OSError:  # a full disk is emptied by shipping, and that begins with room for a plan
            self._reserve.unlink(missing_ok=True)
            write_atomically(self._plan_file(plan), data)
        sync_directory(self._plans)

    def _try(self, plan: Plan) -> Shipped:
        """A plan that can't be converted waits for the next round and does not stand in the others' way."""
        try:
            return self._run(plan)
        except (duckdb.Error, ValueError, OverflowError) as problem:
            log.error("plan_failed", plan=plan.name, kind=type(problem).__name__)
            return Shipped()

    def _run(self, plan: Plan) -> Shipped:
        paths = [self._spool / name for name in plan.spools]
        done = Shipped()
        if all(path.exists() for path in paths):  # else all was put, and the deleting had begun
            done = self._put(plan, paths)
            self._at("all_put")
        elif any(path.with_suffix(DAMAGED).exists() for path in paths):  # or the setting aside had
            done = self._set_aside(plan, [path for path in paths if path.exists()])
        for path in paths:
            path.unlink(missing_ok=True)
            self._at("spool_deleted")
        sync_directory(self._spool)
        self._plan_file(plan).unlink(missing_ok=True)
        self._at("plan_deleted")
        return done

    def _put(self, plan: Plan, paths: list[Path]) -> Shipped:
        folder = self._scratch / plan.name
        folder.mkdir(parents=True, exist_ok=True)
        try:
            events = PlanEvents(folder / "events")
            schema = events.gather(paths)
            if schema is None:
                return self._set_aside(plan, paths)
            written = write_segments(events.path, schema, folder, longest=events.longest)
            self._at("converted")
            for segment in written.segments:
                self._create(segment_key(schema.kind, segment.hour, plan.name), segment.path)
                self._at("put")
            hour = written.segments[0].hour if written.segments else losses.hour_of(paths[0])
            lost = losses.Losses(events.damaged_places, written.unreadable)
            losses.tell(self._records, plan.name, schema.kind, hour, lost)
            return Shipped(len(written.segments), len(paths), events.torn, events.damaged, written.unreadable)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _create(self, key: str, path: Path) -> None:
        try:
            self._records.create_from_file(key, path)
        except AlreadyExistsError:
            return  # this plan's own: nobody else has its origin

    def _set_aside(self, plan: Plan, paths: list[Path]) -> Shipped:
        """Events without a header that can be read are kept for a person; a file without any is nobody's loss."""
        bad = [path for path in paths if next(iter(read_events(path)), None) is not None]
        if bad:
            kind: Kind = "prediction" if bad[0].name.startswith("prediction-") else "feedback"
            lost = losses.in_unreadable_spools(bad)
            losses.tell(self._records, plan.name, kind, losses.hour_of(bad[0]), lost)
        damaged = sum(path.stat().st_size for path in bad)
        for path in bad:
            path.rename(path.with_suffix(DAMAGED))
            log.error("spool_unreadable", spool=path.name)
        return Shipped(damaged_bytes=damaged)

    def _plan_file(self, plan: Plan) -> Path:
        return self._plans / f"{plan.name}.json"


def _alike(spools: list[SpoolFile]) -> Iterator[SpoolFile]:
    """The first one and those with the same header, while they are not too much together."""
    header, size = first_event(spools[0].path), 0
    for spool in spools:
        if first_event(spool.path) != header:
            continue
        size += spool.path.stat().st_size
        if size > PLAN_BYTES and spool is not spools[0]:
            return
        yield spool


def _values(shipped: Shipped) -> tuple[int, ...]:
    return tuple(asdict(shipped).values())
