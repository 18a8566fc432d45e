"""How Gunicorn runs the web house (docs/settings.md says what may be changed, and how)."""

import gc
import itertools
from pathlib import Path
from typing import Any

from lifecycle import settings as settings_module
from lifecycle.adapters.statsd import open_metrics
from lifecycle.heartbeats import Heartbeat
from webapp.head_limits import MAX_HEADER_BYTES, MAX_HEADERS, MAX_LINE

# New objects. A large answer makes thousands that are no garbage, and each look at them costs as much as making them.
GARBAGE_LOOKED_FOR_EVERY = 50_000

_settings = settings_module.load()
_shared_memory = Path("/dev/shm")  # noqa: S108 - the heartbeat file lies there, away from slow disks

bind = _settings.bind or f"{_settings.host}:{_settings.port}"
worker_class = {
    "events": "webapp.worker.event_worker.EventWorker",
    "threads": "webapp.gunicorn_worker.ProblemWorker",
}[_settings.worker]
workers = _settings.workers
threads = _settings.threads

# Loaded once before the fork, so that the workers share the model's memory; each proves it again after it.
preload_app = True
# In force before any numeric library is imported: threads of BLAS and OpenMP oversubscribe the cores, and a
# pool started before the fork hangs in the child.
raw_env = [
    f"{name}={_settings.omp_threads}"
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
]

timeout = 30
graceful_timeout = _settings.graceful_timeout_s
keepalive = _settings.keepalive_s
max_requests = 0
limit_request_line = MAX_LINE
limit_request_fields = MAX_HEADERS
limit_request_field_size = MAX_HEADER_BYTES
forwarded_allow_ips = "127.0.0.1,::1"
worker_tmp_dir = str(_shared_memory) if _shared_memory.is_dir() else None
control_socket_disable = True  # anything with the same uid could stop or reconfigure the service through it
proc_name = "picklefleet-web"

logger_class = "webapp.gunicorn_log.GunicornLog"
# Gunicorn's own StatsD client resolves its host at start and logs every lost packet: the metrics are ours.
_metrics = open_metrics(_settings)


def when_ready(_server: Any) -> None:
    """The parent's objects will never be freed: keep the collector from touching, and so copying, their pages."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def pre_fork(server: Any, worker: Any) -> None:
    """Load what the machine serves by now, so that the child shares it.

    Workers are known by a slot, not by their pid: a restart goes on with the same series of metrics.
    """
    from webapp.wsgi import current_traffic  # noqa: PLC0415 - loaded already

    if current_traffic.load():
        when_ready(server)
    taken = {other.slot for other in server.WORKERS.values()}
    worker.slot = next(slot for slot in itertools.count() if slot not in taken)


def worker_exit(_server: Any, worker: Any) -> None:
    """Seal this worker's records, so that the agent can ship them at once. After a kill the agent seals them."""
    from webapp.wsgi import measuring, recorder  # noqa: PLC0415 - the parent loaded it after reading this file

    recorder.close()
    measuring.flush()
    if heartbeat := Heartbeat.of(_settings, str(worker.slot)):
        heartbeat.end()


def nworkers_changed(_server: Any, new: int, _old: int | None) -> None:
    _metrics.gauge("workers", new)


def post_worker_init(worker: Any) -> None:
    """A worker is ready only when it has itself answered the golden rows."""
    from webapp.wsgi import (  # noqa: PLC0415 - the parent loaded it after reading this file
        current_traffic,
        measuring,
        service,
        shadows,
        watch,
    )

    gc.set_threshold(GARBAGE_LOOKED_FOR_EVERY)
    service.observer.worker = str(worker.slot)
    measuring.start()
    shadows.start(lambda: service.observer.in_flight)
    watch(worker).start()
    if heartbeat := Heartbeat.of(_settings, str(worker.slot)):
        worker.beat = lambda: heartbeat.beat() if current_traffic() else None
    worker.log.info("worker_ready" if current_traffic() else "worker_waits_for_model")
