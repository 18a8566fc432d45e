"""Four times what a machine can do, and two thousand connections at once: what it does then, and how soon it is well."""

import statistics

import pytest

from lifecycle.batch import MOST_TOGETHER
from tests.edge import HAPROXY
from tests.prove.front import Front, write_slow_model
from tests.prove.open_loop import open_loop
from tests.prove.small_model import ROWS

TIMES = 4
REFUSED_WITHIN_S = 0.1
WELL_WITHIN_S = 5.0
FULL_S = 20
_REFUSALS = {429, 503}


def overload(_folder, seconds, seed):
    """`seconds` of overload. The twin lets a fixed number wait, as most proxies are told to."""
    if HAPROXY is None:
        pytest.skip("there is no haproxy on this machine (Debian: apt install haproxy)")
    figure = _overloaded(seconds)
    known = figure["peak"], figure["alone_ms"] / 1e3
    return {"figure": figure, "negative_control": _overloaded(max(6, seconds // 3), known, without_pace=True)}


def passed(result):
    return _calm(result["figure"]) and not _calm(result["negative_control"])


def _calm(figure):
    return (
        figure["goodput"] >= 0.9 * figure["peak"]
        and figure["refused"] > 0
        and figure["refusal_p99_s"] <= REFUSED_WITHIN_S
        and figure["refused_without_retry_after"] == figure["lost"] == 0
        and figure["well_after_s"] <= WELL_WITHIN_S
    )


def orderly(result):
    """What a machine that is shared can show: all are answered or told when to come back, and far sooner than the twin's."""
    figure, twin = result["figure"], result["negative_control"]
    return (
        figure["refused"] > 0 == figure["lost"] == figure["refused_without_retry_after"]
        and figure["goodput"] > 0
        and figure["refusal_p99_s"] < twin["refusal_p99_s"] / 4
    )


def _overloaded(seconds, known=None, **twin):
    front = Front(write=write_slow_model, FAST_PATH="off", **twin).start()
    try:
        data = front.predict(
            ROWS[0], MOST_TOGETHER, more=b"Connection: close\r\n"
        )  # none is answered beside another
        peak, alone = known or _capacity(front.port, data, brief=seconds < FULL_S)
        found = open_loop(front.port, data, _every(1 / (TIMES * peak), seconds))
        after = open_loop(front.port, data, _every(0.1, 2 if known else 7))
    finally:
        front.end()
    return _figure(found, after, peak, alone, seconds)


def _figure(found, after, peak, alone, seconds):
    good = [one for one in found if one.status == 200]
    refused = [one for one in found if one.status in _REFUSALS]
    # what was let in at the end is answered after it: counted by when it was sent, all of the time is at full load
    return {
        "seconds": seconds, "offered": round(len(found) / seconds, 1), "peak": round(peak, 1), "alone_ms": round(alone * 1e3, 1),
        "goodput": round(len(good) / (seconds + max(0.0, _last_end(good) - seconds)), 1), "refused": len(refused),
        "refusal_p99_s": round(_quantile([one.seconds for one in refused], 0.99), 3),
        "refusal_slowest_s": round(max((one.seconds for one in refused), default=0.0), 3),
        "refused_without_retry_after": sum(not one.retry_after for one in refused),
        "slowest_answer_s": round(max(one.seconds for one in good), 2),
        "lost": sum(one.status not in {200, *_REFUSALS} for one in found), "well_after_s": round(max(0.0, _last_end(found) - seconds) + _well_after(after, alone), 1),
    }  # fmt: skip


def _every(pause_s, seconds):
    return [number * pause_s for number in range(int(seconds / pause_s))]


def _capacity(port, data, *, brief):
    """Answers a second when just enough come, the best of rising rates; and the seconds of one that comes alone."""
    alone = statistics.median(one.seconds for one in open_loop(port, data, _every(0.2, 2 if brief else 4)))
    best = 0.0
    for share in (0.8, 1.1, 1.4, 1.7):
        found = open_loop(port, data, _every(alone / share, 2 if brief else 4))
        good = [one for one in found if one.status == 200]
        best = max(best, len(good) / _last_end(good))
    return best, alone


def _last_end(answers):
    return max((one.at + one.seconds for one in answers), default=0.0)


def _well_after(after, alone):
    """The moment from which on every request is answered, at most three times as slowly as alone."""
    bad = [one.at for one in after if one.status != 200 or one.seconds > 3 * alone + 0.05]
    return max(bad, default=0.0)


def _quantile(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] if values else 0.0


def connections(_folder, count, seed):
    """That many connections, all open before any of them asks; then all ask at once."""
    if HAPROXY is None:
        pytest.skip("there is no haproxy on this machine (Debian: apt install haproxy)")
    front = Front(WORKERS="2").start()
    try:
        data = front.predict(ROWS[0], more=b"Connection: close\r\n")
        found = open_loop(front.port, data, [0.0] * count, patience_s=60.0)
        after = open_loop(front.port, data, _every(0.05, 5))
    finally:
        front.end()
    statuses = [one.status for one in found]
    return {
        "figure": {
            "connections": count, "answered": statuses.count(200), "refused": sum(one in _REFUSALS for one in statuses),
            "refused_without_retry_after": sum(one.status in _REFUSALS and not one.retry_after for one in found),
            "lost": sum(one not in {200, *_REFUSALS} for one in statuses), "slowest_s": round(max(one.seconds for one in found), 2),
            "afterwards_good": sum(one.status == 200 for one in after), "afterwards": len(after),
        }
    }  # fmt: skip


def survived(result):
    figure = result["figure"]
    return (
        figure["lost"] == figure["refused_without_retry_after"] == 0
        and figure["answered"] > 0
        and figure["afterwards_good"] == figure["afterwards"]
    )
