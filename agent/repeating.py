"""The shape of every kind of round: try, count and tell how it ended, slow down while it fails, end when asked."""

import threading
from collections.abc import Callable

from lifecycle.errors import PicklefleetError
from lifecycle.logs import get_logger
from lifecycle.metrics import Metrics

log = get_logger(__name__)


def repeat(attempt: Callable[[], bool], pause_s: float, stop: threading.Event, *, max_pause_s: float) -> None:
    """Until `stop`; after a failed attempt the pause doubles up to `max_pause_s`, a good one restores it."""
    pause = pause_s
    while not stop.is_set():
        pause = pause_s if attempt() else min(pause * 2, max_pause_s)
        stop.wait(pause)


def attempted(
    work: Callable[[], object],
    metrics: Metrics,
    counter: str,
    event: str,
    *,
    at_pace: tuple[type[Exception], ...] = (),
) -> bool:
    """Whether it went well. A store that is away, or a disk that is full, ends no round after this one.

    `at_pace`: problems that waiting longer does not mend; the rounds go on as after a good one.
    """
    try:
        work()
    except (PicklefleetError, OSError) as problem:
        metrics.increment(counter, outcome="failed")
        log.warning(event, problem=str(problem), kind=type(problem).__name__)
        return isinstance(problem, at_pace)
    return True
