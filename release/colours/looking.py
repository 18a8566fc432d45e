"""One look: the journal tells where a release is and since when, machines and measurements how it fares."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from lifecycle.gate.evidence import Evidence, ended, opened
from lifecycle.gate.judge import Demands, Judgement, judge
from lifecycle.measurements.cell import Cell
from lifecycle.measurements.document import ByMinute
from lifecycle.measurements.fleet import Fleet, minute_of, of_population
from lifecycle.releases.intent import FleetIntent
from lifecycle.releases.journal import ReleaseJournal
from lifecycle.releases.machine_status import MachineStatus
from release.colours.decision import Look
from release.colours.plan import GATED, WalkPlan
from release.measured_minutes import first_open_minute


@dataclass(frozen=True, slots=True)
class Sources:
    """`fleet` reads the measurements from a minute on, `machines` the newest status of each machine. `waiting`: what
    outside of them is not yet as an entry needs it; it is asked after `machines`.
    """

    journal: ReleaseJournal
    fleet: Callable[[int], Fleet]
    machines: Callable[[], Mapping[str, MachineStatus]]
    waiting: Callable[[FleetIntent], tuple[str, ...]] = lambda _intent: ()


def look(sources: Sources, intent: FleetIntent, plan: WalkPlan, now: datetime) -> Look:
    begun = datetime.fromisoformat(intent.made_at)
    judgement = _judge(sources, intent, plan, now) if intent.step in GATED else None
    now_ms = int(now.timestamp() * 1000)
    machines = sources.machines()
    minutes = (now - begun).total_seconds() / 60
    return Look(intent, machines, now_ms, minutes, judgement, sources.waiting(intent))


def _judge(sources: Sources, intent: FleetIntent, plan: WalkPlan, now: datetime) -> Judgement:
    steps = [
        minute_of(datetime.fromisoformat(entry.made_at)) + 1
        for entry in sources.journal.history()
        if entry.walk == intent.walk and entry.step in GATED
    ]
    fleet = sources.fleet(steps[0])
    return judge(evidence_of(intent, fleet, tuple(steps), now), demands_of(plan))


def evidence_of(intent: FleetIntent, fleet: Fleet, steps: tuple[int, ...], now: datetime) -> Evidence:
    """The colours side by side in the same whole minutes, whatever model versions they answered with."""
    until, weight = first_open_minute(now), intent.weight(intent.idle)

    def minutes_of(colour: str) -> ByMinute:
        return {m: cells for m, cells in fleet.colours.get(colour, {}).items() if steps[0] <= m <= until}

    challenger = of_population(minutes_of(intent.idle), _waited_for)
    champion = of_population(minutes_of(intent.live), _waited_for)
    return Evidence(
        ended(challenger, until),
        ended(champion, until),
        until,
        steps,
        weight / (100 - weight),
        fleet.newest_minute,
        opened=opened(challenger, champion, until),
    )


def _waited_for(cell: Cell) -> bool:
    """What a colour answered, and what its edge proxy asked of it in vain."""
    return cell.source in {"live", "edge"}


def demands_of(plan: WalkPlan) -> Demands:
    return Demands(min_requests=plan.min_requests, max_silence_minutes=plan.max_silence_minutes)
