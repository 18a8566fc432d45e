"""A fleet on Azure, minute by minute: scale sets whose machines follow the release journal, a balancer, its clients.

Machines boot what their scale set's model says at that moment, as a repair or a scale-out does. `hostile`: a balancer
that resets every flow whenever its rule is pointed anew. What clients lose is counted here, whoever moved what.
"""

import math
from dataclasses import dataclass, field

from lifecycle import clock
from lifecycle.measurements.document import Measurements
from lifecycle.measurements.fleet import publish as publish_measurements
from lifecycle.releases.journal import ReleaseJournal
from lifecycle.releases.machine_status import ColourStatus, MachineStatus, publish
from tests.evidence_builders import cell

IMAGE = "/subscriptions/s/resourceGroups/flights/providers/Microsoft.Compute/galleries/flights/images/picklefleet/versions/"
READY_AFTER = 1
LOOKED_AT_MS = 50_000  # of each minute: a step with clients begins when one is about to end
SESSIONS = 20
IN_FLIGHT = 1  # of each machine, when all its flows are reset


@dataclass
class Set:
    capacity: int = 0
    image: str = ""
    release: str = ""
    autoscaled: bool | None = False
    failed: bool = False
    etag: int = 1


@dataclass
class Machine:
    colour: str
    number: int
    image: str
    release: str
    born: int
    admitted: bool = False
    sessions: int = 0
    smoked: str = ""
    minutes: dict = field(default_factory=dict)

    @property
    def computer(self):
        return f"flights-{self.colour[0]}{self.number:06d}"

    @property
    def name(self):
        return f"{self.computer}-{self.number:08x}"


@dataclass
class World:
    """`rate` requests a minute; of what green's release answers `failing` in a hundred fail."""

    journal: ReleaseJournal
    sets: dict
    rate: int = 20_000
    failing: int = 0
    hostile: bool = False
    pool: str = "blue"
    minute: int = 0
    machines: list = field(default_factory=list)
    asked: int = 0
    lost: int = 0
    outages: list = field(default_factory=list)
    disasters: dict = field(default_factory=dict)
    history: list = field(default_factory=list)
    began_ms: int = field(default_factory=lambda: clock.unix_ms() // 60_000 * 60_000 + LOOKED_AT_MS)
    _number: int = 0

    @property
    def now_ms(self):
        return self.began_ms + self.minute * 60_000

    def advance(self):
        """A minute goes by. `disasters`: what happens on its own account, by the journal's step, once each."""
        intent = self.journal.newest()
        for step in [step for step in self.disasters if step == intent.step]:
            self.disasters.pop(step)(self)
        self.minute += 1
        self._as_large_as_asked()
        for machine in self.machines:
            self._follow(machine, intent)
        self._serve()
        for machine in self.machines:
            self._tell(machine, intent)
        self.history.append((intent.step, self.pool, {name: one.capacity for name, one in self.sets.items()}))

    def point(self, pool):
        """A rule that leaves machines with clients loses them; a hostile balancer loses what is in flight everywhere."""
        if pool == self.pool:
            return
        for machine in self.machines:
            left = pool not in {machine.colour, "both"}
            if left or self.hostile:
                self.lost += machine.sessions if left else min(IN_FLIGHT, machine.sessions)
        self.pool = pool

    def repair(self, colour):
        """Azure replaces the colour's oldest machine."""
        self.machines.remove(next(one for one in self.machines if one.colour == colour))

    def _as_large_as_asked(self):
        for colour, wanted in self.sets.items():
            mine = [one for one in self.machines if one.colour == colour]
            for _ in range(wanted.capacity - len(mine)):
                self._number += 1
                born = -9 if self.minute == 1 else self.minute
                self.machines.append(Machine(colour, self._number, wanted.image, wanted.release, born))
            for gone in mine[wanted.capacity :]:
                self.lost += gone.sessions
                self.machines.remove(gone)

    def _follow(self, machine, intent):
        mine = intent.colours[machine.colour]
        machine.admitted = mine.weight > 0 and (mine.admitted is None or machine.name in mine.admitted)
        if (
            intent.walking
            and intent.step != "starting"
            and machine.colour == intent.idle
            and self.ready(machine)
        ):
            machine.smoked = intent.walk

    def ready(self, machine):
        return self.minute - machine.born >= READY_AFTER

    def reached(self):
        """Who gets new flows: in the rule's pool, admitted, and ready."""
        return [
            one for one in self.machines
            if self.pool in {one.colour, "both"} and one.admitted and self.ready(one)
        ]  # fmt: skip

    def _serve(self):
        serving = self.reached()
        self.asked += self.rate
        if not serving:
            self.outages.append(self.minute)
            self.lost += self.rate
        for machine in self.machines:
            if machine in serving:
                machine.sessions = SESSIONS
                self._answer(machine, self.rate // len(serving))
            else:
                machine.sessions //= 4

    def _answer(self, machine, requests):
        failed = requests * self.failing // 100 if machine.colour == "green" else 0
        self.lost += failed
        machine.minutes[self.now_ms // 60_000] = [cell(requests, failed=failed, version="v1", arm="champion")]

    def _tell(self, machine, intent):
        control = self.journal.control
        status = ColourStatus(machine.release, self.ready(machine), machine.smoked, "", 300 << 20)
        publish(
            control,
            MachineStatus(
                machine.name, self.now_ms, intent.number, machine.admitted, {machine.colour: 100}, machine.sessions,
                {machine.colour: status}, probed=self.pool in {machine.colour, "both"},
            ),
        )  # fmt: skip
        hours = {minute // 60 for minute in machine.minutes}
        for hour in hours:
            cells = {minute: cells for minute, cells in machine.minutes.items() if minute // 60 == hour}
            document = Measurements(minutes=cells, written_ms=self.now_ms)
            publish_measurements(control, machine.colour, machine.name, hour, document)

    def share_lost(self):
        return self.lost / max(1, self.asked)

    def problems(self, live):
        """What must never be at the end of a release, however often its walker was killed."""
        idle = "green" if live == "blue" else "blue"
        if self.pool != live:
            yield f"the rule points at {self.pool}"
        if self.sets[idle].capacity or not self.sets[live].capacity:
            yield f"machines: { ({name: one.capacity for name, one in self.sets.items()}) }"
        if self.sets[idle].autoscaled or not self.sets[live].autoscaled:
            yield "autoscale acts for the wrong colour"
        if self.outages:
            yield f"nobody answered in the minutes {self.outages}"
        if self.lost and not self.failing and not self.hostile:
            yield f"{self.lost} requests were lost"
        if self.share_lost() > 0.005:
            yield f"{math.ceil(1e4 * self.share_lost()) / 100} % of the requests were lost"
        for machine in self.machines:
            if machine.release != self.sets[machine.colour].release:
                yield f"{machine.name} boots {machine.release}"
