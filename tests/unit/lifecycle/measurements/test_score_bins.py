import pytest

from lifecycle.measurements.score_bins import score_bins
from tests import builders


def places(built, row=0, bins=None):
    model = built.model
    answers = model.predict(built.golden.columns, built.golden.rows).answers
    return (bins or score_bins(model.signature, None)).places(model.signature.outputs, answers, row)


def test_of_two_classes_the_positive_one_is_counted():
    found = places(builders.classifier())

    assert [name.split("/")[1] for name in found] == ["y0:late"]


def test_every_row_has_its_own_place():
    built = builders.classifier()
    bins = score_bins(built.model.signature, None)
    answers = built.model.predict(built.golden.columns, built.golden.rows).answers
    shares = [row[0] for row in answers[0].probabilities]

    for row, share in enumerate(shares):
        (place, of) = next(iter(bins.places(built.model.signature.outputs, answers, row).values()))
        assert of == 20
        assert place / 20 < share <= (place + 1) / 20


@pytest.mark.parametrize("built", [builders.multiclass, builders.multi_output_classifier, builders.text])
def test_every_kind_of_classifier_has_places(built):
    assert places(built())


def test_without_a_profile_a_number_of_any_size_has_no_bins():
    assert places(builders.regressor()) == {}


def test_answers_without_probabilities_have_no_place():
    built = builders.classifier()
    answers = built.model.predict(built.golden.columns, built.golden.rows, "predict").answers

    assert score_bins(built.model.signature, None).places(built.model.signature.outputs, answers, 0) == {}


def test_other_bins_have_another_name():
    assert (
        score_bins(builders.classifier().model.signature, None).name
        != score_bins(builders.multiclass().model.signature, None).name
    )
