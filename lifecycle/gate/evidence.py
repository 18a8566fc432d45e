"""What is known when the gate is asked, and each signal's question to it, as blocks of two arms."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

from lifecycle.gate.blocks import Block, Blocks, Share
from lifecycle.measurements.cell import ROW_CLASSES, Cell

Signal = Literal["errors", "latency", "score", "disagreement", "labels"]
ByMinute = Mapping[int, Cell]

SLOW = 0.95


@dataclass(frozen=True, slots=True)
class Evidence:
    """Both arms' cells by minute of Unix time, of all steps of a kind and of minutes that have ended alone.

    A shadow's steps and those with requests of people are of two kinds: how good it was as a shadow says nothing of
    how it bears traffic. `until`: the first minute that has not ended. `steps`: the first whole minute of each step
    so far, this one last. `ratio`: how many requests the challenger shall get for each of the champion's.
    `newest`: the minute of the newest document of any machine, None without one. `labels`: blocks whose hits are
    wrong answers, where labels are asked for. `opened`: the errors of the minute `until`, as far as it is counted.
    """

    challenger: ByMinute
    champion: ByMinute
    until: int
    steps: tuple[int, ...]
    ratio: float
    newest: int | None
    labels: Blocks = ()
    opened: Blocks = ()

    @property
    def step_since(self) -> int:
        return self.steps[-1]

    def requests_in_step(self) -> int:
        return sum(cell.answered for minute, cell in self.challenger.items() if minute >= self.step_since)


def ended(minutes: ByMinute, until: int) -> ByMinute:
    """Without `until` and what comes after it."""
    return {minute: cell for minute, cell in minutes.items() if minute < until}


def opened(challenger: ByMinute, champion: ByMinute, until: int) -> Blocks:
    """The errors of that one minute."""
    return _errors({m: challenger[m] for m in challenger if m == until}, champion)


def error_blocks(evidence: Evidence) -> Blocks:
    """Hits are answers 5xx and timeouts."""
    return _errors(evidence.challenger, evidence.champion)


def latency_blocks(evidence: Evidence) -> Blocks:
    """Hits are requests slower than the champion's 95th percentile of the same minute and row class.

    That percentile comes from the champion's own requests, so of n of them an identical challenger is above it
    more often by up to 1/(n + 1).
    """
    found = []
    for minute, cell in evidence.challenger.items():
        against = evidence.champion.get(minute, Cell())
        for rows in ROW_CLASSES:
            champions = against.latency.get(rows, {})
            limit = _slow_bucket(champions)
            challenger, champion = _slower(cell.latency.get(rows, {}), limit), _slower(champions, limit)
            if challenger.n and champion.n:
                found.append(Block(minute, challenger, champion, 1 / (champion.n + 1)))
    return tuple(found)


def score_blocks(evidence: Evidence) -> tuple[Blocks, ...]:
    """One series for each inner edge of each score column; hits are scores up to that edge."""
    edges: dict[tuple[str, int], list[Block]] = {}
    for minute, cell in evidence.challenger.items():
        against = evidence.champion.get(minute, Cell()).scores
        for column in sorted(cell.scores.keys() & against.keys()):
            challenger, champion = _cumulative(cell.scores[column]), _cumulative(against[column])
            for edge, pair in enumerate(zip(challenger[:-1], champion[:-1], strict=True)):
                edges.setdefault((column, edge), []).append(Block(minute, *pair))
    return tuple(tuple(blocks) for blocks in edges.values())


def disagreement(evidence: Evidence) -> Share:
    """Of the requests that a shadow answered too."""
    cells = evidence.challenger.values()
    return Share(sum(cell.compared for cell in cells), sum(cell.disagreed for cell in cells))


OBSERVED: Mapping[Signal, Callable[[Cell], int]] = {
    "errors": lambda cell: cell.answered,
    "latency": lambda cell: sum(sum(buckets.values()) for buckets in cell.latency.values()),
    "score": lambda cell: max((sum(counts) for counts in cell.scores.values()), default=0),
}


def _errors(challenger: ByMinute, champion: ByMinute) -> Blocks:
    both = [
        Block(minute, _broken(cell), _broken(champion[minute]))
        for minute, cell in challenger.items()
        if minute in champion
    ]
    return tuple(block for block in both if block.pairs)


def _broken(cell: Cell) -> Share:
    return Share(cell.answered, cell.broken)


def _slow_bucket(buckets: Mapping[int, int]) -> int:
    wanted, seen = SLOW * sum(buckets.values()), 0
    for bucket, times in sorted(buckets.items()):
        seen += times
        if seen >= wanted:
            return bucket
    return 0


def _slower(buckets: Mapping[int, int], limit: int) -> Share:
    return Share(sum(buckets.values()), sum(times for bucket, times in buckets.items() if bucket > limit))


def _cumulative(counts: list[int]) -> list[Share]:
    return [Share(sum(counts), below) for below in accumulate(counts)]
