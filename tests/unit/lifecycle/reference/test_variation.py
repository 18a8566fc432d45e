from dataclasses import replace

import numpy as np
import pytest

from lifecycle.drift.judge import judge
from lifecycle.drift.severity import Severity, guards_for
from lifecycle.profile.profile import count
from lifecycle.reference.build import Reference, build_profile
from lifecycle.reference.variation import by_day, with_variation
from lifecycle.signature import Feature, Signature

SIGNATURE = Signature((Feature("temp", "number", "float64"), Feature("kind", "category", "object")), ())
ROWS_A_DAY = 400


def reference(days=30, seasonal=0.0, rows_a_day=ROWS_A_DAY):
    random = np.random.default_rng(0)
    levels = np.repeat(random.normal(0, 1, days) * seasonal, rows_a_day)
    rows = days * rows_a_day
    columns = {"temp": random.normal(levels, 1), "kind": random.choice(["a", "b"], rows).tolist()}
    return Reference(columns, {}, rows, np.repeat(np.arange(days), rows_a_day))


def test_days_that_are_alike_leave_the_guards_as_they_are():
    profile = build_profile(SIGNATURE, reference())

    assert profile.features["temp"].variation.days == 30
    assert profile.features["temp"].variation.distance < 0.05
    assert profile.features["kind"].variation.distance < 0.1
    assert profile.reference_alarms <= 0.1


def test_days_that_differ_widen_the_guards_of_their_feature_only():
    profile = build_profile(SIGNATURE, reference(seasonal=0.5))

    assert profile.features["temp"].variation.distance > 0.2
    assert profile.features["temp"].variation.psi > 0.2
    assert profile.features["kind"].variation.distance < 0.1


def test_a_day_as_the_reference_knows_them_is_no_drift():
    steady, seasonal = (
        build_profile(SIGNATURE, reference()),
        build_profile(SIGNATURE, reference(seasonal=0.5)),
    )
    random = np.random.default_rng(9)
    day = {"temp": random.normal(0.6, 1, 400), "kind": random.choice(["a", "b"], 400).tolist()}

    assert judge(steady, count(steady, day, {}, 400)).severity is Severity.DRIFT
    assert judge(seasonal, count(seasonal, day, {}, 400)).severity is Severity.OK


def test_alarms_within_the_reference_are_leave_one_out():
    """One odd day among thirty: the guards that the others give must find it, its own must not excuse it."""
    odd = reference()
    temp = odd.columns["temp"].copy()
    temp[:ROWS_A_DAY] += 2
    profile = build_profile(SIGNATURE, Reference({**odd.columns, "temp": temp}, {}, odd.rows, odd.days))

    assert profile.reference_alarms == pytest.approx(1 / 30)


@pytest.mark.parametrize(("days", "rows_a_day"), [(13, 400), (30, 199)])
def test_too_few_full_days_leave_variation_unknown(days, rows_a_day):
    profile = build_profile(SIGNATURE, reference(days, rows_a_day=rows_a_day))

    assert profile.features["temp"].variation is None
    assert profile.reference_alarms is None


def test_without_a_time_variation_is_unknown():
    timeless = reference()
    profile = build_profile(SIGNATURE, Reference(timeless.columns, {}, timeless.rows))

    assert profile.features["temp"].variation is None


def test_a_column_of_lists_varies_as_one_of_arrays():
    arrays = reference(seasonal=0.3)
    column = build_profile(SIGNATURE, Reference(arrays.columns, {}, arrays.rows)).features["temp"]

    listed = by_day(column, arrays.columns["temp"].tolist(), arrays.days)

    of_arrays = by_day(column, arrays.columns["temp"], arrays.days)
    assert (
        with_variation({"temp": listed})["temp"].variation
        == with_variation({"temp": of_arrays})["temp"].variation
    )


def test_days_on_which_a_column_is_all_missing_are_no_error():
    empty = reference()
    temp = empty.columns["temp"].copy()
    temp[: 2 * ROWS_A_DAY] = np.nan

    profile = build_profile(SIGNATURE, Reference({**empty.columns, "temp": temp}, {}, empty.rows, empty.days))

    assert profile.features["temp"].variation.days == 30


def test_a_column_that_is_often_missing_for_a_day_may_be_missing_for_a_day():
    gappy = reference()
    temp = gappy.columns["temp"].copy()
    for day in range(0, 30, 5):
        temp[day * ROWS_A_DAY : (day + 1) * ROWS_A_DAY] = np.nan
    profile = build_profile(SIGNATURE, Reference({**gappy.columns, "temp": temp}, {}, gappy.rows, gappy.days))
    night = {"temp": np.full(400, np.nan), "kind": gappy.columns["kind"][:400]}

    assert profile.features["temp"].variation.change > 0.7
    assert judge(profile, count(profile, night, {}, 400)).severity is Severity.OK


def many_columns(days, seed, columns=20):
    """Twenty features whose days differ, each for itself."""
    random = np.random.default_rng(seed)
    rows = days * ROWS_A_DAY
    levels = {f"x{i}": np.repeat(random.standard_t(5, days) * 0.4, ROWS_A_DAY) for i in range(columns)}
    table = {name: random.normal(level, 1) for name, level in levels.items()}
    signature = Signature(tuple(Feature(name, "number", "float64") for name in table), ())
    return signature, Reference(table, {}, rows, np.repeat(np.arange(days), ROWS_A_DAY))


def found_days(profile, reference):
    days = np.asarray(reference.days)
    nights = [
        {name: values[days == day] for name, values in reference.columns.items()} for day in np.unique(days)
    ]
    return np.mean([bool(judge(profile, count(profile, night, {}, ROWS_A_DAY)).found) for night in nights])


def test_few_days_that_the_guards_were_not_chosen_on_have_any_finding():
    signature, reference = many_columns(60, seed=1)
    _, later = many_columns(60, seed=2)
    profile = build_profile(signature, reference)

    assert profile.reference_alarms <= 0.1
    assert found_days(profile, later) <= 0.15

    # the negative control: guards of each column for itself, 5 % of days each
    columns = profile.features.items()
    alone = {
        n: replace(c, variation=replace(c.variation, found_distance=0.0, found_psi=0.0)) for n, c in columns
    }
    assert found_days(replace(profile, features=alone), later) > 0.4


def test_a_column_that_hardly_varies_keeps_its_fixed_guard_whatever_the_others_do():
    profile = build_profile(SIGNATURE, reference(seasonal=0.5))
    variation = profile.features["kind"].variation

    assert profile.features["temp"].variation.found_distance > profile.features["temp"].variation.distance
    assert guards_for(numeric=False, rows=400, variation=variation).distance == 0.1


def test_a_day_beyond_everything_is_found_however_much_days_differ():
    profile = build_profile(SIGNATURE, reference(seasonal=3.0))
    random = np.random.default_rng(9)
    day = {"temp": random.normal(40, 1, 400), "kind": random.choice(["a", "b"], 400).tolist()}

    assert judge(profile, count(profile, day, {}, 400)).severity.found
