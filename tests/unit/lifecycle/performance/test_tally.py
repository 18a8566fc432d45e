from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lifecycle.performance.metrics import Classified, Regressed, metrics_of, one_hot
from lifecycle.performance.tally import merge, tally

RANDOM = np.random.default_rng(0)
SHARES = RANDOM.dirichlet(np.ones(3), 200)
TRUTH = one_hot(RANDOM.integers(0, 3, 200), 3)
ANSWERED = Classified(3, SHARES.argmax(axis=1), SHARES)
NUMBERS = Regressed(RANDOM.normal(size=200))
ACTUAL = RANDOM.normal(size=200)


@settings(max_examples=30)
@given(st.lists(st.integers(0, 200), min_size=1, max_size=4))
def test_tallies_of_the_pieces_add_up_to_the_metrics_of_all_rows(cuts):
    edges = [0, *sorted(cuts), 200]
    pieces = [slice(start, end) for start, end in pairwise(edges)]

    merged = merge(*(tally(ANSWERED.rows(np.arange(200)[piece]), TRUTH[piece]) for piece in pieces)).metrics()

    whole = {name: metrics_of(ANSWERED)[name](TRUTH, np.ones(200)) for name in merged}
    assert merged == pytest.approx(whole)
    assert merged.keys() == {"accuracy", "log_loss", "brier"}


def test_regressions_add_up_as_well():
    first, second = np.arange(50), np.arange(50, 200)

    merged = merge(tally(NUMBERS.rows(first), ACTUAL[first]), tally(NUMBERS.rows(second), ACTUAL[second]))

    whole = metrics_of(NUMBERS)
    assert merged.metrics() == pytest.approx(
        {name: whole[name](ACTUAL, np.ones(200)) for name in ("mae", "rmse")}
    )


def test_of_no_rows_there_are_no_metrics():
    assert tally(NUMBERS.rows(np.arange(0)), ACTUAL[:0]).metrics() == {}


def test_a_classifier_and_a_regressor_do_not_add_up():
    with pytest.raises(ValueError, match="different models"):
        merge(tally(NUMBERS, ACTUAL), tally(ANSWERED, TRUTH))
