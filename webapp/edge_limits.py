"""What the edge proxy in front lets nobody exceed: told here, because only a web process speaks to clients of limits."""

from dataclasses import dataclass

from lifecycle.key_limit import KeyLimit
from lifecycle.settings import Settings


@dataclass(frozen=True, slots=True)
class EdgeLimits:
    """Of one machine. `key` None: API keys have no limit."""

    key: KeyLimit | None
    address_connections: int
    address_requests_in_10_s: int
    at_work: int
    waiting: int
    connections: int

    @classmethod
    def of(cls, settings: Settings) -> "EdgeLimits | None":
        """None where clients reach the web service itself. Behind a proxy it listens on a Unix socket."""
        if not settings.bind.startswith("unix:"):
            return None
        return cls(
            KeyLimit.of(settings),
            settings.address_connections,
            settings.address_requests,
            settings.at_work,
            settings.edge_waiting,
            settings.edge_connections,
        )
