import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.model import OutputAnswer, Predictions
from lifecycle.signature import Output, Signature
from webapp.answer_text import AnswerText
from webapp.answers import answer_rows

BASE = "0" * 32
NUMBERS = st.floats(width=64)
NAMES = st.text(max_size=8)


def assert_as_orjson_writes_it(signature, predictions, row_keys=None, name="m", version="v1"):
    """Text for text, what orjson makes of the rows as objects."""
    rows = answer_rows(signature, predictions, BASE, row_keys)
    document = {"request_id": "asked-1", "model": {"name": name, "version": version}, "predictions": rows}
    text = AnswerText.of(signature, name, version)

    assert orjson.dumps(document) == text.document("asked-1", predictions, BASE, row_keys)
    texts = text.texts(predictions)
    if texts is not None and row_keys is None:
        assert orjson.dumps(document) == text.document_of("asked-1", BASE, texts)


@given(st.lists(NAMES, min_size=2, max_size=4, unique=True), st.data())
def test_a_classifier_with_any_labels_and_shares(labels, data):
    count = data.draw(st.integers(1, 5))
    share = st.lists(NUMBERS, min_size=len(labels), max_size=len(labels))
    chosen = data.draw(st.lists(st.sampled_from(labels), min_size=count, max_size=count))
    shares = data.draw(st.lists(share, min_size=count, max_size=count))
    signature = Signature((), (Output("y", "classification", tuple(labels)),))

    assert_as_orjson_writes_it(signature, Predictions((OutputAnswer(chosen, shares),), ((),) * count))


@given(st.lists(NUMBERS, min_size=1, max_size=6))
def test_a_regressor_with_any_values(values):
    signature = Signature((), (Output("y", "regression"),))

    assert_as_orjson_writes_it(signature, Predictions((OutputAnswer(values=values),), ((),) * len(values)))


@pytest.mark.parametrize("labels", [(False, True), (0, 1), (0.5, 2), ("%b", "%%d[,]")])
def test_labels_keep_their_type_and_their_odd_characters(labels):
    signature = Signature((), (Output("y", "classification", labels),))
    answer = OutputAnswer([*labels, labels[0]], [[0.25, 0.75]] * 3)

    assert_as_orjson_writes_it(signature, Predictions((answer,), ((),) * 3), name="100 %b", version="v%d")


@pytest.mark.parametrize(
    "answer",
    [
        OutputAnswer(["a", "b"]),
        OutputAnswer(["a", "b"], scores=[-1.0, 2.0]),
        OutputAnswer(["a", "b"], scores=[[1.0, 2.0, 3.0]] * 2),
        OutputAnswer(["a", "unforeseen"], [[0.5, 0.5]] * 2),
        OutputAnswer(["a", "b"], [[0.5, 0.25, 0.25]] * 2),
    ],
)
def test_what_is_not_plain_is_answered_all_the_same(answer):
    signature = Signature((), (Output("y", "classification", ("a", "b")),))
    if answer.probabilities is not None and len(answer.probabilities[0]) == 3:
        signature = Signature((), (Output("y", "classification", ("a", "b", "c")),))

    assert_as_orjson_writes_it(signature, Predictions((answer,), ((), ())))


def test_flags_keys_several_outputs_and_rows_of_values_are_written_too():
    one = Signature((), (Output("y", "classification", ("a", "b")),))
    two = Signature((), (Output("y0", "regression"), Output("y1", "regression")))
    rows = Signature((), (Output("y", "transform"),))
    answer = OutputAnswer(["a", "b"], [[0.5, 0.5]] * 2)
    values = OutputAnswer(values=[1.0, 2.0])

    assert_as_orjson_writes_it(one, Predictions((answer,), (("unknown_category",), ())))
    assert_as_orjson_writes_it(one, Predictions((answer,), ((), ())), row_keys=("first", 'sec"ond'))
    assert_as_orjson_writes_it(two, Predictions((values, values), ((), ())))
    assert_as_orjson_writes_it(rows, Predictions((OutputAnswer(values=[[1.0, 2.0], [3.0, 4.0]]),), ((), ())))
