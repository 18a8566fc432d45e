"""A model that answers in a millisecond, under which a service records as many requests as it can; and a big one."""

import pickle

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsRegressor

NAMES = ("delay", "distance", "wind", "hour")
ROWS = [
    {"delay": 1.5 * n, "distance": 100.0 + n, "wind": float(n % 7), "hour": float(n % 24)} for n in range(200)
]


def write_model(folder, strength=1.0):
    """Returns the path. Another `strength` of the regularisation is a model with other answers."""
    frame = pd.DataFrame(ROWS, columns=list(NAMES))
    estimator = LogisticRegression(max_iter=200, C=strength).fit(frame, frame["wind"] > 3)
    return _written(folder, estimator)


def write_big_model(folder, strength=1.0):
    """Remembers some 80 MB of rows, and finds the nearest quickly."""
    rows = np.random.default_rng(20130101).normal(size=(1_200_000, 4)) * strength
    return _written(folder, KNeighborsRegressor(n_neighbors=1, algorithm="kd_tree").fit(rows, rows[:, 0]))


def _written(folder, estimator):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "model.pkl"
    path.write_bytes(pickle.dumps(estimator))
    return path
