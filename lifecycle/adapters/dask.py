"""The log read by a Dask cluster: each worker fetches what it works on into a folder of its own.

A worker is started with the service's own settings, so that no secret travels: it opens the store by itself.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import joblib

from lifecycle import settings as settings_module
from lifecycle.adapters.opening import open_records
from lifecycle.errors import PicklefleetError
from lifecycle.prediction_log.hour_files import HourFiles, HourTask
from lifecycle.prediction_log.segment_cache import SegmentCache
from lifecycle.settings import Settings

T = TypeVar("T")

CONNECT_S = 10


@dataclass(frozen=True, slots=True)
class DaskWorkers:
    """What `PredictionLog.map_hours` takes as its executor."""

    executor: Executor

    def submit_task(self, work: Callable[[HourFiles], T], task: HourTask) -> Future[T]:
        return self.executor.submit(_work, work, task)


@contextmanager
def opened_workers(settings: Settings) -> Iterator[DaskWorkers | None]:
    """The cluster that the settings name; None where they name none.

    Raises PicklefleetError when Dask is not installed or its scheduler does not answer.
    """
    if not settings.dask:
        yield None
        return
    with _client(settings.dask, as_default=False) as client:
        yield DaskWorkers(client.get_executor(pure=False))


@contextmanager
def joblib_on(scheduler: str) -> Iterator[None]:
    """Within this, joblib spreads its work over the cluster. Raises PicklefleetError as above."""
    with _client(scheduler, as_default=True), joblib.parallel_config(backend="dask"):
        yield


def _client(scheduler: str, *, as_default: bool) -> Any:
    try:
        from distributed import Client  # noqa: PLC0415 - an extra: who reads in one process has no Dask
    except ImportError as problem:
        raise PicklefleetError(
            "PICKLEFLEET_DASK is set, and Dask is not installed.", fix="pip install -r extras/dask.txt"
        ) from problem
    try:
        return Client(scheduler, timeout=CONNECT_S, set_as_default=as_default)  # type: ignore[no-untyped-call]
    except OSError as problem:
        raise PicklefleetError(
            f"No Dask scheduler answers at {scheduler}.",
            fix="Start it, or unset PICKLEFLEET_DASK to work in this process.",
        ) from problem


def _work(work: Callable[[HourFiles], T], task: HourTask) -> T:
    from distributed import get_worker  # noqa: PLC0415 - only a worker comes here

    return work(task.fetched(_own_cache(Path(get_worker().local_directory))))


@lru_cache(maxsize=1)
def _own_cache(folder: Path) -> SegmentCache:
    """In the worker's own folder, which goes when the worker ends."""
    return SegmentCache(open_records(settings_module.load()), folder / "segments")
