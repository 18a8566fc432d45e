"""Figures of the log are those of plain arithmetic over what was recorded and told."""

from datetime import UTC, datetime, timedelta

import pytest
from sklearn.metrics import mean_absolute_error, roc_auc_score

from agent.shipper import Shipper
from lifecycle.errors import NotFoundError
from lifecycle.model import OutputAnswer
from lifecycle.performance.of_window import ALL_VERSIONS, performance_of
from lifecycle.prediction_log.reading import PredictionLog
from lifecycle.prediction_log.records import Feedback
from lifecycle.prediction_log.segment_cache import SegmentCache
from lifecycle.signature import Feature, Output, Signature
from lifecycle.window import Window
from tests.record_builders import HOUR, LATE, NOON, SIGNATURE, record, recorder, records_area

START = datetime.fromtimestamp(NOON / 1000, UTC)
DAY = Window(START, START + timedelta(days=1))
SHARES = [0.9, 0.2, 0.6, 0.4, 0.7, 0.1]
TRUTHS = ["late", "on time", "on time", "late", "late", None]
LABELS = ["late" if share > 0.5 else "on time" for share in SHARES]


class Log:
    """What was predicted and told, shipped to a store and read from it."""

    def __init__(self, folder):
        self.area, self.spool = records_area(folder / "store"), folder / "spool"
        self.log = PredictionLog(
            self.area, SegmentCache(self.area, folder / "cache"), memory="256MB", threads=1
        )

    def keep(self, *records, signature=SIGNATURE, told=None, after_s=60):
        writing = recorder(self.spool)
        for one in records:
            assert writing.prediction(signature, one)
        told = told or {}
        if told:
            feedback = Feedback(
                prediction_ids=list(told),
                actuals=list(told.values()),
                observed_ms=[None] * len(told),
                received_ms=NOON + after_s * 1000,
            )
            assert writing.feedback(feedback)
        writing.close()
        Shipper(self.area, self.spool).ship()

    def performance(self, signatures=None, segment=None):
        return performance_of(self.log, DAY, signatures or {"v1": SIGNATURE}, segment)


@pytest.fixture
def log(tmp_path):
    return Log(tmp_path)


def answered(base="A", labels=LABELS, shares=SHARES, **more):
    probabilities = None if shares is None else [[share, 1 - share] for share in shares]
    return record(base, rows=len(labels), answers=[OutputAnswer(list(labels), probabilities)], **more)


def told(base="A", truths=TRUTHS):
    return {f"{base}-{row}": truth for row, truth in enumerate(truths) if truth is not None}


def test_figures_coverage_and_lag_of_one_version(log):
    log.keep(answered(), told=told())

    found = log.performance()

    (one,) = found.measured
    assert (one.version, one.output, one.segment, one.positive) == ("v1", "y", None, "on time")
    assert (one.labels.rows, one.labels.labelled, one.labels.median_lag_s) == (6, 5, 60)
    assert (found.coverage.seen, found.coverage.labelled) == (6, 5)
    assert one.figures["accuracy"].value == pytest.approx(3 / 5)
    on_time = [truth == "on time" for truth in TRUTHS[:5]]
    expected = roc_auc_score(on_time, [1 - share for share in SHARES[:5]])
    assert one.figures["roc_auc"].value == pytest.approx(expected)
    assert all(figure.low <= figure.value <= figure.high for figure in one.figures.values())


def test_the_registered_positive_label_counts(log):
    log.keep(answered(), told=told())
    positive = Signature(SIGNATURE.inputs, (Output("y", "classification", LATE.labels, positive="late"),))

    (one,) = log.performance({"v1": positive}).measured

    assert one.positive == "late"
    assert one.figures["recall"].value == pytest.approx(2 / 3)


def test_versions_apart_and_together(log):
    for version, base in (("v1", "A"), ("v2", "B")):
        log.keep(answered(base, version=version), told=told(base))

    found = log.performance({"v1": SIGNATURE, "v2": SIGNATURE})

    assert [(one.version, one.labels.labelled) for one in found.measured] == [
        ("v1", 5),
        ("v2", 5),
        (ALL_VERSIONS, 10),
    ]


