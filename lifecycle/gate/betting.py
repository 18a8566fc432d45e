"""A confidence sequence by betting: what a gambler wins who bets, minute after minute, that a difference is real.

Against a true hypothesis nobody's wealth grows for long: the chance that it ever reaches 1/alpha is at most alpha,
however often one looks and whenever one stops (Ville). Sixteen stakes play beside each other, because the best one depends
on what is not known; the wealth is their mean. Nothing is approximated: one request or a million, rare or frequent.
"""

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from lifecycle.gate.blocks import Array, Block, Blocks, differences, mirrored

# of the largest stake that could not lose everything in one pair
_STAKES = np.geomspace(0.02, 0.9, 16)
_LOOKS = 20  # of a walker that looks every five seconds, at a minute that is the first open one for sixty
_PRECISION = 1e-4
_STEPS = 2_000


def log_wealth(blocks: Blocks, margin: float, starts: Sequence[int] = ()) -> float:
    """Of the bet that the challenger has more hits than the champion by more than `margin`.

    With `starts` several gamblers share the first one's money, each beginning at one of these minutes: so a fault
    that shows only later is not hidden by the good time before it, and the guarantee is still that of one.
    """
    if not starts or not blocks:
        return _mean(_gains(blocks, margin))
    each = np.stack([_gains_of(block, margin) for block in blocks])
    minutes = np.array([block.minute for block in blocks])
    return _shared([_mean(each[minutes >= start].sum(axis=0)) for start in starts])


def alpha_of_a_look(alpha: float, minutes: int) -> float:
    """What the bets of one look into a minute that has not ended must be won at, after so many minutes that have.

    For each minute another gambler begins, with 1/2, 1/6, 1/12, … of the money, and shares it among the looks: the
    chance that any of these bets is ever won is at most alpha.
    """
    return alpha / ((minutes + 1) * (minutes + 2)) / _LOOKS


def more_pairs(blocks: Blocks, margin: float, alpha: float) -> int | None:
    """How many more pairs such as these until the bet is won at `alpha`; None when it would never be."""
    pairs = sum(block.pairs for block in blocks)
    if not pairs:
        return None
    gains = _gains(blocks, margin)
    fastest = float(gains.max()) / pairs
    wanted = -math.log(alpha)
    if _mean(gains) >= wanted:
        return 0
    if fastest <= 0:
        return None
    return max(1, math.ceil((wanted + math.log(len(_STAKES))) / fastest) - pairs)


def lower_bound(blocks: Blocks, alpha: float, starts: Sequence[int] = ()) -> float:
    """The largest margin, up to a ten-thousandth, whose bet is won at `alpha`; -1 while none is."""
    counted = [_counted(_since(blocks, start)) for start in starts] or [_counted(blocks)]

    def is_won(margin: float) -> bool:
        logarithms = [_mean(_of(values, times, margin)) for values, times in counted]
        return (_shared(logarithms) if starts else logarithms[0]) >= -math.log(alpha)

    low, high = -1.0, 1.0
    if not is_won(low):
        return low
    while high - low > _PRECISION:
        middle = (low + high) / 2
        low, high = (middle, high) if is_won(middle) else (low, middle)
    return low


def upper_bound(blocks: Blocks, alpha: float) -> float:
    """The smallest margin of which it is known at `alpha` that the challenger stays below it; 1 while none is."""
    return -lower_bound(mirrored(blocks), alpha)


def _since(blocks: Blocks, start: int) -> Blocks:
    return tuple(block for block in blocks if block.minute >= start)


def _counted(blocks: Blocks) -> tuple[Array, Array]:
    """Every difference that occurs, rounded down so that no bound is too high, and how often."""
    pairs = np.concatenate([_biased(block) for block in blocks]) if blocks else np.empty(0)
    times = np.bincount(np.floor((pairs + 1) * _STEPS + 1e-9).astype(np.int64))
    places = np.flatnonzero(times)
    return places / _STEPS - 1, times[places].astype(np.float64)


def _shared(logarithms: Sequence[float]) -> float:
    """Wealth of gamblers who began with 1/2, 1/6, 1/12, … of the money: together never more than all of it."""
    parts = [wealth - math.log((place + 1) * (place + 2)) for place, wealth in enumerate(logarithms)]
    top = max(parts)
    return top + math.log(sum(math.exp(part - top) for part in parts))


def _gains(blocks: Blocks, margin: float) -> Array:
    """What each stake has won, as logarithms."""
    total = np.zeros(len(_STAKES))
    for block in blocks:
        total += _gains_of(block, margin)
    return total


@lru_cache(maxsize=1 << 16)
def _gains_of(block: Block, margin: float) -> Array:
    pairs = _biased(block)
    return _of(pairs, np.ones(len(pairs)), margin)


def _biased(block: Block) -> Array:
    return np.maximum(differences(block) - block.bias, -1.0)


def _of(values: Array, times: Array, margin: float) -> Array:
    stakes = _STAKES / (1 + max(margin, _PRECISION - 1))
    gains: Array = np.log1p(np.outer(stakes, values - margin)) @ times
    return gains


def _mean(logarithms: Array) -> float:
    """The logarithm of the mean of what these are logarithms of."""
    top = float(logarithms.max())
    return top + math.log(float(np.exp(logarithms - top).mean()))
