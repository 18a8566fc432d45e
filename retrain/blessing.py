"""May the challenger have traffic? Every bound that it misses is a sentence; without any it is blessed."""

from collections.abc import Iterator

import numpy as np

from lifecycle.performance.intervals import Figure
from lifecycle.performance.metrics import HIGHER_IS_BETTER
from retrain.comparison import Comparison, Side
from retrain.limits import NEWEST_MARGIN, SLICE_MARGIN, TRUSTED_MARGIN, Limits

SLOWER = 1.5
SLOWER_MS = 5.0  # a busy machine doubles a few milliseconds, and nobody waits for these
LARGER = 2.0
LARGER_BYTES = 64 << 20
NEWEST, TRUSTED = "the newest slice", "the trusted set"
BOUNDED = HIGHER_IS_BETTER  # from 0 to 1, or nearly; margins of the others are shares of the champion's value


def objections(comparison: Comparison, limits: Limits) -> tuple[str, ...]:
    """Why it is not blessed; empty when it is."""
    return (
        *_absolute(comparison, limits),
        *_relative(comparison.metric, comparison.newest, NEWEST, NEWEST_MARGIN),
        *_on_trusted(comparison, limits),
        *_of_other_outputs(comparison),
        *_of_slices(comparison),
        *_of_costs(comparison),
        *(f"It no longer takes {value}, which the champion takes." for value in comparison.lost),
    )


def gain(metric: str, difference: Figure, champion: float) -> Figure:
    """Higher is better, in points of the metric or, where it has no upper bound, as a share of the champion's."""
    scale = 1.0 if metric in BOUNDED else max(abs(champion), 1e-12)
    value, low, high = (part / scale for part in (difference.value, difference.low, difference.high))
    if metric in HIGHER_IS_BETTER:
        return Figure(value, low, high, difference.n)
    return Figure(-value, -high, -low, difference.n)


def _absolute(comparison: Comparison, limits: Limits) -> Iterator[str]:
    metric = comparison.metric
    value = comparison.newest.challenger[metric].value
    if not _better(metric, value, comparison.no_skill):
        yield f"Its {metric} of {value:.4f} is no better than a constant answer ({comparison.no_skill:.4f})."
    if limits.floor is not None and not _better(metric, value, limits.floor, or_equal=True):
        yield f"Its {metric} of {value:.4f} misses the floor of {limits.floor:g} that the settings demand."


def _relative(metric: str, side: Side, where: str, margin: float) -> Iterator[str]:
    won = gain(metric, side.difference[metric], side.champion[metric].value)
    if not won.low > -margin:
        yield (
            f"On {where} ({side.rows:,} rows) its {metric} may be worse: {won.value:+.4f} "
            f"({won.low:+.4f} to {won.high:+.4f}), and the lower bound must be above {-margin:g}."
        )


def _on_trusted(comparison: Comparison, limits: Limits) -> Iterator[str]:
    trusted = comparison.trusted
    if trusted is None:
        yield "There is no trusted set: the champion was registered without a hold-out fold (--fold)."
        return
    yield from _relative(comparison.metric, trusted, TRUSTED, TRUSTED_MARGIN)
    if trusted.disagreement is not None and trusted.disagreement > limits.answer_change:
        yield (
            f"It labels {trusted.disagreement:.1%} of the trusted rows otherwise than the champion; "
            f"more than {limits.answer_change:.0%} is for a person to decide."
        )


def _of_other_outputs(comparison: Comparison) -> Iterator[str]:
    """A gain of the first output must not be paid for by another one."""
    for one in comparison.beside:
        sides = (one.newest, NEWEST, NEWEST_MARGIN), (one.trusted, TRUSTED, TRUSTED_MARGIN)
        for side, where, margin in sides:
            if side is not None:
                found = _relative(one.metric, side, where, margin)
                yield from (f"Output {one.output}: {sentence}" for sentence in found)


def _of_slices(comparison: Comparison) -> Iterator[str]:
    champion = comparison.newest.champion[comparison.metric].value
    for one in comparison.slices:
        won = gain(comparison.metric, one.difference, champion)
        if not np.isnan(won.high) and won.high < -SLICE_MARGIN:
            yield (
                f"Where {one.feature} is {one.value} ({one.rows:,} rows) its {comparison.metric} is worse by "
                f"{-won.high:.4f} at least; {SLICE_MARGIN:g} is allowed."
            )


def _of_costs(comparison: Comparison) -> Iterator[str]:
    costs = comparison.costs
    for rows, before in costs.champion_ms.items():
        after = costs.challenger_ms[rows]
        if after > max(SLOWER * before, before + SLOWER_MS):
            yield f"It takes {after:.1f} ms for {rows} rows; the champion takes {before:.1f} ms."
    if costs.challenger_bytes > max(LARGER * costs.champion_bytes, costs.champion_bytes + LARGER_BYTES):
        yield (
            f"It has {costs.challenger_bytes >> 20:,} MiB; the champion has {costs.champion_bytes >> 20:,} MiB, and "
            "machines are sized for that."
        )


def _better(metric: str, value: float, than: float, *, or_equal: bool = False) -> bool:
    if or_equal and value == than:
        return True
    return value > than if metric in HIGHER_IS_BETTER else value < than