def test_a_version_that_is_not_in_the_registry_is_told_and_not_measured(log):
    log.keep(answered(version="gone"), told=told())

    found = log.performance()

    assert (found.unknown, found.measured) == ({"gone": 6}, ())


def test_segments_have_their_own_coverage(log):
    origins = ["JFK", "JFK", "LGA", "LGA", "LGA", "EWR"]
    columns = {"delay": [0.0] * 6, "origin": origins}
    log.keep(answered(columns=columns), told=told())

    found = log.performance(segment="origin")

    rows = {one.segment: (one.labels.labelled, one.labels.rows) for one in found.measured}
    assert rows == {None: (5, 6), "LGA": (3, 3), "JFK": (2, 2), "EWR": (0, 1)}
    accuracy = {one.segment: one.figures["accuracy"].value for one in found.measured if one.figures}
    assert accuracy["JFK"] == 1.0
    assert accuracy["LGA"] == pytest.approx(1 / 3)


def test_a_number_is_cut_into_fifths(log):
    columns = {"delay": [1.0, 2.0, 3.0, 4.0, 5.0, None], "origin": ["JFK"] * 6}
    log.keep(answered(columns=columns), told=told())

    titles = [one.segment for one in log.performance(segment="delay").measured if one.segment]

    assert titles == ["up to 1.8", "1.8 to 2.6", "2.6 to 3.4", "3.4 to 4.2", "above 4.2", "missing"]


def test_a_feature_that_is_not_recorded_is_refused_with_those_that_are(log):
    log.keep(answered())

    with pytest.raises(NotFoundError, match="Recorded: delay, origin"):
        log.performance(segment="wind")


def test_rows_answered_without_probabilities_still_count_for_accuracy(log):
    log.keep(answered(), answered("B", shares=None), told=told() | told("B"))

    (one,) = log.performance().measured

    assert one.figures["accuracy"].n == 10
    assert one.figures["roc_auc"].n == 5


def test_a_short_window_is_told_hour_by_hour(log):
    log.keep(answered(), answered("B", labels=["late"] * 6, at_ms=NOON + 3 * HOUR), told=told() | told("B"))

    found = log.performance()

    assert found.metric == "roc_auc"
    assert [(period.start - START).total_seconds() / 3600 for period in found.periods] == [0, 3]


def test_numbers_are_measured_as_numbers(log):
    minutes = Signature(SIGNATURE.inputs, (Output("minutes", "regression"),))
    values, truths = [10.0, 20.0, 30.0], [12.0, 19.0, 33.0]
    log.keep(
        record("A", rows=3, answers=[OutputAnswer(values=values)]),
        signature=minutes,
        told={f"A-{row}": truth for row, truth in enumerate(truths)},
    )

    (one,) = log.performance({"v1": minutes}).measured

    assert one.positive is None
    assert one.figures["mae"].value == pytest.approx(mean_absolute_error(truths, values))
    assert {"mae", "rmse", "r2"} <= one.figures.keys()


def test_several_outputs_are_measured_each_by_its_own_true_value(log):
    features = (Feature("delay", "number", "float64"), Feature("origin", "category", "object"))
    both = Signature(
        features, (Output("late", "classification", (0, 1)), Output("lost", "classification", (False, True)))
    )
    answers = [
        OutputAnswer([0, 1], [[0.8, 0.2], [0.3, 0.7]]),
        OutputAnswer([True, False], [[0.1, 0.9], [1.0, 0.0]]),
    ]
    log.keep(
        record("A", rows=2, answers=answers),
        signature=both,
        told={"A-0": {"late": 0, "lost": False}, "A-1": {"late": 1, "lost": False}},
    )

    late, lost = log.performance({"v1": both}).measured

    assert (late.output, late.figures["accuracy"].value) == ("late", 1.0)
    assert (lost.output, lost.figures["accuracy"].value) == ("lost", 0.5)


def test_an_empty_window_is_an_answer(log):
    found = log.performance()

    assert (found.measured, found.metric, found.periods, found.coverage.served) == ((), None, (), 0)
