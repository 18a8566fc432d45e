"""One minute of two arms, and the pairs that are bet on: requests of the same minute, one challenger a champion."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

# more pairs of one minute add nothing that a person would wait for, but cost time
MAX_PAIRS = 2_000


class Share(NamedTuple):
    """`hits` of `n` requests had what the signal looks for; of none it is 0."""

    n: int
    hits: int

    @property
    def value(self) -> float:
        return self.hits / self.n if self.n else 0.0


class Block(NamedTuple):
    """`minute` of Unix time. `bias`: how much more often an identical challenger would have hits, at most."""

    minute: int
    challenger: Share
    champion: Share
    bias: float = 0.0

    def mirrored(self) -> "Block":
        """The same requests, looked at for what the signal does not look for."""
        challenger = Share(self.challenger.n, self.challenger.n - self.challenger.hits)
        return Block(self.minute, challenger, Share(self.champion.n, self.champion.n - self.champion.hits))

    @property
    def pairs(self) -> int:
        return min(self.challenger.n, self.champion.n, MAX_PAIRS)


Blocks = tuple[Block, ...]


def mirrored(blocks: Blocks) -> Blocks:
    return tuple(block.mirrored() for block in blocks)


@lru_cache(maxsize=1 << 16)
def differences(block: Block) -> Array:
    """Challenger less champion, from -1 to 1, for each pair.

    The arm with more requests joins several of them in one pair, drawn by chance: within a minute they are
    exchangeable, so every pair has the same expectation. The draw is the same at every look.
    """
    if not block.pairs:
        return np.empty(0)
    random = np.random.default_rng(abs(hash(block[:3])))
    return _spread(block.challenger, block.pairs, random) - _spread(block.champion, block.pairs, random)


def _spread(share: Share, groups: int, random: np.random.Generator) -> Array:
    """Shares of hits in `groups` groups of the same size; what does not fill one more each is left out."""
    size = share.n // groups
    if size == 1 and share.n == groups:
        alone = np.zeros(groups)
        alone[: share.hits] = 1.0
        return random.permutation(alone)
    sizes = np.full(groups + 1, size)
    sizes[-1] = share.n - size * groups
    return random.multivariate_hypergeometric(sizes, share.hits, method="marginals")[:-1] / size
