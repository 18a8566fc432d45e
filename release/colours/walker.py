"""Look, plan, act, again and again. It may be killed anywhere: the next one looks, and goes on from what is."""

from collections.abc import Callable
from dataclasses import dataclass

from lifecycle import clock
from lifecycle.claims import Claim
from lifecycle.errors import AlreadyExistsError
from lifecycle.logs import get_logger
from lifecycle.measurements.fleet import close_gate, open_gate
from lifecycle.releases.intent import FleetIntent
from lifecycle.signing import SigningKey
from release.colours.decision import Action, Change, Done, Look, decide
from release.colours.looking import Sources, look
from release.colours.plan import WalkPlan

LOOKS_EVERY_S = 5.0
BEATS_EVERY_S = 60.0
_GATE = "release"

log = get_logger(__name__)

Follow = Callable[[FleetIntent], None]


@dataclass(frozen=True, slots=True)
class Ended:
    good: bool
    told: str


@dataclass(slots=True)
class Walker:
    """`follow` brings what is outside of the journal into step with it (a balancer, scale sets) and may be called
    again at any time. `told` hears of every look and of what follows from it.
    """

    sources: Sources
    plan: WalkPlan
    key: SigningKey
    by: str
    now: clock.Clock = clock.now
    follow: Follow = lambda _intent: None
    told: Callable[[Look, Action], None] = lambda _look, _action: None

    def walk(self, claim: Claim, pause: Callable[[float], bool], *, until_warm: bool = True) -> Ended | None:
        """Until the walk is over, or `pause` says to stop: None, and another walk goes on from there.

        With `until_warm` it is over when the new release has all clients and the old one is kept warm.
        """
        control = self.sources.journal.control
        open_gate(control, _GATE)
        beaten = clock.monotonic()
        while (ended := self.step(until_warm=until_warm)) is None:
            if pause(LOOKS_EVERY_S):
                return None
            if clock.monotonic() - beaten >= BEATS_EVERY_S:
                claim.heartbeat()
                beaten = clock.monotonic()
        close_gate(control, _GATE)
        return ended

    def step(self, *, until_warm: bool = True) -> Ended | None:
        """One look and what follows from it. Whoever writes to the journal meanwhile is first: look again."""
        intent = self.sources.journal.newest()
        if intent is None:
            return Ended(True, "There is no release yet.")
        self.follow(intent)
        if until_warm and intent.step == "warm":
            return Ended(True, f"{intent.live} has all clients; {intent.idle} is kept warm.")
        seen = look(self.sources, intent, self.plan, self.now())
        action = decide(seen, self.plan)
        self.told(seen, action)
        if isinstance(action, Done):
            return Ended(intent.step != "back", action.told)
        if isinstance(action, Change):
            return self._change(intent, action)
        return None

    def _change(self, intent: FleetIntent, action: Change) -> Ended | None:
        try:
            after = self.sources.journal.append(
                self.key, intent, action.after, by=self.by, reason=action.told
            )
        except AlreadyExistsError:
            log.info("release_changed_meanwhile", number=intent.number)
            return None
        log.info("release_moved", number=after.number, step=after.step, live=after.live)
        self.follow(after)
        return Ended(False, action.told) if action.failed else None
