import numpy as np
import pytest

from lifecycle.gate.judge import Judgement
from lifecycle.verdict import Outcome, Verdict
from release.experiment.judging import read, sample_ratio_p
from release.experiment.sizing import Design, DesignError
from release.experiment.units import Arm, Arms

HOUR = 3_600_000
DESIGN = Design(0.5, 0.05, 0.7)
FAILED = Judgement(Verdict(Outcome.FAILED, ("Failed requests 9 % against 1 %.",)), (), 0)


def arm(name, units, right, hours=10, seed=0):
    hits = np.random.default_rng([seed, len(name)]).random(units) < right
    return Arm(
        {f"{name}{n}" for n in range(units)},
        {f"{name}{n}": (n % hours * HOUR, bool(hits[n])) for n in range(units)},
    )


def reading(right, against=0.7, *, units=6000, others=None, guardrails=None, design=DESIGN):
    arms = Arms(arm("challenger", units, right), arm("champion", others or units, against))
    return read(design, arms, guardrails)


@pytest.mark.parametrize(
    ("right", "against", "result"), [(0.78, 0.7, "better"), (0.62, 0.7, "worse"), (0.70, 0.70, "alike")]
)
def test_what_really_happened_decides(right, against, result):
    found = reading(right, against)

    assert found.result == result
    assert found.low <= right - against <= found.high


def test_too_few_units_go_on_and_it_says_how_many_more():
    found = reading(0.72, units=200)

    assert found.result == "running"
    assert f"{DESIGN.units() - 400:,} more labelled units" in found.told


def test_arms_that_do_not_have_their_planned_shares_must_stop():
    found = reading(0.78, units=5000, others=5600)

    assert (found.result, found.must_stop) == ("mismatch", True)
    assert found.srm_p < 0.001


def test_a_guardrail_that_fails_must_stop_whatever_the_metric_says():
    found = reading(0.78, guardrails=FAILED)

    assert (found.result, found.must_stop) == ("guardrail", True)
    assert "Failed requests" in found.told


def test_without_anybody_assigned_nothing_is_concluded():
    found = read(DESIGN, Arms(Arm(), Arm()), None)

    assert (found.result, found.low, found.high) == ("running", -1.0, 1.0)


def test_the_sample_ratio_is_tested_against_the_plan_not_against_halves():
    assert sample_ratio_p((1000, 9000), 0.1) == 1.0
    assert sample_ratio_p((5000, 5000), 0.1) < 1e-9
    assert sample_ratio_p((0, 0), 0.5) == 1.0


def test_the_planned_units_see_the_planned_effect_about_as_often_as_planned():
    """Eighty of a hundred; forty experiments with chance on their side must see it at least 24 times."""
    half = DESIGN.units() // 2
    seen = 0
    for seed in range(40):
        arms = Arms(arm("challenger", half, 0.75, seed=seed), arm("champion", half, 0.7, seed=seed))
        seen += read(DESIGN, arms, None).low > 0

    assert seen >= 24


def test_looking_again_and_again_finds_nothing_where_nothing_is():
    """Twenty experiments without a difference, each looked at after every fifth of its units."""
    found = 0
    for seed in range(20):
        both = [arm(name, 2000, 0.7, seed=100 + seed) for name in ("challenger", "champion")]
        looks = (read(DESIGN, Arms(*(first(one, n) for one in both)), None) for n in range(400, 2001, 400))
        found += any(look.low > 0 or look.high < 0 for look in looks)

    assert found <= 3


def first(whole, n):
    return Arm(whole.assigned, dict(list(whole.right.items())[:n]))


def test_smaller_effects_and_smaller_shares_need_more_units():
    assert Design(0.5, 0.02, 0.7).units() > DESIGN.units()
    assert Design(0.1, 0.05, 0.7).units() > DESIGN.units()
    assert Design(0.5, 0.05, 0.7, power=0.95).units() > DESIGN.units()


@pytest.mark.parametrize(
    ("share", "effect", "baseline", "power"),
    [(0, 0.1, 0.5, 0.8), (1, 0.1, 0.5, 0.8), (0.5, 0, 0.5, 0.8), (0.5, 0.1, 1.0, 0.8), (0.5, 0.1, 0.5, 1.0)],
)
def test_an_experiment_that_could_show_nothing_is_refused(share, effect, baseline, power):
    with pytest.raises(DesignError):
        Design(share, effect, baseline, power)
