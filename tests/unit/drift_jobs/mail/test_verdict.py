"""The first screen: verdict, likely cause, next command."""

import shlex
import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from drift_jobs.mail.page import Detail, page_of
from tests.report_builders import broken, finding, performance, report, shifted, snoozed

QUIET = report(finding("delay"), night="2013-07-31")


def verdict(*findings, before=QUIET, snoozes=None, **more):
    unseen = Detail(pictures=0, heat=0)
    return page_of(report(*findings, **more), [before], snoozes or {}, detail=unseen).verdict


def test_the_subject_carries_verdict_model_version_cause_and_night():
    told = verdict(shifted("delay", psi=0.31), shifted("origin", "watch", 0.15))

    assert told.subject == "[drift] flights v1: delay shifted, PSI 0.31, 1 more (night 2013-08-01)"


def test_a_quiet_night():
    told = verdict(finding("delay"))

    assert told.subject == "[ok] flights v1: all as usual (night 2013-08-01)"
    assert told.cause == ""
    assert told.steps[0].text.startswith("Nothing needs to be done.")


def test_a_recovery_is_news():
    told = verdict(finding("delay"), before=report(shifted("delay"), night="2013-07-31"))

    assert told.subject == "[recovered] flights v1: delay as usual again (night 2013-08-01)"


def test_a_night_without_rows():
    told = verdict(severity="no-data", rows=35, performance=None)

    assert told.subject == "[no-data] flights v1: 35 rows, too few to judge (night 2013-08-01)"


def test_wrong_answers_beside_usual_inputs_are_labels_or_concept():
    told = verdict(finding("delay"), performance=performance(0.5, bad=True))

    assert told.cause.startswith("Labels or concept:")
    assert told.steps[0].command == "picklefleet performance --last 2013-08-01"


def test_wrong_answers_beside_a_shift_name_it_and_look_at_its_values():
    told = verdict(shifted("air temp"), performance=performance(0.5, bad=True))

    assert told.cause == "The inputs: air temp shifted, PSI 0.30."
    assert told.steps[0].command == "picklefleet performance --last 2013-08-01 --segment 'air temp'"


def test_a_shift_of_the_predictions_is_no_segment_to_look_at():
    document = report(performance=performance(0.5, bad=True))
    document["versions"][0]["drift"]["scores"] = [shifted("y:late", "severe", 0.9)]
    told = page_of(document, [QUIET], {}, detail=Detail(pictures=0, heat=0)).verdict

    assert told.steps[0].command == "picklefleet performance --last 2013-08-01"


def test_missing_data_is_the_cause():
    told = verdict(shifted("gust", before=0.1, missing=0.6))

    assert told.sentence == "Data is missing that used to be there, or the other way round."
    assert told.cause == "Missing data: gust missing 10% → 60%. See what feeds gust."


def test_new_values_and_unreadable_columns():
    assert verdict(shifted("carrier", unseen=0.2)).cause.startswith("New values: carrier has 20% unseen")
    assert verdict(broken("carrier")).subject.startswith(
        "[not-computable] flights v1: carrier can't be compared"
    )


def test_a_retraining_that_was_asked_for_is_the_next_thing_to_see():
    asked = {"retrain": True, "reason": "Retraining.", "nights": [], "evidence": []}

    assert verdict(shifted("delay"), decision=asked).steps[0].command == "picklefleet retrain status"


def test_all_snoozed_is_said_so():
    told = verdict(shifted("delay"), snoozes=snoozed("delay"))

    assert told.subject == "[snoozed] flights v1: delay (night 2013-08-01)"


def test_what_is_snoozed_does_not_lead():
    told = verdict(shifted("delay", psi=0.35), shifted("origin", "watch", 0.15), snoozes=snoozed("delay"))

    assert told.subject == "[watch] flights v1: origin shifted, PSI 0.15, 1 snoozed (night 2013-08-01)"


@settings(deadline=None)
@given(st.text(min_size=1, max_size=300))
def test_no_name_breaks_a_subject_or_a_command(name):
    told = verdict(shifted(name), performance=performance(0.5, bad=True))

    assert not any(unicodedata.category(letter).startswith(("C", "Zl", "Zp")) for letter in told.subject)
    assert len(told.subject) <= 140
    plain = ["picklefleet", "performance", "--last", "2013-08-01"]
    words = shlex.split(told.steps[0].command)
    assert words in (plain, [*plain, "--segment", name])
    assert told.steps[0].command.isprintable()
