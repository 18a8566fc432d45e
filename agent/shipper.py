"""Sealed spools → segments in the store, exactly once, whatever dies when.

A durable plan says which spools become which segment; spools don't change any more, so a replay makes the same
segments; their create-only names make a second put harmless; only when all are there do the spools go.
"""

import fcntl
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Literal

import duckdb
import msgspec

from agent import losses
from agent.conversion import NotConvertibleError, convert
from agent.drop_shipper import DropShipper
from agent.ship_plan import Plan, Shipped, read_plan
from lifecycle.atomic_file import write_atomically
from lifecycle.errors import AlreadyExistsError
from lifecycle.logs import get_logger
from lifecycle.object_store import ObjectStore
from lifecycle.prediction_log.record_schema import Kind
from lifecycle.prediction_log.spool_files import (
    SpoolFile,
    adopt_orphans,
    first_event,
    read_events,
    spool_file,
    spool_files,
    sync_directory,
)

Step = Literal[
    "adopted", "planned", "converted", "put", "all_put", "spool_deleted", "plan_deleted", "drops_put"
]

PLAN_BYTES = 24 << 20  # converting takes many times as much memory
RESERVE_BYTES = 64 << 10
PLAN_SPOOLS = 256
DAMAGED = ".damaged"
MAX_TRIES = 10

log = get_logger(__name__)


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
                total += self._try(self._again(plan))
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
            yield read_plan(path, self._spool)

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
        """A plan that can't be converted stands in nobody's way: it waits, and after some rounds is set aside."""
        try:
            return self._run(plan)
        except duckdb.IOException as problem:  # a full disk is no fault of the plan
            self._note(replace(plan, tries=plan.tries - 1))
            log.warning("plan_waits", plan=plan.name, problem=str(problem)[:300])
        except NotConvertibleError as problem:
            log.error("plan_failed", plan=plan.name, problem=str(problem), tries=plan.tries)
        return Shipped()

    def _again(self, plan: Plan) -> Plan:
        """Noted before the try: a conversion that kills this process must not do so for ever."""
        again = replace(plan, tries=plan.tries + 1)
        self._note(again)
        return again

    def _note(self, plan: Plan) -> None:
        """How often it was tried; a disk without any room must not keep it from being shipped."""
        with suppress(OSError):
            write_atomically(self._plan_file(plan), msgspec.json.encode(asdict(plan)))

    def _run(self, plan: Plan) -> Shipped:
        if plan.tries > MAX_TRIES and len(plan.spools) > 1 and not plan.apart:
            plan = replace(plan, tries=1, apart=True)
            self._write(plan)
        paths = [self._spool / name for name in plan.spools]
        done = self._each_apart(plan, paths) if plan.apart else self._together(plan, paths)
        for path in paths:
            path.unlink(missing_ok=True)
            self._at("spool_deleted")
        sync_directory(self._spool)
        self._plan_file(plan).unlink(missing_ok=True)
        self._at("plan_deleted")
        return done

    def _together(self, plan: Plan, paths: list[Path]) -> Shipped:
        if paths and all(path.exists() for path in paths):  # else all was put, and the deleting had begun
            if plan.tries > MAX_TRIES:
                return self._set_aside(plan, paths)
            done = self._put(plan, paths, plan)
            self._at("all_put")
            return done
        if any(path.with_suffix(DAMAGED).exists() for path in paths):  # or the setting aside had
            return self._set_aside(plan, [path for path in paths if path.exists()])
        return Shipped()

    def _each_apart(self, plan: Plan, paths: list[Path]) -> Shipped:
        """What can't be converted costs its own spool and no other; those that are gone are done."""
        done = Shipped()
        for path in paths:
            spool = spool_file(path)
            if spool is not None and path.exists():
                done += self._apart(plan, Plan(spool.segment, (path.name,)), path)
                path.unlink(missing_ok=True)
                plan = replace(plan, tries=1)
                self._note(plan)
        return done

    def _apart(self, plan: Plan, part: Plan, path: Path) -> Shipped:
        try:
            if plan.tries <= MAX_TRIES:  # else this very one ended the process again and again
                return self._put(part, [path], plan)
        except NotConvertibleError as problem:
            log.error("spool_failed", spool=path.name, problem=str(problem))
        return self._set_aside(part, [path])

    def _put(self, plan: Plan, paths: list[Path], noted: Plan) -> Shipped:
        """`noted` is the plan whose tries are counted."""
        folder = self._scratch / plan.name
        try:
            made = convert(plan.name, paths, folder)
            if made is None:
                return self._set_aside(plan, paths)
            self._at("converted")
            if noted.tries > 1:
                self._note(replace(noted, tries=1))
            for key, file in made.segments:
                self._create(key, file)
                self._at("put")
            losses.tell(self._records, plan.name, made.kind, made.hour, made.lost)
            return Shipped(len(made.segments), len(paths), made.torn, made.damaged, made.lost.unreadable)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _create(self, key: str, path: Path) -> None:
        try:
            self._records.create_from_file(key, path)
        except AlreadyExistsError:
            return  # this plan's own: nobody else has its origin

    def _set_aside(self, plan: Plan, paths: list[Path]) -> Shipped:
        """What can't be converted is kept for a person, and told as lost; a file without any event is nobody's loss."""
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
