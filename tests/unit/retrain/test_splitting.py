import numpy as np
import pytest

from lifecycle.reference.labelled import LabelledReference
from retrain.labelled_rows import NO_TIME, LabelledRows
from retrain.splitting import split
from retrain.stopped import TrainingStoppedError


def log_rows(count, per_request=10):
    requests = [f"r{row // per_request}" for row in range(count)]
    times = [1_000_000 + 1000 * (row // per_request) for row in range(count)]
    return LabelledRows({"x": list(range(count))}, ([1] * count,), times, requests, [""] * count)


def base_set(rows=3000, held=500, times=True):
    fold = ["holdout" if row < held else "train" for row in range(rows)]
    moments = [row * 10 for row in range(rows)] if times else None
    return LabelledReference({"x": [-1 - row for row in range(rows)]}, ([0] * rows,), rows, moments, fold)


def test_the_newest_fifth_compares_and_everything_older_trains():
    parts = split(log_rows(10_000), base_set())

    assert (len(parts.train), len(parts.compare), parts.filled) == (8000, 2000, 0)
    assert max(parts.train.at_ms) < min(parts.compare.at_ms)


def test_at_least_five_hundred_rows_compare():
    assert len(split(log_rows(1000), base_set()).compare) == 500


def test_a_request_is_never_on_both_sides():
    parts = split(log_rows(2003, per_request=7), base_set())

    assert not set(parts.train.requests) & set(parts.compare.requests)
    assert len(parts.compare) >= 500


def test_a_request_whose_rows_have_several_times_goes_to_the_newest_side_as_a_whole():
    rows = log_rows(2000)
    rows.requests[0] = rows.requests[-1]

    parts = split(rows, base_set())

    assert parts.compare.columns["x"][0] == 0


def test_the_base_set_fills_up_with_its_newest_rows_only_as_far_as_needed():
    parts = split(log_rows(4000), base_set())

    assert (parts.filled, len(parts.train)) == (1800, 5000)
    assert parts.train.columns["x"][:2] == [-1201, -1202]
    assert -3000 in parts.train.columns["x"]


def test_the_trusted_rows_are_never_trained_on():
    parts = split(log_rows(1000), base_set())

    assert parts.trusted.columns["x"] == [-1 - row for row in range(500)]
    assert not set(parts.trusted.columns["x"]) & set(parts.train.columns["x"])


def test_a_base_set_without_times_or_folds_fills_up_and_is_no_trusted_set():
    base = base_set(times=False)
    parts = split(log_rows(1000), LabelledReference(base.columns, base.truths, base.rows, None, None))

    assert parts.train.at_ms[0] == NO_TIME
    assert len(parts.trusted) == 0


@pytest.mark.parametrize("rows", [0, 599])
def test_too_few_labelled_rows_stop_training(rows):
    with pytest.raises(TrainingStoppedError, match="at least 600 are needed"):
        split(log_rows(rows), base_set())


def test_one_enormous_request_leaves_nothing_to_learn_from():
    with pytest.raises(TrainingStoppedError, match="newest requests"):
        split(log_rows(1000, per_request=1000), base_set())


def test_rows_have_one_digest_whatever_their_ids():
    rows = log_rows(10)

    assert rows.digest() == rows.take(np.arange(10)).digest()
    assert rows.digest() != rows.take(np.arange(9)).digest()
