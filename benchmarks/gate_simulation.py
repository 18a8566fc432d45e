"""How often the gate stops an innocent challenger, and how soon a guilty one: simulated rollouts, a look a minute.

    PYTHONPATH=. .venv/bin/python benchmarks/gate_simulation.py

Every minute is as busy and as slow as chance makes it, for both arms alike. Beside the gate a test that most people
would write looks at the same rollouts: is the challenger's share of errors larger, one-sided, at 5 %?
"""

import argparse
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate

import numpy as np
from scipy.stats import beta, norm

from lifecycle.gate.evidence import Evidence
from lifecycle.gate.judge import Demands, Judgement, judge
from lifecycle.measurements.cell import LATENCY_BUCKETS, Cell
from lifecycle.metrics import SECONDS
from lifecycle.performance.intervals import wilson
from lifecycle.verdict import Outcome

LOOKS = 30
STEPS = ((0.01, 6), (0.05, 6), (0.25, 6), (0.50, 12))
ERRORS = 0.004
CUTS = 20
_MEDIAN_S, _SPREAD = 0.012, 0.5
_SCORES = beta(2, 5)
_NAIVE = float(norm.isf(0.05))


@dataclass(frozen=True, slots=True)
class Challenger:
    """How it differs from the champion; `shift` moves the logit of its scores."""

    name: str
    more_errors: float = 0.0
    slower: float = 1.0
    shift: float = 0.0


IDENTICAL = Challenger("identical")
GUILTY = (
    Challenger("+2 points of error", more_errors=0.02),
    Challenger("3x latency", slower=3.0),
    Challenger("scores shifted, D = 0.20", shift=0.445),
)


@dataclass(slots=True)
class Rollout:
    """`stopped`: at which look, with how many requests of the challenger. `naive`: whether the naive test stopped."""

    stopped: int | None = None
    samples: int = 0
    naive: bool = False
    last: Judgement | None = None
    _challenger: dict[int, Cell] = field(default_factory=dict)
    _champion: dict[int, Cell] = field(default_factory=dict)

    def look(self, minute: int, share: float) -> None:
        evidence = Evidence(
            self._challenger, self._champion, minute + 1, _begun(minute), share / (1 - share), newest=minute
        )
        self.last = judge(evidence, Demands(min_requests=0))
        self.samples = sum(cell.answered for cell in self._challenger.values())
        if self.last.verdict.outcome is Outcome.FAILED:
            self.stopped = minute + 1
        self.naive = self.naive or _naive(self._challenger, self._champion)

    def add(self, minute: int, challenger: Cell, champion: Cell) -> None:
        self._challenger[minute], self._champion[minute] = challenger, champion


def simulate(kind: Challenger, rate: float, random: np.random.Generator) -> Rollout:
    """One rollout of LOOKS minutes, or until the gate stops it; `rate` requests a minute on average."""
    rollout = Rollout()
    for minute, share in enumerate(_shares()):
        busy, load = random.poisson(rate), float(np.exp(random.normal(0, 0.2)))
        asked = random.binomial(busy, share)
        rollout.add(
            minute, draw_cell(kind, asked, load, random), draw_cell(IDENTICAL, busy - asked, load, random)
        )
        rollout.look(minute, share)
        if rollout.stopped:
            break
    return rollout


def draw_cell(kind: Challenger, requests: int, load: float, random: np.random.Generator) -> Cell:
    failed = random.binomial(requests, min(1.0, ERRORS * load + kind.more_errors))
    times = random.lognormal(math.log(_MEDIAN_S * kind.slower * load), _SPREAD, requests - failed)
    buckets = np.bincount(np.searchsorted(SECONDS, times), minlength=LATENCY_BUCKETS)
    scores = random.multinomial(requests - failed, _score_shares(kind.shift))
    return Cell(
        ok=int(requests - failed),
        failed=int(failed),
        rows=requests,
        latency={"one": {int(place): int(buckets[place]) for place in np.flatnonzero(buckets)}},
        scores={"bins/y0:late": [int(count) for count in scores]},
    )


def _shares() -> Iterator[float]:
    for share, looks in STEPS:
        yield from [share] * looks


def _begun(minute: int) -> tuple[int, ...]:
    """The first minutes of the steps up to that minute."""
    starts = accumulate((looks for _, looks in STEPS), initial=0)
    return tuple(start for start in starts if start <= minute and start < LOOKS)


def _score_shares(shift: float) -> np.ndarray:
    edges = _SCORES.ppf(np.arange(1, CUTS) / CUTS)
    moved = 1 / (1 + np.exp(-(np.log(edges / (1 - edges)) - shift)))
    return np.diff(np.concatenate([[0.0], _SCORES.cdf(moved), [1.0]]))


def _naive(challenger: dict[int, Cell], champion: dict[int, Cell]) -> bool:
    n, m = (sum(cell.answered for cell in arm.values()) for arm in (challenger, champion))
    x, y = (sum(cell.broken for cell in arm.values()) for arm in (challenger, champion))
    if not n or not m or not x + y:
        return False
    pooled = (x + y) / (n + m)
    return (x / n - y / m) / math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m)) > _NAIVE


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--rollouts", type=int, default=500)
    options.add_argument("--rate", type=float, default=1200, help="requests a minute")
    options.add_argument("--seed", type=int, default=0)
    asked = options.parse_args()
    shares = ", ".join(f"{share:.0%} for {looks}" for share, looks in STEPS)
    print(f"{asked.rollouts} rollouts of {LOOKS} looks, {asked.rate:,.0f} requests a minute, shares {shares}")
    for kind in (IDENTICAL, *GUILTY):
        random = np.random.default_rng([asked.seed, len(kind.name)])
        tell(kind, [simulate(kind, asked.rate, random) for _ in range(asked.rollouts)])


def tell(kind: Challenger, rollouts: list[Rollout]) -> None:
    stopped = [one for one in rollouts if one.stopped]
    print(f"\n  {kind.name}")
    _tell_share("stopped by the gate", len(stopped), len(rollouts))
    _tell_share("stopped by the naive test", sum(one.naive for one in rollouts), len(rollouts))
    passed = sum(one.last is not None and one.last.verdict.outcome is Outcome.PASSED for one in rollouts)
    _tell_share("passed at the last look", passed, len(rollouts))
    if stopped and kind is not IDENTICAL:
        for title, figures in (
            ("looks", [one.stopped for one in stopped]),
            ("requests of the challenger", [one.samples for one in stopped]),
        ):
            half, most = np.quantile(np.array(figures, dtype=float), (0.5, 0.95))
            print(f"    {title} until stopped: median {half:,.0f}, in 95 of 100 at most {most:,.0f}")


def _tell_share(title: str, count: int, of: int) -> None:
    low, high = wilson(count, of)
    print(f"    {title:<28} {count / of:7.2%}  (95 %: {low:.2%} to {high:.2%})", flush=True)


if __name__ == "__main__":
    main()
