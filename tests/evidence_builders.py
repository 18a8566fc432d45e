"""Evidence of two arms as the gate gets it: minutes of cells, drawn or plain."""

import numpy as np

from lifecycle.gate.evidence import Evidence
from lifecycle.measurements.cell import Cell

MINUTES = 20
COLUMN = "bins/y0:late"


def cell(requests, *, failed=0, bucket=20, slow=0, scores=None, **more):
    """`slow` of the requests took a hundred times as long."""
    ok = requests - failed
    buckets = {bucket: ok - slow, bucket + 20: slow} if slow else {bucket: ok}
    counts = scores if scores is not None else [ok // 2, ok - ok // 2]
    return Cell(
        ok=ok, failed=failed, rows=requests, latency={"one": buckets}, scores={COLUMN: counts}, **more
    )


def evidence(challenger, champion, *, minutes=MINUTES, share=0.25, **more):
    """The same two cells every minute, or what two functions of the minute give."""
    known = {
        "until": minutes,
        "steps": (0,),
        "ratio": share / (1 - share),
        "newest": minutes - 1,
    }
    return Evidence(_every_minute(challenger, minutes), _every_minute(champion, minutes), **(known | more))


def _every_minute(given, minutes):
    if given is None:
        return {}
    return {minute: given(minute) if callable(given) else given for minute in range(minutes)}


def drawn_cell(p, n, random):
    return cell(n, failed=int(random.binomial(n, p)))


def random(seed=0):
    return np.random.default_rng(seed)
