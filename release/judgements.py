"""A gate's judgement as a person reads it, and as journals and `--json` tell it."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from lifecycle.gate.finding import Finding
from lifecycle.gate.judge import Judgement

_HEAD = f"  {'signal':<14}{'challenger':>11}{'champion':>11}{'difference':>12}   {'known to lie in':<20}{'allowed':>9}"


def as_document(judgement: Judgement) -> dict[str, Any]:
    """For the journal and `--json`."""
    return {
        "outcome": judgement.verdict.outcome.value,
        "reasons": list(judgement.verdict.reasons),
        "requests": judgement.requests,
        "more_requests": judgement.more,
        "signals": [
            asdict(one.figures)
            | {"outcome": one.outcome.value, "reason": one.reason, "more_requests": one.more}
            for one in judgement.findings
        ],
    }


def evidence_lines(judgement: Judgement) -> Iterator[str]:
    yield _HEAD
    for finding in judgement.findings:
        yield _finding(finding)
    more = "" if judgement.more in {0, None} else f" About {judgement.more:,} more requests are needed."
    yield f"  Verdict: {judgement.verdict.outcome.value}, {judgement.requests:,} requests in this step.{more}"
    for reason in judgement.verdict.reasons:
        yield f"  - {reason}"


def _finding(finding: Finding) -> str:
    one = finding.figures
    between = f"{_plain(one.low, one.signal)} to {_plain(one.high, one.signal)}"
    if one.signal in {"score", "disagreement"}:
        sides = f"{'':>11}{'':>11}"
    else:
        sides = f"{one.challenger:>11.2%}{one.champion:>11.2%}"
    return (
        f"  {one.signal:<14}{sides}{_plain(one.difference, one.signal):>12}   {between:<20}"
        f"{_plain(one.margin, one.signal):>9}   {finding.outcome.value}"
    )


def _plain(value: float, signal: str) -> str:
    return f"{value:.3f}" if signal == "score" else f"{100 * value:+.2f}"
