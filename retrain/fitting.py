"""The second contained child: rows in, a fitted artifact out. The same rows and seed give the same bytes."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import get_scorer

from lifecycle import clock
from lifecycle.bundle import ARTIFACT, SHIM, sha256_of
from lifecycle.frame import estimator_input
from lifecycle.loading import load_shim
from lifecycle.model import plain_label
from lifecycle.profile.values import Array
from lifecycle.signature import Signature
from retrain.artifact import adopt_shim, write_artifact
from retrain.asked import Asked
from retrain.champion import load_champion
from retrain.labelled_rows import LabelledRows
from retrain.recipes import Recipe, Search, Workers, cloning, fitted, load_recipe, processes_here
from retrain.stopped import TrainingStoppedError
from retrain.work_rows import read_work

_SCORERS = {
    "roc_auc": "roc_auc",
    "log_loss": "neg_log_loss",
    "brier": "neg_brier_score",
    "accuracy": "accuracy",
    "mae": "neg_mean_absolute_error",
    "rmse": "neg_root_mean_squared_error",
    "r2": "r2",
}

Cluster = Callable[[str], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True)
class Fitted:
    artifact_sha256: str
    rows: int
    seconds: float
    params: dict[str, Any]


def fit(asked: Asked, on_cluster: Cluster) -> Fitted:
    """Write the artifact into the challenger's folder. Raises TrainingStoppedError with what the recipe did wrong."""
    champion, manifest = load_champion(Path(asked.champion), asked.champion_digest)
    if any(entry.path == SHIM for entry in manifest.files):
        adopt_shim(load_shim(Path(asked.champion, SHIM)))
    rows = read_work(Path(asked.rows), champion.signature).train
    recipe = load_recipe(Path(asked.recipe)) if asked.recipe else cloning(champion.estimator)
    workers: Workers = processes_here if not asked.dask else lambda: on_cluster(asked.dask)
    begun = clock.monotonic()
    estimator, params = _fitted(
        recipe, rows, champion.signature, asked, Search(_score(asked.metric), workers)
    )
    _require_same_outputs(estimator, champion.signature)
    path = Path(asked.challenger, ARTIFACT)
    write_artifact(estimator, path)
    return Fitted(sha256_of(path), len(rows), clock.monotonic() - begun, params)


def _fitted(
    recipe: Recipe, rows: LabelledRows, signature: Signature, asked: Asked, search: Search
) -> tuple[Any, dict[str, Any]]:
    try:
        return fitted(recipe, estimator_input(signature, rows.columns), targets(rows), asked.seed, search)
    except (TrainingStoppedError, MemoryError, OSError):
        raise
    except Exception as problem:
        raise TrainingStoppedError(
            f"Fitting failed with {type(problem).__name__}: {str(problem)[:500].rstrip('.')}.",
            fix="Fit the same data by hand, or change the recipe.",
        ) from problem


def targets(rows: LabelledRows) -> Array:
    """What scikit-learn takes for y: n values, or n by k where there are several outputs."""
    if len(rows.truths) == 1:
        return np.asarray(rows.truths[0])
    return np.column_stack([np.asarray(truth) for truth in rows.truths])


def _require_same_outputs(estimator: Any, signature: Signature) -> None:
    """The same labels in the same order: else every answer would carry another one's name."""
    output = signature.outputs[0]
    classes = getattr(estimator, "classes_", None)
    if len(signature.outputs) > 1 or output.task != "classification" or classes is None:
        return
    found = tuple(plain_label(label) for label in classes)
    if found != output.labels:
        raise TrainingStoppedError(
            f"The fitted model knows the labels {found}, the signature has {output.labels}.",
            fix="The training rows lack a label, or the recipe names them otherwise.",
        )


def _score(metric: str) -> Callable[[Any, Any, Any], float]:
    name = _SCORERS.get(metric)
    return _own_score if name is None else get_scorer(name)


def _own_score(estimator: Any, X: Any, y: Any) -> float:  # noqa: N803 - scikit-learn's own name
    return float(estimator.score(X, y))
