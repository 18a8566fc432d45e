import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.rollout.plan import DEFAULT, PlanError, read_plan

GOOD = """
steps:
  - shadow: true
    min_requests: 200
  - {share: 5%, min_minutes: 10, max_minutes: 60}
  - share: 0.5
signals: [errors, latency]
"""


def test_a_plan_is_read_from_yaml():
    plan = read_plan(GOOD, "canary.yaml")

    assert [step.title for step in plan.steps] == ["shadow", "5 %", "50 %"]
    assert [step.min_requests for step in plan.steps] == [200, 500, 500]
    assert plan.steps[1].min_minutes == 10
    assert plan.signals == ("errors", "latency")


def test_the_default_walks_from_the_shadow_to_half_of_the_traffic():
    assert [step.title for step in DEFAULT.steps] == ["shadow", "1 %", "5 %", "25 %", "50 %"]


def test_a_shadow_is_not_judged_by_its_times_and_only_it_by_its_answers():
    assert DEFAULT.signals_at(DEFAULT.steps[0]) == ("errors", "score", "disagreement")
    assert DEFAULT.signals_at(DEFAULT.steps[1]) == ("errors", "latency", "score")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is no plan"),
        ("steps: [", "is no YAML"),
        ("steps: []", "It has no step"),
        ("steps: [{share: 5%, wait: 3}]", "unknown field `wait`"),
        ("steps: [{share: 500%}]", "Step 1: share must lie between 0 and 100 %"),
        ("steps: [{share: 100%}]", "after the last step comes the promotion"),
        ("steps: [{share: some}]", "Step 1: share must lie"),
        ("steps: [{shadow: true, share: 5%}]", "either `shadow: true` or has a `share`"),
        ("steps: [{}]", "either `shadow: true` or has a `share`"),
        ("steps: [{share: 5%}, {shadow: true}]", "Only the first step can be a shadow"),
        ("steps: [{share: 5%}, {share: 5%}]", "must grow from step to step"),
        ("steps: [{share: 50%}, {share: 5%}]", "must grow from step to step"),
        ("steps: [{share: 5%, min_requests: 0}]", "min_requests must be at least 1"),
        ("steps: [{share: 5%, min_minutes: 9, max_minutes: 9}]", "max_minutes must be larger"),
        ("steps: [{share: 5%}]\nsignals: []", "signals are at least one"),
        ("steps: [{share: 5%}]\nsignals: [taste]", "is no plan"),
        ("steps: [{share: 5%}]\nmax_silence_minutes: 1", "at least 2"),
        ("!!python/object/apply:os.system ['true']", "is no YAML"),
    ],
)
def test_what_is_wrong_with_a_plan_is_said(text, told):
    with pytest.raises(PlanError) as refused:
        read_plan(text, "canary.yaml")

    assert "canary.yaml" in str(refused.value)
    assert told in str(refused.value)


def test_everything_that_is_wrong_is_said_at_once():
    with pytest.raises(PlanError) as refused:
        read_plan("steps: [{share: 500%}, {share: 5%, min_requests: 0}]", "plan")

    assert str(refused.value).count("\n  - ") == 3


@given(st.text(max_size=60))
def test_no_text_does_more_than_being_refused(text):
    try:
        read_plan(text, "plan")
    except PlanError:
        return
