import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.verdict import Outcome, Verdict, worst

VERDICTS = st.builds(
    Verdict, st.sampled_from(Outcome), st.lists(st.text(), min_size=1, max_size=2).map(tuple)
)


def test_a_failure_outranks_an_error_and_a_success() -> None:
    judged = [Verdict(Outcome.PASSED), Verdict(Outcome.FAILED, ("bad",)), Verdict(Outcome.ERROR, ("blind",))]

    assert worst(judged) == Verdict(Outcome.FAILED, ("bad",))


def test_an_error_outranks_inconclusive_because_waiting_does_not_mend_it() -> None:
    judged = [Verdict(Outcome.ERROR, ("no answer",)), Verdict(Outcome.INCONCLUSIVE, ("too few",))]

    assert worst(judged) == Verdict(Outcome.ERROR, ("no answer",))


def test_reasons_of_all_that_share_the_worst_outcome_are_kept_in_order() -> None:
    judged = [
        Verdict(Outcome.FAILED, ("a", "b")),
        Verdict(Outcome.PASSED, ("fine",)),
        Verdict(Outcome.FAILED, ("c",)),
    ]

    assert worst(judged).reasons == ("a", "b", "c")


def test_nothing_measured_has_not_passed() -> None:
    assert worst([]).outcome is Outcome.ERROR


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.INCONCLUSIVE, Outcome.ERROR])
def test_a_verdict_that_is_not_passed_says_why(outcome: Outcome) -> None:
    with pytest.raises(ValueError, match=outcome.value):
        Verdict(outcome)


@given(st.lists(VERDICTS, min_size=1, max_size=5), st.lists(VERDICTS, min_size=1, max_size=5))
def test_combining_in_parts_is_combining_at_once(left: list[Verdict], right: list[Verdict]) -> None:
    assert worst([*left, *right]) == worst([worst(left), worst(right)])
