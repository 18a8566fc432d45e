"""The queue, watched: whatever is asked for is worked on, one at a time, until a signal says stop."""

import signal
import threading
from collections.abc import Callable
from types import FrameType

from lifecycle.errors import PicklefleetError
from lifecycle.logs import get_logger
from lifecycle.metrics import Metrics
from retrain.place import Place
from retrain.requesting import request_by_schedule
from retrain.working import Report, Wish, work_on

log = get_logger(__name__)


def watch_queue(place: Place, metrics: Metrics, *, poll_s: float, every_days: int) -> None:
    """Until SIGTERM or Ctrl-C; a fit that runs then is cut off and goes on at the next start."""
    over = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        over.set()
        raise SystemExit(0)

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, stop)
    while not over.is_set():
        once(place, metrics, every_days=every_days)
        over.wait(poll_s)


def once(place: Place, metrics: Metrics, *, every_days: int = 0) -> Report | None:
    """One look at the queue. None where it has to wait or broke off: the next look tries again."""
    request_by_schedule(place, every_days)
    for request in place.queue.open():
        report = _tried(place, request.id, metrics)
        if report is not None:
            return report
    return None


def _tried(
    place: Place, request_id: str, metrics: Metrics, work: Callable[..., Report] = work_on
) -> Report | None:
    try:
        report = work(place, request_id, Wish())
    except PicklefleetError as problem:
        waits = problem.exit_code == 75
        (log.info if waits else log.error)(
            "retraining_waits" if waits else "retraining_failed", request=request_id, problem=str(problem)
        )
        return None
    if report.outcome is not None:
        metrics.increment("retrainings", outcome=report.outcome.result)
        log.info(
            "retrained", request=request_id, result=report.outcome.result, version=report.outcome.version
        )
    return report
