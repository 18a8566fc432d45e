import numpy as np

from retrain.maturity import DAY_MS, mature_days

HOUR_S = 3600.0


def days(*rows):
    """(day, rows, labelled of them) → the arrays of all of them."""
    day = np.concatenate([np.full(count, number) for number, count, _ in rows])
    labelled = np.concatenate([np.arange(count) < known for _, count, known in rows])
    return day, labelled


def judged(*rows, lag_s=HOUR_S, age_days=10.0):
    day, labelled = days(*rows)
    return mature_days(day, labelled, np.full(int(labelled.sum()), lag_s), int(age_days * DAY_MS))


def test_a_day_with_four_in_five_labels_is_mature():
    assert judged((5, 10, 8)) == {5}


def test_a_day_with_fewer_waits_until_it_is_older_than_nearly_all_lags():
    assert judged((5, 10, 7), lag_s=5 * 24 * HOUR_S) == frozenset()
    assert judged((5, 10, 7), lag_s=3 * 24 * HOUR_S) == {5}


def test_never_before_a_day_after_its_end():
    assert judged((5, 10, 10), age_days=6.9) == frozenset()
    assert judged((5, 10, 10), age_days=7.0) == {5}


def test_the_slow_tail_decides_and_not_the_mean():
    day, labelled = days((5, 100, 70))
    lags = np.where(np.arange(70) < 60, HOUR_S, 30 * 24 * HOUR_S)

    assert mature_days(day, labelled, lags, 10 * DAY_MS) == frozenset()


def test_without_any_label_no_day_is_mature():
    assert judged((5, 10, 0)) == frozenset()
