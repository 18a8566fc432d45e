"""The bins that scores of all arms are counted in: few, frozen, those of the champion's reference."""

import hashlib
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from lifecycle.bundle import PROFILE
from lifecycle.model import OutputAnswer
from lifecycle.profile import document
from lifecycle.profile.bins import NumberBins
from lifecycle.profile.profile import Profile
from lifecycle.profile.scores import positive_index, score_values
from lifecycle.profile.values import category_text
from lifecycle.signature import Output, Signature

CUTS = 20
MAX_COLUMNS = 10
_NO_PROFILE = tuple(round(index / CUTS, 4) for index in range(1, CUTS))


@dataclass(frozen=True, slots=True)
class Cuts:
    """A number's inner edges, or a label's values; whatever is none of these has the last place."""

    edges: tuple[float, ...] = ()
    labels: tuple[str, ...] = ()

    @property
    def places(self) -> int:
        return len(self.edges or self.labels) + 1

    def place(self, value: Any) -> int:
        """Numbers: i holds edges[i-1] < x <= edges[i]. Raises TypeError or ValueError for what is no number."""
        if self.edges:
            return bisect_left(self.edges, float(value))
        text = category_text(value)
        return self.labels.index(text) if text in self.labels else len(self.labels)


@dataclass(frozen=True, slots=True)
class ScoreBins:
    """By score column. `name` is the same exactly where the bins are: counts of different ones are never added."""

    columns: Mapping[str, Cuts] = field(default_factory=dict)
    name: str = ""
    _counted_as: Mapping[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_counted_as", {column: f"{self.name}/{column}" for column in self.columns})

    def places(
        self, outputs: Sequence[Output], answers: Sequence[OutputAnswer], row: int
    ) -> dict[str, tuple[int, int]]:
        """Of one row: the name of bins and column → its place, and of how many. NaN has none."""
        found = {}
        for index, answer in enumerate(answers):
            for name, value in score_values(outputs[index], answer, row):
                cuts = self.columns.get(name)
                if cuts is not None and value == value:  # noqa: PLR0124 - NaN is not itself
                    found[self._counted_as[name]] = (cuts.place(value), cuts.places)
        return found


def score_bins(signature: Signature, profile: Profile | None) -> ScoreBins:
    """Of the champion: twenty quantiles of its reference's scores. Without a profile probabilities alone, evenly."""
    columns = _of_profile(profile) if profile is not None else _of_signature(signature)
    chosen = dict(list(columns.items())[:MAX_COLUMNS])
    told = msgspec.json.encode({name: (cuts.edges, cuts.labels) for name, cuts in chosen.items()})
    return ScoreBins(chosen, hashlib.sha256(told).hexdigest()[:12] if chosen else "")


def read_score_bins(bundle: Path, signature: Signature) -> ScoreBins:
    """Of a verified bundle's folder. Raises CorruptBundleError."""
    path = bundle / PROFILE
    if not path.exists():
        return score_bins(signature, None)
    return score_bins(signature, document.from_document(msgspec.json.decode(path.read_bytes())))


def _of_profile(profile: Profile) -> dict[str, Cuts]:
    found = {}
    for name, column in profile.scores.items():
        if isinstance(column.bins, NumberBins):
            found[name] = Cuts(edges=_quantiles(column.bins, column.reference.bins))
        else:
            found[name] = Cuts(labels=column.bins.values[:CUTS])
    return {name: cuts for name, cuts in found.items() if cuts.places > 1}


def _quantiles(bins: NumberBins, counts: Any) -> tuple[float, ...]:
    below = np.cumsum(counts)[:-1] / max(1, counts.sum())
    wanted = np.arange(1, CUTS) / CUTS
    if not len(below):
        return ()
    nearest = np.unique(np.abs(below[None, :] - wanted[:, None]).argmin(axis=1))
    return tuple(float(edge) for edge in bins.edges[nearest])


def _of_signature(signature: Signature) -> dict[str, Cuts]:
    found: dict[str, Cuts] = {}
    for output in signature.outputs:
        names = [f"{output.name}:{category_text(label)}" for label in output.labels]
        if "predict_proba" in output.methods:
            only = positive_index(output)
            kept = names if only is None else [names[only]]
            found |= {name: Cuts(edges=_NO_PROFILE) for name in kept}
        elif output.labels and "decision_function" not in output.methods:
            found[output.name] = Cuts(labels=tuple(category_text(label) for label in output.labels[:CUTS]))
    return found
