"""What an estimator answers, as arrays, before it is made into plain values. A plan answers in the same shape."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lifecycle.frame import Columns, estimator_input
from lifecycle.signature import Output, Signature

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """`predicted`: n, or n by outputs, or what a transformer gives. `probabilities`: as the estimator has them."""

    predicted: Array
    probabilities: Any = None
    scores: Array | None = None


def methods_beside(output: Output) -> frozenset[str]:
    """What is asked for beside the prediction itself: probabilities where there are any, else scores."""
    if output.task != "classification":
        return frozenset()
    preferred = [name for name in ("predict_proba", "decision_function") if name in output.methods]
    return frozenset(preferred[:1])


def ask(estimator: Any, rows: Any, task: str, beside: frozenset[str]) -> RawAnswer:
    """The estimator's own methods; it is the truth that every plan is compared with."""
    if task == "transform":
        return RawAnswer(dense(estimator.transform(rows)))
    predicted = np.asarray(estimator.predict(rows))
    probabilities = estimator.predict_proba(rows) if "predict_proba" in beside else None
    scores = estimator.decision_function(rows) if "decision_function" in beside else None
    return RawAnswer(predicted, probabilities, scores)


def ask_for_columns(
    estimator: Any, signature: Signature, columns: Columns, beside: frozenset[str]
) -> RawAnswer:
    """As `ask`, for columns of plain values; what the libraries warn of is no business of a request."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rows = estimator_input(signature, columns)
        return ask(estimator, rows, signature.outputs[0].task, beside)


def dense(table: Any) -> Array:
    whole = table.toarray() if hasattr(table, "toarray") else table
    return np.asarray(whole, dtype=np.float64)
