"""A short run of the calibration study; 2,000 nights of each are `python benchmarks/drift_calibration.py`."""

import importlib.util
from pathlib import Path

import pytest

from lifecycle.performance.intervals import wilson

SOURCE = Path(__file__).parents[3] / "benchmarks" / "drift_calibration.py"
NIGHTS = 200
REFERENCE_ROWS = 20_000

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def study():
    specification = importlib.util.spec_from_file_location("drift_calibration", SOURCE)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("rows", "reference_rows"), [(200, 20_000), (1_000_000, 20_000), (2_000, 2_000)])
def test_nights_without_drift_hardly_ever_alarm(study, rows, reference_rows):
    alarms = sum(study.alarmed(report) for report in study.nights(NIGHTS, rows, reference_rows, seed=1))

    assert wilson(alarms, NIGHTS)[0] <= 0.05
    assert alarms <= 0.05 * NIGHTS


@pytest.mark.parametrize(("shift", "rows"), [(0.2, 2_000), (0.3, 1_000)])
def test_a_small_shift_of_one_feature_in_twenty_is_found(study, shift, rows):
    nights = study.nights(NIGHTS, rows, REFERENCE_ROWS, seed=1, shift=shift)

    assert sum(study.found_shift(report) for report in nights) >= 0.95 * NIGHTS


def test_the_study_can_tell_a_rule_that_is_blind(study):
    """The negative control: a shift too small for any rule is hardly found, so finding is not a given."""
    nights = study.nights(40, 1_000, REFERENCE_ROWS, seed=1, shift=0.02)

    assert sum(study.found_shift(report) for report in nights) <= 4


def test_one_absurd_outlier_changes_no_verdict_of_a_shifted_night(study):
    assert study.changed_verdicts(40, 1_000, REFERENCE_ROWS, seed=1, shift=0.3) == 0
