"""The release journal, applied to this machine: what each colour runs, who gets clients, golden rows, and a status."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import msgspec

from agent.colour_processes import ColourProcesses
from agent.edge_proxy.admission import EdgeProxy, EdgeState
from agent.edge_proxy.server_state import Intent
from agent.repeating import repeat
from agent.smoke import Smoke
from lifecycle import clock
from lifecycle.atomic_file import write_atomically
from lifecycle.errors import PicklefleetError
from lifecycle.logs import get_logger
from lifecycle.machine import MachineDirectory
from lifecycle.releases.intent import FleetIntent
from lifecycle.releases.journal import ReleaseJournal, intent_from_document
from lifecycle.releases.machine_status import ColourStatus, MachineStatus, publish
from lifecycle.releases.release import COLOURS, Colour

EVERY_S = 2.0
MAX_PAUSE_S = 10.0
_KEPT = "journal.json"
AZURES_BALANCER = "168.63.129.16"  # where the probes of every balancer of Azure come from

log = get_logger(__name__)


@dataclass(slots=True)
class ReleaseRounds:
    """`own`: the colour that this machine belongs to; None where it carries both."""

    journal: Callable[[], ReleaseJournal]
    machine: MachineDirectory
    edge: EdgeProxy
    name: str
    processes: ColourProcesses
    smoke: Smoke
    own: Colour | None = None
    _smoked: dict[Colour, tuple[str, str]] = field(default_factory=dict)

    def run(self, stop: threading.Event) -> None:
        repeat(self._try_once, EVERY_S, stop, max_pause_s=MAX_PAUSE_S)

    def once(self) -> None:
        """Apply what is known even while the store is away. Raises PicklefleetError when anything could not be done."""
        journal = self.journal()
        kept = self.kept()
        fresh = journal.newest(known=kept.number if kept else 0)
        intent = fresh or kept
        if intent is None:
            return
        if fresh is not None:
            write_atomically(self.machine.releases / _KEPT, msgspec.json.encode(fresh.to_document()))
            log.info("release_intent", number=fresh.number, step=fresh.step, live=fresh.live)
        self.apply(intent)
        publish(journal.control, self.status(intent))

    def kept(self) -> FleetIntent | None:
        """The newest entry that this machine has verified; a damaged file is as good as none: it is fetched again."""
        try:
            return intent_from_document(msgspec.json.decode((self.machine.releases / _KEPT).read_bytes()))
        except (OSError, msgspec.MsgspecError, PicklefleetError):
            return None

    def apply(self, intent: FleetIntent) -> None:
        """Processes first, then clients: the state file comes before the running proxy is told."""
        for colour in self._carried():
            self.processes.want(colour, intent.release(colour))
        wanted = self._wanted(intent)
        if wanted(self.edge.look().intent) != self.edge.look().intent or self._differs(wanted):
            self.edge.change(wanted)
            log.info("release_applied", number=intent.number, step=intent.step)
        if intent.walking and intent.step != "starting":
            self._ask_golden_rows(intent)

    def status(self, intent: FleetIntent) -> MachineStatus:
        state = self.edge.look()
        return MachineStatus(
            self.name,
            clock.unix_ms(),
            intent.number,
            state.intent.admitted,
            {colour: state.intent.weight(colour) for colour in COLOURS},
            state.sessions,
            {colour: self._colour(colour, state) for colour in self._carried()},
            probed=AZURES_BALANCER in self.edge.probed_by(),
        )

    def _wanted(self, intent: FleetIntent) -> Callable[[Intent], Intent]:
        stays = not self.edge.leaving

        def step(now: Intent) -> Intent:
            if self.own is None:
                return replace(now, admitted=stays, weights={c: intent.weight(c) for c in COLOURS})
            mine = intent.colours[self.own]
            admitted = mine.weight > 0 and (mine.admitted is None or self.name in mine.admitted)
            return replace(now, admitted=admitted and stays, weights={self.own: 100})

        return step

    def _differs(self, wanted: Callable[[Intent], Intent]) -> bool:
        kept = self.edge.kept()
        return kept is None or wanted(kept) != kept

    def _carried(self) -> tuple[Colour, ...]:
        return COLOURS if self.own is None else (self.own,)

    def _ask_golden_rows(self, intent: FleetIntent) -> None:
        """Once a walk: what answered right and is stopped by anything later is the gate's to find."""
        colour = intent.idle
        if colour not in self._carried() or self._smoked.get(colour, ("", ""))[0] == intent.walk:
            return
        wrong = self.smoke.ask(colour)
        self._smoked[colour] = (intent.walk, wrong)
        log.info("smoke_tested", colour=colour, walk=intent.walk, wrong=wrong or None)

    def _colour(self, colour: Colour, state: EdgeState) -> ColourStatus:
        """A colour is ready when the edge can reach it, its processes show a heartbeat, and it says so itself."""
        seen = self.processes.look(colour)
        walk, wrong = self._smoked.get(colour, ("", ""))
        ready = seen.ready and colour in state.listening and colour in state.intent.live
        return ColourStatus(seen.release, ready, walk, wrong, seen.memory_bytes)

    def _try_once(self) -> bool:
        try:
            self.once()
        except (PicklefleetError, OSError) as problem:
            log.warning("release_not_applied", problem=str(problem), kind=type(problem).__name__)
            return False
        return True
