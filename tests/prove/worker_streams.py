"""Damaged byte streams to the event worker and to Gunicorn's own: the same answers, no hang, nothing kept open."""

import random
from collections import Counter
from pathlib import Path

from lifecycle.memory import resident_bytes
from tests.byte_streams import stream
from tests.serving import service_for
from tests.workers import ask_events, ask_stock, events, quick, stock, verdict
from webapp.app import create_app
from webapp.worker.event_worker import EventWorker
from webapp.worker.heads import HotHeads

_WARM = 500  # streams, before memory is looked at


class Credulous(HotHeads):
    """The broken twin: it believes what a head says of its body without asking Gunicorn whether it may say so."""

    def _learn(self, plain, reader):
        return super()._learn(
            b"POST /api/v1/predict HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n", reader
        )


class CredulousWorker(EventWorker):
    def load_wsgi(self):
        super().load_wsgi()
        self._heads = {trusted: Credulous(heads._route) for trusted, heads in self._heads.items()}


def worker_streams(_folder, streams, seed):
    return {
        "figure": _compared(streams, seed, EventWorker),
        "negative_control": _compared(max(streams // 10, 1000), seed, CredulousWorker),
    }


def passed(result):
    figure = result["figure"]
    return (
        figure["other"] == 0
        and figure["sooner"] < figure["streams"] / 50
        and figure["answered_200"] > figure["streams"] / 20
        and figure["left_open"] == 0
        and figure["more_memory_mb"] < 32
        and result["negative_control"]["other"] > 0
    )


def _compared(streams, seed, kind):
    built = quick()
    app = create_app(service_for(built))
    theirs, ours, draw = stock(app), events(app, kind), random.Random(seed)  # noqa: S311 - the same cases every time
    counts, memory, open_files = Counter(), 0, 0
    for number in range(streams):
        if number == min(_WARM, streams // 2):
            memory, open_files = resident_bytes(), _open_files()
        pieces = stream(list(built.rows), draw)
        expected = ask_stock(theirs, pieces)
        counts[verdict(expected, ask_events(ours, pieces))] += 1
        counts["answered_200"] += expected.count(b" 200 OK\r\n")
        counts["refused"] += expected.count(b" 400 ")
    return {
        "streams": streams,
        **{name: counts[name] for name in ("same", "sooner", "other", "answered_200", "refused")},
        "left_open": _open_files() - open_files + len(ours._clients),
        "more_memory_mb": round((resident_bytes() - memory) / 2**20, 1),
    }


def _open_files():
    return sum(1 for _ in Path("/proc/self/fd").iterdir())
