"""Ship once an interval, not more often: one segment a machine and interval is what readers can bear."""

import threading
from dataclasses import dataclass, field

from agent.repeating import attempted, repeat
from agent.ship_plan import Shipped
from agent.shipper import Shipper
from lifecycle.logs import get_logger
from lifecycle.metrics import Metrics, NullMetrics

MAX_PAUSE_S = 300.0

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ShippingRounds:
    shipper: Shipper
    metrics: Metrics = field(default_factory=NullMetrics)

    def once(self) -> Shipped:
        """One round. Raises PicklefleetError; what was not shipped stays in the spool."""
        shipped = self.shipper.ship()
        self.metrics.increment("agent_shipments", outcome="ok")
        if shipped.damaged_bytes or shipped.unreadable:
            log.error("records_lost", damaged_bytes=shipped.damaged_bytes, unreadable=shipped.unreadable)
        if shipped.segments:
            log.info("records_shipped", segments=shipped.segments, spools=shipped.spools)
        return shipped

    def run(self, interval_s: float, stop: threading.Event) -> None:
        """Until `stop`, and once more then: the web processes ended before the agent, their spools are complete."""
        repeat(self._try_once, interval_s, stop, max_pause_s=max(MAX_PAUSE_S, interval_s))
        self._try_once()

    def _try_once(self) -> bool:
        went_well = attempted(self.once, self.metrics, "agent_shipments", "shipping_failed")
        if not went_well:
            log.info("records_wait", spools=self.shipper.backlog())
        return went_well
