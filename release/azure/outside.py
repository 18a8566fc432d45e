"""Azure in step with the release journal: look, act on what differs, tell what is missing. May be killed anywhere."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from lifecycle import clock
from lifecycle.errors import PicklefleetError
from lifecycle.logs import get_logger
from lifecycle.releases.intent import FleetIntent
from lifecycle.releases.machine_status import MachineStatus
from release.azure.arm import ArmError
from release.azure.balancer import Balancer
from release.azure.facts import Pool
from release.azure.scale_sets import Fleet
from release.azure.steps import Act, Autoscale, Point, Resize, Seen, acts, lacks, named
from release.azure.terraform import TrafficError

AGAIN_S = 60.0  # after Terraform would not or could not
LOOK_S = 2.0  # Azure counts questions: a look is followed and judged by one answer

log = get_logger(__name__)

Statuses = Callable[[], Mapping[str, MachineStatus]]


@dataclass(slots=True)
class Outside:
    """`point` moves the balancer's rule; None for whoever only looks.

    While Azure does not answer, the last look counts for which machines there are, and nothing goes forward: going back
    is admission alone and needs nothing of this.
    """

    fleet: Fleet
    balancer: Balancer
    statuses: Statuses
    point: Callable[[Pool], None] | None = None
    now_ms: Callable[[], int] = clock.unix_ms
    monotonic: Callable[[], float] = clock.monotonic
    _seen: Seen | None = None
    _problems: dict[str, str] = field(default_factory=dict)
    _not_before: float = 0.0
    _looked_at: float = -LOOK_S
    _operations: dict[str, str] = field(default_factory=dict)

    def machines(self) -> Mapping[str, MachineStatus]:
        """The newest status of every machine that Azure has."""
        told = self.statuses()
        if self.monotonic() - self._looked_at >= LOOK_S:
            self._look()
        if self._seen is None:
            return told
        self._seen = replace(self._seen, machines=named(self._seen.sets, told), now_ms=self.now_ms())
        return self._seen.machines

    def _look(self) -> None:
        try:
            self._seen = Seen(self.balancer.pool(), self.fleet.look(), {}, self.now_ms())
            self._problems.pop("look", None)
        except ArmError as problem:
            self._failed("look", problem)
        self._looked_at = self.monotonic()

    def follow(self, intent: FleetIntent) -> None:
        """Whatever Azure refuses is told by `waiting`, and tried again at the next look."""
        self.machines()
        self._hear()
        if self._seen is None or "look" in self._problems:
            return
        for act in acts(intent, self._seen):
            if self._is_due(act):
                self._try(act)

    def waiting(self, intent: FleetIntent) -> tuple[str, ...]:
        """Whole sentences: what Azure is not yet, for this entry. Nothing where the walk may go on."""
        if self._seen is None:
            return (*self._problems.values(), "Azure has not been looked at yet.")
        return (*self._problems.values(), *lacks(intent, self._seen))

    def _try(self, act: Act) -> None:
        name = _name(act)
        self._looked_at = -LOOK_S
        try:
            self._act(act)
            self._problems.pop(name, None)
        except (ArmError, TrafficError) as problem:
            self._failed(name, problem)

    def _act(self, act: Act) -> None:
        match act:
            case Resize(colour, machines):
                self._operations[colour] = self.fleet.resize(colour, machines).operation
                log.info("scale_set_resized", colour=colour, machines=machines)
            case Autoscale(colour, on):
                self.fleet.autoscale(colour, on=on)
                log.info("autoscale_set", colour=colour, on=on)
            case Point(pool) if self.point is not None:
                self._point(self.point, pool)

    def _is_due(self, act: Act) -> bool:
        return not isinstance(act, Point) or (self.point is not None and self.monotonic() >= self._not_before)

    def _point(self, point: Callable[[Pool], None], pool: Pool) -> None:
        try:
            point(pool)
        except TrafficError:
            self._not_before = self.monotonic() + AGAIN_S
            raise

    def _hear(self) -> None:
        """How what was begun fares: Azure tells the reason of a failure there alone."""
        for colour, operation in list(self._operations.items()):
            try:
                if not operation or self.fleet.arm.status(operation) == "Succeeded":
                    del self._operations[colour]
                    self._problems.pop(f"size of {colour}", None)
            except ArmError as problem:
                self._failed(f"size of {colour}", problem)
                del self._operations[colour]

    def _failed(self, name: str, problem: PicklefleetError) -> None:
        log.warning("azure_not_followed", what=name, problem=str(problem), kind=type(problem).__name__)
        self._problems[name] = str(problem)


def _name(act: Act) -> str:
    match act:
        case Resize(colour, _):
            return f"size of {colour}"
        case Autoscale(colour, _):
            return f"autoscale of {colour}"
        case Point(_):
            return "rule"
