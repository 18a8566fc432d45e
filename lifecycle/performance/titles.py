"""What a metric is called in front of people, and what it can be at all."""

FROM_0_TO_1 = frozenset({"accuracy", "precision", "recall", "f1", "roc_auc", "brier", "calibration_error"})

_TITLES = {
    "f1": "F1",
    "brier": "Brier score",
    "roc_auc": "ROC AUC",
    "mae": "mean absolute error",
    "rmse": "root mean square error",
    "r2": "R²",
}


def metric_title(name: str) -> str:
    return _TITLES.get(name, name.replace("_", " "))
