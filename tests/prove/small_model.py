"""A model that answers in a millisecond: under it a service records as many requests as it can."""

import pickle

import pandas as pd
from sklearn.linear_model import LogisticRegression

NAMES = ("delay", "distance", "wind", "hour")
ROWS = [
    {"delay": 1.5 * n, "distance": 100.0 + n, "wind": float(n % 7), "hour": float(n % 24)} for n in range(200)
]


def write_model(folder, **options):
    """Returns the path; `options` are the estimator's."""
    frame = pd.DataFrame(ROWS, columns=list(NAMES))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "model.pkl"
    path.write_bytes(pickle.dumps(LogisticRegression(max_iter=200, **options).fit(frame, frame["wind"] > 3)))
    return path
