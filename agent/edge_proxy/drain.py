"""The order in which a machine leaves the traffic: unadmitted first, stopped when nobody is left, or the time is up."""

import threading
from dataclasses import dataclass, replace

from agent.edge_proxy.admission import EdgeProxy
from agent.edge_proxy.timeouts import Timeouts
from lifecycle import clock
from lifecycle.logs import get_logger

LOOK_EVERY_S = 0.5

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Drained:
    """`left` connections were still open when the time was up. `whole` is False where the waiting was given up."""

    seconds: float
    left: int
    whole: bool = True


def drain(edge: EdgeProxy, timeouts: Timeouts, give_up: threading.Event | None = None) -> Drained:
    """Returns when HAProxy may be stopped: not before a balancer can have noticed, not after `timeouts.drain_s`.

    Every answer closes its connection meanwhile. `give_up` ends the waiting at once.
    Raises EdgeUnreachableError: then nothing comes in here anyway.
    """
    edge.change(lambda intent: replace(intent, admitted=False))
    begun, pause = clock.monotonic(), give_up or threading.Event()
    log.info("drain_begun", at_most_s=timeouts.drain_s)
    while True:
        left, passed = edge.look().sessions, clock.monotonic() - begun
        over = passed >= timeouts.drain_s or (left == 0 and passed >= timeouts.detection_s)
        if over or pause.wait(LOOK_EVERY_S):
            log.info("drain_ended", seconds=round(passed, 1), connections_left=left, whole=over)
            return Drained(passed, left, whole=over)
