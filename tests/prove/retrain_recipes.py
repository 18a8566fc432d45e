"""Recipes as teams may write them on a bad day."""

_START = """
import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

def pipeline(last):
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    columns = ColumnTransformer([("n", numbers, ["delay", "seats"]), ("c", OneHotEncoder(handle_unknown="ignore"), ["origin"])])
    return make_pipeline(columns, last)

def fit(X, y, seed):
"""

CONSTANT = _START + "    return pipeline(DummyClassifier(strategy='prior')).fit(X, y)\n"
CRASHING = _START + "    raise ZeroDivisionError('on a bad day')\n"
ENDLESS = _START + "    import time\n    time.sleep(600)\n"
GREEDY = _START + "    held = [np.ones(1 << 27) for _ in range(1000)]\n    return held\n"
OTHER_LABELS = (
    _START + "    return pipeline(LogisticRegression()).fit(X, np.where(y == 'late', 'LATE', 'ok'))\n"
)
LEAKING = _START + "    return pipeline(DecisionTreeClassifier(random_state=seed)).fit(X, y)\n"
SLOW = (
    _START
    + "    import time\n    time.sleep(4)\n    return pipeline(LogisticRegression(random_state=seed)).fit(X, y)\n"
)
UNLISTED = (
    "from sklearn.linear_model import LogisticRegression\nclass Mine(LogisticRegression): pass\n"
    + _START
    + "    return pipeline(Mine()).fit(X, y)\n"
)
