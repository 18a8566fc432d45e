import numpy as np
import pytest

from lifecycle.model import Model
from lifecycle.performance import calibration
from lifecycle.profile.profile import Profile
from lifecycle.signature import Feature, Output, Signature
from retrain.concept import Realised, realised_beside_estimate, require_same_concept
from retrain.labelled_rows import LabelledRows
from retrain.stopped import TrainingStoppedError

OUTPUT = Output("y", "classification", (0, 1), 1, ("predict_proba", "predict"))
SIGNATURE = Signature((Feature("x", "number", "float64"),), (OUTPUT,))


class Honest:
    """It is right as often as it says."""

    def predict_proba(self, frame):
        share = frame["x"].to_numpy()
        return np.column_stack([1 - share, share])

    def predict(self, frame):
        return (frame["x"].to_numpy() > 0.5).astype(int)


MODEL = Model("m", "v1", "0" * 64, SIGNATURE, Honest())


def draw(rows, seed, *, flipped=0.0):
    random = np.random.default_rng(seed)
    x = random.random(rows)
    truth = (random.random(rows) < x) ^ (random.random(rows) < flipped)
    return LabelledRows(
        {"x": x.tolist()}, (truth.astype(int).tolist(),), [0] * rows, [""] * rows, [""] * rows
    )


@pytest.fixture(scope="module")
def profile():
    known = draw(5000, 1)
    shares = np.column_stack([1 - np.array(known.columns["x"]), known.columns["x"]])
    return Profile(
        {}, {}, calibrations={"y": calibration.fit(shares, np.eye(2)[known.truths[0]], positive=1)}
    )


def test_honest_labels_lie_within_the_estimate(profile):
    found = realised_beside_estimate(MODEL, profile, draw(2000, 2), "roc_auc")

    assert found.beyond < 0.02
    require_same_concept("roc_auc", {"all rows": found})


def test_labels_that_contradict_the_estimate_stop_training(profile):
    found = realised_beside_estimate(MODEL, profile, draw(2000, 2, flipped=0.5), "roc_auc")

    with pytest.raises(TrainingStoppedError, match="a person decides"):
        require_same_concept("roc_auc", {"the newest slice": None, "all rows": found})


@pytest.mark.parametrize(("value", "stops"), [(0.5, False), (0.48, True), (0.9, False), (0.92, True)])
def test_a_tenth_beyond_the_interval_is_allowed_and_no_more(value, stops):
    measured = {"all rows": Realised(1000, value, 0.59, 0.81)}

    if stops:
        with pytest.raises(TrainingStoppedError):
            require_same_concept("roc_auc", measured)
    else:
        require_same_concept("roc_auc", measured)


def test_too_few_rows_and_models_without_shares_say_nothing(profile):
    assert realised_beside_estimate(MODEL, profile, draw(100, 2), "roc_auc") is None
    assert realised_beside_estimate(MODEL, Profile({}, {}), draw(2000, 2), "roc_auc") is None
    assert realised_beside_estimate(MODEL, profile, draw(2000, 2), "mae") is None


def test_of_very_many_rows_some_are_asked_evenly_spread(profile):
    assert realised_beside_estimate(MODEL, profile, draw(1000, 2), "roc_auc", most=400).rows == 334
