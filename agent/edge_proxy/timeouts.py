"""The ladder of times that a request, an idle connection and a stop go through: what is inside ends first."""

from dataclasses import dataclass

# A balancer in front probes every 5 s and believes the second failure.
PROBE_EVERY_S = 5
PROBE_FAILURES = 2

CONNECTION_S = (
    300  # a connection to the edge lives no longer, however busy: a drain is never waited for in vain
)
BALANCER_IDLE_S = 240  # Azure's balancer forgets an idle connection after four minutes


@dataclass(frozen=True, slots=True)
class Timeouts:
    """All in whole seconds. `deadline_s` is the application's: the whole answer, body included."""

    deadline_s: int
    header_s: int = 5  # headers, and as much of the body as is buffered
    queue_s: int = 2
    keep_alive_s: int = 30
    connect_s: int = 1

    @property
    def answer_s(self) -> int:
        """The proxy waits a little longer than the application may take."""
        return self.deadline_s + 2

    @property
    def client_s(self) -> int:
        """What a caller should allow: above whatever may happen inside."""
        return self.answer_s + self.queue_s + 1

    @property
    def last_request_s(self) -> int:
        """After this age a connection is closed by its next answer: with one more idle time and one more request
        it is still gone within CONNECTION_S.
        """
        return CONNECTION_S - self.keep_alive_s - self.client_s

    @property
    def detection_s(self) -> int:
        return PROBE_EVERY_S * PROBE_FAILURES

    @property
    def drain_s(self) -> int:
        """How long a drain may take: the balancer notices, idle connections end, begun requests are answered."""
        return self.detection_s + self.keep_alive_s + self.deadline_s
