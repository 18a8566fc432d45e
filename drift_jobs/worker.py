"""APScheduler wakes us, and no more: what there is to do is known from the store, whenever we wake and how often."""

import logging
import signal
from collections.abc import Callable, Mapping
from datetime import UTC
from types import FrameType

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.blocking import BlockingScheduler
from apscheduler.triggers.cron import CronTrigger

from drift_jobs.log_keeping import LogKeeping
from drift_jobs.mail.post import PostOffice
from drift_jobs.rounds import Rounds
from drift_jobs.schedule import JOBS, Job, JobName
from drift_jobs.watching.checker import Checker
from lifecycle import clock
from lifecycle.errors import PicklefleetError
from lifecycle.logs import get_logger

log = get_logger(__name__)


def scheduler_for(work: Mapping[JobName, Callable[[], None]]) -> BlockingScheduler:
    """Two jobs of one thread that are due together come one after the other. Jobs are kept in memory alone."""
    threads = {job.thread: ThreadPoolExecutor(1) for job in JOBS}
    scheduler = BlockingScheduler(timezone=UTC, executors=threads)
    for job in JOBS:
        scheduler.add_job(
            work[job.name],
            _trigger(job),
            id=job.name,
            misfire_grace_time=int(job.late.total_seconds()),
            coalesce=True,
            max_instances=job.at_once,
            executor=job.thread,
        )
    return scheduler


def run(rounds: Rounds, keeping: LogKeeping, post: PostOffice, checker: Checker | None) -> None:
    """Until SIGTERM or Ctrl-C. The first round comes at once: it makes up what was missed while nobody worked."""
    nights, tidy, mail = (_undisturbed(one.once) for one in (rounds, keeping, post))
    logging.getLogger("apscheduler").setLevel(logging.WARNING)  # it tells of every wake-up
    alarms = _undisturbed(checker.once) if checker else _nothing
    scheduler = scheduler_for({"night": nights, "watch": nights, "log": tidy, "mail": mail, "alarms": alarms})
    for first in (nights, mail):
        scheduler.add_job(first, next_run_time=clock.now())

    def stop(_signal: int, _frame: FrameType | None) -> None:
        scheduler.shutdown(wait=False)

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, stop)
    scheduler.start()


def _nothing() -> None:
    """No Graphite is named: there is nothing to ask."""


def _undisturbed(work: Callable[[], object]) -> Callable[[], None]:
    """The store may be away: the next call tries again."""

    def once() -> None:
        try:
            work()
        except PicklefleetError as problem:
            log.error("round_failed", problem=str(problem))

    return once


def _trigger(job: Job) -> CronTrigger:
    hour = "*" if job.hour is None else job.hour
    return CronTrigger(hour=hour, minute=job.minute, timezone=UTC)
