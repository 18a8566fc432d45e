import pytest

from lifecycle.profile.scores import score_columns, score_values
from tests import builders


@pytest.mark.parametrize("method", [None, "predict"])
@pytest.mark.parametrize(
    "make",
    [
        builders.classifier,
        builders.multiclass,
        builders.multi_output_classifier,
        builders.text,
        builders.regressor,
    ],
)
def test_one_row_has_the_columns_and_values_that_all_rows_have(make, method):
    built = make()
    outputs = built.model.signature.outputs
    answers = built.model.predict(built.golden.columns, built.golden.rows, method).answers

    columns = {name: list(values) for name, (_, values) in score_columns(outputs, answers).items()}

    for row in range(built.golden.rows):
        found = [
            pair
            for output, answer in zip(outputs, answers, strict=True)
            for pair in score_values(output, answer, row)
        ]
        assert dict(found) == {name: values[row] for name, values in columns.items()}
