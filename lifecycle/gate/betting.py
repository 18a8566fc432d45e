"""A confidence sequence by betting: what a gambler wins who bets, minute after minute, that a difference is real.

Against a true hypothesis nobody's wealth grows for long: the chance that it ever reaches 1/alpha is at most alpha,
however often one looks and whenever one stops (Ville). Sixteen stakes play beside each other, because the best one depends
on what is not known; the wealth is their mean. Nothing is approximated: one request or a million, rare or frequent.
"""

import math
from functools import lru_cache

import numpy as np

from lifecycle.gate.blocks import Array, Block, Blocks, differences, mirrored

# of the largest stake that could not lose everything in one pair
_STAKES = np.geomspace(0.02, 0.9, 16)
_PRECISION = 1e-4


def log_wealth(blocks: Blocks, margin: float) -> float:
    """Of the bet that the challenger has more hits than the champion by more than `margin`."""
    return _mean(_gains(blocks, margin))


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


def lower_bound(blocks: Blocks, alpha: float) -> float:
    """The largest margin, up to a ten-thousandth, whose bet is won at `alpha`; -1 while none is."""
    won = -math.log(alpha)
    low, high = -1.0, 1.0
    pairs = np.concatenate([_biased(block) for block in blocks]) if blocks else np.empty(0)
    values, times = np.unique(pairs, return_counts=True)
    if not len(values) or _mean(_of(values, times, low)) < won:
        return -1.0
    while high - low > _PRECISION:
        middle = (low + high) / 2
        low, high = (middle, high) if _mean(_of(values, times, middle)) >= won else (low, middle)
    return low


def upper_bound(blocks: Blocks, alpha: float) -> float:
    """The smallest margin of which it is known at `alpha` that the challenger stays below it; 1 while none is."""
    return -lower_bound(mirrored(blocks), alpha)


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
