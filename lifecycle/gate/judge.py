"""The verdict: one confidence sequence a signal, all steps long, and reasons that a person can act on."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from lifecycle.gate import evidence as ask
from lifecycle.gate.betting import alpha_of_a_look, log_wealth, lower_bound, more_pairs, upper_bound
from lifecycle.gate.blocks import Blocks, mirrored
from lifecycle.gate.evidence import Evidence, Signal
from lifecycle.gate.finding import (
    Figures,
    Finding,
    disagreeing,
    failed,
    held,
    passed,
    probably_worse,
    unlike_before,
)
from lifecycle.gate.silence import silence
from lifecycle.verdict import Outcome, Verdict, worst

FALSE_ALARM = 0.001
FALSE_PASS = 0.05
MARGINS: Mapping[Signal, float] = {"errors": 0.005, "latency": 0.05, "score": 0.10, "labels": 0.02}
MORE_DISAGREEMENT = 0.05
_KINDS = 2  # the shadow's sequence and that of people's requests: a rollout may have both


@dataclass(frozen=True, slots=True)
class Demands:
    """What a step asks for. `margins` stand above MARGINS.

    `disagreement`: the rate that retraining's comparison found, None where nobody compared: then any passes.
    """

    required: tuple[Signal, ...] = ("errors", "latency", "score")
    min_requests: int = 500
    margins: Mapping[Signal, float] = field(default_factory=dict)
    disagreement: float | None = None
    max_silence_minutes: int = 5

    def margin(self, signal: Signal) -> float:
        return self.margins.get(signal, MARGINS[signal])


@dataclass(frozen=True, slots=True)
class Judgement:
    """`requests` of the challenger in this step; `more`: how many more would settle everything, None when never."""

    verdict: Verdict
    findings: tuple[Finding, ...]
    requests: int
    more: int | None = 0


def judge(evidence: Evidence, demands: Demands) -> Judgement:
    """Of minutes that have ended; the worst of all that can be said."""
    findings = _findings(evidence, demands)
    requests = evidence.requests_in_step()
    missing = max(0, demands.min_requests - requests)
    verdicts = [finding.verdict for finding in findings]
    verdicts += silence(evidence, demands.required, demands.max_silence_minutes)
    if missing:
        verdicts.append(_too_few(requests, missing))
    return Judgement(worst(verdicts), findings, requests, _more(findings, missing))


def score_limit(recorded: float | None) -> float:
    """`recorded`: D between the two as retraining compared them. A good retrain should shift scores."""
    return max(MARGINS["score"], 2 * (recorded or 0.0))


def _findings(evidence: Evidence, demands: Demands) -> tuple[Finding, ...]:
    failing = [signal for signal in demands.required if signal != "disagreement"]
    alpha = FALSE_ALARM / max(1, len(failing)) / _KINDS
    found = [_finding(signal, evidence, demands.margin(signal), alpha) for signal in failing]
    if "disagreement" in demands.required:
        expected = 1.0 if demands.disagreement is None else demands.disagreement + MORE_DISAGREEMENT
        found.append(disagreeing(ask.disagreement(evidence), min(1.0, expected)))
    return tuple(found)


def _finding(signal: Signal, evidence: Evidence, margin: float, alpha: float) -> Finding:
    if signal == "score":
        return _of_distance(ask.score_blocks(evidence), margin, alpha, evidence.steps)
    if signal == "labels":
        return _of_share(signal, evidence.labels, margin, alpha, evidence.steps)
    if signal == "errors":
        return _while_it_lasts(evidence, margin, alpha / 2) or _of_share(
            signal, ask.error_blocks(evidence), margin, alpha / 2, evidence.steps
        )
    return _of_share(signal, ask.latency_blocks(evidence), margin, alpha, evidence.steps)


def _while_it_lasts(evidence: Evidence, margin: float, alpha: float) -> Finding | None:
    """Of the minute that has not ended: whoever fails nearly always shall not do so until it has."""
    opened, each = evidence.opened, alpha_of_a_look(alpha, len(evidence.challenger))
    if not opened or log_wealth(opened, margin) < -math.log(each):
        return None
    low, high = lower_bound(opened, each), upper_bound(opened, FALSE_PASS)
    return failed(Figures.of("errors", opened, margin, low, high))


def _of_share(signal: Signal, blocks: Blocks, margin: float, alpha: float, steps: Sequence[int]) -> Finding:
    low, high = lower_bound(blocks, alpha, steps), upper_bound(blocks, FALSE_PASS)
    figures = Figures.of(signal, blocks, margin, low, high)
    if log_wealth(blocks, margin, steps) >= -math.log(alpha):
        return failed(figures)
    if figures.difference > margin:
        return probably_worse(figures, _more_requests(blocks, [more_pairs(blocks, margin, alpha)]))
    more = _more_requests(blocks, [more_pairs(mirrored(blocks), -margin, FALSE_PASS)])
    if more == 0 and _difference(_in_step(blocks, steps)) > margin:
        return unlike_before(figures)
    return passed(figures) if more == 0 else held(figures, more)


def _of_distance(edges: Sequence[Blocks], margin: float, alpha: float, steps: Sequence[int]) -> Finding:
    """D is the largest difference at any edge. One edge is enough to fail, and to pass every edge must."""
    both = [blocks for edge in edges for blocks in (edge, mirrored(edge))]
    if not both:
        return held(Figures.of("score", (), margin, 0.0, 1.0), None)
    widest = max(both, key=_difference)
    each = alpha / len(both)
    low = max(0.0, lower_bound(widest, each, steps))
    figures = Figures.of("score", widest, margin, low, upper_bound(widest, FALSE_PASS))
    if any(log_wealth(blocks, margin, steps) >= -math.log(each) for blocks in both):
        return failed(figures)
    if figures.difference > margin:
        return probably_worse(figures, _more_requests(widest, [more_pairs(widest, margin, each)]))
    wanted = [more_pairs(mirrored(blocks), -margin, FALSE_PASS) for blocks in both]
    if any(one != 0 for one in wanted):
        return held(figures, _more_requests(widest, wanted))
    if any(_difference(_in_step(blocks, steps)) > margin for blocks in both):
        return unlike_before(figures)
    return passed(replace(figures, high=min(margin, figures.high)))


def _in_step(blocks: Blocks, steps: Sequence[int]) -> Blocks:
    return tuple(block for block in blocks if block.minute >= steps[-1])


def _difference(blocks: Blocks) -> float:
    return Figures.of("errors", blocks, 0, 0, 0).difference


def _more_requests(blocks: Blocks, wanted: Sequence[int | None]) -> int | None:
    """Pairs → requests of the challenger, of which a pair may join several."""
    pairs = sum(block.pairs for block in blocks)
    known = [one for one in wanted if one is not None]
    if len(known) < len(wanted) or not pairs:
        return None
    return math.ceil(max(known) * sum(block.challenger.n for block in blocks) / pairs)


def _more(findings: Sequence[Finding], missing: int) -> int | None:
    wanted = [finding.more for finding in findings if finding.outcome is Outcome.INCONCLUSIVE]
    known = [one for one in wanted if one is not None]
    return max([missing, *known]) if len(known) == len(wanted) else None


def _too_few(requests: int, missing: int) -> Verdict:
    told = f"This step has seen {requests:,} requests of the challenger; {missing:,} more are needed."
    return Verdict(Outcome.INCONCLUSIVE, (told,))
