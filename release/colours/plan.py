"""How a release walks from the idle colour to all clients, and what each step waits for."""

from dataclasses import dataclass

from lifecycle.releases.intent import Step
from lifecycle.releases.release import ReleaseError


@dataclass(frozen=True, slots=True)
class WalkPlan:
    """`canary_percent` of the clients go first, then half of them, then all. Minutes are of the clock. Where colours
    have machines of their own, `canary_machines` go first, and their share is what they are among all machines.

    `ready_minutes`: how long machines may take until the new processes are ready. Each gated step lasts at least
    `min_minutes` and sees at least `min_requests`; one that is still undecided after `max_minutes` says so and holds.
    """

    canary_percent: int = 1
    canary_machines: int = 1
    min_requests: int = 500
    min_minutes: float = 3
    max_minutes: float = 120
    max_silence_minutes: int = 5
    ready_minutes: float = 10
    smoke_minutes: float = 2
    warm_minutes: float = 30

    def __post_init__(self) -> None:
        if not 1 <= self.canary_percent < 50:
            raise ReleaseError("The canary's share lies between 1 and 49 %.")
        if self.canary_machines < 1:
            raise ReleaseError("A canary is one machine at the least.")
        if self.min_minutes >= self.max_minutes or self.min_requests < 1 or self.max_silence_minutes < 1:
            raise ReleaseError(
                "A step's least time lies below its most, and it needs a request at the least."
            )

    def weight(self, step: Step) -> int:
        return 50 if step == "half" else self.canary_percent


def share_of(canaries: int, live: int) -> int:
    """The canary's share of connections in percent, as a journal's weight: never nothing, never half."""
    return max(1, min(49, round(100 * canaries / (canaries + live))))


GATED: tuple[Step, ...] = ("canary", "half")
