from lifecycle.model import OutputAnswer
from lifecycle.profile.scores import score_columns
from lifecycle.signature import Output


def columns(output, answer):
    return {
        name: (reading, [*map(float, values)] if reading == "number" else list(values))
        for name, (reading, values) in score_columns((output,), (answer,)).items()
    }


def test_of_two_classes_only_the_positive_is_kept():
    output = Output("y0", "classification", ("late", "on time"), positive="late")
    answer = OutputAnswer(labels=["late"], probabilities=[[0.8, 0.2]])

    assert columns(output, answer) == {"y0:late": ("number", [0.8])}


def test_without_a_positive_label_the_second_counts():
    answer = OutputAnswer(labels=[1], probabilities=[[0.8, 0.2]])

    assert columns(Output("y0", "classification", (0, 1)), answer) == {"y0:1": ("number", [0.2])}


def test_more_classes_have_a_score_each():
    answer = OutputAnswer(labels=["a"], probabilities=[[0.5, 0.3, 0.2]])

    found = columns(Output("y0", "classification", ("a", "b", "c")), answer)

    assert found == {"y0:a": ("number", [0.5]), "y0:b": ("number", [0.3]), "y0:c": ("number", [0.2])}


def test_a_decision_score_is_a_number():
    answer = OutputAnswer(labels=["a"], scores=[-1.5])

    assert columns(Output("y0", "classification", ("a", "b")), answer) == {"y0": ("number", [-1.5])}


def test_a_label_is_all_that_some_classifiers_tell():
    answer = OutputAnswer(labels=["a", "b"])

    assert columns(Output("y0", "classification", ("a", "b")), answer) == {"y0": ("category", ["a", "b"])}


def test_a_regression_is_its_value_and_a_transform_its_columns():
    assert columns(Output("y0", "regression"), OutputAnswer(values=[2.5])) == {"y0": ("number", [2.5])}
    assert columns(Output("t", "transform"), OutputAnswer(values=[[1.0, 2.0]])) == {
        "t:0": ("number", [1.0]),
        "t:1": ("number", [2.0]),
    }
