"""Naive Bayes: the estimator's own joint log-likelihood, and the arithmetic behind it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import logsumexp

from lifecycle.compiled.finals import Final, require_finite
from lifecycle.compiled.shapes import Array, Shape, UnplannableError
from lifecycle.compiled.splits import Splits
from lifecycle.raw_answer import RawAnswer

CLASSIFIERS = frozenset({"GaussianNB", "MultinomialNB", "ComplementNB"})


@dataclass(frozen=True, slots=True, eq=False)
class Bayes:
    estimator: Any
    classes: Array
    splits: tuple[Splits, ...] = ()

    def __call__(self, block: Any, _wanted: frozenset[str]) -> RawAnswer:
        require_finite(block)
        likelihood = self.estimator._joint_log_likelihood(block)  # noqa: SLF001 - what its predict calls
        total = logsumexp(likelihood, axis=1)
        shares = np.exp(likelihood - np.atleast_2d(total).T)
        return RawAnswer(self.classes[likelihood.argmax(axis=1)], shares)


def bayes_classifier(estimator: Any, shape: Shape) -> Final:
    if shape.form == "as_sparse":
        raise UnplannableError(type(estimator).__name__, "it works on a sparse matrix.")
    return Bayes(estimator, np.asarray(estimator.classes_))
