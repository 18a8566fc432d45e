"""What a fitted model answers: labels, numbers or a table, by which methods."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
from sklearn.base import is_classifier, is_outlier_detector
from sklearn.pipeline import Pipeline

from lifecycle.errors import ModelRefusedError
from lifecycle.model import plain_label
from lifecycle.signature import Label, Method, Output


class Wishes(Protocol):
    """What a person asks for: names of the outputs, the positive label (JSON text) and its threshold."""

    @property
    def outputs(self) -> Sequence[str]: ...
    @property
    def positive(self) -> str | None: ...
    @property
    def threshold(self) -> float | None: ...


def find_outputs(estimator: Any, rows: Any, wishes: Wishes) -> tuple[Output, ...]:
    """The outputs, learned from the fitted object and from its answer to `rows` (what it was fitted on)."""
    if not hasattr(estimator, "predict"):
        return _named((Output("y", "transform", methods=("transform",)),), wishes)
    predicted = np.asarray(estimator.predict(rows))
    count = predicted.shape[1] if predicted.ndim == 2 else 1
    labels = _labels(estimator, predicted, count)
    if labels is None:
        outputs = tuple(Output(name, "regression") for name in _default_names(count))
    else:
        methods = _methods(estimator, rows, count)
        pairs = zip(_default_names(count), labels, strict=True)
        outputs = tuple(Output(name, "classification", known, methods=methods) for name, known in pairs)
    return _with_positive(_named(outputs, wishes), wishes)


def _default_names(count: int) -> tuple[str, ...]:
    return ("y",) if count == 1 else tuple(f"y{index}" for index in range(count))


def _labels(estimator: Any, predicted: Any, count: int) -> list[tuple[Label, ...]] | None:
    """Labels by output, in the estimator's order; None for numbers."""
    classes = getattr(estimator, "classes_", None)
    if classes is not None and (is_classifier(estimator) or predicted.dtype.kind != "f"):
        if isinstance(classes, list) and len(classes) == count and np.ndim(classes[0]) == 1:
            return [tuple(map(plain_label, known)) for known in classes]
        if count > 1:  # a multi-label indicator: classes_ number the columns
            return [tuple(map(plain_label, np.asarray([0, 1], dtype=predicted.dtype)))] * count
        return [tuple(map(plain_label, classes))]
    if predicted.dtype.kind == "i" and (groups := _groups(estimator)):
        return [groups]
    return [()] * count if predicted.dtype.kind in "OUSb" else None


def _groups(estimator: Any) -> tuple[Label, ...]:
    """Outlier detectors answer -1 or 1; clusterings the number of a cluster; others have no groups."""
    if is_outlier_detector(estimator):
        return (-1, 1)
    last = estimator[-1] if isinstance(estimator, Pipeline) else estimator
    centres = getattr(last, "cluster_centers_", None)
    count = len(centres) if centres is not None else len(getattr(last, "weights_", ()))
    return tuple(range(count)) if hasattr(last, "fit_predict") else ()


def _methods(estimator: Any, rows: Any, count: int) -> tuple[Method, ...]:
    """What works, the default first. Some wrappers have the method and fail when it is called."""
    if _works(estimator, "predict_proba", rows):
        return ("predict_proba", "predict")
    if count == 1 and _works(estimator, "decision_function", rows):
        return ("decision_function", "predict")
    return ("predict",)


def _works(estimator: Any, method: str, rows: Any) -> bool:
    try:
        getattr(estimator, method)(rows)
    except Exception:  # noqa: BLE001 - a foreign model may raise anything; then it has not got the method
        return False
    return True


def _named(outputs: tuple[Output, ...], wishes: Wishes) -> tuple[Output, ...]:
    if not wishes.outputs:
        return outputs
    if len(set(wishes.outputs)) != len(outputs) or len(wishes.outputs) != len(outputs):
        raise ModelRefusedError(
            f"The model answers {len(outputs)} outputs; --outputs names {len(set(wishes.outputs))}.",
            fix=f"Give {len(outputs)} different names, in the order of the columns of y in training.",
        )
    return tuple(replace(output, name=name) for output, name in zip(outputs, wishes.outputs, strict=True))


def _with_positive(outputs: tuple[Output, ...], wishes: Wishes) -> tuple[Output, ...]:
    if wishes.positive is None:
        if wishes.threshold is not None:
            raise ModelRefusedError("A threshold needs the label it is for.", fix="Add --positive LABEL.")
        return outputs
    marked = tuple(_marked(output, wishes.positive, wishes.threshold) for output in outputs)
    if marked == outputs:
        known = sorted({str(label) for output in outputs for label in output.labels})
        raise ModelRefusedError(
            f"The model has no label {wishes.positive!r}.",
            fix=f"Choose one of: {', '.join(known)}."
            if known
            else "Leave --positive out: it answers numbers.",
        )
    return marked


def _marked(output: Output, asked: str, threshold: float | None) -> Output:
    label = _label_for(asked, output.labels)
    if label is None:
        return output
    if threshold is not None and (len(output.labels) != 2 or "predict_proba" not in output.methods):
        raise ModelRefusedError(
            "A threshold needs two labels and probabilities; this model has not both.",
            fix="Leave --threshold out, or wrap the model in CalibratedClassifierCV for probabilities.",
        )
    if threshold is not None and not 0 < threshold < 1:
        raise ModelRefusedError(
            f"The threshold {threshold} is no share.", fix="Give a number between 0 and 1."
        )
    return replace(output, positive=label, threshold=threshold)


def _label_for(asked: str, labels: tuple[Label, ...]) -> Label | None:
    """By its JSON text, else by its plain text: `late` and `"late"` both name the label late."""
    for label in labels:
        if asked in (json.dumps(label), str(label)):
            return label
    return None
