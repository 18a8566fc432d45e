import pytest

from lifecycle.drift.comparison import ColumnTest, Comparison
from lifecycle.drift.severity import Severity, effects, guards_for, severity_of
from lifecycle.profile.profile import Variation

FIXED = guards_for(numeric=True, rows=1_000, variation=None)


def compared(*, distance=0.0, psi=0.0, missing=0.0, unseen=0.0, significant=True, numeric=True):
    tests = (ColumnTest("ks", 0.0001, significant),)
    return Comparison(
        "x", numeric, 1_000, 9_000, distance, psi, psi, abs(missing), missing, unseen, unseen, tests
    )


@pytest.mark.parametrize(
    ("effect", "severity"),
    [
        ({"distance": 0.049, "psi": 0.099, "missing": 0.019}, Severity.OK),
        ({"distance": 0.05}, Severity.WATCH),
        ({"psi": 0.1}, Severity.WATCH),
        ({"missing": 0.02}, Severity.WATCH),
        ({"missing": -0.02}, Severity.WATCH),
        ({"unseen": 0.02}, Severity.WATCH),
        ({"psi": 0.2}, Severity.WATCH),
        ({"psi": 0.201}, Severity.DRIFT),
        ({"missing": 0.1}, Severity.DRIFT),
        ({"unseen": 0.1}, Severity.DRIFT),
        ({"psi": 0.5}, Severity.DRIFT),
        ({"psi": 0.501}, Severity.SEVERE),
    ],
)
def test_severities_begin_exactly_where_they_are_defined(effect, severity):
    assert severity_of(compared(**effect), FIXED) is severity


def test_what_is_not_significant_is_ok_however_large():
    assert severity_of(compared(psi=9.0, distance=1.0, significant=False), FIXED) is Severity.OK


def test_categories_are_watched_from_a_v_of_a_tenth():
    guards = guards_for(numeric=False, rows=1_000, variation=None)

    assert severity_of(compared(distance=0.09, numeric=False), guards) is Severity.OK
    assert severity_of(compared(distance=0.10, numeric=False), guards) is Severity.WATCH


def test_variation_only_ever_widens():
    narrow = guards_for(numeric=True, rows=100_000, variation=Variation(30, 0.0, 0.0, 0.0))
    wide = guards_for(numeric=True, rows=100_000, variation=Variation(30, 0.3, 0.7, 0.4))

    assert narrow == FIXED
    assert wide.distance == pytest.approx(0.3, abs=0.003)
    assert (wide.psi_watch, wide.psi_drift, wide.psi_severe) == (0.7, 0.7, 0.7)
    assert wide.change_drift == pytest.approx(0.4)


def test_a_change_as_large_as_the_usual_one_is_usual():
    guards = guards_for(numeric=True, rows=1_000, variation=Variation(30, 0.0, 0.0, 0.4))

    assert severity_of(compared(missing=0.4), guards) is Severity.OK
    assert severity_of(compared(missing=0.41), guards) is Severity.DRIFT


def test_reasons_tell_each_effect_and_its_limit():
    assert effects(compared(distance=0.12, psi=0.3, missing=0.25), FIXED) == (
        "D is 0.120 (limit 0.050)",
        "PSI is 0.300 (limit 0.100)",
        "missing values went from 0.0% to 25.0%",
    )


def test_found_is_watch_or_above():
    assert [each.value for each in Severity if each.found] == ["watch", "drift", "severe"]
