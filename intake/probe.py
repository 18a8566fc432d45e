"""Asking the model itself: does it answer when a value is missing, or when a category is new?"""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from lifecycle.errors import ModelFailureError
from lifecycle.model import Model
from lifecycle.signature import Feature, Label, Missing, Signature

Row = Mapping[str, Any]

UNSEEN_TEXT = "picklefleet: a category that no model knows"


@dataclass(frozen=True, slots=True)
class Probe:
    """A model and one row that it is known to answer."""

    estimator: Any
    signature: Signature
    row: Row

    def missing_settled(self) -> Signature:
        """The signature with what the model does about a missing value in each column."""
        return self._each(self._missing_is_answered, self._nullable, lambda _: True)

    def unknown_settled(self) -> Signature:
        """The signature with what the model does about a category that is new to it."""
        return self._each(self._unseen_is_answered, self._unknown, lambda feature: feature.kind == "category")

    def _each(
        self,
        answered: Callable[[tuple[Feature, ...]], bool],
        settle: Callable[[Feature, bool], Feature],
        concerned: Callable[[Feature], bool],
    ) -> Signature:
        """Ask for all concerned features at once; only where that fails for each by itself."""
        asked = tuple(filter(concerned, self.signature.inputs))
        together = bool(asked) and answered(asked)
        settled = {feature.name: settle(feature, together) for feature in asked}
        inputs = tuple(settled.get(feature.name, feature) for feature in self.signature.inputs)
        return replace(self.signature, inputs=inputs)

    def _nullable(self, feature: Feature, together: bool) -> Feature:
        if together:
            return replace(feature, nullable=True)
        for missing in _ways_of_missing(feature):
            tried = replace(feature, nullable=True, missing=missing)
            if self._missing_is_answered((tried,)):
                return tried
        return replace(feature, nullable=False)

    def _unknown(self, feature: Feature, together: bool) -> Feature:
        accepted = together or self._unseen_is_answered((feature,))
        return replace(feature, unknown="accept" if accepted else "refuse")

    def _missing_is_answered(self, features: tuple[Feature, ...]) -> bool:
        return self._answers(features, dict.fromkeys(feature.name for feature in features))

    def _unseen_is_answered(self, features: tuple[Feature, ...]) -> bool:
        return self._answers(features, {feature.name: unseen(feature.categories) for feature in features})

    def _answers(self, features: tuple[Feature, ...], changes: Row) -> bool:
        tried = {feature.name: feature for feature in features}
        inputs = tuple(tried.get(feature.name, feature) for feature in self.signature.inputs)
        return answers(self.estimator, replace(self.signature, inputs=inputs), {**self.row, **changes})


def settled(probe: Probe) -> Signature:
    return replace(probe, signature=probe.missing_settled()).unknown_settled()


def answers(estimator: Any, signature: Signature, row: Row) -> bool:
    """True when the model answers this one row with finite numbers."""
    model = Model("probe", "", "", signature, estimator)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            predictions = model.predict({name: [value] for name, value in row.items()}, 1)
    except ModelFailureError:
        return False
    return "not_finite" not in predictions.flags[0]


def unseen(categories: tuple[Label, ...]) -> Label:
    """A value outside the categories, of their type."""
    numbers = [label for label in categories if isinstance(label, int | float)]
    if numbers and len(numbers) == len(categories):
        return max(numbers) + 1
    return UNSEEN_TEXT


def _ways_of_missing(feature: Feature) -> tuple[Missing, ...]:
    if feature.kind not in {"category", "text"}:
        return (feature.missing,)
    return ("none", "nan") if feature.missing == "none" else ("nan", "none")
