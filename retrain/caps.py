"""How much one caller may weigh, and how far labels may move, before a person has to look."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from lifecycle.profile.values import Array, category_text
from lifecycle.reference.labelled import Truth
from lifecycle.signature import Output

_DEVIATIONS = 3


def capped(owners: Sequence[str], share: float) -> Array:
    """Which rows stay (booleans): where several keys have rows, none keeps more than `share` (0.5 or more) of them.

    What is left of a key's rows is spread evenly over its own order.
    """
    kept: Array = np.ones(len(owners), dtype=bool)
    counted = Counter(owners)
    if len(counted) < 2 or share >= 1:
        return kept
    owner, rows = counted.most_common(1)[0]
    most = int(share / (1 - share) * (len(owners) - rows))
    if rows <= most:
        return kept
    own = np.flatnonzero(np.array([one == owner for one in owners]))
    kept[own] = False
    kept[own[np.linspace(0, rows - 1, most).round().astype(int)]] = True
    return kept


def label_change(output: Output, base: Truth, told: Truth) -> tuple[float, str]:
    """How far the told labels are from the base set's, and a sentence: the largest change of a label's share, or of a
    number's mean in standard deviations (as a share of three of them).
    """
    before, after = [one for one in base if one is not None], [one for one in told if one is not None]
    if not before or not after:
        return 0.0, "There is nothing to compare labels with."
    if output.task == "regression":
        return _mean_change(np.array(before, dtype=np.float64), np.array(after, dtype=np.float64))
    shares = {label: (_share(before, label), _share(after, label)) for label in output.labels}
    told_of = output.labels[:1] if len(shares) == 2 else output.labels  # of two the other one mirrors it
    label = max(told_of, key=lambda one: abs(shares[one][1] - shares[one][0]))
    was, now = shares[label]
    return abs(now - was), (
        f"{was:.1%} of the base set are {category_text(label)}, and {now:.1%} of the labels that came in."
    )


def _mean_change(before: Array, after: Array) -> tuple[float, str]:
    spread = float(before.std()) or 1.0
    change = abs(float(after.mean() - before.mean())) / spread
    return change / _DEVIATIONS, (
        f"The mean of the true values went from {before.mean():.4g} to {after.mean():.4g}, "
        f"{change:.1f} standard deviations of the base set."
    )


def _share(values: Sequence[Any], label: Any) -> float:
    return sum(1 for value in values if value == label) / len(values)
