"""Look, plan, act, again and again. It may be killed anywhere: the next one looks, and goes on from what is."""

from collections.abc import Callable
from dataclasses import dataclass

from lifecycle import clock
from lifecycle.claims import Claim
from lifecycle.errors import AlreadyExistsError
from lifecycle.logs import get_logger
from lifecycle.measurements.fleet import close_gate, open_gate, open_gates
from lifecycle.policy import PolicyError, TrafficPolicy, promoted, with_shadow, with_share, without
from lifecycle.policy_journal import PolicyJournal
from lifecycle.signing import SigningKey
from release.judgements import as_document
from release.rollout.decision import Action, Back, End, Enter, Promote, decide
from release.rollout.looking import Seen, Sources, look
from release.rollout.record import Rollout
from release.series import Ended, Outcome, What, event

LOOKS_EVERY_S = 10.0
BEATS_EVERY_S = 60.0
GATE = "rollout-"

log = get_logger(__name__)


@dataclass(slots=True)
class Walker:
    """`told` hears of every look and of every act."""

    sources: Sources
    key: SigningKey
    by: str
    now: clock.Clock = clock.now
    told: Callable[[Seen, Action], None] = lambda _seen, _action: None

    def walk(self, rollout: Rollout, claim: Claim, pause: Callable[[float], bool]) -> Ended | None:
        """Until it has ended, or `pause` says to stop: None, the policy stays, and another walk goes on from it."""
        self._open_gate(rollout)
        beaten = clock.monotonic()
        while (ended := self.step(rollout)) is None:
            if pause(LOOKS_EVERY_S):
                return None
            if clock.monotonic() - beaten >= BEATS_EVERY_S:
                claim.heartbeat()
                beaten = clock.monotonic()
        if ended.outcome != "promoted":
            take_out(self.sources.journal, self.key, rollout, by=self.by, reason=ended.told)
        close_gate(self.sources.rollouts.control, gate_name(rollout))
        return ended

    def _open_gate(self, rollout: Rollout) -> None:
        """And close what a walker left open that was killed in its last moment: one rollout walks at a time."""
        control = self.sources.rollouts.control
        for name in open_gates(control):
            if name.startswith(GATE) and name != gate_name(rollout):
                close_gate(control, name)
        open_gate(control, gate_name(rollout))

    def step(self, rollout: Rollout) -> Ended | None:
        """One look and what follows from it. Whoever changes the policy meanwhile is first: look again."""
        ended = self.sources.rollouts.ended(rollout)
        if ended is not None:
            return ended
        seen = look(rollout, self.sources, self.now())
        action = decide(seen.look)
        self.told(seen, action)
        try:
            return self._act(rollout, seen, action)
        except AlreadyExistsError:
            log.info("policy_changed_meanwhile", rollout=rollout.number)
            return None

    def _act(self, rollout: Rollout, seen: Seen, action: Action) -> Ended | None:
        if isinstance(action, Enter):
            self._enter(rollout, seen, action)
        elif isinstance(action, Promote):
            after = promoted(seen.policy, rollout.challenger)
            return self._finish(rollout, seen, after, "promoted", action.told)
        elif isinstance(action, Back):
            back = without(seen.policy, rollout.challenger.digest)
            return self._finish(rollout, seen, back, "back", action.told)
        elif isinstance(action, End):
            return self.sources.rollouts.end(rollout, action.outcome, action.told)
        return None

    def _enter(self, rollout: Rollout, seen: Seen, action: Enter) -> None:
        step = rollout.plan.steps[action.index]
        after = (
            with_share(seen.policy, rollout.challenger, step.share)
            if step.share
            else with_shadow(seen.policy, rollout.challenger)
        )
        written = self._write(rollout, seen, after, f"{rollout.challenger.version} {step.title}")
        self._tell(seen, "entered", action.told, written, step.title)

    def _finish(
        self, rollout: Rollout, seen: Seen, after: TrafficPolicy, outcome: Outcome, told: str
    ) -> Ended:
        written = self._write(rollout, seen, after, f"{outcome}: {told}")
        self._tell(seen, "promoted" if outcome == "promoted" else "back", told, written)
        return self.sources.rollouts.end(rollout, outcome, told)

    def _write(self, rollout: Rollout, seen: Seen, after: TrafficPolicy, reason: str) -> TrafficPolicy:
        return self.sources.journal.append(
            self.key, seen.policy, after, by=self.by, reason=f"rollout {rollout.number}: {reason}"
        )

    def _tell(self, seen: Seen, what: What, told: str, policy: TrafficPolicy, step: str = "") -> None:
        rollout, judged = seen.look.rollout, seen.look.judgement
        evidence = None if judged is None else as_document(judged)
        self.sources.rollouts.tell(
            rollout, event(what, told, self.by, step=step, policy=policy.number, evidence=evidence)
        )
        log.info("rollout_moved", rollout=rollout.number, what=what, step=step, policy=policy.number)


def take_out(journal: PolicyJournal, key: SigningKey, rollout: Rollout, *, by: str, reason: str) -> None:
    """Of a rollout that has ended without its promotion: nothing of it stays, also what came at the same moment."""

    def decide_anew(policy: TrafficPolicy | None) -> TrafficPolicy:
        if policy is None:
            raise PolicyError("There is no policy.", fix="Promote a version: picklefleet promote v1")
        if policy.champion == rollout.challenger:
            return policy  # somebody made it champion since: that is no part of this rollout
        return without(policy, rollout.challenger.digest)

    journal.change(key, decide_anew, by=by, reason=f"rollout {rollout.number}: {reason}")


def gate_name(rollout: Rollout) -> str:
    return f"{GATE}{rollout.number:06d}"
