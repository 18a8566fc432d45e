"""Bodies mutated in every way that we could think of, at a real service: no failure, no hang, no memory that stays."""

import random
from collections import Counter
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from lifecycle.signature import from_document
from tests.body_mutations import mutated
from tests.edge import request
from tests.prove.front import Front
from tests.prove.small_model import ROWS

MAX_GROWTH_MB = 32
_WARM = 0.2  # of all, before memory is looked at
_PATIENCE_S = 20


def mutated_bodies(_folder, count, seed):
    """`count` bodies, half to each kind of web process. The twin does not expect what is no JSON."""
    return {
        "figure": {worker: _sent(count // 2, seed, WORKER=worker) for worker in ("events", "threads")},
        "negative_control": _sent(500, seed, application="tests.prove.credulous_wsgi:app"),
    }


def passed(result):
    sound = all(
        one["failed"] == one["hung"] == 0
        and one["growth_mb"] <= MAX_GROWTH_MB
        and one["answered"] > one["bodies"] / 20
        for one in result["figure"].values()
    )
    return sound and result["negative_control"]["failed"] > 0


def _sent(count, seed, application="webapp.wsgi:app", **settings):
    front = Front(without_proxy=True, API_KEYS="off", **settings).start(application=application)
    try:
        _, _, document = request(front.port, "GET", "/api/v1/models/v1/schema")
        signature, draw = from_document(document["signature"]), random.Random(seed)  # noqa: S311 - the same cases every time
        statuses, hung, before = Counter(), 0, 0
        connection = HTTPConnection("127.0.0.1", front.port, timeout=_PATIENCE_S)
        for number in range(count):
            if number == int(count * _WARM):
                before = _memory(front)
            try:
                statuses[_status(connection, mutated(signature, ROWS, draw))] += 1
            except (OSError, HTTPException):
                hung += 1
                connection.close()
        after = _memory(front)
        connection.close()
    finally:
        front.end()
    return {
        "bodies": count, "answered": statuses[200], "refused": sum(statuses[status] for status in (400, 422)),
        "failed": sum(many for status, many in statuses.items() if status >= 500), "hung": hung, "growth_mb": round(after - before, 1),
    }  # fmt: skip


def _status(connection, body):
    connection.request("POST", "/api/v1/predict", body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    answer.read()
    return answer.status


def _memory(front):
    """Megabytes of the web process."""
    pid = front.processes["blue"].pid
    (worker,) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    pages = int(Path(f"/proc/{worker}/statm").read_text().split()[1])
    return pages * 4096 / 2**20
