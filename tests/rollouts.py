"""A fleet that measures what the policy says, minute by minute, on a clock that moves only when the walker waits."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from lifecycle import clock
from lifecycle.claims import Claim
from lifecycle.gate.blocks import Block, Share
from lifecycle.measurements.fleet import Fleet
from lifecycle.policy import TrafficPolicy
from lifecycle.policy_journal import PolicyJournal
from lifecycle.signing import SigningKey
from release.rollout.looking import Sources
from release.rollout.plan import Plan
from release.rollout.record import Rollout, Rollouts
from release.rollout.starting import prepare, start
from release.rollout.walker import Walker
from tests.evidence_builders import cell


@dataclass
class Traffic:
    """`rate` requests a minute for all arms; of the challenger's `failing` a hundred fail."""

    rate: int = 1000
    failing: int = 0
    silent: bool = False
    dead: bool = False
    wrong: int | None = None

    def cells(self, policy: TrafficPolicy):
        arm = next(iter(policy.arms), None)
        share = arm.share if arm else 0.0
        yield cell(round(self.rate * (1 - share)), version=policy.champion.version, arm="champion")
        if arm is not None:
            yield from self._challenger(round(self.rate * share), arm.version, "live")
        for shadow in policy.shadows:
            yield from self._challenger(self.rate, shadow.version, "shadow")

    def _challenger(self, requests, version, source):
        failed = requests * self.failing // 100
        shown = {"source": "shadow", "compared": requests} if source == "shadow" else {"arm": "challenger"}
        if requests and not self.silent:
            yield cell(requests, failed=failed, version=version, **shown)


@dataclass
class World:
    """Minutes go by as long as the walker waits; each leaves the cells of the policy that was in force."""

    rollouts: Rollouts
    journal: PolicyJournal
    key: SigningKey
    traffic: Traffic
    plan: Plan
    minutes: dict[int, list] = field(default_factory=dict)
    now: datetime = field(default_factory=clock.now)
    walks: int = 0

    def start(self, version="v2", plan=None) -> Rollout:
        ready = prepare(self.rollouts, self.journal, version, plan or self.plan, by="tester", reason="")
        return start(self.rollouts, ready, self.key)

    def pass_minute(self, _seconds=0.0):
        """True when nothing will come any more."""
        if not self.traffic.dead:
            minute = int(self.now.timestamp()) // 60
            self.minutes[minute] = list(self.traffic.cells(self.journal.newest()))
        self.now += timedelta(minutes=1)
        self.walks += 1
        return self.walks > 200

    def fleet(self, since):
        newest = max(self.minutes, default=None)
        return Fleet({"blue": dict(self.minutes)}, 0 if newest is None else newest * 60_000)

    def labels(self, _rollout, _since):
        """Of the challenger's answers `traffic.wrong` in a hundred are wrong, of the champion's twenty; None: unknown."""
        if self.traffic.wrong is None:
            return ()
        return tuple(
            Block(minute, Share(100, self.traffic.wrong), Share(100, 20)) for minute in sorted(self.minutes)
        )

    def walker(self, **changes) -> Walker:
        sources = Sources(self.rollouts, self.journal, self.fleet, self.labels)
        made = Walker(sources, self.key, "tester", now=lambda: self.now)
        return replace(made, **changes)

    def walk(self, rollout: Rollout):
        claim = Claim(self.rollouts.control, "claims/change", 1, clock.monotonic() + 600)
        return self.walker().walk(rollout, claim, self.pass_minute)

    def states(self):
        """What the policy said, entry by entry: champion, and the challenger's share (0: shadow)."""
        return [state(policy) for policy in self.journal.history()]


def state(policy: TrafficPolicy):
    if policy.shadows:
        return policy.champion.version, "shadow"
    return policy.champion.version, policy.arms[0].share if policy.arms else None
