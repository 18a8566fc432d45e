import numpy as np
import pytest

from lifecycle.model import OutputAnswer
from lifecycle.signature import Output
from retrain.comparison import Both, compared_slices, discordant, no_skill, score_distance, side
from retrain.slices import SliceRows

LATE = Output("y", "classification", ("late", "on time"), "late", ("predict_proba", "predict"))
DELAY = Output("y", "regression")


def stated(shares):
    shares = np.asarray(shares)
    labels = np.where(shares > 0.5, "late", "on time").tolist()
    return [OutputAnswer(labels, np.column_stack([shares, 1 - shares]).tolist())]


def world(noise, seed=0, rows=800):
    random = np.random.default_rng(seed)
    likely = random.random(rows)
    truth = np.where(random.random(rows) < likely, "late", "on time").tolist()
    return np.clip(likely + random.normal(0, noise, rows), 0.01, 0.99), truth


def both(challenger_noise=0.3):
    good, truth = world(0.0)
    return Both.of((LATE,), (stated(good), stated(world(challenger_noise)[0])), truth)


def test_a_worse_challenger_is_seen_with_its_paired_interval():
    found = side(both())

    assert found.difference["roc_auc"].high < 0
    assert found.champion["roc_auc"].value > found.challenger["roc_auc"].value
    assert 0 < found.disagreement < 1


def test_the_same_answers_differ_in_nothing():
    found = side(both(0.0))

    assert (found.disagreement, score_distance(both(0.0))) == (0.0, 0.0)
    assert all(figure.low == figure.high == 0 for figure in found.difference.values())
    assert discordant(both(0.0)).p == 1.0


def test_mcnemar_counts_what_only_one_labelled_rightly():
    truth = ["late"] * 30
    first, second = [0.9] * 20 + [0.1] * 10, [0.1] * 2 + [0.9] * 28
    found = discordant(Both.of((LATE,), (stated(first), stated(second)), truth))

    assert (found.only_champion, found.only_challenger) == (2, 10)
    assert found.p == pytest.approx(0.0386, abs=1e-3)


def test_numbers_have_no_discordant_rows_and_no_disagreement():
    given = Both.of(
        (DELAY,), ([OutputAnswer(values=[1.0, 2.0])], [OutputAnswer(values=[1.5, 2.5])]), [1.0, 2.0]
    )

    assert discordant(given) is None
    assert side(given).disagreement is None
    assert side(given).difference["mae"].value == pytest.approx(0.5)


def test_shifted_scores_have_a_distance():
    shares, truth = world(0.0)
    shifted = Both.of((LATE,), (stated(shares), stated(np.clip(shares + 0.3, 0, 1))), truth)

    assert score_distance(shifted) == pytest.approx(0.3, abs=0.05)


def test_labels_alone_are_apart_by_their_shares():
    answers = [OutputAnswer(["late"] * 3 + ["on time"])], [OutputAnswer(["late"] + ["on time"] * 3)]

    assert score_distance(Both.of((LATE,), answers, ["late"] * 4)) == 0.5


@pytest.mark.parametrize(("metric", "expected"), [("roc_auc", 0.5), ("accuracy", 0.75), ("log_loss", 0.562)])
def test_a_constant_answer_is_what_no_skill_reaches(metric, expected):
    truth = ["late"] * 75 + ["on time"] * 25
    given = Both.of((LATE,), (stated([0.5] * 100), stated([0.5] * 100)), truth)

    assert no_skill(given, metric) == pytest.approx(expected, abs=1e-3)


def test_slices_are_compared_by_the_primary_metric_alone():
    where = np.arange(800) < 300
    (found,) = compared_slices(both(), "roc_auc", [SliceRows("carrier", "AA", where)])

    assert (found.feature, found.rows) == ("carrier", 300)
    assert found.difference.high < 0
