from drift_jobs.mail.changes import changes, sentences
from drift_jobs.mail.conditions import conditions_of
from tests.report_builders import report, shifted


def told(tonight, before):
    now, then = (conditions_of(report(*findings)) for findings in (tonight, before))
    return list(sentences(changes(now, then, "2013-07-31"), {one.name: one for one in then}))


def test_new_worse_better_and_over_are_told_apart():
    lines = told(
        [shifted("new"), shifted("worse", "severe", 0.9), shifted("better", "watch", 0.15), shifted("same")],
        [shifted("worse"), shifted("better"), shifted("same"), shifted("over")],
    )

    assert lines == [
        "New: new shifted, PSI 0.30.",
        "Worse: worse shifted, PSI 0.90 (drift → severe).",
        "Better: better shifted, PSI 0.15 (drift → watch).",
        "Recovered: over (drift → ok).",
        "As the night before: same.",
    ]


def test_two_quiet_nights():
    assert told([], []) == ["Nothing was found the night before either."]


def test_a_first_night_has_nothing_to_be_compared_with():
    found = changes(conditions_of(report(shifted("a"))), (), None)

    assert list(sentences(found, {})) == ["There is no judged night before this one to compare with."]


def test_many_names_stay_one_sentence():
    (line,) = told([shifted(f"c{index}") for index in range(200)], [])

    assert line.endswith("and 196 more.")
    assert len(line) < 200
