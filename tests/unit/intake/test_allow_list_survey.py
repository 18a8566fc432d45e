import pytest

from intake.allow_list_survey import missing, needed_globals


@pytest.mark.slow
def test_every_estimator_of_this_scikit_learn_loads_with_the_list_alone():
    needed = needed_globals()

    assert len(needed) > 300
    assert missing(needed) == []


def test_a_global_that_is_not_listed_is_reported():
    assert missing(["os:system", "builtins:set"]) == ["os:system"]
